//! The Breakers page: every breaker with what it did over a range, the worst first.
//!
//! `table` draws the rows in the order that `order` keeps, among those that `filter` lets through; `matrix` shows which
//! instances disagree. `words` is what all of them say. States of rows are live; figures over the range are refreshed.
//!
//! Deliberately absent: probes and vendors, and states merged over instances.

mod filter;
mod matrix;
mod order;
mod table;
mod words;

use std::collections::BTreeMap;

use leptos::prelude::*;
use protocol::view::{BreakerRow, Breakers, State};

use crate::{
    features::history::{note, trouble},
    fetched::{AskedAbout, Fetched},
    live::Live,
    part::{IntoPart, Part, See, when},
    seed::Site,
};

use filter::Filter;
use order::Arranged;

/// What the parts of the page read.
#[derive(Clone, Copy)]
struct Page {
    live: Live,
    fetched: Fetched<Breakers>,
    asked: Memo<AskedAbout>,
    filter: Filter,
    /// All rows, in their order.
    arranged: Memo<Arranged>,
    /// Rises with each wish to have the worst first again.
    turn: RwSignal<u32>,
    /// Those that the filter shows.
    shown: Memo<Vec<u64>>,
}

impl Page {
    /// The state of a row: live, else as it was told with the figures.
    fn state(self, key: u64) -> State {
        let live = self.live.board.breakers.get(key);
        if let Some(row) = live {
            return row.see(|row| row.state);
        }
        self.fetched.figures.see(|figures| {
            let rows = figures.iter().flat_map(|figures| &figures.rows);
            let mut found = rows.filter(|row| row.breaker.key == key);
            found.next().map_or(State::Unknown, |row| row.breaker.state)
        })
    }
}

/// Draws everything under the bar.
pub fn breakers(live: Live, fetched: Fetched<Breakers>, asked: Memo<AskedAbout>) -> Part {
    let filter = Filter::of_address();
    let turn = RwSignal::new(0);
    let arranged = Memo::new(move |before: Option<&Arranged>| {
        let turn = turn.get();
        fetched.figures.see(|figures| match figures {
            Some(figures) => order::arrange(before, figures, turn),
            None => Arranged::default(),
        })
    });
    let shown = Memo::new(move |_| {
        fetched.figures.see(|figures| {
            let Some(figures) = figures else { return Vec::new() };
            arranged.see(|arranged| {
                let rows: BTreeMap<u64, &BreakerRow> =
                    figures.rows.iter().map(|row| (row.breaker.key, row)).collect();
                let rows = arranged.keys.iter().filter_map(|key| rows.get(key).copied());
                let shown = rows.filter(|row| filter.shows(live, row));
                shown.map(|row| row.breaker.key).collect()
            })
        })
    });
    let page = Page {
        live,
        fetched,
        asked,
        filter,
        arranged,
        turn,
        shown,
    };
    table::listen_to_keys(page);
    let is = move |what: fn(&Breakers) -> bool| {
        Memo::new(move |_| fetched.figures.see(|figures| figures.as_ref().is_some_and(what)))
    };
    let (there, full, cut) = (
        is(|_| true),
        is(|figures| !figures.rows.is_empty()),
        is(|figures| figures.read_from > figures.from),
    );
    let too_many = || {
        let words = "What is older than the newest 30,000 transitions is not in the figures.";
        note("Too many transitions to read them all.", words.to_owned(), None)
    };
    view! {
        <div class="doc breakers">
            {trouble(fetched, asked)}
            {when(move || cut.get().then(too_many))}
            {when(move || Some(match (there.get(), full.get()) {
                (_, true) => cards(page),
                (true, false) => nothing(),
                (false, _) => waiting(),
            }))}
        </div>
    }
    .part()
}

fn cards(page: Page) -> Part {
    view! {
        <div class="stack">
            {table::table(page)}
            {matrix::matrix(page)}
        </div>
    }
    .part()
}

fn waiting() -> Part {
    view! {
        <p class="card pad quiet" data-breakers-waiting="">
            "The figures appear here."
        </p>
    }
    .part()
}

fn nothing() -> Part {
    let connect = [&expect_context::<Site>().base, "/connect"].concat();
    view! {
        <section class="card pad lost" data-breakers-empty="">
            <h2>"No breaker yet."</h2>
            <p>"A breaker appears here with its first transition or stats. One that says nothing for a day is forgotten."</p>
            <p><a href=connect>"Connect a service"</a></p>
        </section>
    }
    .part()
}
