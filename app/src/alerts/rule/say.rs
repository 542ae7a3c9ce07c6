//! The sentence of a rule, with its words as fields.

use leptos::prelude::*;
use protocol::query::{CALL_METRICS, KINDS};

use super::fields::{PAIRS, TELL, filled, told, unit_of, usual};
use super::{RuleView, is_wrong, quantity, said};
use crate::plain::form::hidden;

/// The sentence.
pub(super) fn sentence(view: &RuleView) -> AnyView {
    let (what, clears) = match said(view, "kind") {
        "change" => (change(view), figure_clears(view)),
        "burn_rate" => (burn(view), None),
        "absence" => (absence(view), None),
        "breaker_state" => (state(view), None),
        "flapping" => (
            flapping(view),
            Some(
                view! { ". It clears at " {word(view, "condition.clear", "Clears at", "a number")} }
                    .into_any(),
            ),
        ),
        _ => (threshold(view), figure_clears(view)),
    };
    let breakers = ["breaker_state", "flapping"].contains(&said(view, "kind"));
    let enough = (!breakers).then(|| {
        let behind = match said(view, "kind") {
            "absence" => " calls in the hour before",
            _ => " calls",
        };
        view! { ", with at least " {word(view, "min_samples", "At least so many calls", "0")} {behind} }
    });
    // How long calls stay away is in what they do.
    let lasting = match said(view, "kind") {
        "absence" => hidden("for_ms", said(view, "for_ms")),
        _ => view! { " for " {word(view, "for_ms", "For so long", "0 s")} }.into_any(),
    };
    view! {
        <p class="rule-say">
            "When " {what} {lasting} {enough} ", raise "
            {severity(view)} {clears} "."
        </p>
    }
    .into_any()
}

/// Whom it tells: channels that are ticked, or those that want it. Nothing where there is no channel.
pub(super) fn tell(view: &RuleView) -> Option<AnyView> {
    let ticked: Vec<&str> = told(&view.texts).collect();
    let there = view.channels.iter().map(String::as_str);
    // One that is not there any more can be taken out.
    let gone = ticked
        .iter()
        .copied()
        .filter(|name| !view.channels.iter().any(|known| known == name));
    let names: Vec<&str> = there.chain(gone).collect();
    if names.is_empty() {
        return None;
    }
    let ticks = names.into_iter().map(|name| {
        view! {
            <label class="tick">
                <input type="checkbox" name=[TELL, name].concat() value="yes" checked=ticked.contains(&name)/>
                <span>{name.to_owned()}</span>
            </label>
        }
    });
    let ticks: Vec<_> = ticks.collect();
    Some(
        view! {
            <fieldset class="rule-tell" aria-describedby="rule-tell" data-wrong=invalid(view, "tell")>
                <legend>"and tell"</legend>
                {ticks}
                <small id="rule-tell">
                    "With none ticked, the channels that take it by their own settings. With some, these alone, whatever they
                    take otherwise."
                </small>
            </fieldset>
        }
        .into_any(),
    )
}

fn threshold(view: &RuleView) -> AnyView {
    view! {
        {metric(view)} " of " {groups(view)} {filter(view, "any calls")} " is " {side(view, ["above", "below"])} " "
        {limit(view)} " over " {word(view, "condition.window_ms", "Over so long", "5 min")}
    }
    .into_any()
}

fn change(view: &RuleView) -> AnyView {
    view! {
        {metric(view)} " of " {groups(view)} {filter(view, "any calls")} " over "
        {word(view, "condition.window_ms", "Now: over so long", "1 h")} " is " {limit(view)} " "
        {side(view, ["more", "less"])} " than over "
        {word(view, "condition.baseline_ms", "Before: over so long", "1 h")} " ending "
        {word(view, "condition.lag_ms", "So long before", "1 d")} " earlier"
    }
    .into_any()
}

fn burn(view: &RuleView) -> AnyView {
    // One more than there are, to be filled in.
    let count = filled(&view.texts).last().map_or(1, |last| last + 2);
    let pairs = (0..PAIRS.min(count)).map(|nth| {
        let field = |part: &str| format!("condition.windows.{nth}.{part}");
        let between = if nth == 0 { "" } else { ", or " };
        view! {
            {between} {word(view, &field("factor"), "So many times too fast", "3")} "× over "
            {word(view, &field("long_ms"), "Over so long", "1 d")} " and "
            {word(view, &field("short_ms"), "And over so long", "2 h")}
        }
    });
    view! {
        "the error budget of " {word(view, "condition.objective", "What is promised", "99.5%")} " "
        {metric(view)} " of " {groups(view)} {filter(view, "any calls")} " burns at " {pairs.collect_view()}
    }
    .into_any()
}

fn absence(view: &RuleView) -> AnyView {
    view! {
        "calls of " {groups(view)} {filter(view, "any calls")} " stay away for "
        {word(view, "condition.after_ms", "Stay away so long", "10 min")}
    }
    .into_any()
}

fn state(view: &RuleView) -> AnyView {
    let states = [
        ("open", "open"),
        ("half_open", "half open"),
        ("open,half_open", "open or half open"),
        ("forced_open", "forced open"),
        ("open,forced_open", "open or forced open"),
        ("disabled", "disabled"),
        ("metrics_only", "only counting"),
    ];
    let quorums = [
        ("any", "any instance"),
        ("half", "half of its instances"),
        ("all", "all of its instances"),
    ];
    view! {
        "a breaker" {filter(view, "any breaker")} " is " {pick(view, "condition.states", "In which state", &owned(&states))}
        " on " {pick(view, "condition.quorum", "On how many instances", &owned(&quorums))}
    }
    .into_any()
}

fn flapping(view: &RuleView) -> AnyView {
    view! {
        "a breaker" {filter(view, "any breaker")} " opens "
        {word(view, "condition.times", "So often", "5")} " times within "
        {word(view, "condition.within_ms", "Within so long", "15 min")}
    }
    .into_any()
}

fn figure_clears(view: &RuleView) -> Option<AnyView> {
    let before = match (said(view, "kind"), said(view, "condition.side")) {
        ("change", _) => ". It clears at ",
        (_, "below") => ". It clears above ",
        _ => ". It clears below ",
    };
    Some(view! { {before} {line(view, "condition.clear", "Clears at")} }.into_any())
}

fn limit(view: &RuleView) -> AnyView {
    line(view, "condition.limit", "The limit")
}

/// A figure that is a line of the chart.
fn line(view: &RuleView, name: &'static str, label: &'static str) -> AnyView {
    let like = match said(view, "kind") {
        "change" => "50%".to_owned(),
        _ => {
            let example = quantity::example(unit_of(said(view, "condition.metric")));
            example.rsplit(' ').next().unwrap_or_default().to_owned()
        }
    };
    word(view, name, label, &like)
}

fn metric(view: &RuleView) -> AnyView {
    let burns = said(view, "kind") == "burn_rate";
    let chosen = said(view, "condition.metric");
    let kinds = KINDS.iter().map(|kind| {
        let of_kind = CALL_METRICS.iter().filter(|info| info.kind() == *kind);
        let offered = of_kind
            .filter(|info| !burns || ["answered", "attempt_success", "availability"].contains(&info.name));
        let options: Vec<_> = offered
            .map(|info| {
                let (limit, clear) = usual(info);
                view! {
                    <option
                        value=info.name
                        selected=info.name == chosen
                        data-side=if info.low_is_bad() { "below" } else { "above" }
                        data-limit=quantity::say(info.unit, limit)
                        data-clear=quantity::say(info.unit, clear)
                    >
                        {info.title.to_lowercase()}
                    </option>
                }
            })
            .collect();
        (!options.is_empty()).then(|| view! { <optgroup label=*kind>{options}</optgroup> })
    });
    let kinds: Vec<_> = kinds.flatten().collect();
    view! {
        <select name="condition.metric" aria-label="What is measured" aria-invalid=invalid(view, "condition.metric")>
            {kinds}
        </select>
    }
    .into_any()
}

/// What is told apart.
fn groups(view: &RuleView) -> AnyView {
    let mut choices = owned(&[
        ("", "all calls together"),
        ("provider", "each provider"),
        ("provider,model", "each model at each provider"),
        ("model", "each model"),
        ("service", "each service"),
        ("environment", "each environment"),
        ("provider,environment", "each provider in each environment"),
        ("deployment", "each deployment"),
    ]);
    for dimension in &view.dimensions {
        if !choices.iter().any(|(known, _)| known == dimension) {
            choices.push((dimension.clone(), format!("each {dimension}")));
        }
    }
    pick(view, "condition.group_by", "Of what", &choices)
}

fn filter(view: &RuleView, none: &'static str) -> AnyView {
    view! {
        <span class="rule-where">
            " where "
            {word(view, "condition.filter", "Where", none)}
        </span>
    }
    .into_any()
}

fn side(view: &RuleView, words: [&str; 2]) -> AnyView {
    let choices = owned(&[("above", words[0]), ("below", words[1])]);
    pick(view, "condition.side", "On which side", &choices)
}

fn severity(view: &RuleView) -> AnyView {
    let choices = owned(&[
        ("critical", "a critical alert"),
        ("warning", "a warning"),
        ("info", "an alert for information"),
    ]);
    let chosen = said(view, "severity").to_owned();
    view! { <span data-severity=chosen>{pick(view, "severity", "How urgent", &choices)}</span> }.into_any()
}

fn owned(choices: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = choices
        .iter()
        .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()));
    owned.collect()
}

fn invalid(view: &RuleView, name: &str) -> Option<&'static str> {
    is_wrong(view, name).then_some("true")
}

/// A word to be chosen; what is chosen and not offered is offered too.
fn pick(view: &RuleView, name: &'static str, label: &'static str, choices: &[(String, String)]) -> AnyView {
    let chosen = said(view, name);
    let other = (!choices.iter().any(|(value, _)| value == chosen))
        .then(|| (chosen.to_owned(), chosen.replace(',', " and ").replace('_', " ")));
    let options = choices.iter().chain(&other).map(|(value, words)| {
        view! { <option value=value.clone() selected=value == chosen>{words.clone()}</option> }
    });
    view! {
        <select name=name aria-label=label aria-invalid=invalid(view, name)>{options.collect_view()}</select>
    }
    .into_any()
}

/// A word to be written.
fn word(view: &RuleView, name: &str, label: &'static str, like: &str) -> AnyView {
    let value = said(view, name).to_owned();
    // Where the style cannot let a field grow with what is in it.
    let size = value.chars().count().max(like.chars().count()).clamp(2, 40);
    view! {
        <input
            name=name.to_owned()
            value=value
            size=size.to_string()
            placeholder=like.to_owned()
            aria-label=label
            aria-invalid=invalid(view, name)
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            maxlength="1024"
        />
    }
    .into_any()
}
