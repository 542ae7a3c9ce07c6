//! The charts of the page, with the sentences that say what they show.

use leptos::prelude::*;
use protocol::view::{Burndown, KpiPage, OpenHours, Unreliability, Working};

use super::KpiView;
use super::words::{UNKNOWN, share, target};
use super::working;
use crate::format::{self, fixed};
use crate::kpis::calendar::Calendar;
use crate::kpis::charts::{AreaData, Chart, Drawing, hours_a_cell, hours_of, last, money};
use protocol::query::Unit;

/// Rows that a table below a chart has at most; the export has them all.
const MOST_ROWS: usize = 200;

pub(super) fn charts(view: &KpiView) -> Vec<Chart> {
    all(&view.page, &view.calendar)
}

/// Every chart that the figures give.
pub(super) fn all(page: &KpiPage, calendar: &Calendar) -> Vec<Chart> {
    let budget = page
        .budget
        .as_ref()
        .map(|budget| burndown(page, budget, calendar));
    let mut charts: Vec<Chart> = budget.into_iter().collect();
    charts.push(unreliability(page));
    charts.push(breakers(page, calendar));
    charts
}

/// How a chart's figures are computed.
pub(super) fn working(view: &KpiView, chart: &str) -> Option<AnyView> {
    let base = &view.frame.base;
    let one = |title: &str, key: &str, working: &Working| {
        working::working(base, key, title, working, ().into_any())
    };
    match chart {
        "budget" => {
            let budget = view.page.budget.as_ref()?;
            Some(one("Error budget left", "working-budget", &budget.working))
        }
        "unreliability" => {
            let parts = view.page.unreliability.parts.iter().map(|part| {
                let key = ["working-", &part.key].concat();
                view! {
                    <div class="kpis-part">
                        <b>{part.title.clone()}</b>
                        {one(&part.title, &key, &part.working)}
                    </div>
                }
            });
            Some(view! { <div class="kpis-parts">{parts.collect_view()}</div> }.into_any())
        }
        _ => None,
    }
}

fn burndown(page: &KpiPage, budget: &Burndown, calendar: &Calendar) -> Chart {
    let span = (page.period.from, page.period.to.max(page.period.from + 1));
    let ticks = calendar.ticks(span);
    // The newest first, and no more of them than one reads.
    let apart = budget.left.len().div_ceil(MOST_ROWS).max(1);
    let rows = budget.left.iter().rev().step_by(apart).map(|(at, left)| {
        let left = left.map_or_else(|| UNKNOWN.to_owned(), percent);
        vec![calendar.full(*at), left]
    });
    Chart {
        name: "budget",
        title: format!("Error budget left, {}", budget.title),
        about: match budget.about.as_str() {
            "" => target(Unit::Fraction, budget.objective),
            about => about.to_owned(),
        },
        hint: String::new(),
        summary: budget_words(budget, calendar),
        columns: vec!["Until", "Left"],
        rows: rows.collect(),
        drawing: Drawing::area(&AreaData {
            span,
            points: &budget.left,
            zero_at: budget.exhausted,
            ticks: &ticks,
        }),
    }
}

fn percent(left: f64) -> String {
    format!("{}%", fixed(left * 100.0, if left.abs() < 0.1 { 1 } else { 0 }))
}

fn budget_words(budget: &Burndown, calendar: &Calendar) -> String {
    let Some((_, left)) = last(&budget.left) else {
        return "Nothing is known of the budget in this period.".to_owned();
    };
    let now = match left {
        left if left < 0.0 => format!("The budget is overspent by {}.", percent(-left)),
        0.0 => "The budget is used up.".to_owned(),
        left => format!("{} of the budget is left.", percent(left)),
    };
    let ahead = match budget.exhausted {
        Some(at) if left > 0.0 => {
            format!(
                " As in the last days, it will be used up on {}.",
                calendar.moment(at)
            )
        }
        _ => String::new(),
    };
    let how = match budget.projection.as_str() {
        "" => String::new(),
        words => format!(" {words}"),
    };
    [now, ahead, how].concat()
}

fn unreliability(page: &KpiPage) -> Chart {
    let cost = &page.unreliability;
    let rows: Vec<(String, Option<f64>)> = cost
        .parts
        .iter()
        .map(|part| (part.title.clone(), part.usd))
        .collect();
    let table = rows.iter().map(|(title, usd)| {
        let usd = usd.map_or_else(|| format!("{UNKNOWN} no price"), money);
        vec![title.clone(), usd]
    });
    Chart {
        name: "unreliability",
        title: "What unreliability cost".to_owned(),
        about: match cost.usd {
            Some(usd) => format!("{}, {}", money(usd), page.period.words),
            None => format!("not known, {}", page.period.words),
        },
        hint: String::new(),
        summary: cost_words(cost),
        columns: vec!["Part", "US dollars"],
        rows: table.collect(),
        drawing: Drawing::bars(&rows),
    }
}

fn cost_words(cost: &Unreliability) -> String {
    let known = cost.parts.iter().filter_map(|part| Some((part, part.usd?)));
    let most = known
        .filter(|(_, usd)| *usd > 0.0)
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    let said = match (cost.usd, most) {
        (None, _) => "No price says what unreliability cost.".to_owned(),
        (Some(_), None) => "Unreliability cost nothing in this period.".to_owned(),
        (Some(all), Some((part, usd))) => {
            format!("{} cost most: {} of {}.", part.title, money(usd), money(all))
        }
    };
    match cost.unpriced.filter(|unpriced| *unpriced > 0.0) {
        Some(unpriced) => format!(
            "{said} {} of the calls concerned have no price and are not in it.",
            share(Some(unpriced))
        ),
        None => said,
    }
}

fn breakers(page: &KpiPage, calendar: &Calendar) -> Chart {
    let span = (page.period.from, page.period.until.max(page.period.from + 1));
    let each = hours_a_cell(hours_of(span));
    let rows: Vec<(&str, &[(u32, u32)])> = page
        .breakers
        .iter()
        .map(|row| (row.provider.as_str(), row.hours.as_slice()))
        .collect();
    let cell = match each {
        1 => "one hour".to_owned(),
        24 => "one day".to_owned(),
        hours => format!("{hours} hours"),
    };
    let moment = |at: i64| calendar.moment(at);
    let table = page.breakers.iter().flat_map(|row| {
        row.hours
            .iter()
            .filter(|(_, open)| *open > 0)
            .map(|(hour, open)| {
                let at = page.period.from + i64::from(*hour) * 3_600_000;
                vec![
                    named(row).to_owned(),
                    calendar.full(at),
                    format::span(i64::from(*open)),
                ]
            })
    });
    Chart {
        name: "breakers",
        title: "Breakers by hour".to_owned(),
        about: format!("each row one provider, each cell {cell}"),
        hint: "darker = more time open".to_owned(),
        summary: breaker_words(&page.breakers),
        columns: vec!["Provider", "Hour from", "Open for"],
        rows: table.take(MOST_ROWS).collect(),
        drawing: Drawing::hours(span, &rows, &calendar.ticks(span), &moment),
    }
}

fn named(row: &OpenHours) -> &str {
    match row.provider.as_str() {
        "" => "no provider",
        name => name,
    }
}

fn breaker_words(rows: &[OpenHours]) -> String {
    let open = |row: &OpenHours| row.hours.iter().map(|(_, open)| i64::from(*open)).sum::<i64>();
    let most = rows
        .iter()
        .max_by_key(|row| open(row))
        .filter(|row| open(row) > 0);
    let Some(most) = most else {
        return match rows.is_empty() {
            true => "No breaker was seen in this period.".to_owned(),
            false => "No breaker was open in this period.".to_owned(),
        };
    };
    let hours = most.hours.iter().filter(|(_, open)| *open > 0).count();
    let hours = match hours {
        1 => "in 1 hour".to_owned(),
        hours => format!("in {hours} hours"),
    };
    let never = rows.iter().filter(|row| open(row) == 0).count();
    let never = match never {
        0 => String::new(),
        1 => " 1 provider had none open.".to_owned(),
        never => format!(" {never} providers had none open."),
    };
    let listed: usize = rows.iter().map(|row| row.hours.len()).sum();
    let more = match listed > MOST_ROWS {
        true => format!(" The table has the first {MOST_ROWS} hours; the export has them all."),
        false => String::new(),
    };
    format!(
        "{} was open longest: {} {hours}.{never}{more}",
        named(most),
        format::span(open(most))
    )
}
