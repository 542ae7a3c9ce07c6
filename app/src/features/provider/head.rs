//! The figures of a provider over the range.

use leptos::prelude::*;
use protocol::Level;
use protocol::view::ProviderPage;

use super::words;
use crate::{
    components::{level_key, level_strip, moving_shape},
    features::providers,
    fetched::Fetched,
    part::{IntoPart, Part, dynamic},
};

/// A figure: its name in `data-fact`, its title, how it is computed, and its text.
struct Fact {
    key: &'static str,
    title: &'static str,
    about: &'static str,
    text: fn(&ProviderPage) -> String,
}

const fn fact(
    key: &'static str,
    title: &'static str,
    about: &'static str,
    text: fn(&ProviderPage) -> String,
) -> Fact {
    Fact {
        key,
        title,
        about,
        text,
    }
}

const FACTS: [Fact; 12] = [
    fact(
        "answered",
        "Success",
        "Answers ÷ requests that are not neutral: what users felt",
        words::answered,
    ),
    fact(
        "success",
        "Attempt success",
        "ok ÷ attempts that are not neutral, auth or quota",
        words::attempt_success,
    ),
    fact("p50", "p50", "Half of the answers took no longer", |figures| {
        words::time(figures.row.p50_ms)
    }),
    fact("p95", "p95", "95% of the answers took no longer", |figures| {
        words::time(figures.row.p95_ms)
    }),
    fact("p99", "p99", "99% of the answers took no longer", |figures| {
        words::time(figures.row.p99_ms)
    }),
    fact(
        "ttft",
        "First token p95",
        "95% of the streams began no later",
        |figures| words::time(figures.row.ttft_p95_ms),
    ),
    fact(
        "tokens",
        "Tokens/s",
        "Output tokens per second of a stream, after its first token",
        |figures| words::rate(figures.row.tokens_per_second),
    ),
    fact(
        "rate",
        "Calls/s",
        "Attempts per second over the range",
        |figures| words::rate(figures.row.rate),
    ),
    fact("cost", "Cost", "The sum of known costs, US dollars", words::spent),
    fact(
        "retries",
        "Retries",
        "Attempts 2 and later, and their share of attempts",
        words::retries,
    ),
    fact(
        "refused",
        "Refused by a breaker",
        "Calls that a breaker refused before they reached it",
        words::refused,
    ),
    fact(
        "stand_in",
        "Stood in",
        "The share of its answers that stood in for another provider or model",
        words::stand_in,
    ),
];

/// Draws the card.
pub(super) fn head(fetched: Fetched<ProviderPage>) -> Part {
    let text = move |text: fn(&ProviderPage) -> String| dynamic(move || fetched.see(text));
    let level = dynamic(move || {
        fetched
            .see(|figures| Some(figures.row.said.level))
            .map_or("unknown", level_key)
    });
    let tone = move |key: &'static str| {
        dynamic(move || {
            fetched.see(|figures| match (key, figures.row.success_level) {
                ("success", Some(Level::Act)) => Some("bad"),
                ("success", Some(Level::Attention)) => Some("warn"),
                _ => None,
            })
        })
    };
    let facts = FACTS
        .iter()
        .map(|fact| {
            view! {
                <div class="fact" data-fact=fact.key>
                    <dt title=fact.about>{fact.title}</dt>
                    <dd data-tone=tone(fact.key)>{text(fact.text)}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="card provider-head" aria-labelledby="provider-name" data-provider-head="">
            <header>
                <h2 id="provider-name">{text(|figures| figures.row.name.clone())}</h2>
                <span class="said" data-level=level>
                    {moving_shape(level)}
                    <span>{text(|figures| figures.row.said.words.clone())}</span>
                </span>
                <span class="sub">{text(words::attempts)}</span>
                <span class="tools">
                    {level_strip(text(|figures| figures.row.strip.clone()))}
                    <span class="vh">{text(|figures| providers::strip(&figures.row))}</span>
                </span>
            </header>
            <dl class="facts-row">{facts}</dl>
        </section>
    }
    .part()
}
