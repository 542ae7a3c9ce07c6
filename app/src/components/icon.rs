//! Icons as single strokes on a 16 × 16 grid, inside the page: no request, no sprite, coloured by the text around.

use leptos::prelude::*;

use crate::part::{IntoPart, Part};

/// The icons there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Icon {
    Board,
    Providers,
    Explore,
    Limits,
    Breakers,
    Alerts,
    Kpis,
    Connect,
    Settings,
    Sun,
    Moon,
    Auto,
    Pause,
    Play,
    Close,
    Chevron,
    Help,
    Check,
    Previous,
    Next,
    Past,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Icon::Board => {
                "M3.5 2h2A1.5 1.5 0 0 1 7 3.5v9A1.5 1.5 0 0 1 5.5 14h-2A1.5 1.5 0 0 1 2 12.5v-9A1.5 1.5 0 0 1 3.5 2zM10.5 2h2A1.5 1.5 0 0 1 14 3.5v9a1.5 1.5 0 0 1-1.5 1.5h-2A1.5 1.5 0 0 1 9 12.5v-9A1.5 1.5 0 0 1 10.5 2zM4.5 5v2.2M11.5 8.8V11"
            }
            Icon::Providers => "M3 13V8M8 13V3M13 13V6",
            Icon::Explore => "M2 12l4-5 3 3 5-6",
            Icon::Limits => "M2.5 12a6 6 0 1 1 11 0M8 10.5l2.8-3.6",
            Icon::Breakers => "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 2v4M8 10v4M5 6l6 4",
            Icon::Alerts => "M3.5 12h9l-1.2-1.8V7a3.3 3.3 0 0 0-6.6 0v3.2zM6.6 14h2.8",
            Icon::Kpis => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.5V8l2.5 2",
            Icon::Connect => "M5.5 2v3M10.5 2v3M3.5 5h9v2.5a4.5 4.5 0 0 1-9 0zM8 12v2.5",
            Icon::Settings => "M2 4.5h7M13 4.5h1M11 2.8v3.4M2 11.5h1M7 11.5h7M5 9.8v3.4",
            Icon::Sun => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M3.5 12.5l.8-.8M11.7 4.3l.8-.8"
            }
            Icon::Moon => "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z",
            Icon::Auto => {
                "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM8 2.2v11.6M8 5l3.6-1.3M8 8.2h5.7M8 11.2l3.4 1.3"
            }
            Icon::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Icon::Play => "M5 3.2l7.5 4.8L5 12.8z",
            Icon::Close => "M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4",
            Icon::Chevron => "M4.5 6.5L8 10l3.5-3.5",
            Icon::Help => {
                "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.2 6.3a1.9 1.9 0 1 1 2.7 1.8c-.6.3-.9.7-.9 1.3M8 11.4v.2"
            }
            Icon::Check => "M3.5 8.5l3 3 6-7",
            Icon::Previous => "M12 3.5L6 8l6 4.5zM4 3.5v9",
            Icon::Next => "M4 3.5L10 8l-6 4.5zM12 3.5v9",
            Icon::Past => "M2.6 8a5.4 5.4 0 1 0 1.7-3.9L2.6 5.6M2.6 2.8v2.8h2.8M8 5v3.2l2.1 1.3",
        }
    }
}

/// Draws an icon; the words beside it, or the label of the control around it, say what it means.
pub fn icon(icon: Icon) -> Part {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=icon.path()></path>
        </svg>
    }
    .part()
}

/// The mark: three levers in a box, the middle one down.
pub fn brand() -> Part {
    view! {
        <svg class="mark" viewBox="0 0 22 22" aria-hidden="true" focusable="false">
            <rect class="mark-box" x="1" y="1" width="20" height="20" rx="5"></rect>
            <path class="mark-up" d="M5 5.6h3.2v6.4H5zM13.8 5.6H17v6.4h-3.2z"></path>
            <path class="mark-down" d="M9.4 10h3.2v6.4H9.4z"></path>
        </svg>
    }
    .part()
}
