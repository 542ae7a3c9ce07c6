//! The Explore page: any metric, told apart by anything, over any range; as lines, areas, cells or numbers.
//!
//! `ask` is the question, with `filter` and its `suggest`ions; `plot` makes the chart of the answer, `legend` and `table`
//! show its figures, `links` take them away; `address` is where all choices are kept, `words` what is said.
//!
//! Deliberately absent: several metrics at once, and saved questions: an address is one.

mod address;
mod ask;
mod filter;
mod legend;
mod links;
mod plot;
mod suggest;
mod table;
mod words;

use leptos::prelude::*;
use protocol::view::Explored;

use super::history::{GoTo, marks, partial_note, trouble_unless, zoom};
use crate::{
    charts::{Drawn, cells_chart, lines_chart},
    fetched::{Cure, Fetched},
    format::unit_word,
    live::Live,
    part::{IntoPart, Part, See, dynamic, when},
    seed::Site,
};

pub use address::{Address, Look};
pub use words::sentence;

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct Explore {
    /// The answer.
    pub fetched: Fetched<Explored>,
    /// All choices.
    pub address: Memo<Address>,
    /// Goes to another address.
    pub go: Callback<Address>,
    /// The group that is pointed at, by its name.
    pub pointed: RwSignal<Option<String>>,
}

impl Explore {
    /// Goes to the address with a change.
    fn change(&self, change: impl FnOnce(&mut Address)) {
        let mut address = self.address.get_untracked();
        change(&mut address);
        if self.address.with_untracked(|before| *before != address) {
            self.go.run(address);
        }
    }

    /// What is wrong with a field of the question, in the server's words.
    fn fault(&self, name: &str) -> Option<String> {
        self.fetched.asking.trouble.with(|trouble| {
            let trouble = trouble.as_ref().filter(|trouble| trouble.cure == Cure::Other)?;
            let rest = trouble.words.strip_prefix(name)?;
            rest.starts_with(':').then(|| trouble.words.clone())
        })
    }

    /// Some field of the question is wrong.
    fn faulty(&self) -> bool {
        ["metric", "group_by", "filter"]
            .into_iter()
            .any(|name| self.fault(name).is_some())
    }
}

/// Draws everything under the bar. `go_to` changes the range.
pub fn explore(explore: Explore, go_to: GoTo) -> Part {
    let fetched = explore.fetched;
    let is = move |what: fn(&Explored) -> bool| Memo::new(move |_| fetched.see(what));
    let (there, full) = (is(|_| true), is(|figures| !figures.rows.is_empty()));
    let partial = is(|figures| figures.partial);
    let asked = Memo::new(move |_| explore.address.with(|address| address.question.clone()));
    // A fault of a field is told at the field.
    let faulty = Memo::new(move |_| explore.faulty());
    view! {
        <div class="doc explore">
            <div class="stack">
                {ask::ask(explore)}
                {trouble_unless(fetched, asked, Box::new(move || faulty.get()))}
                {when(move || partial.get().then(partial_note))}
                {when(move || Some(match (there.get(), full.get()) {
                    (_, true) => card(explore, go_to),
                    (true, false) => nothing(explore),
                    (false, _) => waiting(),
                }))}
            </div>
        </div>
    }
    .part()
}

fn card(explore: Explore, go_to: GoTo) -> Part {
    let fetched = explore.fetched;
    let offset = expect_context::<Site>().utc_offset_min;
    let look = Memo::new(move |_| explore.address.with(|address| address.look));
    let drawn = Memo::new(move |_| match look.get() {
        Look::Table => None,
        look => fetched.see(|figures| Some(plot::drawn(figures, look))),
    });
    let cover = Memo::new(move |_| {
        let look = look.get();
        fetched.see(|figures| plot::cover(figures, look))
    });
    let made = move || {
        let only = explore.address.with(|address| address.only.clone());
        let pointed = explore.pointed.get();
        let look = look.get();
        fetched.see(|figures| {
            let there = |name: &String| figures.rows.iter().any(|row| words::row_name(row) == *name);
            let focus = plot::Focus {
                pointed: pointed.as_deref(),
                // A group that is gone cannot be drawn alone.
                only: only.as_ref().filter(|only| there(only)).map(String::as_str),
            };
            Some(plot::plot(figures, look, focus))
        })
    };
    let cells = Memo::new(move |_| drawn.get() == Some(Drawn::Cells));
    let picture = move || {
        let chart = match cells.get() {
            true => cells_chart(
                "explore",
                "Heat map of the metric by group over time",
                Box::new(made),
            ),
            false => lines_chart(
                "explore",
                "Chart of the metric by group over time",
                Box::new(made),
            ),
        };
        zoom(chart, cover, go_to)
    };
    // Lines and areas are the same chart; a table is drawn anew with each answer.
    let which = Memo::new(move |_| (drawn.get().is_some(), cells.get()));
    let picture = when(move || match which.get() {
        (false, _) => fetched.see(|figures| Some(table::table(figures, offset))),
        (true, _) => Some(untrack(picture)),
    });
    view! {
        <section class="card explore-card" aria-labelledby="explore-title" data-explore="">
            <header>
                <h2 id="explore-title">{dynamic(move || fetched.see(words::title))}</h2>
                <span class="sub" data-source="">{dynamic(move || fetched.see(|figures| words::source(figures, offset)))}</span>
                <span class="tools">{looks(explore)}</span>
            </header>
            {picture}
            {marks(cover)}
            <p class="vh">{dynamic(move || fetched.see(words::newest))}</p>
            {legend::legend(explore)}
            <footer class="explore-end">
                <span class="quiet">
                    {dynamic(move || fetched.see(|figures| ["Values: ", unit_word(figures.unit), ". Drag in the chart to zoom, double click to zoom out."].concat()))}
                </span>
                {links::links(explore)}
            </footer>
        </section>
    }
    .part()
}

/// The switch between ways to look: links, so that they can be opened elsewhere.
fn looks(explore: Explore) -> Part {
    let base = StoredValue::new(expect_context::<Site>().base);
    let stackable = Memo::new(move |_| explore.fetched.see(|figures| figures.adds_up));
    let links = Look::ALL
        .into_iter()
        .map(|(look, key, words)| {
            let href = move || {
                let mut address = explore.address.get();
                address.look = look;
                base.with_value(|base| address.below(base))
            };
            let here = move || {
                explore
                    .address
                    .with(|address| address.look == look)
                    .then_some("true")
            };
            view! {
                <a
                    href=dynamic(href)
                    data-look=key
                    aria-current=dynamic(here)
                    hidden=dynamic(move || look == Look::Stacked && !stackable.get())
                >
                    {words}
                </a>
            }
        })
        .collect_view();
    view! { <span class="looks" role="group" aria-label="Show as">{links}</span> }.part()
}

fn waiting() -> Part {
    view! {
        <p class="card pad quiet" data-explore-waiting="">
            "The figures appear here."
        </p>
    }
    .part()
}

/// Nothing to show, and what could be done about it.
fn nothing(explore: Explore) -> Part {
    let base = StoredValue::new(expect_context::<Site>().base);
    let filtered = Memo::new(move |_| explore.fetched.see(|figures| !figures.asked.filter.is_empty()));
    let to = move |change: fn(&mut Address)| {
        dynamic(move || {
            let mut address = explore.address.get();
            change(&mut address);
            base.with_value(|base| address.below(base))
        })
    };
    let clear = to(|address| address.question.filter = String::new());
    let month = to(|address| (address.question.from, address.question.to) = ("now-30d".into(), "now".into()));
    let connect = base.with_value(|base| [base, "/connect"].concat());
    let live = expect_context::<Live>();
    let fresh = Memo::new(move |_| live.board.last_event.see(Option::is_none));
    let words = move || match (fresh.get(), filtered.get()) {
        (true, _) => "No event has come yet.",
        (false, true) => "Nothing passes this filter in this range.",
        (false, false) => "Nothing was counted in this range.",
    };
    view! {
        <section class="card pad lost" data-explore-empty="">
            <h2>{dynamic(words)}</h2>
            <p>
                {when(move || Some(match (fresh.get(), filtered.get()) {
                    (true, _) => view! { <a href=connect.clone()>"Connect a service"</a> }.part(),
                    (false, true) => view! { <a href=clear>"Clear the filter"</a> }.part(),
                    (false, false) => view! { <a href=month>"Look at the last 30 days"</a> }.part(),
                }))}
            </p>
        </section>
    }
    .part()
}
