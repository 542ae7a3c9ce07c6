//! The legend: a row per group with its figures. Pointing at a row makes its line stand out, its button draws it alone.

use leptos::prelude::*;
use protocol::view::{ExploreRow, Explored, MAX_DRAWN};

use super::Explore;
use super::words::{change, row_name};
use crate::{
    charts::line_look,
    format::{percent, value},
    part::{IntoPart, Item, Part, dynamic, list, when},
};

/// A column of figures.
struct Column {
    key: &'static str,
    title: fn(&Explored) -> &'static str,
    about: fn(&Explored) -> &'static str,
    text: fn(&Explored, &ExploreRow) -> String,
}

const COLUMNS: [Column; 5] = [
    Column {
        key: "last",
        title: |_| "Last",
        about: |_| "The newest step that is complete",
        text: |figures, row| value(figures.unit, row.last),
    },
    Column {
        key: "min",
        title: |_| "Lowest",
        about: |_| "The lowest step",
        text: |figures, row| value(figures.unit, row.min),
    },
    Column {
        key: "max",
        title: |_| "Highest",
        about: |_| "The highest step",
        text: |figures, row| value(figures.unit, row.max),
    },
    Column {
        key: "whole",
        title: |figures| if figures.adds_up { "Total" } else { "Whole range" },
        about: |figures| match figures.adds_up {
            true => "The sum of all steps",
            false => "Computed over the whole range, not a mean of steps",
        },
        text: |figures, row| value(figures.unit, row.whole),
    },
    Column {
        key: "share",
        title: |_| "Share",
        about: |_| "Its part of all groups",
        text: |_, row| percent(row.share),
    },
];

/// Draws the table.
pub(super) fn legend(explore: Explore) -> Part {
    let fetched = explore.fetched;
    let more = RwSignal::new(false);
    let folded = Memo::new(move |_| {
        fetched.see(|figures| figures.rows.iter().filter(|row| row.colour.is_none()).count())
    });
    let items = move || {
        let all = more.get();
        fetched.see(|figures| {
            let shown = figures.rows.iter().filter(|row| all || row.colour.is_some());
            let item = |row: &ExploreRow| {
                let (name, colour) = (row_name(row), row.colour);
                let mark = match colour {
                    Some(_) => line_look(colour).0,
                    None => "-",
                };
                let key = [&name[..], "\n", mark].concat();
                Item::new(key, move || line(explore, name, colour))
            };
            shown.map(item).collect()
        })
    };
    let shares = Memo::new(move |_| fetched.see(|figures| figures.adds_up));
    let compared = Memo::new(move |_| fetched.see(|figures| figures.before_from.is_some()));
    let heads = COLUMNS
        .iter()
        .map(|column| {
            view! {
                <th
                    scope="col"
                    hidden=dynamic(move || column.key == "share" && !shares.get())
                    title=dynamic(move || fetched.see(|figures| (column.about)(figures)))
                >
                    {dynamic(move || fetched.see(|figures| (column.title)(figures)))}
                </th>
            }
        })
        .collect_view();
    let group = move || {
        fetched.see(|figures| match figures.group_by.is_empty() {
            true => "Line".to_owned(),
            false => figures.group_by.join(" · "),
        })
    };
    view! {
        <div class="scroll keys-scroll" tabindex="0" role="group" aria-label="Figures of each line">
            <table class="keys-table" data-legend="">
                <thead>
                    <tr>
                        <th scope="col">{dynamic(group)}</th>
                        {heads}
                        <th scope="col" hidden=dynamic(move || !compared.get()) title="The stretch of the same length before">
                            "Before"
                        </th>
                    </tr>
                </thead>
                <tbody>{list(items)}</tbody>
            </table>
        </div>
        {when(move || (folded.get() > 0).then(|| fold(folded, more)))}
    }
    .part()
}

/// Rows beyond those that are drawn.
fn fold(folded: Memo<usize>, more: RwSignal<bool>) -> Part {
    let words = move || match more.get() {
        true => "Fewer".to_owned(),
        false => format!("{} more", folded.get()),
    };
    view! {
        <p class="keys-fold quiet">
            <button type="button" class="btn" aria-expanded=dynamic(move || if more.get() { "true" } else { "false" }) on:click=move |_| more.update(|more| *more = !*more)>
                {dynamic(words)}
            </button>
            {format!("The first {MAX_DRAWN} have a line. Filter, or group by less, to see others.")}
        </p>
    }
    .part()
}

fn line(explore: Explore, name: String, colour: Option<u8>) -> Part {
    let fetched = explore.fetched;
    let key = StoredValue::new(name.clone());
    let see = move |text: fn(&Explored, &ExploreRow) -> String| {
        dynamic(move || {
            fetched.see(|figures| {
                let row = key.with_value(|key| figures.rows.iter().find(|row| row_name(row) == *key));
                row.map(|row| text(figures, row)).unwrap_or_default()
            })
        })
    };
    let alone = Memo::new(move |_| {
        explore
            .address
            .with(|address| key.with_value(|key| address.only.as_ref() == Some(key)))
    });
    let press = move |_| {
        let only = (!alone.get_untracked()).then(|| key.get_value());
        explore.change(|address| address.only = only);
    };
    let point = move |at: bool| explore.pointed.set(at.then(|| key.get_value()));
    let shares = Memo::new(move |_| fetched.see(|figures| figures.adds_up));
    let compared = Memo::new(move |_| fetched.see(|figures| figures.before_from.is_some()));
    let cells = COLUMNS
        .iter()
        .map(|column| {
            view! {
                <td data-cell=column.key hidden=dynamic(move || column.key == "share" && !shares.get())>
                    {see(column.text)}
                </td>
            }
        })
        .collect_view();
    let swatch = colour.map(|colour| {
        let (token, dashed) = line_look(Some(colour));
        view! { <i class="swatch" data-colour=token data-dashed=dashed.then_some("") aria-hidden="true"></i> }
    });
    let head = match colour {
        Some(_) => view! {
            <button
                type="button"
                class="mark-line"
                title="Draw it alone"
                data-row=""
                aria-pressed=dynamic(move || if alone.get() { "true" } else { "false" })
                on:click=press
                on:focus=move |_| point(true)
                on:blur=move |_| point(false)
            >
                {name.clone()}
            </button>
        }
        .part(),
        None => view! { <span class="no-line">{name.clone()}</span> }.part(),
    };
    let drawn = colour.is_some();
    view! {
        <tr data-series=name on:mouseenter=move |_| point(drawn) on:mouseleave=move |_| point(false)>
            <th scope="row">{swatch}{head}</th>
            {cells}
            <td data-cell="before" hidden=dynamic(move || !compared.get())>
                {see(|figures, row| value(figures.unit, row.before))}
                " "
                <small>{see(|_, row| change(row))}</small>
            </td>
        </tr>
    }
    .part()
}
