//! What an objective counts: questions to [`crate::query`], and their answers as tallies.
//!
//! Calls are counted one by one. Streams are counted from the stored sketches of the time to first token (to 1% of the
//! limit). Speed and stand-ins are only known as means: there a minute is good or bad as a whole, and where minutes are no
//! longer kept an hour is, and counts as 60.

use std::collections::BTreeMap;

use domain::Millis;
use domain::objective::{Step, Tally};
use protocol::Span;
use protocol::kpis::slo::{SloDoc, SloEater};
use protocol::query::QueryAnswer;

use super::status::Asker;
use crate::pages::JUDGED;
use crate::{QueryError, QueryRequest, Resolution};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
/// Minutes are read in pieces, so that none has too many points.
const PIECE: Millis = 7 * 24 * HOUR;
/// Requests that nobody can be blamed for are left out, as in *answered*.
pub(super) const NEUTRAL: &str = "outcome:!cancelled outcome:!content_filtered outcome:!bad_request";
/// Providers that are named.
const MAX_EATERS: usize = 20;

/// Something to be counted.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub doc: &'a SloDoc,
    pub span: (Millis, Millis),
    /// By the hour, or as one.
    pub hours: bool,
}

/// What was counted.
#[derive(Default)]
pub(super) struct Counted {
    pub steps: Vec<Step>,
    /// A part of it is no longer kept.
    pub partial: bool,
}

/// The counts of good and valid calls: metrics and what is added to the filter. `bad` says that the first counts bad ones.
struct Ratio {
    part: &'static str,
    whole: (&'static str, &'static str),
    bad: bool,
}

fn ratio(indicator: &str) -> Option<Ratio> {
    let ratio = |part, whole, bad| Some(Ratio { part, whole, bad });
    match indicator {
        "answered" => ratio("answers", ("requests", NEUTRAL), false),
        "attempt_success" => ratio("answers", ("attempts", JUDGED), false),
        "availability" => ratio("failures", ("attempts", JUDGED), true),
        _ => None,
    }
}

/// The questions that give an indicator's counts, for people to ask again: metrics and filters.
pub(super) fn questions(doc: &SloDoc) -> Vec<(&'static str, String)> {
    match (ratio(&doc.indicator), doc.indicator.as_str()) {
        (Some(ratio), _) => vec![
            (ratio.part, doc.filter.clone()),
            (ratio.whole.0, both(&doc.filter, ratio.whole.1)),
        ],
        // No quantile says how many lie below a limit.
        (None, "ttft") => Vec::new(),
        (None, "tokens_per_second") => vec![("tokens_per_second", doc.filter.clone())],
        (None, _) => vec![("fallback_rate", doc.filter.clone())],
    }
}

fn both(filter: &str, added: &str) -> String {
    [filter, added].join(" ").trim().to_owned()
}

fn request(
    metric: &str,
    filter: String,
    (from, to): (Millis, Millis),
    resolution: Resolution,
) -> QueryRequest {
    QueryRequest {
        metric: metric.to_owned(),
        group_by: Vec::new(),
        filter,
        span: Span { from, to },
        resolution,
        compare_previous: false,
        counting: true,
    }
}

fn resolution(hours: bool) -> Resolution {
    match hours {
        true => Resolution::Step(HOUR),
        false => Resolution::MaxPoints(1),
    }
}

/// Whether an objective's question can be asked here.
pub(super) fn askable(asker: Asker<'_>, doc: &SloDoc) -> Result<(), QueryError> {
    let span = (asker.at - HOUR, asker.at);
    let request = request("answers", doc.filter.clone(), span, Resolution::MaxPoints(1));
    asker.engine.asked_by_rules(asker.scope).can_answer(&request)
}

/// Counts everything that is wanted, in its order. Questions about the same time share one reading.
pub(super) async fn count(asker: Asker<'_>, wanted: &[Wanted<'_>]) -> Result<Vec<Counted>, QueryError> {
    let mut requests = Vec::new();
    for one in wanted {
        let Some(ratio) = ratio(&one.doc.indicator).filter(|_| one.span.0 < one.span.1) else {
            continue;
        };
        let (filter, resolution) = (&one.doc.filter, resolution(one.hours));
        requests.push(request(ratio.part, filter.clone(), one.span, resolution));
        requests.push(request(
            ratio.whole.0,
            both(filter, ratio.whole.1),
            one.span,
            resolution,
        ));
    }
    let mut answers = match requests.is_empty() {
        true => Vec::new(),
        false => asker.engine.query_all(asker.scope, &requests).await?,
    }
    .into_iter();
    let mut all = Vec::with_capacity(wanted.len());
    for one in wanted {
        let counted = match ratio(&one.doc.indicator) {
            _ if one.span.0 >= one.span.1 => Counted::default(),
            Some(ratio) => match (answers.next(), answers.next()) {
                (Some(part), Some(whole)) => calls(&part, &whole, ratio.bad),
                _ => Counted::default(),
            },
            None if one.doc.indicator == "ttft" => streams(asker, *one).await?,
            None => minutes(asker, *one).await?,
        };
        all.push(counted);
    }
    Ok(all)
}

/// A sum of weights as the count it is.
fn whole(value: Option<f64>) -> u64 {
    // The cast saturates.
    value.map_or(0, |value| value.round() as u64)
}

fn calls(part: &QueryAnswer, all: &QueryAnswer, bad: bool) -> Counted {
    let points = |answer: &QueryAnswer| -> BTreeMap<Millis, u64> {
        let points = answer.series.iter().flat_map(|series| &series.points);
        points.map(|(at, value)| (*at, whole(*value))).collect()
    };
    let (parts, wholes) = (points(part), points(all));
    let of = |points: &BTreeMap<Millis, u64>, at| points.get(&at).copied().unwrap_or(0);
    let step = all.step.max(1);
    let count = (all.to - all.from) / step;
    let steps = (0..count).map(|nth| {
        let from = all.from + nth * step;
        let (part, valid) = (of(&parts, from), of(&wholes, from));
        let good = if bad { valid.saturating_sub(part) } else { part };
        Step {
            from,
            to: from + step,
            tally: Tally { good, valid },
        }
    });
    Counted {
        steps: steps.collect(),
        partial: all.partial,
    }
}

/// Milliseconds as sketches have them.
fn micros(limit: Option<f64>) -> u64 {
    // The cast saturates.
    (limit.unwrap_or(0.0) * 1_000.0).round() as u64
}

async fn streams(asker: Asker<'_>, one: Wanted<'_>) -> Result<Counted, QueryError> {
    let request = request(
        "ttft_p50",
        one.doc.filter.clone(),
        one.span,
        resolution(one.hours),
    );
    let _turn = asker.engine.turn().await;
    let asked = asker.engine.asked_by_rules(asker.scope);
    let below = asked.below(&request, micros(one.doc.limit)).await?;
    let shares = below.lines.into_iter().next().map(|(_, shares)| shares);
    let steps = shares
        .unwrap_or_default()
        .into_iter()
        .zip(0..)
        .map(|((good, valid), nth)| Step {
            from: below.from + nth * below.step,
            to: below.from + (nth + 1) * below.step,
            tally: Tally { good, valid },
        });
    Ok(Counted {
        steps: steps.collect(),
        partial: below.partial,
    })
}

async fn minutes(asker: Asker<'_>, one: Wanted<'_>) -> Result<Counted, QueryError> {
    let limit = one.doc.limit.unwrap_or(0.0);
    let fast = one.doc.indicator == "tokens_per_second";
    let is_good = |value: f64| if fast { value > limit } else { value < limit };
    let (from, to) = one.span;
    let mut hours: BTreeMap<Millis, Tally> = BTreeMap::new();
    let (mut at, mut partial) = (from, false);
    while at < to {
        let span = (at, (at + PIECE).min(to));
        let resolution = Resolution::Step(MINUTE);
        let asked = request(&one.doc.indicator, one.doc.filter.clone(), span, resolution);
        for answer in asker.engine.query_all(asker.scope, &[asked]).await? {
            partial |= answer.partial;
            let weight = u64::try_from(answer.step / MINUTE).unwrap_or(1).max(1);
            let points = answer.series.iter().flat_map(|series| &series.points);
            for (start, value) in points.filter(|(start, _)| *start >= at || at == from) {
                let Some(value) = value else { continue };
                let tally = Tally {
                    good: if is_good(*value) { weight } else { 0 },
                    valid: weight,
                };
                let hour = start - start.rem_euclid(HOUR);
                let sum = hours.entry(hour).or_default();
                *sum = sum.and(tally);
            }
            // Where only wider steps are kept, the piece reaches as far as its last step does.
            at = answer.to.max(span.1);
        }
    }
    let all = hours
        .values()
        .fold(Tally::default(), |sum, tally| sum.and(*tally));
    let steps = match one.hours {
        false => vec![Step { from, to, tally: all }],
        true => {
            let first = from - from.rem_euclid(HOUR);
            let count = (to - first + HOUR - 1) / HOUR;
            let step = |nth| {
                let from = first + nth * HOUR;
                let tally = hours.get(&from).copied().unwrap_or_default();
                let to = from + HOUR;
                Step { from, to, tally }
            };
            (0..count).map(step).collect()
        }
    };
    Ok(Counted { steps, partial })
}

/// Whose bad events they were, most first. Of *answered* it is the failures of providers, as a request that nobody answered
/// went to several; of minutes nobody can tell.
pub(super) async fn eaters(
    asker: Asker<'_>,
    doc: &SloDoc,
    span: (Millis, Millis),
) -> Result<Vec<SloEater>, QueryError> {
    if span.0 >= span.1 {
        return Ok(Vec::new());
    }
    let by_provider = |metric: &str, filter: String| QueryRequest {
        group_by: vec!["provider".to_owned()],
        ..request(metric, filter, span, Resolution::MaxPoints(1))
    };
    let provider = |group: &BTreeMap<String, String>| group.get("provider").cloned().unwrap_or_default();
    let mut bad: BTreeMap<String, u64> = BTreeMap::new();
    match doc.indicator.as_str() {
        "answered" | "availability" | "attempt_success" => {
            let attempts = doc.indicator == "attempt_success";
            let requests = match attempts {
                true => vec![
                    by_provider("attempts", both(&doc.filter, JUDGED)),
                    by_provider("answers", doc.filter.clone()),
                ],
                false => vec![by_provider("failures", doc.filter.clone())],
            };
            let answers = asker.engine.query_all(asker.scope, &requests).await?;
            for (nth, answer) in answers.iter().enumerate() {
                for series in &answer.series {
                    let count = whole(series.points.first().and_then(|(_, value)| *value));
                    let sum = bad.entry(provider(&series.group)).or_default();
                    *sum = match nth {
                        0 => count,
                        _ => sum.saturating_sub(count),
                    };
                }
            }
        }
        "ttft" => {
            let _turn = asker.engine.turn().await;
            let asked = asker.engine.asked_by_rules(asker.scope);
            let request = by_provider("ttft_p50", doc.filter.clone());
            for (group, shares) in asked.below(&request, micros(doc.limit)).await?.lines {
                let late = shares.iter().map(|(good, all)| all.saturating_sub(*good)).sum();
                bad.insert(provider(&group), late);
            }
        }
        _ => return Ok(Vec::new()),
    }
    let total: u64 = bad.values().sum();
    let mut eaters: Vec<SloEater> = bad
        .into_iter()
        .filter(|(_, bad)| *bad > 0)
        .map(|(provider, bad)| SloEater {
            provider,
            bad,
            share: bad as f64 / total as f64,
        })
        .collect();
    eaters.sort_by(|one, other| {
        other
            .bad
            .cmp(&one.bad)
            .then_with(|| one.provider.cmp(&other.provider))
    });
    eaters.truncate(MAX_EATERS);
    Ok(eaters)
}
