//! Alerts: what needs somebody, what is being looked after, what is over; the rules that find them, the silences that
//! hide them.
//!
//! Plain pages and forms, as the settings are (ADR 0025, ADR 0030): whoever is woken at night opens a link on a phone,
//! and what they press must work before, and without, the program of the board. Two scripts run beside them:
//! `public/watch.js` hears over a socket that something changed, and `public/alerts.js` then puts what changed into the
//! page, as it does with what a form answers. The page of a rule stays as it is while somebody works on it.
//!
//! Deliberately absent: who may see or change what; the server decides before a page is made.

mod channels;
mod deliveries;
mod detail;
mod duty;
mod elsewhere;
mod frame;
mod list;
mod own_words;
mod rail;
mod rule;
mod rules;
mod silences;
mod source;
mod story;
mod words;

pub use channels::{ChannelForm, ChannelsView, FIELD, channels};
pub use deliveries::{DeliveriesView, DeliveryView, deliveries, delivery};
pub use detail::Choices;
pub use duty::{
    Bar, EscalationForm, EscalationsView, OverrideView, PeopleView, PolicyView, Row, ScheduleForm,
    ScheduleItem, ScheduleView, SchedulesView, ShiftView, escalations, schedule, schedules,
};
pub use elsewhere::{ElsewhereView, elsewhere};
pub use frame::{Frame, Section};
pub use list::{AlertsView, SHOWS, Show, alerts};
pub use rail::{RailView, badge, rail};
pub use rule::{DAYS, RuleView, Texts, Unread, Would, fresh, read, rule, texts_of};
pub use rules::{RulesView, rules};
pub use silences::{LENGTHS, SilencesView, silences};

pub use crate::plain::form::Wrong;
