//! Programs that run beside us, and files that must not outlive us. Whatever ends us, Ctrl-C, a signal or an error,
//! ends them too: once, politely, and then for good.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::process;

struct Running {
    children: Vec<Pid>,
    dirs: Vec<PathBuf>,
    signals: u32,
}

static RUNNING: Mutex<Running> = Mutex::new(Running {
    children: Vec::new(),
    dirs: Vec::new(),
    signals: 0,
});

fn running() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that is asked to end when this is dropped.
pub struct Guarded {
    child: Child,
}

/// Starts a program in a process group of its own: a Ctrl-C at the terminal then reaches us alone, and we pass it on
/// once instead of the child getting it twice.
pub fn spawn(command: &mut Command) -> Result<Guarded> {
    use std::os::unix::process::CommandExt as _;
    let child = command
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::shown(command)))?;
    running().children.extend(pid_of(&child));
    Ok(Guarded { child })
}

impl Guarded {
    /// The child itself.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, waits up to `patience`, then kills it.
    pub fn stop(&mut self, patience: Duration) {
        if let Some(pid) = pid_of(&self.child) {
            if !self.ended() {
                let _ = kill_process(pid, Signal::TERM);
            }
            let timer = crate::ui::Timer::start();
            while !self.ended() && timer.elapsed() < patience {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
            running().children.retain(|other| *other != pid);
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(12));
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// A new directory under the system's temporary one, removed with everything in it when this is dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    /// `label` tells what it is for.
    pub fn new(label: &str) -> Result<TempDir> {
        let path = std::env::temp_dir().join(format!("fuseboard-{label}-{}", std::process::id()));
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        running().dirs.push(path.clone());
        Ok(TempDir(path))
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        running().dirs.retain(|dir| *dir != self.0);
    }
}

/// How many times we were asked to end.
pub fn signals() -> u32 {
    running().signals
}

/// From now on SIGINT, SIGTERM and SIGHUP are passed on to the children as SIGTERM. With `exit`, we then clean up and
/// end ourselves with code 130; without, the caller watches [`signals`] or its children.
pub fn pass_signals_on(exit: bool) -> Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for _ in signals.forever() {
                let children = {
                    let mut running = running();
                    running.signals += 1;
                    running.children.clone()
                };
                for pid in &children {
                    let _ = kill_process(*pid, Signal::TERM);
                }
                if exit {
                    if !children.is_empty() {
                        std::thread::sleep(Duration::from_secs(2));
                    }
                    for dir in std::mem::take(&mut running().dirs) {
                        let _ = std::fs::remove_dir_all(dir);
                    }
                    std::process::exit(130);
                }
            }
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_with_its_guard() {
        let mut guarded = spawn(process::command("sleep").arg("60")).unwrap();
        let pid = pid_of(guarded.child()).unwrap();
        assert!(running().children.contains(&pid));
        drop(guarded);
        assert!(!running().children.contains(&pid));
        assert!(
            kill_process(pid, Signal::CONT).is_err(),
            "the child is still there"
        );
    }

    #[test]
    fn a_directory_goes_with_its_guard() {
        let dir = TempDir::new("guard-test").unwrap();
        let path = dir.path().to_owned();
        std::fs::write(path.join("file"), "x").unwrap();
        drop(dir);
        assert!(!path.exists());
    }
}
