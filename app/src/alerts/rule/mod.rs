//! One rule: as a plain sentence whose words can be changed, and what it would have done.
//!
//! A form that is sent with GET to see what the rule would have done, and with POST to keep it; `public/rule.js` asks anew
//! while somebody changes a word or drags the line, and nothing else.
//!
//! Deliberately absent: whether a rule can be, and which channels are told where it names none (the engine says so).

mod chart;
pub(super) mod fields;
mod fired;
pub(super) mod quantity;
mod say;

use leptos::prelude::*;
use protocol::alerts::{Backtest, ConditionDoc, RuleDoc};

use super::frame::{Frame, Section, still};
use crate::plain::form::{Wrong, choice, heading, hidden, refused, sure, text};

pub use fields::{Texts, Unread, fresh, read, texts_of};

/// How far back it is looked: days.
pub const DAYS: [i64; 4] = [1, 7, 14, 30];

/// The page of a rule.
#[derive(Debug, Clone)]
pub struct RuleView {
    /// Around it.
    pub frame: Frame,
    /// The rule that is changed: its number, version and name.
    pub known: Option<(u64, u64, String)>,
    /// What is in the fields.
    pub texts: Texts,
    /// By what groups can be told apart.
    pub dimensions: Vec<String>,
    /// The names of the channels there are.
    pub channels: Vec<String>,
    /// The names of the escalation policies there are.
    pub policies: Vec<String>,
    /// How far back it is looked.
    pub days: i64,
    /// What the rule would have done, or why that is not known.
    pub would: Result<Would, String>,
}

/// What a rule would have done.
#[derive(Debug, Clone)]
pub struct Would {
    /// The rule.
    pub doc: RuleDoc,
    /// What it would have done.
    pub backtest: Backtest,
    /// The channels that would be told of the last time, or of an alert of this urgency when there was none.
    pub through: Vec<String>,
}

/// The page's HTML.
pub fn rule(view: &RuleView) -> String {
    let frame = &view.frame;
    let title = match &view.known {
        Some((_, _, name)) => name.clone(),
        None => "New rule".to_owned(),
    };
    let here = match &view.known {
        Some((id, ..)) => format!("{}/{id}", frame.href(Section::Rules)),
        None => format!("{}/new", frame.href(Section::Rules)),
    };
    let wrong = Wrong::of(&frame.wrong, "rule");
    let version = view.known.as_ref().map(|(_, version, _)| version.to_string());
    let content = view! {
        <div class="doc rule">
            <nav class="rule-way" aria-label="Where this is">
                <a href=frame.href(Section::Rules)>"Rules"</a>
                " / "
                <b>{title.clone()}</b>
            </nav>
            {view.known.is_none().then(|| kinds(view))}
            <form method="get" action=here.clone() data-rule="">
                {refused(wrong.filter(|wrong| !wrong.why.is_empty()))}
                {["kind", "enabled", "quiet_until"].map(|name| hidden(name, said(view, name)))}
                {version.as_deref().map(|version| hidden("version", version))}
                {say::sentence(view)}
                {say::tell(view)}
                <p class="rule-look">
                    <button type="submit" class="btn" formnovalidate="">"See what it would have done"</button>
                </p>
                <section class="card" data-fired="">{fired::card(view)}</section>
                {keep(view)}
            </form>
            {(frame.may_rule && view.known.is_some()).then(|| remove(&here))}
        </div>
    };
    still(frame, &title, "/rule.js", content.into_any())
}

/// What is in a field.
fn said<'a>(view: &'a RuleView, name: &str) -> &'a str {
    view.texts.get(name).map_or("", String::as_str)
}

fn is_wrong(view: &RuleView, name: &str) -> bool {
    let wrong = Wrong::of(&view.frame.wrong, "rule");
    wrong.is_some_and(|wrong| fields::place_of(&view.texts, &wrong.field) == name)
}

fn kinds(view: &RuleView) -> AnyView {
    let chosen = said(view, "kind");
    let links = ConditionDoc::KINDS.map(|kind| {
        let here = (kind == chosen).then_some("page");
        let href = format!("{}/new?kind={kind}", view.frame.href(Section::Rules));
        view! { <a href=href aria-current=here>{fields::about(kind)}</a> }
    });
    view! { <nav class="rule-kinds" aria-label="What to watch for">{links.collect_view()}</nav> }.into_any()
}

/// What the rule is called, and the buttons that keep it.
fn keep(view: &RuleView) -> AnyView {
    let wrong = Wrong::of(&view.frame.wrong, "rule");
    let may = view.frame.may_rule;
    let buttons = may.then(|| {
        let save = |what: &'static str, strong: bool, words: &'static str| {
            view! {
                <button type="submit" class="btn" class:go=strong formmethod="post" name="do" value=what>
                    {words}
                </button>
            }
        };
        view! {
            <div class="rule-keep">
                {save("save", true, "Save rule")}
                {save("save_quiet", false, "Save, but keep quiet for a week")}
            </div>
        }
    });
    view! {
        <section class="card">
            {heading("Name", "and what else its alerts say")}
            <div class="fields">
                {text("name", "Name", "text", said(view, "name"), wrong).hint("As alerts are called: Slow first token").view()}
                {text("about", "What it means", "text", said(view, "about"), wrong)
                    .optional()
                    .hint("For whoever is woken by it")
                    .view()}
                {text("runbook", "Runbook", "url", said(view, "runbook"), wrong)
                    .optional()
                    .hint("An address of what to do")
                    .view()}
                {text("labels", "Labels", "text", said(view, "labels"), wrong)
                    .optional()
                    .hint("team=search, tier=1: channels and silences can go by them")
                    .view()}
                {choice("escalation", "Escalation", &policies(view), said(view, "escalation"))}
            </div>
            {match buttons {
                Some(buttons) => buttons.into_any(),
                None => view! { <p class="pad quiet">"An admin can keep it."</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

/// The escalation policies to choose from; one that is named and not there any more is among them, so that nobody loses it
/// unseen.
fn policies(view: &RuleView) -> Vec<(String, String)> {
    let named = said(view, "escalation");
    let gone = (!named.is_empty() && !view.policies.iter().any(|name| name == named))
        .then(|| (named.to_owned(), format!("{named} (not there)")));
    let there = view.policies.iter().map(|name| (name.clone(), name.clone()));
    let usual = (String::new(), "The one that is for all".to_owned());
    std::iter::once(usual).chain(there).chain(gone).collect()
}

fn remove(action: &str) -> AnyView {
    let fields = view! { {hidden("do", "remove")} };
    view! {
        <p class="rule-remove">
            {sure(
                "Remove the rule…",
                "Its open alerts are resolved. Its history stays.".to_owned(),
                "Remove it".to_owned(),
                action,
                fields.into_any(),
            )}
        </p>
    }
    .into_any()
}
