//! The life of one chart: loaded when it comes into view, drawn at most once a second and only while somebody can see
//! it, resized and recoloured, and gone without a trace with its owner.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{
    Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit, MutationObserver,
    MutationObserverInit, ResizeObserver,
};

use super::data::{empty_bands, heat, latency_rows, outcome_rows, window as stretch};
use super::interop::{Drawing, idle, load};
use super::{Kind, Place, Plot, Skeletons};
use crate::browser::{Listener, Timeout, document, keep, monotonic_ms, window};
use crate::live::Live;
use crate::seed::Site;

/// How long a size must be left alone before a chart takes it, milliseconds.
const SETTLE_MS: i32 = 120;
/// A chart counts as in view a little before it is, so that it is drawn when it gets there.
const AHEAD: &str = "160px 0px";
/// Between two attempts to load the library, milliseconds.
const RETRY_MS: f64 = 30_000.0;
/// A little less than a second, so that a tick that comes early is not skipped.
const DRAW_MS: f64 = 900.0;

/// Draws into the element as soon as it is there, until the current owner goes.
pub(super) fn mount(Place { node, kind, plot }: Place) {
    let live = expect_context::<Live>();
    let site = expect_context::<Site>();
    let skeletons = expect_context::<Skeletons>();
    let plot: Option<Rc<dyn Fn() -> Option<Plot> + Send + Sync>> = plot.map(Rc::from);
    Effect::new(move |_| {
        let Some(element) = node.get() else { return };
        let widget = Widget::new(element.into(), kind, live, &site, &skeletons);
        let me = Rc::downgrade(&widget);
        keep(widget);
        if let Some(plot) = plot.clone() {
            // Figures that are asked for come when they come.
            Effect::new(move |_| {
                let plot = plot();
                with(&me, |widget| {
                    widget.plot = plot;
                    widget.draw(true);
                });
            });
            return;
        }
        // `now` ticks once a second; that is how charts slide.
        let ticked = me.clone();
        Effect::new(move |_| {
            live.now.track();
            with(&ticked, |widget| widget.draw(false));
        });
        // The first figures and another range do not wait for the next second.
        let empty = Memo::new(move |_| live.board.points.with(Vec::is_empty));
        Effect::new(move |_| {
            live.range.track();
            empty.track();
            with(&me, |widget| widget.draw(true));
        });
    });
}

fn with(widget: &Weak<RefCell<Widget>>, run: impl FnOnce(&mut Widget)) {
    if let Some(widget) = widget.upgrade() {
        run(&mut widget.borrow_mut());
    }
}

struct Widget {
    me: Weak<RefCell<Widget>>,
    element: Element,
    kind: Kind,
    live: Live,
    /// What is shown over a range.
    plot: Option<Plot>,
    offset_min: i32,
    /// Where the library is.
    source: String,
    skeletons: Skeletons,

    drawing: Option<Drawing>,
    in_view: bool,
    /// Waiting for the library.
    loading: bool,
    tried_at: f64,
    drawn_at: f64,
    settling: Option<Timeout>,
    _watching: Option<Watching>,
}

/// Everything that calls back; dropping it ends that.
struct Watching {
    view: IntersectionObserver,
    size: ResizeObserver,
    theme: MutationObserver,
    _system: Option<Listener>,
    _closures: [Closure<dyn FnMut(js_sys::Array)>; 3],
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.view.disconnect();
        self.size.disconnect();
        self.theme.disconnect();
    }
}

impl Widget {
    fn new(
        element: Element,
        kind: Kind,
        live: Live,
        site: &Site,
        skeletons: &Skeletons,
    ) -> Rc<RefCell<Widget>> {
        let widget = Rc::new(RefCell::new(Widget {
            me: Weak::new(),
            element,
            kind,
            live,
            plot: None,
            offset_min: site.utc_offset_min,
            source: [&site.root, "/pkg/echarts.js?v=", &site.build].concat(),
            skeletons: skeletons.clone(),
            drawing: None,
            in_view: false,
            loading: false,
            tried_at: f64::NEG_INFINITY,
            drawn_at: f64::NEG_INFINITY,
            settling: None,
            _watching: None,
        }));
        let me = Rc::downgrade(&widget);
        let mut this = widget.borrow_mut();
        // Missing observers: a browser too old for the rest of the page as well. Then there is no chart.
        this._watching = watch(&me, &this.element).ok();
        this.me = me;
        drop(this);
        widget
    }

    fn seen(&mut self, in_view: bool) {
        self.in_view = in_view;
        self.draw(true);
    }

    /// Draws if somebody can see it; at once, or when a second has gone by.
    fn draw(&mut self, at_once: bool) {
        if !self.in_view || document().hidden() {
            return;
        }
        let at = monotonic_ms();
        let Some(drawing) = &self.drawing else {
            self.load(at);
            return;
        };
        if !at_once && at - self.drawn_at < DRAW_MS {
            return;
        }
        self.drawn_at = at;
        match (self.kind, &self.plot) {
            (Kind::Latency | Kind::Outcomes | Kind::Heat, _) => self.draw_live(drawing),
            (Kind::Lines, Some(plot)) => drawing.plot(plot, self.offset_min),
            (Kind::Cells, Some(plot)) => drawing.cells(plot, self.offset_min),
            (Kind::Lines | Kind::Cells, None) => {}
        }
    }

    fn draw_live(&self, drawing: &Drawing) {
        let live = &self.live;
        // A paused board stands still, also in its charts.
        let edge = if live.paused.get_untracked() {
            live.frame_now
        } else {
            live.now
        };
        let (now, range) = (edge.get_untracked(), live.range.get_untracked());
        let offset = self.offset_min;
        live.board.points.with_untracked(|points| match self.kind {
            Kind::Latency => drawing.rows(&latency_rows(points, offset), stretch(now, range, offset)),
            Kind::Outcomes => {
                drawing.leave_out(empty_bands(points));
                drawing.rows(&outcome_rows(points, offset), stretch(now, range, offset));
            }
            _ => drawing.heat(&heat(points, now, range, offset)),
        });
    }

    /// Loads the library if nobody did, then makes the drawing.
    fn load(&mut self, at: f64) {
        if self.loading || at - self.tried_at < RETRY_MS {
            return;
        }
        self.loading = true;
        self.tried_at = at;
        let me = self.me.clone();
        let source = self.source.clone();
        leptos::task::spawn_local(async move {
            idle().await;
            let loaded = load(&source).await;
            if loaded.is_err() {
                leptos::logging::warn!("the chart library could not be loaded");
            }
            with(&me, |widget| widget.loaded(loaded.is_ok()));
        });
    }

    fn loaded(&mut self, well: bool) {
        self.loading = false;
        if !well || self.element.client_width() == 0 {
            return;
        }
        match Drawing::new(&self.element, self.kind, &self.skeletons) {
            Ok(drawing) => self.drawing = Some(drawing),
            Err(error) => leptos::logging::warn!("a chart could not be made: {error:?}"),
        }
        self.draw(true);
    }

    fn resized(&mut self) {
        if self.drawing.is_none() {
            return;
        }
        let me = self.me.clone();
        self.settling = Some(Timeout::new(SETTLE_MS, move || {
            with(&me, |widget| {
                if let Some(drawing) = &widget.drawing {
                    drawing.resize();
                }
            });
        }));
    }

    fn recolour(&mut self) {
        if let Some(drawing) = &self.drawing {
            drawing.retheme();
            self.draw(true);
        }
    }
}

fn watch(me: &Weak<RefCell<Widget>>, element: &Element) -> Result<Watching, JsValue> {
    let viewer = me.clone();
    let on_view: Closure<dyn FnMut(js_sys::Array)> = Closure::new(move |entries: js_sys::Array| {
        // The newest entry counts.
        let entry: IntersectionObserverEntry = entries.pop().unchecked_into();
        with(&viewer, |widget| widget.seen(entry.is_intersecting()));
    });
    let sizer = me.clone();
    let on_size: Closure<dyn FnMut(js_sys::Array)> = Closure::new(move |_| with(&sizer, Widget::resized));
    let painter = me.clone();
    let on_theme: Closure<dyn FnMut(js_sys::Array)> = Closure::new(move |_| with(&painter, Widget::recolour));

    let ahead = IntersectionObserverInit::new();
    ahead.set_root_margin(AHEAD);
    let view = IntersectionObserver::new_with_options(on_view.as_ref().unchecked_ref(), &ahead)?;
    view.observe(element);
    let size = ResizeObserver::new(on_size.as_ref().unchecked_ref())?;
    size.observe(element);
    let theme = MutationObserver::new(on_theme.as_ref().unchecked_ref())?;
    if let Some(root) = document().document_element() {
        let attributes = MutationObserverInit::new();
        attributes.set_attributes(true);
        attributes.set_attribute_filter(&js_sys::Array::of1(&"data-theme".into()));
        theme.observe_with_options(&root, &attributes)?;
    }
    let system = window()
        .match_media("(prefers-color-scheme: dark)")?
        .map(|query| {
            let painter = me.clone();
            Listener::new(&query, "change", move |_| with(&painter, Widget::recolour))
        });
    Ok(Watching {
        view,
        size,
        theme,
        _system: system,
        _closures: [on_view, on_size, on_theme],
    })
}
