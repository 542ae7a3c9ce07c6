//! The calls behind the last trip: why it opened, call by call, where calls name their breaker.

use leptos::prelude::*;
use protocol::view::{CallRow, Trip};

use super::Open;
use crate::{
    format::{clock, full, latency, moment},
    part::{IntoPart, Item, Part, dynamic, list},
    seed::Site,
};

/// Outcomes that are not failures of the provider.
fn neutral(outcome: &str) -> bool {
    matches!(outcome, "ok" | "cancelled" | "content_filtered" | "bad_request")
}

/// Draws the table, or says why there is none.
pub fn trip(open: Open) -> Part {
    let live = open.live;
    let offset = expect_context::<Site>().utc_offset_min;
    let opened = move || {
        open.detail(|detail| match detail.and_then(|detail| detail.trip.as_ref()) {
            Some(trip) => {
                let at = moment(trip.at, live.now.get(), offset);
                if trip.instance.is_empty() {
                    at
                } else {
                    [&at, " on ", &trip.instance].concat()
                }
            }
            None => "it has not opened since we know it".to_owned(),
        })
    };
    // One entry, drawn anew when there is another trip or more of its calls.
    let item = move |trip: &Trip| {
        let trip = trip.clone();
        Item::new(format!("{} {}", trip.at, trip.calls.len()), move || {
            body(trip, offset)
        })
    };
    let items = move || {
        open.detail(|detail| {
            detail
                .and_then(|d| d.trip.as_ref())
                .map(item)
                .into_iter()
                .collect()
        })
    };
    view! {
        <section aria-labelledby="trip-title">
            <header class="part">
                <h3 id="trip-title">"Calls behind the last trip"</h3>
                <span class="sub">{dynamic(opened)}</span>
            </header>
            {list(items)}
        </section>
    }
    .part()
}

fn body(trip: Trip, offset: i32) -> Part {
    let Trip { cause, calls, .. } = trip;
    let cause = (!cause.is_empty()).then(|| view! { <p class="pad-x">{cause}</p> });
    if calls.is_empty() {
        return view! {
            {cause}
            <p class="pad-x quiet" data-trip-empty="">
                "No calls named this breaker in the minute before. Send calls with their field " <code>"breaker"</code>
                " to see them here."
            </p>
        }
        .part();
    }
    view! {
        {cause}
        {calls_table(calls, offset)}
    }
    .part()
}

/// Calls, one per row.
pub fn calls_table(calls: Vec<CallRow>, offset: i32) -> Part {
    let lines = calls.into_iter().map(|call| line(call, offset)).collect_view();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Calls behind the trip">
            <table class="data">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col" class="l">"Call"</th>
                        <th scope="col" class="l">"Outcome"</th>
                        <th scope="col">"Took"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
    .part()
}

fn line(call: CallRow, offset: i32) -> Part {
    let CallRow {
        at,
        provider,
        model,
        outcome,
        duration_ms,
        status,
        instance,
        error,
    } = call;
    let tone = if neutral(&outcome) { "plain" } else { "bad" };
    let outcome = outcome.replace('_', " ");
    let status = status.map(|status| [" ", &status.to_string()].concat());
    view! {
        <tr data-call="">
            <td class="first" title=full(at, offset)>
                <code>{clock(at, offset)}</code>
            </td>
            <td class="l" title=instance>{[provider.as_str(), "/", model.as_str()].concat()}</td>
            <td class="l" title=error>
                <span data-tone=tone>{outcome}</span>
                <span class="quiet">{status}</span>
            </td>
            <td>{latency(duration_ms).text()}</td>
        </tr>
    }
    .part()
}
