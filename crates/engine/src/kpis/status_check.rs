//! What a page for the public must be like.

use std::collections::BTreeSet;

use domain::alert::RuleError;
use protocol::kpis::status::{
    ComponentDoc, IMPACTS, INCIDENT_STATES, IncidentDoc, STATUS_METRICS, StatusPageDoc,
};
use store::DocumentKind;

use super::share::{filter, must, words};
use crate::documents::Document;
use crate::duty::Known;

/// The longest title, name of a component or title of an incident, in characters.
const MAX_NAME: usize = 80;
/// The longest text, in characters.
const MAX_TEXT: usize = 2_000;
/// Components of a page: each costs four questions.
const MAX_COMPONENTS: usize = 20;
/// Incidents that a page keeps.
pub(super) const MAX_INCIDENTS: usize = 100;
/// Of an incident.
pub(super) const MAX_UPDATES: usize = 50;

impl Document for StatusPageDoc {
    const KIND: DocumentKind = DocumentKind::StatusPage;

    fn name(&self) -> &str {
        &self.title
    }

    fn check(&self, _: &Known, _: Option<u64>) -> Result<(), RuleError> {
        must(is_slug(&self.slug), "slug", || {
            "must have 1 to 63 lower-case letters, digits and hyphens, and no hyphen at its ends".into()
        })?;
        words(&self.title, "title", 1, MAX_NAME)?;
        text(&self.intro, "intro", 0)?;
        let count = self.components.len();
        must(count <= MAX_COMPONENTS, "components", || {
            format!("must be at most {MAX_COMPONENTS}, got {count}")
        })?;
        let mut names = BTreeSet::new();
        for (place, one) in self.components.iter().enumerate() {
            component(one).map_err(|error| inside("components", place, error))?;
            must(
                names.insert(one.name.as_str()),
                &format!("components[{place}].name"),
                || "must be another for each component".into(),
            )?;
        }
        let count = self.incidents.len();
        must(count <= MAX_INCIDENTS, "incidents", || {
            format!("must be at most {MAX_INCIDENTS}, got {count}; remove old ones")
        })?;
        let mut numbers = BTreeSet::new();
        for (place, one) in self.incidents.iter().enumerate() {
            incident(one, &names).map_err(|error| inside("incidents", place, error))?;
            must(
                numbers.insert(one.id) && one.id > 0,
                &format!("incidents[{place}].id"),
                || "must be another number for each incident, from 1".into(),
            )?;
        }
        Ok(())
    }
}

fn inside(list: &str, place: usize, error: RuleError) -> RuleError {
    RuleError {
        field: format!("{list}[{place}].{}", error.field),
        ..error
    }
}

fn component(doc: &ComponentDoc) -> Result<(), RuleError> {
    words(&doc.name, "name", 1, MAX_NAME)?;
    filter(&doc.filter, "filter")?;
    must(STATUS_METRICS.contains(&doc.metric.as_str()), "metric", || {
        format!("must be one of {}", STATUS_METRICS.join(", "))
    })?;
    must([5, 15].contains(&doc.window_min), "window_min", || {
        "must be 5 or 15 minutes".into()
    })?;
    let share = |value: f64| (0.0..=1.0).contains(&value);
    must(share(doc.degraded_below), "degraded_below", || {
        "must be a share from 0 to 1, such as 0.99".into()
    })?;
    must(
        share(doc.down_below) && doc.down_below <= doc.degraded_below,
        "down_below",
        || "must be a share from 0 to 1, not above degraded_below".into(),
    )?;
    must((1..=1_000_000).contains(&doc.min_samples), "min_samples", || {
        "must be a number of calls from 1 to 1,000,000".into()
    })
}

fn incident(doc: &IncidentDoc, components: &BTreeSet<&str>) -> Result<(), RuleError> {
    words(&doc.title, "title", 1, MAX_NAME)?;
    must(IMPACTS.contains(&doc.impact.as_str()), "impact", || {
        format!("must be one of {}", IMPACTS.join(", "))
    })?;
    let unknown = doc
        .components
        .iter()
        .find(|name| !components.contains(name.as_str()));
    must(unknown.is_none(), "components", || {
        "must be names of components of the page".into()
    })?;
    let count = doc.updates.len();
    must((1..=MAX_UPDATES).contains(&count), "updates", || {
        format!("must be 1 to {MAX_UPDATES}, got {count}")
    })?;
    for (place, update) in doc.updates.iter().enumerate() {
        let field = |name: &str| format!("updates[{place}].{name}");
        must(
            INCIDENT_STATES.contains(&update.state.as_str()),
            &field("state"),
            || format!("must be one of {}", INCIDENT_STATES.join(", ")),
        )?;
        text(&update.text, &field("text"), 1)?;
    }
    let in_order = doc.updates.is_sorted_by_key(|update| update.at);
    must(in_order, "updates", || {
        "must be in order of time, the oldest first".into()
    })
}

/// Text of several lines.
fn text(text: &str, field: &str, least: usize) -> Result<(), RuleError> {
    let count = text.trim().chars().count();
    must((least..=MAX_TEXT).contains(&count), field, || {
        format!("must have {least} to {MAX_TEXT} characters, got {count}")
    })?;
    must(
        !text.chars().any(|c| c.is_control() && c != '\n' && c != '\r'),
        field,
        || "must have no control characters".into(),
    )
}

fn is_slug(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        for good in ["a", "acme-chat", "2"] {
            assert!(is_slug(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "-a", "a-", "A", "a b", "a/b", "ä", &long] {
            assert!(!is_slug(bad), "{bad}");
        }
    }
}
