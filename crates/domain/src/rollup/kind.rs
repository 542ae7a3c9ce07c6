//! Calls that are no traffic of users: drills, probes and simulations say so in a label, and are counted in series of
//! their own, so that figures can leave them out.
//!
//! Deliberately absent: what to leave out. Live boards show everything; a question says what counts.

use crate::event::Labels;

/// Why a call was made, where that was not to answer a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrafficKind {
    /// Somebody tries what happens when a provider fails.
    Drill,
    /// A machine asks whether a provider answers.
    Probe,
    /// No provider was asked at all.
    Simulated,
}

impl TrafficKind {
    /// The label that says it. Other values than those of [`TrafficKind::ALL`] make it a label like any other.
    pub const LABEL: &'static str = "fuseboard.kind";

    /// All of them.
    pub const ALL: [TrafficKind; 3] = [TrafficKind::Drill, TrafficKind::Probe, TrafficKind::Simulated];

    /// The value of the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            TrafficKind::Drill => "drill",
            TrafficKind::Probe => "probe",
            TrafficKind::Simulated => "simulated",
        }
    }

    /// The kind with this value, exactly as written here.
    pub fn parse(value: &str) -> Option<TrafficKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == value)
    }

    /// What an event's labels say; `None` for what is real. Most events have no labels, and are done at once.
    pub fn of(labels: &Labels) -> Option<TrafficKind> {
        if labels.is_empty() {
            return None;
        }
        let place = labels.binary_search_by(|(name, _)| name.as_str().cmp(Self::LABEL));
        labels
            .get(place.ok()?)
            .and_then(|(_, value)| TrafficKind::parse(value))
    }

    /// A label of a series that says so.
    pub fn is_said_by(name: &str, value: &str) -> bool {
        name == Self::LABEL && TrafficKind::parse(value).is_some()
    }

    /// As a series has it among its labels.
    pub fn label(self) -> (String, String) {
        (Self::LABEL.to_owned(), self.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Option<TrafficKind> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        TrafficKind::of(&pairs.iter().map(owned).collect())
    }

    #[test]
    fn only_its_three_values_make_a_kind() {
        for kind in TrafficKind::ALL {
            assert_eq!(TrafficKind::parse(kind.as_str()), Some(kind));
            assert_eq!(
                of(&[("a", "drill"), (TrafficKind::LABEL, kind.as_str()), ("z", "x")]),
                Some(kind)
            );
            let (name, value) = kind.label();
            assert!(TrafficKind::is_said_by(&name, &value));
        }
        for value in ["", "Drill", "drill ", "real", "simulate"] {
            assert_eq!(of(&[(TrafficKind::LABEL, value)]), None, "{value:?}");
            assert!(!TrafficKind::is_said_by(TrafficKind::LABEL, value));
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("kind", "drill"), ("zone", "probe")]), None);
        assert!(!TrafficKind::is_said_by("kind", "drill"));
    }
}
