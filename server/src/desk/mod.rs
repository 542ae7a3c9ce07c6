//! The pages about alerts, as plain pages and forms ([`app::alerts`]): what needs somebody, the rules, the silences, who is
//! on call. A form
//! says in `do` what it wants; what it does is what the same request over JSON does ([`crate::http`]). What went well leads
//! back to a page with GET.

mod alerts;
mod channels;
mod duty;
mod elsewhere;
mod escalations;
mod rail;
mod rule;
mod rules;
mod schedules;
mod silences;

pub use alerts::{act, alert_page, alerts_page};
pub use channels::{channels_form, channels_page, deliveries_page, delivery_form, delivery_page};
pub use elsewhere::elsewhere_page;
pub use escalations::{escalations_form, escalations_page};
pub use rail::{beside, rail_fragment};
pub use rule::{new_rule_form, new_rule_page, rule_form, rule_page};
pub use rules::{rules_form, rules_page};
pub use schedules::{schedule_form, schedule_page, schedules_form, schedules_page, tell_me_form};
pub use silences::{silences_form, silences_page};

use app::alerts::{Frame, Section, Wrong};
use domain::alert::Phase;
use store::Role;

use crate::http::Problem;
use crate::http::alerts::{channel_problem, problem};
use crate::settings::visit::Visit;
use crate::state::Shared;

/// The frame of a page.
async fn frame(
    shared: &Shared,
    visit: &Visit,
    section: Section,
    wrong: Option<Wrong>,
) -> Result<Frame, Problem> {
    let person = &visit.person;
    let channels = shared.engine.channel_counts(&person.scope).await;
    let (channels, dead) = channels.map_err(channel_problem)?;
    Ok(Frame {
        section,
        root: shared.base.as_str().to_owned(),
        base: visit.base.clone(),
        me: visit.access.actor(),
        may_act: person.role >= Role::Operator,
        may_rule: person.role >= Role::Admin,
        theme: visit.theme,
        utc_offset_min: visit.utc_offset_min,
        now: visit.now,
        demo: visit.demo,
        counts: shared.engine.alert_counts(&person.scope).await.map_err(problem)?,
        channels: channels as u64,
        dead: dead as u64,
        on_call: visit.on_call.clone(),
        wrong,
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
