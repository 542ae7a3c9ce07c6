//! `/alerts` and `/alerts/{alert}`: the list, and what can be done with the one that is open.

use app::alerts::{AlertsView, Choices, SHOWS, Section, Show, Wrong, alerts};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::Millis;
use domain::alert::{Command, Phase, Source, matchers};
use engine::{AlertSearch, DeliverySearch};
use protocol::alerts::AlertDetail;
use protocol::channels::DeliveryItem;
use protocol::filter::echo;
use store::Role;

use super::rail::fragment;
use super::{frame, open_phases};
use crate::http::Problem;
use crate::http::alerts::{channel_problem, hand, member, numbered, problem};
use crate::http::people::bad_field;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

/// Alerts of a list.
const PAGE: usize = 50;
/// How long an alert can be put off: minutes and words.
const SNOOZES: [(&str, &str); 5] = [
    ("15", "15 minutes"),
    ("60", "1 hour"),
    ("240", "4 hours"),
    ("1440", "1 day"),
    ("10080", "7 days"),
];
const MINUTE: Millis = 60_000;

/// `GET /alerts?show=open&match=provider="openai"&cursor=…`
pub async fn alerts_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None, None).await
}

/// `GET /alerts/{alert}`: the list too.
pub async fn alert_page(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "alert")?;
    match page(&shared, &visit, Some(id), None).await {
        // A link that is old or mistyped: the list is what they may have been after.
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            let wrong = Wrong {
                form: "match".into(),
                field: String::new(),
                why: format!("There is no alert {id} here."),
                sent: Vec::new(),
            };
            let mut answer = page(&shared, &visit, None, Some(wrong)).await?;
            *answer.status_mut() = StatusCode::NOT_FOUND;
            Ok(answer)
        }
        answer => answer,
    }
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    open: Option<u64>,
    mut wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let open: Option<AlertDetail> = match open {
        Some(id) => Some(engine.alert(scope, id).await.map_err(problem)?),
        None => None,
    };
    let asked = visit.query.get("show");
    let show = SHOWS.iter().find(|(_, name, _)| *name == asked);
    let show = show.map_or(Show::Open, |(show, ..)| *show);
    let filter = visit.query.get("match").trim().to_owned();
    let source = Source::parse(visit.query.get("source"));
    let cursor = visit.query.get("cursor");
    let matchers = matchers(&filter).unwrap_or_else(|error| {
        wrong.get_or_insert_with(|| Wrong {
            form: "match".into(),
            field: "match".into(),
            why: error.to_string(),
            sent: Vec::new(),
        });
        Vec::new()
    });
    let search = AlertSearch {
        phases: match show {
            Show::Open => open_phases(),
            Show::Acknowledged => vec![Phase::Acknowledged],
            Show::Resolved => vec![Phase::Resolved],
            Show::All => Vec::new(),
        },
        sources: source.into_iter().collect(),
        matchers,
        cursor: cursor.parse().ok(),
        limit: PAGE,
        ..AlertSearch::default()
    };
    let list = engine.alerts(scope, &search).await.map_err(problem)?;
    let view = AlertsView {
        frame: frame(shared, visit, Section::Alerts, wrong).await?,
        show,
        filter,
        source: source.map_or("", Source::as_str).to_owned(),
        items: list.items,
        next: list.next,
        is_first: search.cursor.is_none(),
        choices: choices(shared, visit, open.as_ref()).await?,
        told: told(shared, visit, open.as_ref()).await?,
        next_step: match &open {
            Some(open) => engine.next_step(scope, open.alert.id).await.map_err(problem)?,
            None => None,
        },
        open,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), alerts(&view)))
}

/// Who was told of the open one; channels are for operators.
async fn told(
    shared: &Shared,
    visit: &Visit,
    open: Option<&AlertDetail>,
) -> Result<Vec<DeliveryItem>, Problem> {
    let Some(open) = open.filter(|_| visit.person.role >= Role::Operator) else {
        return Ok(Vec::new());
    };
    let search = DeliverySearch {
        alert: Some(open.alert.id),
        limit: PAGE,
        ..DeliverySearch::default()
    };
    let list = shared.engine.deliveries(&visit.person.scope, &search).await;
    Ok(list.map_err(channel_problem)?.items)
}

/// The tenant's members: accounts and names, whoever looks first.
pub(super) async fn members(shared: &Shared, visit: &Visit) -> Result<Vec<(String, String)>, Problem> {
    let members = shared.people.accounts.members(&visit.person.scope).await;
    let members = members.map_err(|error| {
        tracing::error!(%error, "members cannot be read");
        Problem::unavailable("The database cannot be asked right now.", 2)
    })?;
    let mut members: Vec<(String, String)> = members
        .into_iter()
        .map(|member| (member.account.id, member.account.name))
        .collect();
    let me = &visit.person.signed_in.account.id;
    // Oneself first: that is what is wanted mostly.
    members.sort_by_key(|(id, name)| (id != me, name.to_lowercase()));
    Ok(members)
}

async fn choices(shared: &Shared, visit: &Visit, open: Option<&AlertDetail>) -> Result<Choices, Problem> {
    if open.is_none() {
        return Ok(Choices::default());
    }
    Ok(Choices {
        members: members(shared, visit).await?,
        snoozes: SNOOZES
            .map(|(minutes, words)| (minutes.to_owned(), words.to_owned()))
            .into(),
    })
}

/// `POST /alerts/{alert}`: `ack`, `unack`, `snooze`, `unsnooze`, `assign`, `comment` or `resolve`.
pub async fn act(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
    form: SentForm,
) -> Result<Response, Problem> {
    let id = numbered(&path, "alert")?;
    let sent = Sent::of_form(form)?;
    match change(&shared, &visit, id, &sent).await {
        Ok(()) => {
            match sent.get("back") {
                "rail" => return fragment(&shared, &visit, None).await,
                "board" => return Ok(go(&format!("{}/", visit.base))),
                _ => {}
            }
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for name in ["show", "match", "source"] {
                let value = visit.query.get(name);
                if !value.is_empty() {
                    query.append_pair(name, value);
                }
            }
            let query = query.finish();
            let page = match sent.get("back") {
                "list" => format!("{}/alerts", visit.base),
                _ => format!("{}/alerts/{id}", visit.base),
            };
            Ok(go(&match query.is_empty() {
                true => page,
                false => format!("{page}?{query}"),
            }))
        }
        Err(problem) => {
            if sent.get("back") == "rail" && !problem.status().is_server_error() {
                return fragment(&shared, &visit, Some((id, problem.words().to_owned()))).await;
            }
            let form = if sent.get("do") == "comment" {
                "comment"
            } else {
                "alert"
            };
            let wrong = wrong(problem, form, &sent)?;
            page(&shared, &visit, Some(id), Some(wrong)).await
        }
    }
}

async fn change(shared: &Shared, visit: &Visit, id: u64, sent: &Sent) -> Result<(), Problem> {
    let hand = hand(&visit.access, &visit.whence);
    let by = hand.who.clone();
    let command = match sent.get("do") {
        "ack" => Command::Acknowledge {
            by,
            note: sent.get("note").to_owned(),
            until: None,
            take_over: false,
        },
        "unack" => Command::Unacknowledge { by },
        "snooze" => {
            let minutes = sent.get("minutes");
            // Only what the page offers; anything else is no form of ours.
            let offered = SNOOZES.iter().any(|(known, _)| *known == minutes);
            let minutes: Millis = minutes
                .parse()
                .ok()
                .filter(|_| offered)
                .ok_or_else(|| bad_field("minutes", "minutes: choose one of the page"))?;
            Command::Snooze {
                by,
                until: shared.engine.clock().now() + minutes * MINUTE,
            }
        }
        "unsnooze" => Command::Unsnooze { by },
        "assign" => Command::Assign {
            by,
            to: Some(member(shared, &visit.access, sent.get("to")).await?),
        },
        "comment" => Command::Comment {
            by,
            text: sent.get("text").to_owned(),
        },
        "resolve" => Command::Resolve {
            by: Some(by),
            why: sent.get("note").to_owned(),
        },
        other => {
            let why = format!("do: `{}` is nothing that this form does", echo(other));
            return Err(bad_field("do", why));
        }
    };
    let done = shared
        .engine
        .handle_alert(&visit.person.scope, id, None, command, &hand)
        .await;
    done.map(drop).map_err(problem)
}
