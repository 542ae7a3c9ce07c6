//! Objectives in words: what is good, over what it is promised, how it is computed and where it leads.

use domain::Millis;
use domain::objective::{Tally, Unit, Window};
use protocol::kpis::slo::SloDoc;
use protocol::view::Working;

use super::Shape;
use super::count::questions;

/// A share with as many digits as it needs: `99.5%`, `99.95%`.
pub(crate) fn share(value: f64) -> String {
    let text = format!("{:.4}", value * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    [text, "%"].concat()
}

/// A share of a budget, to the tenth of a percent.
pub(super) fn tenth(value: f64) -> String {
    let text = format!("{:.1}", value * 100.0);
    match text.as_str() {
        "0.0" | "-0.0" if value > 0.0 => "less than 0.1%".to_owned(),
        text => [text, "%"].concat(),
    }
}

/// `30 days rolling, 99.5%`
pub(super) fn about(doc: &SloDoc, shape: &Shape) -> String {
    let window = match &shape.window {
        Window::Rolling(1) => "1 day rolling".to_owned(),
        Window::Rolling(days) => format!("{days} days rolling"),
        Window::Calendar(unit, zone) => format!("by the {}, in {}", unit.as_str(), zone.name()),
    };
    format!("{window}, {}", share(doc.objective))
}

/// A calendar period by its name: `October`, `3rd quarter`, `week of 16 Nov`.
pub(super) fn period(shape: &Shape, unit: Unit, from: Millis) -> String {
    match unit {
        Unit::Week => format!("week of {}", shape.day(from)),
        Unit::Month => shape.shown(from, "%B"),
        Unit::Quarter => match shape.shown(from, "%m").as_str() {
            "01" => "1st quarter".to_owned(),
            "04" => "2nd quarter".to_owned(),
            "07" => "3rd quarter".to_owned(),
            _ => "4th quarter".to_owned(),
        },
    }
}

fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What is good, as one says it.
pub(super) fn good(doc: &SloDoc) -> String {
    let limit = doc.limit.unwrap_or(0.0);
    match doc.indicator.as_str() {
        "answered" => "requests that were answered".to_owned(),
        "attempt_success" => "attempts that succeeded".to_owned(),
        "availability" => "attempts that did not end in a provider's failure".to_owned(),
        "ttft" => format!("streams with a first token below {} ms", number(limit)),
        "tokens_per_second" => format!("minutes with more than {} tokens/s", number(limit)),
        _ => format!(
            "minutes in which less than {} of answers came from a stand-in",
            share(limit)
        ),
    }
}

/// How it is computed, with the questions that give the parts.
pub(super) fn working(doc: &SloDoc, (from, to): (Millis, Millis)) -> Working {
    let (how, formula) = match doc.indicator.as_str() {
        "answered" => (
            "Answers ÷ requests that are not neutral.",
            "answers / (requests - neutral)",
        ),
        "attempt_success" => (
            "ok ÷ attempts that are not neutral, auth or quota.",
            "answers / judged_attempts",
        ),
        "availability" => (
            "1 − provider failures ÷ attempts that are not neutral, auth or quota.",
            "1 - failures / judged_attempts",
        ),
        "ttft" => (
            "Streams whose first token came below the limit ÷ ok streams; from sketches, which tell times apart to 1%.",
            "streams_below / streams",
        ),
        "tokens_per_second" => (
            "Minutes whose mean speed was above the limit ÷ minutes with streams. Speed is only kept as a mean: where \
             minutes are no longer kept, an hour is good or bad as a whole and counts as 60.",
            "good_minutes / minutes",
        ),
        _ => (
            "Minutes whose share of stand-ins was below the limit ÷ minutes with answers; where minutes are no longer \
             kept, an hour is good or bad as a whole and counts as 60.",
            "good_minutes / minutes",
        ),
    };
    let budget =
        "The budget is (1 − objective) × all that count. Drills, probes and simulations do not count.";
    // Sums over all of it; means are told by step.
    let whole = if doc.limit.is_none() { "&max_points=1" } else { "" };
    let query = |(metric, filter): (&str, String)| {
        let filter = encoded(&filter);
        format!("metric={metric}&filter={filter}&from={from}&to={to}{whole}&counting=1")
    };
    Working {
        words: format!("{how} {budget}"),
        formula: formula.to_owned(),
        queries: questions(doc).into_iter().map(query).collect(),
    }
}

/// As a value of a query string.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Where it leads, when it runs out at the pace of the last 3 days.
pub(super) fn runs_out(shape: &Shape, (a_day, added): (f64, Option<f64>), at: Millis) -> String {
    let added = added.map_or_else(String::new, |added| {
        format!(" with {} a day added by the calls that come", tenth(added))
    });
    format!(
        "At the pace of the last 3 days, {} a day{added}, the budget is used up on {}.",
        tenth(a_day),
        shape.about(at)
    )
}

/// What else there is to say of the course.
pub(super) fn course(shape: &Shape, window: Tally, used_up: Option<Millis>, a_day: Option<f64>) -> String {
    match (window.valid, used_up, a_day) {
        (0, ..) => "Nothing was sent in this window.".to_owned(),
        (_, Some(since), _) => format!("The budget has been used up since {}.", shape.moment(since)),
        (_, None, None) => "Nothing was sent in the last 3 days: nobody can tell how it goes on.".to_owned(),
        (_, None, Some(a_day)) if a_day <= 0.0 => {
            "Nothing of the budget was used up in the last 3 days: it lasts.".to_owned()
        }
        (_, None, Some(a_day)) => format!(
            "At the pace of the last 3 days, {} a day, the budget lasts.",
            tenth(a_day)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_digits_they_need() {
        assert_eq!(share(0.995), "99.5%");
        assert_eq!(share(0.9), "90%");
        assert_eq!(share(0.99995), "99.995%");
        assert_eq!(tenth(0.018), "1.8%");
        assert_eq!(tenth(0.0001), "less than 0.1%");
        assert_eq!(tenth(-0.2), "-20.0%");
    }

    #[test]
    fn questions_can_be_asked_again() {
        assert_eq!(encoded("service:\"a b\" é"), "service%3A%22a%20b%22%20%C3%A9");
    }
}
