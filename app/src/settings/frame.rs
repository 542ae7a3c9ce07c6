//! What all pages of the settings have around them: the navigation, the bar, the sections.

use leptos::prelude::*;
use protocol::duty::OnCallItem;

use crate::plain::form::{Wrong, hidden, refused, text};
use crate::plain::{self, Around};
use crate::seed::Theme;

/// A page of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Section {
    You,
    Members,
    Keys,
    Tenants,
    Audit,
    Record,
}

impl Section {
    const ALL: [Section; 6] = [
        Section::You,
        Section::Members,
        Section::Keys,
        Section::Tenants,
        Section::Audit,
        Section::Record,
    ];

    /// In its tab and in the browser's title.
    pub const fn title(self) -> &'static str {
        match self {
            Section::You => "You",
            Section::Members => "Members",
            Section::Keys => "Keys",
            Section::Tenants => "Tenants",
            Section::Audit => "Audit log",
            Section::Record => "Record",
        }
    }

    /// Below the base.
    pub const fn path(self) -> &'static str {
        match self {
            Section::You => "/settings",
            Section::Members => "/settings/members",
            Section::Keys => "/settings/keys",
            Section::Tenants => "/settings/tenants",
            Section::Audit => "/settings/audit",
            Section::Record => "/settings/record",
        }
    }
}

/// What a page has around its cards.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Which page.
    pub section: Section,
    /// What stands before our paths: empty, or `/fuseboard`.
    pub root: String,
    /// What stands before the tenant's: the root, or `{root}/t/{slug}`.
    pub base: String,
    /// The tenant.
    pub tenant: String,
    /// What others see of whoever looks.
    pub name: String,
    /// As what they look.
    pub role: String,
    /// Sees members, keys and the audit log.
    pub is_admin: bool,
    /// Sees the tenants.
    pub is_platform_admin: bool,
    /// `light` or `dark` when the visitor chose one.
    pub theme: Option<Theme>,
    /// Minutes east of UTC in which times are shown.
    pub utc_offset_min: i32,
    /// The server's time, epoch milliseconds.
    pub now: i64,
    /// Whether the data are a demonstration's.
    pub demo: bool,
    /// The password was not shown for a while: changes wait for it.
    pub locked: bool,
    /// What the provider is called, where it is there that the password is shown.
    pub via: Option<String>,
    /// Who is on call, of every schedule.
    pub on_call: Vec<OnCallItem>,
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

    /// An address that no tenant has, or that names another.
    pub fn ours(&self, path: &str) -> String {
        [&self.root, path].concat()
    }

    /// The address that this page's forms go to.
    pub fn action(&self) -> String {
        self.href(self.section)
    }

    fn sees(&self, section: Section) -> bool {
        match section {
            Section::You => true,
            Section::Members | Section::Keys | Section::Audit | Section::Record => self.is_admin,
            Section::Tenants => self.is_platform_admin,
        }
    }
}

/// The page's HTML around its cards.
pub(super) fn page(frame: &Frame, cards: AnyView) -> String {
    let done = frame
        .done
        .map(|done| view! { <p class="note done" role="status">{done}</p> });
    let content = view! {
        <header class="bar">
            <h1>"Settings"</h1>
            <p class="verdict">
                <span>
                    <b>{frame.name.clone()}</b>
                    {format!(" is {} of {}", frame.role, frame.tenant)}
                </span>
            </p>
            <div class="bar-end">
                <a class="btn" href=frame.ours("/logout")>"Sign out"</a>
            </div>
        </header>
        <div class="doc settings">
            {sections(frame)}
            {done}
            {(frame.locked && frame.section != Section::You).then(|| unlock(frame))}
            {cards}
        </div>
    };
    let around = Around {
        title: format!("{} · Settings · Fuseboard", frame.section.title()),
        script: "/settings.js",
        // The script tells it.
        need: 0,
        root: &frame.root,
        base: &frame.base,
        open: "/settings",
        name: "settings",
        theme: frame.theme,
        demo: frame.demo,
        on_call: &frame.on_call,
    };
    plain::page(around, content.into_any())
}

fn sections(frame: &Frame) -> AnyView {
    let tabs = Section::ALL.into_iter().filter(|section| frame.sees(*section));
    let tabs = tabs.map(|section| {
        let here = (section == frame.section).then_some("page");
        view! { <a href=frame.href(section) aria-current=here>{section.title()}</a> }
    });
    view! { <nav class="tabs" aria-label="Settings">{tabs.collect_view()}</nav> }.into_any()
}

/// Why the password is asked for.
fn why(frame: &Frame) -> &'static str {
    match frame.section {
        Section::Record => "What is erased is gone for good.",
        _ => "Changes here let others in.",
    }
}

/// Asks for the password before what lets others in.
pub(super) fn unlock(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "confirm");
    if let Some(via) = &frame.via {
        return unlock_there(frame, via, wrong);
    }
    view! {
        <form class="card unlock" method="post" action=frame.action() data-form="confirm">
            {hidden("do", "confirm")}
            <p>
                <b>{why(frame)}</b>
                " Your password was shown a while ago; show it again to make them."
            </p>
            {refused(wrong)}
            <div class="line">
                {text("password", "Password", "password", "", wrong).autocomplete("current-password").view()}
                <button type="submit" class="btn go">"Unlock for 15 minutes"</button>
            </div>
        </form>
    }
    .into_any()
}

/// The same for somebody whom a provider let in: it is there that they show that it is them.
fn unlock_there(frame: &Frame, via: &str, wrong: Option<&Wrong>) -> AnyView {
    view! {
        <form class="card unlock" method="post" action=frame.action() data-form="confirm">
            {hidden("do", "confirm")}
            {hidden("with", "provider")}
            <p>
                <b>{why(frame)}</b>
                {format!(" Sign in at {via} once more to make them.")}
            </p>
            {refused(wrong)}
            <div class="line">
                <button type="submit" class="btn go">{format!("Continue with {via}")}</button>
            </div>
        </form>
    }
    .into_any()
}
