//! Traffic of a fleet: 96 series, a breaker for each provider on two instances, a bad hour a day.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use engine::{Clock, Engine, IngestRequest, KeyInfo};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use server::auth;
use store::TenantId;

/// Midnight UTC, so that days and months are whole.
pub const START: i64 = 1_761_955_200_000;
const MINUTE: i64 = 60_000;

/// Provider, its models, and the usual latency of each in milliseconds.
const PROVIDERS: [(&str, [(&str, f64); 3]); 8] = [
    (
        "openai",
        [("gpt-5", 1_400.0), ("gpt-5-mini", 600.0), ("gpt-5-nano", 300.0)],
    ),
    (
        "anthropic",
        [
            ("claude-opus", 2_400.0),
            ("claude-sonnet", 1_300.0),
            ("claude-haiku", 500.0),
        ],
    ),
    (
        "google",
        [
            ("gemini-pro", 1_600.0),
            ("gemini-flash", 500.0),
            ("gemini-nano", 250.0),
        ],
    ),
    (
        "mistral",
        [("large", 1_100.0), ("medium", 700.0), ("small", 350.0)],
    ),
    (
        "bedrock",
        [
            ("claude-sonnet", 1_500.0),
            ("nova-pro", 900.0),
            ("nova-lite", 400.0),
        ],
    ),
    (
        "azure",
        [("gpt-5", 1_500.0), ("gpt-5-mini", 650.0), ("gpt-4o", 900.0)],
    ),
    (
        "vllm",
        [("llama-70b", 800.0), ("llama-8b", 200.0), ("qwen", 500.0)],
    ),
    (
        "groq",
        [("llama-70b", 300.0), ("llama-8b", 120.0), ("qwen", 200.0)],
    ),
];
/// With three models of eight providers: 96 series.
const SERVICES: [&str; 4] = ["checkout", "search", "support", "batch"];
/// The one whose calls are guarded, and where it runs.
const GUARDED: &str = "checkout";
const INSTANCES: [&str; 2] = ["api-1", "api-2"];
/// When one provider has its bad hour, each day.
const BAD_HOUR: i64 = 14;

/// What was sent, as far as the questions need it.
#[derive(Default)]
pub struct Sent {
    pub calls: u64,
    /// Per provider: requests, ok, output tokens, nano-USD.
    pub providers: BTreeMap<&'static str, (u64, u64, u64, i64)>,
    /// Durations of ok calls in milliseconds by provider, as counts: exact quantiles without keeping every call.
    pub durations: BTreeMap<&'static str, Vec<u32>>,
}

/// Makes calls minute by minute.
pub struct Fill {
    minutes: u64,
    calls: u64,
    random: StdRng,
    sent: Sent,
}

impl Fill {
    pub fn new(hours: u64, calls: u64) -> Fill {
        Fill {
            minutes: hours * 60,
            calls,
            random: StdRng::seed_from_u64(42),
            sent: Sent::default(),
        }
    }

    pub fn finish(self) -> Sent {
        self.sent
    }

    /// Makes and pushes them all. `each_tenth` is called after every tenth of the time.
    pub async fn run(&mut self, engine: &Engine, clock: &Clock, mut each_tenth: impl FnMut()) {
        let mut done = 0;
        for minute in 0..self.minutes {
            if minute > 0 && minute % (self.minutes / 10).max(1) == 0 {
                each_tenth();
            }
            let due = (minute + 1) * self.calls / self.minutes;
            let (body, count) = transitions(minute as i64);
            if count > 0 {
                ingest(engine, body, count).await;
            }
            // Intake takes 10,000 events at a time.
            while done < due {
                let count = (due - done).min(5_000);
                let body = self.batch(minute as i64, count);
                ingest(engine, body, count).await;
                done += count;
            }
            clock.advance(MINUTE);
            if minute % 5 == 4 {
                assert!(engine.compact().await, "the store takes everything");
            }
        }
    }

    fn batch(&mut self, minute: i64, count: u64) -> Bytes {
        let mut text = String::with_capacity(count as usize * 230);
        for n in 0..count as i64 {
            let time = START + minute * MINUTE + n * MINUTE / count as i64;
            self.call(&mut text, minute, time);
        }
        text.into()
    }

    fn call(&mut self, text: &mut String, minute: i64, time: i64) {
        let random = &mut self.random;
        let (provider, models) = PROVIDERS[random.random_range(0..PROVIDERS.len())];
        let (model, usual) = models[random.random_range(0..models.len())];
        let service = SERVICES[random.random_range(0..SERVICES.len())];
        // One provider has a bad hour each day.
        let bad = provider == "anthropic" && (minute / 60) % 24 == BAD_HOUR;
        let failing = random.random_range(0.0..1.0) < if bad { 0.4 } else { 0.004 };
        let spread: f64 = random.random_range(0.25..1.0);
        let duration = (usual / spread / spread) as u64 + 1;
        let tokens = random.random_range(20..600u64);
        let nano = tokens as i64 * 900;
        let outcome = if failing { "overloaded" } else { "ok" };
        let sums = self.sent.providers.entry(provider).or_default();
        sums.0 += 1;
        sums.2 += tokens;
        sums.3 += nano;
        if !failing {
            sums.1 += 1;
            let counts = self.sent.durations.entry(provider).or_default();
            let at = duration as usize;
            if counts.len() <= at {
                counts.resize(at + 1, 0);
            }
            counts[at] += 1;
        }
        self.sent.calls += 1;
        let guard = match service {
            GUARDED => format!(
                r#""breaker":"{provider}","instance":"{}","#,
                INSTANCES[random.random_range(0..2)]
            ),
            _ => String::new(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            r#"{{"type":"call",{guard}"time":{time},"provider":"{provider}","model":"{model}","service":"{service}","outcome":"{outcome}","duration_ms":{duration},"ttft_ms":{},"input_tokens":{},"output_tokens":{tokens},"cost_usd":0.{nano:09}}}"#,
            duration / 4,
            tokens * 2,
        );
    }
}

/// What the breakers do at the start of a minute: most trip once a day, one again and again in its bad hour.
fn transitions(minute: i64) -> (Bytes, u64) {
    let (hour, of_hour) = ((minute / 60) % 24, minute % 60);
    let (mut text, mut count) = (String::new(), 0);
    for (nth, (provider, _)) in PROVIDERS.iter().enumerate() {
        let since = if *provider == "anthropic" && hour == BAD_HOUR {
            of_hour % 6
        } else if hour == nth as i64 * 3 {
            of_hour
        } else {
            -1
        };
        let to = match since {
            _ if minute == 0 => "closed",
            0 => "open",
            2 => "half_open",
            3 => "closed",
            _ => continue,
        };
        for instance in INSTANCES {
            let time = START + minute * MINUTE;
            let _ = writeln!(
                text,
                r#"{{"type":"breaker","time":{time},"breaker":"{provider}","provider":"{provider}","service":"{GUARDED}","instance":"{instance}","to":"{to}","reason":"24 × overloaded"}}"#,
            );
            count += 1;
        }
    }
    (text.into(), count)
}

async fn ingest(engine: &Engine, body: Bytes, count: u64) {
    let request = IngestRequest {
        key: KeyInfo {
            id: "history".into(),
            name: "history".into(),
            prefix: "fb_history".into(),
        },
        body,
        kind: ingest::Body::Ndjson,
        idempotency_key: None,
    };
    let scope = auth::by_command_line(TenantId::default_tenant());
    let reply = engine.ingest(&scope, request).await.unwrap();
    assert_eq!(u64::from(reply.accepted), count, "{reply:?}");
}
