//! What a call cost, from tokens and prices.
//!
//! Prices are integers, pico-USD (10^-12 USD) per token, which is the same as micro-USD per million tokens: a list
//! price of $2.50 per million tokens is 2,500,000, and $0.0125 is 12,500. Sums are exact in `u128` and rounded once, to
//! the nearest nano-USD, half up. No prices are built in: one that nobody verified is worse than none. An unknown price
//! is `None`, never zero.
//!
//! Prices hold from a moment on ([`PriceTable`]); decimals are read digit by digit ([`per_million`], [`per_token`]), never
//! through a float.

mod days;
mod decimal;
mod table;

pub use days::{since, whole_days};
pub use decimal::{AmountError, dollars, exact, per_million, per_token, words};
pub use table::PriceTable;

use crate::NanoUsd;
use crate::event::Call;

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

#[cfg(test)]
mod tests {
    use super::Price;
    use crate::event::Call;

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
}
