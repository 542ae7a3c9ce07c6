//! What the head of the page says beside what is live: how often it opened over the range, and why.

use leptos::prelude::*;
use protocol::view::{BreakerFigures, BreakerPage};

use super::words::{time_open, times};
use crate::{
    features::{detail::Open, history::short},
    format::NOTHING,
    part::{IntoPart, Part, dynamic},
};

/// Draws the two facts.
pub(super) fn facts(open: Open) -> Part {
    let of = move |read: fn(&BreakerPage) -> String| {
        dynamic(move || open.figures(|page| page.map_or_else(|| NOTHING.to_owned(), read)))
    };
    let range = of(|page| match short(&page.asked_from, &page.asked_to) {
        "Range" => "Opened".to_owned(),
        range => ["Opened, ", range].concat(),
    });
    view! {
        <div data-fact="opened">
            <small>{range}</small>
            <b>{of(|page| times(u64::from(page.figures.opened)))}</b>
            <span>{of(|page| time_open(&page.figures))}</span>
        </div>
        <div data-fact="cause">
            <small>"Top cause"</small>
            <b class="words">{of(|page| cause(&page.figures))}</b>
            <span>{of(|page| of_how_many(&page.figures))}</span>
        </div>
    }
    .part()
}

fn cause(figures: &BreakerFigures) -> String {
    match figures.top_cause.as_str() {
        "" => NOTHING.to_owned(),
        cause => cause.to_owned(),
    }
}

/// Instances open one by one, so there may be more of these than openings of the breaker.
fn of_how_many(figures: &BreakerFigures) -> String {
    match figures.top_cause_count {
        0 if figures.opened == 0 => "it did not open".to_owned(),
        0 => "no cause was told".to_owned(),
        1 => "of 1 instance opening".to_owned(),
        count => format!("of {count} instance openings"),
    }
}
