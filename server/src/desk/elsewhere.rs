//! `/alerts/elsewhere`: how those who find alerts elsewhere are pointed here, and how many of theirs are open.

use app::alerts::{ElsewhereView, Section, elsewhere};
use axum::extract::State;
use axum::response::Response;

use super::frame;
use crate::http::Problem;
use crate::http::alerts::problem;
use crate::pages::plain;
use crate::settings::visit::{Visit, status};
use crate::state::Shared;

/// `GET`.
pub async fn elsewhere_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let open = shared.engine.open_by_source(&visit.person.scope).await;
    let open = open.map_err(problem)?;
    let view = ElsewhereView {
        frame: frame(&shared, &visit, Section::Elsewhere, None).await?,
        origin: format!("{}{}", visit.via.origin, shared.base.as_str()),
        open: open
            .into_iter()
            .map(|(source, count)| (source.as_str().to_owned(), count))
            .collect(),
    };
    Ok(plain(status(view.frame.wrong.as_ref()), elsewhere(&view)))
}
