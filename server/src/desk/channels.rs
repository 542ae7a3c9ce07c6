//! `/alerts/channels` and `/alerts/deliveries`: where people are told, and what came of it.

use app::alerts::{
    ChannelForm, ChannelsView, DeliveriesView, DeliveryView, FIELD, Section, Wrong, channels, deliveries,
    delivery,
};
use axum::extract::{Path, State};
use axum::response::Response;
use engine::{ChannelError, DeliverySearch, channel_kinds, channel_placeholders, channel_suggestions};
use protocol::channels::{ChannelDoc, ChannelPreview, ChannelRequest, DIGEST_FROM, PreviewRequest};
use store::{DeliveryState, Role};

use super::frame;
use crate::http::Problem;
use crate::http::alerts::{channel_problem, hand, numbered};
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

/// Deliveries of a page.
const PAGE: usize = 50;

/// `GET ?kind=slack` with the form for a new one; `?edit=3` with that of one.
pub async fn channels_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let (kind, edit) = (visit.query.get("kind"), visit.query.get("edit"));
    let may = visit.person.role >= Role::Admin;
    let open = match (edit.parse::<u64>(), kind) {
        _ if !may => None,
        (Ok(id), _) => {
            let item = shared.engine.channel(&visit.person.scope, id).await;
            let item = item.map_err(channel_problem)?;
            Some((item.doc, Some((item.id, item.version, item.secrets))))
        }
        (Err(_), "") => None,
        (Err(_), kind) => Some((fresh(kind), None)),
    };
    page(&shared, &visit, open, None).await
}

type Open = (ChannelDoc, Option<(u64, u64, Vec<String>)>);

async fn page(
    shared: &Shared,
    visit: &Visit,
    open: Option<Open>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let list = shared.engine.channels(&visit.person.scope).await;
    let list = list.map_err(channel_problem)?;
    let form = match open {
        Some((doc, known)) => Some(ChannelForm {
            preview: preview(shared, visit, &doc).await?,
            placeholders: channel_placeholders(),
            suggested: match known {
                Some(_) => Default::default(),
                None => channel_suggestions(&doc.kind),
            },
            doc,
            known,
        }),
        None => None,
    };
    let view = ChannelsView {
        frame: frame(shared, visit, Section::Channels, wrong).await?,
        may_change: visit.person.role >= Role::Admin,
        channels: list.items,
        watched: list.watched,
        kinds: channel_kinds(),
        form,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), channels(&view)))
}

/// What people would get; in the usual words when its own are none.
async fn preview(shared: &Shared, visit: &Visit, doc: &ChannelDoc) -> Result<ChannelPreview, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let asked = previewed(doc);
    let usual = PreviewRequest {
        title: String::new(),
        text: String::new(),
        ..asked.clone()
    };
    match engine.preview_channel(scope, &asked).await {
        Err(ChannelError::Invalid(_)) => match engine.preview_channel(scope, &usual).await {
            // Of no kind there is.
            Err(ChannelError::Invalid(_)) => Ok(ChannelPreview::default()),
            shown => shown.map_err(channel_problem),
        },
        shown => shown.map_err(channel_problem),
    }
}

fn previewed(doc: &ChannelDoc) -> PreviewRequest {
    PreviewRequest {
        kind: doc.kind.clone(),
        title: doc.title.clone(),
        text: doc.text.clone(),
    }
}

fn fresh(kind: &str) -> ChannelDoc {
    ChannelDoc {
        name: String::new(),
        kind: kind.to_owned(),
        settings: Default::default(),
        enabled: true,
        least: "info".into(),
        only: Vec::new(),
        acknowledged: true,
        resolved: true,
        digest_from: DIGEST_FROM,
        title: String::new(),
        text: String::new(),
        on_call_only: false,
    }
}

/// `POST`: `save`, `preview`, `test`, `enable`, `disable` or `remove`.
pub async fn channels_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    if sent.get("do") == "preview" {
        let doc = request(&sent).doc;
        let asked = previewed(&doc);
        let shown = shared.engine.preview_channel(&visit.person.scope, &asked).await;
        let refused = match shown.map_err(channel_problem) {
            Ok(_) => None,
            Err(problem) => Some(wrong(problem, "channel", &sent)?),
        };
        let known = known(&shared, &visit, &sent).await?;
        return page(&shared, &visit, Some((doc, known)), refused).await;
    }
    let done = match sent.get("do") {
        "save" => save(&shared, &visit, &sent).await,
        _ => act(&shared, &visit, &sent).await,
    };
    match done {
        Ok(to) => Ok(go(&[visit.base.as_str(), &to].concat())),
        Err(problem) => {
            let what = if sent.get("do") == "save" {
                "channel"
            } else {
                "act"
            };
            let wrong = wrong(problem, what, &sent)?;
            let open = match what {
                "channel" => {
                    let known = known(&shared, &visit, &sent).await?;
                    Some((request(&sent).doc, known))
                }
                _ => None,
            };
            page(&shared, &visit, open, Some(wrong)).await
        }
    }
}

async fn known(
    shared: &Shared,
    visit: &Visit,
    sent: &Sent,
) -> Result<Option<(u64, u64, Vec<String>)>, Problem> {
    let (Ok(id), Ok(version)) = (sent.get("channel").parse(), sent.get("version").parse()) else {
        return Ok(None);
    };
    let item = shared.engine.channel(&visit.person.scope, id).await;
    let item = item.map_err(channel_problem)?;
    Ok(Some((id, version, item.secrets)))
}

/// What the form says, as a request over JSON would.
fn request(sent: &Sent) -> ChannelRequest {
    let mut request = ChannelRequest {
        doc: ChannelDoc {
            name: sent.get("name").trim().to_owned(),
            kind: sent.get("kind").to_owned(),
            settings: Default::default(),
            enabled: sent.get("enabled") == "yes",
            least: sent.get("least").to_owned(),
            only: Some(sent.get("only").trim().to_owned())
                .filter(|only| !only.is_empty())
                .into_iter()
                .collect(),
            acknowledged: sent.get("acknowledged") == "yes",
            resolved: sent.get("resolved") == "yes",
            digest_from: sent.get("digest_from").parse().unwrap_or(DIGEST_FROM),
            title: sent.get("title").trim().to_owned(),
            // Browsers send lines with both signs of their end.
            text: sent.get("text").trim().replace("\r\n", "\n"),
            on_call_only: sent.get("on_call_only") == "yes",
        },
        secrets: Default::default(),
    };
    let kinds = channel_kinds();
    let kind = kinds.iter().find(|kind| kind.kind == request.doc.kind);
    for field in kind.into_iter().flat_map(|kind| &kind.fields) {
        let value = sent.get(&[FIELD, &field.name].concat()).trim();
        // An empty secret keeps the one that is there.
        if value.is_empty() {
            continue;
        }
        let place = match field.secret {
            true => &mut request.secrets,
            false => &mut request.doc.settings,
        };
        place.insert(field.name.clone(), value.to_owned());
    }
    request
}

async fn save(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<String, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    let request = request(sent);
    let saved = match sent.get("channel").parse() {
        Ok(id) => {
            let version = sent.get("version").parse().ok();
            engine.change_channel(scope, id, version, &request, &hand).await
        }
        Err(_) => engine.create_channel(scope, &request, &hand).await,
    };
    saved.map_err(channel_problem)?;
    Ok(Section::Channels.path().to_owned())
}

async fn act(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<String, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    let id: u64 = sent.get("channel").parse().map_err(|_| Problem::not_found())?;
    match sent.get("do") {
        "test" => {
            let sent = engine.test_channel(scope, id, &hand).await;
            let sent = sent.map_err(channel_problem)?;
            return Ok(format!("{}/{}", Section::Deliveries.path(), sent.id));
        }
        "remove" => engine
            .delete_channel(scope, id, &hand)
            .await
            .map_err(channel_problem)?,
        what @ ("enable" | "disable") => {
            let mut doc = engine.channel(scope, id).await.map_err(channel_problem)?.doc;
            doc.enabled = what == "enable";
            let request = ChannelRequest {
                doc,
                secrets: Default::default(),
            };
            let version = sent.get("version").parse().ok();
            let changed = engine.change_channel(scope, id, version, &request, &hand).await;
            changed.map_err(channel_problem)?;
        }
        _ => return Err(Problem::not_found()),
    }
    Ok(Section::Channels.path().to_owned())
}

/// `GET /alerts/deliveries?state=dead&channel=3&cursor=…`
pub async fn deliveries_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let state = DeliveryState::parse(visit.query.get("state"));
    let channel = visit.query.get("channel").parse().ok();
    let search = DeliverySearch {
        state,
        channel,
        alert: None,
        before: visit.query.get("cursor").parse().ok(),
        limit: PAGE,
    };
    let list = engine.deliveries(scope, &search).await.map_err(channel_problem)?;
    let name = match channel {
        Some(id) => match engine.channel(scope, id).await {
            Ok(item) => Some((id, item.doc.name)),
            Err(_) => Some((id, "a removed channel".to_owned())),
        },
        None => None,
    };
    let view = DeliveriesView {
        frame: frame(&shared, &visit, Section::Deliveries, None).await?,
        state: state.map_or(String::new(), |state| state.as_str().to_owned()),
        channel: name,
        items: list.items,
        next: list.next,
    };
    Ok(plain(status(None), deliveries(&view)))
}

/// `GET /alerts/deliveries/{delivery}`: with its attempts.
pub async fn delivery_page(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    one(&shared, &visit, numbered(&path, "delivery")?, None).await
}

/// `POST …/{delivery}`: `replay`.
pub async fn delivery_form(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
    form: SentForm,
) -> Result<Response, Problem> {
    let id = numbered(&path, "delivery")?;
    let sent = Sent::of_form(form)?;
    if sent.get("do") != "replay" {
        return Err(Problem::not_found());
    }
    let hand = hand(&visit.access, &visit.whence);
    let replayed = shared
        .engine
        .replay_delivery(&visit.person.scope, id, &hand)
        .await;
    match replayed.map_err(channel_problem) {
        Ok(_) => Ok(go(&format!("{}{}/{id}", visit.base, Section::Deliveries.path()))),
        Err(problem) => one(&shared, &visit, id, Some(wrong(problem, "act", &sent)?)).await,
    }
}

async fn one(shared: &Shared, visit: &Visit, id: u64, wrong: Option<Wrong>) -> Result<Response, Problem> {
    let detail = shared.engine.delivery(&visit.person.scope, id).await;
    let view = DeliveryView {
        detail: detail.map_err(channel_problem)?,
        frame: frame(shared, visit, Section::Deliveries, wrong).await?,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), delivery(&view)))
}
