//! What a chart is made of, without its figures: axes, grid, series and their looks. Built once per theme.
//!
//! charming knows the options of ECharts 5.5; what came later, or what its types leave out, is laid over as JSON in one
//! place ([`over`]). Times are shown in the page's zone: the figures are shifted by the zone's offset and ECharts is
//! told to show UTC, so that a chart agrees with the table beside it whatever zone the browser is in.
//!
//! No sampling and no animation: at most 121 points, once a second.

use charming::Chart;
use charming::component::{Axis, Grid, VisualMap, VisualMapChannel, VisualMapType};
use charming::element::{
    AreaStyle, AxisLabel, AxisLine, AxisTick, AxisType, DimensionEncode, ItemStyle, LineStyle, Tooltip,
    Trigger,
};
use charming::series::{Heatmap, Line};
use protocol::view::{BAND_NAMES, HEAT_EDGES_MS};
use serde_json::{Value, json};

use super::Kind;
use super::palette::Palette;

/// The size of labels on axes, pixels.
const LABEL: f64 = 10.5;
/// Room for the labels of values over a range, pixels; the style sheet's cover of a chart has the same.
const GRID_LEFT: u32 = 58;
/// Room for the names of rows of cells.
const NAMES_LEFT: u32 = 132;
/// The names of the latency lines, and of their columns.
pub(super) const PERCENTILES: [&str; 3] = ["p50", "p95", "p99"];

/// The option of a chart, as JSON.
pub(super) fn option(kind: Kind, palette: &Palette) -> Value {
    match kind {
        Kind::Latency => latency_option(palette),
        Kind::Outcomes => outcome_option(palette),
        Kind::Heat => heat_option(palette),
        Kind::Lines => lines_option(palette),
        Kind::Cells => cells_option(palette),
    }
}

fn grid() -> Grid {
    Grid::new().left(44).right(14).top(16).bottom(24)
}

fn label() -> AxisLabel {
    AxisLabel::new().font_size(LABEL)
}

fn over_time() -> Chart {
    let time = Axis::new()
        .type_(AxisType::Time)
        .split_number(5)
        .axis_tick(AxisTick::new().show(false))
        .axis_label(label().formatter("{HH}:{mm}"));
    let value = Axis::new()
        .type_(AxisType::Value)
        .min(0)
        .split_number(3)
        .axis_label(label());
    Chart::new()
        .animation(false)
        .grid(grid())
        .x_axis(time)
        .y_axis(value)
        .tooltip(Tooltip::new().trigger(Trigger::Axis))
}

/// A line of one column of the dataset.
fn line(name: &str) -> Line {
    Line::new()
        .name(name)
        .show_symbol(false)
        .encode(DimensionEncode::new().x("t").y(name))
}

/// Thin lines: median, 95th and 99th percentile.
fn latency_option(palette: &Palette) -> Value {
    let colours = [&palette.s5, &palette.s1, &palette.s4];
    let mut chart = over_time();
    for (name, colour) in PERCENTILES.into_iter().zip(colours) {
        let colour = colour.as_str();
        chart = chart.series(
            line(name)
                .id(name)
                .line_style(LineStyle::new().width(1.6).color(colour))
                .item_style(ItemStyle::new().color(colour)),
        );
    }
    finish(&chart, &columns(&PERCENTILES))
}

/// Axes over a range of any length. The browser adds the series, because only it knows how many there are; `colours` are
/// theirs, in their order, the last one for what has none.
fn lines_option(palette: &Palette) -> Value {
    let mut option = finish(&over_time(), &["t"]);
    let (day, minute) = ("{d} {MMM}", "{HH}:{mm}");
    let labels = json!({
        "year": "{yyyy}", "month": day, "day": day, "hour": minute, "minute": minute, "second": "{HH}:{mm}:{ss}",
    });
    over_each(
        &mut option["xAxis"],
        json!({ "axisLabel": { "formatter": labels, "hideOverlap": true } }),
    );
    over_each(&mut option["grid"], json!({ "left": GRID_LEFT }));
    over(&mut option, json!({ "tooltip": { "order": "valueDesc" } }));
    over(&mut option, json!({ "colours": palette.lines() }));
    option
}

/// Areas on top of each other, without lines.
fn outcome_option(palette: &Palette) -> Value {
    let mut chart = over_time();
    for (name, colour) in BAND_NAMES.into_iter().zip(palette.bands()) {
        chart = chart.series(
            line(name)
                .id(name)
                .stack("requests")
                .line_style(LineStyle::new().width(0))
                .area_style(AreaStyle::new().opacity(0.85).color(colour))
                .item_style(ItemStyle::new().color(colour)),
        );
    }
    finish(&chart, &columns(&BAND_NAMES))
}

/// Cells by time and row, shaded from `ground` up. ECharts draws heat maps over categories only: columns are steps.
fn cells(rows: Axis, every: u32, ground: &str, palette: &Palette, series: Heatmap) -> Chart {
    let none = || AxisTick::new().show(false);
    let steps = Axis::new()
        .type_(AxisType::Category)
        .axis_tick(none())
        .axis_label(label().interval(0));
    let rows = rows
        .type_(AxisType::Category)
        .axis_line(AxisLine::new().show(false))
        .axis_tick(none())
        .axis_label(label().interval(every));
    let shade = VisualMapChannel::new().color(vec![ground, palette.s1.as_str()]);
    Chart::new()
        .animation(false)
        .grid(grid())
        .x_axis(steps)
        .y_axis(rows)
        .tooltip(Tooltip::new().trigger(Trigger::Item))
        .visual_map(
            VisualMap::new()
                .type_(VisualMapType::Continuous)
                .show(false)
                .min(0)
                .max(1)
                .dimension(2)
                .in_range(shade),
        )
        .series(series.progressive(0))
}

/// By time and line; each row has its name.
fn cells_option(palette: &Palette) -> Value {
    let chart = cells(
        Axis::new(),
        0,
        &palette.panel_2,
        palette,
        Heatmap::new().id("cells"),
    );
    let mut option = finish(&chart, &["column", "row", "value"]);
    pointed_at(&mut option, palette);
    over(
        &mut option["series"][0],
        json!({
            "encode": { "x": 0, "y": 1, "value": 2 },
            "itemStyle": { "borderColor": palette.panel, "borderWidth": 0.5 },
        }),
    );
    over_each(&mut option["grid"], json!({ "left": NAMES_LEFT }));
    over_each(
        &mut option["yAxis"],
        json!({ "axisLabel": { "width": NAMES_LEFT - 16, "overflow": "truncate" } }),
    );
    option
}

/// By time and duration; rows are edges, and every third is named.
fn heat_option(palette: &Palette) -> Value {
    let chart = cells(
        Axis::new().data(HEAT_EDGES_MS.map(edge).to_vec()),
        2,
        &palette.panel,
        palette,
        Heatmap::new().id("heat").name("answers"),
    );
    let mut option = finish(&chart, &["column", "row", "answers", "duration from, ms"]);
    pointed_at(&mut option, palette);
    over(
        &mut option["series"][0],
        json!({ "encode": { "x": 0, "y": 1, "value": 2, "tooltip": [3, 2] }, "emphasis": { "disabled": true } }),
    );
    option
}

/// A crosshair, though figures are told cell by cell.
fn pointed_at(option: &mut Value, palette: &Palette) {
    let line = json!({ "color": palette.ink_3, "type": "dashed" });
    let pointer = json!({
        "show": true, "type": "line", "triggerTooltip": false, "label": { "show": false }, "lineStyle": line,
    });
    over_each(&mut option["xAxis"], json!({ "axisPointer": pointer }));
}

fn columns<'a>(names: &[&'a str]) -> Vec<&'a str> {
    [&["t"], names].concat()
}

/// 1250 as "1.25k".
fn edge(ms: u32) -> String {
    if ms < 1_000 {
        ms.to_string()
    } else {
        format!("{}k", f64::from(ms) / 1_000.0)
    }
}

/// charming's part with ours on top.
fn finish(chart: &Chart, columns: &[&str]) -> Value {
    let mut option = serde_json::to_value(chart).expect("a chart without functions is plain data");
    let hover = json!({ "emphasis": { "disabled": true } });
    if let Some(series) = option["series"].as_array_mut() {
        for series in series {
            over(series, hover.clone());
        }
    }
    over(
        &mut option,
        json!({
            "useUTC": true,
            // Without a source ECharts fails; the figures replace it.
            "dataset": { "dimensions": columns, "source": [] },
            "tooltip": { "renderMode": "richText", "confine": true, "transitionDuration": 0, "padding": [4, 8] },
        }),
    );
    // Labels may lie outside of the grid; ECharts 6 would move the grid instead.
    over_each(&mut option["grid"], json!({ "outerBoundsMode": "none" }));
    option
}

/// Lays an object over a component, of which there may be several.
fn over_each(base: &mut Value, top: Value) {
    match base {
        Value::Array(all) => all.iter_mut().for_each(|one| over(one, top.clone())),
        one => over(one, top),
    }
}

/// Lays one object over another, deeply.
fn over(base: &mut Value, top: Value) {
    match (base, top) {
        (Value::Object(base), Value::Object(top)) => {
            for (name, value) in top {
                over(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, top) => *base = top,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::palette::tests::named;

    const ALL: [Kind; 5] = [
        Kind::Latency,
        Kind::Outcomes,
        Kind::Heat,
        Kind::Lines,
        Kind::Cells,
    ];

    #[test]
    fn nothing_in_an_option_breaks_the_policy() {
        for kind in ALL {
            let option = option(kind, &named());
            assert_eq!(option["tooltip"]["renderMode"], "richText", "{kind:?}");
            assert_eq!(option["animation"], false);
            assert_eq!(option["useUTC"], true);
            assert!(!option.to_string().contains("function"), "{kind:?}");
        }
    }

    #[test]
    fn every_series_has_an_id_and_a_column() {
        for kind in [Kind::Latency, Kind::Outcomes] {
            let option = option(kind, &named());
            let columns = option["dataset"]["dimensions"].as_array().unwrap();
            let series = option["series"].as_array().unwrap();
            assert_eq!(series.len() + 1, columns.len());
            for (series, column) in series.iter().zip(&columns[1..]) {
                assert_eq!(&series["encode"]["y"], column);
                assert_eq!(series["encode"]["x"], "t");
                assert_eq!(series["id"], series["name"]);
                assert_eq!(series["showSymbol"], false);
            }
        }
    }

    #[test]
    fn lines_over_a_range_have_the_colours_of_the_legend() {
        let option = option(Kind::Lines, &named());
        let tokens: Vec<String> = crate::charts::LINE_COLOURS
            .iter()
            .chain(&["idle"])
            .map(|colour| format!("--{colour}"))
            .collect();
        assert_eq!(option["colours"], json!(tokens));
        let first = |part: &Value| {
            if part.is_array() {
                part[0].clone()
            } else {
                part.clone()
            }
        };
        assert_eq!(
            first(&option["xAxis"])["axisLabel"]["formatter"]["day"],
            "{d} {MMM}"
        );
        assert_eq!(first(&option["grid"])["left"], 58);
    }

    #[test]
    fn heat_maps_have_a_crosshair_of_their_own() {
        for kind in [Kind::Heat, Kind::Cells] {
            let option = option(kind, &named());
            let axis = match &option["xAxis"] {
                Value::Array(axes) => &axes[0],
                axis => axis,
            };
            assert_eq!(axis["axisPointer"]["show"], true, "{kind:?}");
            assert_eq!(axis["axisPointer"]["triggerTooltip"], false, "{kind:?}");
        }
    }

    #[test]
    fn looks_are_as_drawn() {
        let latency = option(Kind::Latency, &named());
        let colours: Vec<_> = (0..3)
            .map(|n| latency["series"][n]["lineStyle"]["color"].clone())
            .collect();
        assert_eq!(colours, ["--s5", "--s1", "--s4"]);
        assert_eq!(latency["series"][0]["lineStyle"]["width"], 1.6);
        assert_eq!(latency["xAxis"]["axisLabel"]["formatter"], "{HH}:{mm}");
        let grid = match &latency["grid"] {
            Value::Array(grids) => &grids[0],
            grid => grid,
        };
        assert_eq!(
            *grid,
            json!({ "left": 44, "right": 14, "top": 16, "bottom": 24, "outerBoundsMode": "none" })
        );
        let outcomes = option(Kind::Outcomes, &named());
        assert_eq!(outcomes["series"][7]["stack"], "requests");
        assert_eq!(
            outcomes["series"][0]["areaStyle"],
            json!({ "opacity": 0.85, "color": "--s1" })
        );
    }

    #[test]
    fn heat_rows_are_named_by_their_lower_edges() {
        let heat = option(Kind::Heat, &named());
        let rows = heat["yAxis"]["data"].as_array().unwrap();
        assert_eq!(rows.len(), HEAT_EDGES_MS.len());
        assert_eq!([&rows[0], &rows[8], &rows[13]], ["0", "1.25k", "12.5k"]);
        let shade = &heat["visualMap"];
        let shade = if shade.is_array() { &shade[0] } else { shade };
        assert_eq!(shade["inRange"]["color"], json!(["--panel", "--s1"]));
    }
}
