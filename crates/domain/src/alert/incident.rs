//! Which alerts belong together: a cause and what it explains are one incident, and only the cause is told of.
//!
//! An open breaker explains that calls of its provider fail, are slow, or are answered by others. Alerts are related
//! when they name the same provider, and the same environment where both name one. A symptom that names no provider, such
//! as a budget that burns, is related to a cause that began within [`NEAR`] of it.

use super::{Alert, Labels, Part};
use crate::Millis;

/// Symptoms may begin so long before the breaker opens, and those without a provider so long after.
pub const NEAR: Millis = 30 * super::MINUTE;

/// A cause explains for so long after it is over: figures look back, and fail for a while when the breaker is closed.
pub const LINGER: Millis = 10 * super::MINUTE;

/// What is known of an alert here.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its number.
    pub id: u64,
    /// The alert.
    pub alert: &'a Alert,
}

/// Where a symptom or a further cause belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of the alert that began the incident.
    pub incident: u64,
    /// The cause that explains it; `None` for a cause.
    pub cause: Option<u64>,
}

/// Where an alert belongs among those that are open or were until lately; `None` when it stands alone. `labels`, `part`
/// and `since` are the alert's own; `id` is its number once it has one, so that it is not its own cause.
pub fn place<'a>(
    id: Option<u64>,
    (labels, part, since): (&Labels, Part, Millis),
    now: Millis,
    others: impl IntoIterator<Item = Member<'a>>,
) -> Option<Place> {
    if part == Part::Alone {
        return None;
    }
    let causes = others.into_iter().filter(|member| {
        Some(member.id) != id
            && member.alert.part == Part::Cause
            && explains(member.alert, now)
            && is_related(member.alert, labels, since)
    });
    // One that is open, of those the oldest, of those the first: whoever asks in whatever order gets the same.
    let first = causes.min_by_key(|member| (!member.alert.is_open(), member.alert.fired, member.id))?;
    Some(Place {
        incident: first.alert.incident.unwrap_or(first.id),
        cause: (part == Part::Symptom).then_some(first.id),
    })
}

/// A cause is open, or was until lately.
pub fn explains(cause: &Alert, now: Millis) -> bool {
    cause
        .resolved
        .as_ref()
        .is_none_or(|resolved| now < resolved.at + LINGER)
}

/// Whether a cause explains what has these labels and began then.
pub fn is_related(cause: &Alert, labels: &Labels, since: Millis) -> bool {
    let of = |name: &str| labels.get(name).map_or("", String::as_str);
    let environments = (cause.label("environment"), of("environment"));
    let elsewhere =
        !environments.0.is_empty() && !environments.1.is_empty() && environments.0 != environments.1;
    if elsewhere || since < cause.since - NEAR {
        return false;
    }
    let providers = (cause.label("provider"), of("provider"));
    match providers {
        ("", _) => false,
        (_, "") => since <= cause.since + NEAR,
        (ours, theirs) => ours == theirs,
    }
}
