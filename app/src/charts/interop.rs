//! What sees JavaScript's ECharts: loading it, and one drawing.
//!
//! Calls go by name through `Reflect`, so that nothing refers to the global `echarts` before it exists, and no
//! exception of the library unwinds through our frames. charming has renderers of its own, but none that disposes,
//! replaces series or changes the theme.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Float64Array, Function, Object, Promise, Reflect};
use protocol::view::BAND_NAMES;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlScriptElement};

use super::Kind;
use super::cross::Cross;
use super::data::{Heat, Window};
use super::plot::{Drawn, Plot};
use super::skeleton::{Skeletons, coloured};
use crate::browser::{document, prefers_dark, window};
use crate::format::{clock, date_clock, tick, value};

/// Charts over the same time share a crosshair.
const GROUP: &str = "fuseboard";

/// From so long a range on, times have a date, milliseconds.
const DAY_MS: i64 = 25 * 3_600_000;

thread_local! {
    /// The script, once somebody asked for it.
    static SCRIPT: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// Loads the library when the browser has nothing better to do; later calls wait for the first.
pub(super) async fn load(source: &str) -> Result<(), JsValue> {
    let script = SCRIPT.with_borrow_mut(|script| script.get_or_insert_with(|| fetch(source)).clone());
    let loaded = JsFuture::from(script).await;
    if loaded.is_err() {
        // The next one may have better luck.
        SCRIPT.with_borrow_mut(Option::take);
    }
    loaded.map(|_| ())
}

fn fetch(source: &str) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let added = (|| {
            let element = document().create_element("script")?;
            let script: HtmlScriptElement = element.unchecked_into();
            script.set_src(source);
            script.set_async(true);
            script.set_onload(Some(&resolve));
            script.set_onerror(Some(&reject));
            document().head().ok_or(JsValue::NULL)?.append_child(&script)
        })();
        if let Err(error) = added {
            let _ = reject.call1(&JsValue::NULL, &error);
        }
    })
}

/// Waits until the browser is idle, at most 2 s.
pub(super) async fn idle() {
    let promise = Promise::new(&mut |resolve, _| {
        let scope = window();
        let has = Reflect::has(&scope, &"requestIdleCallback".into()).unwrap_or(false);
        let asked = has && {
            let options = object([("timeout", JsValue::from(2_000))]);
            call(&scope, "requestIdleCallback", &[resolve.clone().into(), options]).is_ok()
        };
        if !asked {
            let _ = scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 100);
        }
    });
    // It is never rejected.
    let _ = JsFuture::from(promise).await;
}

/// One drawing. Dropping it disposes of it: ECharts keeps every instance in a registry of its own until then.
#[derive(Debug)]
pub(super) struct Drawing {
    instance: JsValue,
    kind: Kind,
    skeletons: Skeletons,
    /// Bands that its tooltip leaves out.
    left_out: Cell<[bool; 8]>,
    /// The colours of lines over a range.
    colours: RefCell<JsValue>,
    /// What the library calls back to write values; the newest only.
    writers: RefCell<Vec<Writer>>,
    /// Its part in the page's crosshair.
    cross: Rc<Cross>,
}

/// Writes something as text.
type Writer = Closure<dyn Fn(JsValue) -> String>;

impl Drop for Drawing {
    fn drop(&mut self) {
        let gone = call(&self.instance, "isDisposed", &[]).is_ok_and(|gone| gone.is_truthy());
        if !gone {
            report(call(&self.instance, "dispose", &[]));
        }
    }
}

impl Drawing {
    /// Makes a drawing in an element that has a size, in the theme of the moment.
    pub fn new(element: &Element, kind: Kind, skeletons: &Skeletons) -> Result<Drawing, JsValue> {
        let (name, parts) = theme(skeletons)?;
        let instance = call(&library()?, "init", &[element.into(), name.into()])?;
        let counts = matches!(kind, Kind::Heat | Kind::Cells);
        let drawing = Drawing {
            cross: Cross::join(&instance, counts)?,
            instance,
            kind,
            skeletons: skeletons.clone(),
            left_out: Cell::new([false; 8]),
            colours: RefCell::new(JsValue::UNDEFINED),
            writers: RefCell::default(),
        };
        // A heat map counts columns, the others time: between them `cross` translates.
        if !counts {
            Reflect::set(&drawing.instance, &"group".into(), &GROUP.into())?;
            call(&library()?, "connect", &[GROUP.into()])?;
        }
        drawing.skeleton(&parts)?;
        Ok(drawing)
    }

    fn skeleton(&self, parts: &JsValue) -> Result<(), JsValue> {
        let option = Reflect::get(parts, &self.kind.skeleton().into())?;
        *self.colours.borrow_mut() = Reflect::get(&option, &"colours".into())?;
        self.set_option(&option, true)
    }

    /// Takes the colours of the moment.
    pub fn retheme(&self) {
        let done = theme(&self.skeletons).and_then(|(name, parts)| {
            call(&self.instance, "setTheme", &[name.into()])?;
            self.skeleton(&parts)
        });
        report(done);
    }

    /// Takes the size of its element.
    pub fn resize(&self) {
        report(call(&self.instance, "resize", &[]));
    }

    /// Shows these rows over this stretch of time.
    pub fn rows(&self, rows: &[f64], window: Window) {
        let axis = object([("min", window.min.into()), ("max", window.max.into())]);
        let option = object([("xAxis", axis), ("dataset", source(rows))]);
        report(self.set_option(&option, false));
    }

    /// Shows lines over a range.
    pub fn plot(&self, plot: &Plot, offset_min: i32) {
        let stacked = plot.drawn == Drawn::Stacked;
        let series: Array = plot
            .lines
            .iter()
            .enumerate()
            .map(|(place, line)| {
                let (token, dashed) = super::line_look(line.colour);
                let at = super::LINE_COLOURS.iter().position(|name| *name == token);
                let colour = Reflect::get_u32(
                    &self.colours.borrow(),
                    at.unwrap_or(super::LINE_COLOURS.len()) as u32,
                )
                .unwrap_or_default();
                let dash = match (line.past, dashed) {
                    (true, _) => "dotted",
                    (_, true) => "dashed",
                    _ => "solid",
                };
                let (fill, opacity) = if line.faint { (0.15, 0.15) } else { (0.8, 1.0) };
                let width = match (stacked && !line.past, line.past) {
                    (true, _) => 0.0,
                    (_, true) => 1.2,
                    _ => 1.6,
                };
                let series = object([
                    ("type", "line".into()),
                    ("name", line.name.as_str().into()),
                    ("showSymbol", (!stacked).into()),
                    ("symbol", "circle".into()),
                    ("symbolSize", 2.into()),
                    (
                        "encode",
                        object([("x", 0.into()), ("y", (place as u32 + 1).into())]),
                    ),
                    ("emphasis", object([("disabled", JsValue::TRUE)])),
                    (
                        "lineStyle",
                        object([
                            ("color", colour.clone()),
                            ("width", width.into()),
                            ("type", dash.into()),
                            ("opacity", if line.past { opacity * 0.7 } else { opacity }.into()),
                        ]),
                    ),
                    (
                        "itemStyle",
                        object([("color", colour.clone()), ("opacity", opacity.into())]),
                    ),
                    // What stands out lies on top.
                    ("z", if line.faint { 2 } else { 3 }.into()),
                ]);
                if stacked && !line.past {
                    let fill = if dashed { fill * 0.6 } else { fill };
                    let area = object([("color", colour), ("opacity", fill.into())]);
                    set(&series, "areaStyle", &area);
                    set(&series, "stack", &"all".into());
                }
                series
            })
            .collect();
        let unit = plot.unit;
        let ticks = writer(move |v| v.as_f64().map_or_else(String::new, |v| tick(unit, v)));
        let values = writer(move |v| value(unit, v.as_f64().filter(|v| v.is_finite())));
        let axis = object([("axisLabel", object([("formatter", ticks.as_ref().clone())]))]);
        let (least, most, apart) = match plot.axis() {
            Some((from, apart)) => (from.into(), 1.into(), apart.into()),
            None => (0.into(), JsValue::NULL, JsValue::NULL),
        };
        set(&axis, "min", &least);
        set(&axis, "max", &most);
        set(&axis, "interval", &apart);
        let (min, max) = plot.window(offset_min);
        let names: Array = (0..=plot.lines.len())
            .map(|place| JsValue::from(format!("v{place}")))
            .collect();
        let data = object([
            ("dimensions", names.into()),
            (
                "source",
                Float64Array::from(plot.rows(offset_min).as_slice()).into(),
            ),
        ]);
        let option = object([
            ("xAxis", object([("min", min.into()), ("max", max.into())])),
            ("yAxis", axis),
            ("tooltip", object([("valueFormatter", values.as_ref().clone())])),
            ("series", series.into()),
            ("dataset", data),
        ]);
        report(self.set_option(&option, true));
        // Those of the option before are not called any more.
        *self.writers.borrow_mut() = vec![ticks, values];
    }

    /// Shows a row of cells per line.
    pub fn cells(&self, plot: &Plot, offset_min: i32) {
        let long = plot.window.1 - plot.window.0 > DAY_MS;
        let time = move |at: i64| {
            if long {
                date_clock(at, 0)
            } else {
                clock(at, 0)[..5].to_owned()
            }
        };
        let steps = plot.steps();
        let labels: Vec<String> = (0..steps)
            .map(|step| time(plot.start(step, offset_min)))
            .collect();
        let every = steps.div_ceil(6).max(1);
        let shown: Array = (0..steps)
            .step_by(every)
            .map(|step| JsValue::from_f64(step as f64))
            .collect();
        let names: Vec<String> = plot.lines.iter().rev().map(|line| line.name.clone()).collect();
        let text = |texts: &[String]| -> Array { texts.iter().map(|text| JsValue::from_str(text)).collect() };
        let columns = object([
            ("data", text(&labels).into()),
            ("axisLabel", object([("customValues", shown.into())])),
        ]);
        let (least, most) = plot.extent().unwrap_or((0.0, 1.0));
        let least = if plot.from_top { least } else { least.min(0.0) };
        let shade = object([("min", least.into()), ("max", most.max(least + 1e-9).into())]);
        let rows = object([("data", text(&names).into())]);
        let unit = plot.unit;
        let told = writer(move |cell| {
            let values = Reflect::get(&cell, &"value".into()).unwrap_or_default();
            let at = |place: u32| Reflect::get_u32(&values, place).ok().and_then(|v| v.as_f64());
            let name = |texts: &[String], place: u32| {
                let index = at(place).map_or(usize::MAX, |index| index as usize);
                texts.get(index).cloned().unwrap_or_default()
            };
            [
                &name(&names, 1),
                "\n",
                &name(&labels, 0),
                "  ",
                &value(unit, at(2)),
            ]
            .concat()
        });
        let option = object([
            ("xAxis", columns),
            ("yAxis", rows),
            ("visualMap", Array::of1(&shade).into()),
            ("tooltip", object([("formatter", told.as_ref().clone())])),
            ("dataset", source(&plot.cells())),
        ]);
        report(self.set_option(&option, false));
        self.cross
            .columns(plot.start(0, offset_min) as f64, plot.step as f64);
        *self.writers.borrow_mut() = vec![told];
    }

    /// Leaves these bands out of the tooltip.
    pub fn leave_out(&self, bands: [bool; 8]) {
        if self.left_out.replace(bands) == bands {
            return;
        }
        let series: Array = BAND_NAMES
            .into_iter()
            .zip(bands)
            .map(|(name, out)| {
                object([
                    ("id", name.into()),
                    ("tooltip", object([("show", (!out).into())])),
                ])
            })
            .collect();
        report(self.set_option(&object([("series", series.into())]), false));
    }

    /// Shows this heat map.
    pub fn heat(&self, heat: &Heat) {
        let labels: Array = heat.labels.iter().map(|label| JsValue::from_str(label)).collect();
        let shown: Array = heat
            .shown
            .iter()
            .map(|column| JsValue::from_f64(*column))
            .collect();
        let axis = object([
            ("data", labels.into()),
            ("axisLabel", object([("customValues", shown.into())])),
        ]);
        let shade = object([("max", heat.most.into())]);
        let option = object([
            ("xAxis", axis),
            ("visualMap", Array::of1(&shade).into()),
            ("dataset", source(&heat.cells)),
        ]);
        report(self.set_option(&option, false));
        self.cross.columns(heat.first as f64, heat.step as f64);
    }

    fn set_option(&self, option: &JsValue, whole: bool) -> Result<(), JsValue> {
        let how = object([("lazyUpdate", JsValue::TRUE)]);
        if whole {
            Reflect::set(&how, &"replaceMerge".into(), &Array::of1(&"series".into()))?;
        }
        call(&self.instance, "setOption", &[option.clone(), how]).map(|_| ())
    }
}

/// Registers the theme of the moment; returns its name, and what charts are made of in its colours.
fn theme(skeletons: &Skeletons) -> Result<(&'static str, JsValue), JsValue> {
    let root = document().document_element().ok_or(JsValue::NULL)?;
    let dark = match root.get_attribute("data-theme").as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => prefers_dark(),
    };
    let style = window().get_computed_style(&root)?.ok_or(JsValue::NULL)?;
    let text = coloured(&skeletons.0, |token| {
        let value = style.get_property_value(token).unwrap_or_default();
        // A missing token must not make a chart invisible.
        let value = match value.trim() {
            "" => "#7d848c",
            value => value,
        };
        js_sys::JSON::stringify(&value.into()).map_or_else(|_| "null".into(), String::from)
    });
    let parts = js_sys::JSON::parse(&text)?;
    let name = if dark { "fuseboard-dark" } else { "fuseboard-light" };
    let theme = Reflect::get(&parts, &"theme".into())?;
    call(&library()?, "registerTheme", &[name.into(), theme])?;
    Ok((name, parts))
}

fn library() -> Result<JsValue, JsValue> {
    Reflect::get(&js_sys::global(), &"echarts".into())
}

fn source(rows: &[f64]) -> JsValue {
    object([("source", Float64Array::from(rows).into())])
}

fn writer(write: impl Fn(JsValue) -> String + 'static) -> Writer {
    Closure::new(write)
}

fn set(target: &JsValue, name: &str, value: &JsValue) {
    // Cannot fail on a plain object.
    let _ = Reflect::set(target, &name.into(), value);
}

pub(super) fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Cannot fail on a plain object.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

pub(super) fn call(target: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(target, &method.into())?.dyn_into()?;
    function.apply(target, &arguments.iter().collect())
}

/// A chart that cannot be drawn is missed, not fatal.
fn report<T>(result: Result<T, JsValue>) {
    if let Err(error) = result {
        leptos::logging::warn!("a chart could not be drawn: {error:?}");
    }
}
