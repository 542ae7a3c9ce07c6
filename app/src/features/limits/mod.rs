//! The Limits page: a row per cap, with what is used, what happens at the cap, and the setting that moves it.
//!
//! Deliberately absent: changing a setting (the configuration file and the environment do).

mod words;

use leptos::prelude::*;
use protocol::Level;
use protocol::limits::{Limit, Limits};

use super::history::trouble;
use crate::{
    components::shape,
    fetched::Fetched,
    part::{IntoPart, Item, Part, dynamic, list, when},
};

pub use words::sentence;

/// Draws everything under the bar.
pub fn limits(fetched: Fetched<Limits>, asked: Memo<()>) -> Part {
    let there = Memo::new(move |_| fetched.see(|_| true));
    view! {
        <div class="doc limits">
            {trouble(fetched, asked)}
            {when(move || Some(if there.get() { card(fetched) } else { waiting() }))}
        </div>
    }
    .part()
}

fn waiting() -> Part {
    view! {
        <p class="card pad quiet" data-limits-waiting="">
            "The figures appear here."
        </p>
    }
    .part()
}

fn card(fetched: Fetched<Limits>) -> Part {
    let items = move || {
        let item = |limit: &Limit| {
            let name = limit.name.clone();
            Item::new(name.clone(), move || row(fetched, name))
        };
        fetched.see(|limits| limits.items.iter().map(item).collect())
    };
    view! {
        <section class="card" aria-labelledby="limits-title" data-limits="">
            <header>
                <h2 id="limits-title">"What is capped"</h2>
                <span class="sub">"at a cap the newest and the coarsest stay; nothing fails"</span>
            </header>
            <ul class="caps">{list(items)}</ul>
            <p class="caps-end quiet" data-freed="">{dynamic(move || fetched.see(words::since_start))}</p>
        </section>
    }
    .part()
}

fn row(fetched: Fetched<Limits>, name: String) -> Part {
    let key = StoredValue::new(name.clone());
    let see = move |text: fn(&Limit, &Limits) -> String| {
        dynamic(move || {
            fetched.see(|limits| {
                let found = key.with_value(|key| limits.items.iter().find(|limit| limit.name == *key));
                found.map(|limit| text(limit, limits)).unwrap_or_default()
            })
        })
    };
    let level = Memo::new(move |_| {
        fetched.see(|limits| {
            let found = key.with_value(|key| limits.items.iter().find(|limit| limit.name == *key));
            found.map(words::level)
        })
    });
    let share = move || {
        fetched.see(|limits| {
            let found = key.with_value(|key| limits.items.iter().find(|limit| limit.name == *key));
            found.filter(|limit| !limit.chosen).and_then(words::share)
        })
    };
    let label = ["cap-", &name].concat();
    view! {
        <li data-cap=name>
            <div class="cap-what">
                <b id=label.clone()>{see(|limit, _| limit.title.clone())}</b>
                <span class="quiet">{see(|limit, _| words::plain(&limit.at_cap))}</span>
            </div>
            <div class="cap-use">
                <span class="cap-words">
                    {when(move || level.get().filter(|level| *level != Level::Ok).map(shape))}
                    <span data-cell="use">{see(|limit, _| words::used(limit))}</span>
                </span>
                <meter
                    min="0"
                    max="1"
                    low="0.8"
                    high="0.95"
                    optimum="0"
                    aria-labelledby=label
                    value=dynamic(move || share().map(words::meter))
                    hidden=dynamic(move || share().is_none())
                ></meter>
                <span class="quiet">{see(words::reach)}</span>
            </div>
            <code>{see(|limit, _| limit.setting.clone())}</code>
        </li>
    }
    .part()
}
