//! The head of the panel: the lever, and the four facts that decide what to do.

use leptos::prelude::*;
use protocol::{State, view::Breaker};

use super::Open;
use crate::{
    components::{big_lever, state_key, state_word},
    features::fuses::{agreement, retry_words},
    format::{NOTHING, full, grouped, moment, percent, span},
    part::{IntoPart, Part, dynamic},
    seed::Site,
};

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Draws the head; `more` are further facts, beside the three that are always there.
pub fn head(open: Open, more: Option<Part>) -> Part {
    let live = open.live;
    let offset = expect_context::<Site>().utc_offset_min;
    let of = move |read: fn(&Breaker, i64) -> String| {
        dynamic(move || open.breaker(|b| b.map(|b| read(b, live.now.get())).unwrap_or_default()))
    };
    let state = move || open.breaker(|b| b.map_or(State::Unknown, |b| b.state));
    let key = dynamic(move || state_key(state()));
    let since = move || open.breaker(|b| b.map_or(0, |b| b.since));
    let next = of(|b, now| match b.state {
        State::Open if b.retry_at.is_some() => [&capitalised(&retry_words(b, now)), "."].concat(),
        State::HalfOpen => match (b.trials_done, b.trials_needed) {
            (Some(done), Some(needed)) => format!("{done} of {needed} trial calls ok."),
            _ => "Trial calls are let through.".to_owned(),
        },
        _ => String::new(),
    });
    let rate = of(|b, _| percent(b.failure_rate));
    let limit = of(|b, _| match b.failure_threshold {
        Some(limit) => format!(
            "{} calls in the last minute, limit {}",
            grouped(b.calls.into()),
            percent(Some(limit)).replace(".0%", "%")
        ),
        None => format!("{} calls in the last minute", grouped(b.calls.into())),
    });
    let away = move || open.turned_away().map_or_else(|| NOTHING.to_owned(), grouped);
    let agreed = of(|b, _| {
        agreement(b)
            .map(|words| format!("{} instances.", capitalised(&words)))
            .unwrap_or_default()
    });
    let reason = of(|b, _| b.reason.clone());
    view! {
        <section class="hero" aria-label="Now">
            {big_lever(key)}
            <div class="facts">
                <div>
                    <small>"State"</small>
                    <b class="state-word" data-detail="state" data-state=key>
                        {dynamic(move || capitalised(state_word(state())))}
                    </b>
                    <span title=dynamic(move || full(since(), offset))>
                        "for " {dynamic(move || span(live.now.get() - since()))} ", since " {dynamic(move || moment(since(), live.now.get(), offset))}
                    </span>
                </div>
                <div>
                    <small>"Failure rate"</small>
                    <b>{rate}</b>
                    <span>{limit}</span>
                </div>
                <div>
                    <small>"Turned away"</small>
                    <b>{dynamic(away)}</b>
                    <span>"calls since the last change"</span>
                </div>
                {more}
            </div>
            <p class="hero-next">
                <b>{agreed}</b>
                " "
                {next}
                " "
                <span class="reason">{reason}</span>
            </p>
        </section>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_with_a_capital() {
        assert_eq!(capitalised("forced open"), "Forced open");
        assert_eq!(capitalised(""), "");
    }
}
