//! `/s/{token}/badge/{figure}.svg`: one figure of a share, for a README or a wall. Its colour says whether the target is met;
//! its title says so in words.

use app::format;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::view::{Figure, Good};

use super::page::figures;
use super::xml::escaped;
use super::{Held, private};
use crate::http::Problem;
use crate::settings::sent::Sent;
use crate::state::Shared;

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// The longest label, in characters.
const LONGEST: usize = 40;
/// Between text and edge, tenths of a pixel.
const PAD: u32 = 60;

/// `GET`; `?label=` puts other words into the left half, at most 40 characters.
pub async fn badge(
    State(shared): State<Shared>,
    Extension(held): Extension<Held>,
    Path(path): Path<Vec<(String, String)>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = path.iter().find(|(name, _)| name == "figure");
    let key = asked.and_then(|(_, value)| value.strip_suffix(".svg"));
    let page = figures(&shared, &held).await?;
    let figure = page
        .figures
        .iter()
        .find(|figure| Some(figure.key.as_str()) == key);
    let Some(figure) = figure else {
        return Ok(private(Problem::not_found().into_response(), &[]));
    };
    let query = Sent::of_query(&uri);
    let label = query.get("label");
    if label.chars().count() > LONGEST {
        let problem = Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-parameter",
            "A parameter cannot be used",
            format!("label: must have at most {LONGEST} characters."),
        );
        return Ok(private(problem.into_response(), &[]));
    }
    let svg = drawn(figure, label);
    let mut response = private(svg.into_response(), &[]);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("image/svg+xml; charset=utf-8"),
    );
    // An image is shown on pages of others. A minute, and nothing stale after that.
    headers.insert(CORP, HeaderValue::from_static("cross-origin"));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=60, must-revalidate"),
    );
    Ok(response)
}

/// The colour, and what it says.
fn standing(figure: &Figure) -> (&'static str, &'static str) {
    let met = match (figure.value, figure.target) {
        (Some(value), Some(target)) => Some(match figure.good {
            Good::High => value >= target,
            Good::Low => value <= target,
        }),
        _ => None,
    };
    match met {
        Some(true) => ("#0b7550", "target met"),
        Some(false) => ("#c42626", "target missed"),
        None if figure.value.is_none() => ("#646a72", "no data"),
        None => ("#646a72", "no target"),
    }
}

/// A flat badge. White on each of its colours has a contrast of at least 5:1.
fn drawn(figure: &Figure, label: &str) -> String {
    let label = match label.trim() {
        "" => figure.title.as_str(),
        label => label,
    };
    let value = match figure.value {
        Some(_) => format::value(figure.unit, figure.value),
        None => "no data".to_owned(),
    };
    let (colour, words) = standing(figure);
    let (left, right) = (width(label), width(&value));
    let (left_box, right_box) = (whole(left + 2 * PAD), whole(right + 2 * PAD));
    let all = left_box + right_box;
    let text = |middle: u32, length: u32, text: &str| {
        format!(
            "<text x=\"{}\" y=\"14\" textLength=\"{}\">{}</text>",
            tenths(middle),
            tenths(length),
            escaped(text)
        )
    };
    let title = escaped(&format!("{label}: {value}, {words}"));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"20\" role=\"img\" aria-label=\"{title}\">\
         <title>{title}</title>\
         <rect width=\"{all}\" height=\"20\" rx=\"3\" fill=\"{colour}\"/>\
         <path d=\"M3 0h{inner}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z\" fill=\"#3c4248\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">{}{}</g>\
         </svg>",
        text(left_box * 5, left, label),
        text(left_box * 10 + right_box * 5, right, &value),
        inner = left_box.saturating_sub(3),
    )
}

fn tenths(value: u32) -> String {
    format!("{}.{}", value / 10, value % 10)
}

/// Whole pixels, rounded up.
fn whole(tenths: u32) -> u32 {
    tenths.div_ceil(10)
}

/// How wide text is in Verdana at 11 px, in tenths of a pixel. Other fonts are stretched to it by `textLength`.
fn width(text: &str) -> u32 {
    let each = text.chars().map(|c| match c {
        'i' | 'l' | '\'' => 30,
        'f' | 'j' | ' ' | ',' | '.' | 'I' | 't' | '!' | '|' | ':' | ';' => 44,
        'r' | '-' | '(' | ')' | '[' | ']' | '/' | 'J' | '"' => 50,
        'c' | 's' | 'z' | '?' => 58,
        'F' | 'L' | 'a' | 'e' | 'k' | 'v' | 'x' | 'y' | '`' => 64,
        'P' | 'T' | 'Y' | 'E' | 'o' => 68,
        'A' | 'B' | 'C' | 'K' | 'R' | 'S' | 'V' | 'X' | 'Z' => 76,
        'D' | 'G' | 'H' | 'N' | 'O' | 'Q' | 'U' | '&' => 84,
        'M' | 'w' | '+' | '<' | '>' | '=' | '~' | '^' | '#' => 90,
        'm' | 'W' | '@' | '%' => 112,
        c if c.is_ascii() => 70,
        _ => 110,
    });
    each.sum()
}

#[cfg(test)]
mod tests {
    use protocol::query::Unit;
    use protocol::view::Working;

    use super::*;

    fn figure(value: Option<f64>, target: Option<f64>) -> Figure {
        Figure {
            key: "answered".into(),
            title: "Answered".into(),
            unit: Unit::Fraction,
            good: Good::High,
            value,
            before: None,
            target,
            samples: 9,
            days: Vec::new(),
            owner: String::new(),
            working: Working {
                words: String::new(),
                formula: String::new(),
                queries: Vec::new(),
            },
        }
    }

    #[test]
    fn badges_are_as_they_were() {
        let (met, missed, unknown) = (
            figure(Some(0.9921), Some(0.99)),
            figure(Some(0.9421), Some(0.99)),
            figure(None, Some(0.99)),
        );
        for (figure, label, golden) in [
            (&met, "", include_str!("golden/met.svg")),
            (&missed, "chat <b>&", include_str!("golden/missed.svg")),
            (&unknown, "", include_str!("golden/unknown.svg")),
        ] {
            assert_eq!(drawn(figure, label), golden.trim_end());
        }
    }

    #[test]
    fn low_is_good_where_the_figure_says_so() {
        let mut slow = figure(Some(900.0), Some(800.0));
        slow.good = Good::Low;
        assert_eq!(standing(&slow).1, "target missed");
        slow.value = Some(800.0);
        assert_eq!(standing(&slow).1, "target met");
        slow.target = None;
        assert_eq!(standing(&slow), ("#646a72", "no target"));
    }
}
