//! Pieces of SVG as text. Each piece carries a class, which the style sheet colours by theme, and the colours of paper as
//! attributes, which count where there is no style sheet: in a file that somebody saved.

pub(super) const INK: &str = "#17191c";
pub(super) const INK_2: &str = "#4b5158";
pub(super) const INK_3: &str = "#646a72";
pub(super) const LINE: &str = "#e3e3de";
pub(super) const SERIES: &str = "#2f6fdb";
pub(super) const BAD: &str = "#d3302f";
pub(super) const PANEL: &str = "#ffffff";

/// Text from outside, for the content of an element and for an attribute in double quotes. What XML cannot hold is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// A number as attributes take it: at most two decimals, never an exponent.
pub(super) fn number(value: f64) -> String {
    let text = format!("{:.2}", if value.is_finite() { value } else { 0.0 });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// A share as percent of the width.
pub(super) fn percent(value: f64) -> String {
    [&number(value), "%"].concat()
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Percent of the width.
    pub x: f64,
    /// Pixels from the top.
    pub y: f64,
    /// Pixels to the right of `x`.
    pub dx: f64,
    /// `start`, `middle`, `end`.
    pub anchor: &'static str,
}

/// Words on an axis.
pub(super) fn tick(place: Place, words: &str) -> String {
    text("kc-tick", INK_3, 10.5, place, words)
}

/// Words of the data: a name, a value.
pub(super) fn label(place: Place, words: &str) -> String {
    text("kc-label", INK_2, 11.5, place, words)
}

fn text(class: &str, fill: &str, size: f64, place: Place, words: &str) -> String {
    format!(
        r#"<text class="{class}" x="{}" y="{}" dx="{}" text-anchor="{}" fill="{fill}" font-size="{size}">{}</text>"#,
        percent(place.x),
        number(place.y),
        number(place.dx),
        place.anchor,
        escaped(words),
    )
}

/// A straight line from (x, y) to (x, y), x in percent.
pub(super) fn rule(class: &str, stroke: &str, from: (f64, f64), to: (f64, f64)) -> String {
    let dash = if class == "kc-zero" {
        r#" stroke-dasharray="4 2""#
    } else {
        ""
    };
    format!(
        r#"<line class="{class}" x1="{}" y1="{}" x2="{}" y2="{}" stroke="{stroke}" stroke-width="1"{dash}></line>"#,
        percent(from.0),
        number(from.1),
        percent(to.0),
        number(to.1),
    )
}

/// At most so many letters; what is cut ends in `…`.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    [kept.trim_end(), "…"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_text() {
        assert_eq!(
            escaped("<script>\"a\" & 'b'\u{0}\u{1b}\n</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39; &lt;/script&gt;"
        );
        let drawn = tick(
            Place {
                x: 1.0,
                y: 2.0,
                dx: 0.0,
                anchor: "end",
            },
            "</text><script>",
        );
        assert!(!drawn.contains("<script"), "{drawn}");
    }

    #[test]
    fn numbers_are_short_and_never_odd() {
        for (value, text) in [
            (0.0, "0"),
            (-0.001, "0"),
            (12.50, "12.5"),
            (100.0, "100"),
            (1e9, "1000000000"),
            (f64::NAN, "0"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(cut("openai", 6), "openai");
        assert_eq!(cut("self-hosted", 6), "self-…");
        assert_eq!(cut("ééééé", 3), "éé…");
    }
}
