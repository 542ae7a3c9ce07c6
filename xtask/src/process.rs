//! Starting other programs: one place that knows the checkout, runs a command to its end, and says which command it
//! was when it fails.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result, anyhow, bail};

/// The top of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The cargo that started us, in the checkout, without standard input.
pub fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = command(cargo);
    if crate::ui::coloured() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
}

/// Any program, in the checkout, without standard input.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs to the end; its output goes where ours goes.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs to the end in silence; what it said is shown only when it fails. Returns its standard output.
pub fn quiet(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("`{}` ended with {}", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` did not print UTF-8", shown(command)))
}

/// Runs to the end, passes its output on line by line, and shows every line, without colours, to `seen`.
pub fn tee(command: &mut Command, seen: impl FnMut(&str) + Send) -> Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| cannot_start(command))?;
    let out = child.stdout.take().ok_or_else(|| anyhow!("no standard output"))?;
    let err = child.stderr.take().ok_or_else(|| anyhow!("no standard error"))?;
    let seen = Mutex::new(seen);
    let follow = |stream: &mut dyn Read| {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line);
            let _ = writeln!(std::io::stderr(), "{line}");
            if let Ok(mut seen) = seen.lock() {
                seen(&without_colours(&line));
            }
        }
    };
    std::thread::scope(|scope| {
        let (mut out, mut err) = (out, err);
        scope.spawn(move || follow(&mut out));
        scope.spawn(move || follow(&mut err));
    });
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Whether a program of this name is on the path.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// Whether we may install Debian packages.
pub fn can_apt() -> bool {
    rustix::process::geteuid().is_root() && on_path("apt-get").is_some()
}

/// Installs a Debian package; the caller has asked [`can_apt`].
pub fn apt_install(package: &str) -> Result<()> {
    let mut command = command("apt-get");
    command
        .args(["install", "-y", "--no-install-recommends", package])
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Services are not started by being installed.
        .env("RUNLEVEL", "1");
    if quiet(&mut command).is_err() {
        // A fresh image has no package lists.
        quiet(self::command("apt-get").arg("update"))?;
        quiet(&mut command)?;
    }
    Ok(())
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", shown(command))
}

/// Drops the escape sequences that colour a terminal.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\x1b' {
            rest.find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_dropped() {
        assert_eq!(
            without_colours("\x1b[32;1m     Summary\x1b[0m [   1.2s] ok"),
            "     Summary [   1.2s] ok"
        );
    }

    #[test]
    fn both_streams_reach_the_reader() {
        let mut lines = Vec::new();
        tee(command("sh").args(["-c", "echo one; echo two >&2"]), |line| {
            lines.push(line.to_owned())
        })
        .unwrap();
        lines.sort();
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn a_failing_command_is_named() {
        let error = run(command("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(
            error.contains("exit 3") && error.contains("exit status: 3"),
            "{error}"
        );
    }
}
