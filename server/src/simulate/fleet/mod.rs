//! Who is simulated: four providers, thirteen breakers, and the services and instances that hold them.
//!
//! Latencies and prices are plausible figures of our own making, not measurements and not a price list.

mod breakers;

use domain::breaker::{Settings, WindowKind};

pub use breakers::BREAKERS;

/// How a provider says what is left of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitHeaders {
    /// `x-ratelimit-…`, resets as durations (`1.5s`).
    OpenAi,
    /// `anthropic-ratelimit-…`, resets as RFC 3339 times.
    Anthropic,
    /// None.
    Silent,
}

/// One provider.
#[derive(Debug)]
pub struct Provider {
    /// Its name in events.
    pub name: &'static str,
    /// How it tells its limits.
    pub limits: LimitHeaders,
    /// The status with which it says that it is overloaded.
    pub overloaded: u16,
}

/// All of them.
pub const PROVIDERS: [Provider; 4] = [
    Provider {
        name: "openai",
        limits: LimitHeaders::OpenAi,
        overloaded: 503,
    },
    Provider {
        name: "anthropic",
        limits: LimitHeaders::Anthropic,
        overloaded: 529,
    },
    Provider {
        name: "google",
        limits: LimitHeaders::Silent,
        overloaded: 503,
    },
    Provider {
        name: "self-hosted",
        limits: LimitHeaders::Silent,
        overloaded: 503,
    },
];

/// What a model does, and how fast when all is well. Times are medians in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    /// A streamed answer.
    Chat {
        /// To the first token.
        ttft: f64,
        /// Tokens per answer.
        tokens: f64,
        /// Tokens per second once it speaks.
        speed: f64,
    },
    /// One vector.
    Embedding {
        /// To the answer.
        wait: f64,
    },
    /// One ranking.
    Rerank {
        /// To the answer.
        wait: f64,
    },
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy)]
pub struct Price {
    /// Input that was not in the cache.
    pub input: f64,
    /// Input read from the cache.
    pub cached: f64,
    /// Output.
    pub output: f64,
}

/// One breaker and what it guards.
#[derive(Debug)]
pub struct Breaker {
    /// Its name on the board.
    pub name: &'static str,
    /// Its part of the fake provider's address.
    pub slug: &'static str,
    /// Index into [`PROVIDERS`].
    pub provider: usize,
    /// The model as asked for.
    pub model: &'static str,
    /// The endpoint or region, where there are several.
    pub deployment: Option<&'static str>,
    /// The service that holds it.
    pub service: &'static str,
    /// The processes of that service that hold one.
    pub instances: &'static [&'static str],
    /// Its share of the users' requests.
    pub share: f64,
    /// What the model does.
    pub work: Work,
    /// What it costs, where that is known per token.
    pub price: Price,
    /// Index of the breaker that stands in.
    pub fallback: Option<usize>,
    /// Failure rate at which it trips.
    pub threshold: f64,
    /// How far it looks back, and how long it stays open, in seconds.
    pub pace: (i64, i64),
}

impl Breaker {
    /// The provider's name.
    pub fn provider_name(&self) -> &'static str {
        PROVIDERS[self.provider].name
    }

    /// A call takes too long after this.
    pub fn timeout_ms(&self) -> u64 {
        match self.work {
            Work::Chat { .. } => 8_000,
            Work::Embedding { .. } | Work::Rerank { .. } => 2_000,
        }
    }

    /// Its settings when `rate` users' requests per second arrive in all. With little traffic it looks back further,
    /// so that it still trips on the same share of failures.
    pub fn settings(&self, rate: f64) -> Settings {
        const MINIMUM: f64 = 8.0;
        let (window, open) = self.pace;
        let own_rate = rate * self.share / self.instances.len() as f64;
        let window_s = (MINIMUM / own_rate).clamp(window as f64, 120.0);
        let expected = own_rate * window_s;
        Settings {
            window: WindowKind::Time {
                ms: (window_s * 1_000.0) as i64,
            },
            minimum_calls: expected.clamp(3.0, MINIMUM) as u32,
            failure_threshold: self.threshold,
            slow_threshold: Some(0.8),
            slow_after: Some(self.timeout_ms() * 1_000 / 2),
            consecutive: None,
            open_for: open * 1_000,
            half_open_trials: 5,
            rate_limits_count: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fleet_is_the_one_on_the_drawing() {
        let shares: f64 = BREAKERS.iter().map(|breaker| breaker.share).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{shares}");
        for (index, breaker) in BREAKERS.iter().enumerate() {
            assert!(
                breaker
                    .slug
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-'),
                "{}",
                breaker.slug
            );
            assert!((1..=3).contains(&breaker.instances.len()));
            if let Some(fallback) = breaker.fallback {
                assert_ne!(fallback, index);
                assert_eq!(BREAKERS[fallback].service, breaker.service);
            }
            let twins = BREAKERS
                .iter()
                .filter(|other| other.slug == breaker.slug || other.name == breaker.name);
            assert_eq!(twins.count(), 1);
        }
        let standing_in = |name: &str| {
            let breaker = BREAKERS.iter().find(|breaker| breaker.name == name).unwrap();
            BREAKERS[breaker.fallback.unwrap()].name
        };
        assert_eq!(standing_in("claude-sonnet"), "gpt-5");
        assert_eq!(standing_in("gpt-5"), "claude-sonnet");
        assert_eq!(standing_in("gpt-5-mini"), "gemini-flash");
        assert_eq!(standing_in("vertex · eu"), "eu · gpt-5");
        assert_eq!(standing_in("vllm-a · llama"), "vllm-b · llama");
    }

    #[test]
    fn settings_hold_at_every_rate() {
        for breaker in &BREAKERS {
            for rate in [0.1, 5.0, 40.0, 500.0] {
                let settings = breaker.settings(rate);
                assert_eq!(settings.validate(), Ok(()), "{} at {rate}", breaker.name);
                assert!((3..=8).contains(&settings.minimum_calls));
            }
        }
    }
}
