//! Strips: the last 15 minutes of a fuse in 30 cells, a range of a provider in 48, as one SVG of at most six paths. One path per state
//! instead of one element per cell keeps a board of forty breakers at a few hundred nodes.

use leptos::prelude::*;

use crate::part::{IntoPart, Part, See, dynamic};

/// Cells are this far apart in the viewBox, and this wide.
const PITCH: usize = 4;
/// The same in long strips.
const LONG_PITCH: usize = 9;
/// Closed, half-open, open, forced, off (disabled and metrics only), none; with the cells of each.
const KINDS: [(&str, &str); 6] = [
    ("closed", "c"),
    ("half_open", "h"),
    ("open", "o"),
    ("forced_open", "f"),
    ("off", "dm"),
    ("none", "-"),
];

/// How stretches of time went: ok, attention, act, too few calls to tell, none.
const LEVELS: [(&str, &str); 5] = [
    ("ok", "k"),
    ("attention", "a"),
    ("act", "x"),
    ("few", "u"),
    ("none", "-"),
];

/// The path of those cells of a strip that are one of `letters`; a space is no cell. A cell without a live instance is
/// broken in the middle, so that it can be told without colour.
pub fn strip_path(cells: &str, letters: &str) -> String {
    path(cells, letters, PITCH, ["0h3v3h-3z", "7h3v3h-3z", "0h3v10h-3z"])
}

fn path(cells: &str, letters: &str, pitch: usize, [top, bottom, whole]: [&str; 3]) -> String {
    let mut path = String::new();
    for (place, cell) in cells.chars().enumerate() {
        if letters.contains(cell) {
            let x = (place * pitch).to_string();
            let parts = if cell == '-' { [top, bottom] } else { [whole, ""] };
            for part in parts.into_iter().filter(|part| !part.is_empty()) {
                path.push('M');
                path.push_str(&x);
                path.push(' ');
                path.push_str(part);
            }
        }
    }
    path
}

/// Draws a strip of any number of cells, with less between them: hours and days.
pub fn long_strip(cells: Signal<String>, count: usize) -> Part {
    let paths = KINDS
        .iter()
        .map(|(kind, letters)| {
            let drawn = move || {
                let parts = ["0h8v3h-8z", "7h8v3h-8z", "0h8v10h-8z"];
                cells.see(|cells| path(cells, letters, LONG_PITCH, parts))
            };
            view! { <path data-cell=*kind d=dynamic(drawn)></path> }
        })
        .collect_view();
    let view_box = ["0 0 ", &(count.max(1) * LONG_PITCH - 1).to_string(), " 10"].concat();
    view! {
        <svg class="strip" viewBox=view_box preserveAspectRatio="none" aria-hidden="true" focusable="false">
            {paths}
        </svg>
    }
    .part()
}

/// What the colours of cells mean.
pub fn strip_legend() -> Part {
    let entries = [
        ("closed", "closed"),
        ("half_open", "half-open"),
        ("open", "open"),
        ("forced_open", "forced"),
        ("none", "no data"),
    ];
    let entries = entries
        .map(|(kind, words)| {
            view! {
                <li>
                    <i class="cell" data-cell=kind></i>
                    {words}
                </li>
            }
        })
        .into_iter()
        .collect_view();
    view! { <ul class="cells" aria-hidden="true">{entries}</ul> }.part()
}

/// Draws a strip. It repeats what the transitions say in words, so assistive technology skips it.
pub fn strip(cells: Signal<String>) -> Part {
    drawn(cells, &KINDS, "0 0 119 10")
}

/// Draws the strip of a provider: 48 cells over a range of any length. Words beside it must say what it shows.
pub fn level_strip(cells: Signal<String>) -> Part {
    drawn(cells, &LEVELS, "0 0 191 10")
}

fn drawn(
    cells: Signal<String>,
    kinds: &'static [(&'static str, &'static str)],
    view_box: &'static str,
) -> Part {
    let paths = kinds
        .iter()
        .map(|(kind, letters)| {
            view! { <path data-cell=*kind d=dynamic(move || cells.see(|cells| strip_path(cells, letters)))></path> }
        })
        .collect_view();
    view! {
        <svg class="strip" viewBox=view_box preserveAspectRatio="none" aria-hidden="true" focusable="false">
            {paths}
        </svg>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_is_in_exactly_one_path() {
        let cells = "cccohf-dmc";
        let drawn: usize = KINDS
            .iter()
            .map(|(_, letters)| strip_path(cells, letters).matches("M").count())
            .sum::<usize>();
        assert_eq!(
            drawn,
            cells.len() + 1,
            "one each, and two for the cell that is broken in the middle"
        );
    }

    #[test]
    fn cells_stand_in_their_place() {
        assert_eq!(strip_path("c-o", "o"), "M8 0h3v10h-3z");
        assert_eq!(strip_path("c-o", "-"), "M4 0h3v3h-3zM4 7h3v3h-3z");
        assert_eq!(strip_path("", "c"), "");
    }
}
