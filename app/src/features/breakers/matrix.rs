//! Who disagrees: a row per breaker, a column per instance. What is closed everywhere folds away; what is not never does.

use std::collections::BTreeSet;

use leptos::prelude::*;
use protocol::State;
use protocol::view::{BreakerRow, Breakers, InstanceState};

use super::{Page, table::address};
use crate::{
    components::{level_key, moving_shape, state_key, state_level, state_title, state_word},
    part::{IntoPart, Item, Part, See, dynamic, list, when},
    seed::Site,
};

/// So many breakers that are closed everywhere are shown; the rest folds.
const CLOSED_SHOWN: usize = 12;
/// The most columns. Instances that are not closed come first when there are more.
const COLUMNS: usize = 40;

/// The matrix of a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Matrix {
    /// Names of instances.
    columns: Vec<String>,
    /// Instances without a column.
    left_out: usize,
    rows: Vec<Line>,
    /// Rows that are folded.
    folded: usize,
    /// Breakers whose live instances are not all in the same state.
    disagreeing: usize,
}

/// One breaker: the state of each column's instance, where it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    key: u64,
    name: String,
    where_: String,
    cells: Vec<Option<State>>,
}

/// Closed on every instance, and there is one.
fn is_calm(row: &BreakerRow) -> bool {
    row.instances
        .iter()
        .all(|instance| instance.state == State::Closed)
}

fn disagrees(row: &BreakerRow) -> bool {
    let mut known = row.instances.iter().filter(|one| one.state != State::Unknown);
    let first = known.next().map(|one| one.state);
    known.any(|one| Some(one.state) != first)
}

fn matrix_of(figures: &Breakers, shown: &[u64], unfolded: bool) -> Matrix {
    let wanted: BTreeSet<u64> = shown.iter().copied().collect();
    let mut rows: Vec<&BreakerRow> = figures
        .rows
        .iter()
        .filter(|row| wanted.contains(&row.breaker.key) && !row.instances.is_empty())
        .collect();
    // The server's order holds within each group.
    rows.sort_by_key(|row| (!disagrees(row), is_calm(row)));
    let calm = rows.iter().filter(|row| is_calm(row)).count();
    let folded = if unfolded {
        0
    } else {
        calm.saturating_sub(CLOSED_SHOWN)
    };
    rows.truncate(rows.len() - folded);
    let (columns, left_out) = columns(&rows);
    let line = |row: &&BreakerRow| {
        let state = |name: &String| {
            let found = row.instances.iter().find(|instance| instance.instance == *name);
            found.map(|instance| instance.state)
        };
        Line {
            key: row.breaker.key,
            name: row.breaker.breaker.clone(),
            where_: [row.breaker.service.as_str(), row.breaker.environment.as_str()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            cells: columns.iter().map(state).collect(),
        }
    };
    Matrix {
        rows: rows.iter().map(line).collect(),
        left_out,
        folded,
        disagreeing: figures
            .rows
            .iter()
            .filter(|row| wanted.contains(&row.breaker.key) && disagrees(row))
            .count(),
        columns,
    }
}

/// By name; where there are too many, those that are somewhere not closed.
fn columns(rows: &[&BreakerRow]) -> (Vec<String>, usize) {
    let instances = || rows.iter().flat_map(|row| &row.instances);
    let mut names: BTreeSet<(bool, &str)> = BTreeSet::new();
    let troubled: BTreeSet<&str> = instances()
        .filter(|instance| instance.state != State::Closed)
        .map(|instance: &InstanceState| instance.instance.as_str())
        .collect();
    names.extend(instances().map(|instance| {
        let name = instance.instance.as_str();
        (!troubled.contains(name), name)
    }));
    let left_out = names.len().saturating_sub(COLUMNS);
    let mut columns: Vec<String> = names
        .into_iter()
        .take(COLUMNS)
        .map(|(_, name)| name.to_owned())
        .collect();
    columns.sort();
    (columns, left_out)
}

/// Draws the card.
pub(super) fn matrix(page: Page) -> Part {
    let unfolded = RwSignal::new(false);
    let drawn = Memo::new(move |_| {
        page.fetched.figures.see(|figures| match figures {
            Some(figures) => page.shown.see(|shown| matrix_of(figures, shown, unfolded.get())),
            None => Matrix::default(),
        })
    });
    let some = Memo::new(move |_| drawn.see(|drawn| !drawn.rows.is_empty()));
    when(move || some.get().then(|| card(page, drawn, unfolded)))
}

fn card(page: Page, drawn: Memo<Matrix>, unfolded: RwSignal<bool>) -> Part {
    let heads = move || {
        drawn.see(|drawn| {
            let head = |name: &String| {
                let name = name.clone();
                Item::new(name.clone(), move || {
                    view! {
                        <th scope="col">
                            <code>{name}</code>
                        </th>
                    }
                    .part()
                })
            };
            drawn.columns.iter().map(head).collect()
        })
    };
    let rows = move || {
        drawn.see(|drawn| {
            let item = |line: &Line| {
                let (line, columns) = (line.clone(), drawn.columns.clone());
                let states: Vec<&str> = line.cells.iter().map(|cell| cell.map_or("", state_key)).collect();
                let key = [
                    &line.key.to_string(),
                    " ",
                    &states.join(","),
                    " ",
                    &columns.join(","),
                ]
                .concat();
                Item::new(key, move || drawn_line(page, line, columns))
            };
            drawn.rows.iter().map(item).collect()
        })
    };
    let folding = Memo::new(move |_| drawn.see(|drawn| drawn.folded > 0) || unfolded.get());
    let fold_words = move || match unfolded.get() {
        true => "Fold".to_owned(),
        false => format!("+{} closed", drawn.see(|drawn| drawn.folded)),
    };
    let fold = move || {
        view! {
            <button
                type="button"
                class="more"
                aria-expanded=dynamic(move || if unfolded.get() { "true" } else { "false" })
                on:click=move |_| unfolded.update(|unfolded| *unfolded = !*unfolded)
            >
                {dynamic(fold_words)}
            </button>
        }
    };
    view! {
        <section class="card" aria-labelledby="matrix-title" data-matrix="">
            <header>
                <h2 id="matrix-title">"Instances"</h2>
                <span class="sub" data-disagreeing="">{dynamic(move || drawn.see(sentence))}</span>
            </header>
            <div class="scroll prov-scroll" tabindex="0" role="group" aria-labelledby="matrix-title">
                <table class="prov-table matrix">
                    <thead>
                        <tr>
                            <th scope="col">"Breaker"</th>
                            {list(heads)}
                        </tr>
                    </thead>
                    <tbody>{list(rows)}</tbody>
                </table>
            </div>
            {when(move || folding.get().then(fold))}
        </section>
    }
    .part()
}

fn drawn_line(page: Page, line: Line, columns: Vec<String>) -> Part {
    let base = expect_context::<Site>().base;
    let Line {
        key,
        name,
        where_,
        cells,
    } = line;
    let href = dynamic(move || address(&base, key, &page.asked.get()));
    let cells = cells
        .into_iter()
        .zip(columns)
        .map(|(cell, column)| match cell {
            None => view! { <td></td> }.part(),
            Some(state) => {
                let title = [&column, ": ", state_word(state)].concat();
                // A closed one is a dot among dots; what is not closed has a word.
                let class = if state == State::Closed { "vh" } else { "" };
                view! {
                    <td title=title>
                        <span class="state" data-state=state_key(state)>
                            {moving_shape(Signal::stored(level_key(state_level(state))))}
                            <span class=class>{state_title(state)}</span>
                        </span>
                    </td>
                }
                .part()
            }
        })
        .collect_view();
    view! {
        <tr data-matrix-row=name>
            <th scope="row">
                <a href=href>{name.clone()}</a>
                <small>{where_}</small>
            </th>
            {cells}
        </tr>
    }
    .part()
}

fn sentence(matrix: &Matrix) -> String {
    let lead = match matrix.disagreeing {
        0 => "all agree, breaker by breaker".to_owned(),
        1 => "they disagree on 1 breaker".to_owned(),
        count => format!("they disagree on {count} breakers"),
    };
    match matrix.left_out {
        0 => lead,
        left_out => format!("{lead}; {left_out} instances have no column"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::row;
    use super::*;

    fn with(key: u64, states: &[(&str, State)]) -> BreakerRow {
        let mut row = row(State::Closed);
        row.breaker.key = key;
        row.instances = states
            .iter()
            .map(|(name, state)| InstanceState {
                instance: (*name).into(),
                state: *state,
            })
            .collect();
        row
    }

    fn figures(rows: Vec<BreakerRow>) -> (Breakers, Vec<u64>) {
        let keys = rows.iter().map(|row| row.breaker.key).collect();
        let figures = Breakers {
            rows,
            ..Breakers::default()
        };
        (figures, keys)
    }

    #[test]
    fn who_disagrees_comes_first_and_states_are_not_merged() {
        use State::{Closed, Open, Unknown};
        let (figures, keys) = figures(vec![
            with(1, &[("a", Open), ("b", Open)]),
            with(2, &[("a", Closed), ("c", Closed)]),
            with(3, &[("b", Open), ("c", Closed)]),
            with(4, &[("c", Unknown), ("d", Closed)]),
        ]);
        let matrix = matrix_of(&figures, &keys, false);
        let order: Vec<u64> = matrix.rows.iter().map(|line| line.key).collect();
        assert_eq!(order, [3, 1, 4, 2], "silence agrees with everybody");
        assert_eq!(matrix.columns, ["a", "b", "c", "d"]);
        assert_eq!(matrix.rows[0].cells, [None, Some(Open), Some(Closed), None]);
        assert_eq!((matrix.disagreeing, matrix.folded), (1, 0));
        assert_eq!(sentence(&matrix), "they disagree on 1 breaker");
    }

    #[test]
    fn what_is_closed_everywhere_folds_and_nothing_else_does() {
        let mut rows: Vec<BreakerRow> = (0..50).map(|key| with(key, &[("a", State::Closed)])).collect();
        rows.push(with(90, &[("b", State::HalfOpen)]));
        let (figures, keys) = figures(rows);
        let matrix = matrix_of(&figures, &keys, false);
        assert_eq!((matrix.rows.len(), matrix.folded), (13, 38));
        assert_eq!(matrix.rows[0].key, 90);
        assert_eq!(matrix_of(&figures, &keys, true).rows.len(), 51);
        assert_eq!(matrix_of(&figures, &[90], false).rows.len(), 1, "as filtered");
    }

    #[test]
    fn instances_in_trouble_have_a_column_whatever_their_number() {
        let names: Vec<String> = (0..60).map(|nth| format!("i{nth:02}")).collect();
        let states: Vec<(&str, State)> = names
            .iter()
            .map(|name| {
                let state = if name == "i59" { State::Open } else { State::Closed };
                (name.as_str(), state)
            })
            .collect();
        let (figures, keys) = figures(vec![with(1, &states)]);
        let matrix = matrix_of(&figures, &keys, false);
        assert_eq!((matrix.columns.len(), matrix.left_out), (40, 20));
        assert!(matrix.columns.contains(&"i59".to_owned()));
    }
}
