//! The last day at a glance, for the replay bar: asked for every half minute while somebody looks. When it cannot be
//! had, what was there stays; the bar works without.

use leptos::prelude::*;
use protocol::view::Activity;

use crate::lasting::Lasting;
use crate::live::Live;
use crate::seed::Site;

/// What is known of it, as a context.
#[derive(Clone, Copy)]
pub struct Day {
    /// `None` before it is known.
    pub shown: Lasting<Option<Activity>>,
    /// It was asked for, however that went.
    pub tried: Lasting<bool>,
    /// What the page brought, for whoever shows it first: the code that reads it comes with the bar.
    brought: StoredValue<Option<Vec<u8>>>,
}

impl Day {
    /// The state of the first paint.
    pub fn seeded(activity: Option<Vec<u8>>) -> Day {
        Day {
            shown: Lasting::new(None),
            tried: Lasting::new(false),
            brought: StoredValue::new(activity),
        }
    }

    /// Shows what the page brought and keeps it fresh until the current owner goes. On the server nothing becomes fresher.
    pub fn follow(self, live: Live, site: &Site) {
        if let Some(bytes) = self.brought.try_update_value(Option::take).flatten() {
            self.shown.set(postcard::from_bytes(&bytes).ok());
        }
        #[cfg(feature = "hydrate")]
        follow(self, live, site);
        #[cfg(not(feature = "hydrate"))]
        let _ = (live, site);
    }
}

/// Between two requests, milliseconds. Steps are minutes wide.
#[cfg(feature = "hydrate")]
const EVERY_MS: f64 = 30_000.0;

#[cfg(feature = "hydrate")]
fn follow(day: Day, live: Live, site: &Site) {
    use super::get::get;
    use crate::browser::{document, monotonic_ms};

    let url = [&site.base, "/api/v1/activity?build=", &site.build].concat();
    let url = StoredValue::new(url);
    let seeded = day.shown.with_untracked(Option::is_some);
    let asked_at = StoredValue::new(if seeded { monotonic_ms() } else { f64::NEG_INFINITY });
    Effect::new(move |_| {
        // Ticks once a second.
        live.present.track();
        let at = monotonic_ms();
        if document().hidden() || at - asked_at.get_value() < EVERY_MS {
            return;
        }
        asked_at.set_value(at);
        let url = url.get_value();
        leptos::task::spawn_local(async move {
            let answer = get(&url).await.ok();
            if let Some(activity) = answer.and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
                // The page may be gone by now.
                let _ = day.shown.try_set(Some(activity));
            }
            let _ = day.tried.try_set(true);
        });
    });
}
