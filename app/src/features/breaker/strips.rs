//! The range as strips: one row a day, or one row for all of it; the worst instance, or each.

use leptos::prelude::*;
use protocol::view::{BreakerPage, StripRow};

use super::words::{summary, times};
use crate::{
    components::{long_strip, strip_legend},
    features::detail::Open,
    format::{clock, day, full, moment, span_short},
    part::{IntoPart, Item, Part, dynamic, list, when},
    seed::Site,
};

/// Draws the card.
pub(super) fn strips(open: Open) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let by_day = Memo::new(move |_| open.figures(|page| page.is_some_and(|page| page.strips.by_day)));
    let several =
        Memo::new(move |_| open.figures(|page| page.is_some_and(|page| page.strips.each.len() > 1)));
    // `None` until somebody chooses: days are of the worst instance, less than a day is of each.
    let chosen = RwSignal::new(None::<bool>);
    let each = Memo::new(move |_| several.get() && chosen.get().unwrap_or(!by_day.get()));
    let of = move |read: fn(&BreakerPage) -> String| {
        dynamic(move || open.figures(|page| page.map(read).unwrap_or_default()))
    };
    let sub = move || open.figures(|page| page.map(|page| words(page, each.get())).unwrap_or_default());
    let choice = move |label: &'static str, wanted: bool| {
        view! {
            <button
                type="button"
                class="choice"
                aria-pressed=dynamic(move || if each.get() == wanted { "true" } else { "false" })
                on:click=move |_| chosen.set(Some(wanted))
            >
                {label}
            </button>
        }
    };
    let switch = move || {
        view! {
            <span class="choices" role="group" aria-label="Strips of">
                {choice("Worst", false)}
                {choice("Each instance", true)}
            </span>
        }
    };
    let rows = move || {
        open.figures(|page| {
            page.map(|page| drawn(page, each.get(), offset))
                .unwrap_or_default()
        })
    };
    let left_out = move || {
        let left_out = open.figures(|page| page.map_or(0, |page| page.strips.left_out));
        (each.get() && left_out > 0).then(|| {
            let words = format!(
                "{left_out} more instances, which were open for no longer than these, are not drawn."
            );
            view! { <p class="pad-x quiet">{words}</p> }
        })
    };
    view! {
        <section class="card" aria-labelledby="strips-title" data-strips=dynamic(move || if each.get() { "each" } else { "worst" })>
            <header>
                <h2 id="strips-title">{of(|page| page.words.clone())}</h2>
                <span class="sub">{dynamic(sub)}</span>
                <span class="tools">
                    {when(move || several.get().then(switch))}
                    {strip_legend()}
                </span>
            </header>
            <p class="vh" data-strips-summary="">{of(|page| summary(&page.figures, &page.words))}</p>
            <div class="days" aria-hidden="true">{list(rows)}</div>
            {when(left_out)}
        </section>
    }
    .part()
}

/// "one row a day, each cell 10 min, worst instance".
fn words(page: &BreakerPage, each: bool) -> String {
    let strips = &page.strips;
    let cell = span_short(strips.cell_ms);
    let whose = if each { "each instance" } else { "worst instance" };
    let rows = if strips.by_day { "one row a day, " } else { "" };
    let words = [rows, "each cell ", &cell, ", ", whose].concat();
    match strips.worst.first() {
        // Days of which nothing is known have no row.
        Some(first) if strips.by_day && first.from > page.from => {
            let first = day(first.from, page.as_of, strips.utc_offset_min);
            [&words, "; no data before ", &first.replace("Today", "today")].concat()
        }
        _ => words,
    }
}

/// The rows of the chosen tracks. A row whose cells changed is drawn anew.
fn drawn(page: &BreakerPage, each: bool, site_offset: i32) -> Vec<Item> {
    let strips = &page.strips;
    let mut items = Vec::new();
    let mut add = |whose: &str, rows: &[StripRow]| {
        for row in rows {
            let label = if strips.by_day {
                day(row.from, page.as_of, strips.utc_offset_min)
            } else if each {
                whose.to_owned()
            } else {
                clock(row.from, site_offset)[..5].to_owned()
            };
            let title = if strips.by_day {
                full(row.from, strips.utc_offset_min)
            } else {
                ["from ", &full(row.from, site_offset)].concat()
            };
            let key = [whose, &row.from.to_string(), &row.cells].join(" ");
            let (cells, count) = (row.cells.clone(), strips.cells as usize);
            items.push(Item::new(key, move || line(label, title, cells, count)));
        }
    };
    if each {
        for track in &strips.each {
            add(&track.instance, &track.rows);
        }
    } else {
        add("", &strips.worst);
    }
    if each && strips.by_day {
        return headed(page, items);
    }
    if !strips.by_day {
        items.push(ends(page, site_offset));
    }
    items
}

/// Days of several instances: each begins with its name and figures.
fn headed(page: &BreakerPage, rows: Vec<Item>) -> Vec<Item> {
    let strips = &page.strips;
    let mut rows = rows.into_iter();
    let mut items = Vec::new();
    for track in &strips.each {
        let (name, figures) = (
            track.instance.clone(),
            match track.opened {
                0 if track.open_ms == 0 => "did not open".to_owned(),
                opened => [
                    "opened ",
                    &times(u64::from(opened)),
                    ", ",
                    &span_short(track.open_ms),
                    " open",
                ]
                .concat(),
            },
        );
        let key = ["head", &name, &figures].join(" ");
        items.push(Item::new(key, move || {
            view! {
                <p class="whose">
                    <code>{name}</code>
                    " "
                    {figures}
                </p>
            }
            .part()
        }));
        items.extend(rows.by_ref().take(track.rows.len()));
    }
    items
}

/// Under one row over all of the range: where it begins and ends.
fn ends(page: &BreakerPage, offset: i32) -> Item {
    // Seconds are of today's moments only, and say nothing here.
    let at = |at: i64| {
        let words = moment(at, page.as_of, offset);
        match words.len() {
            8 => words[..5].to_owned(),
            _ => words,
        }
    };
    let (from, to) = (at(page.from), at(page.to));
    Item::new(["ends ", &from, &to].concat(), move || {
        view! {
            <p class="ends">
                <span>{from}</span>
                <span>{to}</span>
            </p>
        }
        .part()
    })
}

fn line(label: String, title: String, cells: String, count: usize) -> Part {
    view! {
        <div class="day">
            <span title=title>{label}</span>
            {long_strip(Signal::stored(cells), count)}
        </div>
    }
    .part()
}
