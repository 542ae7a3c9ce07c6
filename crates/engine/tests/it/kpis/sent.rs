//! A month of calls that look like chance, sent as they would come in.

use crate::common::{request, scope, transition};
use engine::{Clock, Engine, EngineConfig, Stores, Supervisor};

pub const HOUR: i64 = 3_600_000;
/// 1 October 2026, midnight in Berlin.
pub const FROM: i64 = 1_790_805_600_000;
/// Clocks go back by an hour.
pub const CHANGE: i64 = 1_792_890_000_000;
/// 1 November, midnight.
pub const UNTIL: i64 = 1_793_487_600_000;
/// When nothing comes: four hours of a Tuesday.
pub const GAP: std::ops::Range<i64> = FROM + 19 * 24 * HOUR + 9 * HOUR..FROM + 19 * 24 * HOUR + 13 * HOUR;
/// When a breaker is open.
pub const OPEN: std::ops::Range<i64> = FROM + 100 * HOUR + HOUR / 2..FROM + 101 * HOUR + HOUR / 4;
pub const PROVIDERS: [&str; 3] = ["anthropic", "google", "openai"];

/// A call as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub time: i64,
    pub provider: &'static str,
    pub outcome: &'static str,
    pub kind: Option<&'static str>,
    pub attempt: u8,
    pub fallback: bool,
    pub duration_ms: u64,
    pub ttft_ms: Option<u64>,
    pub tokens: (u64, u64),
    /// In hundredths of a cent.
    pub cost: Option<u64>,
}

impl Sent {
    fn json(&self) -> String {
        let mut text = format!(
            r#"{{"type":"call","time":{},"provider":"{}","model":"m","outcome":"{}","attempt":{},"duration_ms":{},"input_tokens":{},"output_tokens":{}"#,
            self.time,
            self.provider,
            self.outcome,
            self.attempt,
            self.duration_ms,
            self.tokens.0,
            self.tokens.1,
        );
        if let Some(ttft) = self.ttft_ms {
            text.push_str(&format!(r#","ttft_ms":{ttft}"#));
        }
        if let Some(cost) = self.cost {
            text.push_str(&format!(r#","cost_usd":{}"#, cost as f64 / 10_000.0));
        }
        if self.fallback {
            text.push_str(r#","fallback_from":{"provider":"mistral"}"#);
        }
        if let Some(kind) = self.kind {
            text.push_str(&format!(r#","labels":{{"fuseboard.kind":"{kind}"}}"#));
        }
        text.push('}');
        text
    }

    pub fn ok(&self) -> bool {
        self.outcome == "ok"
    }

    pub fn first(&self) -> bool {
        self.attempt == 1 && !self.fallback
    }

    pub fn neutral(&self) -> bool {
        self.outcome == "cancelled" || self.outcome == "bad_request"
    }
}

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// 24 calls of an hour; none in the gap.
fn hour(dice: &mut Dice, at: i64) -> Vec<Sent> {
    if GAP.contains(&at) {
        return Vec::new();
    }
    let call = |_| {
        let outcome = match dice.below(50) {
            0 => "timeout",
            1 => "overloaded",
            2 => "rate_limited",
            3 => "cancelled",
            4 => "rejected",
            5 => "auth",
            6 => "bad_request",
            _ => "ok",
        };
        let ok = outcome == "ok";
        let ttft_ms = (ok && dice.below(2) == 0).then(|| 100 + dice.below(900));
        Sent {
            time: at + dice.below(HOUR as u64) as i64,
            provider: PROVIDERS[dice.below(3) as usize],
            outcome,
            kind: match dice.below(40) {
                0 => Some("drill"),
                1 => Some("probe"),
                _ => None,
            },
            attempt: 1 + u8::from(dice.below(60) == 0),
            fallback: dice.below(40) == 0,
            duration_ms: ttft_ms.unwrap_or(50) + dice.below(9_000),
            ttft_ms,
            tokens: (dice.below(2_000), dice.below(500)),
            cost: (ok && dice.below(10) > 0).then(|| 1 + dice.below(80)),
        }
    };
    (0..24).map(call).collect()
}

/// Sends the month on a clock that is moved along; every now and then calls come a day late.
pub async fn month(stores: Stores) -> (Engine, Supervisor, Vec<Sent>) {
    const BATCH: i64 = 3;
    let start = FROM - 2 * HOUR;
    let clock = Clock::manual(start);
    let supervisor = Supervisor::new();
    let config = EngineConfig {
        clock: clock.clone(),
        ..EngineConfig::default()
    };
    let engine = Engine::start(stores, config, &supervisor)
        .await
        .expect("the engine starts");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut sent: Vec<Sent> = Vec::new();
    let mut late: Vec<(i64, Sent)> = Vec::new();
    let mut at = start;
    let push = async |lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        let body = format!("[{}]", lines.join(","));
        let reply = engine
            .ingest(&scope(), request(&body, None))
            .await
            .expect("accepted");
        assert_eq!(reply.accepted as usize, lines.len());
    };
    while at < UNTIL {
        let mut lines: Vec<String> = Vec::new();
        for nth in 0..BATCH {
            for call in hour(&mut dice, at + nth * HOUR) {
                sent.push(call.clone());
                match dice.below(50) {
                    0 => late.push((at + 30 * HOUR, call)),
                    _ => lines.push(call.json()),
                }
            }
        }
        at += BATCH * HOUR;
        clock.advance(BATCH * HOUR);
        let (due, rest) = late.into_iter().partition(|(due, _)| *due <= at || at >= UNTIL);
        late = rest;
        let due: Vec<(i64, Sent)> = due;
        lines.extend(due.iter().map(|(_, call)| call.json()));
        if (at - BATCH * HOUR..at).contains(&OPEN.end) {
            let before = OPEN.start - 60_000;
            for (time, to) in [(before, "closed"), (OPEN.start, "open"), (OPEN.end, "closed")] {
                let told = transition("gemini", "a", to).replace("anthropic", "google");
                lines.push(told.replacen('{', &format!(r#"{{"time":{time},"#), 1));
            }
        }
        push(lines).await;
        if (at / HOUR) % 24 < BATCH {
            assert!(engine.compact().await, "figures are written");
        }
    }
    assert!(late.is_empty());
    clock.advance(12 * HOUR);
    (engine, supervisor, sent)
}
