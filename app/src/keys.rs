//! The keyboard of the board, one listener on the document.
//!
//! `?` help, `.` next breaker that is not closed, `j` `k` through the fuses, `Enter` the selected one's detail, `t` the
//! time range, `Esc` what is on top, `g b` and `g c` the pages. Ignored while somebody types, together with a modifier,
//! and when the visitor has switched keys off (WCAG 2.1.4).
//!
//! Deliberately absent: what a selection looks like and that it is scrolled to (the fuse panel), focus inside dialogs
//! and menus (they are native or do it themselves).

use leptos::prelude::*;
use protocol::State;

use crate::live::Live;
use crate::ui_state::UiState;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Help,
    NextTrouble,
    Next,
    Previous,
    Open,
    Range,
    Escape,
    /// The first key of two: `g`, then where to.
    Go,
    Board,
    Connect,
}

/// What this key asks for, after `g` or not.
fn wish(key: &str, after_g: bool) -> Option<Wish> {
    Some(match (key, after_g) {
        ("b", true) => Wish::Board,
        ("c", true) => Wish::Connect,
        ("g", _) => Wish::Go,
        ("?", _) => Wish::Help,
        (".", _) => Wish::NextTrouble,
        ("j", _) => Wish::Next,
        ("k", _) => Wish::Previous,
        ("Enter", _) => Wish::Open,
        ("t", _) => Wish::Range,
        ("Escape", _) => Wish::Escape,
        _ => return None,
    })
}

/// The fuse after (or before) the selected one; from nowhere the first (or last). Goes round.
fn neighbour(keys: &[u64], selected: Option<u64>, back: bool) -> Option<u64> {
    let count = keys.len();
    if count == 0 {
        return None;
    }
    let at = selected.and_then(|selected| keys.iter().position(|key| *key == selected));
    let index = match (at, back) {
        (None, false) => 0,
        (None, true) => count - 1,
        (Some(at), false) => (at + 1) % count,
        (Some(at), true) => (at + count - 1) % count,
    };
    keys.get(index).copied()
}

/// States that `.` stops at: what refuses calls, is about to decide, or cannot be told.
fn troubled(state: State) -> bool {
    matches!(
        state,
        State::Open | State::ForcedOpen | State::HalfOpen | State::Unknown
    )
}

/// The next fuse after the selected one that is in trouble; the selected one again when it is the only one.
fn next_trouble(fuses: &[(u64, State)], selected: Option<u64>) -> Option<u64> {
    let from = selected.and_then(|selected| fuses.iter().position(|(key, _)| *key == selected));
    let start = from.map_or(0, |from| from + 1);
    let (before, after) = fuses.split_at(start.min(fuses.len()));
    after
        .iter()
        .chain(before)
        .find(|(_, state)| troubled(*state))
        .map(|(key, _)| *key)
}

/// Starts listening until the current owner goes. Call it once, in an effect that tracks nothing, inside the router. On
/// the server it does nothing.
pub fn start(live: Live, ui: UiState) {
    #[cfg(feature = "hydrate")]
    browser::start(live, ui);
    #[cfg(not(feature = "hydrate"))]
    let _ = (live, ui);
}

/// Keys work in this browser; they do unless they were switched off.
pub fn enabled() -> bool {
    #[cfg(feature = "hydrate")]
    {
        browser::enabled()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        true
    }
}

/// Switches keys on or off for this browser, from the next key on.
pub fn set_enabled(on: bool) {
    #[cfg(feature = "hydrate")]
    browser::set_enabled(on);
    #[cfg(not(feature = "hydrate"))]
    let _ = on;
}

/// Does what a key asked for; `false` leaves the key to the browser.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "keys come from a browser")
)]
fn grant(wish: Wish, live: &Live, ui: &UiState) -> bool {
    let selected = ui.selected.get_untracked();
    let order = || live.board.breakers.order.get_untracked();
    let select = |key: Option<u64>| {
        if key.is_some() && key == selected {
            // The same one again, perhaps out of focus by now: unselect, and select anew after the panel has noticed.
            let again = ui.selected;
            again.set(None);
            set_timeout(move || again.set(key), std::time::Duration::ZERO);
        } else if key.is_some() {
            ui.selected.set(key);
        }
        key.is_some()
    };
    match wish {
        Wish::Help => ui.help_open.update(|open| *open = !*open),
        Wish::Range => ui.range_open.set(true),
        Wish::Escape => return ui.escape(live),
        Wish::Next => return select(neighbour(&order(), selected, false)),
        Wish::Previous => return select(neighbour(&order(), selected, true)),
        Wish::NextTrouble => {
            let state = |key: &u64| {
                live.board
                    .breakers
                    .get(*key)
                    .map(|row| row.with_untracked(|row| row.state))
            };
            let fuses: Vec<_> = order()
                .iter()
                .filter_map(|key| Some((*key, state(key)?)))
                .collect();
            return select(next_trouble(&fuses, selected));
        }
        Wish::Open => {
            let row = selected.and_then(|key| live.board.breakers.get(key));
            let Some(id) = row.map(|row| row.with_untracked(|row| row.id.clone())) else {
                return false;
            };
            ui.show.run(Some(id));
        }
        Wish::Go | Wish::Board | Wish::Connect => return false,
    }
    true
}

#[cfg(feature = "hydrate")]
mod browser {
    //! The part that needs a browser.

    use leptos::prelude::*;
    use leptos_router::{NavigateOptions, hooks::use_navigate};
    use wasm_bindgen::JsCast;
    use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

    use super::{Wish, grant, wish};
    use crate::browser::{Listener, document, keep, monotonic_ms, window};
    use crate::live::Live;
    use crate::seed::Site;
    use crate::ui_state::UiState;

    /// The second key of `g b` may come so late, milliseconds.
    const SEQUENCE_MS: f64 = 1_500.0;
    const STORED: &str = "fb_keys";

    pub(super) fn enabled() -> bool {
        let stored = window()
            .local_storage()
            .ok()
            .flatten()
            .and_then(|storage| storage.get_item(STORED).ok());
        stored.flatten().as_deref() != Some("off")
    }

    pub(super) fn set_enabled(on: bool) {
        let Ok(Some(storage)) = window().local_storage() else {
            return;
        };
        // Refused where storage is full or forbidden: then keys stay as they are.
        let _ = if on {
            storage.remove_item(STORED)
        } else {
            storage.set_item(STORED, "off")
        };
    }

    pub(super) fn start(live: Live, ui: UiState) {
        let base = use_context::<Site>().map(|site| site.base).unwrap_or_default();
        let navigate = use_navigate();
        let mut g_at = f64::NEG_INFINITY;
        keep(Listener::new(&document(), "keydown", move |event| {
            let event: KeyboardEvent = event.unchecked_into();
            let key = event.key();
            if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
                return;
            }
            if event.is_composing() || elsewhere(&event, &key) {
                return;
            }
            let at = monotonic_ms();
            let after_g = at - g_at <= SEQUENCE_MS;
            g_at = f64::NEG_INFINITY;
            let Some(wish) = wish(&key, after_g) else { return };
            // Esc is not a shortcut but what everybody expects; the rest can be switched off.
            if wish != Wish::Escape && !enabled() {
                return;
            }
            let page = match wish {
                Wish::Go => {
                    g_at = at;
                    return;
                }
                Wish::Board => Some("/"),
                Wish::Connect => Some("/connect"),
                _ => None,
            };
            let done = match page {
                Some(page) => {
                    let options = NavigateOptions {
                        resolve: false,
                        ..NavigateOptions::default()
                    };
                    navigate(&[&base, page].concat(), options);
                    true
                }
                None => grant(wish, &live, &ui),
            };
            if done {
                event.prevent_default();
            }
        }));
    }

    /// The key is meant for what has the focus: a field, a menu, a dialog, a button.
    fn elsewhere(event: &Event, key: &str) -> bool {
        let Some(element) = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        else {
            return false;
        };
        let editable = element
            .dyn_ref::<HtmlElement>()
            .is_some_and(HtmlElement::is_content_editable);
        let within = |selector: &str| matches!(element.closest(selector), Ok(Some(_)));
        let typing = editable || within("input, textarea, select, [role=textbox], [role=combobox]");
        // Esc leaves a field as well, but a dialog closes by itself.
        if key == "Escape" {
            return within("dialog[open], [role=menu]");
        }
        let activates = key == "Enter" && within("a[href], button, summary, [role=button], [tabindex]");
        typing || activates || within("[role=menu]") || (within("dialog[open]") && key != "?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j_and_k_go_round() {
        let keys = [7, 3, 9];
        assert_eq!(neighbour(&keys, None, false), Some(7));
        assert_eq!(neighbour(&keys, None, true), Some(9));
        assert_eq!(neighbour(&keys, Some(3), false), Some(9));
        assert_eq!(neighbour(&keys, Some(9), false), Some(7));
        assert_eq!(neighbour(&keys, Some(7), true), Some(9));
        assert_eq!(
            neighbour(&keys, Some(1), false),
            Some(7),
            "a selection that is gone starts over"
        );
        assert_eq!(neighbour(&[], Some(1), false), None);
    }

    #[test]
    fn the_dot_finds_trouble_and_goes_round() {
        use State::{Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Open, Unknown};
        let fuses = [
            (1, Closed),
            (2, Open),
            (3, Disabled),
            (4, HalfOpen),
            (5, MetricsOnly),
            (6, Unknown),
            (7, ForcedOpen),
        ];
        let mut at = None;
        let stops: Vec<_> = (0..5)
            .map(|_| {
                at = next_trouble(&fuses, at);
                at
            })
            .collect();
        assert_eq!(stops, [Some(2), Some(4), Some(6), Some(7), Some(2)]);
        assert_eq!(next_trouble(&fuses[..2], Some(2)), Some(2), "the only one again");
        assert_eq!(next_trouble(&fuses[..1], None), None);
        assert_eq!(next_trouble(&[], None), None);
    }

    #[test]
    fn g_gives_b_and_c_a_meaning() {
        assert_eq!(wish("b", true), Some(Wish::Board));
        assert_eq!(wish("c", true), Some(Wish::Connect));
        assert_eq!(wish("b", false), None);
        assert_eq!(wish("g", true), Some(Wish::Go));
        assert_eq!(wish("j", true), Some(Wish::Next));
    }
}
