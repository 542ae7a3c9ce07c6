//! What a rule would have done: how often, how long, how much noise, and each time.

use leptos::prelude::*;
use protocol::alerts::{Backtest, BacktestTime};

use super::chart::{can_be_dragged, chart, unit_of_condition, words};
use super::{DAYS, RuleView, Would};
use crate::alerts::frame::{Frame, Section};
use crate::format::{date_clock, full, span_short};

/// So many times are listed, the newest.
const LISTED: usize = 12;

/// The card's content.
pub(super) fn card(view: &RuleView) -> AnyView {
    let days = DAYS.map(|days| {
        let words = if days == 1 {
            "1 day".to_owned()
        } else {
            format!("{days} days")
        };
        view! { <option value=days.to_string() selected=days == view.days>{words}</option> }
    });
    let title = match &view.would {
        Ok(Would { backtest, .. }) => told(backtest, view.days),
        Err(_) => "It would have fired …".to_owned(),
    };
    let sub = match &view.would {
        Ok(Would { doc, backtest, .. }) if backtest.worst.iter().any(Option::is_some) => {
            match can_be_dragged(&doc.condition) {
                true => "the worst of all that it looks at; drag the line",
                false => "the worst of all that it looks at",
            }
        }
        _ => "",
    };
    view! {
        <header>
            <h2 aria-live="polite" data-fired-words="">{title}</h2>
            <span class="sub">{sub}</span>
            <select name="days" aria-label="How far back">{days.collect_view()}</select>
        </header>
        {match &view.would {
            Ok(would) => known(&view.frame, would),
            Err(why) => view! { <p class="refused" role="alert">{why.clone()}</p> }.into_any(),
        }}
    }
    .into_any()
}

fn told(told: &Backtest, days: i64) -> String {
    let over = if days == 1 {
        "the last day".to_owned()
    } else {
        format!("{days} days")
    };
    match told.fired {
        0 => format!("It would not have fired in {over}"),
        1 => format!("It would have fired once in {over}"),
        fired => format!("It would have fired {fired} times in {over}"),
    }
}

fn known(frame: &Frame, would: &Would) -> AnyView {
    let (doc, told) = (&would.doc, &would.backtest);
    let figure = |label: &'static str, value: String| {
        view! { <div><dt>{label}</dt> <dd>{value}</dd></div> }
    };
    let longest = match told.longest_ms {
        0 => "—".to_owned(),
        ms => span_short(ms),
    };
    let seen = told.worst.iter().any(Option::is_some) || !told.times.is_empty();
    let is_about_breakers = unit_of_condition(&doc.condition).is_none();
    let nothing = (!seen && !is_about_breakers).then(|| {
        view! { <p class="pad quiet">"Nothing it looks at was there in this time: no calls, or too few to judge."</p> }
    });
    view! {
        {chart(&doc.condition, told, frame.now, frame.utc_offset_min)}
        {nothing}
        <div class="rule-figures">
            <dl>
                {figure("Fired", format!("{}×", told.fired))}
                {figure("Longest", longest)}
                {figure("Shorter than 5 min", told.short.to_string())}
                {figure("While a breaker was open", told.with_breaker.to_string())}
                {(told.flapped > 0).then(|| figure("Held back as flapping", told.flapped.to_string()))}
            </dl>
            {verdict(told)}
        </div>
        {(!told.times.is_empty()).then(|| times(frame, would))}
        {people(frame, would)}
    }
    .into_any()
}

/// How much noise it would be.
fn verdict(told: &Backtest) -> AnyView {
    let weeks = (told.to - told.from).max(1) as f64 / (7.0 * 86_400_000.0);
    let weekly = (told.fired as f64 / weeks).round().max(1.0) as u64;
    let often = match told.to - told.from {
        span if span < 6 * 86_400_000 => String::new(),
        _ if weekly == 1 => " About one a week.".to_owned(),
        _ => format!(" About {weekly} a week."),
    };
    let (strong, more) = match told.noise.as_str() {
        "none" => ("Silent.", " Nobody would have been woken.".to_owned()),
        "quiet" => ("Quiet enough.", often),
        "busy" => ("Busy.", format!("{often} People begin to look away.")),
        _ => (
            "Noisy.",
            format!("{often} Nobody looks after so many: raise the limit, or wait longer."),
        ),
    };
    let grouped = match (told.with_breaker, told.fired) {
        (0, _) => String::new(),
        (with, fired) if with == fired => {
            " Every one came with an open breaker, and would stand in its incident.".to_owned()
        }
        (with, fired) => {
            format!(" {with} of {fired} came with an open breaker, and would stand in its incident.")
        }
    };
    view! {
        <p data-noise=told.noise.clone()>
            <b>{strong}</b>
            {more} {grouped}
        </p>
    }
    .into_any()
}

fn times(frame: &Frame, would: &Would) -> AnyView {
    let offset = frame.utc_offset_min;
    let told = &would.backtest;
    let unit = unit_of_condition(&would.doc.condition);
    let rows = told.times.iter().rev().take(LISTED).map(|time| {
        let lasted = match time.ended {
            Some(ended) => span_short(ended - time.since),
            None => format!("{}, and goes on", span_short(told.to - time.since)),
        };
        let peak = unit
            .zip(time.peak)
            .map(|(unit, peak)| words(&would.doc.condition, unit, peak));
        view! {
            <tr>
                <td><time title=full(time.fired, offset)>{date_clock(time.fired, offset)}</time></td>
                <td data-label="What">{group(time)}</td>
                <td class="n" data-label="Peak">{peak}</td>
                <td class="n" data-label="Lasted">{lasted}</td>
                <td class="quiet" data-label="Same moment">{beside(time)}</td>
            </tr>
        }
    });
    let more = told.times.len().saturating_sub(LISTED);
    view! {
        <div class="rule-times">
            <table class="folds">
                <caption>"Each time"</caption>
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"What"</th>
                        <th scope="col" class="n">"Peak"</th>
                        <th scope="col" class="n">"Lasted"</th>
                        <th scope="col">"Same moment"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
            {(more > 0).then(|| view! { <p class="pad quiet">{format!("and {more} before them")}</p> })}
        </div>
    }
    .into_any()
}

/// What a group is called.
fn group(time: &BacktestTime) -> String {
    let values: Vec<&str> = time
        .labels
        .values()
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .collect();
    match values.is_empty() {
        true => "all calls".to_owned(),
        false => values.join(" · "),
    }
}

fn beside(time: &BacktestTime) -> &'static str {
    match (time.flapping, time.with_breaker) {
        (true, _) => "flapping: nobody told",
        (false, true) => "a breaker open",
        (false, false) => "nothing else",
    }
}

/// What would be told of the last time, and to whom.
fn people(frame: &Frame, would: &Would) -> AnyView {
    let last = would.backtest.times.iter().rev().find(|time| !time.flapping);
    let told = last.map(|time| {
        view! {
            <blockquote data-severity=would.doc.severity.clone()>
                <b>{time.title.clone()}</b>
                <span>{time.summary.clone()}</span>
            </blockquote>
        }
    });
    let href = frame.href(Section::Channels);
    let why = match would.doc.tell.is_empty() {
        true => "Channels choose by urgency and labels",
        false => "The rule names them",
    };
    let whom = match would.through.is_empty() {
        true => view! {
            "Nobody is told: no channel takes it. " <a href=href>"Channels"</a>
        }
        .into_any(),
        false => view! {
            "Told through " <b>{would.through.join(", ")}</b> ". " <a href=href>{why}</a>
        }
        .into_any(),
    };
    view! {
        <div class="rule-people">
            <h3>"What people get"</h3>
            {told}
            <p class="quiet">{whom}</p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use protocol::query::Unit;

    use super::*;

    #[test]
    fn it_is_said_how_often() {
        let mut backtest = Backtest {
            from: 0,
            to: 14 * 86_400_000,
            fired: 0,
            flapped: 0,
            longest_ms: 0,
            short: 0,
            with_breaker: 0,
            noise: "none".into(),
            step_ms: 10_000,
            worst: vec![],
            times: vec![],
        };
        assert_eq!(told(&backtest, 14), "It would not have fired in 14 days");
        backtest.fired = 1;
        assert_eq!(told(&backtest, 1), "It would have fired once in the last day");
        backtest.fired = 6;
        backtest.noise = "quiet".into();
        let html = verdict(&backtest).to_html();
        assert!(html.contains("About 3 a week."), "{html}");
    }

    #[test]
    fn the_unit_of_a_peak_is_its_metrics() {
        assert_eq!(
            unit_of_condition(&super::super::fresh("change").condition),
            Some(Unit::Fraction)
        );
        assert_eq!(
            unit_of_condition(&super::super::fresh("flapping").condition),
            None
        );
    }
}
