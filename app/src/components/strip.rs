//! Strips: the last 15 minutes of a fuse in 30 cells, a range of a provider in 48, as one SVG of at most six paths. One path per state
//! instead of one element per cell keeps a board of forty breakers at a few hundred nodes.

use leptos::prelude::*;

use crate::part::{IntoPart, Part, See, dynamic};

/// Cells are this far apart in the viewBox, and this wide.
const PITCH: usize = 4;
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

/// The path of those cells of a strip that are one of `letters`. A cell without a live instance is broken in the
/// middle, so that it can be told without colour.
pub fn strip_path(cells: &str, letters: &str) -> String {
    let mut path = String::new();
    for (place, cell) in cells.chars().enumerate() {
        if letters.contains(cell) {
            let x = (place * PITCH).to_string();
            path.push('M');
            path.push_str(&x);
            if cell == '-' {
                path.push_str(" 0h3v3h-3zM");
                path.push_str(&x);
                path.push_str(" 7h3v3h-3z");
            } else {
                path.push_str(" 0h3v10h-3z");
            }
        }
    }
    path
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
