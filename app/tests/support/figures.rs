//! Figures of the pages of history but those of breakers, as drawn.

use protocol::limits::{Limit, LimitUnit, Limits};
use protocol::markers::MarkerItem;
use protocol::query::Unit;
use protocol::view::{
    CallsSay, ExploreQuestion, ExploreRow, Explored, KnownValues, Level, OutcomeSteps, ProviderBreaker,
    ProviderHistory, ProviderLine, ProviderLines, ProviderPage, ProviderPart, ProviderRow, Providers, State,
    Steps,
};

use super::{NOW, noise};

/// The Providers page, as drawn: one is failing, one is slow, one has few calls.
pub fn providers() -> Providers {
    let row = |name: &str, level: Level, words: &str, rate: f64, success: f64, p95: f64| ProviderRow {
        id: ["p_", name].concat(),
        name: name.into(),
        said: CallsSay {
            level,
            words: words.into(),
        },
        models: Some(3),
        attempts: (rate * 86_400.0) as u64,
        rate: Some(rate),
        success: Some(success),
        success_level: Some(if success < 0.98 {
            Level::Attention
        } else {
            Level::Ok
        }),
        p50_ms: Some(p95 / 3.0),
        p95_ms: Some(p95),
        p99_ms: Some(p95 * 1.6),
        ttft_p95_ms: Some(p95 / 4.0),
        tokens_per_second: Some(61.0),
        cost_per_1k: Some(2.9),
        unpriced: None,
        breakers: 3,
        breakers_open: 0,
        strip: "k".repeat(48),
    };
    let mut rows = vec![
        row("anthropic", Level::Act, "38% ok", 188.0, 0.912, 6_800.0),
        row("google", Level::Attention, "slow", 301.0, 0.994, 2_900.0),
        row("mistral", Level::Unknown, "few calls", 0.4, 0.999, 1_600.0),
        row("openai", Level::Ok, "ok", 612.0, 0.999, 1_300.0),
    ];
    rows[0].breakers_open = 1;
    rows[0].strip = ["k".repeat(20), "aa".into(), "k".repeat(22), "xxxx".into()].concat();
    (rows[2].cost_per_1k, rows[2].unpriced, rows[2].models) = (None, Some(1.0), None);
    rows[2].strip = ["-".repeat(40), "kuk-kukk".into()].concat();
    let line = |name: &str, base: f32| ProviderLine {
        name: name.into(),
        success: vec![Some(base); 96],
        ttft_p95_ms: vec![Some(base * 500.0); 96],
    };
    Providers {
        asked_from: "now-24h".into(),
        asked_to: "now".into(),
        words: "Last 24 hours".into(),
        from: NOW - 86_400_000,
        to: NOW,
        as_of: NOW,
        partial: false,
        lines: ProviderLines {
            from: NOW - 86_400_000,
            step: 900_000,
            lines: vec![
                line("anthropic", 0.93),
                line("google", 0.99),
                line("openai", 0.999),
            ],
            left_out: 1,
        },
        markers: Vec::new(),
        rows_left_out: 0,
        rows,
    }
}

/// The page of one provider that is failing.
pub fn one_provider() -> ProviderPage {
    let list = providers();
    let wave = |seed: u64, base: f64| -> Steps {
        let mut noise = noise(seed);
        (0..96).map(|_| Some(base * (0.85 + 0.3 * noise()))).collect()
    };
    let part = |name: &str, attempts: u64, success: f64| ProviderPart {
        name: name.into(),
        attempts,
        success: Some(success),
        success_level: Some(if success < 0.8 { Level::Act } else { Level::Ok }),
        p95_ms: Some(6_800.0),
        ttft_p95_ms: Some(1_900.0),
        tokens_per_second: Some(61.0),
        cost: Some(24.8),
    };
    let guard = |id: u64, name: &str, state: State| ProviderBreaker {
        id: app::features::feed::breaker_id(id),
        name: name.into(),
        service: "checkout".into(),
        environment: "prod".into(),
        model: name.into(),
        state,
        since: NOW - 246_000,
        failure_rate: Some(0.62),
        failure_threshold: Some(0.5),
    };
    let outcome = |outcome: &str, seed: u64, base: f64| OutcomeSteps {
        outcome: outcome.into(),
        values: wave(seed, base),
    };
    ProviderPage {
        asked_from: list.asked_from.clone(),
        asked_to: list.asked_to.clone(),
        words: list.words.clone(),
        from: list.from,
        to: list.to,
        as_of: NOW,
        partial: false,
        row: list.rows[0].clone(),
        answered: Some(0.931),
        retries: 48_120,
        refused: 1_204,
        stand_in: Some(0.021),
        spent: Some(1_284.0),
        input_tokens: 812_000_000,
        output_tokens: 92_000_000,
        lines: ProviderHistory {
            from: list.from,
            step: 900_000,
            success: (0..96).map(|n| Some(if n > 88 { 0.4 } else { 0.995 })).collect(),
            p50_ms: wave(1, 2_100.0),
            p95_ms: wave(2, 6_200.0),
            p99_ms: wave(3, 9_800.0),
            ttft_p50_ms: wave(4, 420.0),
            ttft_p95_ms: wave(5, 1_800.0),
            input_tokens: wave(6, 8_400_000.0),
            output_tokens: wave(7, 960_000.0),
            cost: wave(8, 13.4),
            outcomes: vec![outcome("ok", 9, 160_000.0), outcome("server_error", 10, 9_000.0)],
        },
        models: vec![
            part("claude-sonnet", 9_000_000, 0.62),
            part("claude-haiku", 7_000_000, 0.999),
        ],
        models_left_out: Some(1),
        deployments: Vec::new(),
        breakers: vec![
            guard(0x21, "claude-sonnet", State::Open),
            guard(0x22, "claude-haiku", State::Closed),
        ],
        markers: explored().markers,
    }
}

/// What is capped: one cap is near.
pub fn limits() -> Limits {
    let limit = |name: &str, title: &str, used: u64, cap: u64, unit: LimitUnit| Limit {
        name: name.into(),
        title: title.into(),
        used,
        cap: Some(cap),
        unit,
        at_cap: "The oldest buckets are dropped; coarser ones stay.".into(),
        setting: ["retention.", name].concat(),
        folded_calls: None,
        chosen: false,
        oldest: None,
        kept_ms: None,
    };
    let mut items = vec![
        limit(
            "series",
            "Series: provider × model × service",
            1_284,
            20_000,
            LimitUnit::Count,
        ),
        limit(
            "journal_bytes",
            "Journal: every event, for days",
            900 << 20,
            1 << 30,
            LimitUnit::Bytes,
        ),
        limit(
            "rung_10s_bytes",
            "Buckets of 10 seconds",
            3 << 20,
            512 << 20,
            LimitUnit::Bytes,
        ),
    ];
    (items[1].oldest, items[1].kept_ms) = (Some(NOW - 500_000_000), Some(604_800_000));
    Limits {
        as_of: NOW,
        items,
        folded_calls: 0,
        freed_bytes: 48 << 20,
    }
}

/// The Explore page: cost by model over a day, one deploy, one row more than is drawn.
pub fn explored() -> Explored {
    let step = 600_000;
    let from = NOW.div_euclid(step) * step - 143 * step;
    let row = |(place, (name, base)): (usize, (&str, f64))| {
        let mut noise = noise(place as u64 + 11);
        let points: Vec<Option<f64>> = (0..144).map(|_| Some(base * (0.8 + 0.4 * noise()))).collect();
        ExploreRow {
            group: vec![name.into()],
            colour: u8::try_from(place).ok(),
            last: points[142],
            min: Some(base * 0.8),
            max: Some(base * 1.2),
            whole: Some(base * 144.0),
            share: Some(base / 4.0),
            before: Some(base * 120.0),
            before_points: Vec::new(),
            points,
        }
    };
    let models = [
        ("claude-sonnet", 1.6),
        ("gpt-5", 1.1),
        ("gemini-pro", 0.7),
        ("gpt-5-mini", 0.31),
        ("claude-haiku", 0.2),
        ("vllm-a", 0.06),
    ];
    let mut rows: Vec<ExploreRow> = models.into_iter().enumerate().map(row).collect();
    rows.push(ExploreRow {
        group: vec!["text-embedding".into()],
        whole: Some(0.4),
        share: Some(0.003),
        ..ExploreRow::default()
    });
    Explored {
        asked: ExploreQuestion {
            metric: "cost".into(),
            group_by: "model".into(),
            filter: String::new(),
            from: "now-24h".into(),
            to: "now".into(),
            compare: false,
        },
        words: "Last 24 hours".into(),
        span_from: NOW - 86_400_000,
        span_to: NOW,
        unit: Unit::Usd,
        adds_up: true,
        group_by: vec!["model".into()],
        from,
        to: from + 144 * step,
        step,
        rung: "1m".into(),
        as_of: NOW,
        partial: false,
        open: true,
        rows,
        rest: vec![Some(0.003); 144],
        before_from: None,
        known: vec![KnownValues {
            key: "model".into(),
            values: vec!["gpt-5".into()],
        }],
        markers: vec![MarkerItem {
            time: NOW - 30_000_000,
            title: "checkout 4.12".into(),
            kind: "deploy".into(),
            url: None,
            service: Some("checkout".into()),
            environment: Some("prod".into()),
        }],
    }
}
