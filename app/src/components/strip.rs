//! The strip under a fuse: the last 15 minutes in 30 cells, as one SVG of at most six paths. One path per state
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
    let paths = KINDS
        .map(|(kind, letters)| {
            view! { <path data-cell=kind d=dynamic(move || cells.see(|cells| strip_path(cells, letters)))></path> }
        })
        .into_iter()
        .collect_view();
    view! {
        <svg class="strip" viewBox="0 0 119 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
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
