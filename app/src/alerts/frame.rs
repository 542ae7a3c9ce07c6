//! What all pages about alerts have around them: the navigation, the bar with what needs somebody, the ways between them.

use leptos::prelude::*;
use protocol::Level;

use crate::format::span_short;
use crate::plain::form::Wrong;
use crate::plain::{head, mark, navigation};
use crate::seed::Theme;
use crate::{demo_note, theme_key};

/// A page about alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Section {
    Alerts,
    Rules,
    Silences,
}

impl Section {
    /// In the browser's title and as heading.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Alerts => "Alerts",
            Section::Rules => "Rules",
            Section::Silences => "Silences",
        }
    }

    /// Below the tenant's base.
    pub const fn path(self) -> &'static str {
        match self {
            Section::Alerts => "/alerts",
            Section::Rules => "/alerts/rules",
            Section::Silences => "/alerts/silences",
        }
    }
}

/// What the bar tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Alerts that fire and that nobody has.
    pub need: usize,
    /// Of these, when the first fired.
    pub oldest: Option<i64>,
    /// Alerts that somebody has, or that are put off or held back.
    pub held: usize,
    /// Silences that hide something now or will.
    pub silences: usize,
    /// Rules that are evaluated.
    pub rules: usize,
}

/// Around a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Which page.
    pub section: Section,
    /// Empty, or `/t/{slug}`.
    pub base: String,
    /// Who looks, as timelines name them.
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
    pub counts: Counts,
    /// What was just done, a sentence.
    pub done: Option<&'static str>,
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

/// The page's HTML around what is in it.
pub(super) fn page(frame: &Frame, title: &str, content: AnyView) -> String {
    let theme = frame.theme.map(theme_key);
    let needed = match frame.counts.need {
        0 => String::new(),
        need => format!("({need}) "),
    };
    let title = format!("{needed}{title} · Fuseboard");
    let done = frame
        .done
        .map(|done| view! { <p class="note done" role="status">{done}</p> });
    let pill = |section: Section, count: usize| {
        let here = (section == frame.section).then_some("page");
        view! {
            <a class="pill" href=frame.href(section) aria-current=here>
                {section.title()}
                " "
                <b>{count}</b>
            </a>
        }
    };
    let page = view! {
        <html lang="en" data-theme=theme>
            {head(title, Some("/alerts.js"), None)}
            <body>
                <a class="skip" href="#main">"To the content"</a>
                <div class="app">
                    {navigation(&frame.base, "/alerts")}
                    <main id="main" tabindex="-1" data-page="alerts">
                        <header class="bar" data-swap="bar">
                            <h1>{frame.section.title()}</h1>
                            {verdict(&frame.counts, frame.now)}
                            <div class="bar-end">
                                {(frame.section != Section::Alerts)
                                    .then(|| pill(Section::Alerts, frame.counts.need + frame.counts.held))}
                                {pill(Section::Silences, frame.counts.silences)}
                                {pill(Section::Rules, frame.counts.rules)}
                                <span class="pill live-pill" data-live="still" data-watch="">
                                    <i class="live-dot"></i>
                                    <span data-watch-words="">"As of now"</span>
                                </span>
                            </div>
                        </header>
                        {done}
                        {content}
                    </main>
                </div>
                {frame.demo.then(demo_note)}
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

fn verdict(counts: &Counts, now: i64) -> AnyView {
    let (level, strong, more) = match (counts.need, counts.held) {
        (0, 0) => (Level::Ok, "Nothing needs anybody.".to_owned(), String::new()),
        (0, held) => {
            let words = if held == 1 { "alert is" } else { "alerts are" };
            (
                Level::Attention,
                "Nothing waits.".to_owned(),
                format!(" {held} {words} looked after or held back."),
            )
        }
        (need, _) => {
            let waited = counts
                .oldest
                .map(|oldest| format!(" The oldest has waited {}.", span_short(now - oldest)));
            let words = if need == 1 { "alert needs" } else { "alerts need" };
            (
                Level::Act,
                format!("{need} {words} somebody."),
                waited.unwrap_or_default(),
            )
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
