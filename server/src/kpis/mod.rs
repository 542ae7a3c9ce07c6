//! The KPI pages, as plain pages and forms ([`app::kpis`]). A form says in `do` what it wants; what it does is what the same
//! request over JSON does ([`crate::http`]). What went well leads back to a page with GET.

mod figures;
mod objectives;
pub(crate) mod openslo;
mod overview;
mod prices;
mod sharing;

pub use figures::{figures_form, figures_page};
pub use objectives::{objective_form, objective_page, objectives_form, objectives_page};
pub use overview::{Asking, kpis_chart, kpis_page};
pub use prices::{prices_form, prices_page};
pub use sharing::{sharing_form, sharing_page, status_page_form, status_page_page};

use app::kpis::{Frame, Section, Wrong};
use store::Role;

use crate::http::Problem;
use crate::http::alerts::problem;
use crate::settings::visit::Visit;
use crate::state::Shared;

/// What was done, by the name that the address carries: only these sentences can be said.
const DONE: &[(&str, &str)] = &[
    ("saved", "Saved."),
    ("removed", "Removed."),
    ("imported", "The file is taken in."),
    (
        "removed-not-rule",
        "Removed. Its rule stays: remove it among the rules where nobody needs it.",
    ),
    ("rule-made", "A rule watches it from now on."),
    ("rule-there", "Its rule watches for what is promised."),
    ("revoked", "The link is revoked."),
];

/// The frame of a page.
pub(crate) async fn frame(
    shared: &Shared,
    visit: &Visit,
    section: Section,
    wrong: Option<Wrong>,
) -> Result<Frame, Problem> {
    let person = &visit.person;
    let counts = shared.engine.alert_counts(&person.scope).await.map_err(problem)?;
    let done = visit.query.get("done");
    let done = DONE.iter().find(|(name, _)| *name == done);
    Ok(Frame {
        section,
        root: shared.base.as_str().to_owned(),
        base: visit.base.clone(),
        tenant: person.scope.tenant().to_string(),
        may_change: person.role >= Role::Admin,
        theme: visit.theme,
        utc_offset_min: visit.utc_offset_min,
        now: visit.now,
        demo: visit.demo,
        need: counts.need,
        on_call: visit.on_call.clone(),
        // What went wrong since is of more interest.
        done: done.filter(|_| wrong.is_none()).map(|(_, words)| *words),
        wrong,
    })
}
