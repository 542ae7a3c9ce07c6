//! What a fake provider answers to one request: a pure function of seed, request id, model and weather.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::simulate::fleet::{Breaker, PROVIDERS, Work};
use crate::simulate::random::{chance, generator, log_normal};
use crate::simulate::scenario::{Failure, Weather};

/// What will be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Until the status, or with a stream until its first token.
    pub wait: Duration,
    /// The answer itself.
    pub answer: Answer,
}

/// See [`Plan`].
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// An error with this status and code.
    Error(u16, &'static str),
    /// An embedding or a ranking.
    Whole(Usage),
    /// Tokens, one chunk after another.
    Stream {
        /// Chunks.
        chunks: u32,
        /// From the first chunk to the last.
        lasting: Duration,
        /// The connection breaks after so many chunks.
        breaks_after: Option<u32>,
        /// Why it stops: `stop` or `content_filter`.
        finish: &'static str,
        /// What it used.
        usage: Usage,
    },
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Input, cached included.
    pub input: u32,
    /// Input read from the cache.
    pub cached: u32,
    /// Output, reasoning included.
    pub output: u32,
    /// Reasoning, part of the output.
    pub reasoning: u32,
}

/// The usual noise: what goes wrong on a good day, in cases per call.
const SERVER_ERRORS: f64 = 0.002;
const OVERLOADS: f64 = 0.001;
const BROKEN_STREAMS: f64 = 0.0007;
const FILTERED: f64 = 0.001;
const BAD_REQUESTS: f64 = 0.0008;

/// Plans the answer to request `id`. A request over the limit never gets here.
pub fn plan(seed: u64, id: &str, breaker: &Breaker, weather: Weather) -> Plan {
    let mut rng = generator(seed, id, 0);
    let failure = failure(&mut rng, weather);
    let quick = |rng: &mut StdRng, ms| Duration::from_secs_f64(log_normal(rng, ms, 0.5) / 1_000.0);
    match failure {
        Some(Failure::Overloaded) => {
            let answer = Answer::Error(PROVIDERS[breaker.provider].overloaded, "overloaded_error");
            return Plan {
                wait: quick(&mut rng, 60.0),
                answer,
            };
        }
        Some(Failure::ServerError) => {
            return Plan {
                wait: quick(&mut rng, 180.0),
                answer: Answer::Error(500, "api_error"),
            };
        }
        _ if chance(&mut rng, BAD_REQUESTS) => {
            return Plan {
                wait: quick(&mut rng, 30.0),
                answer: Answer::Error(400, "invalid_request_error"),
            };
        }
        Some(Failure::BrokenStream) | None => {}
    }
    match breaker.work {
        Work::Chat { ttft, tokens, speed } => {
            let wait = log_normal(&mut rng, ttft * weather.slowness, 0.38);
            let output = log_normal(&mut rng, tokens, 0.55).clamp(4.0, 600.0);
            let speed = log_normal(&mut rng, speed, 0.15);
            let input = log_normal(&mut rng, 900.0, 0.8).clamp(20.0, 60_000.0) as u32;
            let cached = if chance(&mut rng, 0.45) { input / 10 * 7 } else { 0 };
            let chunks = (output / 8.0).ceil() as u32;
            let usage = Usage {
                input,
                cached,
                output: output as u32,
                reasoning: (output * 0.2) as u32,
            };
            let breaks_after = (failure == Some(Failure::BrokenStream)).then(|| rng.random_range(1..=chunks));
            let finish = if chance(&mut rng, FILTERED) {
                "content_filter"
            } else {
                "stop"
            };
            Plan {
                wait: Duration::from_secs_f64(wait / 1_000.0),
                answer: Answer::Stream {
                    chunks,
                    lasting: Duration::from_secs_f64(output / speed),
                    breaks_after,
                    finish,
                    usage,
                },
            }
        }
        Work::Embedding { wait } | Work::Rerank { wait } => {
            let wait = log_normal(&mut rng, wait * weather.slowness, 0.35);
            let input = log_normal(&mut rng, 350.0, 0.6).clamp(5.0, 8_000.0) as u32;
            let answer = match failure {
                Some(Failure::BrokenStream) => Answer::Error(500, "api_error"),
                _ => Answer::Whole(Usage {
                    input,
                    ..Usage::default()
                }),
            };
            Plan {
                wait: Duration::from_secs_f64(wait / 1_000.0),
                answer,
            }
        }
    }
}

fn failure(rng: &mut StdRng, weather: Weather) -> Option<Failure> {
    // Always the same number of draws, so that the weather changes nothing else about a call.
    let (by_weather, by_noise) = (rng.random::<f64>(), rng.random::<f64>());
    if let Some((failure, share)) = weather.failure
        && by_weather < share
    {
        return Some(failure);
    }
    match by_noise {
        noise if noise < SERVER_ERRORS => Some(Failure::ServerError),
        noise if noise < SERVER_ERRORS + OVERLOADS => Some(Failure::Overloaded),
        noise if noise < SERVER_ERRORS + OVERLOADS + BROKEN_STREAMS => Some(Failure::BrokenStream),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::fleet::BREAKERS;
    use crate::simulate::scenario::FAIR;

    fn plans(seed: u64, breaker: &Breaker, weather: Weather) -> Vec<Plan> {
        (0..2_000)
            .map(|number| plan(seed, &format!("sim-{number}"), breaker, weather))
            .collect()
    }

    fn failed(plan: &Plan) -> bool {
        matches!(
            plan.answer,
            Answer::Error(..)
                | Answer::Stream {
                    breaks_after: Some(_),
                    ..
                }
        )
    }

    #[test]
    fn the_same_seed_and_id_give_the_same_answer() {
        let sonnet = &BREAKERS[4];
        assert_eq!(plans(7, sonnet, FAIR), plans(7, sonnet, FAIR));
        assert_ne!(plans(7, sonnet, FAIR), plans(8, sonnet, FAIR));
    }

    #[test]
    fn fair_weather_is_fast_and_nearly_faultless() {
        for breaker in &BREAKERS {
            let plans = plans(7, breaker, FAIR);
            assert!(
                plans.iter().filter(|plan| failed(plan)).count() < 30,
                "{}",
                breaker.name
            );
            let mut waits: Vec<Duration> = plans.iter().map(|plan| plan.wait).collect();
            waits.sort();
            let median = match breaker.work {
                Work::Chat { ttft, .. } => ttft,
                Work::Embedding { wait } | Work::Rerank { wait } => wait,
            };
            let ratio = waits[1_000].as_secs_f64() * 1_000.0 / median;
            assert!((0.94..1.06).contains(&ratio), "{}: {ratio}", breaker.name);
        }
    }

    #[test]
    fn the_weather_fails_its_share_in_the_providers_own_words() {
        let weather = Weather {
            failure: Some((Failure::Overloaded, 0.7)),
            ..FAIR
        };
        let share = |plans: &[Plan], status| {
            let hit = plans
                .iter()
                .filter(|plan| matches!(plan.answer, Answer::Error(s, _) if s == status));
            hit.count() as f64 / plans.len() as f64
        };
        assert!((share(&plans(7, &BREAKERS[4], weather), 529) - 0.7).abs() < 0.04);
        assert!((share(&plans(7, &BREAKERS[0], weather), 503) - 0.7).abs() < 0.04);
        let slow = plans(
            7,
            &BREAKERS[7],
            Weather {
                slowness: 11.0,
                ..FAIR
            },
        );
        let late = slow
            .iter()
            .filter(|plan| plan.wait > Duration::from_secs(4))
            .count();
        assert!(late > 1_600, "{late} of 2000");
    }
}
