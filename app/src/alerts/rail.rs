//! What stands beside the board: the few alerts that matter now, to be acknowledged in place, and what has recovered.
//!
//! A fragment of HTML, not a part of the board's program (ADR 0031): `/watch.js` puts a fresh one in its place when
//! something has changed, and sends its forms.

use leptos::prelude::*;
use protocol::Level;
use protocol::alerts::AlertItem;
use protocol::duty::OnCallItem;
use protocol::view::Alerts;

use super::words::{age, initials, level, line, place, since_now};
use crate::format::{full, moment, span_short};
use crate::plain::form::hidden;
use crate::plain::{mark, on_call};

/// The rail.
#[derive(Debug, Clone)]
pub struct RailView {
    /// What stands before the tenant's pages.
    pub base: String,
    /// The id of who looks.
    pub me: String,
    /// May acknowledge.
    pub may_act: bool,
    /// Minutes east of UTC in which times are shown.
    pub utc_offset_min: i32,
    /// The server's time, epoch milliseconds.
    pub now: i64,
    /// How many there are.
    pub counts: Alerts,
    /// Open alerts, who needs somebody first; each with how many others it explains.
    pub rows: Vec<(AlertItem, usize)>,
    /// Open alerts without a row.
    pub more: usize,
    /// What has recovered lately, newest first.
    pub recovered: Vec<AlertItem>,
    /// Who is on call, of every schedule.
    pub on_call: Vec<OnCallItem>,
    /// The alert with which something could not be done, and why.
    pub wrong: Option<(u64, String)>,
}

/// The rail as HTML.
pub fn rail(view: &RailView) -> String {
    let counts = &view.counts;
    let first = view.rows.iter().position(|(alert, _)| needs(alert));
    let rows = view
        .rows
        .iter()
        .enumerate()
        .map(|(nth, (alert, inside))| row(view, alert, *inside, first == Some(nth)));
    let recovered = view.recovered.iter().map(|alert| over(view, alert));
    let all = [&view.base, "/alerts"].concat();
    let calm = view.rows.is_empty().then(|| {
        view! { <p class="rail-calm">{mark(Level::Ok)} "Nothing needs anybody."</p> }
    });
    let more = (view.more > 0).then(|| {
        view! {
            <p class="rail-more">
                <a href=all.clone() rel="external">{view.more} " more open"</a>
            </p>
        }
    });
    let (wrong, why) = match &view.wrong {
        Some((id, why)) => (Some(id.to_string()), Some(why.clone())),
        None => (None, None),
    };
    let key = (view.may_act && first.is_some()).then(|| {
        view! {
            <span class="tools">
                <kbd>"A"</kbd>
                " ack"
            </span>
        }
    });
    let html = view! {
        <section
            class="card alerts-rail"
            aria-labelledby="rail-title"
            data-version=counts.version.to_string()
            data-need=counts.need.to_string()
            data-oldest=counts.oldest.map(|oldest| oldest.to_string())
            data-held=counts.held.to_string()
            data-at=view.now.to_string()
            data-wrong=wrong
            data-why=why
        >
            <header>
                <h2 id="rail-title">
                    <a href=all.clone() rel="external">"Alerts"</a>
                </h2>
                <span class="sub">{heading(counts)}</span>
                <span class="rail-now">"now, not the moment shown"</span>
                {key}
            </header>
            {calm}
            <ul>{rows.collect_view()} {recovered.collect_view()}</ul>
            {more}
            {on_call(&view.base, &view.on_call)}
        </section>
    };
    html.to_html()
}

/// The count beside the navigation's "Alerts"; nothing when nothing needs anybody.
pub fn badge(need: u64) -> String {
    match need {
        0 => String::new(),
        1 => "1<span class=\"vh\"> needs somebody</span>".to_owned(),
        need => format!("{}<span class=\"vh\"> need somebody</span>", need.min(999)),
    }
}

fn needs(alert: &AlertItem) -> bool {
    alert.phase == "firing"
}

fn heading(counts: &Alerts) -> String {
    match (counts.need, counts.held) {
        (0, 0) => String::new(),
        (0, 1) => "1 looked after".into(),
        (0, held) => format!("{held} looked after"),
        (1, _) => "1 needs somebody".into(),
        (need, _) => format!("{need} need somebody"),
    }
}

fn row(view: &RailView, alert: &AlertItem, inside: usize, first: bool) -> AnyView {
    let end = match alert.phase.as_str() {
        "firing" => view.may_act.then(|| button(view, alert, first)),
        "acknowledged" => alert.ack.as_ref().map(|ack| {
            let mine = ack.by.id == view.me;
            let name = if mine { "You" } else { ack.by.name.as_str() };
            view! {
                <span class="rail-who" data-who=ack.by.name.clone()>
                    <i aria-hidden="true">{initials(&ack.by.name)}</i>
                    <span>
                        {name.to_owned()} ", "
                        {since_now(ack.at, view.now, full(ack.at, view.utc_offset_min))}
                    </span>
                </span>
            }
            .into_any()
        }),
        "snoozed" => alert.snoozed_until.map(|until| {
            let until = moment(until, view.now, view.utc_offset_min);
            view! { <span class="rail-who">"snoozed until " {until}</span> }.into_any()
        }),
        _ => Some(view! { <span class="rail-who">"held back"</span> }.into_any()),
    };
    let place = place(alert);
    let explains = match inside {
        0 => None,
        1 => Some(" · 1 other alert inside".to_owned()),
        inside => Some(format!(" · {inside} other alerts inside")),
    };
    let said = line(alert);
    view! {
        <li data-alert=alert.id.to_string() data-phase=alert.phase.clone()>
            {mark(urgency(alert))}
            <div>
                <a class="alert-title" href=format!("{}/alerts/{}", view.base, alert.id) rel="external">
                    {alert.title.clone()}
                </a>
                <p>
                    {(!place.is_empty()).then(|| view! { <code>{place}</code> " · " })}
                    {said}
                </p>
                <p>
                    {age(alert.fired, view.now, full(alert.fired, view.utc_offset_min))}
                    {explains}
                    {alert.simulated.then_some(" · simulated")}
                </p>
            </div>
            {end}
        </li>
    }
    .into_any()
}

/// Who has an alert does not change how bad it is; the style makes it pale.
fn urgency(alert: &AlertItem) -> Level {
    match (alert.phase.as_str(), alert.severity.as_str()) {
        ("acknowledged", "critical") => Level::Act,
        ("acknowledged", _) => Level::Attention,
        _ => level(alert),
    }
}

fn button(view: &RailView, alert: &AlertItem, first: bool) -> AnyView {
    let name = format!("Ack: {}", alert.title);
    view! {
        <form method="post" action=format!("{}/alerts/{}", view.base, alert.id) data-act="">
            {hidden("do", "ack")}
            {hidden("back", "board")}
            <button
                type="submit"
                class="btn"
                class:go=first && alert.severity == "critical"
                data-key=first.then_some("a")
                aria-label=name
            >
                "Ack"
            </button>
        </form>
    }
    .into_any()
}

/// What has recovered: how long it took, and how soon somebody had it.
fn over(view: &RailView, alert: &AlertItem) -> AnyView {
    let resolved = alert.resolved.unwrap_or(view.now);
    let taken = alert.ack.as_ref().map(|ack| {
        let after = span_short(ack.at - alert.fired);
        format!(" · ack’d by {} in {after}", ack.by.name)
    });
    let verb = match &alert.resolved_by {
        Some(by) => format!("Resolved by {}: ", by.name),
        None => "Recovered: ".to_owned(),
    };
    view! {
        <li data-recovered=alert.id.to_string() data-phase="resolved">
            {mark(level(alert))}
            <div>
                <a class="alert-title" href=format!("{}/alerts/{}", view.base, alert.id) rel="external">
                    {verb}
                    {alert.title.clone()}
                </a>
                <p>
                    "after "
                    {span_short(resolved - alert.fired)}
                    {taken}
                </p>
            </div>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use protocol::alerts::{AckDoc, WhoDoc};

    use super::*;

    const NOW: i64 = 1_785_414_482_000;

    fn alert(id: u64, phase: &str) -> AlertItem {
        AlertItem {
            id,
            version: 1,
            phase: phase.into(),
            severity: "critical".into(),
            title: "Breaker open: <sonnet>".into(),
            summary: "62% failing, limit 50%".into(),
            source: "rule".into(),
            rule: 1,
            rule_name: "Breaker open".into(),
            link: None,
            annotations: BTreeMap::new(),
            ends: None,
            labels: BTreeMap::from([("provider".to_owned(), "anthropic".to_owned())]),
            runbook: None,
            simulated: false,
            fingerprint: String::new(),
            since: NOW - 246_000,
            fired: NOW - 246_000,
            changed: NOW,
            resolved: None,
            resolved_by: None,
            resolution: None,
            owner: None,
            ack: None,
            snoozed_until: None,
            held: String::new(),
            cause: None,
            silence: None,
            incident: None,
        }
    }

    fn view(rows: Vec<(AlertItem, usize)>) -> RailView {
        RailView {
            base: "/t/acme".into(),
            me: "account:1".into(),
            may_act: true,
            utc_offset_min: 0,
            now: NOW,
            counts: Alerts {
                version: 7,
                need: rows.iter().filter(|(alert, _)| needs(alert)).count() as u64,
                ..Alerts::default()
            },
            rows,
            more: 0,
            recovered: Vec::new(),
            on_call: Vec::new(),
            wrong: None,
        }
    }

    #[test]
    fn what_needs_somebody_has_a_button_and_the_first_a_key() {
        let html = rail(&view(vec![(alert(3, "firing"), 2), (alert(2, "firing"), 0)]));
        assert!(html.contains("2 need somebody"), "{html}");
        assert!(html.contains("Breaker open: &lt;sonnet&gt;"), "{html}");
        assert!(html.contains("2 other alerts inside"), "{html}");
        assert!(html.contains(r#"action="/t/acme/alerts/3""#), "{html}");
        assert_eq!(html.matches(r#"data-key="a""#).count(), 1);
        assert_eq!(html.matches("<button").count(), 2);
        let looks = RailView {
            may_act: false,
            ..view(vec![(alert(3, "firing"), 0)])
        };
        let html = rail(&looks);
        assert!(!html.contains("<button") && !html.contains("<kbd"), "{html}");
    }

    #[test]
    fn who_has_it_is_told_and_the_one_who_looks_is_you() {
        let mut taken = alert(3, "acknowledged");
        taken.ack = Some(AckDoc {
            by: WhoDoc {
                id: "account:1".into(),
                name: "ada lovelace".into(),
            },
            at: NOW - 120_000,
            note: String::new(),
            until: None,
        });
        let html = rail(&view(vec![(taken.clone(), 0)]));
        assert!(
            html.contains("You") && html.contains(">AL<") && html.contains("2 min"),
            "{html}"
        );
        let other = RailView {
            me: "account:2".into(),
            ..view(vec![(taken, 0)])
        };
        assert!(rail(&other).contains("ada lovelace"));
    }

    #[test]
    fn nothing_is_said_calmly() {
        assert!(rail(&view(Vec::new())).contains("Nothing needs anybody."));
        assert_eq!(badge(0), "");
        assert!(badge(3).starts_with("3<"));
    }
}
