//! The table for people and the file for programs.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::context::Bench;
use crate::figure::{Figure, Samples};

/// One line on the machine.
pub fn machine(machine: &Value) {
    println!(
        "{} cores of {}, {} MiB, Linux {}, fsync {:.2} ms (median of {})",
        machine["cores"],
        machine["cpu"].as_str().unwrap_or("an unnamed processor"),
        machine["memory_mib"],
        machine["kernel"].as_str().unwrap_or_default(),
        machine["fsync_ms"]["median"].as_f64().unwrap_or_default(),
        machine["fsync_ms"]["writes"],
    );
}

/// Every figure with its peers.
pub fn figures(figures: &[Figure]) {
    for figure in figures {
        println!("{:<4} {}, {}", figure.goal, figure.what, figure.unit);
        line("fuseboard", &figure.ours, "");
        for (peer, samples) in &figure.peers {
            let ratio = figure.ratio(peer).map(|ratio| format!("we are at {ratio:.3} ×"));
            line(peer, samples, &ratio.unwrap_or_default());
        }
        for (name, bar) in [("must", figure.must), ("aim", figure.aim)] {
            let Some(bar) = bar else { continue };
            let reached = match figure.reaches(bar) {
                Some(true) => "reached",
                Some(false) => "MISSED",
                None => "cannot be told: that peer is not here",
            };
            println!("     {name:<16} {}: {reached}", figure.words(bar));
        }
        if !figure.note.is_empty() {
            println!("     {}", figure.note);
        }
    }
}

fn line(name: &str, samples: &Samples, rest: &str) {
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    let disturbed = match samples.disturbed() {
        0 => String::new(),
        some => format!(" [{some} of {} disturbed]", samples.0.len()),
    };
    println!(
        "     {name:<16} {:>12}  ({} to {}){disturbed}  {rest}",
        shown(samples.median()),
        shown(samples.min()),
        shown(samples.max()),
    );
}

/// Four digits that count, thousands apart.
pub fn number(value: f64) -> String {
    if value.abs() < 1_000.0 {
        let decimals = match value.abs() {
            size if size >= 100.0 => 1,
            size if size >= 10.0 => 2,
            _ => 3,
        };
        return format!("{value:.decimals$}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// One bench, as it goes to its file.
pub fn json(bench: &Bench, machine: &Value, name: &str, figures: &[Figure]) -> Value {
    json!({
        "bench": name,
        "at": engine::Clock::system().now(),
        "quick": bench.quick,
        "profile": bench.profile,
        "machine": machine,
        "figures": figures.iter().map(Figure::json).collect::<Vec<_>>(),
    })
}

/// Writes it, for people too.
pub fn write(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_for_people() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(999.96), "1000.0");
        assert_eq!(number(12.345), "12.35");
        assert_eq!(number(0.12345), "0.123");
        assert_eq!(number(-12_000.0), "-12,000");
    }
}
