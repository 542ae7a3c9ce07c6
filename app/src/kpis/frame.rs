//! What all KPI pages have around them: the navigation, the bar, the ways between them.

use leptos::prelude::*;
use protocol::duty::OnCallItem;

use crate::plain::form::Wrong;
use crate::plain::{self, Around};
use crate::seed::Theme;

/// A KPI page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Section {
    Overview,
    Objectives,
    Spend,
    Usage,
    Figures,
    Prices,
    Dashboards,
    Reports,
    Sharing,
}

impl Section {
    /// Those with a way in the bar, in its order.
    pub const WAYS: [Section; 5] = [
        Section::Overview,
        Section::Objectives,
        Section::Figures,
        Section::Prices,
        Section::Sharing,
    ];

    /// In the browser's title and as heading.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Overview => "KPIs",
            Section::Objectives => "Objectives",
            Section::Spend => "Spend",
            Section::Usage => "Usage",
            Section::Figures => "Figures",
            Section::Prices => "Prices",
            Section::Dashboards => "Dashboards",
            Section::Reports => "Reports",
            Section::Sharing => "Sharing",
        }
    }

    /// Below the tenant's base.
    pub const fn path(self) -> &'static str {
        match self {
            Section::Overview => "/kpis",
            Section::Objectives => "/kpis/objectives",
            Section::Spend => "/kpis/spend",
            Section::Usage => "/kpis/usage",
            Section::Figures => "/kpis/figures",
            Section::Prices => "/kpis/prices",
            Section::Dashboards => "/kpis/dashboards",
            Section::Reports => "/kpis/reports",
            Section::Sharing => "/kpis/sharing",
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
    /// The tenant, for people to read.
    pub tenant: String,
    /// May change what is promised, planned and shared.
    pub may_change: bool,
    /// `light` or `dark` when the visitor chose one.
    pub theme: Option<Theme>,
    /// Minutes east of UTC in which times are shown.
    pub utc_offset_min: i32,
    /// The server's time, epoch milliseconds.
    pub now: i64,
    /// Whether the data are a demonstration's.
    pub demo: bool,
    /// Alerts that need somebody.
    pub need: u64,
    /// Who is on call, of every schedule.
    pub on_call: Vec<OnCallItem>,
    /// What was done, one sentence.
    pub done: Option<&'static str>,
    /// What was sent and cannot be.
    pub wrong: Option<Wrong>,
}

impl Frame {
    /// The address of a page.
    pub fn href(&self, section: Section) -> String {
        [&self.base, section.path()].concat()
    }
}

/// The HTML of a page. `about` stands beside the heading, `ends` at the end of the bar.
pub(crate) fn page(frame: &Frame, title: &str, about: AnyView, ends: AnyView, content: AnyView) -> String {
    let way = |section: Section| {
        let here = (section == frame.section).then_some("page");
        view! { <a class="pill" href=frame.href(section) aria-current=here>{section.title()}</a> }
    };
    let content = view! {
        <header class="bar kpis-bar" data-swap="bar">
            <h1>{frame.section.title()}</h1>
            <div class="kpis-about">{about}</div>
            <div class="bar-end">{ends}</div>
        </header>
        <nav class="kpis-ways" aria-label="KPIs">{Section::WAYS.map(way).collect_view()}</nav>
        {frame.done.map(|words| view! { <p class="note done" role="status">{words}</p> })}
        {content}
    };
    let around = Around {
        title: format!("{title} · Fuseboard"),
        script: "/kpis.js",
        root: &frame.root,
        base: &frame.base,
        open: "/kpis",
        name: "kpis",
        need: frame.need,
        theme: frame.theme,
        demo: frame.demo,
        on_call: &frame.on_call,
    };
    plain::page(around, content.into_any())
}
