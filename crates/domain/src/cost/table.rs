//! Prices by provider, model and tier, each from a moment on.

use std::collections::HashMap;

use super::Price;
use crate::event::{Call, Tier};
use crate::{Millis, NanoUsd, Outcome};

/// A price, and where and since when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    tier: Tier,
    /// Empty for any.
    provider: String,
    from: Millis,
    price: Price,
}

/// Prices by provider, model and tier. Where several say something of the same, the one that holds since the latest moment
/// that has passed counts, and of two since the same moment the one that was put in last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceTable {
    /// By model. Asked for every call without a cost: nothing is allocated to ask.
    prices: HashMap<String, Vec<Row>>,
}

impl PriceTable {
    /// An empty table.
    pub fn new() -> PriceTable {
        PriceTable::default()
    }

    /// Nothing has a price.
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }

    /// Sets the price of a model from a moment on: at a provider, or at any provider that has none of its own then.
    pub fn insert(&mut self, from: Millis, provider: Option<&str>, model: &str, tier: Tier, price: Price) {
        self.prices.entry(model.to_owned()).or_default().push(Row {
            tier,
            provider: provider.unwrap_or_default().to_owned(),
            from,
            price,
        });
    }

    /// The price of a model at exactly this provider (empty for any) at a moment.
    pub fn exactly(&self, provider: &str, model: &str, tier: Tier, at: Millis) -> Option<&Price> {
        let rows = self.prices.get(model)?.iter();
        let holds = |row: &&Row| row.tier == tier && row.from <= at && row.provider == provider;
        // Of those that are equal this gives the last.
        let newest = rows.filter(holds).max_by_key(|row| row.from);
        newest.map(|row| &row.price)
    }

    /// The price of a model at a provider at a moment: its own, else that at any.
    pub fn at(&self, provider: &str, model: &str, tier: Tier, at: Millis) -> Option<&Price> {
        let own = self.exactly(provider, model, tier, at);
        own.or_else(|| self.exactly("", model, tier, at))
    }

    /// The price for a call: of the model that really answered, else of the one asked for; at its provider, else at
    /// any. A tier without a price of its own has none: discounts differ too much between providers to guess.
    pub fn price(&self, call: &Call, at: Millis) -> Option<&Price> {
        let tier = call.tier.unwrap_or(Tier::Standard);
        let models = [call.response_model.as_deref(), Some(call.model.as_str())];
        [call.provider.as_str(), ""].into_iter().find_map(|provider| {
            let mut models = models.into_iter().flatten();
            models.find_map(|model| self.exactly(provider, model, tier, at))
        })
    }

    /// What a call cost that ended then; `None` without tokens or without a price, and for calls a breaker refused.
    pub fn estimate(&self, call: &Call, at: Millis) -> Option<NanoUsd> {
        if call.outcome() == Outcome::Rejected {
            return None;
        }
        self.price(call, at)?.of(call)
    }

    /// What the same tokens would have cost where the call stands in for somebody. Where it does not say for which model,
    /// the same model is meant, and only a price of that very provider tells anything.
    pub fn usual(&self, call: &Call, at: Millis) -> Option<NanoUsd> {
        let wanted = call.fallback_from.as_ref()?;
        if call.outcome() == Outcome::Rejected {
            return None;
        }
        let tier = call.tier.unwrap_or(Tier::Standard);
        let price = match &wanted.model {
            Some(model) => self.at(&wanted.provider, model, tier, at),
            None => self.exactly(&wanted.provider, &call.model, tier, at),
        };
        price?.of(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CallOutcome, FallbackFrom};

    const PRICE: Price = Price {
        input: 2_500_000,
        output: 10_000_000,
        cache_read: 250_000,
        cache_write: 3_125_000,
    };
    const NOW: Millis = 1_000;

    fn input(input: u64) -> Price {
        Price {
            input,
            ..Price::default()
        }
    }

    fn call() -> Call {
        Call {
            provider: "openai".into(),
            model: "m".into(),
            input_tokens: Some(1_000),
            output_tokens: Some(100),
            ..Call::default()
        }
    }

    fn table(provider: Option<&str>, model: &str) -> PriceTable {
        let mut table = PriceTable::new();
        table.insert(0, provider, model, Tier::Standard, PRICE);
        table
    }

    #[test]
    fn unknown_is_none_never_zero() {
        assert_eq!(PriceTable::new().estimate(&call(), NOW), None);
        let table = table(None, "m");
        let unknown = [
            Call {
                input_tokens: None,
                output_tokens: None,
                ..call()
            },
            Call {
                tier: Some(Tier::Batch),
                ..call()
            },
            Call {
                outcome: CallOutcome(Outcome::Rejected),
                ..call()
            },
        ];
        for call in unknown {
            assert_eq!(table.estimate(&call, NOW), None, "{call:?}");
        }
        assert_eq!(table.estimate(&call(), NOW), Some(3_500_000));
    }

    #[test]
    fn the_nearest_price_wins() {
        let mut prices = table(None, "m");
        prices.insert(0, Some("openai"), "m", Tier::Standard, input(1_000));
        prices.insert(0, Some("openai"), "m-2", Tier::Standard, input(2_000));
        assert_eq!(prices.estimate(&call(), NOW), Some(1_000));
        let elsewhere = Call {
            provider: "azure".into(),
            ..call()
        };
        assert_eq!(prices.estimate(&elsewhere, NOW), Some(3_500_000));
        for (model, cost) in [("m-2", 2_000), ("m-3", 1_000)] {
            let answered = Call {
                response_model: Some(model.into()),
                ..call()
            };
            assert_eq!(prices.estimate(&answered, NOW), Some(cost), "{model}");
        }
    }

    #[test]
    fn prices_hold_from_their_moment_on_whatever_the_order_they_came_in() {
        let mut prices = PriceTable::new();
        prices.insert(500, None, "m", Tier::Standard, input(3_000));
        prices.insert(100, None, "m", Tier::Standard, input(1_000));
        prices.insert(300, None, "m", Tier::Standard, input(2_000));
        prices.insert(300, None, "m", Tier::Standard, input(2_500));
        for (at, cost) in [
            (99, None),
            (100, Some(1_000)),
            (299, Some(1_000)),
            (300, Some(2_500)),
            (499, Some(2_500)),
            (500, Some(3_000)),
            (Millis::MAX, Some(3_000)),
        ] {
            assert_eq!(prices.estimate(&call(), at), cost, "at {at}");
        }
    }

    #[test]
    fn what_a_stand_in_would_have_cost() {
        let mut prices = table(Some("openai"), "m");
        prices.insert(0, Some("anthropic"), "big", Tier::Standard, input(5_000));
        prices.insert(0, None, "small", Tier::Standard, input(7));
        let from = |provider: &str, model: Option<&str>| Call {
            fallback_from: Some(FallbackFrom {
                provider: provider.into(),
                model: model.map(str::to_owned),
            }),
            ..call()
        };
        assert_eq!(prices.usual(&call(), NOW), None);
        assert_eq!(prices.usual(&from("anthropic", Some("big")), NOW), Some(5_000));
        assert_eq!(prices.usual(&from("anthropic", Some("small")), NOW), Some(7));
        assert_eq!(prices.usual(&from("anthropic", Some("none")), NOW), None);
        assert_eq!(prices.usual(&from("openai", None), NOW), Some(3_500_000));
        assert_eq!(prices.usual(&from("anthropic", None), NOW), None);
    }
}
