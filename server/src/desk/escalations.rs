//! `/alerts/escalations`: who is told while nobody takes an alert.

use app::alerts::{EscalationForm, EscalationsView, PolicyView, Section, Wrong, escalations};
use axum::extract::State;
use axum::response::Response;
use domain::duty::MAX_STEPS;
use protocol::duty::{EscalationDoc, ResponderDoc, ScheduleDoc, StepDoc, TellDoc};
use store::Role;

use super::frame;
use crate::http::Problem;
use crate::http::alerts::{channel_problem, hand, problem};
use crate::http::people::bad_field;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

const MINUTE: i64 = 60_000;
/// Steps that a form begins with.
const STEPS: usize = 3;

type Open = (EscalationDoc, Option<(u64, u64)>);

/// `GET ?new=yes` with the form for a new one; `?edit=3` with that of one.
pub async fn escalations_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let may = visit.person.role >= Role::Admin;
    let open = match visit.query.get("edit").parse() {
        _ if !may => None,
        Ok(id) => {
            let item = shared
                .engine
                .document::<EscalationDoc>(&visit.person.scope, id)
                .await;
            let item = item.map_err(problem)?;
            Some((item.doc, Some((item.id, item.version))))
        }
        Err(_) => (!visit.query.get("new").is_empty()).then(|| (fresh(), None)),
    };
    page(&shared, &visit, open, None).await
}

fn fresh() -> EscalationDoc {
    let step = |minutes: i64| StepDoc {
        after_ms: minutes * MINUTE,
        tell: TellDoc::default(),
    };
    EscalationDoc {
        name: String::new(),
        about: String::new(),
        steps: vec![step(5), step(10), step(15)],
        repeat: 0,
        again_after_ms: 15 * MINUTE,
        default: false,
    }
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    open: Option<Open>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let rules = engine.rules(scope).await.map_err(problem)?;
    let policies = engine.documents::<EscalationDoc>(scope).await.map_err(problem)?;
    let policies = policies.into_iter().map(|item| PolicyView {
        rules: rules
            .iter()
            .filter(|rule| rule.rule.escalation.as_ref() == Some(&item.doc.name))
            .map(|rule| rule.rule.name.clone())
            .collect(),
        item,
    });
    let view = EscalationsView {
        policies: policies.collect(),
        tells: tells(shared, visit).await?,
        frame: frame(shared, visit, Section::Escalations, wrong).await?,
        form: open.map(|(mut doc, known)| {
            // One more than there are, so that there is room for another.
            let wanted = (doc.steps.len() + 1).clamp(STEPS, MAX_STEPS);
            let blank = fresh().steps;
            while doc.steps.len() < wanted {
                doc.steps.extend(blank.last().cloned());
            }
            EscalationForm { doc, known }
        }),
    };
    Ok(plain(status(view.frame.wrong.as_ref()), escalations(&view)))
}

/// Whom steps can tell, as the form names them.
async fn tells(shared: &Shared, visit: &Visit) -> Result<Vec<(String, String)>, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let mut tells = Vec::new();
    for item in engine.documents::<ScheduleDoc>(scope).await.map_err(problem)? {
        let words = format!("whoever is on call of {}", item.doc.name);
        tells.push((format!("schedule:{}", item.id), words));
    }
    for item in engine.documents::<ResponderDoc>(scope).await.map_err(problem)? {
        tells.push((format!("responder:{}", item.id), item.doc.name));
    }
    for item in engine.channels(scope).await.map_err(channel_problem)?.items {
        tells.push((format!("channel:{}", item.id), item.doc.name));
    }
    Ok(tells)
}

/// `POST`: `save` or `remove`.
pub async fn escalations_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let known = known(&sent);
    match change(&shared, &visit, &sent, known).await {
        Ok(()) => Ok(go(&[visit.base.as_str(), Section::Escalations.path()].concat())),
        Err(problem) => {
            let is_form = sent.get("do") == "save";
            let wrong = wrong(problem, if is_form { "escalation" } else { "act" }, &sent)?;
            let open = is_form.then(|| {
                // What is in it is what was sent; here only how many steps there are counts.
                let mut doc = fresh();
                let count = (0..MAX_STEPS).take_while(|place| is_there(&sent, *place)).count();
                doc.steps.truncate(count.saturating_sub(1).max(1));
                while doc.steps.len() + 1 < count {
                    doc.steps.extend(fresh().steps.last().cloned());
                }
                (doc, known)
            });
            page(&shared, &visit, open, Some(wrong)).await
        }
    }
}

fn known(sent: &Sent) -> Option<(u64, u64)> {
    Some((
        sent.get("escalation").parse().ok()?,
        sent.get("version").parse().ok()?,
    ))
}

fn is_there(sent: &Sent, place: usize) -> bool {
    !sent.all(&format!("steps.{place}.after")).is_empty()
}

async fn change(
    shared: &Shared,
    visit: &Visit,
    sent: &Sent,
    known: Option<(u64, u64)>,
) -> Result<(), Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    match sent.get("do") {
        "save" => {
            let doc = read(sent)?;
            let saved = match known {
                Some((id, version)) => {
                    engine
                        .change_document(scope, id, Some(version), &doc, &hand)
                        .await
                }
                None => engine.create_document(scope, &doc, &hand).await,
            };
            saved.map(drop).map_err(problem)
        }
        "remove" => {
            let id = sent.get("escalation").parse().map_err(|_| Problem::not_found())?;
            let deleted = engine.delete_document::<EscalationDoc>(scope, id, &hand).await;
            deleted.map_err(problem)
        }
        _ => Err(Problem::not_found()),
    }
}

/// The policy that a form says. A step that tells nobody is left out.
fn read(sent: &Sent) -> Result<EscalationDoc, Problem> {
    let minutes = |name: &str| -> Result<i64, Problem> {
        let read: Option<i64> = sent.get(name).trim().parse().ok();
        let most = 24 * 60;
        let read = read.filter(|minutes| (0..=most).contains(minutes));
        let why = || bad_field(name, format!("{name}: must be 0 to {most} minutes"));
        Ok(read.ok_or_else(why)? * MINUTE)
    };
    let mut steps = Vec::new();
    for place in (0..MAX_STEPS).take_while(|place| is_there(sent, *place)) {
        let name = format!("steps.{place}.tell");
        let mut tell = TellDoc::default();
        for value in sent.all(&name) {
            let (kind, id) = value.split_once(':').unwrap_or_default();
            let id = id
                .parse()
                .map_err(|_| bad_field(&name, format!("{name}: choose those of the page")))?;
            match kind {
                "schedule" => tell.schedules.push(id),
                "responder" => tell.responders.push(id),
                _ => tell.channels.push(id),
            }
        }
        if tell == TellDoc::default() {
            continue;
        }
        steps.push(StepDoc {
            after_ms: minutes(&format!("steps.{place}.after"))?,
            tell,
        });
    }
    let repeat = sent.get("repeat").trim().parse();
    let repeat = repeat.map_err(|_| bad_field("repeat", "repeat: must be a whole number"))?;
    Ok(EscalationDoc {
        name: sent.get("name").trim().to_owned(),
        about: sent.get("about").trim().to_owned(),
        steps,
        repeat,
        again_after_ms: if repeat == 0 { 0 } else { minutes("again")? },
        default: sent.get("default") == "yes",
    })
}
