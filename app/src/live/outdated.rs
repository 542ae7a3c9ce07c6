//! A page whose server has moved on to another build, waiting for a moment in which nobody minds a reload. It costs
//! nothing to wait: the page goes on in JSON. When such a moment is, `reload` decides.

use std::cell::Cell;
use std::rc::Rc;

use super::reload::Moment;
use crate::browser::{Listener, document, monotonic_ms, now_ms, window};

/// Where a tab remembers that it reloaded itself for a new build; it must survive the reload.
const RELOADED_AT: &str = "fb_reloaded_at";
/// What counts as somebody being there.
const TOUCHES: [&str; 4] = ["pointermove", "pointerdown", "keydown", "wheel"];

/// Watches the visitor's hands; dropping it ends that.
pub(super) struct Outdated {
    touched_at: Rc<Cell<f64>>,
    _touches: [Listener; 4],
}

impl Outdated {
    /// Starts watching; the visitor counts as just seen.
    pub fn new(at: f64) -> Outdated {
        let touched_at = Rc::new(Cell::new(at));
        let touches = TOUCHES.map(|event| {
            let touched_at = touched_at.clone();
            Listener::new(&document(), event, move |_| touched_at.set(monotonic_ms()))
        });
        Outdated {
            touched_at,
            _touches: touches,
        }
    }

    /// Reloads the page if this is the moment.
    pub fn maybe_reload(&self, at: f64) {
        // Without storage there is no way to know how often it happened: then never.
        let Ok(Some(storage)) = window().session_storage() else {
            return;
        };
        let Ok(last) = storage.get_item(RELOADED_AT) else {
            return;
        };
        let moment = Moment {
            now: now_ms(),
            last_reload: last.and_then(|last| last.parse().ok()),
            hidden: document().hidden(),
            untouched: at - self.touched_at.get(),
        };
        if moment.allows_reload() && storage.set_item(RELOADED_AT, &moment.now.to_string()).is_ok() {
            // Fails only while the page is being left already.
            let _ = window().location().reload();
        }
    }
}
