//! The last transitions of this breaker, each with its cause and how long the state before had lasted.

use leptos::prelude::*;
use protocol::{State, view::Feed};

use super::Open;
use crate::{
    components::{state_mark, state_word},
    format::{full, moment, span},
    live::Live,
    part::{IntoPart, Item, Part, dynamic, list},
    seed::Site,
};

/// "half-open → closed".
pub fn change_words(from: Option<State>, to: State) -> String {
    match from {
        Some(from) => [state_word(from), " → ", state_word(to)].concat(),
        None => ["→ ", state_word(to)].concat(),
    }
}

/// Draws the list.
pub fn transitions(open: Open) -> Part {
    let live = open.live;
    let offset = expect_context::<Site>().utc_offset_min;
    let words = move || match open.detail(|detail| detail.is_none_or(|detail| detail.transitions.is_empty()))
    {
        true => "none yet",
        false => "with their cause, newest first",
    };
    let item = move |item: &Feed| {
        let item = item.clone();
        // The cause of an entry may become known later.
        Item::new(
            format!("{} {} {:?}", item.id, item.cause, item.lasted_ms),
            move || line(live, item, offset),
        )
    };
    let items = move || {
        open.detail(|detail| {
            detail
                .map(|d| d.transitions.iter().map(item).collect())
                .unwrap_or_default()
        })
    };
    view! {
        <section aria-labelledby="transitions-title">
            <header class="part">
                <h3 id="transitions-title">"Transitions"</h3>
                <span class="sub">{dynamic(words)}</span>
            </header>
            <ol class="transitions">
                {list(items)}
            </ol>
        </section>
    }
    .part()
}

fn line(live: Live, item: Feed, offset: i32) -> Part {
    let words = change_words(item.from, item.to);
    let at = item.at;
    let lasted = match (item.from, item.lasted_ms) {
        (Some(from), Some(ms)) => Some([state_word(from), " for ", &span(ms)].concat()),
        _ => None,
    };
    view! {
        <li data-transition=item.id.to_string()>
            <time title=full(at, offset)>{dynamic(move || moment(at, live.now.get(), offset))}</time>
            {state_mark(item.to, words)}
            <code>{item.instance}</code>
            {(!item.cause.is_empty()).then(|| view! { <p>{item.cause}</p> })}
            <p class="quiet">
                {lasted}
                {item.inferred.then_some(" · told by a later report")}
            </p>
        </li>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_without_a_known_start_says_only_where_it_went() {
        let (from, to) = (State::HalfOpen, State::Closed);
        assert_eq!(change_words(Some(from), to), "half-open → closed");
        assert_eq!(change_words(None, to), "→ closed");
    }
}
