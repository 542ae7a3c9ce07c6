//! The Providers page: which provider is worst, how each did over a range, and since when.
//!
//! `table` draws the rows in the order that `order` keeps, `lines` the charts, `span_menu` the choice of a range,
//! `trouble` what went wrong with asking; `words` is what all of them say.
//!
//! Deliberately absent: columns whose source is not connected (probe, vendor, headroom, rank).

mod lines;
mod order;
mod span_menu;
mod table;
mod trouble;
mod words;

use leptos::prelude::*;
use protocol::view::Providers;

use crate::{
    charts::Marked,
    fetched::{Asked, Fetched},
    part::{IntoPart, Part, See, when},
    seed::Site,
};

pub use span_menu::span_menu;
pub use words::sentence;

/// Draws everything under the bar.
pub fn providers(fetched: Fetched, asked: Memo<Asked>) -> Part {
    let marked = RwSignal::new(None);
    let is = move |what: fn(&Providers) -> bool| {
        Memo::new(move |_| {
            fetched
                .providers
                .see(|figures| figures.as_ref().is_some_and(what))
        })
    };
    let (there, full, partial) = (
        is(|_| true),
        is(|figures| !figures.rows.is_empty()),
        is(|figures| figures.partial),
    );
    let cut = || {
        let words = "What is older has been dropped; the figures are of the rest.";
        note("Not all of this range is kept.", words.to_owned(), None)
    };
    view! {
        <div class="doc providers">
            {trouble::trouble(fetched, asked)}
            {when(move || partial.get().then(cut))}
            {when(move || Some(match (there.get(), full.get()) {
                (_, true) => cards(fetched, marked),
                (true, false) => nothing(),
                (false, _) => waiting(),
            }))}
        </div>
    }
    .part()
}

fn cards(fetched: Fetched, marked: Marked) -> Part {
    view! {
        <div class="stack">
            {table::table(fetched, marked)}
            {lines::lines(fetched, marked)}
        </div>
    }
    .part()
}

fn waiting() -> Part {
    view! {
        <p class="card pad quiet" data-providers-waiting="">
            "The figures appear here."
        </p>
    }
    .part()
}

fn nothing() -> Part {
    let connect = [&expect_context::<Site>().base, "/connect"].concat();
    view! {
        <p class="card pad" data-providers-empty="">
            "A provider appears here with its first call, or when a breaker names it. "
            <a href=connect>"Connect a service"</a>
        </p>
    }
    .part()
}

/// Something to know before believing the figures, and what can be done about it.
fn note(lead: &'static str, words: String, button: Option<Part>) -> Part {
    // Interrupts only where something can be done.
    let role = button.is_some().then_some("alert");
    view! {
        <div class="note trouble" role=role>
            <b>{lead}</b>
            <span>{words}</span>
            {button}
        </div>
    }
    .part()
}
