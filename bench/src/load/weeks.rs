//! Weeks of calls, put into a store in a minute or two: each series has one call in each minute, and how long each call
//! took follows from its series and minute alone, so that we and the peers can be told the same without keeping it.
//!
//! Ours go through the engine on a clock that is moved, as if they had come in over those weeks: journal, rollups,
//! compactions. The peers get their own formats, a sample in each minute, which is what Prometheus scrapes by default.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use engine::{Clock, Engine, EngineConfig, IngestRequest, KeyInfo, Stores, Supervisor};
use store::{TenantId, TenantScope};
use store_sql::{SqliteOptions, SqliteStore};

use super::{SERIES, series};
use crate::context::Bench;
use crate::machine::pin;

const MINUTE: i64 = 60_000;
/// Minutes that go into one request, and between two compactions, as on a running server.
const TOGETHER: i64 = 5;

/// Which weeks.
#[derive(Debug, Clone, Copy)]
pub struct Weeks {
    /// The first moment, a whole hour.
    pub from: i64,
    /// The first moment after.
    pub to: i64,
}

impl Weeks {
    /// So many hours, ending with the last whole one.
    pub fn ending_now(hours: i64) -> Weeks {
        let to = Clock::system().now() / 3_600_000 * 3_600_000;
        Weeks {
            from: to - hours * 3_600_000,
            to,
        }
    }

    /// Whole minutes.
    pub fn minutes(self) -> i64 {
        (self.to - self.from) / MINUTE
    }

    /// Whole hours.
    pub fn hours(self) -> i64 {
        self.minutes() / 60
    }

    /// All calls.
    pub fn calls(self) -> u64 {
        self.minutes() as u64 * SERIES as u64
    }
}

/// How long the call of a series in a minute took, in milliseconds: a long tail, another scale for each series.
pub fn duration_ms(number: usize, minute: i64) -> u64 {
    // splitmix64
    let mut bits = (minute as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(number as u64 + 1)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let spread = 0.2 + 0.8 * (bits >> 11) as f64 / (1_u64 << 53) as f64;
    let usual = 120.0 + 15.0 * number as f64;
    (usual / spread / spread) as u64 + 1
}

/// Fills `data` for our server; nothing else may have it open.
pub async fn fill(bench: &Bench, data: &Path, weeks: Weeks) -> Result<()> {
    // Filling is no measurement: it may have every core. The store's threads inherit this.
    pin::here(&[bench.cores.subject, bench.cores.generator])?;
    let filled = fill_store(data, weeks).await;
    pin::here(&[bench.cores.generator])?;
    filled
}

async fn fill_store(data: &Path, weeks: Weeks) -> Result<()> {
    let store = Arc::new(SqliteStore::open(data, SqliteOptions::default()).await?);
    let stores = Stores::of(&store);
    let clock = Clock::manual(weeks.from);
    let supervisor = Supervisor::new();
    let config = EngineConfig {
        clock: clock.clone(),
        ..EngineConfig::default()
    };
    let engine = Engine::start(stores, config, &supervisor).await?;
    let scope = scope();
    for first in (0..weeks.minutes()).step_by(TOGETHER as usize) {
        clock.advance(TOGETHER * MINUTE);
        let (body, count) = calls(weeks, first);
        let request = IngestRequest {
            key: KeyInfo {
                id: "weeks".into(),
                name: "weeks".into(),
                prefix: "fb_weeks".into(),
            },
            body,
            kind: ingest::Body::Ndjson,
            idempotency_key: None,
        };
        match engine.ingest(&scope, request).await {
            Ok(reply) if reply.accepted == count => {}
            other => bail!("the engine did not take all calls: {other:?}"),
        }
        if !engine.compact().await {
            bail!("the store does not take rollups");
        }
    }
    if !supervisor.shutdown(std::time::Duration::from_secs(10)).await || !engine.close().await {
        bail!("the engine did not end cleanly");
    }
    drop(engine);
    Arc::into_inner(store)
        .context("somebody still has the store")?
        .close()
        .await;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "filling a store of our own stands in for the auth layer"
)]
fn scope() -> TenantScope {
    TenantScope::assume(TenantId::default_tenant())
}

fn calls(weeks: Weeks, first: i64) -> (Bytes, u32) {
    let mut text = String::with_capacity(SERIES * TOGETHER as usize * 230);
    let mut count = 0;
    for minute in first..(first + TOGETHER).min(weeks.minutes()) {
        for number in 0..SERIES {
            let (provider, model, service) = series(number);
            let time = weeks.from + minute * MINUTE + number as i64 * 500;
            let duration = duration_ms(number, minute);
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                r#"{{"type":"call","time":{time},"provider":"{provider}","model":"{model}","service":"{service}","instance":"host-{:02}","outcome":"ok","duration_ms":{duration},"ttft_ms":{},"input_tokens":800,"output_tokens":200,"cost_usd":0.0021}}"#,
                number % 10,
                duration / 4,
            );
            count += 1;
        }
    }
    (text.into(), count)
}

/// Upper bounds of Prometheus' default histogram, in seconds, without the last.
const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// One series of a peer: its labels by name, and its value at the end of each minute.
pub struct Line {
    /// Name and value.
    pub labels: Vec<(&'static str, String)>,
    /// One for each minute.
    pub values: Vec<u32>,
}

fn labels(metric: &str, number: usize, bound: Option<String>) -> Vec<(&'static str, String)> {
    let (provider, model, service) = series(number);
    let mut labels = vec![
        ("__name__", metric.to_owned()),
        ("provider", provider.to_owned()),
        ("model", model.to_owned()),
        ("service", service.to_owned()),
    ];
    labels.extend(bound.map(|bound| ("le", bound)));
    labels
}

/// The counter of calls of a series.
pub fn counter(weeks: Weeks, number: usize) -> Line {
    Line {
        labels: labels("llm_calls_total", number, None),
        values: (1..=weeks.minutes() as u32).collect(),
    }
}

/// The buckets of a series' durations: Prometheus' default ones and `+Inf`.
pub fn buckets(weeks: Weeks, number: usize) -> Vec<Line> {
    let durations: Vec<f64> = (0..weeks.minutes())
        .map(|minute| duration_ms(number, minute) as f64 / 1e3)
        .collect();
    let bucket = |bound: f64| {
        let mut sum = 0;
        let named = if bound.is_finite() {
            bound.to_string()
        } else {
            "+Inf".into()
        };
        Line {
            labels: labels("llm_duration_seconds_bucket", number, Some(named)),
            values: durations
                .iter()
                .map(|duration| {
                    sum += u32::from(*duration <= bound);
                    sum
                })
                .collect(),
        }
    };
    BOUNDS
        .iter()
        .copied()
        .chain([f64::INFINITY])
        .map(bucket)
        .collect()
}

/// A series for VictoriaMetrics' `/api/v1/import`.
pub fn import_line(weeks: Weeks, line: &Line) -> String {
    let mut text = String::with_capacity(line.values.len() * 22);
    text.push_str(r#"{"metric":{"#);
    for (index, (name, value)) in line.labels.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, r#"{comma}"{name}":"{value}""#);
    }
    text.push_str(r#"},"values":["#);
    for (index, value) in line.values.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{value}");
    }
    text.push_str(r#"],"timestamps":["#);
    for index in 0..line.values.len() as i64 {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{}", weeks.from + (index + 1) * MINUTE);
    }
    text.push_str("]}\n");
    text
}

/// A series in OpenMetrics' text, for `promtool tsdb create-blocks-from openmetrics`.
pub fn openmetrics_lines(weeks: Weeks, line: &Line) -> String {
    let mut head = String::new();
    for (name, value) in &line.labels {
        let _ = match *name {
            "__name__" => write!(head, "{value}{{"),
            "provider" => write!(head, r#"{name}="{value}""#),
            _ => write!(head, r#",{name}="{value}""#),
        };
    }
    head.push('}');
    let mut text = String::with_capacity(line.values.len() * (head.len() + 22));
    for (index, value) in line.values.iter().enumerate() {
        let time = (weeks.from + (index as i64 + 1) * MINUTE) / 1_000;
        let _ = writeln!(text, "{head} {value} {time}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEKS: Weeks = Weeks {
        from: 1_763_640_000_000,
        to: 1_763_640_000_000 + 3_600_000,
    };

    #[test]
    fn the_engine_takes_every_call() {
        let (body, count) = calls(WEEKS, 0);
        let received = WEEKS.from + TOGETHER * MINUTE;
        let parsed =
            ingest::parse(&body, ingest::Body::Ndjson, received, &ingest::Limits::default()).unwrap();
        assert_eq!(parsed.events.len() as u32, count);
        assert_eq!((parsed.refused_count, parsed.ignored_fields.len()), (0, 0));
        assert_eq!(WEEKS.calls(), 6_000);
    }

    #[test]
    fn buckets_add_up() {
        let lines = buckets(WEEKS, 7);
        assert_eq!(lines.len(), 12);
        let last: Vec<u32> = lines.iter().map(|line| *line.values.last().unwrap()).collect();
        assert!(last.is_sorted(), "{last:?}");
        assert_eq!(last.last(), Some(&60));
        assert!(
            last.iter().any(|count| (1..60).contains(count)),
            "all in one bucket: {last:?}"
        );
    }

    #[test]
    fn peers_are_told_in_their_own_formats() {
        let line = Line {
            labels: labels("m", 0, Some("+Inf".into())),
            values: vec![1, 2],
        };
        let json: serde_json::Value = serde_json::from_str(&import_line(WEEKS, &line)).unwrap();
        assert_eq!(json["metric"]["__name__"], "m");
        assert_eq!(json["timestamps"][1], WEEKS.from + 2 * MINUTE);
        let text = openmetrics_lines(WEEKS, &counter(WEEKS, 0));
        assert!(
            text.starts_with(
                r#"llm_calls_total{provider="openai",model="model-large",service="checkout"} 1 1763640060"#
            ),
            "{text}"
        );
    }
}
