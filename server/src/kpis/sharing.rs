//! `/kpis/sharing` and `/kpis/sharing/{status_page}`: links, and pages for the public.

use app::kpis::{
    ENDS, MOST_ROWS, Section, ShareRow, SharingView, StatusPageView, StatusRow, Wrong, sharing, status_page,
};
use axum::extract::{Path, State};
use axum::response::Response;
use protocol::kpis::share::ShareDoc;
use protocol::kpis::status::{ComponentDoc, NewIncident, NewUpdate, StatusPageDoc};

use super::frame;
use crate::auth::status_hash;
use crate::http::Problem;
use crate::http::alerts::{hand, numbered, problem};
use crate::http::people::bad_field;
use crate::http::share_made;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

const DAY: i64 = 86_400_000;

/// `GET /kpis/sharing`
pub async fn sharing_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None, None).await
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    made: Option<String>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let links = engine.share_links::<ShareDoc>(scope).await.map_err(problem)?;
    let shares = engine.documents::<ShareDoc>(scope).await.map_err(problem)?;
    let shares = shares.into_iter().map(|item| {
        let link = links.iter().find(|link| link.document == item.id);
        let opened = link.and_then(|link| link.opened);
        ShareRow { item, opened }
    });
    let pages = engine.documents::<StatusPageDoc>(scope).await.map_err(problem)?;
    let view = SharingView {
        frame: frame(shared, visit, Section::Sharing, wrong).await?,
        shares: shares.collect(),
        pages: pages.into_iter().map(|item| StatusRow { item }).collect(),
        made,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), sharing(&view)))
}

/// `POST /kpis/sharing`: `share`, `revoke` or `status`.
pub async fn sharing_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    match change(&shared, &visit, &sent).await {
        Ok(response) => Ok(response),
        Err(problem) => {
            let what = match sent.get("do") {
                known @ ("share" | "status") => known,
                _ => "act",
            };
            page(&shared, &visit, None, Some(wrong(problem, what, &sent)?)).await
        }
    }
}

async fn change(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    let list = [visit.base.as_str(), Section::Sharing.path()].concat();
    match sent.get("do") {
        "share" => {
            let made = share_made(
                shared,
                scope,
                &share_of(sent, visit.now)?,
                &hand,
                &visit.via.origin,
            )
            .await?;
            page(shared, visit, Some(made.link), None).await
        }
        "revoke" => {
            let id = sent.get("share").parse().map_err(|_| Problem::not_found())?;
            engine
                .take_back::<ShareDoc>(scope, id, &hand)
                .await
                .map_err(problem)?;
            Ok(go(&[&list, "?done=revoked"].concat()))
        }
        "status" => {
            let doc = StatusPageDoc {
                slug: sent.get("slug").trim().to_owned(),
                title: sent.get("title").trim().to_owned(),
                intro: String::new(),
                published: false,
                components: Vec::new(),
                incidents: Vec::new(),
            };
            let hash = status_hash(&doc.slug);
            let made = engine
                .make_status_page(scope, &doc, hash, &hand)
                .await
                .map_err(problem)?;
            Ok(go(&format!("{list}/{}", made.id)))
        }
        _ => Err(Problem::not_found()),
    }
}

fn share_of(sent: &Sent, now: i64) -> Result<ShareDoc, Problem> {
    let offered = ENDS.iter().find(|(days, _)| *days == sent.get("ends"));
    let days: Option<i64> = offered.and_then(|(days, _)| days.parse().ok());
    let days = days.ok_or_else(|| bad_field("ends", "ends: choose one of the page"))?;
    let origins = sent.get("embed").split(',').map(str::trim);
    Ok(ShareDoc {
        name: sent.get("name").trim().to_owned(),
        page: "kpis".into(),
        period: sent.get("period").to_owned(),
        filter: sent.get("filter").trim().to_owned(),
        zone: sent.get("zone").trim().to_owned(),
        expires: now + days * DAY,
        embed: origins
            .filter(|origin| !origin.is_empty())
            .map(str::to_owned)
            .collect(),
        hide: sent.all("hide").into_iter().map(str::to_owned).collect(),
    })
}

/// `GET /kpis/sharing/{status_page}`
pub async fn status_page_page(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    one(&shared, &visit, numbered(&path, "status_page")?, None).await
}

async fn one(shared: &Shared, visit: &Visit, id: u64, wrong: Option<Wrong>) -> Result<Response, Problem> {
    let scope = &visit.person.scope;
    let item = shared.engine.document::<StatusPageDoc>(scope, id).await;
    let view = StatusPageView {
        item: item.map_err(problem)?,
        frame: frame(shared, visit, Section::Sharing, wrong).await?,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), status_page(&view)))
}

/// `POST /kpis/sharing/{status_page}`: `page`, `incident`, `update` or `remove`.
pub async fn status_page_form(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
    form: SentForm,
) -> Result<Response, Problem> {
    let id = numbered(&path, "status_page")?;
    let sent = Sent::of_form(form)?;
    let done = edit(&shared, &visit, id, &sent).await;
    shared.strangers.forget_pages();
    match done {
        Ok(to) => Ok(go(&to)),
        Err(problem) => {
            let what = match sent.get("do") {
                known @ ("page" | "incident" | "update") => known,
                _ => "act",
            };
            one(&shared, &visit, id, Some(wrong(problem, what, &sent)?)).await
        }
    }
}

async fn edit(shared: &Shared, visit: &Visit, id: u64, sent: &Sent) -> Result<String, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    let list = [visit.base.as_str(), Section::Sharing.path()].concat();
    let word = |name: &str| sent.get(name).trim().to_owned();
    match sent.get("do") {
        "page" => {
            let before = engine
                .document::<StatusPageDoc>(scope, id)
                .await
                .map_err(problem)?;
            let doc = StatusPageDoc {
                slug: word("slug"),
                title: word("title"),
                intro: word("intro"),
                published: sent.get("published") == "yes",
                components: components(sent)?,
                // The form does not hold what happened: it stays as it is.
                incidents: before.doc.incidents,
            };
            let version = sent.get("version").parse().map_err(|_| Problem::not_found())?;
            let hash = status_hash(&doc.slug);
            let changed = engine
                .change_status_page(scope, (id, Some(version)), &doc, hash, &hand)
                .await;
            changed.map_err(problem)?;
        }
        "incident" => {
            let new = NewIncident {
                title: word("title"),
                impact: word("impact"),
                components: sent.all("components").into_iter().map(str::to_owned).collect(),
                state: word("state"),
                text: word("text"),
            };
            engine
                .add_incident(scope, id, &new, &hand)
                .await
                .map_err(problem)?;
        }
        "update" => {
            let new = NewUpdate {
                state: word("state"),
                text: word("text"),
                impact: Some(word("impact")),
            };
            let incident = sent.get("incident").parse().map_err(|_| Problem::not_found())?;
            let updated = engine.update_incident(scope, (id, incident), &new, &hand).await;
            updated.map_err(problem)?;
        }
        "remove" => {
            let removed = engine.take_back::<StatusPageDoc>(scope, id, &hand).await;
            removed.map_err(problem)?;
            return Ok([&list, "?done=removed"].concat());
        }
        _ => return Err(Problem::not_found()),
    }
    Ok(format!("{list}/{id}?done=saved"))
}

/// The parts of a form; a row without a name is none.
fn components(sent: &Sent) -> Result<Vec<ComponentDoc>, Problem> {
    let mut found = Vec::new();
    for place in 0..MOST_ROWS {
        let name = |field: &str| format!("components.{place}.{field}");
        let get = |field: &str| sent.get(&name(field)).trim().to_owned();
        if get("name").is_empty() {
            continue;
        }
        let wrong = |field: &str, must: &str| {
            bad_field(
                &name(field),
                format!("components[{place}].{field}: must be {must}"),
            )
        };
        let share = |field: &'static str| {
            let percent: Result<f64, _> = get(field).trim_end_matches('%').trim().parse();
            let percent = percent.map_err(|_| wrong(field, "a number of percent, such as 99.5"))?;
            Ok::<f64, Problem>(percent / 100.0)
        };
        found.push(ComponentDoc {
            name: get("name"),
            filter: get("filter"),
            metric: get("metric"),
            window_min: get("window_min")
                .parse()
                .map_err(|_| wrong("window_min", "5 or 15"))?,
            degraded_below: share("degraded_below")?,
            down_below: share("down_below")?,
            min_samples: get("min_samples")
                .parse()
                .map_err(|_| wrong("min_samples", "a whole number"))?,
        });
    }
    Ok(found)
}
