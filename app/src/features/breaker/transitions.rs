//! Every transition of the range with its cause. One that opened an instance shows the calls around it; which one is in
//! the address.

use leptos::prelude::*;
use protocol::State;
use protocol::view::{CallsAround, Change};

use super::Sources;
use crate::{
    components::state_mark,
    features::detail::{Open, calls_table, change_words},
    fetched::{AskedAbout, breaker_path},
    format::{NOTHING, full, grouped, moment, span},
    part::{IntoPart, Item, Part, See, dynamic, list, when},
    seed::Site,
};

/// Calls are looked at from so long before a trip, milliseconds: what its window may have held.
const BEFORE_MS: i64 = 60_000;
/// And so long after it: a call that ended just then may be told a little late.
const AFTER_MS: i64 = 2_000;
/// The most rows of a file.
const EXPORTED: &str = "1000";

/// Opens the breaker's calls to a look.
fn is_trip(change: &Change) -> bool {
    change.to == State::Open
}

/// The question for the calls around the transition that is looked at.
pub fn question(open: Open, trip: Option<u64>) -> AskedAbout {
    let at = open.figures(|page| {
        let page = page?;
        let found = page.transitions.iter().find(|change| Some(change.id) == trip)?;
        Some((page.breaker.id.clone(), found.at))
    });
    match at {
        Some((id, at)) => AskedAbout {
            what: breaker_path(&id, "/around"),
            from: (at - BEFORE_MS).to_string(),
            to: (at + AFTER_MS).to_string(),
        },
        None => AskedAbout::nothing(),
    }
}

/// Draws the card.
pub(super) fn transitions(open: Open, sources: Sources) -> Part {
    let site = expect_context::<Site>();
    let offset = site.utc_offset_min;
    let base = StoredValue::new(site.base);
    let sub = move || {
        open.figures(|page| match page {
            Some(page) if page.transitions.is_empty() => "none in this range".to_owned(),
            Some(page) if page.more_transitions > 0 => format!(
                "the newest {} of {}",
                grouped(page.transitions.len() as u64),
                grouped(page.transitions.len() as u64 + page.more_transitions)
            ),
            Some(_) => "every one, with its cause".to_owned(),
            None => String::new(),
        })
    };
    let export = move || {
        let path = open.figures(|page| page.map(|page| breaker_path(&page.breaker.id, "/transitions")));
        let query = sources.asked.see(AskedAbout::query);
        base.with_value(|base| {
            [
                base,
                "/api/v1/",
                &path.unwrap_or_default(),
                &query,
                "&format=csv&limit=",
                EXPORTED,
            ]
            .concat()
        })
    };
    let items = move || {
        let trip = sources.trip.get();
        open.figures(|page| {
            let Some(page) = page else { return Vec::new() };
            let mut items = Vec::new();
            for change in &page.transitions {
                let looked_at = trip == Some(change.id);
                items.push(item(open, sources, change, looked_at, offset));
                if looked_at {
                    items.push(Item::new(
                        ["around ", &change.id.to_string()].concat(),
                        move || around(sources, offset),
                    ));
                }
            }
            items
        })
    };
    view! {
        <section class="card" aria-labelledby="transitions-title">
            <header>
                <h2 id="transitions-title">"Transitions"</h2>
                <span class="sub">{dynamic(sub)}</span>
                <span class="tools">
                    <a href=dynamic(export) rel="external" download="" data-export="">"Export CSV"</a>
                </span>
            </header>
            <div class="scroll" tabindex="0" role="group" aria-labelledby="transitions-title">
                <table class="data changes">
                    <thead>
                        <tr>
                            <th scope="col">"When"</th>
                            <th scope="col" class="l">"Change"</th>
                            <th scope="col" class="l">"Instance"</th>
                            <th scope="col" class="l">"Cause"</th>
                            <th scope="col">"Lasted"</th>
                        </tr>
                    </thead>
                    <tbody>{list(items)}</tbody>
                </table>
            </div>
        </section>
    }
    .part()
}

fn item(open: Open, sources: Sources, change: &Change, looked_at: bool, offset: i32) -> Item {
    let change = change.clone();
    let key = format!("{} {} {:?} {looked_at}", change.id, change.cause, change.held_ms);
    Item::new(key, move || line(open, sources, change, looked_at, offset))
}

fn line(open: Open, sources: Sources, change: Change, looked_at: bool, offset: i32) -> Part {
    let live = open.live;
    let is_trip = is_trip(&change);
    let Change {
        id,
        at,
        instance,
        from,
        to,
        cause,
        held_ms,
        inferred,
        ..
    } = change;
    let mark = state_mark(to, change_words(from, to));
    let words = if is_trip {
        // The same row once more closes it.
        let target = move || {
            let query = sources.asked.see(AskedAbout::query);
            match looked_at {
                true => query,
                false => [&query, "&trip=", &id.to_string()].concat(),
            }
        };
        view! {
            <a
                class="trip-link"
                href=dynamic(target)
                data-noscroll=""
                data-trip=""
                aria-expanded=if looked_at { "true" } else { "false" }
                title="The calls around it"
            >
                {mark}
            </a>
        }
        .part()
    } else {
        mark
    };
    let lasted = dynamic(move || match held_ms {
        Some(ms) => span(ms),
        None if to == State::Unknown => NOTHING.to_owned(),
        None => [&span(live.now.get() - at), ", so far"].concat(),
    });
    let told = inferred.then(|| view! { <span class="quiet" title="The transition itself never reached us">" told by a later report"</span> });
    view! {
        <tr data-transition=id.to_string() data-looked-at=looked_at.then_some("")>
            <td class="first" title=full(at, offset)>
                <code>{dynamic(move || moment(at, live.now.get(), offset))}</code>
            </td>
            <td class="l">{words}</td>
            <td class="l">
                <code>{instance}</code>
            </td>
            <td class="l cause">
                {cause}
                {told}
            </td>
            <td>{lasted}</td>
        </tr>
    }
    .part()
}

/// Under the transition that is looked at: its calls, once they are there.
fn around(sources: Sources, offset: i32) -> Part {
    let calls = sources.around;
    let there = Memo::new(move |_| calls.figures.see(Option::is_some) && !calls.asking.busy.get());
    let told = move || {
        let waiting = || view! { <p class="quiet">"The calls are looked for in the journal."</p> }.part();
        calls.asking.trouble.see(|trouble| match trouble {
            Some(trouble) => view! { <p role="alert">{trouble.words.clone()}</p> }.part(),
            None if there.get() => calls
                .figures
                .see(|calls| calls.as_ref().map_or_else(waiting, |calls| found(calls, offset))),
            None => waiting(),
        })
    };
    view! {
        <tr class="around" data-around="">
            <td colspan="5">{when(move || Some(told()))}</td>
        </tr>
    }
    .part()
}

fn found(around: &CallsAround, offset: i32) -> Part {
    let cut = if around.cut {
        " The search ended before all of the minute was read."
    } else {
        ""
    };
    if around.calls.is_empty() {
        return view! {
            <p class="quiet">
                "No call on record named this breaker in the minute before. Send calls with their field "
                <code>"breaker"</code> " to see them here." {cut}
            </p>
        }
        .part();
    }
    let words = format!(
        "{} calls in the minute before, {} of them failed.{}{cut}",
        grouped(around.found),
        grouped(around.failed),
        match around.found > around.calls.len() as u64 {
            true => format!(" Shown are {}, failures first to be kept.", around.calls.len()),
            false => String::new(),
        }
    );
    view! {
        <p>{words}</p>
        {calls_table(around.calls.clone(), offset)}
    }
    .part()
}
