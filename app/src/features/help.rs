//! The help dialog: which keys do what. A native dialog, so that focus stays in it and `Esc` closes it.

use leptos::{ev, html, prelude::*};

use crate::{
    components::{Icon, icon},
    keys,
    part::{IntoPart, Part},
    ui_state::UiState,
};

const KEYS: [(&str, &str); 18] = [
    ("?", "This help"),
    (".", "Next breaker that is not closed"),
    ("j", "Next breaker, or next row"),
    ("k", "Previous breaker, or previous row"),
    ("Enter", "Open the selected breaker"),
    ("a", "Acknowledge an alert"),
    ("t", "Choose the time range"),
    ("/", "Filter, on pages that have one"),
    ("r", "Replay, and back to live"),
    ("Space", "Play or pause a replay"),
    ("g b", "Go to the board"),
    ("g p", "Go to the providers"),
    ("g r", "Go to the breakers"),
    ("g e", "Go to Explore"),
    ("g a", "Go to the alerts"),
    ("g k", "Go to the KPIs"),
    ("g c", "Go to Connect"),
    ("Esc", "Back: close what is on top, or end a replay"),
];

/// The button in the bar.
pub fn help_button() -> Part {
    let open = expect_context::<UiState>().help_open;
    view! {
        <button type="button" class="icon-button wide" aria-label="Help" title="Help (?)" on:click=move |_| open.set(true)>
            {icon(Icon::Help)}
        </button>
    }
    .part()
}

/// The dialog; once per page.
pub fn help_dialog() -> Part {
    let open = expect_context::<UiState>().help_open;
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() {
            if !dialog.open() {
                // Fails only for a dialog that is not on the page.
                let _ = dialog.show_modal();
            }
        } else if dialog.open() {
            dialog.close();
        }
    });
    // What this browser has stored; read when the dialog opens, because the server cannot know it.
    let on = RwSignal::new(true);
    Effect::new(move |_| {
        if open.get() {
            on.set(keys::enabled());
        }
    });
    let switch = move |event: ev::Event| {
        let checked = event_target_checked(&event);
        keys::set_enabled(checked);
        on.set(checked);
    };
    let rows = KEYS
        .map(|(key, words)| {
            view! {
                <dt>
                    <kbd>{key}</kbd>
                </dt>
                <dd>{words}</dd>
            }
        })
        .into_iter()
        .collect_view();
    view! {
        <dialog class="help" data-help="" aria-labelledby="help-title" node_ref=dialog on:close=move |_| open.set(false)>
            <header>
                <h2 id="help-title">"Keys"</h2>
                <button type="button" class="icon-button" aria-label="Close" on:click=move |_| open.set(false)>
                    {icon(Icon::Close)}
                </button>
            </header>
            <dl>{rows}</dl>
            <label>
                <input type="checkbox" prop:checked=on on:change=switch/>
                "Keys work on this browser; Esc always does"
            </label>
            <p class="quiet">"Keys are ignored while you type. Lever up is closed, middle half-open, down open."</p>
        </dialog>
    }
    .part()
}
