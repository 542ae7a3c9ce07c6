//! The question: which metric, told apart by what, filtered how. A form, so that it can be asked without scripts too.

use leptos::{ev, html, prelude::*};
use protocol::query::{
    BREAKER_DIMENSIONS, BREAKER_METRICS, CALL_DIMENSIONS, CALL_METRICS, KINDS, LABEL, MetricInfo, info,
};

use super::{Explore, filter};
use crate::{
    format::unit_word,
    part::{IntoPart, Item, Part, dynamic, list, when},
    seed::Site,
};

/// How many dimensions the form offers; an address may name more.
const GROUPS: usize = 3;

/// Draws the form.
pub(super) fn ask(explore: Explore) -> Part {
    let action = [&expect_context::<Site>().base, "/explore"].concat();
    let address = explore.address;
    let hidden = move |name: &'static str| {
        let value = address.with_untracked(|address| match name {
            "from" => address.question.from.clone(),
            _ => address.question.to.clone(),
        });
        view! { <input type="hidden" name=name value=value/> }
    };
    let compare = move |event: ev::Event| {
        let checked = event_target_checked(&event);
        explore.change(|address| address.question.compare = checked);
    };
    let compared = dynamic(move || address.with(|address| address.question.compare));
    // Which labels there are the answer says.
    let labels = Memo::new(move |_| {
        explore.fetched.see(|figures| {
            let keys = figures.known.iter().map(|known| &known.key);
            keys.filter(|key| key.starts_with(LABEL)).cloned().collect()
        })
    });
    let about = move || {
        let metric = address.with(|address| info(&address.question.metric));
        metric.map_or(String::new(), |metric| {
            [metric.about, " Unit: ", unit_word(metric.unit), "."].concat()
        })
    };
    let fault = move || {
        ["metric", "group_by", "filter"]
            .into_iter()
            .find_map(|name| explore.fault(name))
    };
    view! {
        <form class="card ask" method="get" action=action data-ask="" on:submit=|event: ev::SubmitEvent| event.prevent_default()>
            {hidden("from")}
            {hidden("to")}
            <div class="ask-row">
                {metric(explore, labels)}
                <fieldset class="field">
                    <legend>"Group by"</legend>
                    <div class="groups">{(0..GROUPS).map(|place| group(explore, place, labels)).collect_view()}</div>
                </fieldset>
                {filter::filter(explore)}
                <label class="check">
                    <input type="checkbox" name="compare" value="1" checked=compared.get_untracked() prop:checked=compared on:change=compare/>
                    "Compare with before"
                </label>
            </div>
            <p class="ask-about">{dynamic(about)}</p>
            <div id="ask-fault" aria-live="polite">
                {when(move || fault().map(|words| view! { <p class="fault" data-fault="">{words}</p> }))}
            </div>
        </form>
    }
    .part()
}

fn metric(explore: Explore, labels: Memo<Vec<String>>) -> Part {
    let field = NodeRef::<html::Select>::new();
    let address = explore.address;
    let first = address.with_untracked(|address| address.question.metric.clone());
    let option = |metric: &MetricInfo| {
        let selected = metric.name == first;
        view! {
            <option value=metric.name selected=selected title=metric.about>
                {metric.title}
            </option>
        }
    };
    let all = || CALL_METRICS.iter().chain(BREAKER_METRICS);
    let kinds = KINDS
        .into_iter()
        .map(|kind| {
            let options = all()
                .filter(|metric| metric.kind() == kind)
                .map(option)
                .collect_view();
            view! { <optgroup label=kind>{options}</optgroup> }
        })
        .collect_view();
    // Any quantile may stand in an address; unknown names are told by the answer.
    let other = move || {
        let name = address.with(|address| address.question.metric.clone());
        let listed = CALL_METRICS
            .iter()
            .chain(BREAKER_METRICS)
            .any(|metric| metric.name == name);
        (!listed).then(|| view! { <option value=name.clone() selected=true>{super::words::metric_title(&name)}</option> })
    };
    keeps(
        field,
        Memo::new(move |_| address.with(|address| address.question.metric.clone())),
    );
    let chosen = move |event: ev::Event| {
        let name = event_target_value(&event);
        explore.change(|address| {
            let known = labels.with_untracked(|labels| dimensions(&name, labels));
            let kept: Vec<&str> = address
                .groups()
                .into_iter()
                .filter(|key| known.iter().any(|known| known == key))
                .collect();
            address.question.group_by = kept.join(",");
            address.question.metric = name;
            address.only = None;
        });
    };
    view! {
        <div class="field">
            <label for="metric">"Metric"</label>
            <select id="metric" name="metric" node_ref=field on:change=chosen aria-describedby="ask-fault">
                {kinds}
                {when(other)}
            </select>
        </div>
    }
    .part()
}

/// What a metric can be grouped by. Ratios and durations know no outcome.
fn dimensions(metric: &str, labels: &[String]) -> Vec<String> {
    let about_breakers = BREAKER_METRICS.iter().any(|known| known.name == metric);
    let counts = info(metric).is_some_and(|metric| metric.kind() == "Traffic");
    let (all, labels) = match about_breakers {
        true => (BREAKER_DIMENSIONS, &[][..]),
        false => (CALL_DIMENSIONS, labels),
    };
    let named = all.iter().filter(|key| counts || **key != "outcome");
    let named = named.map(|key| (*key).to_owned());
    named.chain(labels.iter().cloned()).collect()
}

fn group(explore: Explore, place: usize, labels: Memo<Vec<String>>) -> Part {
    let field = NodeRef::<html::Select>::new();
    let address = explore.address;
    let taken = Memo::new(move |_| {
        address.with(|address| {
            address
                .groups()
                .get(place)
                .map(|key| (*key).to_owned())
                .unwrap_or_default()
        })
    });
    let items = move || {
        let metric = address.with(|address| address.question.metric.clone());
        let here = taken.get_untracked();
        let item = move |key: String| {
            let selected = key == here;
            Item::new(key.clone(), move || {
                let words = match (key.as_str(), place) {
                    ("", 0) => "nothing".to_owned(),
                    ("", _) => "no more".to_owned(),
                    _ => key.clone(),
                };
                view! { <option value=key selected=selected>{words}</option> }.part()
            })
        };
        let known = labels.with(|labels| dimensions(&metric, labels));
        [String::new()].into_iter().chain(known).map(item).collect()
    };
    keeps(field, taken);
    let chosen = move |event: ev::Event| {
        let key = event_target_value(&event);
        explore.change(|address| {
            let mut keys: Vec<String> = address.groups().into_iter().map(str::to_owned).collect();
            if place < keys.len() {
                keys.remove(place);
            }
            if !key.is_empty() {
                keys.insert(place.min(keys.len()), key);
            }
            let mut once: Vec<String> = Vec::new();
            for key in keys {
                if !once.contains(&key) {
                    once.push(key);
                }
            }
            address.question.group_by = once.join(",");
            address.only = None;
        });
    };
    let unused = move || address.with(|address| address.groups().len() < place);
    let label = match place {
        0 => "Group by",
        1 => "then by",
        _ => "and by",
    };
    view! {
        <select
            name="group_by"
            aria-label=label
            data-group=place.to_string()
            hidden=dynamic(unused)
            node_ref=field
            on:change=chosen
        >
            {list(items)}
        </select>
    }
    .part()
}

/// A select follows the address, also when that changes by Back. Its options may come in the same moment, so it waits
/// for the next frame.
fn keeps(field: NodeRef<html::Select>, value: Memo<String>) {
    Effect::new(move |_| {
        let value = value.get();
        request_animation_frame(move || {
            if let Some(field) = field.get_untracked() {
                field.set_value(&value);
            }
        });
    });
}
