//! The three chart cards of the board: what stands around each chart; the drawing itself is `charts`.

use leptos::prelude::*;
use protocol::view::{BAND_NAMES, ChartPoint, HEAT_EDGES_MS};

use crate::{
    charts::{heat_chart, latency_chart, outcome_chart},
    components::{ChartCard, Points, chart_card, legend, legend_entry},
    format::{clock, grouped, latency, rate},
    live::Live,
    part::{IntoPart, Part, See, dynamic},
    seed::Site,
};

const PERCENTILES: [(&str, &str); 3] = [("p50", "s5"), ("p95", "s1"), ("p99", "s4")];
const BANDS: [(&str, &str); 8] = [
    (BAND_NAMES[0], "s1"),
    (BAND_NAMES[1], "s5"),
    (BAND_NAMES[2], "s2"),
    (BAND_NAMES[3], "s6"),
    (BAND_NAMES[4], "bad"),
    (BAND_NAMES[5], "s4"),
    (BAND_NAMES[6], "ink-3"),
    (BAND_NAMES[7], "line-2"),
];

/// How many points the table shows.
const TABLE_ROWS: usize = 10;

struct Card {
    key: &'static str,
    title: &'static str,
    sub: &'static str,
    unit: &'static str,
    /// Names and the series colours they are drawn in; must agree with `charts`.
    legend: &'static [(&'static str, &'static str)],
    sentence: fn(&ChartPoint) -> String,
    columns: fn() -> Vec<String>,
    cells: fn(&ChartPoint) -> Vec<String>,
}

/// Draws the cards.
pub fn chart_cards(live: Live) -> Part {
    let latency_card = Card {
        key: "latency",
        title: "Latency",
        sub: "of answers, all providers",
        unit: "ms",
        legend: &PERCENTILES,
        sentence: |point| {
            let [p50, p95, p99] =
                [point.p50, point.p95, point.p99].map(|ms| latency(ms.map(f64::from)).text());
            format!("Newest: half of the answers within {p50}, 95% within {p95}, 99% within {p99}.")
        },
        columns: || ["p50", "p95", "p99"].map(str::to_owned).into(),
        cells: |point| {
            [point.p50, point.p95, point.p99]
                .map(|ms| latency(ms.map(f64::from)).text())
                .into()
        },
    };
    let outcomes = Card {
        key: "outcomes",
        title: "Requests by outcome",
        sub: "per second",
        unit: "stacked",
        legend: &BANDS,
        sentence: |point| {
            let all: f64 = point.bands.iter().copied().map(f64::from).sum();
            let well = f64::from(point.bands[0] + point.bands[1]);
            format!(
                "Newest: {} per second, of which {} answered.",
                rate(all),
                rate(well)
            )
        },
        columns: || BAND_NAMES.map(str::to_owned).into(),
        cells: |point| point.bands.map(|band| rate(f64::from(band))).into(),
    };
    let heat = Card {
        key: "heat",
        title: "Latency distribution",
        sub: "answers by duration, all providers; stronger is more",
        unit: "log ms",
        legend: &[],
        sentence: |point| {
            let most = point.heat.iter().enumerate().max_by_key(|(_, count)| **count);
            match most {
                Some((row, count)) if *count > 0 => format!("Newest: most answers took {}.", heat_row(row)),
                _ => "Newest: no answers in this step.".to_owned(),
            }
        },
        columns: || (0..HEAT_EDGES_MS.len()).map(heat_row).collect(),
        cells: |point| {
            point
                .heat
                .iter()
                .map(|count| grouped(u64::from(*count)))
                .collect()
        },
    };
    view! {
        <div class="charts">
            {card(live, latency_card, latency_chart())}
            {card(live, outcomes, outcome_chart())}
            {card(live, heat, heat_chart())}
        </div>
    }
    .part()
}

fn heat_row(row: usize) -> String {
    let edge = |row: usize| {
        HEAT_EDGES_MS
            .get(row)
            .map(|ms| latency(Some(f64::from(*ms))).text())
    };
    match (row, edge(row), edge(row + 1)) {
        (0, _, Some(to)) => ["under ", &to].concat(),
        (_, Some(from), Some(to)) => [&from, " to ", &to].concat(),
        (_, from, _) => ["over ", &from.unwrap_or_default()].concat(),
    }
}

fn card(live: Live, card: Card, chart: Part) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let Card {
        key,
        title,
        sub,
        unit,
        legend: names,
        sentence,
        columns,
        cells,
    } = card;
    let summary = move || {
        live.board
            .points
            .see(|points| points.last().map_or("No figures yet.".to_owned(), sentence))
    };
    let table = move || {
        let rows = |points: &Vec<ChartPoint>| {
            let newest = points.iter().rev().take(TABLE_ROWS);
            newest
                .map(|point| (clock(point.t, offset), cells(point)))
                .collect()
        };
        Some(Points {
            columns: columns(),
            rows: live.board.points.see(rows),
        })
    };
    let entries = || {
        let entry =
            |(name, colour): &(&'static str, &'static str)| legend_entry((*name).to_owned(), colour, false);
        legend(names.iter().map(entry).collect_view().part())
    };
    let card = ChartCard {
        key,
        title,
        sub: Signal::stored(sub.to_owned()),
        unit,
        chart,
        legend: (!names.is_empty()).then(entries),
        sentence: dynamic(summary),
        table: Box::new(table),
    };
    chart_card(card)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_heat_map_are_named_by_their_edges() {
        assert_eq!(heat_row(0), "under 50 ms");
        assert_eq!(heat_row(8), "1.25 s to 2.00 s");
        assert_eq!(heat_row(13), "over 12.5 s");
    }
}
