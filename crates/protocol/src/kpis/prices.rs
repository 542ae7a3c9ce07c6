//! What the page of prices shows: lists, models in use with what they cost, and what a file that is to be imported would do.

use serde::{Deserialize, Serialize};

/// A list of prices, without its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceListRow {
    /// Its number.
    pub id: u64,
    /// Rises with each change.
    pub version: u64,
    /// As people call it.
    pub name: String,
    /// Where its prices were read.
    pub source: String,
    /// From then, epoch milliseconds.
    pub since: i64,
    /// How many prices it has.
    pub entries: u32,
    /// How many models those are of.
    pub models: u32,
    /// Models in use whose price now is that of this list.
    pub holds: u32,
    /// When it last changed, epoch milliseconds.
    pub changed: i64,
}

/// What a million tokens cost, US dollars with a sign: `$2.50`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priced {
    /// Input tokens.
    pub input: String,
    /// Output tokens.
    pub output: String,
    /// Input tokens read from a cache.
    pub cache_read: String,
    /// Input tokens written to a cache.
    pub cache_write: String,
    /// The list that says so.
    pub list: u64,
    /// Its name.
    pub list_name: String,
    /// It holds at any provider that has no price of its own.
    pub any_provider: bool,
}

/// A model that was called lately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInUse {
    /// Who was called.
    pub provider: String,
    /// The model that was asked for.
    pub model: String,
    /// Attempts in the last 30 days.
    pub calls: u64,
    /// US dollars in that time, as far as they are known.
    pub cost: Option<f64>,
    /// The share of its calls with tokens that have no price.
    pub unpriced: Option<f64>,
    /// What the standard tier costs now; `None` where no list says it.
    pub price: Option<Priced>,
}

impl ModelInUse {
    /// Calls go without a cost as things are: no list has a price, and senders do not say it.
    pub fn lacks_price(&self) -> bool {
        self.price.is_none() && self.unpriced.is_some_and(|share| share > 0.0)
    }
}

/// The page of prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricesPage {
    /// When it was computed, epoch milliseconds.
    pub as_of: i64,
    /// Lists, the one that holds since the latest moment first.
    pub lists: Vec<PriceListRow>,
    /// Models in use: those without a price first, then by calls.
    pub models: Vec<ModelInUse>,
    /// The share of calls with tokens of the last 30 days that have no price.
    pub unpriced: Option<f64>,
}

/// Entries of a file that were not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Why, as a sentence without its count: "are not paid by the token".
    pub why: String,
    /// How many.
    pub count: u32,
    /// The first few, as in the file.
    pub names: Vec<String>,
}

/// What importing a file does, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceImport {
    /// The list that was made; `None` for a look before.
    pub list: Option<u64>,
    /// From when it holds, epoch milliseconds.
    pub since: i64,
    /// Prices.
    pub entries: u32,
    /// Models.
    pub models: u32,
    /// Prices of models that have none at that moment.
    pub new: u32,
    /// Prices that are others than at that moment.
    pub changed: u32,
    /// Prices that stay.
    pub same: u32,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// Models in use that remain without a price: provider and model, the busiest first.
    pub unpriced: Vec<(String, String)>,
}
