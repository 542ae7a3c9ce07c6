//! What is watched for.

use leptos::prelude::*;
use protocol::alerts::{ConditionDoc, RuleItem};
use protocol::query::Unit;

use super::frame::{Frame, Section, page};
use super::rule::fields::unit_of;
use super::rule::quantity::say;
use crate::format::{full, moment, span_short};
use crate::plain::form::{Wrong, hidden, refused};

/// The page of rules.
#[derive(Debug, Clone)]
pub struct RulesView {
    /// Around it.
    pub frame: Frame,
    /// The rules, by name.
    pub rules: Vec<RuleItem>,
}

/// The page's HTML.
pub fn rules(view: &RulesView) -> String {
    let frame = &view.frame;
    let rows = view.rules.iter().map(|item| row(frame, item));
    let content = view! {
        <div class="doc settings desk-rules" data-swap="rules">
            {refused(Wrong::of(&frame.wrong, "rule"))}
            <section class="card">
                <header>
                    <h2>"What is watched for"</h2>
                    <span class="sub">"looked at every ten seconds, breakers at once"</span>
                    {frame
                        .may_act
                        .then(|| view! { <a class="btn go" href=format!("{}/new", frame.href(Section::Rules))>"New rule"</a> })}
                </header>
                <ul>{rows.collect_view()}</ul>
                <p class="foot">
                    "Programs make and change them over "
                    <code>"/api/v1/rules"</code>
                    ", or as a file: "
                    <a href=[&frame.base, "/api/v1/rules/export"].concat() download="fuseboard-rules.yaml">
                        "all of them as YAML"
                    </a>
                    ". What others watch for comes "
                    <a href=frame.href(Section::Elsewhere)>"from elsewhere"</a>
                    ": Prometheus, Alertmanager, Grafana."
                </p>
            </section>
        </div>
    };
    page(frame, Section::Rules.title(), content.into_any())
}

fn row(frame: &Frame, item: &RuleItem) -> AnyView {
    let rule = &item.rule;
    let switch = match rule.enabled {
        true => ("disable", "Switch off"),
        false => ("enable", "Switch on"),
    };
    let name = match frame.may_act {
        true => {
            let href = format!("{}/{}", frame.href(Section::Rules), item.id);
            view! { <a href=href>{rule.name.clone()}</a> }.into_any()
        }
        false => rule.name.clone().into_any(),
    };
    let form = frame.may_rule.then(|| {
        view! {
            <form method="post" action=frame.href(Section::Rules) data-act="">
                {hidden("do", switch.0)}
                {hidden("rule", &item.id.to_string())}
                {hidden("version", &item.version.to_string())}
                <button type="submit" class="btn">{switch.1}</button>
            </form>
        }
    });
    let open = (item.open > 0).then(|| {
        let href = [&frame.base, "/alerts"].concat();
        view! { <a href=href>{format!("{} open", item.open)}</a> }
    });
    let state = match (rule.enabled, rule.quiet_until.filter(|until| *until > frame.now)) {
        (false, _) => "off".to_owned(),
        (true, Some(until)) => format!(
            "nobody is told until {}",
            moment(until, frame.now, frame.utc_offset_min)
        ),
        (true, None) => String::new(),
    };
    let runbook = rule.runbook.clone().map(|runbook| {
        view! { <a href=runbook rel="noreferrer noopener external">"Runbook"</a> }
    });
    view! {
        <li id=format!("rule-{}", item.id) data-rule=rule.name.clone() data-enabled=rule.enabled.to_string()>
            <div>
                <h3>{name}</h3>
                <p>
                    {sentence(&rule.condition, rule.for_ms, rule.min_samples)}
                    {(!rule.tell.is_empty()).then(|| format!(" It tells {}.", rule.tell.join(" and ")))}
                </p>
                {(!rule.about.is_empty()).then(|| view! { <p class="quiet">{rule.about.clone()}</p> })}
                {item
                    .problem
                    .clone()
                    .map(|problem| view! { <p class="refused">"It cannot be looked at: " {problem}</p> })}
                <p class="quiet desk-links">
                    <span>{rule.severity.clone()}</span>
                    {open}
                    {(!state.is_empty()).then(|| view! { <span>{state}</span> })}
                    {runbook}
                    <span title=full(item.changed, frame.utc_offset_min)>
                        {match item.changed_by.as_str() {
                            "" | "system" => "as it came".to_owned(),
                            by => format!("changed by {by}"),
                        }}
                    </span>
                </p>
            </div>
            {form}
        </li>
    }
    .into_any()
}

/// The rule as one says it.
fn sentence(condition: &ConditionDoc, for_ms: i64, min_samples: u64) -> String {
    let lasting = match for_ms {
        0 => String::new(),
        ms => format!(", for {}", span_short(ms)),
    };
    let enough = match min_samples {
        0 => String::new(),
        calls => format!(", with at least {calls} calls"),
    };
    let of = |group_by: &[String], filter: &str| {
        let each = match group_by {
            [] => String::new(),
            dimensions => format!(" of each {}", dimensions.join(" and ")),
        };
        match filter {
            "" => each,
            filter => format!("{each} where {filter}"),
        }
    };
    let metric = |name: &str| name.replace('_', " ");
    let words = match condition {
        ConditionDoc::BreakerState {
            states,
            quorum,
            filter,
        } => {
            let states = states.join(" or ").replace('_', " ");
            let on = match quorum.as_str() {
                "all" => "on all instances",
                "half" => "on half of the instances",
                _ => "on any instance",
            };
            format!("a breaker{} is {states} {on}", of(&[], filter))
        }
        ConditionDoc::Threshold {
            metric: name,
            group_by,
            filter,
            window_ms,
            side,
            limit,
            clear,
        } => format!(
            "{}{} is {side} {} over {}; good again at {}",
            metric(name),
            of(group_by, filter),
            say(unit_of(name), *limit),
            span_short(*window_ms),
            say(unit_of(name), *clear),
        ),
        ConditionDoc::Absence {
            group_by,
            filter,
            after_ms,
        } => format!(
            "calls{} stay away for {}",
            of(group_by, filter),
            span_short(*after_ms)
        ),
        ConditionDoc::Change {
            metric: name,
            group_by,
            filter,
            window_ms,
            baseline_ms,
            side,
            limit,
            ..
        } => format!(
            "{}{} over {} is {} {side} that of the {} before",
            metric(name),
            of(group_by, filter),
            span_short(*window_ms),
            say(Unit::Fraction, limit.abs()),
            span_short(*baseline_ms),
        ),
        ConditionDoc::BurnRate {
            metric: name,
            group_by,
            filter,
            objective,
            windows,
        } => {
            let pairs = windows.iter().map(|pair| {
                format!(
                    "{}× over {} and {}",
                    pair.factor,
                    span_short(pair.long_ms),
                    span_short(pair.short_ms)
                )
            });
            let pairs: Vec<String> = pairs.collect();
            format!(
                "the error budget of {} {}{} burns at {}",
                say(Unit::Fraction, *objective),
                metric(name),
                of(group_by, filter),
                pairs.join(", or ")
            )
        }
        ConditionDoc::Flapping {
            filter,
            times,
            within_ms,
            ..
        } => format!(
            "a breaker{} opens {times} times within {}",
            of(&[], filter),
            span_short(*within_ms)
        ),
    };
    format!("When {words}{lasting}{enough}.")
}
