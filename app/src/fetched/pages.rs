//! What the pages of history ask for, and where.

use leptos_router::params::ParamsMap;
use protocol::limits::Limits;
use protocol::view::{ExploreQuestion, Explored, ProviderPage, Providers};

use super::Figures;
use crate::browser::encode;

/// The two ends of a range, as texts in Grafana's grammar. What is wrong with them is for the server to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `now-24h`
    pub from: String,
    /// `now`
    pub to: String,
}

impl Asked {
    /// Of a query string; the last 24 hours where an end is not named, as the server has it.
    pub fn of(query: &ParamsMap) -> Asked {
        let (from, to) = ends(query, "now-24h");
        Asked { from, to }
    }
}

/// The ends of a range in a query string; where one is not named, `usual` up to now, as the server has it.
pub(super) fn ends(query: &ParamsMap, usual: &str) -> (String, String) {
    let get = |name: &str, usual: &str| {
        let named = query.get(name).filter(|text| !text.is_empty());
        named.unwrap_or_else(|| usual.to_owned())
    };
    (get("from", usual), get("to", "now"))
}

/// `from=now-24h&to=now`
pub(super) fn range(from: &str, to: &str) -> String {
    ["from=", &encode(from), "&to=", &encode(to)].concat()
}

impl Figures for Providers {
    type Asked = Asked;
    const PAGE: &'static str = "providers";

    fn address(asked: &Asked) -> String {
        ["/api/v1/providers?", &range(&asked.from, &asked.to)].concat()
    }

    fn answers(&self, asked: &Asked) -> bool {
        self.asked_from == asked.from && self.asked_to == asked.to
    }

    fn words(&self) -> &str {
        &self.words
    }

    fn until(&self) -> i64 {
        self.to
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }
}

impl Figures for Explored {
    type Asked = ExploreQuestion;
    const PAGE: &'static str = "explore";

    fn address(asked: &ExploreQuestion) -> String {
        let compare = if asked.compare { "&compare=1" } else { "" };
        [
            "/api/v1/explore?metric=",
            &encode(&asked.metric),
            "&group_by=",
            &encode(&asked.group_by),
            "&filter=",
            &encode(&asked.filter),
            "&",
            &range(&asked.from, &asked.to),
            compare,
        ]
        .concat()
    }

    fn answers(&self, asked: &ExploreQuestion) -> bool {
        self.asked == *asked
    }

    fn words(&self) -> &str {
        &self.words
    }

    fn until(&self) -> i64 {
        self.span_to
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }
}

/// One provider over a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedProvider {
    /// `p_…`
    pub id: String,
    /// The range.
    pub range: Asked,
}

impl Figures for ProviderPage {
    type Asked = AskedProvider;
    const PAGE: &'static str = "provider";

    fn address(asked: &AskedProvider) -> String {
        let AskedProvider { id, range: ends } = asked;
        [
            "/api/v1/providers/",
            &encode(id),
            "?",
            &range(&ends.from, &ends.to),
        ]
        .concat()
    }

    fn answers(&self, asked: &AskedProvider) -> bool {
        self.row.id == asked.id && self.asked_from == asked.range.from && self.asked_to == asked.range.to
    }

    fn words(&self) -> &str {
        &self.words
    }

    fn until(&self) -> i64 {
        self.to
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }
}

/// What is capped, now: nothing is chosen.
impl Figures for Limits {
    type Asked = ();
    const PAGE: &'static str = "limits";

    fn address((): &()) -> String {
        "/api/v1/limits?".to_owned()
    }

    fn answers(&self, (): &()) -> bool {
        true
    }

    fn words(&self) -> &str {
        ""
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_the_last_day() {
        let mut query = ParamsMap::new();
        query.insert("from", "now-7d".to_owned());
        query.insert("to", String::new());
        let asked = Asked::of(&query);
        assert_eq!((asked.from.as_str(), asked.to.as_str()), ("now-7d", "now"));
        assert_eq!(Asked::of(&ParamsMap::new()).from, "now-24h");
        let mut figures = Providers::default();
        assert!(!figures.answers(&asked));
        (figures.asked_from, figures.asked_to) = ("now-7d".into(), "now".into());
        assert!(figures.answers(&asked));
        assert_eq!(Providers::address(&asked), "/api/v1/providers?from=now-7d&to=now");
    }

    #[test]
    fn a_question_is_an_address() {
        let asked = ExploreQuestion {
            metric: "cost".into(),
            group_by: "provider,model".into(),
            filter: "model:a b&c".into(),
            from: "now-1h".into(),
            to: "now".into(),
            compare: true,
        };
        assert_eq!(
            Explored::address(&asked),
            "/api/v1/explore?metric=cost&group_by=provider,model&filter=model:a%20b%26c&from=now-1h&to=now&compare=1"
        );
    }
}
