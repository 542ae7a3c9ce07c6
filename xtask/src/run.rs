//! `cargo xtask run`: build everything, serve it, say where. Ctrl-C ends all of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::{children, http, process, site, ui};

/// What was asked for after `run`.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    simulate: bool,
    listen: String,
    data_dir: String,
    /// Everything else, for `fuseboard serve`.
    rest: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options {
            simulate: false,
            listen: "127.0.0.1:3000".into(),
            data_dir: "./data".into(),
            rest: Vec::new(),
        };
        let mut words = arguments
            .iter()
            .filter(|word| *word != "--" && *word != "--release");
        while let Some(word) = words.next() {
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let mut value = || {
                let value = inline.clone().or_else(|| words.next().cloned());
                value.with_context(|| format!("{name} needs a value"))
            };
            match name {
                "--simulate" => options.simulate = true,
                "--listen" => options.listen = value()?,
                "--data-dir" => options.data_dir = value()?,
                _ => options.rest.push(word.clone()),
            }
        }
        Ok(options)
    }
}

/// Builds, serves, waits.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let timer = ui::Timer::start();
    site::build()?;
    ui::step("Server", || {
        process::run(process::cargo().args(["build", "--release", "--package", "server"]))
    })?;
    ui::note(&format!("built in {}", ui::seconds(timer.elapsed())));
    children::pass_signals_on(false)?;

    let data_dir = process::root().join(&options.data_dir);
    std::fs::create_dir_all(&data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    let mut server = children::spawn(
        fuseboard()
            .args(["serve", "--listen", &options.listen, "--local-key"])
            .arg("--data-dir")
            .arg(&data_dir)
            .arg("--site-dir")
            .arg(site::dir())
            .args(&options.rest),
    )?;
    while !http::ready(&options.listen) {
        if server.ended() || children::signals() > 0 {
            return outcome(&mut server);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let key_file = data_dir.join("local.key");
    let simulation = if options.simulate {
        Some(simulate(&options.listen, &key_file)?)
    } else {
        None
    };
    ui::headline(&format!("Fuseboard is at http://{}", options.listen));
    ui::note(&format!(
        "data in {}, key `local` in {}",
        data_dir.display(),
        key_file.display()
    ));
    ui::note(if options.simulate {
        "simulated traffic is running; Ctrl-C ends both"
    } else {
        "Ctrl-C ends it"
    });

    let result = outcome(&mut server);
    drop(simulation);
    result
}

/// Starts traffic. The key goes by the environment: a command line can be read by every user of the machine.
fn simulate(listen: &str, key_file: &Path) -> Result<children::Guarded> {
    let key =
        std::fs::read_to_string(key_file).with_context(|| format!("cannot read {}", key_file.display()))?;
    let url = format!("http://{listen}");
    children::spawn(
        fuseboard()
            .args(["simulate", "--url", &url])
            .env("FUSEBOARD_KEY", key.trim()),
    )
}

fn fuseboard() -> Command {
    process::command(binary("release"))
}

/// The server's binary, as built with a profile.
pub fn binary(profile: &str) -> PathBuf {
    process::target_dir().join(profile).join("fuseboard")
}

fn outcome(server: &mut children::Guarded) -> Result<()> {
    let status = server.child().wait()?;
    if !status.success() && children::signals() == 0 {
        bail!("the server ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Options {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn unknown_words_go_to_the_server() {
        let options =
            parse("-- --simulate --listen=127.0.0.1:4000 --data-dir /tmp/x --database-url postgres://h/d");
        assert!(options.simulate);
        assert_eq!(
            (options.listen.as_str(), options.data_dir.as_str()),
            ("127.0.0.1:4000", "/tmp/x")
        );
        assert_eq!(options.rest, ["--database-url", "postgres://h/d"]);
    }

    #[test]
    fn a_missing_value_is_refused() {
        assert!(Options::parse(&["--listen".to_owned()]).is_err());
    }
}
