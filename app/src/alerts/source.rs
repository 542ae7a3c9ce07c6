//! Who found an alert, where somebody else did: shown, filtered by, and led back to.

use leptos::prelude::*;
use protocol::alerts::AlertItem;

use super::frame::{Frame, Section};
use super::list::AlertsView;
use crate::browser::encode;

/// Our own rules, as addresses and the API name them.
pub(super) const RULE: &str = "rule";

/// Who may have found an alert, as the API names them, and in words.
pub(super) const SOURCES: [(&str, &str); 4] = [
    (RULE, "Own rules"),
    ("prometheus", "Prometheus via Alertmanager API"),
    ("alertmanager", "Alertmanager"),
    ("grafana", "Grafana"),
];

/// Who sent it; nobody when a rule of ours found it.
pub(super) fn sender(alert: &AlertItem) -> Option<&'static str> {
    let known = SOURCES.iter().find(|(name, _)| *name == alert.source);
    known.filter(|(name, _)| *name != RULE).map(|(_, words)| *words)
}

/// The list of one source, or of all.
pub(super) fn sources(view: &AlertsView) -> AnyView {
    let all = [("", "All sources")];
    let links = all.iter().chain(&SOURCES).map(|(name, words)| {
        let here = (*name == view.source).then_some("page");
        let href = [
            view.frame.href(Section::Alerts),
            view.query_of(view.show, None, name),
        ]
        .concat();
        view! { <a href=href aria-current=here>{*words}</a> }
    });
    view! { <nav class="desk-sources" aria-label="Who found them">{links.collect_view()}</nav> }.into_any()
}

/// In the head of an alert: its rule, or who sent it and what they call it.
pub(super) fn found_by(frame: &Frame, alert: &AlertItem) -> AnyView {
    let name = alert.rule_name.clone();
    match sender(alert) {
        None => {
            let href = [frame.href(Section::Rules), format!("#rule-{}", alert.rule)].concat();
            view! { "rule " <a href=href>{name}</a> }.into_any()
        }
        Some(sender) => {
            let query = ["?source=", &encode(&alert.source)].concat();
            let href = [frame.href(Section::Alerts), query].concat();
            view! { {name} " from " <a href=href>{sender}</a> }.into_any()
        }
    }
}

/// What its sender says beyond the summary.
pub(super) fn described(alert: &AlertItem) -> Option<AnyView> {
    let words = alert.annotations.get("description")?;
    let news = !words.trim().is_empty() && *words != alert.summary;
    news.then(|| view! { <p class="desk-text">{words.clone()}</p> }.into_any())
}

/// To where its sender found it. The server keeps http and https only.
pub(super) fn led_back(alert: &AlertItem) -> Option<AnyView> {
    let link = alert.link.clone()?;
    let words = match alert.source.as_str() {
        "grafana" => "In Grafana",
        _ => "Where it was found",
    };
    Some(view! { <a href=link rel="noreferrer noopener external">{words}</a> }.into_any())
}

/// What becomes of one that is resolved by hand while it is bad.
pub(super) fn comes_back(alert: &AlertItem) -> String {
    match sender(alert) {
        None => "It comes back when its rule still finds it.".to_owned(),
        Some(_) => "It comes back when it is still sent in an hour.".to_owned(),
    }
}
