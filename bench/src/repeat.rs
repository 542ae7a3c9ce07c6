//! Repetitions: each side in turn, A-B-A-B, so that a machine that gets slower gets slower for all. A repetition during
//! which others used more than 5% of the machine is thrown away and taken again, a few times; when the machine never
//! rests, the quietest one stays and is marked.

use std::fmt::Display;

use anyhow::{Context as _, Result};

use crate::context::Bench;
use crate::figure::DISTURBED;
use crate::machine::watch::Seen;

/// One repetition of one side.
#[derive(Debug, Clone)]
pub struct Repetition<T> {
    /// What was measured.
    pub value: T,
    /// What others used of the machine meanwhile, as a share.
    pub foreign: f64,
}

impl<T> Repetition<T> {
    /// With what was seen of the machine.
    pub fn new(value: T, seen: &Seen) -> Repetition<T> {
        Repetition {
            value,
            foreign: seen.foreign,
        }
    }
}

/// Takes all repetitions; the answer has each side's in the order of `sides`.
pub async fn interleaved<S: Copy + Display, T>(
    bench: &Bench,
    sides: &[S],
    mut once: impl AsyncFnMut(S) -> Result<Repetition<T>>,
) -> Result<Vec<Vec<Repetition<T>>>> {
    let mut all: Vec<Vec<Repetition<T>>> = sides.iter().map(|_| Vec::new()).collect();
    for number in 1..=bench.repetitions {
        for (side, taken) in sides.iter().zip(&mut all) {
            let mut best: Option<Repetition<T>> = None;
            for _ in 0..=bench.retries {
                let repetition = once(*side)
                    .await
                    .with_context(|| format!("{side}, repetition {number}"))?;
                let quiet = repetition.foreign <= DISTURBED;
                eprintln!(
                    "  {side}, {number} of {}: others used {:.0}% of the machine",
                    bench.repetitions,
                    repetition.foreign * 100.0
                );
                if best.as_ref().is_none_or(|best| repetition.foreign < best.foreign) {
                    best = Some(repetition);
                }
                if quiet {
                    break;
                }
            }
            taken.extend(best);
        }
    }
    Ok(all)
}
