//! Who runs on which core.

use std::ffi::OsStr;

use anyhow::{Context as _, Result};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::process::Command;

/// Keeps this thread, and those it starts from now on, on these cores.
pub fn here(cores: &[usize]) -> Result<()> {
    keep(None, cores)
}

/// Keeps a process on these cores, and what it starts from now on.
pub fn process(pid: u32, cores: &[usize]) -> Result<()> {
    keep(Pid::from_raw(pid.cast_signed()), cores)
}

fn keep(pid: Option<Pid>, cores: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    cores.iter().for_each(|core| set.set(*core));
    sched_setaffinity(pid, &set).with_context(|| format!("cannot stay on cores {cores:?}"))
}

/// A program on these cores. By `taskset`, because a child inherits ours otherwise.
pub fn on(cores: &[usize], program: impl AsRef<OsStr>) -> Command {
    let list: Vec<String> = cores.iter().map(usize::to_string).collect();
    let mut command = Command::new("taskset");
    command.arg("--cpu-list").arg(list.join(",")).arg(program);
    command
}
