//! Instances side by side, live, each with its last hour. Their states are never merged.

use leptos::prelude::*;
use protocol::view::InstanceRow;

use crate::{
    components::{long_strip, state_key, state_mark, state_word},
    features::detail::{Open, instances_sentence},
    format::{ago, full, percent, span},
    live::Live,
    part::{IntoPart, Item, Part, dynamic, list},
    seed::Site,
};

/// Cells of the last hour.
const MINUTES: usize = 60;

/// Looks at the instances: live, else as they were painted first.
fn see<R>(open: Open, look: impl FnOnce(&[InstanceRow]) -> R) -> R {
    open.detail(|detail| match detail {
        Some(detail) => look(&detail.instances),
        None => open.figures(|page| look(page.map_or(&[][..], |page| page.instances.as_slice()))),
    })
}

/// Draws the card.
pub(super) fn instances(open: Open) -> Part {
    let live = open.live;
    let offset = expect_context::<Site>().utc_offset_min;
    let items = move || {
        see(open, |rows| {
            let item = |row: &InstanceRow| {
                let (row, hour) = (row.clone(), hour(open, &row.instance));
                let key = [
                    row.instance.as_str(),
                    state_key(row.state),
                    &row.since.to_string(),
                    &row.last_seen.to_string(),
                    &percent(row.failure_rate),
                    &hour,
                ];
                Item::new(key.join(" "), move || line(live, row, hour, offset))
            };
            rows.iter().map(item).collect()
        })
    };
    view! {
        <section class="card" aria-labelledby="instances-title">
            <header>
                <h2 id="instances-title">"Instances"</h2>
                <span class="sub" data-agreement="">{dynamic(move || see(open, instances_sentence))}</span>
            </header>
            <div class="scroll" tabindex="0" role="group" aria-labelledby="instances-title">
                <table class="data">
                    <thead>
                        <tr>
                            <th scope="col">"Instance"</th>
                            <th scope="col" class="l">"State"</th>
                            <th scope="col">"For"</th>
                            <th scope="col">"Failing"</th>
                            <th scope="col" class="l">"Last hour"</th>
                        </tr>
                    </thead>
                    <tbody>{list(items)}</tbody>
                </table>
            </div>
        </section>
    }
    .part()
}

fn hour(open: Open, instance: &str) -> String {
    open.figures(|page| {
        let hours = page.into_iter().flat_map(|page| &page.hours);
        let found = hours.into_iter().find(|hour| hour.instance == instance);
        found.map(|hour| hour.cells.clone()).unwrap_or_default()
    })
}

fn line(live: Live, row: InstanceRow, hour: String, offset: i32) -> Part {
    let InstanceRow {
        instance,
        state,
        since,
        failure_rate,
        window_calls,
        last_seen,
        shared,
        ..
    } = row;
    let window = window_calls.map(|calls| format!("of {calls} calls"));
    let heard = move || ["last word ", &ago(Some(last_seen), live.now.get())].concat();
    view! {
        <tr data-instance=instance title=dynamic(heard)>
            <th scope="row">
                <code>{instance.clone()}</code>
                {shared.then(|| view! { <span class="quiet" title="Several processes may report under this name">" shared"</span> })}
            </th>
            <td class="l">{state_mark(state, state_word(state).to_owned())}</td>
            <td title=full(since, offset)>{dynamic(move || span(live.now.get() - since))}</td>
            <td title=window>{percent(failure_rate)}</td>
            <td class="l">{long_strip(Signal::stored(hour), MINUTES)}</td>
        </tr>
    }
    .part()
}
