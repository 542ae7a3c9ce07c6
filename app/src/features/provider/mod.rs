//! The page of one provider: how it did over a range, since when, and which of its models and breakers are the reason.
//!
//! `head` draws its figures, `charts` what happened over time, `parts` the models, deployments and breakers; `words` is
//! what all of them say.
//!
//! Deliberately absent: headroom, probes and vendors' words; they come with their sources.

mod charts;
mod head;
mod parts;
mod words;

use leptos::prelude::*;
use protocol::view::ProviderPage;

use super::history::{Cover, GoTo, marks, partial_note, trouble};
use crate::{
    browser::encode,
    fetched::{AskedProvider, Fetched},
    part::{IntoPart, Part, when},
    seed::Site,
};

pub use words::sentence;

/// The address of a provider's page over a range.
pub fn provider_address(base: &str, id: &str, (from, to): &(String, String)) -> String {
    [
        base,
        "/providers/",
        &encode(id),
        "?from=",
        &encode(from),
        "&to=",
        &encode(to),
    ]
    .concat()
}

/// Draws everything under the bar. `mine` says that the figures are of this provider.
pub fn provider(
    fetched: Fetched<ProviderPage>,
    asked: Memo<AskedProvider>,
    mine: Memo<bool>,
    go_to: GoTo,
) -> Part {
    let partial = Memo::new(move |_| fetched.see(|figures| figures.partial));
    let nobody = fetched.asking.nobody();
    view! {
        <div class="doc provider">
            {trouble(fetched, asked)}
            {when(move || (mine.get() && partial.get()).then(partial_note))}
            {when(move || Some(match (mine.get(), nobody.get()) {
                (true, _) => cards(fetched, go_to),
                (false, true) => nobody_here(),
                (false, false) => waiting(),
            }))}
        </div>
    }
    .part()
}

/// What is called a provider is what calls and breakers name one.
fn nobody_here() -> Part {
    let all = [&expect_context::<Site>().base, "/providers"].concat();
    view! {
        <section class="card pad lost" data-nobody="">
            <h2>"There is no such provider."</h2>
            <p>"None of this id was ever called, and no breaker names it. The link may be from another server."</p>
            <p><a href=all>"All providers"</a></p>
        </section>
    }
    .part()
}

fn cards(fetched: Fetched<ProviderPage>, go_to: GoTo) -> Part {
    let cover = Memo::new(move |_| {
        fetched.see(|figures| Cover {
            from: figures.from,
            to: figures.to,
            marks: figures.markers.clone(),
        })
    });
    view! {
        <div class="stack">
            {head::head(fetched)}
            {charts::charts(fetched, cover, go_to)}
            {marks(cover)}
            {parts::parts(fetched)}
        </div>
    }
    .part()
}

fn waiting() -> Part {
    view! {
        <p class="card pad quiet" data-provider-waiting="">
            "The figures appear here."
        </p>
    }
    .part()
}
