//! How objectives stand at a moment: budget, burn rates, the way down and where it leads.

use domain::Millis;
use domain::objective::{
    Pace, Tally, Window, burn_down, runs_out_by, runs_out_rolling, total, used_up_since,
};
use protocol::kpis::slo::{SloBurn, SloDoc, SloStatus};
use store::TenantScope;

use super::count::{Counted, Wanted, askable, count};
use super::{Shape, check, words};
use crate::{Engine, QueryError};

const HOUR: Millis = 3_600_000;
/// Over which times burn rates are told; the last is the pace at which things go on.
const OVER: [(Millis, &str); 4] = [
    (HOUR, "1 hour"),
    (6 * HOUR, "6 hours"),
    (24 * HOUR, "24 hours"),
    (72 * HOUR, "3 days"),
];
/// A moment longer ago is history: nothing is foretold from it.
const LATELY: Millis = HOUR;

/// Who asks, and about which moment.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub engine: &'a Engine,
    pub scope: &'a TenantScope,
    pub at: Millis,
}

impl<'a> Asker<'a> {
    /// About now.
    pub fn now(engine: &'a Engine, scope: &'a TenantScope) -> Asker<'a> {
        Asker {
            engine,
            scope,
            at: engine.clock().now(),
        }
    }
}

/// How each of some objectives stands, in their order. What cannot be asked says so in its place.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn statuses(asker: Asker<'_>, docs: &[&SloDoc]) -> Result<Vec<SloStatus>, QueryError> {
    let offset = asker.engine.utc_offset_min();
    let mut shapes = Vec::with_capacity(docs.len());
    for doc in docs {
        let asked = askable(asker, doc).map_err(|error| check::of_query(&error));
        shapes.push(asked.and_then(|()| Shape::of(doc, offset)));
    }
    let mut wanted = Vec::new();
    for (doc, shape) in docs.iter().zip(&shapes) {
        let Ok(shape) = shape else { continue };
        let (from, to) = window_at(shape, asker.at);
        wanted.push(Wanted {
            doc,
            span: (from, to.min(asker.at)),
            hours: true,
        });
        wanted.extend(OVER.map(|(over, _)| Wanted {
            doc,
            span: (asker.at - over, asker.at),
            hours: false,
        }));
    }
    let mut counted = count(asker, &wanted).await?.into_iter();
    let mut all = Vec::with_capacity(docs.len());
    for (doc, shape) in docs.iter().zip(&shapes) {
        all.push(match shape {
            Ok(shape) => {
                let window = counted.next().unwrap_or_default();
                let burns = OVER.map(|_| total(&counted.next().unwrap_or_default().steps));
                status(asker, doc, shape, (window, burns))
            }
            Err(error) => unasked(asker, doc, error.to_string()),
        });
    }
    Ok(all)
}

/// The window that a moment is in. The very end of a period still belongs to it: a report of October looks from there.
fn window_at(shape: &Shape, at: Millis) -> (Millis, Millis) {
    match shape.window {
        Window::Rolling(_) => shape.window.around(at),
        Window::Calendar(..) => shape.window.around(at - 1),
    }
}

fn status(
    asker: Asker<'_>,
    doc: &SloDoc,
    shape: &Shape,
    (window, burns): (Counted, [Tally; OVER.len()]),
) -> SloStatus {
    let (from, to) = window_at(shape, asker.at);
    let objective = doc.objective;
    let partial = window.partial;
    let hours = window.steps;
    let all = total(&hours);
    // The hour in which it ended may not have ended yet.
    let used_up = used_up_since(objective, &hours).map(|since| since.min(asker.at));
    let recent = burns.last().copied().unwrap_or_default();
    let pace = Pace {
        tally: recent,
        over: 72 * HOUR,
    };
    let a_day = pace.a_day(objective, all).filter(|_| recent.valid > 0);
    let is_history = asker.at + LATELY < asker.engine.clock().now();
    let (exhausted, added) = match &shape.window {
        _ if is_history || used_up.is_some() => (None, None),
        Window::Rolling(_) => {
            let ahead = (asker.at, shape.window.usual());
            (runs_out_rolling(objective, &hours, pace, ahead), None)
        }
        Window::Calendar(..) => {
            let added = recent.allowed(objective) / 3.0 / all.allowed(objective);
            (runs_out_by(objective, all, pace, (asker.at, to)), Some(added))
        }
    };
    let projection = match (exhausted, a_day) {
        _ if is_history => String::new(),
        (Some(at), Some(a_day)) => words::runs_out(shape, (a_day, added), at),
        _ => words::course(shape, all, used_up, a_day),
    };
    let drawn = shape.drawn(hours);
    let mut left_over_time = burn_down(objective, &drawn);
    // The last step has not ended: what is told of it is told of now.
    for (end, _) in &mut left_over_time {
        *end = (*end).min(asker.at);
    }
    let burn = OVER.iter().zip(burns).map(|((over_ms, words), tally)| SloBurn {
        over_ms: *over_ms,
        words: (*words).to_owned(),
        rate: tally.burn(objective),
    });
    SloStatus {
        as_of: asker.at,
        about: words::about(doc, shape),
        good_words: words::good(doc),
        events: shape.indicator.events.to_owned(),
        from,
        to,
        good: all.valid - all.bad(),
        valid: all.valid,
        now: all.share(),
        allowed: all.allowed(objective),
        bad: all.bad(),
        left: all.left(objective),
        burn: burn.collect(),
        used_up,
        exhausted,
        projection,
        left_over_time,
        step: if shape.by_hour() { "hour" } else { "day" }.to_owned(),
        ate: Vec::new(),
        rule: None,
        partial,
        problem: None,
        working: words::working(doc, (from, to.min(asker.at))),
    }
}

/// An objective of which nothing can be said at the moment.
fn unasked(asker: Asker<'_>, doc: &SloDoc, problem: String) -> SloStatus {
    SloStatus {
        as_of: asker.at,
        about: words::share(doc.objective),
        good_words: words::good(doc),
        events: String::new(),
        from: asker.at,
        to: asker.at,
        good: 0,
        valid: 0,
        now: None,
        allowed: 0.0,
        bad: 0,
        left: None,
        burn: Vec::new(),
        used_up: None,
        exhausted: None,
        projection: String::new(),
        left_over_time: Vec::new(),
        step: "day".to_owned(),
        ate: Vec::new(),
        rule: None,
        partial: false,
        problem: Some(problem),
        working: words::working(doc, (asker.at, asker.at)),
    }
}
