//! What all pages about alerts have around them: the navigation, the bar with what needs somebody, the ways between them.

use leptos::prelude::*;
use protocol::Level;
use protocol::duty::OnCallItem;
use protocol::view::Alerts;

use super::words::age;
use crate::format::full;
use crate::plain::form::Wrong;
use crate::plain::{self, Around, mark};
use crate::seed::Theme;

/// A page about alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Section {
    Alerts,
    Rules,
    Silences,
    Channels,
    Deliveries,
    Schedules,
    Escalations,
    Elsewhere,
}

impl Section {
    /// In the browser's title and as heading.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Alerts => "Alerts",
            Section::Rules => "Rules",
            Section::Silences => "Silences",
            Section::Channels => "Channels",
            Section::Deliveries => "Deliveries",
            Section::Schedules => "Schedules",
            Section::Escalations => "Escalation policies",
            Section::Elsewhere => "From elsewhere",
        }
    }

    /// Below the tenant's base.
    pub const fn path(self) -> &'static str {
        match self {
            Section::Alerts => "/alerts",
            Section::Rules => "/alerts/rules",
            Section::Silences => "/alerts/silences",
            Section::Channels => "/alerts/channels",
            Section::Deliveries => "/alerts/deliveries",
            Section::Schedules => "/alerts/schedules",
            Section::Escalations => "/alerts/escalations",
            Section::Elsewhere => "/alerts/elsewhere",
        }
    }
}

/// Around a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Which page.
    pub section: Section,
    /// What stands before our paths: empty, or `/fuseboard`.
    pub root: String,
    /// What stands before the tenant's: the root, or `{root}/t/{slug}`.
    pub base: String,
    /// The id of who looks, as alerts name it.
    pub me: String,
    /// May acknowledge, silence and so on.
    pub may_act: bool,
    /// May change rules.
    pub may_rule: bool,
    /// `light` or `dark` when the visitor chose one.
    pub theme: Option<Theme>,
    /// Minutes east of UTC in which times are shown.
    pub utc_offset_min: i32,
    /// The server's time, epoch milliseconds.
    pub now: i64,
    /// Whether the data are a demonstration's.
    pub demo: bool,
    /// What the bar tells.
    pub counts: Alerts,
    /// Channels that are told.
    pub channels: u64,
    /// Channels that nothing can be sent through.
    pub dead: u64,
    /// Who is on call, of every schedule.
    pub on_call: Vec<OnCallItem>,
    /// What was sent and cannot be.
    pub wrong: Option<Wrong>,
}

impl Frame {
    /// The address of a page.
    pub fn href(&self, section: Section) -> String {
        [&self.base, section.path()].concat()
    }

    /// The address of an alert.
    pub fn alert(&self, id: u64) -> String {
        format!("{}/alerts/{id}", self.base)
    }
}

/// The page's HTML around what is in it, kept fresh.
pub(super) fn page(frame: &Frame, title: &str, content: AnyView) -> String {
    let live = view! {
        <span class="pill live-pill" data-live="still" data-watch="" data-version=frame.counts.version.to_string()>
            <i class="live-dot"></i>
            <span data-watch-words="">"As of now"</span>
        </span>
    };
    around(frame, title, "/alerts.js", live.into_any(), content)
}

/// The HTML of a page that stays as it is while somebody works on it, with a script of its own.
pub(super) fn still(frame: &Frame, title: &str, script: &'static str, content: AnyView) -> String {
    around(frame, title, script, ().into_any(), content)
}

fn around(frame: &Frame, title: &str, script: &'static str, live: AnyView, content: AnyView) -> String {
    let needed = match frame.counts.need {
        0 => String::new(),
        need => format!("({need}) "),
    };
    let pill = |section: Section, count: u64| {
        let here = (section == frame.section).then_some("page");
        view! {
            <a class="pill" href=frame.href(section) aria-current=here>
                {section.title()}
                " "
                <b>{count}</b>
            </a>
        }
    };
    let content = view! {
        <header class="bar" data-swap="bar">
            <h1>{frame.section.title()}</h1>
            {verdict(frame)}
            <div class="bar-end">
                {(frame.section != Section::Alerts)
                    .then(|| pill(Section::Alerts, frame.counts.need + frame.counts.held))}
                {pill(Section::Silences, frame.counts.silences)}
                {pill(Section::Rules, frame.counts.rules)}
                {pill(Section::Schedules, frame.on_call.len() as u64)}
                {frame.may_act.then(|| pill(Section::Channels, frame.channels))}
                {live}
            </div>
        </header>
        <div data-swap="dead">{(frame.dead > 0 && frame.may_act).then(|| dead(frame))}</div>
        {content}
    };
    let around = Around {
        title: format!("{needed}{title} · Fuseboard"),
        script,
        root: &frame.root,
        base: &frame.base,
        open: "/alerts",
        name: "alerts",
        need: frame.counts.need,
        theme: frame.theme,
        demo: frame.demo,
        on_call: &frame.on_call,
    };
    plain::page(around, content.into_any())
}

/// Nobody may be told of what is on this page.
fn dead(frame: &Frame) -> AnyView {
    let words = match frame.dead {
        1 => "A channel is off because nothing can be sent through it.".to_owned(),
        count => format!("{count} channels are off because nothing can be sent through them."),
    };
    view! {
        <p class="refused desk-dead" role="alert">
            {words} " " <a href=frame.href(Section::Channels)>"Look after it"</a>
        </p>
    }
    .into_any()
}

fn verdict(frame: &Frame) -> AnyView {
    let (level, strong, more) = match (frame.counts.need, frame.counts.held) {
        (0, 0) => (Level::Ok, "Nothing needs anybody.".to_owned(), None),
        (0, held) => {
            let words = if held == 1 { "alert is" } else { "alerts are" };
            let words = format!(" {held} {words} looked after or held back.");
            (
                Level::Attention,
                "Nothing waits.".to_owned(),
                Some(words.into_any()),
            )
        }
        (need, _) => {
            let waited = frame.counts.oldest.map(|oldest| {
                let age = age(oldest, frame.now, full(oldest, frame.utc_offset_min));
                view! { " The oldest has waited " {age} "." }.into_any()
            });
            let words = if need == 1 { "alert needs" } else { "alerts need" };
            (Level::Act, format!("{need} {words} somebody."), waited)
        }
    };
    view! {
        <p class="verdict" data-verdict="">
            {mark(level)}
            <span>
                <b>{strong}</b>
                {more}
            </span>
        </p>
    }
    .into_any()
}

/// A frame for tests.
#[cfg(test)]
pub(super) fn sample(section: Section) -> Frame {
    Frame {
        section,
        root: String::new(),
        base: String::new(),
        me: "account:1".into(),
        may_act: true,
        may_rule: true,
        theme: None,
        utc_offset_min: 0,
        now: 1_785_414_482_000,
        demo: false,
        counts: Alerts::default(),
        channels: 0,
        dead: 0,
        on_call: Vec::new(),
        wrong: None,
    }
}
