//! The feed: transitions of breakers, newest first. Each entry opens the breaker it tells of.

use leptos::html::Ol;
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
    let list_of_entries = NodeRef::new();
    tell_ages(live, list_of_entries);
    view! {
        <section class="card feed" data-feed="" data-all=dynamic(move || all.get().then_some("")) aria-labelledby="feed-title">
            <header>
                <h2 id="feed-title">"Transitions"</h2>
                <span class="sub">"newest first"</span>
            </header>
            {when(move || none.get().then(nothing))}
            <ol node_ref=list_of_entries>{list(items)}</ol>
            {when(move || many.get().then(more))}
        </section>
    }
    .part()
}

/// Tells every entry's age anew when time passes. One effect for all of them: an effect of its own leaves about two
/// hundred bytes behind when its entry goes (reactive_graph 0.2 in the browser), and here entries go all day.
fn tell_ages(live: Live, entries: NodeRef<Ol>) {
    Effect::new(move |_| {
        let now = live.now.get();
        let Some(entries) = entries.get() else { return };
        let times = entries.get_elements_by_tag_name("time");
        for time in (0..times.length()).filter_map(|place| times.item(place)) {
            let at = time.get_attribute("data-at").and_then(|at| at.parse().ok());
            let words = ago(at, now);
            if time.text_content().as_deref() != Some(words.as_str()) {
                time.set_text_content(Some(&words));
            }
        }
    });
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
                <time class="ago" title=full(at, offset) data-at=at.to_string()>{ago(Some(at), live.now.get_untracked())}</time>
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
