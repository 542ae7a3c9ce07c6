//! Invoices: what a provider asked for, to be held against what was counted.

use serde::{Deserialize, Serialize};

use super::price_list::Decimal;

/// An invoice as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceDoc {
    /// What stands on it, unique among the tenant's invoices.
    pub number: String,
    /// Who sent it, as the provider is called on the board.
    pub provider: String,
    /// The first day, `2026-10-01`.
    pub from: String,
    /// The last day, which belongs to it.
    pub to: String,
    /// Whose days: a zone of the IANA's database.
    #[serde(default = "utc")]
    pub zone: String,
    /// US dollars, without taxes, as a decimal in quotes.
    pub amount: Decimal,
    /// What is to be known about it.
    #[serde(default)]
    pub note: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// An invoice against what was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvoiceRow {
    /// Its number among documents.
    pub id: u64,
    /// Rises with each change.
    pub version: u64,
    /// As it was written.
    pub doc: InvoiceDoc,
    /// From then, epoch milliseconds.
    pub since: i64,
    /// Until then.
    pub until: i64,
    /// US dollars of all invoices of the provider for the same days.
    pub asked: f64,
    /// How many those are.
    pub together: u32,
    /// US dollars that we counted for the provider in that time; `None` while it is not over, and where nothing is known.
    pub counted: Option<f64>,
    /// The share of calls with tokens that had no price then: what was counted is too little by them.
    pub unpriced: Option<f64>,
    /// What was counted ÷ what was asked − 1.
    pub difference: Option<f64>,
    /// A part of that time is older than anything that is kept.
    pub partial: bool,
}
