//! The feed: transitions of breakers, newest first. Each entry opens the breaker it tells of.

use leptos::prelude::*;
use protocol::{State, view::Feed};

use crate::{
    components::{shape, state_key, state_level, state_word},
    format::{ago, full, span},
    live::Live,
    part::{IntoPart, Item, Part, See, dynamic, list, when},
    seed::Site,
};

/// "claude-sonnet opened": what happened to it.
pub const fn happened(to: State) -> &'static str {
    match to {
        State::Closed => "closed",
        State::Open => "opened",
        State::HalfOpen => "went half-open",
        State::ForcedOpen => "was forced open",
        State::Disabled => "was disabled",
        State::MetricsOnly => "was set to metrics only",
        State::Unknown => "fell silent",
    }
}

/// The id of a breaker as used in URLs.
pub fn breaker_id(key: u64) -> String {
    format!("b_{key:016x}")
}

/// So many are shown on a narrow page before "Show all"; the style sheet counts the same.
const SHOWN: usize = 5;

/// Draws the column.
pub fn feed(live: Live) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let all = RwSignal::new(false);
    let count = move || live.board.feed.see(Vec::len);
    let none = Memo::new(move |_| count() == 0);
    let many = Memo::new(move |_| count() > SHOWN);
    let items = move || {
        let item = |item: &Feed| {
            let item = item.clone();
            // The words of an entry may still change (its cause becomes known); then it is drawn again.
            Item::new(
                format!("{} {} {}", item.id, item.inferred, item.cause),
                move || entry(live, item, offset),
            )
        };
        live.board.feed.see(|feed| feed.iter().map(item).collect())
    };
    let nothing = || {
        view! { <p class="quiet pad">"None yet. A breaker that changes its state appears here, with the cause."</p> }
    };
    let words = move || {
        if all.get() {
            "Show fewer".to_owned()
        } else {
            format!("Show all {}", count())
        }
    };
    let more = move || {
        view! {
            <button
                type="button"
                class="more"
                aria-expanded=dynamic(move || if all.get() { "true" } else { "false" })
                on:click=move |_| all.update(|all| *all = !*all)
            >
                {dynamic(words)}
            </button>
        }
    };
    view! {
        <section class="card feed" data-feed="" data-all=dynamic(move || all.get().then_some("")) aria-labelledby="feed-title">
            <header>
                <h2 id="feed-title">"Transitions"</h2>
                <span class="sub">"newest first"</span>
            </header>
            {when(move || none.get().then(nothing))}
            <ol>{list(items)}</ol>
            {when(move || many.get().then(more))}
        </section>
    }
    .part()
}

fn entry(live: Live, item: Feed, offset: i32) -> Part {
    let at = item.at;
    let place = [item.provider.as_str(), item.instance.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty());
    let place = place.collect::<Vec<_>>().join("/");
    let lasted = match (item.from, item.lasted_ms) {
        (Some(from), Some(ms)) => [" · after ", &span(ms), " ", state_word(from)].concat(),
        _ => String::new(),
    };
    let told = if item.inferred {
        " · told by a later report"
    } else {
        ""
    };
    view! {
        <li>
            <a
                class="feed-item"
                href=["?breaker=", &breaker_id(item.breaker_key)].concat()
                data-noscroll=""
                data-feed-item=item.id.to_string()
                data-state=state_key(item.to)
            >
                {shape(state_level(item.to))}
                <span class="t">{item.breaker} " " {happened(item.to)}</span>
                <time class="ago" title=full(at, offset)>{dynamic(move || ago(Some(at), live.now.get()))}</time>
                {(!item.cause.is_empty()).then(|| view! { <span class="s cause">{item.cause}</span> })}
                <span class="s">
                    {(!place.is_empty()).then(|| view! { <code>{place}</code> })}
                    {lasted}
                    {told}
                </span>
            </a>
        </li>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_sixteen_digits() {
        assert_eq!(breaker_id(0x2a), "b_000000000000002a");
        assert_eq!(breaker_id(u64::MAX), "b_ffffffffffffffff");
    }
}
