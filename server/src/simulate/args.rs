//! The command line of `fuseboard simulate`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::{KeySource, Trust};

/// Real HTTP calls to fake providers on this machine, through real breakers, reported like any service would.
///
/// Every event carries the label `fuseboard.kind=simulated`. Nothing leaves this machine except the reports.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example:\n  fuseboard simulate --key-file data/local.key --scenario storm --seed 7 --rate 40 --for 60s"
)]
pub struct SimulateArgs {
    /// Where Fuseboard listens.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub url: String,

    /// The key needs the scope ingest:write.
    #[command(flatten)]
    pub key: KeySource,

    /// Whose certificates are believed.
    #[command(flatten)]
    pub trust: Trust,

    /// What happens to the providers.
    #[arg(long, value_enum, default_value_t = ScenarioName::Tour)]
    pub scenario: ScenarioName,

    /// The same seed gives the same requests and the same behaviour of the providers.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,

    /// Requests of users per second, on average.
    #[arg(long, default_value_t = 40.0, value_parser = rate)]
    pub rate: f64,

    /// How long, as in 90s, 5m or 1h. Without it: until Ctrl-C.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Option<Duration>,

    /// The environment that the services report.
    #[arg(long, default_value = "prod")]
    pub environment: String,
}

/// The scenarios by name; what each does is in [`super::scenario`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScenarioName {
    /// All of the others, one after another, in five minutes.
    Tour,
    /// Nothing goes wrong beyond the usual noise.
    Calm,
    /// Anthropic answers 529.
    Overload,
    /// OpenAI's rate limit is used up by somebody else.
    RateLimit,
    /// Gemini takes very long to its first token.
    SlowFirstToken,
    /// Anthropic fails, then refuses connections.
    Outage,
    /// Gemini-flash fails for a few seconds, again and again.
    Flapping,
    /// One of three instances has a bad path and opens alone.
    Disagree,
    /// Several of these at once.
    Storm,
}

impl ScenarioName {
    /// The name on the command line.
    pub fn as_str(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.1..=500.0).contains(&rate) => Ok(rate),
        Ok(_) => Err("must be between 0.1 and 500 requests per second".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(format!("unknown unit {unit:?}; write 90s, 5m or 1h")),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| "write a number and a unit, as in 90s, 5m or 1h".to_owned())?;
    let total = number * seconds;
    if !(0.001..=366.0 * 86_400.0).contains(&total) {
        return Err("must be between 1 ms and one year".into());
    }
    Ok(Duration::from_secs_f64(total))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        simulate: SimulateArgs,
    }

    fn parse(line: &[&str]) -> Result<SimulateArgs, clap::Error> {
        Cli::try_parse_from(["simulate", "--key", "fb_x"].iter().chain(line)).map(|cli| cli.simulate)
    }

    #[test]
    fn the_example_of_the_help_parses() {
        let args = parse(&[
            "--scenario",
            "storm",
            "--seed",
            "7",
            "--rate",
            "40",
            "--for",
            "60s",
        ])
        .unwrap();
        assert_eq!(
            (args.scenario, args.seed, args.rate),
            (ScenarioName::Storm, 7, 40.0)
        );
        assert_eq!(args.length, Some(Duration::from_secs(60)));
        assert_eq!(args.url, "http://127.0.0.1:3000");
        assert_eq!(parse(&[]).unwrap().scenario, ScenarioName::Tour);
    }

    #[test]
    fn a_wrong_scenario_is_wrong_usage_and_lists_the_names() {
        let error = parse(&["--scenario", "hurricane"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        for name in ScenarioName::value_variants() {
            assert!(text.contains(&name.as_str()), "{text}");
        }
    }

    #[test]
    fn times_and_rates_are_checked() {
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "5 m", "5d", "-1s", "0s", "1e9h", "1..5s"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
        for wrong in ["0", "501", "NaN", "fast"] {
            assert!(rate(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(rate("0.1"), Ok(0.1));
    }
}
