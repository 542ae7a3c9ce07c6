//! `/alerts/rules/new` and `/alerts/rules/{rule}`: a rule as a sentence, and what it would have done. With GET it is looked
//! at, whatever is in the fields; with POST it is kept.

use app::alerts::{DAYS, RuleView, Section, Texts, Unread, Would, Wrong, fresh, read, rule, texts_of};
use axum::extract::{Path, State};
use axum::response::Response;
use protocol::Span;
use protocol::alerts::RuleDoc;
use protocol::duty::EscalationDoc;

use super::frame;
use crate::http::Problem;
use crate::http::alerts::{channel_problem, hand, numbered, problem};
use crate::http::people::bad_field;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;
/// So far back it is looked when nobody says.
const USUAL_DAYS: i64 = 14;

/// The rule that is changed: its number, version and name.
type Known = Option<(u64, u64, String)>;

/// `GET /alerts/rules/new?kind=threshold`, with whatever is in the fields.
pub async fn new_rule_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    look(&shared, &visit, None, None).await
}

/// `GET /alerts/rules/{rule}`: the rule as it is, or as the fields say.
pub async fn rule_page(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "rule")?;
    let item = shared
        .engine
        .rule(&visit.person.scope, id)
        .await
        .map_err(problem)?;
    // Whoever looked before somebody else changed it is told so when they save.
    let version = visit.query.get("version").parse().unwrap_or(item.version);
    let known = Some((id, version, item.rule.name.clone()));
    look(&shared, &visit, known, Some(item.rule)).await
}

/// `POST /alerts/rules/new`: `save` or `save_quiet`.
pub async fn new_rule_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    match keep(&shared, &visit, None, &sent).await {
        Ok(id) => Ok(to_rules(&visit, Some(id))),
        Err(problem) => again(&shared, &visit, None, &sent, problem).await,
    }
}

/// `POST /alerts/rules/{rule}`: `save`, `save_quiet` or `remove`.
pub async fn rule_form(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
    form: SentForm,
) -> Result<Response, Problem> {
    let id = numbered(&path, "rule")?;
    let sent = Sent::of_form(form)?;
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let item = engine.rule(scope, id).await.map_err(problem)?;
    if sent.get("do") == "remove" {
        let hand = hand(&visit.access, &visit.whence);
        engine.delete_rule(scope, id, &hand).await.map_err(problem)?;
        return Ok(to_rules(&visit, None));
    }
    match keep(&shared, &visit, Some(id), &sent).await {
        Ok(id) => Ok(to_rules(&visit, Some(id))),
        Err(problem) => {
            let version = sent.get("version").parse().unwrap_or(item.version);
            let known = Some((id, version, item.rule.name));
            again(&shared, &visit, known, &sent, problem).await
        }
    }
}

fn to_rules(visit: &Visit, id: Option<u64>) -> Response {
    let place = id.map_or(String::new(), |id| format!("#rule-{id}"));
    go(&[&visit.base, Section::Rules.path(), &place].concat())
}

/// Keeps what the form says; the rule's number.
async fn keep(shared: &Shared, visit: &Visit, id: Option<u64>, sent: &Sent) -> Result<u64, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let mut doc = read(&texts_in(sent)).map_err(unread)?;
    match sent.get("do") {
        "save" => {}
        "save_quiet" => doc.quiet_until = Some(visit.now + WEEK),
        _ => return Err(Problem::not_found()),
    }
    let hand = hand(&visit.access, &visit.whence);
    let kept = match id {
        Some(id) => {
            let version = sent.get("version").parse().ok();
            engine.change_rule(scope, id, version, &doc, &hand).await
        }
        None => engine.create_rule(scope, &doc, &hand).await,
    };
    Ok(kept.map_err(problem)?.id)
}

fn unread(Unread { field, must }: Unread) -> Problem {
    let words = format!("{field}: {must}");
    bad_field(&field, words)
}

/// The fields that say what the rule is.
fn texts_in(sent: &Sent) -> Texts {
    let own = ["do", "days", "version"];
    let fields = sent.without_passwords().into_iter();
    fields.filter(|(name, _)| !own.contains(&name.as_str())).collect()
}

/// What the address asks to look at.
async fn look(
    shared: &Shared,
    visit: &Visit,
    known: Known,
    stored: Option<RuleDoc>,
) -> Result<Response, Problem> {
    let asked = texts_in(&visit.query);
    // A kind alone asks for a new one of it.
    let texts = match (asked.len(), stored) {
        (2.., _) => asked,
        (_, Some(doc)) => texts_of(&doc),
        (_, None) => texts_of(&fresh(visit.query.get("kind"))),
    };
    show(shared, visit, known, texts, &visit.query, None).await
}

/// The form as it was sent, with what is wrong with it.
async fn again(
    shared: &Shared,
    visit: &Visit,
    known: Known,
    sent: &Sent,
    problem: Problem,
) -> Result<Response, Problem> {
    let wrong = wrong(problem, "rule", sent)?;
    show(shared, visit, known, texts_in(sent), sent, Some(wrong)).await
}

async fn show(
    shared: &Shared,
    visit: &Visit,
    known: Known,
    texts: Texts,
    sent: &Sent,
    refused: Option<Wrong>,
) -> Result<Response, Problem> {
    let days = sent.get("days").parse().ok();
    let days = days.filter(|days| DAYS.contains(days)).unwrap_or(USUAL_DAYS);
    let (would, texts, found) = match would(shared, visit, &texts, days).await {
        // As it was understood.
        Ok(would) => {
            let mut said = texts_of(&would.doc);
            said.insert("name".into(), texts.get("name").cloned().unwrap_or_default());
            (Ok(would), said, None)
        }
        Err(problem) => {
            let found = wrong(problem, "rule", sent)?;
            (Err(found.why.clone()), texts, Some(found))
        }
    };
    let mut frame = frame(shared, visit, Section::Rules, refused).await?;
    let code = status(frame.wrong.as_ref().or(found.as_ref()));
    // What is not understood is said where the answer would be; the field is marked all the same.
    if frame.wrong.is_none() {
        frame.wrong = found.map(|found| Wrong {
            why: String::new(),
            ..found
        });
    }
    let channels = shared.engine.channel_names(&visit.person.scope).await;
    let policies = shared
        .engine
        .documents::<EscalationDoc>(&visit.person.scope)
        .await;
    let policies = policies.map_err(problem)?;
    let view = RuleView {
        frame,
        known,
        texts,
        dimensions: dimensions(shared, visit),
        channels: channels.map_err(channel_problem)?,
        policies: policies.into_iter().map(|item| item.doc.name).collect(),
        days,
        would,
    };
    Ok(plain(code, rule(&view)))
}

/// What the rule in the fields would have done.
async fn would(shared: &Shared, visit: &Visit, texts: &Texts, days: i64) -> Result<Would, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let mut doc = read(texts).map_err(unread)?;
    // It is looked at before it has a name.
    if doc.name.trim().is_empty() {
        doc.name = "New rule".into();
    }
    let span = Span {
        from: visit.now - days * DAY,
        to: visit.now,
    };
    let backtest = engine.backtest(scope, &doc, span).await.map_err(problem)?;
    // Of the last time, or of no group in particular when there was none.
    let last = backtest.times.iter().rev().find(|time| !time.flapping);
    let group = last.map(|time| time.labels.clone()).unwrap_or_default();
    let through = engine.channels_taking(scope, &doc, &group).await;
    Ok(Would {
        through: through.map_err(channel_problem)?,
        doc,
        backtest,
    })
}

/// By what groups can be told apart, labels among them.
fn dimensions(shared: &Shared, visit: &Visit) -> Vec<String> {
    let known = shared.engine.series(&visit.person.scope);
    let labels = known.kept_labels.iter().map(|label| format!("label.{label}"));
    labels.collect()
}
