//! `POST /api/v1/webhooks/alertmanager` and `POST /api/v1/webhooks/grafana`: groups of alerts, as those two send them.
//!
//! Both say of each alert whether it fires or is resolved, and say so again when it is; in between an alert has no end.
//! Both try again after 5xx and never after 4xx, so what is wrong with one alert is answered, and the others are taken; when
//! there is no room for one now, all are to be sent again, which does no harm to those that were taken.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use domain::Millis;
use domain::alert::{Labels, RuleError, Sent, Source};
use engine::Fate;
use protocol::filter::echo;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::people::bad_field;
use super::super::problem::Problem;
use super::list::List;
use super::read::{self, Posted, Taken, moment, take};
use crate::auth::Access;
use crate::state::Shared;

/// Refusals that an answer names.
const NAMED: usize = 100;

/// What is needed of a group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    version: Option<Value>,
    alerts: Option<List>,
    #[serde(default)]
    truncated_alerts: u64,
}

/// An Alertmanager's, version 4.
pub(super) async fn alertmanager(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    group(&shared, &access, (headers, body), Source::Alertmanager).await
}

/// Grafana's, version 1.
pub(super) async fn grafana(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    group(&shared, &access, (headers, body), Source::Grafana).await
}

async fn group(
    shared: &Shared,
    access: &Access,
    (headers, body): (HeaderMap, Result<Bytes, BytesRejection>),
    source: Source,
) -> Result<Response, Problem> {
    let group: Group = read::json(&headers, body)?;
    check_version(group.version.as_ref(), source)?;
    let missing = || {
        bad_field(
            "alerts",
            "alerts: it is missing; a payload of one's own is not understood",
        )
    };
    let items = group.alerts.ok_or_else(missing)?;
    let count = items.count;
    let taken = take(shared, access, items, |posted, now| sent(posted, source, now)).await?;
    if taken.found_no_room() || (count > 0 && taken.refused.len() == count) {
        return Err(taken.refusal().with("refused", named(&taken)));
    }
    if group.truncated_alerts > 0 {
        let left_out = group.truncated_alerts;
        tracing::warn!(
            source = source.as_str(),
            left_out,
            "a sender left alerts out of a group"
        );
    }
    let told = json!({
        "raised": taken.count(Fate::Raised),
        "kept": taken.count(Fate::Kept),
        "resolved": taken.count(Fate::Resolved),
        "ignored": taken.count(Fate::Unknown) + taken.count(Fate::LeftAlone),
        "refused_count": taken.refused.len(),
        "refused": named(&taken),
        "truncated": group.truncated_alerts,
    });
    Ok(Json(told).into_response())
}

fn named(taken: &Taken) -> Value {
    let refused =
        taken.refused.iter().take(NAMED).map(
            |refusal| json!({ "index": refusal.index, "field": refusal.field, "reason": refusal.reason }),
        );
    refused.collect()
}

/// The two look alike, and are told apart by this.
fn check_version(version: Option<&Value>, source: Source) -> Result<(), Problem> {
    let (wanted, other) = match source {
        Source::Grafana => (
            "1",
            ("4", "an Alertmanager sends to /api/v1/webhooks/alertmanager"),
        ),
        _ => ("4", ("1", "Grafana sends to /api/v1/webhooks/grafana")),
    };
    let got = match version {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "nothing".to_owned(),
    };
    if got == wanted {
        return Ok(());
    }
    let hint = match got == other.0 {
        true => format!(" ({})", other.1),
        false => String::new(),
    };
    let detail = format!("version: must be \"{wanted}\", got `{}`{hint}", echo(&got));
    Err(bad_field("version", detail))
}

fn sent(posted: Posted, source: Source, now: Millis) -> Result<Sent, RuleError> {
    let since = moment(posted.starts_at.as_deref(), "startsAt")?;
    let ended = moment(posted.ends_at.as_deref(), "endsAt")?;
    let ends = match posted.status.as_deref() {
        Some("firing") => None,
        Some("resolved") => Some(ended.map_or(now, |ended| ended.min(now))),
        other => {
            let other = echo(other.unwrap_or_default());
            let must = format!("must be `firing` or `resolved`, got `{other}`");
            return Err(RuleError::new("status", must));
        }
    };
    let mut annotations = posted.annotations.unwrap_or_default();
    if let Some(values) = posted.values {
        say_values(&mut annotations, &values);
    }
    let link = posted.link.unwrap_or_default();
    Sent::new(source, (posted.labels, annotations), (since, ends), &link)
}

/// Grafana's alerts have figures even where nobody wrote a sentence.
fn say_values(annotations: &mut Labels, values: &Map<String, Value>) {
    let said = ["summary", "message", "description"];
    let figures: Vec<String> = values
        .iter()
        .take(10)
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    if !figures.is_empty() && !said.iter().any(|name| annotations.contains_key(*name)) {
        annotations.insert("summary".into(), figures.join(", "));
    }
}
