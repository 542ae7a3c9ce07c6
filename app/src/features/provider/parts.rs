//! The models and deployments of a provider over the range, and its breakers as they are now.

use leptos::prelude::*;
use protocol::Level;
use protocol::view::{ProviderBreaker, ProviderPage, ProviderPart};

use crate::{
    components::{state_mark, state_word},
    fetched::Fetched,
    format::{NOTHING, ago, full, grouped, latency_short, money, percent, percent_fine, rate},
    live::Live,
    part::{IntoPart, Part, See, dynamic, when},
    seed::Site,
};

/// Draws the tables; those without a row are left out.
pub(super) fn parts(fetched: Fetched<ProviderPage>) -> Part {
    let base = StoredValue::new(expect_context::<Site>().base);
    let offset = expect_context::<Site>().utc_offset_min;
    let models = move || {
        fetched.see(|figures| {
            let sub = match figures.models_left_out {
                None => "too many to be told apart".to_owned(),
                Some(0) => "over the range, the busiest first".to_owned(),
                Some(more) => format!("over the range, the busiest first; {more} left out"),
            };
            Some(table("models", "Models", sub, "Model", &figures.models))
        })
    };
    let deployments = move || {
        fetched.see(|figures| {
            let rows = &figures.deployments;
            let sub = "over the range, the busiest first".to_owned();
            (!rows.is_empty()).then(|| table("deployments", "Deployments", sub, "Deployment", rows))
        })
    };
    let breakers =
        move || fetched.see(|figures| Some(base.with_value(|base| guards(&figures.breakers, base, offset))));
    view! {
        <div class="stack">
            {when(breakers)}
            {when(models)}
            {when(deployments)}
        </div>
    }
    .part()
}

fn table(
    key: &'static str,
    title: &'static str,
    sub: String,
    head: &'static str,
    parts: &[ProviderPart],
) -> Part {
    let heading = ["parts-", key].concat();
    let labelled = heading.clone();
    let all: u64 = parts.iter().map(|part| part.attempts).sum();
    let rows = parts.iter().map(|part| row(part, all)).collect_view();
    view! {
        <section class="card" aria-labelledby=heading.clone() data-parts=key>
            <header>
                <h2 id=heading.clone()>{title}</h2>
                <span class="sub">{sub}</span>
            </header>
            <div class="scroll prov-scroll" tabindex="0" role="group" aria-labelledby=labelled>
                <table class="prov-table parts-table">
                    <thead>
                        <tr>
                            <th scope="col">{head}</th>
                            <th scope="col">"Attempts"</th>
                            <th scope="col">"Share"</th>
                            <th scope="col">"Success"</th>
                            <th scope="col">"p95"</th>
                            <th scope="col">"First token p95"</th>
                            <th scope="col">"Tokens/s"</th>
                            <th scope="col">"Cost"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .part()
}

fn row(part: &ProviderPart, all: u64) -> Part {
    let tone = match part.success_level {
        Some(Level::Act) => Some("bad"),
        Some(Level::Attention) => Some("warn"),
        _ => None,
    };
    let name = if part.name.is_empty() {
        "not named"
    } else {
        &part.name
    };
    view! {
        <tr data-part=name.to_owned()>
            <th scope="row">{name.to_owned()}</th>
            <td>{grouped(part.attempts)}</td>
            <td>{percent((all > 0).then(|| part.attempts as f64 / all as f64))}</td>
            <td data-tone=tone>{percent_fine(part.success).text()}</td>
            <td>{latency_short(part.p95_ms)}</td>
            <td>{latency_short(part.ttft_p95_ms)}</td>
            <td>{part.tokens_per_second.map_or(NOTHING.to_owned(), rate)}</td>
            <td>{money(part.cost)}</td>
        </tr>
    }
    .part()
}

fn guards(breakers: &[ProviderBreaker], base: &str, offset: i32) -> Part {
    if breakers.is_empty() {
        return view! {
            <p class="card pad quiet" data-no-breakers="">
                "No breaker names this provider."
            </p>
        }
        .part();
    }
    let now = expect_context::<Live>().now;
    let rows = breakers
        .iter()
        .map(|breaker| {
            let href = [base, "/breakers/", &breaker.id].concat();
            let since = breaker.since;
            let place = [&breaker.service, &breaker.environment, &breaker.model]
                .into_iter()
                .filter(|part| !part.is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join(" · ");
            let rate = match (breaker.failure_rate, breaker.failure_threshold) {
                (Some(_), Some(_)) => {
                    [percent(breaker.failure_rate), " of ".into(), percent(breaker.failure_threshold)].concat()
                }
                (rate, _) => percent(rate),
            };
            view! {
                <tr data-guard=breaker.name.clone()>
                    <th scope="row">
                        <a class="own" href=href>{breaker.name.clone()}</a>
                        <small>{place}</small>
                    </th>
                    <td class="l">{state_mark(breaker.state, state_word(breaker.state).to_owned())}</td>
                    <td title=full(since, offset)>{dynamic(move || now.see(|now| ago(Some(since), *now)))}</td>
                    <td>{rate}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="parts-breakers" data-parts="breakers">
            <header>
                <h2 id="parts-breakers">"Breakers"</h2>
                <span class="sub">"now, the worst first"</span>
            </header>
            <div class="scroll prov-scroll" tabindex="0" role="group" aria-labelledby="parts-breakers">
                <table class="prov-table parts-table">
                    <thead>
                        <tr>
                            <th scope="col">"Breaker"</th>
                            <th scope="col" class="l">"State"</th>
                            <th scope="col">"Since"</th>
                            <th scope="col">"Failing, of its limit"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .part()
}
