//! Instances side by side. Their states are never merged: where they disagree, that is the news.

use leptos::prelude::*;
use protocol::{State, view::InstanceRow};

use super::Open;
use crate::{
    components::{state_key, state_mark, state_word, strip},
    format::{ago, full, percent, span_short},
    live::Live,
    part::{IntoPart, Item, Part, dynamic, list},
    seed::Site,
};

/// "they disagree: 2 open, 1 closed", "all 3 closed", or "one, closed". Who says nothing disagrees with nobody.
pub fn sentence(instances: &[InstanceRow]) -> String {
    let mut counts: Vec<(State, usize)> = Vec::new();
    for row in instances {
        match counts.iter_mut().find(|(state, _)| *state == row.state) {
            Some((_, count)) => *count += 1,
            None => counts.push((row.state, 1)),
        }
    }
    match counts.as_slice() {
        [] => "none has reported".to_owned(),
        [(state, 1)] => ["one, ", state_word(*state)].concat(),
        [(state, count)] => format!("all {count} {}", state_word(*state)),
        many => {
            let parts: Vec<String> = many
                .iter()
                .map(|(state, count)| format!("{count} {}", state_word(*state)))
                .collect();
            let known = many.iter().filter(|(state, _)| *state != State::Unknown).count();
            let lead = if known > 1 { "they disagree: " } else { "" };
            [lead, &parts.join(", ")].concat()
        }
    }
}

/// Draws the table.
pub fn instances(open: Open) -> Part {
    let live = open.live;
    let offset = expect_context::<Site>().utc_offset_min;
    let words = move || {
        open.detail(|detail| {
            detail
                .map(|detail| sentence(&detail.instances))
                .unwrap_or_default()
        })
    };
    // Few and small: a row that changed in any way is drawn anew.
    let item = move |row: &InstanceRow| {
        let row = row.clone();
        let key = [
            row.instance.as_str(),
            state_key(row.state),
            &row.since.to_string(),
            &row.last_seen.to_string(),
            &percent(row.failure_rate),
            &row.strip,
        ];
        Item::new(key.join(" "), move || line(live, row, offset))
    };
    let items = move || {
        open.detail(|detail| {
            detail
                .map(|d| d.instances.iter().map(item).collect())
                .unwrap_or_default()
        })
    };
    view! {
        <section aria-labelledby="instances-title">
            <header class="part">
                <h3 id="instances-title">"Instances"</h3>
                <span class="sub" data-agreement="">{dynamic(words)}</span>
            </header>
            <div class="scroll" tabindex="0" role="group" aria-label="Instances">
                <table class="data">
                    <thead>
                        <tr>
                            <th scope="col">"Instance"</th>
                            <th scope="col" class="l">"State"</th>
                            <th scope="col">"For"</th>
                            <th scope="col">"Failing"</th>
                            <th scope="col" class="l">"Last 15 min"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {list(items)}
                    </tbody>
                </table>
            </div>
        </section>
    }
    .part()
}

fn line(live: Live, row: InstanceRow, offset: i32) -> Part {
    let InstanceRow {
        instance,
        state,
        since,
        failure_rate,
        window_calls,
        last_seen,
        shared,
        strip: cells,
    } = row;
    let rate = percent(failure_rate);
    let window = window_calls.map(|calls| format!("of {calls} calls"));
    view! {
        <tr data-instance=instance>
            <th scope="row">
                <code>{instance.clone()}</code>
                {shared.then(|| view! { <span class="quiet" title="Several processes may report under this name">" shared"</span> })}
            </th>
            <td class="l">{state_mark(state, state_word(state).to_owned())}</td>
            <td title=full(since, offset)>{dynamic(move || span_short(live.now.get() - since))}</td>
            <td title=window>{rate}</td>
            <td class="l" title=dynamic(move || ["last word ", &ago(Some(last_seen), live.now.get())].concat())>
                {strip(Signal::stored(cells))}
            </td>
        </tr>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: State) -> InstanceRow {
        InstanceRow {
            instance: "api-3".into(),
            state,
            since: 0,
            failure_rate: None,
            window_calls: None,
            last_seen: 0,
            shared: false,
            strip: String::new(),
        }
    }

    #[test]
    fn disagreement_is_counted_in_the_order_given() {
        let rows = [row(State::Open), row(State::Open), row(State::Closed)];
        assert_eq!(sentence(&rows), "they disagree: 2 open, 1 closed");
        assert_eq!(sentence(&rows[..2]), "all 2 open");
        assert_eq!(sentence(&rows[2..]), "one, closed");
        assert_eq!(sentence(&[]), "none has reported");
        let silent = [row(State::Unknown), row(State::Closed)];
        assert_eq!(sentence(&silent), "1 unknown, 1 closed", "silence is no opinion");
    }
}
