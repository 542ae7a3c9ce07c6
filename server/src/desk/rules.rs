//! `/alerts/rules`: what is watched for, and the switch of each.

use app::alerts::{RulesView, Section, Wrong, rules};
use axum::extract::State;
use axum::response::Response;

use super::frame;
use crate::http::Problem;
use crate::http::alerts::{hand, problem};
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

/// `GET`.
pub async fn rules_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None).await
}

async fn page(shared: &Shared, visit: &Visit, wrong: Option<Wrong>) -> Result<Response, Problem> {
    let mut found = shared.engine.rules(&visit.person.scope).await.map_err(problem)?;
    found.sort_by_key(|item| item.rule.name.to_lowercase());
    let view = RulesView {
        frame: frame(shared, visit, Section::Rules, wrong).await?,
        rules: found,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), rules(&view)))
}

/// `POST`: `enable` or `disable`.
pub async fn rules_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    match change(&shared, &visit, &sent).await {
        Ok(()) => Ok(go(&[&visit.base, Section::Rules.path()].concat())),
        Err(problem) => page(&shared, &visit, Some(wrong(problem, "rule", &sent)?)).await,
    }
}

async fn change(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<(), Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let enabled = match sent.get("do") {
        "enable" => true,
        "disable" => false,
        _ => return Err(Problem::not_found()),
    };
    let id = sent.get("rule").parse().map_err(|_| Problem::not_found())?;
    let mut rule = engine.rule(scope, id).await.map_err(problem)?.rule;
    rule.enabled = enabled;
    // The version that the page showed: who switches what has changed meanwhile is told so.
    let version = sent.get("version").parse().ok();
    let hand = hand(&visit.access, &visit.whence);
    let changed = engine.change_rule(scope, id, version, &rule, &hand).await;
    changed.map(drop).map_err(problem)
}
