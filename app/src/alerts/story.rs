//! What happened, moment by moment: the rows of a timeline, of what was told, and of attempts.

use leptos::prelude::*;

use super::frame::Frame;
use crate::format::{clock, full};

/// One moment. `kind` says how its dot is drawn.
pub(super) struct Moment {
    pub at: i64,
    pub kind: String,
    /// In strong letters.
    pub head: String,
    /// Beside it.
    pub beside: Option<AnyView>,
    /// Below; empty for nothing.
    pub text: String,
}

/// Moments as a list.
pub(super) fn story(frame: &Frame, moments: impl Iterator<Item = Moment>) -> AnyView {
    let rows = moments.map(|moment| {
        view! {
            <li data-kind=moment.kind>
                <time title=full(moment.at, frame.utc_offset_min)>
                    {clock(moment.at, frame.utc_offset_min)}
                </time>
                <i aria-hidden="true"></i>
                <span>
                    <b>{moment.head}</b>
                    {moment.beside.map(|beside| view! { " " {beside} })}
                    {(!moment.text.is_empty())
                        .then(|| view! { <span class="desk-text">{moment.text}</span> })}
                </span>
            </li>
        }
    });
    view! { <ol class="desk-story">{rows.collect_view()}</ol> }.into_any()
}
