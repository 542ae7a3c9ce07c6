//! Everything that the client takes from outside itself: the wall clock, randomness, the names of host and process,
//! and the one task that it starts. The workspace bans these elsewhere; an SDK lives in a stranger's process and can
//! have none of them handed in.

use std::future::Future;
use std::time::SystemTime;

/// Milliseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the client runs in foreign processes; this is its only look at a clock"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Starts the sending task on the runtime that called [`crate::Builder::build`].
#[expect(
    clippy::disallowed_methods,
    reason = "the client runs in foreign processes, outside the engine's supervisor"
)]
pub(crate) fn start(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// Host and process id, as in `web-7:4121`: different for every process that may hold a breaker.
pub(crate) fn instance() -> String {
    let pid = std::process::id();
    match host() {
        Some(host) => format!("{host}:{pid}"),
        None => format!("pid:{pid}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the host's name comes from the environment where /proc does not give it"
)]
fn host() -> Option<String> {
    // Linux first: in a container the variable may be missing while the kernel knows the name.
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .map(|name| {
            name.trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(100)
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
}

/// A small generator for ids and jitter, seeded by the operating system. Not for secrets.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// One with a fresh seed.
    pub fn new() -> Result<Random, getrandom::Error> {
        getrandom::u64().map(Random)
    }

    /// One with a known seed.
    #[cfg(test)]
    pub fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    /// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instance_names_this_process() {
        assert!(
            instance().ends_with(&format!(":{}", std::process::id())),
            "{}",
            instance()
        );
    }

    #[test]
    fn fractions_stay_in_range_and_differ() {
        let mut random = Random::new().unwrap();
        let drawn: Vec<f64> = (0..1000).map(|_| random.fraction()).collect();
        assert!(drawn.iter().all(|f| (0.0..1.0).contains(f)));
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
    }
}
