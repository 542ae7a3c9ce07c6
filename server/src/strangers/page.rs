//! `/s/{token}`: what a share shows, as a page, in a frame, as JSON.

use std::sync::Arc;

use app::kpis::{SharedFrame, shared_page};
use app::seed::Theme;
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use domain::duty::Zone;
use engine::KpiQuestion;
use protocol::view::KpiPage;

use super::redact::{narrows_more_than_breakers, redacted};
use super::{Held, nothing_here, private};
use crate::http::Problem;
use crate::pages::plain;
use crate::settings::sent::Sent;
use crate::state::Shared;

/// `GET /s/{token}`; `?theme=dark` or `light`, which is all that the viewer chooses.
pub async fn page(
    State(shared): State<Shared>,
    Extension(held): Extension<Held>,
    uri: Uri,
) -> Result<Response, Problem> {
    let page = figures(&shared, &held).await?;
    let html = shared_page(&frame(&shared, &held, &uri, false), &page);
    Ok(private(plain(StatusCode::OK, html), &[]))
}

/// `GET /s/{token}/embed`: for a frame on one of the pages that the share names. Where it names none there is none.
pub async fn embed(
    State(shared): State<Shared>,
    Extension(held): Extension<Held>,
    uri: Uri,
) -> Result<Response, Problem> {
    if held.item.doc.embed.is_empty() {
        return Ok(nothing_here(&shared));
    }
    let page = figures(&shared, &held).await?;
    let html = shared_page(&frame(&shared, &held, &uri, true), &page);
    Ok(private(plain(StatusCode::OK, html), &held.item.doc.embed))
}

/// `GET /s/{token}/data.json`: the same figures.
pub async fn data(
    State(shared): State<Shared>,
    Extension(held): Extension<Held>,
) -> Result<Response, Problem> {
    let page = figures(&shared, &held).await?;
    Ok(private(Json(&*page).into_response(), &[]))
}

/// What the share shows, without what it hides.
pub(super) async fn figures(shared: &Shared, held: &Held) -> Result<Arc<KpiPage>, Problem> {
    let doc = &held.item.doc;
    let key = (held.scope.tenant().clone(), held.item.id, held.item.version);
    let ask = || async {
        let question = KpiQuestion {
            period: doc.period.clone(),
            filter: doc.filter.clone(),
            zone: doc.zone.clone(),
        };
        let page = shared.engine.kpi_page(&held.scope, &question).await;
        let page = page.map_err(|error| {
            tracing::warn!(%error, share = held.item.id, "a share cannot be shown");
            Problem::unavailable("The figures cannot be computed right now.", 5)
        })?;
        Ok(redacted(page, doc))
    };
    shared.strangers.figures.get(key, ask).await
}

fn frame(shared: &Shared, held: &Held, uri: &Uri, framed: bool) -> SharedFrame {
    let doc = &held.item.doc;
    let own = match framed {
        true => "/embed",
        false => "",
    };
    SharedFrame {
        root: shared.base.as_str().to_owned(),
        address: shared.base.to(&format!("/s/{}{own}", held.token)),
        tenant: held.scope.tenant().to_string(),
        name: doc.name.clone(),
        until: until(&doc.zone, doc.expires),
        hides_cost: doc.hides("cost"),
        hides_breakers: doc.hides("breakers") || narrows_more_than_breakers(&doc.filter),
        theme: match Sent::of_query(uri).get("theme") {
            "dark" => Some(Theme::Dark),
            "light" => Some(Theme::Light),
            _ => None,
        },
        framed,
        demo: shared.demo,
    }
}

/// `2026-11-23 09:00 Europe/Berlin`
fn until(zone: &str, at: i64) -> String {
    match Zone::new(zone) {
        Ok(zone) => format!("{} {}", zone.shown(at).strftime("%Y-%m-%d %H:%M"), zone.name()),
        Err(_) => format!("{} UTC", app::format::date_clock(at, 0)),
    }
}
