//! What happened over time: six charts with the same crosshair.

use leptos::prelude::*;
use protocol::query::Unit;
use protocol::view::{ProviderHistory, ProviderPage, Steps};

use crate::{
    charts::{Drawn, Plot, PlotLine, line_look, lines_chart},
    components::{ChartCard, Points, chart_card, legend, legend_entry},
    features::history::{Cover, GoTo, zoom},
    fetched::Fetched,
    format::{clock, date_clock, value},
    part::{IntoPart, Item, Part, dynamic, list},
    seed::Site,
};

/// How many points a table shows.
const TABLE_ROWS: usize = 10;
/// From so long a range on, times have a date, milliseconds.
const DATES_FROM: i64 = 25 * 3_600_000;

/// A line: its name, its place among the colours, its values.
type Line<'a> = (&'a str, Option<u8>, &'a Steps);

#[derive(Clone, Copy)]
struct Card {
    key: &'static str,
    title: &'static str,
    sub: &'static str,
    label: &'static str,
    unit: Unit,
    drawn: Drawn,
    lines: fn(&ProviderHistory) -> Vec<Line<'_>>,
}

const CARDS: [Card; 6] = [
    Card {
        key: "success",
        title: "Success",
        sub: "of attempts",
        label: "Line chart of attempt success over time",
        unit: Unit::Fraction,
        drawn: Drawn::Lines,
        lines: |history| vec![("success", Some(0), &history.success)],
    },
    Card {
        key: "outcomes",
        title: "Calls by outcome",
        sub: "per step, stacked",
        label: "Stacked area chart of calls by outcome over time",
        unit: Unit::Count,
        drawn: Drawn::Stacked,
        lines: |history| {
            let line = |(place, line)| outcome(place, line);
            history.outcomes.iter().enumerate().map(line).collect()
        },
    },
    Card {
        key: "latency",
        title: "Latency",
        sub: "of answers",
        label: "Line chart of the median, 95th and 99th percentile of latency over time",
        unit: Unit::Milliseconds,
        drawn: Drawn::Lines,
        lines: |history| {
            vec![
                ("p50", Some(3), &history.p50_ms),
                ("p95", Some(0), &history.p95_ms),
                ("p99", Some(1), &history.p99_ms),
            ]
        },
    },
    Card {
        key: "first_token",
        title: "First token",
        sub: "of streams",
        label: "Line chart of the median and the 95th percentile of the time to first token over time",
        unit: Unit::Milliseconds,
        drawn: Drawn::Lines,
        lines: |history| {
            vec![
                ("p50", Some(3), &history.ttft_p50_ms),
                ("p95", Some(0), &history.ttft_p95_ms),
            ]
        },
    },
    Card {
        key: "tokens",
        title: "Tokens",
        sub: "per step",
        label: "Line chart of input and output tokens over time",
        unit: Unit::Tokens,
        drawn: Drawn::Lines,
        lines: |history| {
            vec![
                ("in", Some(0), &history.input_tokens),
                ("out", Some(1), &history.output_tokens),
            ]
        },
    },
    Card {
        key: "cost",
        title: "Cost",
        sub: "known costs per step",
        label: "Line chart of known costs over time",
        unit: Unit::Usd,
        drawn: Drawn::Lines,
        lines: |history| vec![("cost", Some(0), &history.cost)],
    },
];

fn outcome(place: usize, line: &protocol::view::OutcomeSteps) -> Line<'_> {
    (&line.outcome, u8::try_from(place).ok(), &line.values)
}

/// Draws the charts.
pub(super) fn charts(fetched: Fetched<ProviderPage>, cover: Memo<Cover>, go_to: GoTo) -> Part {
    let cards = CARDS
        .map(|card| draw(fetched, card, cover, go_to))
        .into_iter()
        .collect_view();
    view! { <div class="charts provider-charts">{cards}</div> }.part()
}

fn draw(fetched: Fetched<ProviderPage>, card: Card, cover: Memo<Cover>, go_to: GoTo) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let made = move || fetched.see(|figures| Some(plot(figures, card)));
    let names = move || {
        fetched.see(|figures| {
            let item = |(name, colour, _): Line<'_>| {
                let (name, (colour, dashed)) = (words(name), line_look(colour));
                Item::new([colour, " ", &name].concat(), move || {
                    legend_entry(name, colour, dashed)
                })
            };
            (card.lines)(&figures.lines).into_iter().map(item).collect()
        })
    };
    let table = move || fetched.see(|figures| Some(points(figures, card, offset)));
    let chart = lines_chart(card.key, card.label, Box::new(made));
    chart_card(ChartCard {
        key: card.key,
        title: card.title,
        sub: Signal::stored(card.sub.to_owned()),
        unit: "",
        chart: zoom(chart, cover, go_to),
        legend: Some(legend(list(names))),
        sentence: dynamic(move || fetched.see(|figures| newest(figures, card))),
        table: Box::new(table),
    })
}

/// `server_error` as people write it.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn plot(figures: &ProviderPage, card: Card) -> Plot {
    let line = |(name, colour, values): Line<'_>| PlotLine {
        name: words(name),
        colour,
        past: false,
        faint: false,
        values: values.clone(),
    };
    Plot {
        drawn: card.drawn,
        unit: card.unit,
        window: (figures.from, figures.to),
        from: figures.lines.from,
        step: figures.lines.step,
        from_top: card.unit == Unit::Fraction,
        lines: (card.lines)(&figures.lines).into_iter().map(line).collect(),
    }
}

/// The newest value of each line, as a sentence.
fn newest(figures: &ProviderPage, card: Card) -> String {
    let told: Vec<String> = (card.lines)(&figures.lines)
        .into_iter()
        .filter_map(|(name, _, values)| {
            let newest = values.iter().rev().flatten().next()?;
            Some([&words(name)[..], " ", &value(card.unit, Some(*newest))].concat())
        })
        .collect();
    match told.is_empty() {
        true => "No figures in this range.".to_owned(),
        false => ["Newest: ", &told.join(", "), "."].concat(),
    }
}

fn points(figures: &ProviderPage, card: Card, offset: i32) -> Points {
    let history = &figures.lines;
    let lines = (card.lines)(history);
    let long = figures.to - figures.from >= DATES_FROM;
    let steps = lines
        .iter()
        .map(|(_, _, values)| values.len())
        .max()
        .unwrap_or_default();
    let row = |step: usize| {
        let at = history.from + step as i64 * history.step;
        let time = if long {
            date_clock(at, offset)
        } else {
            clock(at, offset)
        };
        let cell = |(_, _, values): &Line<'_>| value(card.unit, values.get(step).copied().flatten());
        (time, lines.iter().map(cell).collect())
    };
    Points {
        columns: lines.iter().map(|(name, ..)| words(name)).collect(),
        rows: (0..steps).rev().take(TABLE_ROWS).map(row).collect(),
    }
}
