//! One crosshair over all charts of a page.
//!
//! Charts over time share theirs by the library's own means (`interop`, `GROUP`). A heat map counts columns, so for it
//! moments are translated here, in both directions.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::interop::{call, object};

thread_local! {
    /// The charts of the page.
    static CHARTS: RefCell<Vec<Weak<Cross>>> = const { RefCell::new(Vec::new()) };
    /// Somebody is being told: what comes back is an echo.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

type Heard = Closure<dyn Fn(JsValue)>;

/// A chart's part in it.
#[derive(Debug)]
pub(super) struct Cross {
    instance: JsValue,
    /// Its columns are counted.
    counts: bool,
    /// When the first column begins and how wide each is, milliseconds.
    columns: Cell<Option<(f64, f64)>>,
    heard: RefCell<Option<Heard>>,
}

impl Cross {
    /// Takes part until it is dropped; the chart must be gone by then.
    pub fn join(instance: &JsValue, counts: bool) -> Result<Rc<Cross>, JsValue> {
        let cross = Rc::new(Cross {
            instance: instance.clone(),
            counts,
            columns: Cell::new(None),
            heard: RefCell::default(),
        });
        let me = Rc::downgrade(&cross);
        let heard = Heard::new(move |event: JsValue| {
            if let Some(me) = me.upgrade() {
                me.tell(&event);
            }
        });
        call(
            instance,
            "on",
            &["updateAxisPointer".into(), heard.as_ref().clone()],
        )?;
        *cross.heard.borrow_mut() = Some(heard);
        CHARTS.with_borrow_mut(|charts| {
            charts.retain(|chart| chart.strong_count() > 0);
            charts.push(Rc::downgrade(&cross));
        });
        Ok(cross)
    }

    /// What its columns are.
    pub fn columns(&self, first: f64, step: f64) {
        self.columns.set((step > 0.0).then_some((first, step)));
    }

    /// Tells those who count otherwise.
    fn tell(&self, event: &JsValue) {
        if TELLING.replace(true) {
            return;
        }
        let at = self.moment(event);
        let others: Vec<Rc<Cross>> =
            CHARTS.with_borrow(|charts| charts.iter().filter_map(Weak::upgrade).collect());
        for other in others.iter().filter(|other| other.counts != self.counts) {
            // A chart that cannot point shows its figures all the same.
            let _ = other.point(at);
        }
        TELLING.set(false);
    }

    /// The moment that is pointed at; `None` when the pointer has left.
    fn moment(&self, event: &JsValue) -> Option<f64> {
        let get = |target: &JsValue, name: &str| Reflect::get(target, &name.into()).ok();
        let axes: Array = get(event, "axesInfo")?.dyn_into().ok()?;
        let x = axes
            .iter()
            .find(|axis| get(axis, "axisDim").is_some_and(|dim| dim == "x"))?;
        let value = get(&x, "value")?.as_f64()?;
        match self.counts {
            true => self
                .columns
                .get()
                .map(|(first, step)| first + (value + 0.5) * step),
            false => Some(value),
        }
    }

    fn point(&self, at: Option<f64>) -> Result<(), JsValue> {
        let place = match (at, self.counts) {
            (Some(at), true) => self
                .columns
                .get()
                .map(|(first, step)| ((at - first) / step).floor()),
            (at, _) => at,
        };
        let action = object([("type", "updateAxisPointer".into())]);
        let set = |name: &str, value: JsValue| Reflect::set(&action, &name.into(), &value);
        match place {
            Some(place) => {
                let finder = object([("xAxisIndex", 0.into())]);
                let x = call(&self.instance, "convertToPixel", &[finder, place.into()])?;
                let height = call(&self.instance, "getHeight", &[])?
                    .as_f64()
                    .unwrap_or_default();
                set("x", x)?;
                set("y", (height / 2.0).into())?;
                set("currTrigger", "mousemove".into())?;
            }
            None => _ = set("currTrigger", "leave".into())?,
        }
        call(&self.instance, "dispatchAction", &[action]).map(|_| ())
    }
}
