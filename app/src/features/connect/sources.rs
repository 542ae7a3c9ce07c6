//! Who has sent events, and what of them was refused and why.

use leptos::prelude::*;
use protocol::view::{RefusalRow, SourceRow};

use crate::{
    format::{ago, clock, full, grouped},
    live::Live,
    part::{IntoPart, Item, Part, See, dynamic, list, when},
    seed::Site,
};

/// Draws the table.
pub fn sources(live: Live) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let none = Memo::new(move |_| live.connect.see(|connect| connect.sources.is_empty()));
    let items = move || {
        let item = |row: &SourceRow| {
            let row = row.clone();
            let refused = row.refusals.first().map_or(0, |newest| newest.at);
            let key = format!("{} {:?} {} {refused}", row.id, row.last, row.events_1h);
            Item::new(key, move || line(live, row, offset))
        };
        live.connect
            .see(|connect| connect.sources.iter().map(item).collect())
    };
    let nothing = || {
        view! { <p class="pad quiet">"Nothing yet. Whoever sends events appears here, with what was refused and why."</p> }
            .part()
    };
    let table = move || {
        view! {
            <div class="scroll" tabindex="0" role="group" aria-label="Sources">
                <table class="data">
                    <thead>
                        <tr>
                            <th scope="col">"Source"</th>
                            <th scope="col" class="l">"How"</th>
                            <th scope="col">"Last"</th>
                            <th scope="col">"Events, 1 h"</th>
                            <th scope="col" class="l">"State"</th>
                        </tr>
                    </thead>
                    <tbody>{list(items)}</tbody>
                </table>
            </div>
        }
        .part()
    };
    view! {
        <section class="card" aria-labelledby="sources-title" data-sources="">
            <header>
                <h2 id="sources-title">"Sources"</h2>
                <span class="sub">"what has reached us, and what it said wrong"</span>
            </header>
            {when(move || Some(if none.get() { nothing() } else { table() }))}
        </section>
    }
    .part()
}

fn line(live: Live, row: SourceRow, offset: i32) -> Part {
    let SourceRow {
        name,
        key_name,
        key_prefix,
        last,
        events_1h,
        refused_1h,
        refusals,
        ..
    } = row;
    let title = last.map(|at| full(at, offset));
    view! {
        <tr data-source=name>
            <th scope="row">{name.clone()}</th>
            <td class="l" title=["key ", &key_name].concat()>
                "push, key "
                <code>{key_prefix} "…"</code>
            </td>
            <td title=title>{dynamic(move || ago(last, live.now.get()))}</td>
            <td>{grouped(events_1h)}</td>
            <td class="l">{said(refused_1h, refusals, offset)}</td>
        </tr>
    }
    .part()
}

fn said(refused: u64, refusals: Vec<RefusalRow>, offset: i32) -> Part {
    if refused == 0 {
        return view! { <span data-tone="good">"ok"</span> }.part();
    }
    let count = [&grouped(refused), " refused"].concat();
    let mut refusals = refusals.into_iter();
    let Some(newest) = refusals.next() else {
        return view! { <span data-tone="warn">{count}</span> }.part();
    };
    let newest = view! {
        <span data-tone="warn">{count} ": "</span>
        <code>{newest.field}</code>
        <span data-tone="warn">" " {newest.reason}</span>
    };
    if refusals.len() == 0 {
        return newest.part();
    }
    let items = refusals.map(|refusal| before(refusal, offset)).collect_view();
    view! {
        <details class="refusals">
            <summary>{newest}</summary>
            <ol>{items}</ol>
        </details>
    }
    .part()
}

fn before(refusal: RefusalRow, offset: i32) -> Part {
    let RefusalRow {
        at,
        index,
        field,
        reason,
    } = refusal;
    view! {
        <li>
            <span class="quiet">{clock(at, offset)} ", event " {index} ": "</span>
            <code>{field}</code>
            " "
            {reason}
        </li>
    }
    .part()
}
