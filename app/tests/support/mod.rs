//! A board worth looking at, and the page a browser would get of it: rendered by the same integration the server uses.

pub mod figures;
pub mod history;

pub use figures::{explored, limits, one_provider, providers};

use app::{
    features,
    seed::{Seed, Site, Theme},
    shell,
};
use axum::{Router, body::Body, http::Request, routing::get};
use leptos::prelude::*;
use protocol::view::{
    Activity, ActivityTrip, Board, Breaker, Connect, Feed, Kpi, KpiId, Level, Provider, Range, RefusalRow,
    SourceRow, State, Verdict,
};
use tower::ServiceExt;

/// 2026-07-30 12:32:08 UTC.
pub const NOW: i64 = 1_785_414_728_000;

/// The page at this path, as HTML.
pub async fn page(seed: Seed, path: &str) -> String {
    let options = LeptosOptions::builder()
        .output_name("fuseboard")
        .site_pkg_dir("pkg")
        .build();
    let handler = leptos_axum::render_app_to_stream_with_context(
        move || provide_context(seed.clone()),
        move || shell(options.clone()),
    );
    let request = Request::builder()
        .uri(path)
        .body(Body::empty())
        .expect("a request");
    let answer = Router::new()
        .fallback(get(handler))
        .oneshot(request)
        .await
        .expect("an answer");
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .expect("a body");
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// 40 points around `base`, with an event that begins at point 28.
fn spark(seed: u64, base: f64, jitter: f64, event: f64) -> Vec<Option<f32>> {
    let mut noise = noise(seed);
    let point = |i: usize| base + (noise() - 0.5) * jitter + if i > 27 { event } else { 0.0 };
    (0..40).map(point).map(|value| Some(value as f32)).collect()
}

fn kpi(id: KpiId, value: f64, change: f64, level: Level, spark: Vec<Option<f32>>) -> Kpi {
    Kpi {
        id,
        value: Some(value),
        change: Some(change),
        level,
        spark,
        unpriced: None,
    }
}

fn provider(id: u64, name: &str, level: Level, rate: f64, p95_ms: f64, cost: f64) -> Provider {
    Provider {
        id,
        name: name.into(),
        level,
        rate,
        p95_ms: Some(p95_ms),
        cost_per_call: Some(cost),
        success: Some(0.99),
    }
}

/// A breaker in this state; `strip` is its end, what comes before is closed.
pub fn breaker(key: u64, provider: &str, name: &str, state: State, strip: &str) -> Breaker {
    Breaker {
        key,
        id: features::feed::breaker_id(key),
        breaker: name.into(),
        environment: "prod".into(),
        service: "checkout".into(),
        deployment: String::new(),
        provider: provider.into(),
        model: name.into(),
        state,
        since: NOW - 246_000,
        counts: vec![(state, 3)],
        agree: true,
        dissent: Vec::new(),
        failure_rate: Some(0.002),
        failure_threshold: Some(0.5),
        calls: 50,
        retry_at: None,
        trials_done: None,
        trials_needed: None,
        reason: String::new(),
        shared: false,
        degraded: false,
        strip: ["c".repeat(30 - strip.len()), strip.to_owned()].concat(),
    }
}

fn with(mut breaker: Breaker, change: impl FnOnce(&mut Breaker)) -> Breaker {
    change(&mut breaker);
    breaker
}

fn breakers() -> Vec<Breaker> {
    let rate = |rate: f64| move |b: &mut Breaker| b.failure_rate = Some(rate);
    vec![
        with(
            breaker(31, "anthropic", "claude-haiku", State::HalfOpen, "hoooooohh"),
            |b| {
                (b.trials_done, b.trials_needed) = (Some(3), Some(5));
            },
        ),
        with(
            breaker(32, "anthropic", "claude-opus", State::Closed, "hchchc"),
            rate(0.041),
        ),
        with(
            breaker(33, "anthropic", "claude-sonnet", State::Open, "hhooooo"),
            |b| {
                b.failure_rate = Some(0.62);
                b.retry_at = Some(NOW + 18_000);
                b.reason = "24 × overloaded, 5 × timeout, of 50 calls".into();
            },
        ),
        with(
            breaker(41, "google", "gemini-flash", State::Closed, ""),
            rate(0.003),
        ),
        with(
            breaker(42, "google", "gemini-pro", State::Open, "cchhcchhoo"),
            |b| {
                b.failure_rate = Some(0.54);
                b.agree = false;
                b.counts = vec![(State::Open, 2), (State::Closed, 1)];
            },
        ),
        with(
            breaker(43, "google", "vertex", State::ForcedOpen, "fffffffffffffffff"),
            |b| {
                b.deployment = "eu".into();
                b.reason = "by ops-2, 12 m".into();
            },
        ),
        with(breaker(11, "openai", "embeddings", State::Closed, ""), rate(0.0)),
        breaker(12, "openai", "gpt-5", State::Closed, ""),
        with(breaker(13, "openai", "gpt-5", State::Closed, "hccccccc"), |b| {
            b.failure_rate = Some(0.004);
            b.deployment = "eu".into();
        }),
        with(
            breaker(14, "openai", "gpt-5-mini", State::Closed, ""),
            rate(0.001),
        ),
        with(breaker(21, "self-hosted", "llama", State::Closed, ""), |b| {
            b.failure_rate = Some(0.0);
            b.deployment = "vllm-a".into();
        }),
        with(
            breaker(22, "self-hosted", "llama", State::Disabled, "ddddd"),
            |b| b.deployment = "vllm-b".into(),
        ),
        with(
            breaker(23, "self-hosted", "reranker", State::Unknown, "------"),
            |b| {
                b.since = NOW - 190_000;
                b.strip = ["------", &"c".repeat(18), "------"].concat();
            },
        ),
        with(
            breaker(24, "self-hosted", "router", State::MetricsOnly, "mmmm"),
            rate(0.21),
        ),
    ]
}

fn feed() -> Vec<Feed> {
    let item = |id: u64, ago_s: i64, key: u64, breaker: &str, from: State, to: State, cause: &str| Feed {
        id,
        at: NOW - ago_s * 1000,
        breaker_key: key,
        breaker: breaker.into(),
        provider: if key < 40 { "anthropic" } else { "google" }.into(),
        service: "checkout".into(),
        instance: "api-3".into(),
        from: Some(from),
        to,
        cause: cause.into(),
        lasted_ms: Some(30_000 + id as i64 * 7_000),
        inferred: id == 3,
    };
    vec![
        item(
            9,
            6,
            31,
            "claude-haiku",
            State::Open,
            State::HalfOpen,
            "waited 30 s",
        ),
        item(
            8,
            246,
            33,
            "claude-sonnet",
            State::Closed,
            State::Open,
            "24 × overloaded, 5 × timeout, of 50 calls",
        ),
        item(
            7,
            300,
            42,
            "gemini-pro",
            State::Closed,
            State::Open,
            "28 × timeout, of 50 calls",
        ),
        item(
            6,
            330,
            42,
            "gemini-pro",
            State::HalfOpen,
            State::Closed,
            "5 of 5 trial calls ok",
        ),
        item(
            5,
            720,
            43,
            "vertex",
            State::Closed,
            State::ForcedOpen,
            "by ops-2: vendor maintenance",
        ),
        item(
            4,
            4_000,
            41,
            "gemini-flash",
            State::HalfOpen,
            State::Closed,
            "5 of 5 trial calls ok",
        ),
        item(3, 9_000, 23, "reranker", State::Closed, State::Unknown, ""),
    ]
}

/// A busy board, as drawn.
pub fn seed() -> Seed {
    let spend = (0..40).map(|i| Some(i as f32 * 7.0)).collect();
    let board = Board {
        now: NOW,
        range: Range::M15,
        verdict: Verdict {
            level: Level::Act,
            lead: "1 breaker open, 1 recovering.".into(),
            rest: "anthropic is failing over to openai; users see 99.2% success.".into(),
        },
        kpis: vec![
            kpi(
                KpiId::Requests,
                1_284.0,
                0.03,
                Level::Ok,
                spark(1, 100.0, 12.0, 0.0),
            ),
            kpi(
                KpiId::Success,
                0.9921,
                -0.0061,
                Level::Act,
                spark(2, 99.8, 0.1, -0.7),
            ),
            kpi(
                KpiId::LatencyP95,
                2_410.0,
                0.38,
                Level::Attention,
                spark(3, 1.7, 0.12, 0.7),
            ),
            kpi(
                KpiId::TtftP95,
                612.0,
                -0.02,
                Level::Ok,
                spark(4, 620.0, 50.0, 0.0),
            ),
            kpi(
                KpiId::TokensOut,
                48_100.0,
                0.01,
                Level::Ok,
                spark(5, 48.0, 5.0, 0.0),
            ),
            kpi(KpiId::SpendToday, 291.0, 24.8, Level::Ok, spend),
        ],
        providers: vec![
            provider(1, "anthropic", Level::Act, 188.0, 6_800.0, 0.0042),
            provider(2, "google", Level::Attention, 301.0, 2_900.0, 0.0024),
            provider(3, "openai", Level::Ok, 612.0, 1_300.0, 0.0031),
            provider(4, "self-hosted", Level::Ok, 183.0, 900.0, 0.0008),
        ],
        breakers: breakers(),
        feed: feed(),
        points: Vec::new(),
        last_event: Some(NOW - 400),
        simulated: false,
    };
    Seed {
        board,
        connect: connect(),
        figures: None,
        nobody: false,
        activity: postcard::to_allocvec(&activity()).ok(),
        replay: None,
        refused: None,
        present: NOW,
        site: site(),
    }
}

/// A day with a bad half hour, that ended in two trips.
pub fn activity() -> Activity {
    let mut noise = noise(3);
    let step = 300_000;
    let to = NOW - NOW.rem_euclid(step) + step;
    let bad = |nth: i64| (274..280).contains(&nth);
    let trip = |ago: i64, breaker: &str| ActivityTrip {
        at: NOW - ago,
        breaker: breaker.into(),
        provider: "anthropic".into(),
    };
    Activity {
        as_of: NOW,
        from: to - 288 * step,
        step,
        requests: (0..288)
            .map(|nth| 300_000 + (noise() * 120_000.0) as u32 + if bad(nth) { 90_000 } else { 0 })
            .collect(),
        levels: (0..288).map(|nth| if bad(nth) { 'x' } else { 'k' }).collect(),
        trips: vec![trip(4_000_000, "claude-haiku"), trip(262_000, "claude-sonnet")],
        reaches: Some(NOW - 3 * 86_400_000),
    }
}

fn connect() -> Connect {
    let source = |id: u64, name: &str, prefix: &str, last: i64, events: u64| SourceRow {
        id,
        name: name.into(),
        key_name: "local".into(),
        key_prefix: prefix.into(),
        last: Some(NOW - last),
        events_1h: events,
        refused_1h: 0,
        refusals: Vec::new(),
    };
    let mut batch = source(2, "batch-worker", "fb_live_m9", 120_000, 18);
    batch.refused_1h = 4;
    let refusal = |index: u32, field: &str, reason: &str| RefusalRow {
        at: NOW - 130_000,
        index,
        field: field.into(),
        reason: reason.into(),
    };
    batch.refusals = vec![
        refusal(3, "duration_ms", "must be ≥ 0, got -1"),
        refusal(1, "failure_rate", "is a fraction 0–1; did you mean 0.625?"),
    ];
    Connect {
        last_event: Some(NOW - 400),
        sources: vec![batch, source(1, "checkout-api", "fb_live_k3", 3_000, 41_208)],
    }
}

/// A server of one machine, without a chosen theme.
pub fn site() -> Site {
    Site {
        build: "test".into(),
        root: String::new(),
        base: String::new(),
        origin: "http://127.0.0.1:3000".into(),
        local_key: Some("fb_test_7Q2xN4mB9cT1".into()),
        may_make_keys: true,
        theme: None,
        utc_offset_min: 120,
    }
}

/// Nothing has ever arrived.
pub fn empty_seed() -> Seed {
    let mut seed = seed();
    seed.board.verdict = Verdict {
        level: Level::Unknown,
        lead: "No data yet.".into(),
        rest: String::new(),
    };
    for kpi in &mut seed.board.kpis {
        (kpi.value, kpi.change, kpi.spark) = (None, None, vec![None; 40]);
    }
    seed.board.providers.clear();
    seed.board.breakers.clear();
    seed.board.feed.clear();
    seed.board.last_event = None;
    seed.connect = Connect::default();
    seed
}

/// With the figures of the Breakers page.
pub fn with_breakers(seed: Seed) -> Seed {
    let figures = history::breakers(&seed.board.breakers);
    painted(seed, &figures)
}

/// With the figures of the page of `claude-sonnet`.
pub fn with_breaker(seed: Seed) -> Seed {
    let mut breakers = seed.board.breakers.iter();
    let open = breakers.find(|row| row.key == 33).expect("claude-sonnet");
    let figures = history::breaker(open);
    painted(seed, &figures)
}

/// With the figures of a page of history.
pub fn painted<T: serde::Serialize>(mut seed: Seed, figures: &T) -> Seed {
    seed.figures = Some(postcard::to_allocvec(figures).expect("postcard can write it"));
    seed
}

/// With this theme chosen.
pub fn themed(mut seed: Seed, theme: Theme) -> Seed {
    seed.site.theme = Some(theme);
    seed
}
