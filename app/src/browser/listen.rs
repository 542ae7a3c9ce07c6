//! Listeners and timers that are removed when they are dropped. A page that runs for days leaks whatever is not.

use leptos::prelude::StoredValue;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

use super::window;

/// Keeps a value until the current owner is disposed of, then drops it.
pub fn keep<T: 'static>(value: T) {
    let _ = StoredValue::new_local(value);
}

/// An event listener; dropping it removes it.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `run` for every such event.
    pub fn new(target: &EventTarget, event: &'static str, run: impl FnMut(Event) + 'static) -> Listener {
        let closure: Closure<dyn FnMut(Event)> = Closure::new(run);
        // Fails for no target and no event that exist.
        let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        Listener {
            target: target.clone(),
            event,
            closure,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function = self.closure.as_ref().unchecked_ref();
        let _ = self
            .target
            .remove_event_listener_with_callback(self.event, function);
    }
}

/// Something to be done once, later; dropping it calls it off.
#[derive(Debug)]
pub struct Timeout {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Runs after so many milliseconds; later in a hidden tab.
    pub fn new(ms: i32, run: impl FnOnce() + 'static) -> Timeout {
        let mut run = Some(run);
        let closure: Closure<dyn FnMut()> = Closure::new(move || {
            if let Some(run) = run.take() {
                run();
            }
        });
        let function = closure.as_ref().unchecked_ref();
        let id = window().set_timeout_with_callback_and_timeout_and_arguments_0(function, ms);
        Timeout {
            id: id.unwrap_or_default(),
            _closure: closure,
        }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.id);
    }
}

/// Something done again and again; dropping it ends it.
#[derive(Debug)]
pub struct Interval {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Interval {
    /// Runs every so many milliseconds; less often in a hidden tab.
    pub fn new(ms: i32, run: impl FnMut() + 'static) -> Interval {
        let closure: Closure<dyn FnMut()> = Closure::new(run);
        let function = closure.as_ref().unchecked_ref();
        let id = window().set_interval_with_callback_and_timeout_and_arguments_0(function, ms);
        Interval {
            id: id.unwrap_or_default(),
            _closure: closure,
        }
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        window().clear_interval_with_handle(self.id);
    }
}
