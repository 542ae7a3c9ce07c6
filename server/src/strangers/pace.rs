//! How often an address may ask without an account: a bucket per address that fills by itself.
//!
//! Tokens cannot be guessed; what is bounded here is work.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Requests at once: a wall of badges, an office behind one address.
const BURST: f64 = 1_200.0;
/// Requests a second after that.
const REFILL: f64 = 20.0;
/// Addresses remembered; above it those with a full bucket are forgotten, then all.
const REMEMBERED: usize = 20_000;

/// Buckets by address.
#[derive(Debug, Default)]
pub struct Pace {
    left: Mutex<HashMap<Option<IpAddr>, (f64, Instant)>>,
}

impl Pace {
    /// Takes a request out of an address' bucket.
    ///
    /// # Errors
    /// How long to wait.
    pub fn take(&self, from: Option<IpAddr>) -> Result<(), Duration> {
        self.take_at(Instant::now(), from)
    }

    fn take_at(&self, now: Instant, from: Option<IpAddr>) -> Result<(), Duration> {
        let filled = |(left, since): (f64, Instant)| {
            (left + now.duration_since(since).as_secs_f64() * REFILL).min(BURST)
        };
        let from = from.map(network);
        let mut buckets = self.left.lock();
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&from) {
            buckets.retain(|_, bucket| filled(*bucket) < BURST);
            if buckets.len() >= REMEMBERED {
                buckets.clear();
            }
        }
        let left = buckets.get(&from).map_or(BURST, |bucket| filled(*bucket));
        if left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left) / REFILL));
        }
        buckets.insert(from, (left - 1.0, now));
        Ok(())
    }
}

/// An address as one that asks: whoever has one of IPv6 has all of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_that_asks_too_often_waits_and_others_do_not() {
        let (pace, mut now) = (Pace::default(), Instant::now());
        for _ in 0..1_200 {
            assert_eq!(pace.take_at(now, from("192.0.2.1")), Ok(()));
        }
        let wait = pace.take_at(now, from("::ffff:192.0.2.1")).unwrap_err();
        assert_eq!(wait, Duration::from_millis(50));
        assert_eq!(pace.take_at(now, from("192.0.2.2")), Ok(()));
        assert_eq!(
            network("2001:db8::7".parse().unwrap()),
            network("2001:db8::8".parse().unwrap())
        );
        now += Duration::from_millis(51);
        assert_eq!(pace.take_at(now, from("192.0.2.1")), Ok(()));
        assert!(pace.take_at(now, from("192.0.2.1")).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let (pace, now) = (Pace::default(), Instant::now());
        for n in 0..50_000_u32 {
            let _ = pace.take_at(now, Some(IpAddr::from(n.to_be_bytes())));
        }
        assert!(pace.left.lock().len() <= REMEMBERED);
    }
}
