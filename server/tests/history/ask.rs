//! Questions over HTTP, as a page or a notebook asks them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use protocol::query::QueryAnswer;
use reqwest::Client;
use server::state::Shared;

use super::fill::{START, Sent};

pub struct Asker {
    address: SocketAddr,
    client: Client,
    key: String,
    now: i64,
    data: std::path::PathBuf,
}

impl Asker {
    pub fn new(address: SocketAddr, shared: &Shared, folder: &Path) -> Asker {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(60));
        Asker {
            address,
            client: client.build().unwrap(),
            key: shared.local_key.clone().unwrap(),
            now: shared.engine.clock().now(),
            data: folder.join("data"),
        }
    }

    async fn get(&self, path: &str) -> (Duration, String) {
        let url = format!("http://{}{path}", self.address);
        let timer = tokio::time::Instant::now();
        let response = self.client.get(url).bearer_auth(&self.key).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        (timer.elapsed(), text)
    }

    async fn query(&self, parameters: &str) -> QueryAnswer {
        let (_, text) = self.get(&format!("/api/v1/query?{parameters}")).await;
        serde_json::from_str(&text).unwrap()
    }

    /// The values of each provider, by time.
    async fn by_provider(&self, parameters: &str) -> BTreeMap<String, Vec<(i64, Option<f64>)>> {
        let answer = self.query(&format!("group_by=provider&{parameters}")).await;
        assert!(!answer.partial);
        let line = |series: protocol::query::QuerySeries| (series.group["provider"].clone(), series.points);
        answer.series.into_iter().map(line).collect()
    }

    /// Sums are exact and quantiles within 1%, as one figure and added up over steps.
    pub async fn everything_is_there(&self, sent: &Sent, hours: u64) {
        let range = format!("from={START}&to={}", self.now);
        for (metric, pick) in [
            (
                "requests",
                (|sums| sums.0 as f64) as fn(&(u64, u64, u64, i64)) -> f64,
            ),
            ("answers", |sums| sums.1 as f64),
            ("output_tokens", |sums| sums.2 as f64),
            ("cost", |sums| sums.3 as f64 / 1e9),
        ] {
            for steps in ["max_points=1", if hours > 48 { "step=1h" } else { "step=1m" }] {
                let found = self
                    .by_provider(&format!("metric={metric}&{range}&{steps}"))
                    .await;
                assert_eq!(found.len(), sent.providers.len());
                for (provider, sums) in &sent.providers {
                    let total: f64 = found[*provider].iter().filter_map(|(_, value)| *value).sum();
                    let wanted = pick(sums);
                    assert!(
                        (total - wanted).abs() <= wanted.abs() * 1e-9,
                        "{metric} of {provider} by {steps}: {total} is not {wanted}"
                    );
                }
            }
        }
        for (name, q) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            let found = self
                .by_provider(&format!("metric=latency_{name}&{range}&max_points=1"))
                .await;
            for (provider, counts) in &sent.durations {
                let (value, wanted) = (found[*provider][0].1.unwrap(), exact(counts, q));
                assert!(
                    (value - wanted).abs() <= wanted * 0.0101,
                    "{name} of {provider}: {value} is not {wanted}"
                );
            }
        }
    }

    /// Asks what pages ask, and for the pages themselves, each a few times; the slowest of the medians.
    pub async fn answers_over(&self, hours: u64) -> Duration {
        let range = format!("from=now-{hours}h&to=now");
        let step = if hours > 48 { "1h" } else { "1m" };
        let first = async |list: &str| {
            let (_, text) = self.get(&format!("/api/v1/{list}?{range}")).await;
            serde_json::from_str::<serde_json::Value>(&text).unwrap()["rows"][0].clone()
        };
        let provider = first("providers").await["id"].as_str().unwrap().to_owned();
        let breaker = first("breakers").await["breaker"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut slowest = Duration::ZERO;
        for path in [
            format!("/api/v1/query?metric=requests&group_by=provider&{range}&step={step}"),
            format!("/api/v1/query?metric=answered&group_by=provider&{range}&step={step}"),
            format!("/api/v1/query?metric=requests&group_by=provider,model,service&{range}&step={step}"),
            format!("/api/v1/query?metric=latency_p99&group_by=provider,model,service&{range}&max_points=1"),
            format!("/api/v1/query?metric=latency_p99&group_by=provider&{range}&step={step}"),
            format!("/api/v1/query?metric=latency_p99&group_by=provider,model,service&{range}&step={step}"),
            format!("/api/v1/query?metric=cost&group_by=model&{range}&max_points=400"),
            format!("/api/v1/query?metric=outcomes&{range}&max_points=400&compare=previous"),
            "/api/v1/board?range=1h".to_owned(),
            "/".to_owned(),
            format!("/providers?{range}"),
            format!("/providers/{provider}?{range}"),
            format!("/breakers?{range}"),
            format!("/breakers/{breaker}?{range}"),
            format!("/api/v1/breakers/{breaker}/whatif?{range}"),
            format!("/explore?metric=requests&group_by=provider,model&{range}"),
            format!("/explore?metric=latency_p99&group_by=provider&as=heat&{range}"),
            "/limits".to_owned(),
            "/connect".to_owned(),
        ] {
            let mut times = Vec::new();
            let mut bytes = 0;
            for _ in 0..5 {
                let (time, text) = self.get(&path).await;
                times.push(time);
                bytes = text.len();
            }
            times.sort();
            println!(
                "{:>7.1} ms {bytes:>9} bytes  {path}",
                times[2].as_secs_f64() * 1e3
            );
            slowest = slowest.max(times[2]);
        }
        slowest
    }

    pub fn disk_mib(&self) -> u64 {
        fn size(path: &Path) -> u64 {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            let of = |entry: std::fs::DirEntry| match entry.metadata() {
                Ok(meta) if meta.is_dir() => size(&entry.path()),
                Ok(meta) => meta.len(),
                Err(_) => 0,
            };
            entries.map(of).sum()
        }
        size(&self.data) >> 20
    }
}

/// The value of rank ⌊q (n − 1)⌋ among counted values.
fn exact(counts: &[u32], q: f64) -> f64 {
    let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let rank = (q * (all - 1) as f64) as u64;
    let mut below = 0;
    for (value, count) in counts.iter().enumerate() {
        below += u64::from(*count);
        if below > rank {
            return value as f64;
        }
    }
    0.0
}
