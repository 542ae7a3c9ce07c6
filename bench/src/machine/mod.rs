//! The machine: what it is, what it does besides us, and who runs where. Linux, through `/proc`.

pub mod pin;
pub mod process;
pub mod watch;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The numbers of the cores that we may use.
pub fn cores() -> Result<Vec<usize>> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .context("the kernel does not say which cores we may use")?;
    parse_list(list.trim()).with_context(|| format!("cannot read the list of cores {list}"))
}

/// How many cores the machine has; [`cores`] only names those that we may use, and we put ourselves on one.
pub fn all_cores() -> usize {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let is_core = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
    stat.lines().filter(is_core).count()
}

/// `0-2,5`.
fn parse_list(list: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

/// Cores, memory, kernel, and what it costs to be sure that something is on the disk.
pub fn describe(folder: &Path) -> Result<Value> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned());
    let memory = read("/proc/meminfo").lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .split_whitespace()
            .next()?
            .parse::<u64>()
            .ok()
    });
    let fsync = fsync(folder)?;
    Ok(json!({
        "cores": all_cores(),
        "cpu": model,
        "memory_mib": memory.map(|kib| kib / 1_024),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "fsync_ms": {"median": fsync.0, "slowest": fsync.1, "writes": FSYNCS},
    }))
}

const FSYNCS: usize = 50;

/// Median and slowest time, in milliseconds, of appending 4 KiB and waiting for the disk.
fn fsync(folder: &Path) -> Result<(f64, f64)> {
    let path = folder.join("fsync");
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
    let mut times = Vec::with_capacity(FSYNCS);
    for _ in 0..FSYNCS {
        let start = Instant::now();
        file.write_all(&[7; 4_096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    Ok((at(FSYNCS / 2), at(FSYNCS - 1)))
}

/// What a folder takes on the disk, in bytes: blocks, as `du` counts them.
pub fn disk(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => disk(&entry.path()),
            Ok(meta) => meta.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cores() {
        assert_eq!(parse_list("0-2,5"), Some(vec![0, 1, 2, 5]));
        assert_eq!(parse_list("3"), Some(vec![3]));
        assert_eq!(parse_list(""), None);
        assert!(!cores().unwrap().is_empty());
    }
}
