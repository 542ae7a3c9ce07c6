//! Senders at an even pace. Every event has an id, sizes of batches vary, one event in ten is a breaker's transition, and
//! a batch without an answer is sent again, unchanged, until it has one. Each answer's `x-request-id` is noted, so that
//! the recording can tell when it was written.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

const SENDERS: u32 = 4;

/// A batch as it was sent.
#[derive(Debug, Clone)]
pub struct Batch {
    pub ids: Vec<String>,
    pub body: Value,
    /// Its `Idempotency-Key`; every second one has one.
    pub key: Option<String>,
}

/// What the senders know.
#[derive(Debug, Default)]
pub struct History {
    /// By number, in the order in which they were sent first.
    pub batches: BTreeMap<usize, Batch>,
    /// Request id of a 200 → the number of its batch.
    pub answers: HashMap<String, usize>,
}

impl History {
    pub fn events(&self) -> usize {
        self.batches.values().map(|batch| batch.ids.len()).sum()
    }
}

/// The senders at work.
pub struct Load {
    shared: Arc<Shared>,
    senders: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    history: Mutex<History>,
    /// Where the server listens now.
    url: Mutex<String>,
    stop: AtomicBool,
    pause: AtomicBool,
}

struct Sender {
    number: u32,
    random: StdRng,
    key: String,
    client: reqwest::Client,
    shared: Arc<Shared>,
    /// Events it sends a second.
    pace: f64,
}

impl Load {
    /// Starts them, pausing; together they send this many events a second.
    pub fn start(key: &str, pace: u32, seed: u64) -> Load {
        let mut load = Load {
            shared: Arc::default(),
            senders: JoinSet::new(),
        };
        load.pause();
        for number in 0..SENDERS {
            let sender = Sender {
                number,
                random: StdRng::seed_from_u64(seed << 8 | u64::from(number)),
                key: key.to_owned(),
                client: reqwest::Client::builder()
                    .no_proxy()
                    .timeout(Duration::from_secs(20))
                    .build()
                    .unwrap(),
                shared: Arc::clone(&load.shared),
                pace: f64::from(pace) / f64::from(SENDERS),
            };
            load.senders.spawn(sender.run());
        }
        load
    }

    /// Nothing new is sent until [`Load::go_on`]; what has no answer yet is still sent again.
    pub fn pause(&self) {
        self.shared.pause.store(true, Ordering::Relaxed);
    }

    /// Sends to the server at this address from now on.
    pub fn go_on(&self, address: &str) {
        *self.shared.url.lock().unwrap() = format!("{address}/api/v1/events");
        self.shared.pause.store(false, Ordering::Relaxed);
    }

    /// Ends the senders, wherever they are.
    pub async fn finish(mut self) -> History {
        self.shared.stop.store(true, Ordering::Relaxed);
        let patience = Instant::now() + Duration::from_secs(5);
        while let Ok(Some(ended)) = tokio::time::timeout_at(patience, self.senders.join_next()).await {
            ended.unwrap();
        }
        self.senders.shutdown().await;
        std::mem::take(&mut *self.shared.history.lock().unwrap())
    }
}

impl Sender {
    async fn run(mut self) {
        let mut due = Instant::now();
        while !self.stopped() {
            if self.shared.pause.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(5)).await;
                due = Instant::now();
                continue;
            }
            let (number, batch) = self.batch();
            due += Duration::from_secs_f64(batch.ids.len() as f64 / self.pace);
            self.deliver(number, &batch).await;
            tokio::time::sleep_until(due).await;
            // What an outage delayed is not caught up in one burst.
            due = due.max(Instant::now() - Duration::from_millis(200));
        }
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }

    fn batch(&mut self) -> (usize, Batch) {
        let size = match self.random.random_range(0..10) {
            0..5 => self.random.random_range(1..=4),
            5..9 => self.random.random_range(5..=30),
            _ => self.random.random_range(100..=250),
        };
        let shared = Arc::clone(&self.shared);
        let mut history = shared.history.lock().unwrap();
        let number = history.batches.len();
        let ids: Vec<String> = (0..size).map(|index| format!("e-{number}-{index}")).collect();
        let batch = Batch {
            body: ids.iter().map(|id| self.event(id)).collect(),
            ids,
            key: number.is_multiple_of(2).then(|| format!("batch-{number}")),
        };
        history.batches.insert(number, batch.clone());
        (number, batch)
    }

    fn event(&mut self, id: &str) -> Value {
        let provider = ["openai", "anthropic", "google"][self.random.random_range(0..3)];
        let instance = format!("host-{}", self.number);
        if self.random.random_ratio(1, 10) {
            let to = ["open", "half_open", "closed"][self.random.random_range(0..3)];
            return json!({
                "type": "breaker", "id": id, "breaker": format!("{provider}-main"), "provider": provider,
                "instance": instance, "to": to, "failure_rate": 0.5,
            });
        }
        let outcome = ["ok", "ok", "ok", "overloaded", "timeout"][self.random.random_range(0..5)];
        json!({
            "type": "call", "id": id, "provider": provider, "model": "m", "outcome": outcome,
            "weight": self.random.random_range(1..=3), "duration_ms": self.random.random_range(1..20_000),
            "instance": instance, "breaker": format!("{provider}-main"),
        })
    }

    /// Sends until there is a 200, or the load ends.
    async fn deliver(&self, number: usize, batch: &Batch) {
        while !self.stopped() {
            let url = self.shared.url.lock().unwrap().clone();
            let answer = send(&self.client, &url, &self.key, batch).await;
            match answer {
                Ok((200, id, body)) => {
                    assert_eq!(counted(&body), batch.ids.len() as u64, "{body}");
                    self.shared.history.lock().unwrap().answers.insert(id, number);
                    return;
                }
                // 409: the sending that got no answer is still being worked on.
                Ok((409 | 429 | 503, ..)) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok((status, _, body)) => panic!("a good batch was answered with {status}: {body}"),
            }
        }
    }
}

/// Sends a batch once: status, request id, body.
pub async fn send(
    client: &reqwest::Client,
    url: &str,
    key: &str,
    batch: &Batch,
) -> Result<(u16, String, Value), reqwest::Error> {
    let mut request = client.post(url).bearer_auth(key).json(&batch.body);
    if let Some(key) = &batch.key {
        request = request.header("Idempotency-Key", key);
    }
    let answer = request.send().await?;
    let id = answer
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok());
    let id = id.unwrap_or_default().to_owned();
    Ok((answer.status().as_u16(), id, answer.json().await?))
}

/// How many events of a batch are stored, according to its answer.
fn counted(body: &Value) -> u64 {
    let count = |name: &str| body[name].as_u64().unwrap_or_default();
    count("accepted") + count("duplicates")
}
