//! Alerts: what needs somebody, what is being looked after, what is over; the rules that find them, the silences that
//! hide them.
//!
//! Plain pages and forms, as the settings are (ADR 0025, ADR 0030): whoever is woken at night opens a link on a phone,
//! and what they press must work before, and without, the program of the board. The one script looks every two seconds
//! whether something changed, and puts what a form answers into the page without loading it anew.
//!
//! Deliberately absent: who may see or change what; the server decides before a page is made. Channels and on-call
//! schedules, until there are such.

mod detail;
mod frame;
mod list;
mod rules;
mod silences;
mod words;

pub use detail::Choices;
pub use frame::{Counts, Frame, Section};
pub use list::{AlertsView, SHOWS, Show, alerts};
pub use rules::{RulesView, rules};
pub use silences::{LENGTHS, SilencesView, silences};

pub use crate::plain::form::Wrong;
