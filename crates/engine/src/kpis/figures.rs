//! The numbers of the page, each with its target, what it was before, its days and how it is computed.
//!
//! A figure is a formula over metrics, the same for the period, for the period before and for each day. Times of people come
//! from alerts instead. A custom figure that cannot be computed (a label that is kept no longer) has no value and says
//! why; the others are not its business.

use std::sync::Arc;

use domain::Millis;
use protocol::query::Unit;
use protocol::view::{Figure, Good, Period, Working};

use super::CustomSheets;
use super::alerts::{self, Times, Took};
use super::ask::{Ask, Part, Sheet, both, count};
use super::built_in::{BUILT_IN, BuiltIn, FIRST};
use super::definitions::{Custom, Definitions};
use super::formula::split;
use crate::QueryError;

/// What was answered.
pub(super) struct Sheets<'a> {
    pub whole: &'a Sheet,
    pub days: &'a Sheet,
    pub before: &'a Sheet,
    /// Of each custom figure: the whole, the days, the period before; or why not.
    pub custom: &'a [Result<Arc<CustomSheets>, String>],
    /// How many days there are.
    pub day_count: usize,
}

/// Requests that are neutral.
fn neutral() -> Part {
    Part::of("neutral")
}

/// What is asked for figures that come with every tenant.
pub(super) fn parts() -> Vec<Part> {
    let metrics = BUILT_IN.iter().flat_map(|figure| figure.metrics);
    let mut parts: Vec<Part> = metrics.map(|metric| Part::of(metric)).collect();
    parts.extend(["requests", "answers", "attempts"].map(Part::of));
    parts.push(neutral());
    parts
}

/// Requests that *answered* is a share of.
pub(super) fn judged(sheet: &Sheet) -> u64 {
    let neutral = count(sheet.value(0, &neutral()));
    count(sheet.one("requests", "")).saturating_sub(neutral)
}

/// Requests that got no answer and should have.
pub(super) fn unanswered(sheet: &Sheet) -> u64 {
    judged(sheet).saturating_sub(count(sheet.one("answers", "")))
}

/// The figures in their order.
pub(super) fn all(
    ask: &Ask<'_>,
    period: &Period,
    definitions: &Definitions,
    sheets: &Sheets<'_>,
    (now, before): (&Times, &Times),
    midnights: &[Millis],
) -> Vec<Figure> {
    let (first, others) = BUILT_IN.split_at(FIRST);
    let built_in = |figure: &BuiltIn| built_in(ask, period, definitions, sheets, figure);
    let took = |key: &str, title: &str, took: &[Took], before: &[Took], words: String| Figure {
        key: key.to_owned(),
        title: title.to_owned(),
        unit: Unit::Milliseconds,
        good: Good::Low,
        value: alerts::typical(took),
        before: alerts::typical(before),
        target: definitions.target(key),
        samples: took.len() as u64,
        days: alerts::by_day(took, midnights),
        owner: definitions.owner(key).to_owned(),
        working: Working {
            words,
            formula: String::new(),
            queries: Vec::new(),
        },
    };
    let alerts = |count: u64| match count {
        1 => "1 alert".to_owned(),
        count => format!("{count} alerts"),
    };
    let nobody = now.fired.saturating_sub(now.acknowledged.len() as u64);
    let acknowledged = format!(
        "The median time from firing to the first acknowledgement, of {} that fired in the period. Nobody acknowledged \
         {nobody} of them, and they are not in it.",
        alerts(now.fired)
    );
    let open = now.fired.saturating_sub(now.resolved.len() as u64);
    let resolved = format!(
        "The median time from firing to the end, of {} that fired in the period; {open} of them have not ended.",
        alerts(now.fired)
    );
    let mut figures: Vec<Figure> = first.iter().map(built_in).collect();
    figures.push(took(
        "time_to_acknowledge",
        "Time to acknowledge",
        &now.acknowledged,
        &before.acknowledged,
        acknowledged,
    ));
    figures.push(took(
        "time_to_resolve",
        "Time to resolve",
        &now.resolved,
        &before.resolved,
        resolved,
    ));
    figures.extend(others.iter().map(built_in));
    let own = definitions.custom().iter().zip(sheets.custom);
    figures.extend(own.map(|(own, sheet)| own_figure(ask, period, own, sheet, sheets)));
    figures
}

fn built_in(
    ask: &Ask<'_>,
    period: &Period,
    definitions: &Definitions,
    sheets: &Sheets<'_>,
    figure: &BuiltIn,
) -> Figure {
    let value = |sheet: &Sheet, step: usize| {
        let values = figure.metrics.iter().map(|metric| sheet.at(step, metric, ""));
        values.reduce(|one, other| Some(one? + other?)).flatten()
    };
    Figure {
        key: figure.key.to_owned(),
        title: figure.title.to_owned(),
        unit: figure.unit,
        good: figure.good,
        value: value(sheets.whole, 0),
        before: value(sheets.before, 0),
        target: definitions.target(figure.key),
        samples: match figure.samples {
            "" => judged(sheets.whole),
            metric => count(sheets.whole.one(metric, "")),
        },
        days: (0..sheets.day_count).map(|day| value(sheets.days, day)).collect(),
        owner: definitions.owner(figure.key).to_owned(),
        working: Working {
            words: figure.words.to_owned(),
            formula: figure.formula.to_owned(),
            queries: {
                let metrics = figure.metrics.iter();
                metrics
                    .map(|metric| question(ask, period, &Part::of(metric)))
                    .collect()
            },
        },
    }
}

fn own_figure(
    ask: &Ask<'_>,
    period: &Period,
    own: &Custom,
    read: &Result<Arc<CustomSheets>, String>,
    sheets: &Sheets<'_>,
) -> Figure {
    let value = |sheet: &Sheet, step: usize| {
        let of = |text: &str| sheet.value(step, &part_of(own, text));
        own.formula.value(&of).filter(|value| value.is_finite())
    };
    let none = || vec![None; sheets.day_count];
    let (now, before, days, samples) = match read {
        Ok(read) => {
            let (whole, days, before) = read.as_ref();
            let samples = count(whole.one("attempts", &own.filter));
            let days = (0..sheets.day_count).map(|day| value(days, day)).collect();
            (value(whole, 0), value(before, 0), days, samples)
        }
        Err(_) => (None, None, none(), 0),
    };
    Figure {
        key: own.key.clone(),
        title: own.title.clone(),
        unit: own.unit,
        good: own.good,
        value: now,
        before,
        target: own.target,
        samples,
        days,
        owner: own.owner.clone(),
        working: Working {
            words: match read {
                Ok(_) => own.words.clone(),
                Err(why) => format!("It cannot be computed: {why}"),
            },
            formula: own.formula.text(),
            queries: {
                let parts = metrics_of(own);
                parts.iter().map(|part| question(ask, period, part)).collect()
            },
        },
    }
}

/// The question that a part of a formula asks; it may have a filter besides the figure's.
fn part_of(own: &Custom, text: &str) -> Part {
    let (metric, narrower) = split(text);
    Part {
        filter: both(&own.filter, narrower),
        ..Part::of(metric)
    }
}

fn metrics_of(own: &Custom) -> Vec<Part> {
    let metrics = own.formula.metrics();
    metrics.iter().map(|text| part_of(own, text)).collect()
}

/// Sheets of custom figures, in their order: all in one reading; where one of them cannot be read, each in its own.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn custom(
    ask: &Ask<'_>,
    all: &[Custom],
    span: (Millis, Millis),
    edges: &[Millis],
    before: (Millis, Millis),
) -> Result<Vec<Result<Arc<CustomSheets>, String>>, QueryError> {
    let read = async |parts: Vec<Part>| -> Result<Arc<CustomSheets>, QueryError> {
        let sheets = tokio::try_join!(
            ask.whole(parts.clone(), span),
            ask.between(parts.clone(), edges),
            ask.whole(parts, before),
        )?;
        Ok(Arc::new(sheets))
    };
    if all.is_empty() {
        return Ok(Vec::new());
    }
    match read(once(all.iter().flat_map(needed))).await {
        Ok(sheets) => return Ok(all.iter().map(|_| Ok(Arc::clone(&sheets))).collect()),
        Err(QueryError::Store(error)) => return Err(error.into()),
        Err(_) => {}
    }
    let mut each = Vec::with_capacity(all.len());
    for own in all {
        each.push(match read(once(needed(own))).await {
            Err(QueryError::Store(error)) => return Err(error.into()),
            read => read.map_err(|why| why.to_string()),
        });
    }
    Ok(each)
}

/// What a custom figure is computed from, and what it rests on.
fn needed(own: &Custom) -> Vec<Part> {
    let mut parts = metrics_of(own);
    parts.push(Part {
        filter: own.filter.clone(),
        ..Part::of("attempts")
    });
    parts
}

/// Each question once.
fn once(parts: impl IntoIterator<Item = Part>) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    for part in parts {
        if !found.contains(&part) {
            found.push(part);
        }
    }
    found
}

/// A question as parameters of `GET /api/v1/query`.
pub(super) fn question(ask: &Ask<'_>, period: &Period, part: &Part) -> String {
    let (from, to) = (period.from, period.until);
    let mut text = format!(
        "metric={}&from={from}&to={to}&max_points=1",
        encoded(&part.metric)
    );
    if part.by_provider {
        text.push_str("&group_by=provider");
    }
    let filter = ask.filter_with(&part.filter);
    if !filter.is_empty() {
        text.push_str("&filter=");
        text.push_str(&encoded(&filter));
    }
    if part.counting {
        text.push_str("&counting=1");
    }
    text
}

/// As it stands in an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_asked_for_once() {
        let parts = parts();
        assert_eq!(once(parts.clone()).len(), parts.len());
        assert_eq!(BUILT_IN[FIRST].key, "saved_by_fallback");
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(encoded("service:\"a b\" é"), "service:%22a%20b%22%20%C3%A9");
    }
}
