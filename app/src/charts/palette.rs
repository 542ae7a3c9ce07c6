//! The colours of charts, from the tokens of the style sheet, so that a chart and the page beside it never disagree.

use serde_json::{Value, json};

/// What charts need of the tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Palette {
    pub ink: String,
    pub ink_3: String,
    pub line: String,
    pub line_2: String,
    pub panel: String,
    pub panel_2: String,
    pub bad: String,
    pub idle: String,
    pub s1: String,
    pub s2: String,
    pub s3: String,
    pub s4: String,
    pub s5: String,
    pub s6: String,
    pub s7: String,
    pub s8: String,
    pub font: String,
}

impl Palette {
    /// Reads the tokens; `token` gives the value of a custom property, empty when there is none.
    pub fn read(token: impl Fn(&str) -> String) -> Palette {
        // A missing token must not make a chart invisible.
        let colour = |name: &str| match token(name).trim() {
            "" => "#7d848c".to_owned(),
            value => value.to_owned(),
        };
        Palette {
            ink: colour("--ink"),
            ink_3: colour("--ink-3"),
            line: colour("--line"),
            line_2: colour("--line-2"),
            panel: colour("--panel"),
            panel_2: colour("--panel-2"),
            bad: colour("--bad"),
            idle: colour("--idle"),
            s1: colour("--s1"),
            s2: colour("--s2"),
            s3: colour("--s3"),
            s4: colour("--s4"),
            s5: colour("--s5"),
            s6: colour("--s6"),
            s7: colour("--s7"),
            s8: colour("--s8"),
            font: match token("--font").trim() {
                "" => "sans-serif".to_owned(),
                font => font.to_owned(),
            },
        }
    }

    /// The colours of the bands, in the order of `BAND_NAMES`. Red is left to errors of the provider.
    pub fn bands(&self) -> [&str; 8] {
        [
            &self.s1,
            &self.s5,
            &self.s2,
            &self.s6,
            &self.bad,
            &self.s4,
            &self.ink_3,
            &self.line_2,
        ]
    }

    /// The colours of lines, in the order of [`super::LINE_COLOURS`]; at the end that of lines without one.
    pub fn lines(&self) -> [&str; 9] {
        [
            &self.s1, &self.s4, &self.s2, &self.s5, &self.s6, &self.s7, &self.s3, &self.s8, &self.idle,
        ]
    }

    /// The theme object that ECharts registers: everything around the series.
    pub fn theme(&self) -> Value {
        let label = json!({ "color": self.ink_3 });
        let ruled = json!({ "lineStyle": { "color": self.line_2 } });
        json!({
            "color": [self.s1, self.s2, self.s4, self.s5, self.s6, self.idle],
            "textStyle": { "fontFamily": self.font },
            "timeAxis": { "axisLine": ruled, "axisLabel": label, "splitLine": { "show": false } },
            "categoryAxis": { "axisLine": ruled, "axisLabel": label, "splitLine": { "show": false } },
            "valueAxis": {
                "axisLine": { "show": false },
                "axisLabel": label,
                "splitLine": { "lineStyle": { "color": [self.line] } },
            },
            "tooltip": {
                "backgroundColor": self.panel,
                "borderColor": self.line_2,
                "textStyle": { "color": self.ink, "fontFamily": self.font, "fontSize": 11 },
                "axisPointer": { "lineStyle": { "color": self.ink_3 } },
            },
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Each token's value is its name.
    pub fn named() -> Palette {
        Palette::read(str::to_owned)
    }

    #[test]
    fn tokens_reach_the_theme() {
        let theme = named().theme();
        assert_eq!(theme["textStyle"]["fontFamily"], "--font");
        assert_eq!(theme["valueAxis"]["splitLine"]["lineStyle"]["color"][0], "--line");
        assert_eq!(theme["tooltip"]["backgroundColor"], "--panel");
    }

    #[test]
    fn bands_can_be_told_apart() {
        let palette = named();
        let mut bands = palette.bands().to_vec();
        bands.sort_unstable();
        bands.dedup();
        assert_eq!(bands.len(), 8);
    }

    #[test]
    fn a_missing_token_is_still_a_colour() {
        let palette = Palette::read(|_| " ".to_owned());
        assert_eq!(palette.s1, "#7d848c");
        assert_eq!(palette.font, "sans-serif");
    }
}
