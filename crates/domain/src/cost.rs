//! What a call cost, from tokens and prices.
//!
//! Prices are integers, pico-USD (10^-12 USD) per token, which is the same as micro-USD per million tokens: a list
//! price of $2.50 per million tokens is 2,500,000, and $0.0125 is 12,500. Sums are exact in `u128` and rounded once, to
//! the nearest nano-USD, half up. No prices are built in: one that nobody verified is worse than none. An unknown price
//! is `None`, never zero.

use std::collections::BTreeMap;

use crate::event::{Call, Tier};
use crate::{NanoUsd, Outcome};

/// 10^-12 US dollars, per token.
pub type PicoUsd = u64;

const PICO_PER_NANO: u128 = 1_000;

/// What a token costs, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Price {
    /// Input tokens that are neither read from nor written to a cache.
    pub input: PicoUsd,
    /// Output tokens, reasoning included.
    pub output: PicoUsd,
    /// Input tokens read from a cache.
    pub cache_read: PicoUsd,
    /// Input tokens written to a cache.
    pub cache_write: PicoUsd,
}

impl Price {
    /// What a call's tokens cost at this price, for one call (weight is the bucket's business). `None` when it reports
    /// neither input nor output tokens. Cached tokens beyond the input count as the input.
    pub fn of(&self, call: &Call) -> Option<NanoUsd> {
        if call.input_tokens.is_none() && call.output_tokens.is_none() {
            return None;
        }
        let input = call.input_tokens.unwrap_or(0);
        let cache_read = call.cached_tokens.unwrap_or(0).min(input);
        let cache_write = call.cache_write_tokens.unwrap_or(0).min(input - cache_read);
        let fresh = input - cache_read - cache_write;
        let pico: u128 = [
            (fresh, self.input),
            (cache_read, self.cache_read),
            (cache_write, self.cache_write),
            (call.output_tokens.unwrap_or(0), self.output),
        ]
        .into_iter()
        .map(|(tokens, price)| u128::from(tokens) * u128::from(price))
        .sum();
        Some(NanoUsd::try_from((pico + PICO_PER_NANO / 2) / PICO_PER_NANO).unwrap_or(NanoUsd::MAX))
    }
}

/// Prices by provider, model and tier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceTable {
    /// By model, tier and provider; an empty provider stands for any.
    prices: BTreeMap<(String, u8, String), Price>,
}

impl PriceTable {
    /// An empty table.
    pub fn new() -> PriceTable {
        PriceTable::default()
    }

    /// Sets the price of a model at a provider, or at any provider that has none of its own.
    pub fn insert(&mut self, provider: Option<&str>, model: &str, tier: Tier, price: Price) {
        self.prices.insert(
            (model.into(), tier as u8, provider.unwrap_or_default().into()),
            price,
        );
    }

    /// The price for a call: of the model that really answered, else of the one asked for; at its provider, else at
    /// any. A tier without a price of its own has none: discounts differ too much between providers to guess.
    pub fn price(&self, call: &Call) -> Option<&Price> {
        let tier = call.tier.unwrap_or(Tier::Standard) as u8;
        let models = [call.response_model.as_deref(), Some(call.model.as_str())];
        [call.provider.as_str(), ""].into_iter().find_map(|provider| {
            let mut models = models.into_iter().flatten();
            models.find_map(|model| self.prices.get(&(model.to_owned(), tier, provider.to_owned())))
        })
    }

    /// What a call cost; `None` without tokens or without a price, and for calls a breaker refused.
    pub fn estimate(&self, call: &Call) -> Option<NanoUsd> {
        if call.outcome() == Outcome::Rejected {
            return None;
        }
        self.price(call)?.of(call)
    }
}

#[cfg(test)]
mod tests {
    use super::{Price, PriceTable};
    use crate::Outcome;
    use crate::event::{Call, CallOutcome, Tier};

    const PRICE: Price = Price {
        input: 2_500_000,
        output: 10_000_000,
        cache_read: 250_000,
        cache_write: 3_125_000,
    };

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
        table.insert(provider, model, Tier::Standard, PRICE);
        table
    }

    #[test]
    fn caches_are_part_of_the_input() {
        assert_eq!(PRICE.of(&call()), Some(2_500_000 + 1_000_000));
        let cached = Call {
            cached_tokens: Some(600),
            cache_write_tokens: Some(100),
            ..call()
        };
        assert_eq!(
            PRICE.of(&cached),
            Some(300 * 2_500 + 600 * 250 + 100 * 3_125 + 1_000_000)
        );
        let impossible = Call {
            cached_tokens: Some(u32::MAX),
            cache_write_tokens: Some(u32::MAX),
            ..call()
        };
        assert_eq!(PRICE.of(&impossible), Some(1_000 * 250 + 1_000_000));
    }

    #[test]
    fn rounds_once_to_the_nearest() {
        let price = Price {
            input: 12_499,
            ..Price::default()
        };
        let tokens = |input| Call {
            input_tokens: Some(input),
            output_tokens: None,
            ..call()
        };
        assert_eq!(price.of(&tokens(1)), Some(12));
        assert_eq!(price.of(&tokens(1_000)), Some(12_499));
        assert_eq!(Price { input: 500, ..price }.of(&tokens(1)), Some(1));
        assert_eq!(
            Price {
                input: u64::MAX,
                ..price
            }
            .of(&tokens(u32::MAX)),
            Some(i64::MAX)
        );
    }

    #[test]
    fn unknown_is_none_never_zero() {
        assert_eq!(PriceTable::new().estimate(&call()), None);
        let table = table(None, "m");
        assert_eq!(
            table.estimate(&Call {
                input_tokens: None,
                output_tokens: None,
                ..call()
            }),
            None
        );
        assert_eq!(
            table.estimate(&Call {
                tier: Some(Tier::Batch),
                ..call()
            }),
            None
        );
        assert_eq!(
            table.estimate(&Call {
                outcome: CallOutcome(Outcome::Rejected),
                ..call()
            }),
            None
        );
        assert_eq!(table.estimate(&call()), Some(3_500_000));
    }

    #[test]
    fn the_nearest_price_wins() {
        let mut prices = table(None, "m");
        prices.insert(
            Some("openai"),
            "m",
            Tier::Standard,
            Price {
                input: 1_000,
                ..Price::default()
            },
        );
        prices.insert(
            Some("openai"),
            "m-2",
            Tier::Standard,
            Price {
                input: 2_000,
                ..Price::default()
            },
        );
        assert_eq!(prices.estimate(&call()), Some(1_000));
        assert_eq!(
            prices.estimate(&Call {
                provider: "azure".into(),
                ..call()
            }),
            Some(3_500_000)
        );
        assert_eq!(
            prices.estimate(&Call {
                response_model: Some("m-2".into()),
                ..call()
            }),
            Some(2_000)
        );
        assert_eq!(
            prices.estimate(&Call {
                response_model: Some("m-3".into()),
                ..call()
            }),
            Some(1_000)
        );
    }
}
