//! Wrong passwords make whoever sends them wait: per account and address, and per address, never per account alone, so
//! that nobody can lock somebody else out.
//!
//! A try counts before its password is looked at, or many at once would all be the first; the right password takes it
//! back.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

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

/// Who tries: an account from an address, or the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Who {
    address: Option<IpAddr>,
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
    pub fn begin(&self, account: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        self.begin_at(Instant::now(), account, address)
    }

    fn begin_at(&self, now: Instant, account: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        let mut tries = self.tries.lock();
        let (of_account, of_address) = self.both(account, address);
        for (who, free) in [(of_account, FREE), (of_address, FREE_OF_ADDRESS)] {
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
        for who in [of_account, of_address] {
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
    pub fn take_back(&self, account: &str, address: Option<IpAddr>, right: bool) {
        let mut tries = self.tries.lock();
        let (of_account, of_address) = self.both(account, address);
        for who in [of_account, of_address] {
            if let Some(entry) = tries.get_mut(&who) {
                entry.wrong = entry.wrong.saturating_sub(1);
            }
        }
        if right {
            tries.remove(&of_account);
        }
    }

    fn both(&self, account: &str, address: Option<IpAddr>) -> (Who, Who) {
        let address = address.map(|address| address.to_canonical());
        let of_account = Who {
            address,
            account: self.hasher.hash_one(account) | 1,
        };
        (of_account, Who { address, account: 0 })
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
