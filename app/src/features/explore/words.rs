//! What the page says.

use protocol::query::info;
use protocol::view::{ExploreRow, Explored};

use crate::{
    features::bar::Sentence,
    format::{clock, span_short, value},
};

/// A metric's name on screen; its name in questions where there is none.
pub fn metric_title(name: &str) -> String {
    match info(name) {
        // A family of quantiles: "Latency p90".
        Some(metric) if metric.name.ends_with("_p") => {
            let digits = name.trim_start_matches(metric.name);
            [metric.title, " p", digits].concat()
        }
        Some(metric) => metric.title.to_owned(),
        None => name.to_owned(),
    }
}

/// "Cost by provider and model".
pub fn title(figures: &Explored) -> String {
    let mut title = metric_title(&figures.asked.metric);
    for (place, key) in figures.group_by.iter().enumerate() {
        title.push_str(if place == 0 { " by " } else { ", " });
        title.push_str(key);
    }
    title
}

/// A group's name; "none" for a dimension without a value.
pub fn row_name(row: &ExploreRow) -> String {
    if row.group.is_empty() {
        return "All".to_owned();
    }
    let parts: Vec<&str> = row
        .group
        .iter()
        .map(|value| if value.is_empty() { "none" } else { value })
        .collect();
    parts.join(" · ")
}

/// The sentence of the bar. It tells figures and judges nothing.
pub fn sentence(figures: Option<&Explored>, old: bool) -> Sentence {
    let say = |lead: String, rest: String| Sentence {
        level: None,
        lead,
        rest,
    };
    let Some(figures) = figures else {
        let lead = if old {
            "No figures."
        } else {
            "Asking for the figures."
        };
        return say(lead.into(), String::new());
    };
    if old {
        return say("Figures are out of date.".into(), String::new());
    }
    let Some(first) = figures.rows.first() else {
        return say(
            [&metric_title(&figures.asked.metric), ": nothing in this range."].concat(),
            String::new(),
        );
    };
    let low_is_bad = info(&figures.asked.metric).is_some_and(|metric| metric.low_is_bad());
    let text = |v| value(figures.unit, v);
    let rest = match (figures.adds_up, figures.rows.len()) {
        (true, 1) => [&text(first.whole), " in total."].concat(),
        (true, _) => {
            let all: f64 = figures.rows.iter().filter_map(|row| row.whole).sum();
            [&text(Some(all)), " in total, most of ", &row_name(first), "."].concat()
        }
        (false, 1) => [&text(first.whole), " over the range."].concat(),
        (false, _) => {
            let word = if low_is_bad { "Lowest: " } else { "Highest: " };
            [word, &row_name(first), ", ", &text(first.whole), "."].concat()
        }
    };
    say([&title(figures), "."].concat(), rest)
}

/// Where the figures come from: "10 min steps from minute buckets, as of 14:28:02".
pub fn source(figures: &Explored, offset_min: i32) -> String {
    let from = match figures.rung.as_str() {
        "10s" => "10 s buckets",
        "1m" => "minute buckets",
        "1h" => "hour buckets",
        "1d" => "day buckets",
        "events" => "stored transitions",
        other => other,
    };
    [
        &span_short(figures.step),
        " steps from ",
        from,
        ", as of ",
        &clock(figures.as_of, offset_min),
    ]
    .concat()
}

/// The newest value of each line that is drawn, as a sentence.
pub fn newest(figures: &Explored) -> String {
    let told: Vec<String> = figures
        .rows
        .iter()
        .filter(|row| row.colour.is_some())
        .map(|row| [&row_name(row), " ", &value(figures.unit, row.last)].concat())
        .collect();
    match told.is_empty() {
        true => "No figures in this range.".to_owned(),
        false => ["Newest: ", &told.join(", "), "."].concat(),
    }
}

/// "+12%" against the stretch before; nothing where that cannot be told.
pub fn change(row: &ExploreRow) -> String {
    let (Some(now), Some(before)) = (row.whole, row.before) else {
        return String::new();
    };
    if before == 0.0 {
        return String::new();
    }
    let percent = ((now - before) / before * 100.0).round();
    let sign = if percent < 0.0 { crate::format::MINUS } else { '+' };
    format!("{sign}{}%", crate::format::grouped(percent.abs() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_name_quantiles_and_groups() {
        assert_eq!(metric_title("latency_p95"), "Latency p95");
        assert_eq!(metric_title("ttft_p999"), "First token p999");
        assert_eq!(metric_title("nonsense"), "nonsense");
        let row = |group: &[&str]| ExploreRow {
            group: group.iter().map(|value| (*value).to_owned()).collect(),
            ..ExploreRow::default()
        };
        assert_eq!(row_name(&row(&[])), "All");
        assert_eq!(row_name(&row(&["openai", ""])), "openai · none");
    }

    #[test]
    fn changes_are_against_the_stretch_before() {
        let row = |whole, before| ExploreRow {
            whole,
            before,
            ..ExploreRow::default()
        };
        assert_eq!(change(&row(Some(112.0), Some(100.0))), "+12%");
        assert_eq!(change(&row(Some(50.0), Some(100.0))), "−50%");
        assert_eq!(change(&row(Some(50.0), None)), "");
        assert_eq!(change(&row(Some(50.0), Some(0.0))), "");
    }
}
