//! Lists of prices as LiteLLM publishes them: `model_prices_and_context_window.json`.
//!
//! One object with a name of a model as each key, `{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token":
//! 2.5e-06, …}`. Costs are US dollars per token; the same names with `_batches`, `_flex` and `_priority` behind them are those of
//! a tier. The file is read at run time and none is shipped: prices change, and a wrong one looks exactly like a right one.
//!
//! # What is left out, and counted
//! - what is not paid by the token: images, audio, video, searches, pages;
//! - models whose prices are all zero: the file writes zero for "unknown" too;
//! - prices above a size of context, by the time that a cache keeps them, and of reasoning apart: the usual price stands;
//! - what stands twice with another price once names are plain (`gemini/x` and `x` of Vertex): the first counts.
//!
//! Deliberately absent: fetching the file, and what prices are for.

mod model;
mod names;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use domain::cost::PicoUsd;
use domain::event::Tier;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use model::{Found, Why};

/// How many names of each kind are told.
const NAMED: usize = 5;

/// A price of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As providers are called here.
    pub provider: String,
    /// Without the name of the provider before it.
    pub model: String,
    /// The tier that it is for.
    pub tier: Tier,
    /// Input tokens.
    pub input: PicoUsd,
    /// Output tokens.
    pub output: PicoUsd,
    /// Input tokens read from a cache, where the file says it.
    pub cache_read: Option<PicoUsd>,
    /// Input tokens written to a cache, where the file says it.
    pub cache_write: Option<PicoUsd>,
}

/// Entries of one kind: how many, and the names of the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Few {
    /// How many.
    pub count: u32,
    /// The first, as in the file.
    pub names: Vec<String>,
}

impl Few {
    fn add(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < NAMED {
            self.names.push(name.chars().take(128).collect());
        }
    }
}

/// What a file held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// Prices in the order of the file.
    pub rows: Vec<Row>,
    /// Entries of other providers than those asked for.
    pub others: u32,
    /// Entries that are not paid by the token: images, audio, video, searches.
    pub not_tokens: Few,
    /// Entries whose prices are all zero.
    pub free: Few,
    /// Entries that cannot be read.
    pub unreadable: Few,
    /// Entries that stand twice with another price.
    pub twice: Few,
    /// Entries with prices besides those that are taken: above a size of context, of longer caches, of reasoning.
    pub finer: Few,
}

/// Why a file is no list of prices.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is not JSON, or no object.
    #[error("must be a JSON object with a model in each key, as LiteLLM's price file is: {0}")]
    NotJson(#[from] serde_json::Error),
}

/// Reads a file. With `providers` (as they are called here) only theirs is taken.
///
/// # Errors
/// It is no JSON object. What is wrong with one entry is counted instead.
pub fn litellm(text: &str, providers: &[String]) -> Result<List, ListError> {
    let entries: Entries<'_> = serde_json::from_str(text)?;
    let mut list = List::default();
    let mut places: HashMap<(String, String, u8), usize> = HashMap::new();
    for (name, raw) in &entries.0 {
        // It says what the fields mean.
        if name == "sample_spec" {
            continue;
        }
        let found = match model::read(name, raw.get()) {
            Ok(found) => found,
            Err(Why::Unreadable) => {
                list.unreadable.add(name);
                continue;
            }
            Err(Why::NotTokens) => {
                list.not_tokens.add(name);
                continue;
            }
            Err(Why::Free) => {
                list.free.add(name);
                continue;
            }
        };
        let Found {
            rows,
            finer,
            provider,
        } = found;
        if !providers.is_empty() && !providers.contains(&provider) {
            list.others += 1;
            continue;
        }
        if finer {
            list.finer.add(name);
        }
        let mut differs = false;
        for row in rows {
            let key = (row.provider.clone(), row.model.clone(), row.tier as u8);
            match places.get(&key) {
                Some(place) => differs |= list.rows.get(*place) != Some(&row),
                None => {
                    places.insert(key, list.rows.len());
                    list.rows.push(row);
                }
            }
        }
        if differs {
            list.twice.add(name);
        }
    }
    Ok(list)
}

/// Keys and what they hold, in their order; values as they are written, since a float would change prices.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(Keys).map(Entries)
    }
}
