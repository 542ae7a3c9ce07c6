//! One request of a user: an attempt, perhaps a retry, perhaps a stand-in; each guarded by its breaker and reported.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::Outcome;
use fuseboard_client::CallEvent;
use rand::Rng;
use tokio::time::{Instant, sleep, timeout};

use super::attempt::{Ended, attempt};
use super::fleet::{BREAKERS, Breaker};
use super::random::{chance, exponential, generator, weighted};
use super::report;
use super::world::{Slot, World};

/// One request, decided before it begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Rises from 0.
    pub number: u64,
    /// After the request before it.
    pub after: Duration,
    /// Index of the breaker that is asked first.
    pub breaker: usize,
    /// The process that serves the user.
    pub instance: &'static str,
    /// It tries a second time after this pause, before it turns elsewhere.
    pub retry_after: Option<Duration>,
    /// The user gives up after this.
    pub patience: Option<Duration>,
}

/// The requests of all users, one after another; a Poisson process whose rate swings gently.
#[derive(Debug, Clone, Copy)]
pub struct Users {
    seed: u64,
    rate: f64,
    next: u64,
    time: f64,
}

impl Users {
    /// Users who send `rate` requests per second on average.
    pub fn new(seed: u64, rate: f64) -> Users {
        Users {
            seed,
            rate,
            next: 0,
            time: 0.0,
        }
    }
}

impl Iterator for Users {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let mut rng = generator(self.seed, "user", self.next);
        // ±15% over two minutes.
        let swing = 1.0 + 0.15 * (self.time / 120.0 * std::f64::consts::TAU).sin();
        let after = exponential(&mut rng, self.rate * swing);
        self.time += after;
        let breaker = weighted(&mut rng, BREAKERS.iter().map(|breaker| breaker.share));
        let instances = BREAKERS[breaker].instances;
        let request = Request {
            number: self.next,
            after: Duration::from_secs_f64(after),
            breaker,
            instance: instances[rng.random_range(0..instances.len())],
            retry_after: chance(&mut rng, 0.6).then(|| Duration::from_millis(rng.random_range(80..320))),
            patience: chance(&mut rng, 0.002).then(|| Duration::from_millis(rng.random_range(50..1_500))),
        };
        self.next += 1;
        Some(request)
    }
}

/// What a request needs to be served.
#[derive(Clone)]
pub struct Caller {
    /// Shared by all requests.
    pub http: reqwest::Client,
    /// Of the fake providers, in the order of [`super::fleet::PROVIDERS`].
    pub addresses: [SocketAddr; 4],
}

impl Caller {
    /// Serves one request to its end.
    pub async fn serve(&self, world: &World, request: Request) {
        let outcome = self.first_choice(world, request).await;
        let stands_in = BREAKERS[request.breaker]
            .fallback
            .filter(|_| outcome.is_some_and(asks_elsewhere));
        let counts = &world.counts;
        let mut answered = outcome == Some(Outcome::Ok);
        if let Some(slot) = stands_in.and_then(|breaker| world.slot(breaker, request.instance)) {
            let origin = &BREAKERS[request.breaker];
            let mark = |event: CallEvent| event.fallback_from(origin.provider_name(), origin.model);
            answered = self.guarded(world, slot, request, 3, mark).await == Outcome::Ok;
            counts.saved.fetch_add(u64::from(answered), Ordering::Relaxed);
        }
        counts.requests.fetch_add(1, Ordering::Relaxed);
        counts.answered.fetch_add(u64::from(answered), Ordering::Relaxed);
    }

    /// The model that was asked for, twice at most.
    async fn first_choice(&self, world: &World, request: Request) -> Option<Outcome> {
        let slot = world.slot(request.breaker, request.instance)?;
        let first = self.guarded(world, slot, request, 1, |event| event).await;
        let Some(pause) = request.retry_after.filter(|_| worth_repeating(first)) else {
            return Some(first);
        };
        sleep(pause).await;
        Some(
            self.guarded(world, slot, request, 2, |event| event.attempt(2))
                .await,
        )
    }

    /// One attempt through one breaker, reported whatever happens. `mark` adds what makes it a retry or a fallback.
    async fn guarded(
        &self,
        world: &World,
        slot: &Slot,
        request: Request,
        attempt_number: u8,
        mark: impl Fn(CallEvent) -> CallEvent,
    ) -> Outcome {
        let Some(permit) = world.acquire(slot) else {
            world.counts.rejected.fetch_add(1, Ordering::Relaxed);
            world.client.call(mark(report::rejected(
                slot.breaker,
                slot.instance,
                world.clock.now_ms(),
            )));
            return Outcome::Rejected;
        };
        let id = format!("sim-{}-{attempt_number}", request.number);
        let ended = self
            .patient(slot.breaker, slot.instance, &id, request.patience)
            .await;
        permit.record(ended.outcome, ended.duration);
        world.tell_headroom(slot.breaker, &ended.headers);
        world.client.call(mark(report::ended(
            slot.breaker,
            slot.instance,
            &ended,
            world.clock.now_ms(),
        )));
        ended.outcome
    }

    /// One attempt, unless the user gives up first.
    async fn patient(
        &self,
        breaker: &Breaker,
        instance: &str,
        id: &str,
        patience: Option<Duration>,
    ) -> Ended {
        let start = Instant::now();
        let call = attempt(
            &self.http,
            self.addresses[breaker.provider],
            breaker,
            instance,
            id,
        );
        match patience {
            None => call.await,
            Some(patience) => match timeout(patience, call).await {
                Ok(ended) => ended,
                Err(_) => Ended::cancelled(start.elapsed()),
            },
        }
    }
}

/// A second try at the same model may help.
fn worth_repeating(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Overloaded | Outcome::ServerError | Outcome::Network | Outcome::RateLimited
    )
}

/// Another model may help.
fn asks_elsewhere(outcome: Outcome) -> bool {
    worth_repeating(outcome) || matches!(outcome, Outcome::Rejected | Outcome::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_every_request() {
        let requests = |seed| Users::new(seed, 40.0).take(500).collect::<Vec<_>>();
        assert_eq!(requests(7), requests(7));
        assert_ne!(requests(7), requests(8));
    }

    #[test]
    fn users_keep_to_the_rate_and_reach_every_instance() {
        let requests: Vec<Request> = Users::new(7, 40.0).take(24_000).collect();
        let seconds: f64 = requests.iter().map(|request| request.after.as_secs_f64()).sum();
        let rate = 24_000.0 / seconds;
        assert!((38.5..41.5).contains(&rate), "{rate}");
        for (index, breaker) in BREAKERS.iter().enumerate() {
            let own: Vec<_> = requests
                .iter()
                .filter(|request| request.breaker == index)
                .collect();
            let share = own.len() as f64 / 24_000.0;
            assert!(
                (share / breaker.share - 1.0).abs() < 0.2,
                "{}: {share}",
                breaker.name
            );
            for instance in breaker.instances {
                assert!(
                    own.iter().any(|request| request.instance == *instance),
                    "{} {instance}",
                    breaker.name
                );
            }
        }
        let given_up = requests
            .iter()
            .filter(|request| request.patience.is_some())
            .count();
        assert!((20..90).contains(&given_up), "{given_up}");
    }
}
