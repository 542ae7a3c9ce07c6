//! Whether a promise would have been kept over the last three months.
//!
//! Of a rolling window every day is looked at, with the window that ended then; of a calendar every period that ended
//! lately, and the one that is open.

use domain::Millis;
use domain::objective::{Step, Tally, Unit, Window, total};
use protocol::kpis::slo::{SloDoc, SloPast, SloPreview};

use super::count::{Wanted, count};
use super::status::Asker;
use super::{Shape, words};
use crate::alerts::AlertError;

const DAY: Millis = 86_400_000;
/// Three months, at their longest.
const BACK: Millis = 92 * DAY;

/// Looks back.
pub(super) async fn preview(asker: Asker<'_>, doc: &SloDoc) -> Result<SloPreview, AlertError> {
    let shape = Shape::of(doc, asker.engine.utc_offset_min())?;
    let begin = match &shape.window {
        Window::Rolling(days) => asker.at - BACK - Millis::from(*days) * DAY,
        Window::Calendar(..) => shape.window.around(asker.at - BACK).0,
    };
    let wanted = Wanted {
        doc,
        span: (begin, asker.at),
        hours: true,
    };
    let hours = count(asker, &[wanted]).await?.pop().unwrap_or_default().steps;
    let objective = doc.objective;
    let windows = match &shape.window {
        Window::Rolling(days) => rolling(&shape, &hours, (*days, objective), asker.at - BACK),
        Window::Calendar(unit, _) => periods(&shape, &hours, (*unit, objective), asker.at),
    };
    Ok(told(windows, &shape, objective))
}

fn past(words: String, (from, to): (Millis, Millis), tally: Tally, objective: f64) -> SloPast {
    SloPast {
        words,
        from,
        to,
        share: tally.share(),
        left: tally.left(objective),
    }
}

/// Each day since `since`, with the window that ended with it.
fn rolling(shape: &Shape, hours: &[Step], (days, objective): (u16, f64), since: Millis) -> Vec<SloPast> {
    let length = Millis::from(days) * DAY;
    let (mut window, mut first) = (Tally::default(), 0);
    let mut next = 0;
    let mut found = Vec::new();
    for day in shape.days(hours.to_vec()) {
        while let Some(step) = hours.get(next).filter(|step| step.to <= day.to) {
            window = window.and(step.tally);
            next += 1;
        }
        while let Some(step) = hours.get(first).filter(|step| step.to <= day.to - length) {
            window.good -= step.tally.good;
            window.valid -= step.tally.valid;
            first += 1;
        }
        if day.from >= since {
            found.push(past(
                shape.day(day.from),
                (day.to - length, day.to),
                window,
                objective,
            ));
        }
    }
    found
}

fn periods(shape: &Shape, hours: &[Step], (unit, objective): (Unit, f64), now: Millis) -> Vec<SloPast> {
    let mut found = Vec::new();
    let mut at = now;
    while at > now - BACK {
        let (from, to) = shape.window.around(at);
        let inside: Vec<Step> = hours
            .iter()
            .filter(|step| step.from >= from && step.from < to)
            .copied()
            .collect();
        let words = match to > now {
            true => format!("{} so far", words::period(shape, unit, from)),
            false => words::period(shape, unit, from),
        };
        found.push(past(words, (from, to.min(now)), total(&inside), objective));
        // Never for ever, should a calendar not go back.
        at = (from - 1).min(at - DAY);
    }
    found.reverse();
    found
}

fn told(windows: Vec<SloPast>, shape: &Shape, objective: f64) -> SloPreview {
    let known: Vec<(&SloPast, f64)> = windows
        .iter()
        .filter_map(|past| Some((past, past.share?)))
        .collect();
    let kept = known
        .iter()
        .filter(|(past, _)| past.left.is_some_and(|left| left >= 0.0))
        .count();
    let worst = known.iter().min_by(|one, other| one.1.total_cmp(&other.1));
    let (of, at) = match (&shape.window, known.len()) {
        (Window::Rolling(_), 1) => ("day", "on"),
        (Window::Rolling(_), _) => ("days", "on"),
        (Window::Calendar(..), 1) => ("period", "in the"),
        (Window::Calendar(..), _) => ("periods", "in the"),
    };
    let words = match worst {
        None => {
            "Nothing is known of the last three months: nobody can say whether it would have held.".to_owned()
        }
        Some((past, share)) => {
            let at = if shape.is_month() { "in" } else { at };
            let all = known.len();
            let held = match kept == all {
                true => format!(
                    "It would have held on all {all} {of} of the last three months of which something is known"
                ),
                false => format!("It would have held on {kept} of {all} {of} of the last three months"),
            };
            format!(
                "{held}; the lowest was {}, {at} {}, and {} is promised.",
                words::share(*share),
                past.words,
                words::share(objective)
            )
        }
    };
    let held = (!known.is_empty()).then_some(kept == known.len());
    SloPreview { words, windows, held }
}

#[cfg(test)]
mod tests {
    use protocol::kpis::slo::SloWindow;

    use super::*;

    const HOUR: Millis = 3_600_000;

    fn shape(window: SloWindow) -> Shape {
        let doc = SloDoc {
            name: "x".into(),
            about: String::new(),
            indicator: "answered".into(),
            limit: None,
            filter: String::new(),
            objective: 0.9,
            window,
            owner: String::new(),
        };
        Shape::of(&doc, 0).unwrap()
    }

    /// Ten calls an hour from a midnight on; all of them bad in one hour.
    fn hours(from: Millis, count: i64, bad: i64) -> Vec<Step> {
        let step = |nth| Step {
            from: from + nth * HOUR,
            to: from + (nth + 1) * HOUR,
            tally: Tally {
                good: if nth == bad { 0 } else { 10 },
                valid: 10,
            },
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn a_bad_hour_counts_for_as_long_as_the_window_is() {
        let midnight = 1_763_596_800_000;
        let shape = shape(SloWindow::Rolling { days: 2 });
        // Three hours of 48 may be bad at 95%; one is, on the third day: 10 of 480.
        let found = rolling(&shape, &hours(midnight, 6 * 24, 50), (2, 0.95), midnight);
        let lost: Vec<bool> = found.iter().map(|day| day.share < Some(1.0)).collect();
        assert_eq!(lost, [false, false, true, true, false, false]);
        let left = found[2].left.unwrap();
        assert!((left - (1.0 - 10.0 / 24.0)).abs() < 1e-9, "{left}");
        let told = told(found, &shape, 0.95);
        assert_eq!(told.held, Some(true));
        assert!(told.words.contains("all 6 days"), "{}", told.words);
    }

    #[test]
    fn nothing_known_is_not_held() {
        let shape = shape(SloWindow::Rolling { days: 2 });
        assert_eq!(told(Vec::new(), &shape, 0.95).held, None);
    }

    #[test]
    fn periods_go_back_from_the_one_that_is_open() {
        let shape = shape(SloWindow::Calendar {
            unit: "month".into(),
            zone: "UTC".into(),
        });
        // 2025-11-20T12:00Z.
        let now = 1_763_640_000_000;
        let found = periods(
            &shape,
            &hours(now - 60 * 24 * HOUR, 60 * 24, 3),
            (Unit::Month, 0.9),
            now,
        );
        let words: Vec<&str> = found.iter().map(|past| past.words.as_str()).collect();
        assert_eq!(words, ["August", "September", "October", "November so far"]);
        assert_eq!(found[0].share, None);
        assert!(found[1].share < Some(1.0) && found[2].share == Some(1.0));
    }
}
