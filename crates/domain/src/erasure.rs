//! What an erasure takes: which events, series, breakers and moments. One rule for every place that holds data, so that
//! nothing is left in one that is gone from another.
//!
//! Sums of many callers are nobody's data: a bucket that counts calls of a label that is no dimension of its series says
//! nothing about who made them, and stays.

use crate::Millis;
use crate::alert::{self, RuleError};
use crate::breaker::BreakerKey;
use crate::event::{Event, EventBody, Labels};
use crate::rollup::{Rung, SeriesKey};

/// The longest service, label name and note, in characters.
pub const MAX_NAME: usize = 128;
/// The longest value of a label, in characters: as intake takes it.
pub const MAX_VALUE: usize = 1_024;

/// What is to be erased: everything that is named holds at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Of this service.
    pub service: Option<String>,
    /// With this label: name and value.
    pub label: Option<(String, String)>,
    /// From then on.
    pub from: Option<Millis>,
    /// Until before then.
    pub to: Option<Millis>,
}

impl Selection {
    /// Whether it can be asked for at `now`.
    ///
    /// # Errors
    /// It names nothing, something too long, or a range without a length.
    pub fn check(&self, now: Millis) -> Result<(), RuleError> {
        let wrong = |field: &str, why: &str| Err(RuleError::new(field, why));
        if *self == Selection::default() {
            return wrong("service", "name a service, a label or a range of time");
        }
        let names = [
            ("service", self.service.as_deref(), MAX_NAME),
            (
                "label.name",
                self.label.as_ref().map(|(name, _)| name.as_str()),
                MAX_NAME,
            ),
            (
                "label.value",
                self.label.as_ref().map(|(_, value)| value.as_str()),
                MAX_VALUE,
            ),
        ];
        for (field, text, most) in names {
            let Some(text) = text else { continue };
            if text.is_empty() || text.chars().count() > most {
                let why = format!("must have 1 to {most} characters, got {}", text.chars().count());
                return wrong(field, &why);
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return wrong("to", "must be after `from`");
        }
        if self.from.is_some_and(|from| from > now) {
            return wrong("from", "has not been yet");
        }
        Ok(())
    }

    /// The same over whole buckets of a rung, in a zone `offset` ahead of UTC: each end is moved outward.
    #[must_use]
    pub fn widened(&self, rung: Rung, offset: Millis) -> Selection {
        let width = rung.nominal_width();
        let up = |time: Millis| {
            let start = rung.local_bucket(time, offset);
            if start == time {
                time
            } else {
                start.saturating_add(width)
            }
        };
        Selection {
            from: self.from.map(|from| rung.local_bucket(from, offset)),
            to: self.to.map(up),
            ..self.clone()
        }
    }

    /// Its range, half-open.
    pub fn range(&self) -> (Millis, Millis) {
        (self.from.unwrap_or(Millis::MIN), self.to.unwrap_or(Millis::MAX))
    }

    /// The whole of time.
    pub fn is_unbounded(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether a moment is in its range.
    pub fn takes_time(&self, at: Millis) -> bool {
        let (from, to) = self.range();
        (from..to).contains(&at)
    }

    /// Whether an event is taken.
    pub fn takes_event(&self, event: &Event) -> bool {
        let none = Labels::new();
        let (service, labels) = match &event.body {
            EventBody::Call(call) => (&call.service, &call.labels),
            EventBody::Transition(transition) => (&transition.subject.service, &transition.labels),
            EventBody::Stats(stats) => (&stats.subject.service, &stats.labels),
            EventBody::Headroom(headroom) => (&headroom.service, &none),
            EventBody::Marker(marker) => (&marker.service, &none),
        };
        self.takes_time(event.time)
            && self.takes_service(service.as_deref().unwrap_or_default())
            && self
                .label
                .as_ref()
                .is_none_or(|(name, value)| labels.iter().any(|(a, b)| a == name && b == value))
    }

    /// Whether the buckets of a series are taken, those in its range.
    pub fn takes_series(&self, key: &SeriesKey) -> bool {
        self.takes_service(&key.service)
            && self
                .label
                .as_ref()
                .is_none_or(|(name, value)| key.label(name) == value)
    }

    /// Whether what is known of a breaker is taken, as far as it is in its range. A breaker has no labels.
    pub fn takes_breaker(&self, key: &BreakerKey) -> bool {
        self.label.is_none() && self.takes_service(&key.service)
    }

    /// Whether an alert is taken that fired at a moment.
    pub fn takes_alert(&self, labels: &alert::Labels, fired: Millis) -> bool {
        let has = |name: &str, value: &str| labels.get(name).is_some_and(|known| known == value);
        let of_label =
            |(name, value): &(String, String)| has(name, value) || has(&["label.", name].concat(), value);
        self.takes_time(fired)
            && self
                .service
                .as_deref()
                .is_none_or(|service| has("service", service))
            && self.label.as_ref().is_none_or(of_label)
    }

    /// Whether what belongs to a service is taken, whatever its labels and its time.
    pub fn takes_service(&self, service: &str) -> bool {
        self.service.as_deref().is_none_or(|wanted| wanted == service)
    }

    /// What kind of thing is erased, without saying what: a record of it must not keep it.
    pub fn kind(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.service.as_ref().map(|_| "a service".to_owned()));
        words.extend(
            self.label
                .as_ref()
                .map(|(name, _)| format!("a value of the label {name}")),
        );
        if words.is_empty() {
            words.push("everything in a range of time".to_owned());
        }
        words.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Call, Marker, MarkerKind};

    const HOUR: Millis = 3_600_000;

    fn call(service: &str, user: &str, time: Millis) -> Event {
        Event {
            id: None,
            time,
            reported: None,
            body: EventBody::Call(Box::new(Call {
                service: Some(service.into()),
                labels: vec![("user".into(), user.into())],
                ..Call::default()
            })),
        }
    }

    fn of(service: Option<&str>, user: Option<&str>) -> Selection {
        Selection {
            service: service.map(str::to_owned),
            label: user.map(|user| ("user".to_owned(), user.to_owned())),
            ..Selection::default()
        }
    }

    #[test]
    fn all_that_is_named_must_hold() {
        let event = call("api", "anna", 5);
        assert!(of(Some("api"), None).takes_event(&event));
        assert!(of(None, Some("anna")).takes_event(&event));
        assert!(of(Some("api"), Some("anna")).takes_event(&event));
        assert!(!of(Some("api"), Some("bert")).takes_event(&event));
        assert!(!of(Some("ap"), Some("anna")).takes_event(&event));
        let early = Selection {
            to: Some(5),
            ..of(Some("api"), None)
        };
        assert!(!early.takes_event(&event), "half-open");
        let marker = Event {
            body: EventBody::Marker(Box::new(Marker {
                title: "deploy".into(),
                kind: MarkerKind::Deploy,
                url: None,
                service: Some("api".into()),
                environment: None,
            })),
            ..event
        };
        assert!(!of(None, Some("anna")).takes_event(&marker), "it has no labels");
    }

    #[test]
    fn a_range_is_widened_to_whole_buckets() {
        let range = Selection {
            from: Some(HOUR + 1),
            to: Some(2 * HOUR),
            ..Selection::default()
        };
        assert_eq!(range.widened(Rung::Hour, 0).range(), (HOUR, 2 * HOUR));
        assert_eq!(range.widened(Rung::Day, 0).range(), (0, 24 * HOUR));
        let half = range.widened(Rung::Hour, HOUR / 2);
        assert_eq!(half.range(), (HOUR / 2, 5 * HOUR / 2));
        assert!(of(Some("a"), None).widened(Rung::Hour, 0).is_unbounded());
    }

    #[test]
    fn what_cannot_be_asked_for_names_its_field() {
        let wrong = |selection: Selection| selection.check(10).err().map(|error| error.field);
        let field = |selection: Selection| wrong(selection).unwrap_or_default();
        assert_eq!(field(Selection::default()), "service");
        assert_eq!(field(of(Some(""), None)), "service");
        assert_eq!(field(of(None, Some(&"x".repeat(1_025)))), "label.value");
        let range = |from, to| Selection {
            from,
            to,
            ..Selection::default()
        };
        assert_eq!(field(range(Some(5), Some(5))), "to");
        assert_eq!(field(range(Some(11), None)), "from");
        assert_eq!(field(range(None, Some(5))), "");
    }

    #[test]
    fn its_kind_does_not_say_what_it_is() {
        let words = of(Some("secret-customer"), Some("anna")).kind();
        assert_eq!(words, "a service and a value of the label user");
    }
}
