//! From the answer to a chart.

use protocol::view::{ExploreRow, Explored};

use super::address::Look;
use super::words::{metric_title, row_name};
use crate::charts::{Drawn, Plot, PlotLine};
use crate::features::history::Cover;

/// Which rows stand out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Focus<'a> {
    /// The one that is pointed at.
    pub pointed: Option<&'a str>,
    /// The only one that is drawn.
    pub only: Option<&'a str>,
}

/// The chart of an answer.
pub fn plot(figures: &Explored, look: Look, focus: Focus<'_>) -> Plot {
    let drawn = drawn(figures, look);
    let steps = shown_steps(figures, drawn);
    let name = |row: &ExploreRow| match row.group.is_empty() {
        true => metric_title(&figures.asked.metric),
        false => row_name(row),
    };
    let rows: Vec<&ExploreRow> = figures
        .rows
        .iter()
        .filter(|row| row.colour.is_some())
        .filter(|row| focus.only.is_none_or(|only| row_name(row) == only))
        .collect();
    let line = |row: &ExploreRow, past: bool| {
        let values = if past { &row.before_points } else { &row.points };
        PlotLine {
            name: if past {
                [&name(row), ", before"].concat()
            } else {
                name(row)
            },
            colour: row.colour,
            past,
            faint: focus.pointed.is_some_and(|pointed| row_name(row) != pointed),
            values: values.iter().take(steps).copied().collect(),
        }
    };
    let mut lines: Vec<PlotLine> = rows.iter().map(|row| line(row, false)).collect();
    if drawn == Drawn::Stacked && focus.only.is_none() && !figures.rest.is_empty() {
        lines.push(PlotLine {
            name: others(figures),
            colour: None,
            past: false,
            faint: focus.pointed.is_some(),
            values: figures.rest.iter().take(steps).copied().collect(),
        });
    }
    if drawn == Drawn::Lines {
        let with = rows.iter().filter(|row| !row.before_points.is_empty());
        lines.extend(with.map(|row| line(row, true)));
    }
    Plot {
        drawn,
        unit: figures.unit,
        window: window(figures, drawn),
        from: figures.from,
        step: figures.step,
        from_top: matches!(
            figures.asked.metric.as_str(),
            "answered" | "attempt_success" | "availability"
        ),
        lines,
    }
}

/// Only what adds up can be stacked.
pub fn drawn(figures: &Explored, look: Look) -> Drawn {
    match look {
        Look::Stacked if figures.adds_up => Drawn::Stacked,
        Look::Heat => Drawn::Cells,
        _ => Drawn::Lines,
    }
}

/// What the chart covers.
pub fn cover(figures: &Explored, look: Look) -> Cover {
    let (from, to) = window(figures, drawn(figures, look));
    let inside = |at: i64| (from..to).contains(&at);
    Cover {
        from,
        to,
        marks: figures
            .markers
            .iter()
            .filter(|mark| inside(mark.time))
            .cloned()
            .collect(),
    }
}

/// Cells are as wide as their steps; lines begin at the start of a step.
fn window(figures: &Explored, drawn: Drawn) -> (i64, i64) {
    match drawn {
        Drawn::Cells => (figures.from, figures.to),
        _ if figures.span_to - figures.span_from < figures.step => (figures.from, figures.to),
        _ => (figures.span_from, figures.span_to),
    }
}

/// A step that has not ended would look like a cliff: a sum is left out until it has ended, anything else until half of
/// it has passed. Tables and downloads have it.
fn shown_steps(figures: &Explored, drawn: Drawn) -> usize {
    let steps = ((figures.to - figures.from) / figures.step.max(1)) as usize;
    let low = figures.adds_up || drawn == Drawn::Cells;
    let needed = if low { figures.step } else { figures.step / 2 };
    let ready = |step: usize| figures.from + step as i64 * figures.step + needed <= figures.as_of;
    let shown = (0..steps).take_while(|step| ready(*step)).count();
    let says = |values: &[Option<f64>]| values.iter().take(shown).any(Option::is_some);
    match figures.rows.iter().any(|row| says(&row.points)) {
        true => shown,
        false => steps,
    }
}

/// "3 others".
fn others(figures: &Explored) -> String {
    let drawn = figures.rows.iter().filter(|row| row.colour.is_some()).count();
    match figures.rows.len() - drawn {
        1 => "1 other".to_owned(),
        more => format!("{more} others"),
    }
}

#[cfg(test)]
mod tests {
    use protocol::query::Unit;
    use protocol::view::ExploreQuestion;

    use super::*;

    fn row(name: &str, colour: Option<u8>, points: &[Option<f64>]) -> ExploreRow {
        ExploreRow {
            group: vec![name.into()],
            colour,
            points: points.to_vec(),
            ..ExploreRow::default()
        }
    }

    fn figures() -> Explored {
        let points = [Some(5.0), Some(7.0), Some(1.0)];
        Explored {
            asked: ExploreQuestion {
                metric: "requests".into(),
                group_by: "provider".into(),
                ..ExploreQuestion::default()
            },
            words: String::new(),
            span_from: 3,
            span_to: 27,
            unit: Unit::Count,
            adds_up: true,
            group_by: vec!["provider".into()],
            from: 0,
            to: 30,
            step: 10,
            rung: "10s".into(),
            as_of: 27,
            partial: false,
            open: true,
            rows: vec![
                row("a", Some(0), &points),
                row("b", Some(1), &points),
                row("c", None, &[]),
            ],
            rest: vec![Some(2.0); 3],
            before_from: None,
            known: Vec::new(),
            markers: Vec::new(),
        }
    }

    fn names(plot: &Plot) -> Vec<&str> {
        plot.lines.iter().map(|line| line.name.as_str()).collect()
    }

    #[test]
    fn a_step_that_has_not_ended_is_not_drawn() {
        let mut figures = figures();
        let drawn = |figures: &Explored| plot(figures, Look::Lines, Focus::default()).lines[0].values.len();
        assert_eq!(drawn(&figures), 2);
        figures.adds_up = false;
        assert_eq!(drawn(&figures), 3, "more than half of it has passed");
        figures.as_of = 24;
        assert_eq!(drawn(&figures), 2);
        for row in &mut figures.rows {
            row.points = vec![None, None, Some(1.0)];
        }
        assert_eq!(drawn(&figures), 3, "it is all there is");
    }

    #[test]
    fn what_is_stacked_is_complete_and_one_can_be_drawn_alone() {
        let figures = figures();
        let stacked = plot(&figures, Look::Stacked, Focus::default());
        assert_eq!(
            (stacked.drawn, names(&stacked)),
            (Drawn::Stacked, vec!["a", "b", "1 other"])
        );
        let only = Focus {
            only: Some("b"),
            ..Focus::default()
        };
        assert_eq!(names(&plot(&figures, Look::Stacked, only)), ["b"]);
        let pointed = Focus {
            pointed: Some("b"),
            ..Focus::default()
        };
        let faint: Vec<bool> = plot(&figures, Look::Lines, pointed)
            .lines
            .iter()
            .map(|line| line.faint)
            .collect();
        assert_eq!(faint, [true, false]);
    }

    #[test]
    fn a_comparison_is_a_line_beside_each() {
        let mut figures = figures();
        figures.rows[0].before_points = vec![Some(1.0); 3];
        assert_eq!(
            names(&plot(&figures, Look::Lines, Focus::default())),
            ["a", "b", "a, before"]
        );
    }

    #[test]
    fn only_what_adds_up_is_stacked_and_cells_cover_whole_steps() {
        let mut figures = figures();
        assert_eq!(
            (cover(&figures, Look::Heat).to, cover(&figures, Look::Lines).to),
            (30, 27)
        );
        figures.adds_up = false;
        assert_eq!(drawn(&figures, Look::Stacked), Drawn::Lines);
    }
}
