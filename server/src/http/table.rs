//! Answers that are tables: which form a reader wants, and the forms besides JSON: NDJSON and CSV.
//!
//! CSV is RFC 4180: a header row, lines end in CR LF, a cell with a comma, a quote or a line break goes into quotes. An
//! absent value is an empty cell. Texts come from outside and end up in spreadsheets: one that begins like a formula
//! gets a `'` in front, which spreadsheets take for "this is text". Numbers are ours and stay as they are.
//!
//! Deliberately absent: JSON (axum's), reading any of these forms, and choosing columns (each route's).

use std::fmt::{Display, Write as _};

use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::params;
use super::problem::Problem;

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One document.
    Json,
    /// One item per line.
    Ndjson,
    /// For spreadsheets.
    Csv,
}

impl Format {
    /// What the parameter `format` says, else the first form in `Accept` that we have, else JSON.
    ///
    /// # Errors
    /// The parameter names a form that we do not have. A header that does is no error: JSON is what everybody reads.
    pub fn negotiate(headers: &HeaderMap, param: Option<&str>) -> Result<Format, Problem> {
        match param {
            Some("json") => Ok(Format::Json),
            Some("ndjson") => Ok(Format::Ndjson),
            Some("csv") => Ok(Format::Csv),
            Some(other) => Err(params::bad(
                "format",
                format!(
                    "format: must be json, ndjson or csv, got `{}`",
                    params::echo(other)
                ),
            )),
            None => Ok(accepted(headers).unwrap_or(Format::Json)),
        }
    }
}

fn accepted(headers: &HeaderMap) -> Option<Format> {
    let values = headers.get_all(ACCEPT).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .find_map(|range| match range.split(';').next()?.trim() {
            "application/json" => Some(Format::Json),
            NDJSON => Some(Format::Ndjson),
            CSV => Some(Format::Csv),
            _ => None,
        })
}

/// One item per line.
///
/// # Errors
/// 503 when an item cannot be written, which no type of ours can bring about.
pub fn ndjson<T: Serialize>(items: impl IntoIterator<Item = T>) -> Result<Response, Problem> {
    let mut body = Vec::new();
    for item in items {
        serde_json::to_writer(&mut body, &item)
            .map_err(|_| Problem::unavailable("An item of the answer could not be written.", 1))?;
        body.push(b'\n');
    }
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(NDJSON)),
        (VARY, HeaderValue::from_static("accept")),
    ];
    Ok((headers, body).into_response())
}

/// Writes CSV cell by cell.
#[derive(Debug)]
pub struct Csv {
    out: String,
    /// The row has no cell yet.
    fresh: bool,
}

impl Csv {
    /// With the header row.
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Csv {
        let mut csv = Csv {
            out: String::new(),
            fresh: true,
        };
        for column in columns {
            csv.text(column);
        }
        csv.end_row();
        csv
    }

    /// A cell of text.
    pub fn text(&mut self, text: &str) {
        self.separate();
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted = text.contains([',', '"', '\r', '\n']);
        if quoted {
            self.out.push('"');
        }
        if formula {
            self.out.push('\'');
        }
        if quoted {
            self.out.push_str(&text.replace('"', "\"\""));
            self.out.push('"');
        } else {
            self.out.push_str(text);
        }
    }

    /// A cell of text, empty where there is none.
    pub fn text_or_empty(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.separate(),
        }
    }

    /// A cell with a number or a word of ours, written as it prints.
    pub fn value(&mut self, value: impl Display) {
        self.separate();
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{value}");
    }

    /// A cell with a number or a word of ours, empty where there is none.
    pub fn value_or_empty(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.value(value),
            None => self.separate(),
        }
    }

    /// The row is complete.
    pub fn end_row(&mut self) {
        self.out.push_str("\r\n");
        self.fresh = true;
    }

    /// The answer; `name` is what a browser saves it as, without `.csv`.
    pub fn into_response(self, name: &'static str) -> Response {
        let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
        let mut response = (
            [(CONTENT_TYPE, kind), (VARY, HeaderValue::from_static("accept"))],
            self.out,
        )
            .into_response();
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        response
    }

    fn separate(&mut self) {
        if !self.fresh {
            self.out.push(',');
        }
        self.fresh = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(accept: &[&'static str], param: Option<&str>) -> Format {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        Format::negotiate(&headers, param).unwrap()
    }

    #[test]
    fn the_parameter_comes_before_the_header() {
        assert_eq!(negotiated(&[], None), Format::Json);
        assert_eq!(negotiated(&["*/*"], None), Format::Json);
        assert_eq!(negotiated(&["application/x-ndjson"], None), Format::Ndjson);
        assert_eq!(negotiated(&["text/html, text/csv;q=0.9"], None), Format::Csv);
        assert_eq!(negotiated(&["image/png", "text/csv"], None), Format::Csv);
        assert_eq!(negotiated(&["text/csv"], Some("json")), Format::Json);
        assert_eq!(negotiated(&["text/csv"], Some("ndjson")), Format::Ndjson);
        let refused = Format::negotiate(&HeaderMap::new(), Some("xml")).unwrap_err();
        let body = refused.body("1");
        assert_eq!(body["parameter"], "format");
        assert_eq!(body["detail"], "format: must be json, ndjson or csv, got `xml`");
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut csv = Csv::new(["a", "b, c"]);
        csv.text("plain text");
        csv.text("say \"hi\"");
        csv.end_row();
        csv.text_or_empty(None);
        csv.text("two\nlines");
        csv.end_row();
        csv.value(-1.5);
        csv.value_or_empty(None::<u32>);
        csv.end_row();
        assert_eq!(
            csv.out,
            "a,\"b, c\"\r\nplain text,\"say \"\"hi\"\"\"\r\n,\"two\nlines\"\r\n-1.5,\r\n"
        );
    }

    #[test]
    fn no_text_is_a_formula() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("a=b", "a=b"),
            ("'quoted", "'quoted"),
            ("", ""),
        ] {
            let mut csv = Csv::new(["h"]);
            csv.text(text);
            csv.end_row();
            assert_eq!(csv.out, format!("h\r\n{cell}\r\n"), "{text:?}");
        }
    }
}
