//! What is measured: a module for each kind of work. Which goals there are, and why, is in docs/PERFORMANCE.md.

mod browser;
mod fanout;
mod frames;
mod history;
mod intake;
mod phoenix;
mod postgres;
mod store;
mod viewers;

use std::future::Future;
use std::pin::Pin;

use anyhow::{Result, bail};

use crate::context::Bench;
use crate::figure::Figure;

/// What running one gives.
type Figures<'a> = Pin<Box<dyn Future<Output = Result<Vec<Figure>>> + 'a>>;

/// One bench.
pub struct Goal {
    /// As it is named on the command line.
    pub name: &'static str,
    /// The goals it speaks of.
    pub goals: &'static str,
    /// One line.
    pub what: &'static str,
    /// Runs it.
    pub run: for<'a> fn(&'a Bench) -> Figures<'a>,
}

/// All, in the order in which they run.
pub const ALL: [Goal; 9] = [
    Goal {
        name: "intake",
        goals: "P1 P4",
        what: "durable intake on one core, and what it costs",
        run: |bench| Box::pin(intake::run(bench)),
    },
    Goal {
        name: "history",
        goals: "P14 P15 P16",
        what: "questions over 30 days, and their disk",
        run: |bench| Box::pin(history::run(bench)),
    },
    Goal {
        name: "frames",
        goals: "P6",
        what: "from an event to the frame that shows it",
        run: |bench| Box::pin(frames::run(bench)),
    },
    Goal {
        name: "viewers",
        goals: "P9 P10",
        what: "what thousands of viewers cost",
        run: |bench| Box::pin(viewers::run(bench)),
    },
    Goal {
        name: "fanout",
        goals: "P8",
        what: "one change, thousands of viewers, one core",
        run: |bench| Box::pin(fanout::run(bench)),
    },
    Goal {
        name: "store",
        goals: "P11 P16 P19",
        what: "ten million events: memory, disk, the next start",
        run: |bench| Box::pin(store::run(bench)),
    },
    Goal {
        name: "browser",
        goals: "P7 P13 P20",
        what: "what a person sees, in Chromium",
        run: |bench| Box::pin(browser::run(bench)),
    },
    Goal {
        name: "postgres",
        goals: "P2",
        what: "durable intake on Postgres",
        run: |bench| Box::pin(postgres::run(bench)),
    },
    Goal {
        name: "phoenix",
        goals: "P3",
        what: "durable calls a second, beside Phoenix",
        run: |bench| Box::pin(phoenix::run(bench)),
    },
];

/// Those with these names; all when there is none.
pub fn chosen(names: &[String]) -> Result<Vec<&'static Goal>> {
    if names.is_empty() {
        return Ok(ALL.iter().collect());
    }
    let find = |name: &String| match ALL.iter().find(|goal| goal.name == name) {
        Some(goal) => Ok(goal),
        None => bail!("there is no bench `{name}`; `--list` names them"),
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benches_are_chosen_by_name() {
        assert_eq!(chosen(&[]).unwrap().len(), ALL.len());
        assert_eq!(chosen(&["intake".to_owned()]).unwrap().len(), 1);
        assert!(chosen(&["intak".to_owned()]).is_err());
    }
}
