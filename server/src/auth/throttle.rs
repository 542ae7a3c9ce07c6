//! Wrong passwords make whoever sends them wait: per account and address, and per address, never per account alone, so
//! that nobody can lock somebody else out. A browser that is known to the account is counted for itself, so that not even
//! somebody at the same address can.
//!
//! A try counts before its password is looked at, or many at once would all be the first; the right password takes it
//! back.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::devices::Device;

/// Wrong passwords of one account from one address before it waits.
const FREE: u32 = 5;
/// Of all accounts together, from one address: an office behind one address has many people.
const FREE_OF_ADDRESS: u32 = 30;
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);
/// After so long without a wrong password all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(900);
/// Remembered at most; about 2 MB.
const REMEMBERED: usize = 20_000;

/// From where somebody tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// An address, where it is known.
    Address(Option<IpAddr>),
    /// A browser in which the account has signed in before.
    Device(Device),
}

impl From<Option<IpAddr>> for Source {
    fn from(address: Option<IpAddr>) -> Source {
        Source::Address(address.map(|address| address.to_canonical()))
    }
}

/// Who tries: an account from somewhere, or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Who {
    source: Source,
    /// A hash of what was given as the account; 0 for the address as a whole.
    account: u64,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Instant,
}

/// Remembers wrong passwords.
#[derive(Debug, Default)]
pub struct Throttle {
    tries: Mutex<HashMap<Who, Tries>>,
    hasher: RandomState,
}

impl Throttle {
    /// Counts a try with a password for this account.
    ///
    /// # Errors
    /// How long to wait. Then it is not counted.
    pub fn begin(&self, account: &str, from: impl Into<Source>) -> Result<(), Duration> {
        self.begin_at(Instant::now(), account, from)
    }

    fn begin_at(&self, now: Instant, account: &str, from: impl Into<Source>) -> Result<(), Duration> {
        let mut tries = self.tries.lock();
        let (of_account, of_address) = self.both(account, from.into());
        let of_address = of_address.map(|who| (who, FREE_OF_ADDRESS));
        for (who, free) in [(of_account, FREE)].into_iter().chain(of_address) {
            if let Some(tries) = tries.get(&who) {
                let ready = tries.last + wait(tries.wrong, free);
                if now < ready && !is_forgotten(tries, now) {
                    return Err(ready - now);
                }
            }
        }
        if tries.len() + 2 > REMEMBERED {
            tries.retain(|_, tries| !is_forgotten(tries, now));
        }
        if tries.len() + 2 > REMEMBERED {
            // Those that would have to wait are kept, unless they are that many.
            tries.retain(|_, tries| tries.wrong > FREE);
            if tries.len() + 2 > REMEMBERED {
                tries.clear();
            }
        }
        let of_address = of_address.map(|(who, _)| who);
        for who in [of_account].into_iter().chain(of_address) {
            let entry = tries.entry(who).or_insert(Tries { wrong: 0, last: now });
            if is_forgotten(entry, now) {
                entry.wrong = 0;
            }
            entry.wrong = entry.wrong.saturating_add(1);
            entry.last = now;
        }
        Ok(())
    }

    /// The password was right, or was never looked at.
    pub fn take_back(&self, account: &str, from: impl Into<Source>, right: bool) {
        let mut tries = self.tries.lock();
        let (of_account, of_address) = self.both(account, from.into());
        for who in [of_account].into_iter().chain(of_address) {
            if let Some(entry) = tries.get_mut(&who) {
                entry.wrong = entry.wrong.saturating_sub(1);
            }
        }
        if right {
            tries.remove(&of_account);
        }
    }

    /// Of the account from there, and of the address for all accounts; a browser is known to one account only.
    fn both(&self, account: &str, source: Source) -> (Who, Option<Who>) {
        let account = self.hasher.hash_one(account) | 1;
        let of_address = match source {
            Source::Address(_) => Some(Who { source, account: 0 }),
            Source::Device(_) => None,
        };
        (Who { source, account }, of_address)
    }
}

/// How long to wait after so many wrong passwords: one second, two, four, …
fn wait(wrong: u32, free: u32) -> Duration {
    match wrong.checked_sub(free) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64 << over.min(9)).min(LONGEST),
    }
}

fn is_forgotten(tries: &Tries, now: Instant) -> bool {
    now.duration_since(tries.last) >= FORGOTTEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_sixth_wrong_password_waits_and_ever_longer() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        let here = from("192.0.2.1");
        for _ in 0..FREE {
            assert_eq!(throttle.begin_at(now, "ada", here), Ok(()));
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(throttle.begin_at(now, "ada", here), Err(wait));
            now += wait - Duration::from_millis(1);
            assert!(throttle.begin_at(now, "ada", here).is_err());
            now += Duration::from_millis(1);
            assert_eq!(throttle.begin_at(now, "ada", here), Ok(()));
        }
        now += FORGOTTEN;
        for _ in 0..FREE {
            assert_eq!(throttle.begin_at(now, "ada", here), Ok(()));
        }
    }

    #[test]
    fn others_do_not_wait() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..FREE {
            assert_eq!(throttle.begin_at(now, "ada", from("192.0.2.1")), Ok(()));
        }
        assert!(throttle.begin_at(now, "ada", from("192.0.2.1")).is_err());
        assert!(
            throttle.begin_at(now, "ada", from("::ffff:192.0.2.1")).is_err(),
            "the same address"
        );
        assert_eq!(
            throttle.begin_at(now, "ada", from("192.0.2.2")),
            Ok(()),
            "the right Ada"
        );
        assert_eq!(
            throttle.begin_at(now, "bob", from("192.0.2.1")),
            Ok(()),
            "a colleague"
        );
    }

    #[test]
    fn a_browser_that_is_known_is_counted_for_itself() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..FREE_OF_ADDRESS {
            let account = if n < FREE {
                "ada".to_owned()
            } else {
                format!("account {n}")
            };
            assert_eq!(throttle.begin_at(now, &account, from("192.0.2.1")), Ok(()));
        }
        assert!(throttle.begin_at(now, "ada", from("192.0.2.1")).is_err());
        for _ in 0..FREE {
            assert_eq!(throttle.begin_at(now, "ada", Source::Device(1)), Ok(()));
        }
        assert!(
            throttle.begin_at(now, "ada", Source::Device(1)).is_err(),
            "it waits as well"
        );
        assert_eq!(
            throttle.begin_at(now, "ada", Source::Device(2)),
            Ok(()),
            "another of hers"
        );
        throttle.take_back("ada", Source::Device(1), true);
        assert_eq!(throttle.begin_at(now, "ada", Source::Device(1)), Ok(()));
    }

    #[test]
    fn an_address_that_tries_everybody_waits() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..FREE_OF_ADDRESS {
            assert_eq!(
                throttle.begin_at(now, &format!("account {n}"), from("192.0.2.1")),
                Ok(())
            );
        }
        assert!(throttle.begin_at(now, "another", from("192.0.2.1")).is_err());
        assert_eq!(throttle.begin_at(now, "another", from("192.0.2.2")), Ok(()));
    }

    #[test]
    fn the_right_password_forgives_the_wrong_ones_of_its_account() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        let here = from("192.0.2.1");
        for _ in 0..6 {
            for _ in 0..FREE {
                assert_eq!(throttle.begin_at(now, "ada", here), Ok(()));
            }
            throttle.take_back("ada", here, true);
            assert_eq!(throttle.begin_at(now, "ada", here), Ok(()));
            throttle.take_back("ada", here, true);
            now += LONGEST;
        }
    }

    #[test]
    fn memory_is_bounded_and_those_who_wait_are_kept() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for _ in 0..=FREE {
            let _ = throttle.begin_at(now, "ada", from("192.0.2.1"));
            now += Duration::from_secs(1);
        }
        for n in 0..50_000_u32 {
            let address = Some(IpAddr::from(n.to_be_bytes()));
            let _ = throttle.begin_at(now, "ada", address);
        }
        assert!(throttle.tries.lock().len() <= REMEMBERED);
        assert!(throttle.begin_at(now, "ada", from("192.0.2.1")).is_err());
    }
}
