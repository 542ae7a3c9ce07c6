//! The rail of alerts beside the board: a fragment of HTML, for the page when it is made and for `/watch.js` when something
//! has changed.

use app::AlertsBeside;
use app::alerts::{RailView, badge, rail};
use app::seed::Seed;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use engine::AlertRail;
use protocol::duty::OnCallItem;
use store::Role;

use crate::auth::{Access, Person};
use crate::base::page_of;
use crate::http::Problem;
use crate::http::alerts::problem;
use crate::pages::plain;
use crate::settings::visit::{Visit, on_call};
use crate::state::Shared;

/// `GET /alerts/rail`
pub async fn rail_fragment(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    fragment(&shared, &visit, None).await
}

/// The fragment; with what could not be done to one of its alerts.
pub(super) async fn fragment(
    shared: &Shared,
    visit: &Visit,
    wrong: Option<(u64, String)>,
) -> Result<Response, Problem> {
    let found = shared.engine.alert_rail(&visit.person.scope).await;
    let found = found.map_err(problem)?;
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let looks = Looks {
        person: &visit.person,
        me: visit.access.actor(),
        base: &visit.base,
        utc_offset_min: visit.utc_offset_min,
        now: visit.now,
        on_call: visit.on_call.clone(),
    };
    Ok(plain(status, rail(&looks.at(found, wrong))))
}

/// What a page of the board's program has of alerts when it is made. `None` for a key, which is nobody, and where the store
/// cannot be read: then the script asks.
pub async fn beside(shared: &Shared, access: &Access, seed: &Seed, request: &Parts) -> Option<AlertsBeside> {
    let Access::Person(person) = access else {
        return None;
    };
    let path = page_of(&request.uri, person.scope.tenant());
    let is_board = matches!(path, Some("" | "/"));
    let looks = Looks {
        person,
        me: access.actor(),
        base: &seed.site.base,
        utc_offset_min: seed.site.utc_offset_min,
        now: seed.present,
        on_call: match is_board {
            true => on_call(shared, &person.scope).await,
            false => Vec::new(),
        },
    };
    let told = |error: &engine::AlertError| tracing::debug!(%error, "a page is sent without alerts");
    if is_board {
        let found = shared.engine.alert_rail(&person.scope).await;
        let found = found.inspect_err(told).ok()?;
        return Some(AlertsBeside {
            badge: badge(found.counts.need),
            rail: Some(rail(&looks.at(found, None))),
        });
    }
    let counts = shared.engine.alert_counts(&person.scope).await;
    let counts = counts.inspect_err(told).ok()?;
    Some(AlertsBeside {
        badge: badge(counts.need),
        rail: None,
    })
}

/// Who looks at a rail, and how.
struct Looks<'a> {
    person: &'a Person,
    me: String,
    base: &'a str,
    utc_offset_min: i32,
    now: i64,
    on_call: Vec<OnCallItem>,
}

impl Looks<'_> {
    fn at(self, found: AlertRail, wrong: Option<(u64, String)>) -> RailView {
        RailView {
            base: self.base.to_owned(),
            me: self.me,
            may_act: self.person.role >= Role::Operator,
            utc_offset_min: self.utc_offset_min,
            now: self.now,
            counts: found.counts,
            rows: found
                .rows
                .into_iter()
                .map(|row| (row.alert, row.inside))
                .collect(),
            more: found.more,
            recovered: found.recovered,
            on_call: self.on_call,
            wrong,
        }
    }
}
