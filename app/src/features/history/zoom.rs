//! What lies above a chart over a range: what people have marked, and dragging to choose a part of the range.
//!
//! Dragging sideways selects; letting go puts the selection into the address. `Esc` or a drag of a few pixels calls it
//! off; a double click shows twice as much. The range menu does the same by keyboard. The cover is stretched over the
//! chart's grid by the style sheet, so a place in it is a moment of the range.

use leptos::{ev, html, prelude::*};
use protocol::markers::MarkerItem;

use super::GoTo;
use crate::{
    format::{full, moment},
    live::Live,
    part::{IntoPart, Item, Part, dynamic, list, when},
    seed::Site,
};

/// Shorter drags are clicks, pixels.
const LEAST: f64 = 8.0;
/// No shorter range is gone to, milliseconds.
const SHORTEST: i64 = 60_000;
/// How many markers are told below a chart.
const TOLD: usize = 6;
/// The width of the cover's own coordinates.
const WIDTH: f64 = 1_000.0;
/// Lines of markers are so far apart, in the same.
const APART: f64 = 12.0;

/// What a chart covers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cover {
    /// The first moment, epoch milliseconds.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
    /// What people have marked, oldest first.
    pub marks: Vec<MarkerItem>,
}

impl Cover {
    /// The moment at a place from 0 to 1, to the second.
    fn at(&self, place: f64) -> i64 {
        let ms = (self.to - self.from) as f64 * place.clamp(0.0, 1.0);
        (self.from + ms as i64) / 1_000 * 1_000
    }

    /// A part of it; `None` when that is too short to be meant.
    fn part(&self, one: f64, other: f64) -> Option<(i64, i64)> {
        let (from, to) = (self.at(one.min(other)), self.at(one.max(other)));
        let from = from.min(to - SHORTEST);
        (self.from < self.to).then_some((from, to))
    }

    /// Twice as much around its middle, no further than now.
    fn twice(&self, now: i64) -> (i64, i64) {
        let length = (self.to - self.from).max(SHORTEST);
        let to = (self.to + length / 2).min(now.max(self.to));
        ((to - 2 * length).max(0), to)
    }

    /// A line from top to bottom at each marker. Those that would touch are one, so that figures stay in sight.
    fn lines(&self) -> String {
        let length = (self.to - self.from).max(1) as f64;
        let mut last = f64::NEG_INFINITY;
        let mut lines = String::new();
        for mark in &self.marks {
            let place = ((mark.time - self.from) as f64 / length * WIDTH).round();
            if place - last >= APART {
                last = place;
                lines.push_str(&["M", &(place as i64).to_string(), " 0V100"].concat());
            }
        }
        lines
    }
}

/// A drag under way: where it began and where it is.
type Drag = Option<(f64, f64)>;

/// Draws the chart with its cover.
pub fn zoom(chart: Part, cover: Memo<Cover>, go: GoTo) -> Part {
    let over = NodeRef::<leptos::svg::Svg>::new();
    let drag = RwSignal::new(Drag::None);
    let now = expect_context::<Live>().now;
    let around = NodeRef::<html::Div>::new();
    let place = move |event: &ev::PointerEvent| {
        let edges = over.get_untracked()?.get_bounding_client_rect();
        let place = (f64::from(event.client_x()) - edges.left()) / edges.width().max(1.0);
        Some((place, edges.width()))
    };
    let down = move |event: ev::PointerEvent| {
        let Some((place, _)) = place(&event).filter(|(place, _)| (0.0..=1.0).contains(place)) else {
            return;
        };
        if event.button() == 0 && event.is_primary() {
            drag.set(Some((place, place)));
            if let Some(around) = around.get_untracked() {
                // Refused for a pointer that is gone: then the drag ends at the chart's edge.
                let _ = around.set_pointer_capture(event.pointer_id());
            }
        }
    };
    let moved = move |event: ev::PointerEvent| {
        if let (Some((began, _)), Some((place, _))) = (drag.get_untracked(), place(&event)) {
            drag.set(Some((began, place.clamp(0.0, 1.0))));
        }
    };
    let up = move |event: ev::PointerEvent| {
        let (Some((began, ended)), Some((_, width))) = (drag.get_untracked(), place(&event)) else {
            return;
        };
        drag.set(None);
        let chosen = cover.with_untracked(|cover| cover.part(began, ended));
        if let Some((from, to)) = chosen.filter(|_| (ended - began).abs() * width >= LEAST) {
            go.run((from.to_string(), to.to_string()));
        }
    };
    let wider = move |_| {
        let (from, to) = cover.with_untracked(|cover| cover.twice(now.get_untracked()));
        go.run((from.to_string(), to.to_string()));
    };
    calls_off(drag);
    let edge = move |which: fn(f64, f64) -> f64| {
        drag.get().map(|(began, is)| {
            let place = (which(began, is) * WIDTH).round();
            (place as i64).to_string()
        })
    };
    view! {
        <div
            class="plot"
            data-zoom=""
            node_ref=around
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=move |_| drag.set(None)
            on:dblclick=wider
        >
            {chart}
            <svg class="plot-over" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true" node_ref=over>
                <path class="plot-marks" d=dynamic(move || cover.with(Cover::lines))></path>
                <rect
                    class="plot-part"
                    y="0"
                    height="100"
                    x=dynamic(move || edge(f64::min))
                    width=dynamic(move || edge(|began, is| (is - began).abs()))
                ></rect>
            </svg>
        </div>
    }
    .part()
}

/// `Esc` ends a drag without effect.
fn calls_off(drag: RwSignal<Drag>) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        use crate::browser::{Listener, document, keep};
        use wasm_bindgen::JsCast;
        keep(Listener::new(&document(), "keydown", move |event| {
            let event: web_sys::KeyboardEvent = event.unchecked_into();
            if event.key() == "Escape" && drag.get_untracked().is_some() {
                drag.set(None);
                event.prevent_default();
            }
        }));
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = drag;
}

/// What was marked in the range, in words, below a chart. Nothing where nothing was.
pub fn marks(cover: Memo<Cover>) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let any = Memo::new(move |_| cover.with(|cover| !cover.marks.is_empty()));
    let items = move || {
        let item = |mark: &MarkerItem| {
            let mark = mark.clone();
            Item::new([&mark.time.to_string(), " ", &mark.title].concat(), move || {
                mark_line(mark, offset)
            })
        };
        cover.with(|cover| cover.marks.iter().rev().take(TOLD).map(item).collect())
    };
    let more = move || {
        cover.with(|cover| match cover.marks.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!("and {more} more"),
        })
    };
    when(move || {
        any.get().then(|| {
            view! {
                <div class="marks" data-marks="">
                    <b>"Marked"</b>
                    <ul>{list(items)}</ul>
                    <span>{dynamic(more)}</span>
                </div>
            }
        })
    })
}

fn mark_line(mark: MarkerItem, offset: i32) -> Part {
    let now = expect_context::<Live>().now.get_untracked();
    let place = [mark.service, mark.environment]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    let title = match mark.url {
        Some(url) => view! { <a href=url rel="noreferrer external">{mark.title}</a> }.part(),
        None => view! { <span>{mark.title}</span> }.part(),
    };
    view! {
        <li>
            <time title=full(mark.time, offset)>{moment(mark.time, now, offset)}</time>
            " "
            <p>
                <i>{mark.kind}</i>
                " "
                {title}
                " "
                <small>{place}</small>
            </p>
        </li>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover() -> Cover {
        Cover {
            from: 1_000_000,
            to: 4_600_000,
            marks: Vec::new(),
        }
    }

    #[test]
    fn a_drag_is_a_part_in_either_direction() {
        assert_eq!(cover().part(0.25, 0.5), Some((1_900_000, 2_800_000)));
        assert_eq!(cover().part(0.5, 0.25), Some((1_900_000, 2_800_000)));
        assert_eq!(cover().part(-1.0, 2.0), Some((1_000_000, 4_600_000)));
        assert_eq!(
            cover().part(0.5, 0.5),
            Some((2_740_000, 2_800_000)),
            "a minute at least"
        );
        assert_eq!(Cover::default().part(0.1, 0.9), None);
    }

    #[test]
    fn twice_as_much_ends_now_at_the_latest() {
        let (from, to) = (100_000_000, 103_600_000);
        let cover = Cover { from, to, ..cover() };
        assert_eq!(cover.twice(900_000_000), (98_200_000, 105_400_000));
        assert_eq!(cover.twice(to), (96_400_000, 103_600_000));
        assert_eq!(self::cover().twice(4_600_000), (0, 4_600_000));
    }

    #[test]
    fn markers_are_lines() {
        let mut cover = cover();
        let mark = |time| MarkerItem {
            time,
            title: "v2".into(),
            kind: "deploy".into(),
            url: None,
            service: None,
            environment: None,
        };
        cover.marks = vec![mark(1_000_000), mark(2_800_000)];
        assert_eq!(cover.lines(), "M0 0V100M500 0V100");
        cover.marks.insert(1, mark(1_030_000));
        cover.marks.insert(2, mark(1_050_000));
        assert_eq!(
            cover.lines(),
            "M0 0V100M14 0V100M500 0V100",
            "what would touch is one line"
        );
    }
}
