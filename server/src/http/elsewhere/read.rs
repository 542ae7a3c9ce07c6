//! What Prometheus, an Alertmanager and Grafana have in common: an alert as JSON, and how one of many is refused without
//! losing the others.

use std::str::FromStr as _;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use domain::Millis;
use domain::alert::{Labels, MAX_ELSEWHERE, MAX_RAISED, RuleError, Sent};
use engine::{AlertError, Fate};
use jiff::Timestamp;
use protocol::filter::echo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::alerts::problem;
use super::super::people::bad_field;
use super::super::problem::{Problem, sentence};
use super::super::read::scope;
use super::LARGEST;
use super::list::{List, MOST};
use crate::auth::Access;
use crate::state::Shared;

/// What found no room may be sent again after so many seconds.
const LATER: u32 = 60;

/// An alert as it comes. What else there is in it is not needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Posted {
    pub labels: Labels,
    pub annotations: Option<Labels>,
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    #[serde(rename = "generatorURL")]
    pub link: Option<String>,
    /// Webhooks: `firing` or `resolved`.
    pub status: Option<String>,
    /// Grafana: what it measured, by the name of the query.
    pub values: Option<Map<String, Value>>,
}

/// One of many that cannot be taken.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Its place among the alerts of the request, from 0.
    pub index: usize,
    pub field: String,
    pub reason: String,
}

/// What became of the alerts of a request.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub fates: Vec<Fate>,
    pub refused: Vec<Refusal>,
}

impl Refusal {
    fn of(index: usize, error: &RuleError) -> Refusal {
        Refusal {
            index,
            field: error.field.clone(),
            reason: error.must.clone(),
        }
    }
}

impl Taken {
    /// How many have this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.fates.iter().filter(|found| **found == fate).count()
    }

    /// Whether some found no room now: what is sent again later is taken, so whoever sends must not believe it done.
    pub fn found_no_room(&self) -> bool {
        self.fates.contains(&Fate::Full)
    }

    /// What cannot be taken, the first of them by name: 503 when some found no room now, 400 when it is never taken.
    pub fn refusal(&self) -> Problem {
        let named = self.refused.iter().take(5).map(|refusal| {
            let dot = if refusal.field.is_empty() { "" } else { "." };
            format!(
                "alerts[{}]{dot}{}: {}",
                refusal.index, refusal.field, refusal.reason
            )
        });
        let mut named: Vec<String> = named.collect();
        if self.refused.len() > named.len() {
            named.push(format!("and {} more", self.refused.len() - named.len()));
        }
        match self.found_no_room() {
            true => Problem::unavailable(named.join("; "), LATER),
            false => bad_field("alerts", named.join("; ")),
        }
    }
}

/// A body of JSON of this form.
pub(super) fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<T, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Err(Problem::not_json());
    }
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("Alerts come with at most {LARGEST} bytes at a time."),
        ),
        _ => bad_field("", "the body could not be read"),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| bad_field("", format!("the body cannot be used: {error}")))
}

/// Takes the alerts of a request. `read` makes one of what came, at this moment.
pub(super) async fn take(
    shared: &Shared,
    access: &Access,
    list: List,
    read: impl Fn(Posted, Millis) -> Result<Sent, RuleError>,
) -> Result<Taken, Problem> {
    if list.count > MOST {
        let found = list.count;
        let detail = format!("alerts: must be at most {MOST} at a time, got {found}; nothing was taken");
        return Err(bad_field("alerts", detail));
    }
    let now = shared.engine.clock().now();
    let mut taken = Taken::default();
    let (mut places, mut sent) = (Vec::new(), Vec::new());
    for (index, item) in list.items.into_iter().enumerate() {
        let posted = match item.is_object() {
            true => serde_json::from_value(item).map_err(|error| RuleError::new("", error.to_string())),
            false => Err(RuleError::new("", "must be an object with `labels`")),
        };
        match posted.and_then(|posted| read(posted, now)) {
            Ok(one) => {
                places.push(index);
                sent.push(one);
            }
            Err(error) => taken.refused.push(Refusal::of(index, &error)),
        }
    }
    if !sent.is_empty() {
        let fates = shared.engine.take_alerts(scope(access)?, &sent).await;
        taken.fates = fates.map_err(|error| match error {
            // Others wrote at the same time. It is no fault of what was sent.
            AlertError::Conflict(words) => Problem::unavailable(sentence(&words), 1),
            error => problem(error),
        })?;
    }
    for (index, fate) in places.into_iter().zip(&taken.fates) {
        if *fate == Fate::Full {
            let reason = format!(
                "there is no room now: at most {MAX_RAISED} are raised in a minute, and at most {MAX_ELSEWHERE} from elsewhere \
                 are open"
            );
            taken.refused.push(Refusal {
                index,
                field: String::new(),
                reason,
            });
        }
    }
    if taken.found_no_room() {
        let count = taken.count(Fate::Full);
        tracing::warn!(count, "alerts from elsewhere found no room");
    }
    taken.refused.sort_by_key(|refusal| refusal.index);
    Ok(taken)
}

/// A time; none, and one before 1970, is no time: that is how programs in Go leave one out.
pub(super) fn moment(text: Option<&str>, field: &str) -> Result<Option<Millis>, RuleError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let read = Timestamp::from_str(text).map_err(|_| {
        let must = format!("must be a time as in RFC 3339, got `{}`", echo(text));
        RuleError::new(field, must)
    })?;
    Ok(Some(read.as_millisecond()).filter(|ms| *ms > 0))
}

/// The same, as an Alertmanager writes it.
pub(super) fn written(ms: Millis) -> String {
    Timestamp::from_millisecond(ms)
        .map(|time| time.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_to_be_sent_again() {
        let refused = |index: usize| Refusal::of(index, &RuleError::new("labels", "must be less"));
        let wrong = Taken {
            fates: vec![Fate::Raised],
            refused: vec![refused(1)],
        };
        assert_eq!(wrong.refusal().status(), StatusCode::BAD_REQUEST);
        let full = Taken {
            fates: vec![Fate::Raised, Fate::Full],
            refused: vec![refused(1), refused(2)],
        };
        let told = full.refusal();
        assert_eq!(told.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            told.words(),
            "alerts[1].labels: must be less; alerts[2].labels: must be less"
        );
    }

    #[test]
    fn times_that_are_left_out_are_none() {
        for text in [
            None,
            Some(""),
            Some("0001-01-01T00:00:00Z"),
            Some("0001-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(moment(text, "endsAt").unwrap(), None, "{text:?}");
        }
        let told = moment(Some("2021-10-12T09:51:03.157076+02:00"), "startsAt");
        assert_eq!(told.unwrap(), Some(1_634_025_063_157));
        let told = moment(Some("yesterday"), "startsAt").unwrap_err();
        assert_eq!(
            told.to_string(),
            "startsAt: must be a time as in RFC 3339, got `yesterday`"
        );
        assert_eq!(written(1_634_025_063_157), "2021-10-12T07:51:03.157Z");
    }
}
