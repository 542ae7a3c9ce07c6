//! Lists of prices: what tokens cost, from a day on.
//!
//! Prices are US dollars per million tokens, as decimals in quotes: `"2.50"`. A JSON number would pass through a float in
//! most languages, and money must not.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// A list as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceListDoc {
    /// Unique among the tenant's lists.
    pub name: String,
    /// From when it holds: a day (`2026-10-01`, from midnight UTC) or a moment (`2026-10-01T00:00:00Z`). Where several lists
    /// name a model, the one that holds since the latest moment counts.
    pub from: String,
    /// Where the prices were read.
    #[serde(default)]
    pub source: String,
    /// The prices, each of one model at one provider in one tier.
    pub entries: Vec<PriceEntry>,
}

/// What a model costs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    /// The provider, as it is called on the board; empty for any that has no price of its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// The model, as events name it.
    pub model: String,
    /// `standard`, `batch`, `flex` or `priority`.
    #[serde(default = "standard", skip_serializing_if = "is_standard")]
    pub tier: String,
    /// Input tokens.
    pub input: Decimal,
    /// Output tokens.
    pub output: Decimal,
    /// Input tokens read from a cache; without it they cost as the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Decimal>,
    /// Input tokens written to a cache; without it they cost as the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Decimal>,
}

fn standard() -> String {
    "standard".to_owned()
}

fn is_standard(tier: &str) -> bool {
    tier == "standard"
}

/// A decimal as it was written; whether it is one is the engine's to say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Decimal(pub String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        struct Quoted;

        impl Visitor<'_> for Quoted {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal in quotes, such as \"2.50\"")
            }

            fn visit_str<E>(self, text: &str) -> Result<Decimal, E> {
                Ok(Decimal(text.to_owned()))
            }
        }

        deserializer.deserialize_str(Quoted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_quoted_and_what_is_usual_is_left_out() {
        let text = r#"{"name":"October","from":"2026-10-01","source":"","entries":[{"model":"m","input":"2.50","output":"10"}]}"#;
        let list: PriceListDoc = serde_json::from_str(text).unwrap();
        assert_eq!(list.entries[0].tier, "standard");
        assert_eq!(serde_json::to_string(&list).unwrap(), text);
        let float = text.replace("\"2.50\"", "2.50");
        let error = serde_json::from_str::<PriceListDoc>(&float).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("expected a decimal in quotes, such as \"2.50\""),
            "{error}"
        );
    }
}
