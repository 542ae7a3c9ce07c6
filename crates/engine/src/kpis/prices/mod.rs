//! What tokens cost: lists of prices that people write or import, the table that follows from them, and calls that get
//! their cost from it on the way in.
//!
//! A list holds from its moment on, model by model. What a call cost is fixed when it comes in, at the price of when it
//! happened (ADR 0041): a list that is changed later changes no figure of before. Deliberately absent: prices of our own,
//! fetching any, and pricing anew what is stored.

mod import;
mod known;
mod page;

pub use import::PriceFile;
pub(crate) use known::{KnownPrices, fill};

use std::collections::HashSet;

use domain::Millis;
use domain::alert::RuleError;
use domain::cost::{self, AmountError, PicoUsd, Price, PriceTable};
use domain::event::Tier;
use protocol::documents::DocumentItem;
use protocol::kpis::price_list::{Decimal, PriceEntry, PriceListDoc};
use store::DocumentKind;

use crate::documents::Document;
use crate::duty::Known;

/// The most prices of a list.
pub const MAX_PRICES: usize = 5_000;
/// The longest names and sources, in characters.
const MAX_LIST_NAME: usize = 80;
const MAX_SOURCE: usize = 1_024;
/// The longest name of a provider or a model, in characters, as in events.
const MAX_NAME: usize = 128;

impl Document for PriceListDoc {
    const KIND: DocumentKind = DocumentKind::PriceList;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, _: &Known, _: Option<u64>) -> Result<(), RuleError> {
        check(self)
    }
}

/// A text of so many characters, without blanks at its ends and control characters.
pub(super) fn words(text: &str, field: &str, least: usize, most: usize) -> Result<(), RuleError> {
    let count = text.chars().count();
    if !(least..=most).contains(&count) || text.trim() != text {
        let must = format!("must have {least} to {most} characters and no blank at its ends, got {count}");
        return Err(RuleError::new(field, must));
    }
    match text.chars().any(char::is_control) {
        true => Err(RuleError::new(field, "must have no control characters")),
        false => Ok(()),
    }
}

/// A provider as it is called here.
pub(super) fn provider(name: &str, field: &str, least: usize) -> Result<(), RuleError> {
    words(name, field, least, MAX_NAME)?;
    let ours = ingest::provider_name(name);
    match ours == name {
        true => Ok(()),
        false => Err(RuleError::new(field, format!("is called `{ours}` here"))),
    }
}

fn check(doc: &PriceListDoc) -> Result<(), RuleError> {
    words(&doc.name, "name", 1, MAX_LIST_NAME)?;
    words(&doc.source, "source", 0, MAX_SOURCE)?;
    cost::since(&doc.from)?;
    let count = doc.entries.len();
    if !(1..=MAX_PRICES).contains(&count) {
        let must = format!("must be 1 to {MAX_PRICES} prices, got {count}");
        return Err(RuleError::new("entries", must));
    }
    let mut seen = HashSet::new();
    for (place, entry) in doc.entries.iter().enumerate() {
        let field = |name: &str| format!("entries[{place}].{name}");
        provider(&entry.provider, &field("provider"), 0)?;
        words(&entry.model, &field("model"), 1, MAX_NAME)?;
        let (tier, _) = read(entry).map_err(|error| RuleError {
            field: field(&error.field),
            ..error
        })?;
        if !seen.insert((&entry.provider, &entry.model, tier as u8)) {
            let must = format!("stands twice for the tier {}", tier.as_str());
            return Err(RuleError::new(&field("model"), must));
        }
    }
    Ok(())
}

/// The tier and the price of an entry. Cached tokens without a price of their own cost as the input.
fn read(entry: &PriceEntry) -> Result<(Tier, Price), RuleError> {
    let tier = Tier::parse(&entry.tier);
    let tier = tier.ok_or_else(|| RuleError::new("tier", "must be standard, batch, flex or priority"))?;
    let one = |price: &Decimal, field: &str| {
        let wrong = |error: AmountError| RuleError::new(field, error.to_string());
        cost::per_million(&price.0).map_err(wrong)
    };
    let input = one(&entry.input, "input")?;
    let or_input = |price: &Option<Decimal>, field: &str| match price {
        Some(price) => one(price, field),
        None => Ok::<PicoUsd, RuleError>(input),
    };
    let price = Price {
        input,
        output: one(&entry.output, "output")?,
        cache_read: or_input(&entry.cache_read, "cache_read")?,
        cache_write: or_input(&entry.cache_write, "cache_write")?,
    };
    Ok((tier, price))
}

/// The moment from which a list holds. It was checked before it was stored.
fn since(doc: &PriceListDoc) -> Option<Millis> {
    let since = cost::since(&doc.from);
    since
        .inspect_err(|error| tracing::error!(list = doc.name, %error, "a list of prices cannot be read"))
        .ok()
}

/// The table of all lists; of two that hold since the same moment the one with the higher number counts.
fn table_of(lists: &[DocumentItem<PriceListDoc>]) -> PriceTable {
    let mut table = PriceTable::new();
    for list in lists {
        put(&mut table, &list.doc);
    }
    table
}

/// Puts the prices of a list into a table.
fn put(table: &mut PriceTable, doc: &PriceListDoc) {
    let Some(since) = since(doc) else {
        return;
    };
    for entry in &doc.entries {
        let Ok((tier, price)) = read(entry) else {
            tracing::error!(list = doc.name, model = entry.model, "a price cannot be read");
            continue;
        };
        let provider = Some(entry.provider.as_str()).filter(|provider| !provider.is_empty());
        table.insert(since, provider, &entry.model, tier, price);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(model: &str, input: &str) -> PriceEntry {
        PriceEntry {
            provider: "openai".into(),
            model: model.into(),
            tier: "standard".into(),
            input: Decimal(input.into()),
            output: Decimal("10".into()),
            ..PriceEntry::default()
        }
    }

    fn list(entries: Vec<PriceEntry>) -> PriceListDoc {
        PriceListDoc {
            name: "October".into(),
            from: "2026-10-01".into(),
            source: String::new(),
            entries,
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        assert_eq!(check(&list(vec![entry("m", "2.50")])), Ok(()));
        let tier = PriceEntry {
            tier: "cheap".into(),
            ..entry("m", "1")
        };
        let cache = PriceEntry {
            cache_read: Some(Decimal("-1".into())),
            ..entry("m", "1")
        };
        let azure = PriceEntry {
            provider: "azure.ai.openai".into(),
            ..entry("m", "1")
        };
        for (entries, field) in [
            (vec![], "entries"),
            (vec![entry("a", "1"), entry("b", "2,5")], "entries[1].input"),
            (vec![entry("a", "1"), entry("a", "2")], "entries[1].model"),
            (vec![entry("", "1")], "entries[0].model"),
            (vec![entry(&"x".repeat(129), "1")], "entries[0].model"),
            (vec![tier], "entries[0].tier"),
            (vec![cache], "entries[0].cache_read"),
            (vec![azure], "entries[0].provider"),
        ] {
            assert_eq!(check(&list(entries)).unwrap_err().field, field);
        }
        let many = (0..=MAX_PRICES).map(|n| entry(&n.to_string(), "1")).collect();
        let error = check(&list(many)).unwrap_err();
        assert_eq!(error.to_string(), "entries: must be 1 to 5000 prices, got 5001");
        let soon = PriceListDoc {
            from: "soon".into(),
            ..list(vec![entry("m", "1")])
        };
        assert_eq!(check(&soon).unwrap_err().field, "from");
    }

    #[test]
    fn caches_without_a_price_cost_as_the_input() {
        let (tier, price) = read(&entry("m", "2.50")).unwrap();
        assert_eq!(tier, Tier::Standard);
        assert_eq!(
            (price.input, price.cache_read, price.cache_write),
            (2_500_000, 2_500_000, 2_500_000)
        );
    }
}
