//! The Providers page: which provider is worst, how each did over a range, and since when.
//!
//! `table` draws the rows in the order that `order` keeps, `lines` the charts; `words` is what both say.
//!
//! Deliberately absent: columns whose source is not connected (probe, vendor, headroom, rank).

mod lines;
mod order;
mod table;
mod words;

use leptos::prelude::*;
use protocol::view::Providers;

use super::history::{GoTo, marks, partial_note, trouble};
use crate::{
    features::history::Cover,
    fetched::{Asked, Fetched},
    part::{IntoPart, Part, when},
    seed::Site,
};

pub use words::{models, sentence, strip, success};

/// The provider whose line stands out, if one does.
type Marked = RwSignal<Option<String>>;

/// Draws everything under the bar. `go_to` changes the range.
pub fn providers(fetched: Fetched<Providers>, asked: Memo<Asked>, go_to: GoTo) -> Part {
    let marked = RwSignal::new(None);
    let is = move |what: fn(&Providers) -> bool| Memo::new(move |_| fetched.see(what));
    let (there, full, partial) = (
        is(|_| true),
        is(|figures| !figures.rows.is_empty()),
        is(|figures| figures.partial),
    );
    view! {
        <div class="doc providers">
            {trouble(fetched, asked)}
            {when(move || partial.get().then(partial_note))}
            {when(move || Some(match (there.get(), full.get()) {
                (_, true) => cards(fetched, marked, go_to),
                (true, false) => nothing(),
                (false, _) => waiting(),
            }))}
        </div>
    }
    .part()
}

fn cards(fetched: Fetched<Providers>, marked: Marked, go_to: GoTo) -> Part {
    let marked_moments = Memo::new(move |_| {
        fetched.see(|figures| Cover {
            from: figures.from,
            to: figures.to,
            marks: figures.markers.clone(),
        })
    });
    view! {
        <div class="stack">
            {table::table(fetched, marked)}
            {lines::lines(fetched, marked, go_to)}
            {marks(marked_moments)}
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
        <section class="card pad lost" data-providers-empty="">
            <h2>"No provider yet."</h2>
            <p>"A provider appears here with its first call, or when a breaker names it."</p>
            <p><a href=connect>"Connect a service"</a></p>
        </section>
    }
    .part()
}
