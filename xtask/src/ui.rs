//! What the person at the terminal sees: which step runs, how long it took, what went wrong. Everything goes to
//! standard error, so that a command's result can stand alone on standard output.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anyhow::Result;

/// A stopwatch.
pub struct Timer(Instant);

impl Timer {
    /// Starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "a build task on the native side measures real time"
    )]
    pub fn start() -> Timer {
        Timer(Instant::now())
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Whether standard error is a terminal, so that children may colour what they say.
pub fn coloured() -> bool {
    std::io::stderr().is_terminal()
}

fn paint(code: &str, text: &str) -> String {
    if coloured() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// `12.3 s`, from two minutes on `2 min 05 s`.
pub fn seconds(time: Duration) -> String {
    let all = time.as_secs();
    if all >= 120 {
        format!("{} min {:02} s", all / 60, all % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// Announces a step, runs it, says how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("{} {name}", paint("1;34", "▸"));
    let timer = Timer::start();
    let result = work();
    let took = seconds(timer.elapsed());
    match &result {
        Ok(_) => eprintln!("  {} {name}: {took}", paint("32", "done")),
        Err(_) => eprintln!("  {} {name}: {took}", paint("1;31", "failed")),
    }
    result
}

/// A remark under the running step.
pub fn note(text: &str) {
    eprintln!("  {text}");
}

/// A line that should be found again in a long log.
pub fn headline(text: &str) {
    eprintln!("\n{}", paint("1", text));
}

/// An error with its causes, each on a line of its own.
pub fn error(error: &anyhow::Error) {
    eprintln!("{} {error}", paint("1;31", "error:"));
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_told_in_minutes() {
        assert_eq!(seconds(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
