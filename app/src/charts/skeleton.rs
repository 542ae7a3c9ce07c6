//! What charts are made of besides their figures, as JSON text that travels inside the page.
//!
//! charming builds it on the server, once, with the names of colour tokens where colours go. The browser puts the
//! colours of the moment in their place and lets JavaScript parse it, so that neither charming nor a JSON library is
//! part of the WASM.

use std::sync::Arc;

/// The names that stand for values of the style sheet.
#[cfg(any(feature = "hydrate", test))]
const TOKENS: [&str; 17] = [
    "--ink",
    "--ink-3",
    "--line",
    "--line-2",
    "--panel",
    "--panel-2",
    "--bad",
    "--idle",
    "--s1",
    "--s2",
    "--s3",
    "--s4",
    "--s5",
    "--s6",
    "--s7",
    "--s8",
    "--font",
];

/// The text, as a context for charts: an object with `theme`, `latency`, `outcomes`, `heat`, `lines` and `cells`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skeletons(pub Arc<str>);

/// Builds the text; in the browser it is found in the page instead.
#[cfg(feature = "ssr")]
pub fn skeletons() -> String {
    use super::{Kind, option::option, palette::Palette};
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let build = || {
        let named = Palette::read(str::to_owned);
        let mut all = serde_json::Map::new();
        all.insert("theme".into(), named.theme());
        for kind in [
            Kind::Latency,
            Kind::Outcomes,
            Kind::Heat,
            Kind::Lines,
            Kind::Cells,
        ] {
            all.insert(kind.skeleton().into(), option(kind, &named));
        }
        serde_json::Value::Object(all).to_string()
    };
    TEXT.get_or_init(build).clone()
}

/// Only the server builds it.
#[cfg(not(feature = "ssr"))]
pub fn skeletons() -> String {
    "{}".into()
}

/// The text with values in place of names; `value` gives a token's value as JSON, quotes included.
#[cfg(any(feature = "hydrate", test))]
pub(super) fn coloured(text: &str, value: impl Fn(&str) -> String) -> String {
    TOKENS.iter().fold(text.to_owned(), |text, token| {
        text.replace(&format!("\"{token}\""), &value(token))
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_replaced_and_the_rest_stays_json() {
        let text = coloured(&skeletons(), |token| format!("\"value of {}\"", &token[2..]));
        assert!(!text.contains("\"--"), "a token is missing in the list");
        let all: serde_json::Value = serde_json::from_str(&text).expect("still JSON");
        assert_eq!(all["latency"]["series"][1]["lineStyle"]["color"], "value of s1");
        assert_eq!(all["theme"]["textStyle"]["fontFamily"], "value of font");
        for part in ["theme", "latency", "outcomes", "heat", "lines", "cells"] {
            assert!(all[part].is_object(), "{part}");
        }
    }

    #[test]
    fn it_is_small_enough_to_travel_in_every_page() {
        assert!(skeletons().len() < 8_000, "{} bytes", skeletons().len());
    }
}
