//! "If the limit were": a slider over the limits at which the recorded calls were replayed. Where it stands is told in
//! the address.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_query_map;
use protocol::view::{LimitReplay, LimitReplays};

use super::{
    Sources,
    words::{compared, count_between, replayed, rules, time_between, unknown},
};
use crate::{
    browser,
    features::{fuses::percent_limit, history::trouble},
    fetched::{AskedAbout, Fetched},
    format::moment,
    part::{IntoPart, Part, See, dynamic, when},
    seed::Site,
};

/// The lowest limit, the distance of two, and the highest, in percent.
const STEPS: [u32; 3] = [5, 5, 95];
/// Where it stands when no limit is told: the usual one.
const USUAL: u32 = 50;

/// Draws the card.
pub(super) fn limit(sources: Sources) -> Part {
    let Sources { replays, asked, .. } = sources;
    let full = Memo::new(move |_| {
        see(replays, |replays| {
            asked.see(|asked| belongs(replays, &asked.what)) && replays.oldest.is_some()
        })
        .unwrap_or_default()
    });
    let empty = Memo::new(move |_| {
        see(replays, |replays| {
            asked.see(|asked| belongs(replays, &asked.what)) && replays.oldest.is_none()
        })
        .unwrap_or_default()
    });
    let offset = expect_context::<Site>().utc_offset_min;
    let what = move || {
        see(replays, |told| {
            let since = told.oldest.map(|at| moment(at, told.as_of, offset));
            match full.get() {
                true => ["replayed over ", &replayed(told, since)].concat(),
                false => String::new(),
            }
        })
        .unwrap_or_default()
    };
    let replays_asked = Memo::new(move |_| asked.see(question));
    view! {
        <section class="card" aria-labelledby="limit-title" data-limit="">
            <header>
                <h2 id="limit-title">"If the limit were"</h2>
                <span class="sub">{dynamic(what)}</span>
            </header>
            {trouble(replays, replays_asked)}
            {when(move || Some(match (full.get(), empty.get()) {
                (true, _) => slider(replays),
                (_, true) => no_calls(),
                _ => waiting(),
            }))}
        </section>
    }
    .part()
}

/// The question for the replays of a page's range.
pub fn question(page: &AskedAbout) -> AskedAbout {
    AskedAbout {
        what: [&page.what, "/whatif"].concat(),
        ..page.clone()
    }
}

fn belongs(replays: &LimitReplays, page: &str) -> bool {
    page.strip_prefix("breakers/") == Some(replays.id.as_str())
}

fn see<R>(replays: Fetched<LimitReplays>, look: impl FnOnce(&LimitReplays) -> R) -> Option<R> {
    replays.figures.see(|replays| replays.as_ref().map(look))
}

fn waiting() -> Part {
    view! { <p class="pad quiet" data-limit-waiting="">"The recorded calls are being replayed."</p> }.part()
}

fn no_calls() -> Part {
    view! {
        <p class="pad quiet" data-limit-empty="">
            "No call on record names this breaker in this range. Send calls with their field " <code>"breaker"</code>
            " to see what other limits would have done."
        </p>
    }
    .part()
}

/// The limit in force in percent, to the nearest that was replayed.
fn in_force(replays: &LimitReplays) -> Option<u32> {
    let current = replays.replays.get(replays.current? as usize)?;
    Some(percent_of(current))
}

fn percent_of(replay: &LimitReplay) -> u32 {
    // 5 to 95.
    (replay.limit * 100.0).round() as u32
}

fn slider(replays: Fetched<LimitReplays>) -> Part {
    let query = use_query_map();
    let told = query.with_untracked(|query| query.get("limit").and_then(|text| text.parse().ok()));
    let chosen = RwSignal::new(told.filter(|limit| (STEPS[0]..=STEPS[2]).contains(limit)));
    let stands = Memo::new(move |_| {
        chosen
            .get()
            .or_else(|| see(replays, in_force).flatten())
            .unwrap_or(USUAL)
    });
    let told = Memo::new(move |_| chosen.get().map(|limit| limit.to_string()));
    browser::keep_query("limit", told);
    let at = move |read: fn(&LimitReplay) -> String| {
        dynamic(move || {
            let stands = stands.get();
            see(replays, |replays| {
                let found = replays.replays.iter().find(|replay| percent_of(replay) == stands);
                found.map(read)
            })
            .flatten()
            .unwrap_or_default()
        })
    };
    let words = move || {
        let stands = stands.get();
        see(replays, |replays| {
            let found = replays
                .replays
                .iter()
                .find(|replay| percent_of(replay) == stands)?;
            let current = replays
                .current
                .and_then(|current| replays.replays.get(current as usize));
            Some(compared(found, current))
        })
        .flatten()
        .unwrap_or_default()
    };
    let about =
        move |read: fn(&LimitReplays) -> String| dynamic(move || see(replays, read).unwrap_or_default());
    let force = about(|replays| match replays.limit {
        Some(limit) => ["in force: ", &percent_limit(limit)].concat(),
        None => String::new(),
    });
    let figure = |title: &'static str, key: &'static str, read: fn(&LimitReplay) -> String| {
        view! {
            <div data-replay=key>
                <small>{title}</small>
                <b>{at(read)}</b>
            </div>
        }
    };
    let percent = dynamic(move || [&stands.get().to_string(), "%"].concat());
    let unknown_calls = about(unknown);
    view! {
        <div class="pad replay">
            <label class="replay-at">
                <span>"Failure limit"</span>
                <b data-replay="limit">{percent}</b>
                <small>{force}</small>
                <input
                    type="range"
                    min=STEPS[0].to_string()
                    step=STEPS[1].to_string()
                    max=STEPS[2].to_string()
                    aria-valuetext=percent
                    prop:value=dynamic(move || stands.get().to_string())
                    on:input=move |event: ev::Event| {
                        if let Ok(limit) = event_target_value(&event).parse() {
                            chosen.set(Some(limit));
                        }
                    }
                />
            </label>
            <div class="replay-figures">
                {figure("Opened", "opened", |replay| [&count_between(replay.opened), "×"].concat())}
                {figure("Time open", "open", |replay| time_between(replay.open_ms))}
                {figure("Failures let through", "failures", |replay| count_between(replay.failures_let_through))}
                {figure("Good calls turned away", "good", |replay| count_between(replay.good_turned_away))}
            </div>
            <p data-replay="words">{dynamic(words)}</p>
            <p class="quiet">
                {unknown_calls}
                " "
                {about(rules)}
            </p>
        </div>
    }
    .part()
}
