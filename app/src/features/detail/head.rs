//! The head of the panel: the lever, and the four facts that decide what to do.

use leptos::prelude::*;
use protocol::{State, view::Breaker};

use super::Detail;
use crate::{
    components::{big_lever, state_key, state_word},
    features::fuses::{agreement, retry_words},
    format::{NOTHING, full, grouped, moment, percent, span},
    live::Live,
    part::{IntoPart, Part},
    seed::Site,
};

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Draws the head.
pub fn head(live: Live, breaker: Memo<Option<Breaker>>, detail: Detail) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let of = move |read: fn(&Breaker, i64) -> String| {
        move || breaker.with(|b| b.as_ref().map(|b| read(b, live.now.get())).unwrap_or_default())
    };
    let state = Memo::new(move |_| breaker.with(|b| b.as_ref().map_or(State::Unknown, |b| b.state)));
    let since = move || breaker.with(|b| b.as_ref().map_or(0, |b| b.since));
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
    let away = move || {
        detail.with(|detail| {
            let count = detail.as_ref().and_then(|detail| detail.not_permitted);
            count.map_or_else(|| NOTHING.to_owned(), grouped)
        })
    };
    let agreed = of(|b, _| {
        agreement(b)
            .map(|words| format!("{} instances.", capitalised(&words)))
            .unwrap_or_default()
    });
    let reason = of(|b, _| b.reason.clone());
    view! {
        <section class="hero" aria-label="Now">
            {big_lever(state.into())}
            <div class="facts">
                <div>
                    <small>"State"</small>
                    <b class="state-word" data-detail="state" data-state=move || state_key(state.get())>
                        {move || capitalised(state_word(state.get()))}
                    </b>
                    <span title=move || full(since(), offset)>
                        "for " {move || span(live.now.get() - since())} ", since " {move || moment(since(), live.now.get(), offset)}
                    </span>
                </div>
                <div>
                    <small>"Failure rate"</small>
                    <b>{rate}</b>
                    <span>{limit}</span>
                </div>
                <div>
                    <small>"Turned away"</small>
                    <b>{away}</b>
                    <span>"calls since the last change"</span>
                </div>
            </div>
            <p class="hero-next">
                <b>{agreed}</b>
                " "
                {next}
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
