//! `/am/api/v2/alerts`: alerts as Prometheus and `amtool` post them, and as they read them.
//!
//! An alert is its label set. Posted again it goes on; it is over when its `endsAt` has passed, or five minutes after it
//! was posted last when it has none. Asked for, our own alerts are there too: their rule is their `alertname`.

use std::collections::BTreeMap;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use domain::Millis;
use domain::alert::{Labels, Matcher, NAME_LABEL, Op, RuleError, SENT_LASTS, Sent, Source, matchers};
use protocol::alerts::AlertItem;
use serde_json::{Value, json};

use super::super::alerts::problem;
use super::super::params::bad;
use super::super::problem::Problem;
use super::super::read::scope;
use super::list::List;
use super::read::{self, Posted, moment, written};
use super::silences;
use super::status::RECEIVER;
use crate::auth::Access;
use crate::state::Shared;

/// `POST`. As an Alertmanager does, it takes what it can and answers 400 when that was not all; 503 when there was no room.
pub(super) async fn take(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let items: List = read::json(&headers, body)?;
    let taken = read::take(&shared, &access, items, sent).await?;
    match taken.refused.is_empty() {
        true => Ok(StatusCode::OK.into_response()),
        false => Err(taken.refusal()),
    }
}

fn sent(posted: Posted, now: Millis) -> Result<Sent, RuleError> {
    let since = moment(posted.starts_at.as_deref(), "startsAt")?;
    let ends = moment(posted.ends_at.as_deref(), "endsAt")?;
    if since.zip(ends).is_some_and(|(since, ends)| ends < since) {
        return Err(RuleError::new("endsAt", "must not be before startsAt"));
    }
    let texts = (posted.labels, posted.annotations.unwrap_or_default());
    let link = posted.link.unwrap_or_default();
    let ends = Some(ends.unwrap_or(now + SENT_LASTS));
    Sent::new(Source::Prometheus, texts, (since, ends), &link)
}

/// What is asked for. Parameters that are not known are passed over, as an Alertmanager does.
pub(super) struct Asked {
    pairs: Vec<(String, String)>,
}

impl Asked {
    pub fn read(uri: &Uri) -> Result<Asked, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| bad("", "the query string cannot be decoded"))?;
        Ok(Asked { pairs })
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.pairs.iter().filter(move |(known, _)| known == name);
        named
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// True unless it says otherwise.
    pub fn wants(&self, name: &str) -> Result<bool, Problem> {
        match self.all(name).last() {
            None | Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(bad(name, format!("{name}: must be true or false"))),
        }
    }

    /// All matchers of a parameter that may come often.
    pub fn matchers(&self, name: &str) -> Result<Vec<Matcher>, Problem> {
        let mut all = Vec::new();
        for text in self.all(name) {
            let read = matchers(text);
            all.extend(read.map_err(|error| bad(name, format!("{name}: {error}")))?);
        }
        Ok(all)
    }

    /// Whether our one receiver is among those that are asked about.
    fn wants_receiver(&self) -> Result<bool, Problem> {
        let none = Labels::new();
        let by_labels = self.matchers("receiver_matchers")?;
        let mut wanted = by_labels.iter().all(|matcher| matcher.matches(&none));
        let own = Labels::from([("receiver".to_owned(), RECEIVER.to_owned())]);
        for pattern in self.all("receiver") {
            let matcher = Matcher::new("receiver", Op::Like, pattern);
            let matcher = matcher.map_err(|error| bad("receiver", error.to_string()))?;
            wanted &= matcher.matches(&own);
        }
        Ok(wanted)
    }
}

/// `GET`.
pub(super) async fn alerts(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let found = found(&shared, &access, &uri).await?;
    let found: Vec<Value> = found.into_iter().map(|(_, alert)| alert).collect();
    Ok(Json(found).into_response())
}

/// `GET …/groups`: by name.
pub(super) async fn groups(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (name, alert) in found(&shared, &access, &uri).await? {
        groups.entry(name).or_default().push(alert);
    }
    let groups = groups.into_iter().map(|(name, alerts)| {
        json!({
            "labels": { NAME_LABEL: name },
            "routeLabels": {},
            "receiver": { "name": RECEIVER },
            "alerts": alerts,
        })
    });
    Ok(Json(groups.collect::<Vec<Value>>()).into_response())
}

/// The open alerts that are asked for, each with its name.
async fn found(shared: &Shared, access: &Access, uri: &Uri) -> Result<Vec<(String, Value)>, Problem> {
    let asked = Asked::read(uri)?;
    let filter = asked.matchers("filter")?;
    let (active, silenced, inhibited) = (
        asked.wants("active")?,
        asked.wants("silenced")?,
        asked.wants("inhibited")?,
    );
    if !asked.wants_receiver()? {
        return Ok(Vec::new());
    }
    let items = shared.engine.open_alerts(scope(access)?).await.map_err(problem)?;
    let prints: BTreeMap<u64, String> = items
        .iter()
        .map(|item| (item.id, item.fingerprint.clone()))
        .collect();
    let now = shared.engine.clock().now();
    let mut found: Vec<(String, Value)> = Vec::new();
    for item in items {
        let is_active = item.held.is_empty();
        let wanted = (active || !is_active)
            && (silenced || item.silence.is_none())
            && (inhibited || item.cause.is_none())
            && filter.iter().all(|matcher| matcher.matches(&item.labels));
        if wanted {
            found.push(gettable(item, &prints, now));
        }
    }
    found.sort_by(|(_, a), (_, b)| a["fingerprint"].as_str().cmp(&b["fingerprint"].as_str()));
    Ok(found)
}

/// An alert in the Alertmanager's words, and its name.
fn gettable(mut item: AlertItem, prints: &BTreeMap<u64, String>, now: Millis) -> (String, Value) {
    if item.source == Source::Rule.as_str() {
        let name = item.rule_name.clone();
        item.labels.entry(NAME_LABEL.into()).or_insert(name);
        item.annotations.insert("summary".into(), item.summary.clone());
        item.annotations.insert("title".into(), item.title.clone());
        if let Some(runbook) = &item.runbook {
            item.annotations.insert("runbook_url".into(), runbook.clone());
        }
    }
    let name = item.labels.get(NAME_LABEL).cloned().unwrap_or_default();
    let cause = item.cause.map(|cause| {
        let print = prints.get(&cause).cloned();
        print.unwrap_or_else(|| format!("alert {cause}"))
    });
    let silence = item.silence.map(silences::id_of);
    // Other reasons of ours are a rule's: it flaps, or is quiet for now.
    let muted = (!item.held.is_empty() && cause.is_none() && silence.is_none()).then_some(item.held.clone());
    let state = if item.held.is_empty() {
        "active"
    } else {
        "suppressed"
    };
    let mut alert = json!({
        "annotations": item.annotations,
        "endsAt": written(item.ends.unwrap_or(now + SENT_LASTS)),
        "fingerprint": item.fingerprint,
        "receivers": [{ "name": RECEIVER }],
        "startsAt": written(item.since),
        "status": {
            "state": state,
            "silencedBy": silence.into_iter().collect::<Vec<_>>(),
            "inhibitedBy": cause.into_iter().collect::<Vec<_>>(),
            "mutedBy": muted.into_iter().collect::<Vec<_>>(),
        },
        "updatedAt": written(item.changed),
        "labels": item.labels,
    });
    if let Some(link) = item.link {
        alert["generatorURL"] = link.into();
    }
    (name, alert)
}
