//! Asks for what the address wants, and again every ten seconds.
//!
//! The asking itself knows nothing of what it asks for: one copy of it serves every page.

use std::rc::Rc;

use leptos::prelude::*;

use super::due::Moment;
use super::get::{again, get};
use super::{Asking, Fetched, Figures, Trouble};
use crate::browser::{document, encode, monotonic_ms};
use crate::live::Live;
use crate::seed::Site;

/// Takes the bytes of an answer; false when they cannot be read.
type Take = Box<dyn Fn(&[u8]) -> bool>;

/// The part that knows what the answer is.
struct Question {
    /// Where the page wants to ask; empty while it does not.
    address: Box<dyn Fn() -> String>,
    /// The figures there are answer it.
    answered: Box<dyn Fn() -> bool>,
    /// The figures there are change with time.
    moving: Box<dyn Fn() -> bool>,
    take: Take,
}

pub(super) fn follow<T: Figures>(fetched: Fetched<T>, asked: Memo<T::Asked>, live: Live, site: &Site) {
    let figures = fetched.figures;
    let question = Question {
        address: Box::new(move || asked.with(T::address)),
        answered: Box::new(move || {
            asked.with(|asked| {
                figures.with_untracked(|shown| shown.as_ref().is_some_and(|shown| shown.answers(asked)))
            })
        }),
        moving: Box::new(move || figures.with_untracked(|shown| shown.as_ref().is_some_and(Figures::moves))),
        take: Box::new(move |bytes| {
            let answer = postcard::from_bytes(bytes).ok();
            let read = answer.is_some();
            if read {
                figures.set(answer);
            }
            read
        }),
    };
    ask_on(fetched.asking, question, live, site);
}

fn ask_on(state: Asking, question: Question, live: Live, site: &Site) {
    // The first paint counts as an answer to the first question.
    let asked_at = StoredValue::new(monotonic_ms());
    let question = Rc::new(question);
    let ask: Rc<dyn Fn()> = {
        let question = Rc::clone(&question);
        let (base, build) = (site.base.clone(), encode(&site.build));
        Rc::new(move || {
            let address = untrack(|| (question.address)());
            if address.is_empty() {
                return;
            }
            asked_at.set_value(monotonic_ms());
            state.hurry.set_value(false);
            let url = [&base, &address, "&build=", &build].concat();
            state.busy.set(true);
            let question = Rc::clone(&question);
            leptos::task::spawn_local(async move {
                let answer = get(&url).await;
                take(state, &question, &address, answer);
            });
        })
    };
    // Another question, or a wish to try again, does not wait.
    Effect::new({
        let (question, ask) = (Rc::clone(&question), Rc::clone(&ask));
        move |before: Option<u32>| {
            let wish = state.again.get();
            let changed = !(question.answered)();
            wanted(state, (question.address)());
            if changed || before.is_some_and(|before| before != wish) {
                ask();
            }
            wish
        }
    });
    // `now` ticks once a second.
    Effect::new(move |_| {
        live.now.track();
        let moment = Moment {
            since_asked: monotonic_ms() - asked_at.get_value(),
            asking: state.busy.get_untracked(),
            resting: document().hidden() || live.paused.get_untracked(),
            answered: untrack(|| (question.answered)()),
            moving: (question.moving)(),
            hurry: state.hurry.get_value(),
            trouble: state
                .trouble
                .with_untracked(|trouble| trouble.as_ref().map(|trouble| trouble.cure)),
        };
        if moment.is_due() {
            ask();
        }
    });
}

/// Remembers what is wanted. What went wrong with another question is not told of this one; what was painted is of the
/// first.
fn wanted(state: Asking, address: String) {
    let before = state.wanted.get_value();
    if before.as_ref() == Some(&address) {
        return;
    }
    state.wanted.set_value(Some(address));
    if before.is_some() {
        state.trouble.set(None);
    }
}

fn take(state: Asking, question: &Question, address: &str, answer: Result<Vec<u8>, Trouble>) {
    // The answer to an older wish comes too late.
    if state
        .wanted
        .with_value(|wanted| wanted.as_deref() != Some(address))
    {
        return;
    }
    state.busy.set(false);
    let trouble = match answer {
        Ok(bytes) if (question.take)(&bytes) => None,
        Ok(_) => Some(again("The answer cannot be read.")),
        Err(trouble) => Some(trouble),
    };
    // The same trouble once more is no news: its note stays, and with it the focus on its button.
    if state.trouble.with_untracked(|before| *before != trouble) {
        state.trouble.set(trouble);
    }
}
