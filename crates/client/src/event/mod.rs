//! The events of the push API, as they go over the wire.
//!
//! The types are made with `new` and setters, so that a new field is no breaking change. What a setter is given goes
//! out as it is, with two exceptions: free text is cut to the 256 characters that the server takes, and a number that
//! JSON cannot carry (NaN, infinity) is left out. Whatever else the server does not like, it refuses event by event,
//! and [`crate::Health`] says so.

mod breaker;
mod call;
mod headroom;
mod marker;
mod words;

pub use breaker::{StatsEvent, TransitionEvent};
pub use call::CallEvent;
pub use headroom::HeadroomEvent;
pub use marker::MarkerEvent;
pub use words::{BreakerKind, MarkerKind, Operation, Outcome, State, Tier};

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::ser::{Serialize, SerializeMap, Serializer};

/// What the builder was told once and every event carries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defaults {
    pub service: Option<String>,
    pub environment: Option<String>,
    pub instance: Option<String>,
    pub labels: Vec<(String, String)>,
}

impl Defaults {
    /// Adds the labels that the event has not set itself.
    fn add_labels(&self, labels: &mut Vec<(String, String)>) {
        for (name, value) in &self.labels {
            if !labels.iter().any(|(own, _)| own == name) {
                labels.push((name.clone(), value.clone()));
            }
        }
    }
}

/// Which end of the queue gives way first; see [`crate::queue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Many and alike: calls.
    Calls,
    /// Few and telling: transitions, stats, headroom, markers.
    States,
}

/// What the client needs to know of an event to queue it.
pub(crate) trait Report: Serialize {
    /// Where it queues.
    const LANE: Lane;
    /// It does not wait for the batch to fill.
    const URGENT: bool;
    /// Fills what the caller left open: time, id, service, environment, instance, labels.
    fn complete(&mut self, now_ms: i64, id: String, defaults: &Defaults);
}

/// Name–value pairs as one JSON object, in the order given.
fn object<V: Serialize, S: Serializer>(pairs: &[(String, V)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (name, value) in pairs {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// Microseconds as milliseconds: a whole number where it is one.
fn millis<S: Serializer>(micros: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match micros {
        Some(micros) if micros % 1000 == 0 => serializer.serialize_u64(micros / 1000),
        Some(micros) => serializer.serialize_f64(*micros as f64 / 1000.0),
        None => serializer.serialize_none(),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since the Unix epoch; negative before it.
pub(crate) fn epoch_ms(time: SystemTime) -> i64 {
    let signed = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => signed(after),
        Err(before) => -signed(before.duration()),
    }
}

/// Free text as the server takes it: at most 256 characters, no control characters.
fn free_text(text: impl Into<String>) -> String {
    const LONGEST: usize = 256;
    let text = text.into();
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return text;
    }
    let mut out: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// Setters for optional fields; `$text` and `$number` lists keep the event files to what differs between events.
macro_rules! setters {
    (text { $($(#[$doc:meta])* $name:ident)* }) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: impl Into<String>) -> Self {
            self.$name = Some($name.into());
            self
        }
    )* };
    (value { $($(#[$doc:meta])* $name:ident: $kind:ty)* }) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: $kind) -> Self {
            self.$name = Some($name);
            self
        }
    )* };
    (fraction { $($(#[$doc:meta])* $name:ident)* }) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: f64) -> Self {
            self.$name = super::finite($name);
            self
        }
    )* };
    (time) => {
        /// When it happened, in milliseconds since the Unix epoch. Default: when it is handed to the client.
        #[must_use]
        pub fn at_ms(mut self, epoch_ms: i64) -> Self {
            self.time = Some(epoch_ms);
            self
        }

        /// When it happened. Default: when it is handed to the client.
        #[must_use]
        pub fn at(self, time: std::time::SystemTime) -> Self {
            self.at_ms(super::epoch_ms(time))
        }

        /// An id of your own, at most 128 characters: the server counts a repeated id once. Default: a random one.
        #[must_use]
        pub fn id(mut self, id: impl Into<String>) -> Self {
            self.id = Some(id.into());
            self
        }
    };
    (labels) => {
        /// An extra dimension. At most 32; names up to 128 characters, values up to 1,024.
        #[must_use]
        pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            let name = name.into();
            self.labels.retain(|(known, _)| *known != name);
            self.labels.push((name, value.into()));
            self
        }
    };
}
pub(crate) use setters;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_is_cut_by_characters_and_cleaned() {
        assert_eq!(free_text("upstream said no"), "upstream said no");
        assert_eq!(free_text("two\nlines\t"), "two lines ");
        let long = free_text("é".repeat(300));
        assert_eq!(long.chars().count(), 256);
        assert!(long.ends_with('…'));
        assert_eq!(free_text("é".repeat(256)), "é".repeat(256));
    }

    #[test]
    fn times_before_1970_are_negative() {
        assert_eq!(epoch_ms(UNIX_EPOCH - Duration::from_millis(5)), -5);
        assert_eq!(epoch_ms(UNIX_EPOCH + Duration::from_millis(5)), 5);
    }
}
