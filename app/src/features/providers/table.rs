//! The table: a row per provider. A row keeps its place and its focus while its figures change.

use leptos::prelude::*;
use protocol::{
    Level,
    view::{ProviderRow, Providers},
};

use super::{
    Marked,
    order::{Arranged, COLUMNS, Column, Wish, arrange},
    words,
};
use crate::{
    components::{Icon, icon, level_key, level_strip, moving_shape},
    features::history::short,
    features::provider::provider_address,
    fetched::Fetched,
    part::{IntoPart, Item, Part, See, dynamic, list, when},
    seed::Site,
};

/// The first columns are words, and drawn by themselves.
const WORDS: usize = 2;

/// Draws the card.
pub(super) fn table(fetched: Fetched<Providers>, marked: Marked) -> Part {
    let wish = RwSignal::new(Wish::default());
    let arranged = Memo::new(move |before: Option<&Arranged>| {
        let wish = wish.get();
        fetched.figures.see(|figures| match figures {
            Some(figures) => arrange(before, figures, wish),
            None => Arranged::default(),
        })
    });
    let is_worst_first = Memo::new(move |_| {
        wish.get().by.is_none()
            && arranged.see(|arranged| {
                fetched.figures.see(|figures| {
                    let rows = figures.iter().flat_map(|figures| &figures.rows);
                    rows.map(|row| &row.name).eq(&arranged.names)
                })
            })
    });
    let title = move || match wish.get().by {
        Some((column, _)) => ["By ", &COLUMNS[column].title.to_lowercase()].concat(),
        None if is_worst_first.get() => "Worst first".to_owned(),
        None => "Providers".to_owned(),
    };
    let restore = move || {
        view! {
            <button type="button" class="btn" on:click=move |_| wish.update(|wish| *wish = wish.worst_first())>
                "Worst first"
            </button>
        }
    };
    let items = move || {
        let item = |name: &String| {
            let name = name.clone();
            Item::new(name.clone(), move || line(Row::new(fetched, name), marked))
        };
        arranged.see(|arranged| arranged.names.iter().map(item).collect())
    };
    let heads = COLUMNS
        .iter()
        .enumerate()
        .map(|(place, column)| head(place, column, wish))
        .collect_view();
    let sub = move || {
        let left_out = fetched.see(|figures| figures.rows_left_out);
        match left_out {
            0 => "our own calls; open breakers are those of now".to_owned(),
            more => format!("our own calls; {more} more providers stand better"),
        }
    };
    let range = move || {
        fetched.figures.see(|figures| {
            figures
                .as_ref()
                .map_or("Range", |figures| short(&figures.asked_from, &figures.asked_to))
        })
    };
    view! {
        <section class="card" aria-labelledby="providers-title" data-providers="">
            <header>
                <h2 id="providers-title">{dynamic(title)}</h2>
                <span class="sub">{dynamic(sub)}</span>
                <span class="tools">{when(move || (!is_worst_first.get()).then(restore))}</span>
            </header>
            <div class="scroll prov-scroll" tabindex="0" role="group" aria-labelledby="providers-title">
                <table class="prov-table">
                    <thead>
                        <tr>
                            {heads}
                            <th scope="col" class="l" title="How attempts went over the range, in 48 parts">{dynamic(range)}</th>
                        </tr>
                    </thead>
                    <tbody>{list(items)}</tbody>
                </table>
            </div>
        </section>
    }
    .part()
}

fn head(place: usize, column: &'static Column, wish: RwSignal<Wish>) -> Part {
    let sorted = move || match wish.get().by {
        Some((by, true)) if by == place => Some("ascending"),
        Some((by, false)) if by == place => Some("descending"),
        _ => None,
    };
    view! {
        <th
            scope="col"
            class=(place < WORDS).then_some("l")
            title=column.about
            data-column=column.key
            aria-sort=dynamic(sorted)
        >
            <button type="button" class="sort" on:click=move |_| wish.update(|wish| *wish = wish.click(place))>
                {column.title}
            </button>
        </th>
    }
    .part()
}

/// The row of a provider, wherever it stands. Its parts read through this, so that nothing is copied and kept twice.
#[derive(Clone, Copy)]
struct Row {
    fetched: Fetched<Providers>,
    name: StoredValue<String>,
}

impl Row {
    fn new(fetched: Fetched<Providers>, name: String) -> Row {
        Row {
            fetched,
            name: StoredValue::new(name),
        }
    }

    /// Looks at it; a row that has just gone shows nothing.
    fn see<R: Default>(self, look: impl FnOnce(&ProviderRow) -> R) -> R {
        self.fetched.figures.see(|figures| {
            let mut rows = figures.iter().flat_map(|figures| &figures.rows);
            let row = self.name.with_value(|name| rows.find(|row| row.name == *name));
            row.map(look).unwrap_or_default()
        })
    }

    fn text(self, text: fn(&ProviderRow) -> String) -> Signal<String> {
        dynamic(move || self.see(text))
    }
}

fn line(row: Row, marked: Marked) -> Part {
    let name = row.name.get_value();
    let mine = {
        let name = name.clone();
        Memo::new(move |_| marked.see(|marked| marked.as_ref() == Some(&name)))
    };
    let mark = {
        let name = name.clone();
        move |_| {
            let name = (!mine.get_untracked()).then(|| name.clone());
            marked.set(name);
        }
    };
    let base = expect_context::<Site>().base;
    let own = dynamic(move || {
        let ends = row
            .fetched
            .see(|figures| (figures.asked_from.clone(), figures.asked_to.clone()));
        row.see(|row| provider_address(&base, &row.id, &ends))
    });
    let level = dynamic(move || row.see(|row| Some(row.said.level)).map_or("unknown", level_key));
    let cells = COLUMNS[WORDS..]
        .iter()
        .map(|column| cell(row, column))
        .collect_view();
    view! {
        <tr data-provider=name data-level=level>
            <th scope="row">
                <a class="own" href=own data-row="">{name.clone()}</a>
                <button
                    type="button"
                    class="mark-line"
                    title="Make its lines stand out"
                    aria-label=["Make the lines of ", &name, " stand out"].concat()
                    aria-pressed=dynamic(move || if mine.get() { "true" } else { "false" })
                    on:click=mark
                >
                    {icon(Icon::Explore)}
                </button>
                <small>{row.text(words::models)}</small>
            </th>
            <td class="l">
                <span class="said" data-cell="said" data-level=level>
                    {moving_shape(level)}
                    <span>{row.text(COLUMNS[1].text)}</span>
                </span>
            </td>
            {cells}
            <td class="l">
                {level_strip(row.text(|row| row.strip.clone()))}
                <span class="vh">{row.text(words::strip)}</span>
            </td>
        </tr>
    }
    .part()
}

fn cell(row: Row, column: &'static Column) -> Part {
    let key = column.key;
    view! {
        <td
            data-cell=key
            data-tone=dynamic(move || row.see(|row| tone(key, row)))
            title=dynamic(move || row.see(|row| if key == "cost" { words::cost_title(row) } else { String::new() }))
        >
            {row.text(column.text)}
        </td>
    }
    .part()
}

/// The colour of a cell; only what needs a look has one.
fn tone(key: &str, row: &ProviderRow) -> Option<&'static str> {
    match (key, row.success_level) {
        ("success", Some(Level::Act)) => Some("bad"),
        ("success", Some(Level::Attention)) => Some("warn"),
        ("breakers", _) if row.breakers_open > 0 => Some("bad"),
        _ => None,
    }
}
