//! What unreliability cost: failed calls that were paid for, dearer stand-ins, retries, probes.
//!
//! The metrics are such that no call is in two of them. Calls without a price are in none, and their share is told.

use protocol::view::{CostPart, Period, Unreliability, Working};

use super::ask::{Ask, Part, Sheet};
use super::figures::question;

/// Probes are left out of what counts, and this is what they cost.
fn probes() -> Part {
    Part {
        filter: "kind:probe".to_owned(),
        counting: false,
        ..Part::of("cost")
    }
}

/// What is asked.
pub(super) fn parts() -> Vec<Part> {
    let counted = [
        "failed_cost",
        "retry_cost",
        "fallback_cost",
        "fallback_usual",
        "unpriced",
    ]
    .map(Part::of);
    counted.into_iter().chain([probes()]).collect()
}

/// What it cost.
pub(super) fn of(ask: &Ask<'_>, period: &Period, whole: &Sheet) -> Unreliability {
    let one = |metric: &str| whole.one(metric, "");
    let dearer = one("fallback_cost").zip(one("fallback_usual"));
    let part = |key: &str, title: &str, usd, words: &str, formula: &str, asked: &[Part]| CostPart {
        key: key.to_owned(),
        title: title.to_owned(),
        usd,
        working: Working {
            words: words.to_owned(),
            formula: formula.to_owned(),
            queries: asked.iter().map(|part| question(ask, period, part)).collect(),
        },
    };
    let parts = vec![
        part(
            "failed",
            "Failed calls paid for",
            one("failed_cost"),
            "What calls cost that did not end ok, cancelled and filtered ones among them.",
            "failed_cost",
            &[Part::of("failed_cost")],
        ),
        part(
            "fallback",
            "Dearer fallback",
            dearer.map(|(paid, usual)| paid - usual),
            "What answers of stand-ins cost, less what they would have cost where they were meant to go.",
            "fallback_cost - fallback_usual",
            &["fallback_cost", "fallback_usual"].map(Part::of),
        ),
        part(
            "retries",
            "Retries",
            one("retry_cost"),
            "What answers cost that took a second attempt or more.",
            "retry_cost",
            &[Part::of("retry_cost")],
        ),
        part(
            "probes",
            "Probes",
            whole.value(0, &probes()),
            "What calls cost that only looked whether a provider answers.",
            "cost",
            &[probes()],
        ),
    ];
    let known: Vec<f64> = parts.iter().filter_map(|part| part.usd).collect();
    Unreliability {
        usd: (!known.is_empty()).then(|| known.iter().sum()),
        parts,
        unpriced: one("unpriced"),
    }
}
