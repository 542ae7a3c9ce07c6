//! Who is on call: schedules, the people on them, and who is told while nobody takes an alert.
//!
//! What is drawn was computed by the server: whose clocks a schedule goes by is no business of a browser's zone.

mod draw;
mod escalations;
mod fields;
mod people;
mod schedule;
mod schedules;

pub use draw::{Bar, Row};
pub use escalations::{EscalationForm, EscalationsView, PolicyView, escalations};
pub use people::PeopleView;
pub use schedule::{OverrideView, ScheduleView, ShiftView, schedule};
pub use schedules::{ScheduleForm, ScheduleItem, SchedulesView, schedules};

use leptos::prelude::*;

use super::frame::{Frame, Section};

/// The ways between the pages of people on call.
fn tabs(frame: &Frame, here: Section) -> AnyView {
    let tab = |section: Section| {
        let here = (section == here).then_some("page");
        view! { <a href=frame.href(section) aria-current=here>{section.title()}</a> }
    };
    view! {
        <nav class="tabs" aria-label="On call">
            {tab(Section::Schedules)}
            {tab(Section::Escalations)}
        </nav>
    }
    .into_any()
}
