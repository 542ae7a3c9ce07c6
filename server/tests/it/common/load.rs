//! Senders that behave as good clients do: every event has an id, and a batch without an answer is sent again,
//! unchanged, until it has one. What they sent and what was acknowledged is the history to check against.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// How many send at once.
const SENDERS: u32 = 4;

/// Event id → its weight, when it is a call.
pub type Events = HashMap<String, Option<u64>>;

/// What the senders know.
#[derive(Debug, Default, Clone)]
pub struct History {
    sent: Events,
    /// Answered with 200.
    pub acknowledged: Events,
    /// Batches answered with 200.
    pub batches: u64,
    /// Sendings that got no answer at all.
    pub unanswered: u64,
    /// Sendings answered with 429 or 503.
    pub put_off: u64,
    /// Events of a batch sent again that the server already had.
    pub repeats: u64,
}

/// The senders at work.
pub struct Load {
    history: Arc<Mutex<History>>,
    stop: Arc<AtomicBool>,
    senders: JoinSet<()>,
}

impl Load {
    /// Starts them.
    pub fn start(address: &str, key: &str, seed: u32) -> Load {
        let mut load = Load {
            history: Arc::default(),
            stop: Arc::default(),
            senders: JoinSet::new(),
        };
        for number in 0..SENDERS {
            let sender = Sender {
                number,
                random: StdRng::seed_from_u64(u64::from(seed) << 8 | u64::from(number)),
                url: format!("{address}/api/v1/events"),
                key: key.to_owned(),
                // A connection that a kill cut must not be mistaken for one that answers slowly.
                client: reqwest::Client::builder()
                    .timeout(Duration::from_secs(10))
                    .build()
                    .unwrap(),
                history: Arc::clone(&load.history),
            };
            load.senders.spawn(sender.run(Arc::clone(&load.stop)));
        }
        load
    }

    /// Everything acknowledged until now.
    pub fn acknowledged(&self) -> Events {
        self.history.lock().unwrap().acknowledged.clone()
    }

    /// Everything sent until now, answered or not.
    pub fn sent(&self) -> Events {
        self.history.lock().unwrap().sent.clone()
    }

    /// Lets every sender finish the batch it has, with an answer, and end.
    pub async fn finish(mut self) -> History {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.senders.join_next().await {
            ended.unwrap();
        }
        self.history.lock().unwrap().clone()
    }
}

struct Sender {
    number: u32,
    random: StdRng,
    url: String,
    key: String,
    client: reqwest::Client,
    history: Arc<Mutex<History>>,
}

impl Sender {
    async fn run(mut self, stop: Arc<AtomicBool>) {
        let mut batch = 0;
        while !stop.load(Ordering::Relaxed) {
            let (events, ids) = self.batch(batch);
            self.history.lock().unwrap().sent.extend(ids.clone());
            // One half of the batches also carry a key of their own, which must not count them twice either.
            let key = (batch % 2 == 0).then(|| format!("batch-{}-{batch}", self.number));
            self.deliver(&events, &ids, key.as_deref()).await;
            batch += 1;
            tokio::time::sleep(Duration::from_millis(self.random.random_range(0..8))).await;
        }
    }

    fn batch(&mut self, batch: u64) -> (Value, Events) {
        let size = self.random.random_range(1..=20);
        let mut ids = Events::new();
        let events = (0..size)
            .map(|index| self.event(batch, index, &mut ids))
            .collect();
        (Value::Array(events), ids)
    }

    fn event(&mut self, batch: u64, index: u32, ids: &mut Events) -> Value {
        let id = format!("e-{}-{batch}-{index}", self.number);
        let provider = ["openai", "anthropic", "google"][self.random.random_range(0..3)];
        if self.random.random_ratio(1, 10) {
            ids.insert(id.clone(), None);
            let to = ["open", "half_open", "closed"][self.random.random_range(0..3)];
            return json!({
                "type": "breaker", "id": id, "breaker": format!("{provider}-main"), "provider": provider,
                "instance": format!("host-{}", self.number), "to": to, "failure_rate": 0.5,
            });
        }
        let weight = self.random.random_range(1..=3_u64);
        ids.insert(id.clone(), Some(weight));
        let outcome = ["ok", "ok", "ok", "overloaded", "timeout"][self.random.random_range(0..5)];
        json!({
            "type": "call", "id": id, "provider": provider, "model": "m", "outcome": outcome, "weight": weight,
            "duration_ms": self.random.random_range(1..20_000), "attempt": self.random.random_range(1..=2),
            "instance": format!("host-{}", self.number), "breaker": format!("{provider}-main"),
        })
    }

    /// Sends until there is a 200.
    async fn deliver(&self, events: &Value, ids: &Events, key: Option<&str>) {
        let mut first = true;
        loop {
            let mut request = self.client.post(&self.url).bearer_auth(&self.key).json(events);
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            let answer = match request.send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    answer.text().await.map(|body| (status, body))
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok((200, body)) => return self.acknowledge(&body, ids, first),
                // 409: the sending that got no answer is still being worked on.
                Ok((409 | 429 | 503, _)) => self.history.lock().unwrap().put_off += 1,
                Ok((status, body)) => panic!("a good batch was answered with {status}: {body}"),
                Err(_) => self.history.lock().unwrap().unanswered += 1,
            }
            first = false;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn acknowledge(&self, body: &str, ids: &Events, first: bool) {
        let answer: Value = serde_json::from_str(body).unwrap();
        let count = |name: &str| {
            answer[name]
                .as_u64()
                .unwrap_or_else(|| panic!("no {name} in {body}"))
        };
        let (accepted, duplicates) = (count("accepted"), count("duplicates"));
        assert_eq!(
            (accepted + duplicates, count("refused_count")),
            (ids.len() as u64, 0),
            "{body}"
        );
        if first {
            assert_eq!(duplicates, 0, "a batch never sent before holds repeats: {body}");
        }
        let mut history = self.history.lock().unwrap();
        history.acknowledged.extend(ids.clone());
        history.batches += 1;
        history.repeats += duplicates;
    }
}
