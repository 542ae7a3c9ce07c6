//! `/settings/audit`: who did what.

use app::settings::{AuditView, Section, Wrong, audit};
use axum::extract::State;
use axum::response::Response;
use protocol::view::AuditPage;

use super::visit::{Visit, status, wrong};
use crate::auth::actor;
use crate::http::Problem;
use crate::http::audit::{Looked, read};
use crate::http::people::{keys, members};
use crate::pages::plain;
use crate::state::Shared;

/// Entries of one page.
const ENTRIES: usize = 50;

/// `GET`.
pub async fn audit_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let query = &visit.query;
    let asked = ["actor", "action", "target", "from", "to"];
    let asked = asked.map(|name| (name.to_owned(), query.get(name).to_owned()));
    let get = |name: &str| Some(query.get(name)).filter(|text| !text.is_empty());
    let looked = Looked {
        actor: get("actor"),
        action: get("action"),
        target: get("target"),
        from: get("from"),
        to: get("to"),
        cursor: get("cursor"),
        limit: ENTRIES,
    };
    let (found, refused) = match read(&shared, &visit.access, &looked).await {
        Ok(found) => (found, None),
        Err(problem) => (AuditPage::default(), Some(wrong(problem, "filter", query)?)),
    };
    let view = AuditView {
        names: names(&shared, &visit).await?,
        is_further: get("cursor").is_some(),
        frame: visit.frame(Section::Audit, refused),
        found,
        asked: asked.to_vec(),
    };
    let wrong: Option<&Wrong> = view.frame.wrong.as_ref();
    Ok(plain(status(wrong), audit(&view)))
}

/// What to call members and keys.
async fn names(shared: &Shared, visit: &Visit) -> Result<Vec<(String, String)>, Problem> {
    let members = members::read(shared, &visit.access).await?;
    let keys = keys::read(shared, &visit.access).await?;
    let members = members
        .members
        .into_iter()
        .map(|row| (actor(&row.account.id), row.account.email));
    let keys = keys
        .keys
        .into_iter()
        .map(|row| (format!("key:{}", row.id), format!("key {}", row.name)));
    Ok(members.chain(keys).collect())
}
