//! The pages about alerts, as plain pages and forms ([`app::alerts`]): what needs somebody, the rules, the silences. A form
//! says in `do` what it wants; what it does is what the same request over JSON does ([`crate::http`]). What went well leads
//! back to a page with GET.

mod alerts;
mod rules;
mod silences;

pub use alerts::{act, alert_page, alerts_page};
pub use rules::{rules_form, rules_page};
pub use silences::{silences_form, silences_page};

use app::alerts::{Counts, Frame, Section, Wrong};
use domain::alert::Phase;
use engine::AlertSearch;
use store::Role;

use crate::http::Problem;
use crate::http::alerts::problem;
use crate::settings::visit::Visit;
use crate::state::Shared;

/// Open alerts that the bar counts; with more it says so many.
const MOST_COUNTED: usize = 1_000;

/// The frame of a page.
async fn frame(
    shared: &Shared,
    visit: &Visit,
    section: Section,
    wrong: Option<Wrong>,
) -> Result<Frame, Problem> {
    let person = &visit.person;
    Ok(Frame {
        section,
        base: visit.base.clone(),
        me: person.signed_in.account.name.clone(),
        may_act: person.role >= Role::Operator,
        may_rule: person.role >= Role::Admin,
        theme: visit.theme,
        utc_offset_min: visit.utc_offset_min,
        now: visit.now,
        demo: visit.demo,
        counts: counts(shared, visit).await?,
        done: None,
        wrong,
    })
}

async fn counts(shared: &Shared, visit: &Visit) -> Result<Counts, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let open = AlertSearch {
        phases: open_phases(),
        limit: MOST_COUNTED,
        ..AlertSearch::default()
    };
    let open = engine.alerts(scope, &open).await.map_err(problem)?.items;
    let silences = engine.silences(scope, None).await.map_err(problem)?;
    let rules = engine.rules(scope).await.map_err(problem)?;
    let waiting = || open.iter().filter(|alert| alert.phase == "firing");
    Ok(Counts {
        need: waiting().count(),
        oldest: waiting().map(|alert| alert.fired).min(),
        held: open.len() - waiting().count(),
        silences: silences.len(),
        rules: rules.iter().filter(|item| item.rule.enabled).count(),
    })
}

/// Those of alerts that are not over.
fn open_phases() -> Vec<Phase> {
    vec![
        Phase::Firing,
        Phase::Acknowledged,
        Phase::Snoozed,
        Phase::Suppressed,
    ]
}
