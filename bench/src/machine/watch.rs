//! What the machine did during a measurement besides what was measured.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use super::process;

/// A measurement under way.
pub struct Watch {
    start: Instant,
    busy: u64,
    subjects: Vec<(u32, Duration)>,
    generator: Duration,
}

/// What was seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// How long it took.
    pub time: Duration,
    /// CPU time of what was measured.
    pub subject: Duration,
    /// CPU time of the load generator.
    pub generator: Duration,
    /// CPU time of everything else, as a share of the whole machine. The kernel's interrupts are nobody's and left out.
    pub foreign: f64,
}

impl Watch {
    /// Starts; `subjects` are the processes that are measured.
    pub fn start(subjects: &[u32]) -> Result<Watch> {
        let cpu = |pid: &u32| Ok((*pid, process::cpu(*pid)?));
        Ok(Watch {
            busy: busy()?,
            subjects: subjects.iter().map(cpu).collect::<Result<_>>()?,
            generator: process::cpu(std::process::id())?,
            start: Instant::now(),
        })
    }

    /// Ends.
    pub fn stop(self) -> Result<Seen> {
        let time = self.start.elapsed();
        let mut subject = Duration::ZERO;
        for (pid, before) in self.subjects {
            subject += process::cpu(pid)?.saturating_sub(before);
        }
        let generator = process::cpu(std::process::id())?.saturating_sub(self.generator);
        let busy = (busy()? - self.busy) as f64 / process::per_second();
        let others = busy - (subject + generator).as_secs_f64();
        let capacity = time.as_secs_f64() * super::all_cores() as f64;
        Ok(Seen {
            time,
            subject,
            generator,
            foreign: (others / capacity).max(0.0),
        })
    }
}

/// Ticks that all cores spent on processes, or that the host took away.
fn busy() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/stat").context("/proc/stat")?;
    sum(&stat).context("cannot understand /proc/stat")
}

fn sum(stat: &str) -> Option<u64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Vec<u64> = line
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal
    [0, 1, 2, 7].iter().map(|index| fields.get(*index)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupts_and_idling_are_not_work() {
        assert_eq!(sum("cpu  10 20 30 4000 500 60 70 8 0 0\ncpu0 1 1 1"), Some(68));
        assert!(super::super::all_cores() > 0);
    }

    #[test]
    fn our_own_work_is_not_foreign() {
        let watch = Watch::start(&[]).unwrap();
        let end = Instant::now() + Duration::from_millis(150);
        while Instant::now() < end {
            std::hint::spin_loop();
        }
        let seen = watch.stop().unwrap();
        assert!(seen.generator >= Duration::from_millis(50), "{seen:?}");
        assert!(seen.foreign <= 1.0, "{seen:?}");
    }
}
