//! The page of one breaker: what it is in now, its history over a range by instance, what other limits would have done,
//! and every transition with its cause.
//!
//! The head is live, over the socket; `strips`, `instances`, `transitions` are figures over a range, painted first and
//! refreshed; `limit` asks for its replays after the first paint, because they read calls. `words` is what all say.
//!
//! Deliberately absent: controls that force a state, vendors and probes; they come with what they need.

mod facts;
mod instances;
mod limit;
mod strips;
mod transitions;
mod words;

use leptos::prelude::*;
use protocol::view::{BreakerPage, CallsAround, LimitReplays};

use crate::{
    features::{
        detail::{Open, head},
        history::{note, trouble},
    },
    fetched::{AskedAbout, Fetched},
    live::Live,
    part::{IntoPart, Part, when},
    seed::Site,
};

pub use limit::question as limit_question;
pub use transitions::question as trip_question;
pub use words::{Asked, sentence, times};

/// Where its figures come from.
#[derive(Clone, Copy)]
pub struct Sources {
    /// Its history.
    pub page: Fetched<BreakerPage>,
    /// Other limits.
    pub replays: Fetched<LimitReplays>,
    /// The calls around the trip that is looked at.
    pub around: Fetched<CallsAround>,
    /// Which range is asked for.
    pub asked: Memo<AskedAbout>,
    /// Which transition is looked at.
    pub trip: Memo<Option<u64>>,
}

/// Draws everything under the bar of the breaker with this key.
pub fn breaker(live: Live, key: u64, sources: Sources) -> Part {
    let open = Open {
        live,
        key,
        page: Some(sources.page),
    };
    let named = Memo::new(move |_| open.breaker(|breaker| breaker.is_some()));
    let there = Memo::new(move |_| open.figures(|page| page.is_some()));
    let nobody = sources.page.asking.nobody();
    let cut = Memo::new(move |_| open.figures(|page| page.is_some_and(|page| page.read_from > page.from)));
    let too_many = || {
        let words = "What is older than the newest 15,000 transitions is not in the figures.";
        note("Too many transitions to read them all.", words.to_owned(), None)
    };
    view! {
        <div class="doc breaker">
            {trouble(sources.page, sources.asked)}
            {when(move || cut.get().then(too_many))}
            {when(move || named.get().then(|| hero(open)))}
            {when(move || Some(match (there.get(), nobody.get()) {
                (true, _) => cards(open, sources),
                (false, true) => nobody_here(),
                (false, false) => waiting(),
            }))}
        </div>
    }
    .part()
}

fn hero(open: Open) -> Part {
    view! { <div class="card" data-breaker-head="">{head(open, Some(facts::facts(open)))}</div> }.part()
}

fn cards(open: Open, sources: Sources) -> Part {
    view! {
        <div class="stack">
            {strips::strips(open)}
            <div class="two">
                {instances::instances(open)}
                {limit::limit(sources)}
            </div>
            {transitions::transitions(open, sources)}
        </div>
    }
    .part()
}

fn waiting() -> Part {
    view! {
        <p class="card pad quiet" data-breaker-waiting="">
            "The history appears here."
        </p>
    }
    .part()
}

fn nobody_here() -> Part {
    let list = [&expect_context::<Site>().base, "/breakers"].concat();
    view! {
        <section class="card pad lost" data-nobody="">
            <h2>"There is no such breaker."</h2>
            <p>"None of this id has ever been seen. The link may be from another server; ids look like " <code>"b_0123456789abcdef"</code> "."</p>
            <p><a href=list>"All breakers"</a></p>
        </section>
    }
    .part()
}
