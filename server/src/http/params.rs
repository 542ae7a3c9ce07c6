//! The parameters of a query string: decoded, each at most once, and none that a route does not know. A misspelt
//! `fitler=` that is ignored would answer another question than the one that was asked.

use axum::extract::Query;
use axum::http::{StatusCode, Uri};
use protocol::Span;
pub use protocol::filter::echo;

use super::problem::Problem;

/// The parameters of one request.
#[derive(Debug)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Reads the query string of an address.
    ///
    /// # Errors
    /// 400 for a parameter that is not in `known`, that comes twice, or that cannot be decoded.
    pub fn read(uri: &Uri, known: &[&str]) -> Result<Params, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| bad("", "the query string cannot be decoded"))?;
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let detail = format!(
                    "`{}` is not a parameter of this address; known are {}",
                    echo(name),
                    known.join(", ")
                );
                return Err(bad(name, detail));
            }
            if pairs[..at].iter().any(|(other, _)| other == name) {
                return Err(bad(name, format!("{name}: it is given twice")));
            }
        }
        Ok(Params { pairs })
    }

    /// The value of a parameter. An empty one counts as left out: that is how forms send it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A whole number.
    ///
    /// # Errors
    /// 400 when it is none, or lies outside of `least..=most`.
    pub fn count(&self, name: &str, least: usize, most: usize) -> Result<Option<usize>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| {
            let detail = format!("{name}: must be {least} to {most}, got `{}`", echo(text));
            bad(name, detail)
        })
    }

    /// A moment, in the grammar of the ends of a range.
    ///
    /// # Errors
    /// 400 when it cannot be read.
    pub fn moment(&self, name: &str, now: i64, utc_offset_min: i32) -> Result<Option<i64>, Problem> {
        let moment =
            |text| Span::moment(text, now, utc_offset_min).map_err(|error| bad(name, error.to_string()));
        self.get(name).map(moment).transpose()
    }

    /// The range from `from` to `to`, in Grafana's grammar; the last hour where they are left out.
    ///
    /// # Errors
    /// 400 when an end cannot be read, or they are no range.
    pub fn span(&self, now: i64, utc_offset_min: i32) -> Result<Span, Problem> {
        let from = self.get("from").unwrap_or("now-1h");
        let to = self.get("to").unwrap_or("now");
        Span::parse(from, to, now, utc_offset_min).map_err(|error| {
            let detail = error.to_string();
            let name = if detail.starts_with("to:") { "to" } else { "from" };
            bad(name, detail)
        })
    }
}

/// 400: what this parameter says cannot be used.
pub fn bad(name: &str, detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad-parameter",
        "A parameter cannot be used",
        detail,
    )
    .with("parameter", echo(name).into())
}

#[cfg(test)]
mod tests {
    use protocol::filter::ECHOED;

    use super::*;

    fn read(query: &str) -> Result<Params, Problem> {
        let uri = format!("/x?{query}").parse::<Uri>().unwrap();
        Params::read(&uri, &["from", "to", "limit", "filter"])
    }

    #[track_caller]
    fn refused<T>(result: Result<T, Problem>) -> (String, String) {
        let Err(problem) = result else {
            panic!("it was not refused")
        };
        assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
        let body = problem.body("1");
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (text("parameter"), text("detail"))
    }

    #[test]
    fn values_are_decoded() {
        let params = read("filter=provider%3Aopen+ai%20x&from=&limit=7").unwrap();
        assert_eq!(params.get("filter"), Some("provider:open ai x"));
        assert_eq!(params.get("from"), None);
        assert_eq!(params.get("to"), None);
        assert_eq!(params.count("limit", 1, 10).unwrap(), Some(7));
        assert_eq!(params.count("to", 1, 10).unwrap(), None);
        assert!(read("").unwrap().pairs.is_empty());
    }

    #[test]
    fn what_is_not_known_is_named() {
        let (name, detail) = refused(read("fitler=x"));
        assert_eq!(name, "fitler");
        assert_eq!(
            detail,
            "`fitler` is not a parameter of this address; known are from, to, limit, filter"
        );
        assert_eq!(refused(read("limit=1&limit=2")).1, "limit: it is given twice");
        assert_eq!(refused(read(&"x".repeat(99))).0.chars().count(), ECHOED + 1);
    }

    #[test]
    fn numbers_stay_within_their_limits() {
        for text in ["0", "11", "-1", "1.5", "ten", "99999999999999999999999"] {
            let (name, detail) = refused(read(&format!("limit={text}")).unwrap().count("limit", 1, 10));
            assert_eq!(name, "limit");
            assert_eq!(detail, format!("limit: must be 1 to 10, got `{text}`"));
        }
    }

    #[test]
    fn ranges_have_defaults_and_errors_name_their_end() {
        let now = 1_763_640_000_000;
        let hour = read("").unwrap().span(now, 0).unwrap();
        assert_eq!((hour.from, hour.to), (now - 3_600_000, now));
        for (query, name) in [
            ("from=yesterday", "from"),
            ("to=soon", "to"),
            ("from=now&to=now-1h", "from"),
            ("to=1763640000", "to"),
        ] {
            assert_eq!(refused(read(query).unwrap().span(now, 0)).0, name, "{query}");
        }
    }
}
