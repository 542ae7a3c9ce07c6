//! The track: a day from left to right, a thumb that can be dragged or moved with keys.

use leptos::{ev, html, prelude::*};

use super::day::{HEIGHT, Paths, paths, summary, width};
use super::state::Replay;
use super::words::{MINUTES, named};
use crate::browser::monotonic_ms;
use crate::format::clock;
use crate::part::{IntoPart, Part, See, dynamic, when};

const DAY: i64 = 86_400_000;
/// While the thumb is dragged, a moment is asked for this often, milliseconds.
const EVERY_MS: f64 = 200.0;
/// Hours between the marks of the clock under the track.
const HOURS: i64 = 6 * 3_600_000;

/// The ends of the track.
fn ends(replay: Replay) -> (i64, i64) {
    let present = replay.live.present.get();
    let from = replay.day.see(|day| day.as_ref().map(|day| day.from));
    // The newest step is open; a page that stays open moves on with its time.
    let from = from.unwrap_or(present - DAY).max(present - DAY - DAY / 24);
    (from, (from + DAY).max(present))
}

/// Where a moment lies on the track, in hundredths of a percent.
fn place(replay: Replay, at: i64) -> i64 {
    let (from, to) = ends(replay);
    ((at - from) * 10_000 / (to - from).max(1)).clamp(0, 10_000)
}

fn percent(hundredths: i64) -> String {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    let zero = if part < 10 { "0" } else { "" };
    [&whole.to_string(), ".", zero, &part.to_string(), "%"].concat()
}

pub(super) fn scrub(replay: Replay, offset: i32) -> Part {
    let track = NodeRef::<html::Div>::new();
    let asked_at = StoredValue::new(f64::NEG_INFINITY);
    let at_pointer = move |event: &ev::PointerEvent| {
        let area = track.get_untracked()?.get_bounding_client_rect();
        let share = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0);
        let (from, to) = untrack(|| ends(replay));
        Some(from + ((to - from) as f64 * share.clamp(0.0, 1.0)) as i64)
    };
    let drag = move |event: ev::PointerEvent, at_once: bool| {
        let Some(at) = at_pointer(&event) else { return };
        let now = monotonic_ms();
        if at_once || now - asked_at.get_value() >= EVERY_MS {
            asked_at.set_value(now);
            replay.seek(at);
        } else {
            // The thumb does not wait.
            replay.asked.set(Some(at));
        }
    };
    let down = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let Some(track) = track.get_untracked() {
            // A pointer that is gone already has nothing to capture.
            let _ = track.set_pointer_capture(event.pointer_id());
            let _ = track.focus();
        }
        event.prevent_default();
        replay.held.set(true);
        drag(event, true);
    };
    let up = move |event: ev::PointerEvent| {
        if replay.held.get_untracked() {
            replay.held.set(false);
            if let Some(at) = at_pointer(&event) {
                let speed = replay
                    .live
                    .replay
                    .with_untracked(|moment| moment.map_or(0, |moment| moment.speed));
                // Let go at the end: live.
                if speed == 0 {
                    replay.stand_at(at)
                } else {
                    replay.seek(at)
                }
            }
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let (shown, (from, to)) = untrack(|| (replay.shown(), ends(replay)));
        let at = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => shown - MINUTES,
            "ArrowRight" | "ArrowUp" => shown + MINUTES,
            "PageDown" => shown - 15 * MINUTES,
            "PageUp" => shown + 15 * MINUTES,
            "Home" => from,
            "End" => to,
            _ => return,
        };
        event.prevent_default();
        replay.stand_at(at);
    };
    let drawn = Memo::new(move |_| replay.day.see(|day| day.as_ref().map(paths)).unwrap_or_default());
    let path = move |pick: fn(&Paths) -> &String| dynamic(move || drawn.see(|paths| pick(paths).clone()));
    let view_box = dynamic(move || {
        let wide = replay.day.see(|day| day.as_ref().map_or(10, width)).max(10);
        ["0 0 ", &wide.to_string(), " ", &HEIGHT.to_string()].concat()
    });
    let thumb = dynamic(move || percent(place(replay, replay.shown())));
    // Before it nothing is kept: there is no track.
    let reach = dynamic(move || {
        let reaches = replay.day.see(|day| day.as_ref().and_then(|day| day.reaches));
        percent(place(replay, reaches.unwrap_or_default()))
    });
    let seconds = |at: i64| (at / 1_000).to_string();
    view! {
        <div
            class="scrub"
            node_ref=track
            role="slider"
            tabindex="0"
            data-scrub=""
            aria-label="Moment"
            aria-valuemin=dynamic(move || seconds(ends(replay).0))
            aria-valuemax=dynamic(move || seconds(ends(replay).1))
            aria-valuenow=dynamic(move || seconds(replay.shown()))
            aria-valuetext=dynamic(move || said(replay, offset))
            title=dynamic(move || replay.day.see(|day| day.as_ref().map(summary)))
            on:pointerdown=down
            on:pointermove=move |event| {
                if replay.held.get_untracked() {
                    drag(event, false);
                }
            }
            on:pointerup=up
            on:pointercancel=move |_| replay.held.set(false)
            on:keydown=on_key
        >
            <svg class="scrub-day" viewBox=view_box preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <path class="scrub-calm" d=path(|paths| &paths.calm)></path>
                <path class="scrub-attention" d=path(|paths| &paths.attention)></path>
                <path class="scrub-act" d=path(|paths| &paths.act)></path>
                <path class="scrub-trips" d=path(|paths| &paths.trips)></path>
            </svg>
            <svg class="scrub-track" aria-hidden="true" focusable="false">
                <line class="scrub-line" x1=reach x2="100%" y1="22.5" y2="22.5"></line>
                <line class="scrub-done" x1=reach x2=thumb y1="22.5" y2="22.5"></line>
                {when(move || Some(hours(replay, offset)))}
                <line class="scrub-thumb" x1=thumb x2=thumb y1="-1" y2="27"></line>
                <circle class="scrub-knob" cx=thumb cy="22.5" r="5"></circle>
            </svg>
        </div>
    }
    .part()
}

/// The moment of the thumb in words.
fn said(replay: Replay, offset: i32) -> String {
    if replay.live.replay.see(Option::is_none) {
        return "Live".to_owned();
    }
    let minute = replay.shown() / MINUTES * MINUTES;
    named(minute, replay.live.present.get(), offset)
}

/// The clock under the track, every six hours.
fn hours(replay: Replay, offset: i32) -> Part {
    let zone = i64::from(offset) * MINUTES;
    let from = replay.day.see(|day| day.as_ref().map_or(0, |day| day.from));
    let first = from + (HOURS - (from + zone).rem_euclid(HOURS));
    let label = |nth: i64| {
        let at = first + nth * HOURS;
        let x = percent((at - from) * 10_000 / DAY);
        view! { <text class="scrub-hour" x=x y="37">{clock(at, offset)[..5].to_owned()}</text> }
    };
    view! {
        <g>{(from > 0).then(|| (0..4).map(label).collect_view())}</g>
    }
    .part()
}
