//! `/settings/tenants`: the tenants of the installation.

use app::settings::{Section, TenantsView, Wrong, tenants};
use axum::extract::State;
use axum::response::Response;
use store::TenantId;

use super::sent::{Sent, SentForm};
use super::visit::{Visit, status, wrong};
use super::you::confirm;
use crate::http::Problem;
use crate::http::people::tenants as people;
use crate::pages::plain;
use crate::state::Shared;

/// `GET`.
pub async fn tenants_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None).await
}

async fn page(shared: &Shared, visit: &Visit, wrong: Option<Wrong>) -> Result<Response, Problem> {
    let roles = visit.person.signed_in.roles.iter();
    let sent_tenant = wrong.as_ref().and_then(|wrong| wrong.sent_in("quota", "tenant"));
    let view = TenantsView {
        tenants: people::read(shared).await?,
        frame: visit.frame(Section::Tenants, wrong),
        own: roles.map(|(tenant, _)| tenant.to_string()).collect(),
        chosen: match &sent_tenant {
            Some(sent) => sent.clone(),
            None => visit.query.get("quota").to_owned(),
        },
    };
    Ok(plain(status(view.frame.wrong.as_ref()), tenants(&view)))
}

/// `POST`: `make`, `quota` or `confirm`.
pub async fn tenants_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let what = sent.get("do");
    let done = match what {
        "confirm" => confirm(&shared, &visit, Section::Tenants, &sent).await,
        "make" => {
            let words = (sent.get("slug"), sent.get("name"));
            let made = people::make(&shared, &visit.access, &visit.whence, words).await;
            made.map(|_| visit.done(Section::Tenants, what))
        }
        "quota" => quota(&shared, &visit, &sent)
            .await
            .map(|()| visit.done(Section::Tenants, what)),
        _ => Err(Problem::not_found()),
    };
    match done {
        Ok(response) => Ok(response),
        Err(problem) => page(&shared, &visit, Some(wrong(problem, what, &sent)?)).await,
    }
}

async fn quota(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<(), Problem> {
    let tenant = TenantId::parse(sent.get("tenant")).ok_or_else(Problem::not_found)?;
    let quota = people::quota_of(|name| sent.get(name))?;
    people::give(shared, &visit.access, &visit.whence, &tenant, quota).await
}
