//! The sentence on top of every page: what is open, what is failing over where, what users feel.
//!
//! The order is fixed: no data or stale or silent, then open, partly open, forced and recovering breakers, then
//! failing over, then what users see when that is under the target, else all is well. The lead names at most two
//! kinds, the rest has at most two clauses. Which share of answers means failing over, and when silence is worth a word,
//! is for the caller to say.

use crate::Millis;
use crate::breaker::State;

/// How urgent the verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// Nothing can be said: grey, never green.
    Unknown,
    /// Somebody should look.
    Attention,
    /// Act now.
    Act,
}

/// What the verdict is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictInput<'a> {
    /// The state shown is older than it should be.
    pub stale: bool,
    /// An event was ever received.
    pub has_data: bool,
    /// Nothing was received for so long, where that is worth a word.
    pub silent_for: Option<Millis>,
    /// All breakers.
    pub breakers: Vec<BreakerVerdict<'a>>,
    /// The provider whose calls are answered by another one, and that other one.
    pub failing_over: Option<(&'a str, &'a str)>,
    /// What users see now, a fraction; `None` without requests.
    pub answered: Option<f64>,
    /// What they should see, a fraction.
    pub target: f64,
}

/// A breaker, as the verdict sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerVerdict<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its provider; may be empty.
    pub provider: &'a str,
    /// The worst over its live instances.
    pub state: State,
    /// Fewer than half of its live instances are open.
    pub partly: bool,
}

/// The sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its shape and colour.
    pub level: Level,
    /// The bold part, a sentence.
    pub lead: String,
    /// The rest, a sentence or empty.
    pub rest: String,
}

/// Missing answers beyond this multiple of what the target allows call for action, breakers or not.
const ACT_AT_TIMES_ALLOWED: f64 = 10.0;

/// Makes the sentence.
pub fn verdict(input: &VerdictInput<'_>) -> Verdict {
    if !input.has_data {
        return say(Level::Unknown, "Waiting for the first event.", String::new());
    }
    let trouble = trouble(&input.breakers);
    if input.stale || input.silent_for.is_some() {
        let lead = match input.silent_for {
            Some(silent) if !input.stale => format!("No events for {}.", length(silent)),
            _ => "Figures are out of date.".into(),
        };
        let rest = if trouble.is_empty() {
            String::new()
        } else {
            format!("Last known: {trouble}.")
        };
        return say(Level::Unknown, lead, rest);
    }
    let failing_over = input
        .failing_over
        .map(|(from, to)| format!("{from} is failing over to {to}"));
    let under = input.answered.filter(|answered| *answered < input.target);
    let success = under.map(|answered| format!("sers see {} success.", percent(answered)));
    let level = level(input, under);
    match (trouble.is_empty(), failing_over, success) {
        (false, Some(failing_over), Some(success)) => {
            say(level, trouble + ".", format!("{failing_over}; u{success}"))
        }
        (false, Some(failing_over), None) => say(level, trouble + ".", failing_over + "."),
        (false, None, Some(success)) => say(level, trouble + ".", format!("U{success}")),
        (false, None, None) => say(level, trouble + ".", String::new()),
        (true, Some(failing_over), success) => say(
            level,
            failing_over + ".",
            success.map(|success| format!("U{success}")).unwrap_or_default(),
        ),
        (true, None, Some(success)) => say(level, format!("U{success}"), String::new()),
        (true, None, None) => well(input),
    }
}

/// Nothing is wrong; says no more than is known.
fn well(input: &VerdictInput<'_>) -> Verdict {
    let traffic = input.answered.is_some();
    let alone = if traffic {
        "Answers normal."
    } else {
        "No requests."
    };
    let with_state = |state| {
        input
            .breakers
            .iter()
            .filter(move |breaker| breaker.state == state)
            .count()
    };
    let (all, unknown) = (input.breakers.len(), with_state(State::Unknown));
    if all == 0 {
        return say(Level::Ok, alone, "No breaker has reported yet.".into());
    }
    if unknown > 0 {
        let lead = if unknown == all {
            "All breakers silent.".into()
        } else {
            counted(unknown, "silent") + "."
        };
        return say(Level::Unknown, lead, alone.into());
    }
    // Disabled and metrics-only ones pass calls too, but closed is not the word for them.
    let breakers = if with_state(State::Closed) == all {
        "All breakers closed"
    } else {
        "No breaker open"
    };
    let answers = if traffic { "answers normal" } else { "no requests" };
    say(Level::Ok, format!("{breakers}, {answers}."), String::new())
}

fn level(input: &VerdictInput<'_>, under: Option<f64>) -> Level {
    let open = input
        .breakers
        .iter()
        .any(|breaker| breaker.state == State::Open && !breaker.partly);
    let allowed = (1.0 - input.target).max(0.0);
    let far_under = under.is_some_and(|answered| 1.0 - answered >= allowed * ACT_AT_TIMES_ALLOWED);
    if open || far_under {
        Level::Act
    } else {
        Level::Attention
    }
}

/// "1 breaker open, 1 recovering", without a full stop; empty when no breaker is in trouble.
fn trouble(breakers: &[BreakerVerdict<'_>]) -> String {
    let open = |partly| {
        breakers
            .iter()
            .filter(move |b| b.state == State::Open && b.partly == partly)
    };
    let count = |state| breakers.iter().filter(|breaker| breaker.state == state).count();
    let (fully, mut partly) = (open(false).count(), open(true));
    let mut kinds = vec![(fully, "open")];
    let mut parts = Vec::new();
    match (fully, partly.next(), partly.next()) {
        (0, Some(only), None) => parts.push(format!("{} partly open", only.name)),
        _ => kinds.push((open(true).count(), "partly open")),
    }
    kinds.extend([
        (count(State::ForcedOpen), "forced open"),
        (count(State::HalfOpen), "recovering"),
    ]);
    for (number, word) in kinds.into_iter().filter(|(number, _)| *number > 0) {
        parts.push(if parts.is_empty() {
            counted(number, word)
        } else {
            format!("{number} {word}")
        });
    }
    parts.truncate(2);
    parts.join(", ")
}

fn counted(number: usize, word: &str) -> String {
    format!(
        "{number} {} {word}",
        if number == 1 { "breaker" } else { "breakers" }
    )
}

/// One decimal, rounded down: 99.96% is not 100.0%.
fn percent(fraction: f64) -> String {
    // The nudge undoes the binary form of a fraction that is exact in decimal: 0.992 × 1000 is 991.99….
    format!("{:.1}%", (fraction * 1_000.0 + 1e-6).floor().max(0.0) / 10.0)
}

fn length(millis: Millis) -> String {
    match millis.max(0) / 1_000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

fn say(level: Level, lead: impl Into<String>, rest: String) -> Verdict {
    Verdict {
        level,
        lead: lead.into(),
        rest,
    }
}
