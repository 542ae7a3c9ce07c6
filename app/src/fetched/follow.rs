//! Asks for what the address wants, and again every ten seconds.

use js_sys::encode_uri_component;
use leptos::prelude::*;
use protocol::view::Providers;

use super::due::Moment;
use super::get::{again, get};
use super::{Asked, Fetched, Trouble};
use crate::browser::{document, monotonic_ms};
use crate::live::Live;
use crate::seed::Site;

/// A range whose end is this close to the moment of its answer ends now.
const NOW_MS: i64 = 10_000;

pub(super) fn follow(fetched: Fetched, asked: Memo<Asked>, live: Live, site: &Site) {
    // The first paint counts as an answer to the first question.
    let asked_at = StoredValue::new(monotonic_ms());
    let here = StoredValue::new((site.base.clone(), site.build.clone()));
    let ask = move || {
        asked_at.set_value(monotonic_ms());
        let asked = asked.get_untracked();
        let url = here.with_value(|(base, build)| address(base, build, &asked));
        fetched.asking.set(true);
        leptos::task::spawn_local(async move {
            let answer = get(&url).await.and_then(|bytes| read(&bytes));
            take(fetched, &asked, answer);
        });
    };
    let answered = move |asked: &Asked| {
        let shown = fetched.providers;
        shown.with_untracked(|shown| shown.as_ref().is_some_and(|shown| asked.is_answered_by(shown)))
    };
    // Another range, or a wish to try again, does not wait.
    Effect::new(move |before: Option<u32>| {
        let wish = fetched.again.get();
        let changed = !asked.with(answered);
        wanted(fetched, asked.get_untracked());
        if changed || before.is_some_and(|before| before != wish) {
            ask();
        }
        wish
    });
    // `now` ticks once a second.
    Effect::new(move |_| {
        live.now.track();
        let moving = |shown: &Option<Providers>| {
            shown
                .as_ref()
                .is_some_and(|shown| shown.to >= shown.as_of - NOW_MS)
        };
        let moment = Moment {
            since_asked: monotonic_ms() - asked_at.get_value(),
            asking: fetched.asking.get_untracked(),
            resting: document().hidden() || live.paused.get_untracked(),
            answered: asked.with_untracked(answered),
            moving: fetched.providers.with_untracked(moving),
            trouble: fetched
                .trouble
                .with_untracked(|trouble| trouble.as_ref().map(|trouble| trouble.cure)),
        };
        if moment.is_due() {
            ask();
        }
    });
}

/// Remembers what is wanted. What went wrong with another range is not told of this one.
fn wanted(fetched: Fetched, asked: Asked) {
    let other = fetched
        .wanted
        .with_value(|wanted| wanted.as_ref() != Some(&asked));
    if other {
        fetched.wanted.set_value(Some(asked));
        fetched.trouble.set(None);
    }
}

fn take(fetched: Fetched, asked: &Asked, answer: Result<Providers, Trouble>) {
    // The answer to an older wish comes too late.
    if fetched.wanted.with_value(|wanted| wanted.as_ref() != Some(asked)) {
        return;
    }
    fetched.asking.set(false);
    match answer {
        Ok(providers) => {
            fetched.providers.set(Some(providers));
            fetched.trouble.set(None);
        }
        // The same trouble once more is no news: its note stays, and with it the focus on its button.
        Err(trouble) => {
            let trouble = Some(trouble);
            if fetched.trouble.with_untracked(|before| *before != trouble) {
                fetched.trouble.set(trouble);
            }
        }
    }
}

fn address(base: &str, build: &str, asked: &Asked) -> String {
    let text = |text: &str| String::from(encode_uri_component(text));
    [
        base,
        "/api/v1/providers?from=",
        &text(&asked.from),
        "&to=",
        &text(&asked.to),
        "&build=",
        &text(build),
    ]
    .concat()
}

fn read(bytes: &[u8]) -> Result<Providers, Trouble> {
    postcard::from_bytes(bytes).map_err(|_| again("The answer cannot be read."))
}
