//! The range that an address asks for.

use leptos_router::params::ParamsMap;
use protocol::view::Providers;

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
        let get = |name: &str, usual: &str| {
            let named = query.get(name).filter(|text| !text.is_empty());
            named.unwrap_or_else(|| usual.to_owned())
        };
        Asked {
            from: get("from", "now-24h"),
            to: get("to", "now"),
        }
    }

    /// These figures are the answer to it.
    pub fn is_answered_by(&self, figures: &Providers) -> bool {
        self.from == figures.asked_from && self.to == figures.asked_to
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
        assert!(!asked.is_answered_by(&figures));
        (figures.asked_from, figures.asked_to) = ("now-7d".into(), "now".into());
        assert!(asked.is_answered_by(&figures));
    }
}
