//! The answer as numbers: a row per step, the newest first.

use leptos::prelude::*;
use protocol::view::{ExploreRow, Explored};

use super::words::row_name;
use crate::{
    format::{clock, date_clock, value},
    part::{IntoPart, Part},
};

/// So many steps; downloads have all.
const MOST: usize = 120;
/// From so long a range on, times have a date, milliseconds.
const DATES_FROM: i64 = 25 * 3_600_000;

/// Draws the table of an answer.
pub(super) fn table(figures: &Explored, offset: i32) -> Part {
    let rows: Vec<&ExploreRow> = figures.rows.iter().filter(|row| row.colour.is_some()).collect();
    let steps = rows.iter().map(|row| row.points.len()).max().unwrap_or_default();
    let long = figures.to - figures.from >= DATES_FROM;
    let begun = (0..steps)
        .rev()
        .filter(|step| figures.from + *step as i64 * figures.step <= figures.as_of);
    let lines = begun
        .take(MOST)
        .map(|step| {
            let at = figures.from + step as i64 * figures.step;
            let open = at + figures.step > figures.as_of;
            let time = if long {
                date_clock(at, offset)
            } else {
                clock(at, offset)
            };
            let cells = rows
                .iter()
                .map(|row| view! { <td>{value(figures.unit, row.points.get(step).copied().flatten())}</td> })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{time} {open.then(|| view! { <small>" so far"</small> })}</th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    let heads = rows
        .iter()
        .map(|row| view! { <th scope="col">{row_name(row)}</th> })
        .collect_view();
    let cut = (steps > MOST).then(|| {
        view! { <p class="keys-fold quiet">{format!("The newest {MOST} of {steps} steps; CSV has all of them.")}</p> }
    });
    view! {
        <div class="scroll steps-scroll" tabindex="0" role="group" aria-label="Values of each step" data-steps="">
            <table class="keys-table">
                <thead>
                    <tr>
                        <th scope="col">"From"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {cut}
    }
    .part()
}
