//! The two charts of lines by provider, with what they show in words and as a table.

use leptos::prelude::*;
use protocol::query::Unit;
use protocol::view::{ProviderLine, ProviderLines, Providers};

use super::Marked;
use crate::{
    charts::{Drawn, LINE_COLOURS, Plot, PlotLine, lines_chart},
    components::{ChartCard, Points, chart_card, legend, legend_entry},
    features::history::{Cover, GoTo, zoom},
    fetched::Fetched,
    format::{clock, date_clock, latency_short, percent_fine},
    part::{IntoPart, Item, Part, dynamic, list},
    seed::Site,
};

/// How many points the table shows.
const TABLE_ROWS: usize = 10;
/// From so long a range on, times have a date, milliseconds.
const DATES_FROM: i64 = 25 * 3_600_000;

#[derive(Clone, Copy)]
struct Card {
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    /// What a screen reader says instead of the picture.
    label: &'static str,
    /// What the values are.
    value: Unit,
    values: fn(&ProviderLine) -> &Vec<Option<f32>>,
    text: fn(Option<f32>) -> String,
}

/// Draws both cards.
pub(super) fn lines(fetched: Fetched<Providers>, marked: Marked, go_to: GoTo) -> Part {
    let success = Card {
        key: "success",
        title: "Success",
        unit: "%",
        label: "Line chart of attempt success by provider over time",
        value: Unit::Fraction,
        values: |line| &line.success,
        text: |value| percent_fine(value.map(f64::from)).text(),
    };
    let first_token = Card {
        key: "first_token",
        title: "First token p95",
        unit: "seconds",
        label: "Line chart of the 95th percentile of the time to first token by provider over time",
        value: Unit::Milliseconds,
        values: |line| &line.ttft_p95_ms,
        text: |value| latency_short(value.map(f64::from)),
    };
    view! {
        <div class="charts">
            {card(fetched, marked, success, go_to)}
            {card(fetched, marked, first_token, go_to)}
        </div>
    }
    .part()
}

fn see<R: Default>(fetched: Fetched<Providers>, look: impl FnOnce(&ProviderLines) -> R) -> R {
    fetched.see(|figures| look(&figures.lines))
}

fn card(fetched: Fetched<Providers>, marked: Marked, card: Card, go_to: GoTo) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let names = move || {
        let item = |(place, line): (usize, &ProviderLine)| {
            let name = line.name.clone();
            let colour = LINE_COLOURS.get(place).copied().unwrap_or_default();
            Item::new([colour, " ", &name].concat(), move || {
                legend_entry(name, colour, false)
            })
        };
        see(fetched, |lines| {
            lines.lines.iter().enumerate().map(item).collect()
        })
    };
    let table = move || fetched.see(|figures| Some(points(figures, card, offset)));
    let made = move || {
        let marked = marked.get();
        fetched.see(|figures| Some(plot(figures, card, marked.as_deref())))
    };
    let cover = Memo::new(move |_| {
        fetched.see(|figures| Cover {
            from: figures.from,
            to: figures.to,
            marks: figures.markers.clone(),
        })
    });
    let around = ChartCard {
        key: card.key,
        title: card.title,
        sub: dynamic(move || see(fetched, whose)),
        unit: card.unit,
        chart: zoom(lines_chart(card.key, card.label, Box::new(made)), cover, go_to),
        legend: Some(legend(list(names))),
        sentence: dynamic(move || see(fetched, |lines| newest(lines, card))),
        table: Box::new(table),
    };
    chart_card(around)
}

/// The lines; the one that is marked stands out.
fn plot(figures: &Providers, card: Card, marked: Option<&str>) -> Plot {
    let line = |(place, line): (usize, &ProviderLine)| PlotLine {
        name: line.name.clone(),
        colour: u8::try_from(place).ok(),
        past: false,
        faint: marked.is_some_and(|marked| marked != line.name),
        values: (card.values)(line)
            .iter()
            .map(|value| value.map(f64::from))
            .collect(),
    };
    Plot {
        drawn: Drawn::Lines,
        unit: card.value,
        window: (figures.from, figures.to),
        from: figures.lines.from,
        step: figures.lines.step,
        from_top: card.value == Unit::Fraction,
        lines: figures.lines.lines.iter().enumerate().map(line).collect(),
    }
}

/// Whose lines these are.
fn whose(lines: &ProviderLines) -> String {
    match lines.left_out {
        0 => "by provider".to_owned(),
        left_out => format!(
            "of the {} providers with the most calls; {left_out} left out",
            lines.lines.len()
        ),
    }
}

/// The newest value of each line, as a sentence.
fn newest(lines: &ProviderLines, card: Card) -> String {
    let told: Vec<String> = lines
        .lines
        .iter()
        .filter_map(|line| {
            let value = (card.values)(line).iter().rev().flatten().next()?;
            Some([&line.name, " ", &(card.text)(Some(*value))].concat())
        })
        .collect();
    match told.is_empty() {
        true => "No figures in this range.".to_owned(),
        false => ["Newest: ", &told.join(", "), "."].concat(),
    }
}

fn points(figures: &Providers, card: Card, offset: i32) -> Points {
    let lines = &figures.lines;
    let long = figures.to - figures.from >= DATES_FROM;
    let steps = lines
        .lines
        .iter()
        .map(|line| (card.values)(line).len())
        .max()
        .unwrap_or_default();
    let row = |step: usize| {
        let at = lines.from + step as i64 * lines.step;
        let time = if long {
            date_clock(at, offset)
        } else {
            clock(at, offset)
        };
        let cell = |line: &ProviderLine| (card.text)((card.values)(line).get(step).copied().flatten());
        (time, lines.lines.iter().map(cell).collect())
    };
    Points {
        columns: lines.lines.iter().map(|line| line.name.clone()).collect(),
        rows: (0..steps).rev().take(TABLE_ROWS).map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_lines_are_left_out_is_said() {
        let mut lines = ProviderLines::default();
        assert_eq!(whose(&lines), "by provider");
        lines.left_out = 3;
        assert_eq!(
            whose(&lines),
            "of the 0 providers with the most calls; 3 left out"
        );
    }
}
