//! What the pages about breakers ask for, and where.

use leptos_router::params::ParamsMap;
use protocol::view::{BreakerPage, Breakers, CallsAround, LimitReplays};

use super::Figures;
use super::pages::{ends, range};

/// About what, and the two ends of a range, as texts in Grafana's grammar. What is wrong with them is for the server to
/// say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAbout {
    /// The path below `/api/v1/`: `breakers`. Empty when nothing is wanted.
    pub what: String,
    /// `now-7d`
    pub from: String,
    /// `now`
    pub to: String,
}

impl AskedAbout {
    /// Of a query string; where an end is not named, `usual` up to now, as the server has it.
    pub fn of(what: String, usual: &str, query: &ParamsMap) -> AskedAbout {
        let (from, to) = ends(query, usual);
        AskedAbout { what, from, to }
    }

    /// Nothing.
    pub fn nothing() -> AskedAbout {
        AskedAbout {
            what: String::new(),
            from: String::new(),
            to: String::new(),
        }
    }

    /// `?from=now-24h&to=now`, for a link that keeps the range.
    pub fn query(&self) -> String {
        ["?", &range(&self.from, &self.to)].concat()
    }

    fn address(&self) -> String {
        if self.what.is_empty() {
            return String::new();
        }
        ["/api/v1/", &self.what, &self.query()].concat()
    }

    fn is(&self, what: &str, from: &str, to: &str) -> bool {
        self.what == what && self.from == from && self.to == to
    }
}

/// The path of a breaker's page below `/api/v1/`.
pub fn breaker_path(id: &str, part: &str) -> String {
    ["breakers/", id, part].concat()
}

impl Figures for Breakers {
    type Asked = AskedAbout;
    const PAGE: &'static str = "breakers";

    fn address(asked: &AskedAbout) -> String {
        asked.address()
    }

    fn answers(&self, asked: &AskedAbout) -> bool {
        asked.is("breakers", &self.asked_from, &self.asked_to)
    }

    fn words(&self) -> &str {
        &self.words
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }

    /// Instances and their states are those of now, whatever the range.
    fn moves(&self) -> bool {
        true
    }
}

impl Figures for BreakerPage {
    type Asked = AskedAbout;
    const PAGE: &'static str = "breaker";

    fn address(asked: &AskedAbout) -> String {
        asked.address()
    }

    fn answers(&self, asked: &AskedAbout) -> bool {
        let path = breaker_path(&self.breaker.id, "");
        asked.is(&path, &self.asked_from, &self.asked_to)
    }

    fn words(&self) -> &str {
        &self.words
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }

    /// The last hour is part of it, whatever the range.
    fn moves(&self) -> bool {
        true
    }
}

impl Figures for LimitReplays {
    type Asked = AskedAbout;
    const PAGE: &'static str = "whatif";

    fn address(asked: &AskedAbout) -> String {
        asked.address()
    }

    fn answers(&self, asked: &AskedAbout) -> bool {
        let path = breaker_path(&self.id, "/whatif");
        asked.is(&path, &self.asked_from, &self.asked_to)
    }

    fn words(&self) -> &str {
        &self.words
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }

    /// A replay over days tells the same ten seconds later, and is not cheap.
    fn moves(&self) -> bool {
        false
    }
}

impl Figures for CallsAround {
    type Asked = AskedAbout;
    const PAGE: &'static str = "around";

    fn address(asked: &AskedAbout) -> String {
        asked.address()
    }

    fn answers(&self, asked: &AskedAbout) -> bool {
        let path = breaker_path(&self.id, "/around");
        asked.is(&path, &self.asked_from, &self.asked_to)
    }

    fn words(&self) -> &str {
        ""
    }

    /// Late calls may still come, while the stretch is new.
    fn until(&self) -> i64 {
        self.to
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_range_as_it_was_written() {
        let mut query = ParamsMap::new();
        query.insert("from", "2026-11-20T14:00:00+01:00".to_owned());
        let asked = AskedAbout::of("breakers".to_owned(), "now-7d", &query);
        assert_eq!(asked.query(), "?from=2026-11-20T14:00:00%2B01:00&to=now");
        assert_eq!(
            Breakers::address(&asked),
            "/api/v1/breakers?from=2026-11-20T14:00:00%2B01:00&to=now"
        );
        assert_eq!(Breakers::address(&AskedAbout::nothing()), "");
    }
}
