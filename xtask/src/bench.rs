//! `cargo xtask bench`: measures the server beside its peers. Builds what is measured, fetches the peers, and hands over
//! to `bench/`, which drives the load and prints the figures. `bench micro` times single steps with criterion.

use anyhow::{Result, bail};

use crate::{browser, children, npm, peers, pg, process, run, site, ui};

/// What was asked for after `bench`.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    names: Vec<String>,
    list: bool,
    /// How the server and the generator are built.
    profile: String,
    /// Everything else, for `fuseboard-bench`.
    rest: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options {
            names: Vec::new(),
            list: false,
            profile: "release".into(),
            rest: Vec::new(),
        };
        let mut words = arguments.iter().filter(|word| *word != "--");
        while let Some(word) = words.next() {
            let mut value = || match words.next() {
                Some(value) => Ok(value.clone()),
                None => bail!("{word} needs a value"),
            };
            match word.as_str() {
                "--list" => options.list = true,
                "--quick" => options.rest.push(word.clone()),
                "--json" | "--repetitions" | "--retries" => {
                    let value = value()?;
                    options.rest.extend([word.clone(), value]);
                }
                "--profile" => options.profile = value()?,
                flag if flag.starts_with('-') => bail!("bench has no flag {flag}"),
                name => options.names.push(name.to_owned()),
            }
        }
        Ok(options)
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|other| other == name)
    }
}

/// Builds, fetches, measures.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    if options.names.iter().any(|name| name == "micro") {
        return micro(&options);
    }
    children::pass_signals_on(true)?;
    if !options.list {
        site::build()?;
    }
    let profile = options.profile.as_str();
    ui::step(&format!("Server and generator, profile {profile}"), || {
        let mut cargo = process::cargo();
        cargo.args(["build", "--profile", profile, "--package", "bench"]);
        if !options.list {
            cargo.args(["--package", "server"]);
        }
        process::run(&mut cargo)
    })?;
    let out = process::target_dir().join("bench");
    let server = run::binary(profile);
    let mut bench = process::command(server.with_file_name("fuseboard-bench"));
    bench
        .args(&options.names)
        .arg("--server")
        .arg(&server)
        .arg("--site")
        .arg(site::dir())
        .arg("--out")
        .arg(&out)
        .args(["--profile", profile])
        .args(&options.rest);
    if options.list {
        bench.arg("--list");
        return process::run(&mut bench);
    }
    let named = |bench: &str| options.names.iter().any(|name| name == bench);
    for told in peers::fetch(&out.join("peers"), named) {
        ui::note(&told);
    }
    let mut postgres = options.wants("postgres").then(pg::provide_durable).transpose()?;
    if let Some(postgres) = &mut postgres {
        bench.args(["--postgres", &postgres.url]);
        if let Some(pid) = postgres.pid() {
            bench.args(["--postgres-pid", &pid.to_string()]);
        }
    }
    if options.wants("browser") {
        npm::install(&process::root().join("end2end"))?;
        bench.env("CHROMIUM", browser::chromium()?);
    }
    let status = children::spawn(&mut bench)?.child().wait()?;
    if !status.success() {
        bail!("`fuseboard-bench` ended with {status}");
    }
    Ok(())
}

/// How long one parse, encoding, roll-up or merge takes.
fn micro(options: &Options) -> Result<()> {
    if options.names.len() > 1 || !options.rest.is_empty() {
        bail!("`bench micro` stands alone");
    }
    let mut cargo = process::cargo();
    cargo.args(["bench", "--package", "bench", "--bench", "micro"]);
    process::run(&mut cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn names_and_flags_are_told_apart() {
        let options = parse("-- intake --quick --json x.json --profile ci").unwrap();
        assert_eq!(options.names, ["intake"]);
        assert_eq!(options.rest, ["--quick", "--json", "x.json"]);
        assert_eq!(options.profile, "ci");
        assert!(options.wants("intake") && !options.wants("postgres"));
        assert!(parse("").unwrap().wants("postgres"));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(parse("--json").is_err());
        assert!(parse("--fast").is_err());
    }
}
