//! Transitions as lines.

use std::io::IsTerminal;

use protocol::State;
use protocol::view::Feed;

use crate::cli::say;
use crate::config;

/// Prints each transition once.
pub struct Printer {
    json: bool,
    colour: bool,
    last: usize,
    /// The newest that was printed.
    seen: Option<u64>,
}

impl Printer {
    /// As JSON or for people; begins with the `last` newest.
    pub fn new(json: bool, last: usize) -> Printer {
        let colour = !json && std::io::stdout().is_terminal() && !config::no_color();
        Printer {
            json,
            colour,
            last,
            seen: None,
        }
    }

    /// Prints what is new in the feed, oldest first. False when nobody reads it.
    pub fn show(&mut self, feed: &[Feed]) -> bool {
        self.fresh(feed).into_iter().all(|entry| say(&self.line(entry)))
    }

    fn fresh<'a>(&mut self, feed: &'a [Feed]) -> Vec<&'a Feed> {
        let mut fresh: Vec<&Feed> = feed
            .iter()
            .filter(|entry| self.seen.is_none_or(|seen| entry.id > seen))
            .collect();
        fresh.sort_unstable_by_key(|entry| entry.id);
        if self.seen.is_none() {
            fresh.drain(..fresh.len().saturating_sub(self.last));
        }
        // Also remembered when nothing was printed: the first look sets the mark.
        self.seen = feed.iter().map(|entry| entry.id).max().max(self.seen).or(Some(0));
        fresh
    }

    fn line(&self, entry: &Feed) -> String {
        if self.json {
            return serde_json::to_string(entry).unwrap_or_default();
        }
        let time = jiff::Timestamp::from_millisecond(entry.at)
            .map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
            .unwrap_or_default();
        let mut line = format!("{time}Z  {}  ", plain(&entry.breaker));
        if let Some(from) = entry.from {
            line.push_str(&format!("{} → ", word(from)));
        }
        line.push_str(&self.coloured(entry.to));
        let place: Vec<&str> = [&entry.provider, &entry.service, &entry.instance]
            .into_iter()
            .map(String::as_str)
            .filter(|s| !s.is_empty())
            .collect();
        if !place.is_empty() {
            line.push_str(&format!("  {}", plain(&place.join(" · "))));
        }
        if !entry.cause.is_empty() {
            line.push_str(&format!("  ({})", plain(&entry.cause)));
        }
        if let Some(lasted) = entry.lasted_ms {
            line.push_str(&format!("  after {}", span(lasted)));
        }
        if entry.inferred {
            line.push_str("  [inferred]");
        }
        line
    }

    fn coloured(&self, state: State) -> String {
        let word = word(state);
        if !self.colour {
            return word.to_owned();
        }
        let code = match state {
            State::Open => "31",
            State::HalfOpen => "33",
            State::ForcedOpen => "35",
            State::Closed => "32",
            State::Disabled | State::MetricsOnly | State::Unknown => "90",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half-open",
        State::ForcedOpen => "forced open",
        State::Disabled => "disabled",
        State::MetricsOnly => "metrics only",
        State::Unknown => "unknown",
    }
}

/// Names come from whoever has an ingest key: a terminal must not take them for commands.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) if ms < 10_000 => format!("{:.1} s", ms.max(0) as f64 / 1_000.0),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64) -> Feed {
        Feed {
            id,
            at: 1_700_000_000_000,
            breaker_key: 1,
            breaker: "chat".into(),
            provider: "openai".into(),
            service: String::new(),
            instance: "pod-1".into(),
            from: Some(State::Closed),
            to: State::Open,
            cause: "24 × overloaded".into(),
            lasted_ms: Some(252_000),
            inferred: false,
        }
    }

    fn printer(last: usize) -> Printer {
        Printer {
            json: false,
            colour: false,
            last,
            seen: None,
        }
    }

    fn ids(entries: Vec<&Feed>) -> Vec<u64> {
        entries.into_iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn each_transition_is_printed_once_and_in_order() {
        let mut printer = printer(2);
        let feed: Vec<Feed> = (1..=5).rev().map(entry).collect();
        assert_eq!(ids(printer.fresh(&feed)), [4, 5]);
        assert!(printer.fresh(&feed).is_empty());
        // After a reconnect the snapshot holds what was missed.
        let feed: Vec<Feed> = (3..=7).rev().map(entry).collect();
        assert_eq!(ids(printer.fresh(&feed)), [6, 7]);
    }

    #[test]
    fn with_nothing_to_begin_with_everything_later_is_new() {
        let mut printer = printer(0);
        assert!(printer.fresh(&[]).is_empty());
        assert_eq!(ids(printer.fresh(&[entry(1)])), [1]);
    }

    #[test]
    fn a_line_for_people() {
        let line = printer(1).line(&entry(1));
        assert_eq!(
            line,
            "2023-11-14 22:13:20Z  chat  closed → open  openai · pod-1  (24 × overloaded)  after 4 min 12 s"
        );
    }

    #[test]
    fn a_line_for_programs() {
        let line = Printer {
            json: true,
            ..printer(1)
        }
        .line(&entry(7));
        let back: Feed = serde_json::from_str(&line).unwrap();
        assert_eq!(back, entry(7));
    }

    #[test]
    fn names_are_no_terminal_commands() {
        let line = printer(1).line(&Feed {
            breaker: "a\u{1b}[2Jb".into(),
            ..entry(1)
        });
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
}
