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
    let all = [&expect_context::<Site>().base, "/providers"].concat();
    view! {
        <div class="doc provider">
            <p class="crumb"><a href=all>"All providers"</a></p>
            {trouble(fetched, asked)}
            {when(move || (mine.get() && partial.get()).then(partial_note))}
            {when(move || Some(if mine.get() { cards(fetched, go_to) } else { waiting() }))}
        </div>
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
