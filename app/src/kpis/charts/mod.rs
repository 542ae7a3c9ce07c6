//! Charts of the KPI pages: SVG made here, as text, from data alone. Each has a sentence that says what it shows, a table
//! of the same, and a form that stands alone, for a file.
//!
//! Nothing scales with the width but the data: places are percent of the width and words keep their size, so that a chart is
//! as legible on a phone as on paper. Deliberately absent: scripts, and what a figure means.

mod area;
mod bars;
mod days;
mod hours;
mod scale;
mod svg;

use leptos::prelude::*;

pub(in crate::kpis) use area::last;
pub(in crate::kpis) use bars::money;
pub(in crate::kpis) use days::days;
pub(in crate::kpis) use hours::{hours_a_cell, hours_of};

use svg::{INK, INK_3, PANEL, escaped, number};

/// How wide a chart in a file is, pixels.
const WIDE: f64 = 1080.0;

/// What is left over time.
pub(in crate::kpis) struct AreaData<'a> {
    /// The left and the right end, epoch milliseconds.
    pub span: (i64, i64),
    /// Moments with values.
    pub points: &'a [(i64, Option<f64>)],
    /// Where it will be zero.
    pub zero_at: Option<i64>,
    /// Moments with a name.
    pub ticks: &'a [(i64, String)],
}

/// A drawing: the inside of an SVG and its height in pixels.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::kpis) struct Drawing {
    body: String,
    height: f64,
}

impl Drawing {
    /// A share over time.
    pub(in crate::kpis) fn area(data: &AreaData<'_>) -> Drawing {
        let body = area::area(&area::Area {
            span: data.span,
            points: data.points,
            zero_at: data.zero_at,
            ticks: data.ticks,
        });
        Drawing {
            body,
            height: area::HEIGHT,
        }
    }

    /// Names with US dollars.
    pub(in crate::kpis) fn bars(rows: &[(String, Option<f64>)]) -> Drawing {
        let drawn: Vec<bars::Row<'_>> = rows
            .iter()
            .map(|(name, usd)| bars::Row { name, usd: *usd })
            .collect();
        Drawing {
            body: bars::bars(&drawn),
            height: bars::height(rows.len()),
        }
    }

    /// Names with hours of the span and milliseconds.
    pub(in crate::kpis) fn hours(
        span: (i64, i64),
        rows: &[(&str, &[(u32, u32)])],
        ticks: &[(i64, String)],
        moment: &dyn Fn(i64) -> String,
    ) -> Drawing {
        let body = hours::hours(&hours::Hours {
            span,
            rows,
            ticks,
            moment,
        });
        Drawing {
            body,
            height: hours::height(rows.len()),
        }
    }
}

/// A chart with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// In addresses: `budget`, `unreliability`, `breakers`.
    pub name: &'static str,
    /// On screen.
    pub title: String,
    /// Beside the title.
    pub about: String,
    /// At the end of the heading; may be empty.
    pub hint: String,
    /// What it shows, one sentence.
    pub summary: String,
    /// The names of the columns of its table.
    pub columns: Vec<&'static str>,
    /// The rows of its table.
    pub rows: Vec<Vec<String>>,
    pub(in crate::kpis) drawing: Drawing,
}

impl Chart {
    /// In a page, coloured by the page's style sheet.
    pub(in crate::kpis) fn inline(&self) -> String {
        format!(
            r#"<svg class="kc" width="100%" height="{}" role="img" aria-label="{}"><title>{}</title>{}</svg>"#,
            number(self.drawing.height),
            escaped(&self.summary),
            escaped(&self.title),
            self.drawing.body,
        )
    }

    /// As a file: with its own colours, its title, and a line below that says where it is from.
    pub fn alone(&self, source: &str) -> String {
        let (above, below) = (54.0, 34.0);
        let height = above + self.drawing.height + below;
        let words = |y: f64, size: u32, weight: u32, fill: &str, text: &str| {
            format!(
                r#"<text x="20" y="{}" fill="{fill}" font-size="{size}" font-weight="{weight}">{}</text>"#,
                number(y),
                escaped(text)
            )
        };
        let heading = [
            words(26.0, 14, 600, INK, &self.title),
            words(44.0, 12, 400, INK_3, &self.about),
            words(height - 12.0, 11, 400, INK_3, source),
        ]
        .concat();
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{height}" role="img" aria-label="{summary}" "#,
                r#"font-family="Inter, system-ui, sans-serif"><title>{title}</title>"#,
                r#"<rect width="100%" height="100%" fill="{panel}"></rect>{heading}"#,
                r#"<svg y="{above}" width="100%" height="{inner}">{body}</svg></svg>"#,
            ),
            wide = number(WIDE),
            height = number(height),
            summary = escaped(&self.summary),
            title = escaped(&self.title),
            panel = PANEL,
            heading = heading,
            above = number(above),
            inner = number(self.drawing.height),
            body = self.drawing.body,
        )
    }

    /// As a card of a page. `files` is where its file is, without the parameters that say of which period.
    pub(in crate::kpis) fn card(&self, file: &str) -> AnyView {
        let columns = self.columns.iter().enumerate().map(|(nth, words)| {
            let class = (nth == 0).then_some("l");
            view! { <th scope="col" class=class>{*words}</th> }
        });
        let rows = self.rows.iter().map(|cells| {
            let cells = cells.iter().enumerate().map(|(nth, words)| {
                // A cell says its column where the table is folded; the first is what the row is about.
                let column = (nth > 0).then(|| self.columns.get(nth).copied()).flatten();
                view! { <td data-label=column>{words.clone()}</td> }
            });
            view! { <tr>{cells.collect_view()}</tr> }
        });
        let none = self
            .rows
            .is_empty()
            .then(|| view! { <p class="pad quiet">"There is nothing to list."</p> });
        let says = format!("{}, as a table", self.title);
        let hint = (!self.hint.is_empty()).then(|| view! { <span class="tools">{self.hint.clone()}</span> });
        view! {
            <section class="card kpis-chart" data-swap=self.name data-chart=self.name>
                <header>
                    <h2>{self.title.clone()}</h2>
                    <span class="sub">{self.about.clone()}</span>
                    {hint}
                </header>
                <div class="kpis-drawn" inner_html=self.inline()></div>
                <p class="kpis-said">{self.summary.clone()}</p>
                <details class="kpis-table" data-keep=self.name>
                    <summary>"As a table"</summary>
                    <p class="kpis-files">
                        <a href=file.to_owned() download="">"SVG"</a>
                        <a href=file.to_owned() data-png=self.name hidden="">"PNG"</a>
                    </p>
                    {none}
                    <div class="scroll" tabindex="0" role="group" aria-label=says>
                        <table class="folds" data-table=self.name>
                            <thead>
                                <tr>{columns.collect_view()}</tr>
                            </thead>
                            <tbody>{rows.collect_view()}</tbody>
                        </table>
                    </div>
                </details>
            </section>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart {
            name: "unreliability",
            title: "What <it> cost".into(),
            about: "$4".into(),
            hint: String::new(),
            summary: "\"Retries\" & no more".into(),
            columns: vec!["Part", "US dollars"],
            rows: vec![vec!["Retries".into(), "$4".into()]],
            drawing: Drawing::bars(&[("Retries".into(), Some(4.0))]),
        }
    }

    #[test]
    fn a_file_has_its_own_colours_and_is_well_formed() {
        let file = chart().alone("default, November");
        assert!(
            file.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" width="1080""#),
            "{file}"
        );
        assert!(file.contains("fill=\"#2f6fdb\"") && file.contains("default, November"));
        assert!(!file.contains("<it>") && !file.contains("var(--"), "{file}");
        assert_eq!(file.matches("<svg").count(), file.matches("</svg>").count());
        for tag in ["text", "line", "rect", "title"] {
            let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
            assert_eq!(file.matches(&open).count(), file.matches(&close).count(), "{tag}");
        }
    }

    #[test]
    fn a_card_says_what_it_shows_and_has_a_table() {
        let html = chart().card("/kpis/charts/unreliability.svg").to_html();
        for part in [
            "role=\"img\"",
            "aria-label=\"&quot;Retries&quot; &amp; no more\"",
            "data-table=\"unreliability\"",
            "href=\"/kpis/charts/unreliability.svg\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains(" style="), "{html}");
    }
}
