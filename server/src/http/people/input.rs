//! The bodies of small changes: one JSON object whose members are all known. A misspelt member that is ignored would
//! leave somebody with another key or role than they asked for.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use protocol::filter::echo;
use serde_json::{Map, Value};

use super::super::problem::Problem;

/// The largest body, bytes.
pub const LARGEST: usize = 16 << 10;

/// The members of a body.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
}

impl Fields {
    /// Reads a body; an empty one has no members.
    ///
    /// # Errors
    /// 400 for what is no object, or has a member that is not in `known`; 413 above [`LARGEST`].
    pub fn read(body: Result<Bytes, BytesRejection>, known: &[&str]) -> Result<Fields, Problem> {
        let bytes = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
                format!("A change like this has at most {LARGEST} bytes."),
            ),
            _ => bad("", "the body could not be read"),
        })?;
        if bytes.is_empty() {
            return Ok(Fields { members: Map::new() });
        }
        let members = match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => members,
            Ok(_) => return Err(bad("", "the body must be one JSON object")),
            Err(error) => return Err(bad("", format!("the body is not JSON: {error}"))),
        };
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let known = match known {
                [] => "nothing is known here".to_owned(),
                known => format!("known are {}", known.join(", ")),
            };
            return Err(bad(
                name,
                format!("`{}` is not a field of this; {known}", echo(name)),
            ));
        }
        Ok(Fields { members })
    }

    /// Whether a member is there, if only as null.
    pub fn says(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member that is there and not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// 400 when it is not, or is something else.
    pub fn text(&self, name: &str) -> Result<&str, Problem> {
        match self.get(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(bad(name, format!("{name}: must be a text"))),
            None => Err(bad(name, format!("{name}: it is missing"))),
        }
    }

    /// A text, empty when it is left out.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub fn text_or_empty(&self, name: &str) -> Result<&str, Problem> {
        match self.get(name) {
            None => Ok(""),
            Some(_) => self.text(name),
        }
    }

    /// A whole number, if it is there.
    ///
    /// # Errors
    /// 400 when it is something else, or lies outside of `least..=most`.
    pub fn number(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = value.as_i64().filter(|number| (least..=most).contains(number));
        let why = || format!("{name}: must be a whole number of {least} to {most}");
        number.map(Some).ok_or_else(|| bad(name, why()))
    }

    /// A list of texts, empty when it is left out.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, Problem> {
        let wrong = || bad(name, format!("{name}: must be a list of texts"));
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let texts = items.iter().map(|item| item.as_str().ok_or_else(wrong));
                texts.collect()
            }
            Some(_) => Err(wrong()),
        }
    }
}

/// 400: what this field says cannot be used.
pub fn bad(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad-field",
        "A field cannot be used",
        detail,
    )
    .with("field", echo(field).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &'static str) -> Result<Fields, Problem> {
        Fields::read(
            Ok(Bytes::from_static(body.as_bytes())),
            &["name", "scopes", "days"],
        )
    }

    #[track_caller]
    fn refused<T>(result: Result<T, Problem>) -> (String, String) {
        let Err(problem) = result else {
            panic!("it was not refused")
        };
        assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
        let body = problem.body("1");
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (text("field"), text("detail"))
    }

    #[test]
    fn members_are_read() {
        let fields = read(r#"{"name": "a", "scopes": ["x", "y"], "days": 7}"#).unwrap();
        assert_eq!(fields.text("name").unwrap(), "a");
        assert_eq!(fields.texts("scopes").unwrap(), ["x", "y"]);
        assert_eq!(fields.number("days", 1, 7).unwrap(), Some(7));
        let fields = read(r#"{"days": null}"#).unwrap();
        assert_eq!(fields.number("days", 1, 7).unwrap(), None);
        assert_eq!(fields.text_or_empty("name").unwrap(), "");
        assert!(fields.texts("scopes").unwrap().is_empty());
        assert!(read("").unwrap().members.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refused(read(r#"{"nmae": "a"}"#)).0, "nmae");
        for body in ["[]", "7", "{", "\"name\"", "{} {}"] {
            assert_eq!(refused(read(body)).0, "", "{body}");
        }
        let fields = read(r#"{"scopes": "x", "days": 8}"#).unwrap();
        assert_eq!(
            refused(fields.text("name")),
            ("name".into(), "name: it is missing".into())
        );
        assert_eq!(refused(fields.text("days")).1, "days: must be a text");
        assert_eq!(
            refused(fields.texts("scopes")).1,
            "scopes: must be a list of texts"
        );
        assert_eq!(
            refused(fields.number("days", 1, 7)).1,
            "days: must be a whole number of 1 to 7"
        );
        let fields = read(r#"{"scopes": [1], "days": 1.5}"#).unwrap();
        assert!(fields.texts("scopes").is_err() && fields.number("days", 1, 7).is_err());
    }
}
