//! What can be taken away: the same points as a file, and a link that shows the same stretch for ever.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use protocol::view::Explored;

use super::Explore;
use crate::{
    browser::{copy, encode},
    part::{IntoPart, Part, dynamic, when},
    seed::Site,
};

/// Draws the links.
pub(super) fn links(explore: Explore) -> Part {
    let site = StoredValue::new(expect_context::<Site>());
    let fetched = explore.fetched;
    let file = move |format: &'static str| {
        dynamic(move || {
            let base = site.with_value(|site| site.base.clone());
            fetched.see(|figures| [&base, &same_points(figures), "&format=", format].concat())
        })
    };
    let copied = RwSignal::new(None::<bool>);
    let take = move |_| {
        let mut address = explore.address.get_untracked();
        fetched.figures.with_untracked(|figures| {
            if let Some(figures) = figures {
                address.question.from = figures.span_from.to_string();
                address.question.to = figures.span_to.to_string();
            }
        });
        let link = site.with_value(|site| address.below(&[&site.origin[..], &site.base].concat()));
        spawn_local(async move {
            let _ = copied.try_set(Some(copy(link).await));
            set_timeout(move || _ = copied.try_set(None), Duration::from_secs(3));
        });
    };
    let words = move || match copied.get() {
        None => "Copy link",
        Some(true) => "Copied",
        Some(false) => "Not copied",
    };
    view! {
        <div class="take">
            <a href=file("csv") download="" rel="external" data-download="csv">"CSV"</a>
            <a href=file("ndjson") download="fuseboard-query.ndjson" rel="external" data-download="ndjson">"NDJSON"</a>
            <button type="button" class="btn" title="With the two ends of the range as they are now" on:click=take>
                {dynamic(words)}
            </button>
            {when(move || copied.get().map(|well| {
                let words = if well { "The link is on the clipboard." } else { "The browser does not allow it; copy the address instead." };
                view! { <span class="vh" role="status">{words}</span> }
            }))}
        </div>
    }
    .part()
}

/// The same question with the same steps.
fn same_points(figures: &Explored) -> String {
    let asked = &figures.asked;
    let compare = if asked.compare { "&compare=previous" } else { "" };
    [
        "/api/v1/query?metric=",
        &encode(&asked.metric),
        "&group_by=",
        &encode(&asked.group_by),
        "&filter=",
        &encode(&asked.filter),
        "&from=",
        &figures.from.to_string(),
        "&to=",
        &figures.to.to_string(),
        "&step=",
        &figures.step.to_string(),
        compare,
    ]
    .concat()
}
