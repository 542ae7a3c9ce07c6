//! The only file that sees JavaScript's ECharts: loading it, and one drawing.
//!
//! Calls go by name through `Reflect`, so that nothing refers to the global `echarts` before it exists, and no
//! exception of the library unwinds through our frames. charming has renderers of its own, but none that disposes,
//! replaces series or changes the theme.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Float64Array, Function, Object, Promise, Reflect};
use protocol::view::{BAND_NAMES, MAX_LINES};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlScriptElement};

use super::Kind;
use super::data::{Heat, Window};
use super::lines::Lines;
use super::skeleton::{Skeletons, coloured};
use crate::browser::{document, prefers_dark, window};

/// Charts over the same time share a crosshair.
const GROUP: &str = "fuseboard";

thread_local! {
    /// The script, once somebody asked for it.
    static SCRIPT: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// Loads the library when the browser has nothing better to do; later calls wait for the first.
pub(super) async fn load(build: &str) -> Result<(), JsValue> {
    let script = SCRIPT.with_borrow_mut(|script| script.get_or_insert_with(|| fetch(build)).clone());
    let loaded = JsFuture::from(script).await;
    if loaded.is_err() {
        // The next one may have better luck.
        SCRIPT.with_borrow_mut(Option::take);
    }
    loaded.map(|_| ())
}

fn fetch(build: &str) -> Promise {
    let source = format!(
        "/pkg/echarts.js?v={}",
        String::from(js_sys::encode_uri_component(build))
    );
    Promise::new(&mut |resolve, reject| {
        let added = (|| {
            let element = document().create_element("script")?;
            let script: HtmlScriptElement = element.unchecked_into();
            script.set_src(&source);
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
}

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
        let drawing = Drawing {
            instance,
            kind,
            skeletons: skeletons.clone(),
            left_out: Cell::new([false; 8]),
        };
        // The heat map counts columns, the others time: their crosshairs have nothing to say to each other.
        if kind != Kind::Heat {
            Reflect::set(&drawing.instance, &"group".into(), &GROUP.into())?;
            call(&library()?, "connect", &[GROUP.into()])?;
        }
        drawing.skeleton(&parts)?;
        Ok(drawing)
    }

    fn skeleton(&self, parts: &JsValue) -> Result<(), JsValue> {
        let option = Reflect::get(parts, &self.kind.skeleton().into())?;
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

    /// Shows lines by provider; the one that is marked stands out.
    pub fn lines(&self, lines: &Lines, marked: Option<&str>) {
        let series: Array = (0..MAX_LINES)
            .map(|place| {
                let name = lines.names.get(place);
                let faint = marked.is_some() && name.map(String::as_str) != marked;
                let look = object([("opacity", if faint { 0.15 } else { 1.0 }.into())]);
                object([
                    ("id", format!("p{place}").into()),
                    ("name", name.map_or("", String::as_str).into()),
                    ("tooltip", object([("show", name.is_some().into())])),
                    ("lineStyle", look.clone()),
                    ("itemStyle", look),
                    // The marked one lies on top.
                    ("z", if faint { 2 } else { 3 }.into()),
                ])
            })
            .collect();
        let values = match lines.axis {
            Some((from, apart)) => object([
                ("min", from.into()),
                ("max", 100.into()),
                ("interval", apart.into()),
                ("axisLabel", object([("formatter", "{value}%".into())])),
            ]),
            None => object([]),
        };
        let time = object([("min", lines.window.min.into()), ("max", lines.window.max.into())]);
        let option = object([
            ("xAxis", time),
            ("yAxis", values),
            ("series", series.into()),
            ("dataset", source(&lines.rows)),
        ]);
        report(self.set_option(&option, false));
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

fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Cannot fail on a plain object.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

fn call(target: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(target, &method.into())?.dyn_into()?;
    function.apply(target, &arguments.iter().collect())
}

/// A chart that cannot be drawn is missed, not fatal.
fn report<T>(result: Result<T, JsValue>) {
    if let Err(error) = result {
        leptos::logging::warn!("a chart could not be drawn: {error:?}");
    }
}
