//! P14, P15 and half of P16: questions over 30 days, and what those days take on the disk.
//!
//! 100 series, one call of each in each minute. We answer from rollups, so more calls would change nothing; the peers
//! keep a sample a minute (what Prometheus scrapes by default) and read them all.
//!
//! P14 asks for the calls of each hour by provider: 8 groups. Ours: `/api/v1/query?metric=requests&group_by=provider` with
//! steps of an hour; theirs: `sum by (provider) (increase(llm_calls_total[1h]))` with the same steps.
//!
//! P15 asks for the p99 latency of each series in each hour. Ours comes from sketches; VictoriaMetrics has a histogram
//! of 12 buckets and answers `histogram_quantile(0.99, sum by (…, le) (rate(…[1h])))`. Of our answers the values of the
//! whole range are compared with the exact ones: the error must be within 1%.
//!
//! One client asks over one kept connection, one question after the other; the time runs from the first byte sent to
//! the last received. VictoriaMetrics is told not to answer from its cache, as we and Prometheus have none.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::load::weeks::{self, Weeks, duration_ms};
use crate::load::{PROVIDERS, SERIES, series};
use crate::machine::watch::Watch;
use crate::repeat::{Repetition, interleaved};
use crate::subject::fuseboard::Fuseboard;
use crate::subject::{Running, Side, prometheus, victoria};
use crate::wire::http::Connection;

const DAYS: u64 = 30;

struct Servers {
    ours: Fuseboard,
    prometheus: Option<Running>,
    victoria: Option<Running>,
}

#[derive(Debug, Clone, Copy)]
enum Question {
    Counts,
    Quantiles,
}

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let weeks = Weeks::ending_now(bench.number(DAYS * 24, 48) as i64);
    let data = bench.folder("history")?;
    eprintln!(
        "  filling {} days with {} calls",
        weeks.hours() / 24,
        weeks.calls()
    );
    weeks::fill(bench, &data, weeks).await?;
    let servers = Servers {
        ours: Fuseboard::start(bench, &data).await?,
        prometheus: fill_prometheus(bench, weeks).await?,
        victoria: fill_victoria(bench, weeks).await?,
    };
    let error = quantile_error(&servers.ours, weeks).await?;
    let mut figures = vec![
        counts(bench, &servers, weeks).await?,
        quantiles(bench, &servers, weeks, error).await?,
    ];
    figures.extend(disk(&servers.ours, weeks).await?);
    servers.ours.running.stop().await?;
    Ok(figures)
}

async fn counts(bench: &Bench, servers: &Servers, weeks: Weeks) -> Result<Figure> {
    let mut sides = vec![Side::Fuseboard];
    sides.extend(servers.prometheus.as_ref().map(|_| Side::Prometheus));
    sides.extend(servers.victoria.as_ref().map(|_| Side::Victoria));
    let taken = asked(bench, servers, &sides, Question::Counts, weeks).await?;
    let of = |side: Side| of(&sides, &taken, side);
    Ok(Figure::new(
        "P14",
        format!(
            "{} days, 100 series in 8 groups, 1 h steps, HTTP p99",
            weeks.hours() / 24
        ),
        "ms",
        Better::Less,
        of(Side::Fuseboard),
    )
    .beside(Side::Prometheus.name(), of(Side::Prometheus))
    .beside(Side::Victoria.name(), of(Side::Victoria))
    .bars(
        Some(Bar::Times(0.06, Side::Prometheus.name())),
        Some(Bar::Value(8.0)),
    )
    .noting("must also be ≤ 0.8 × victoriametrics"))
}

async fn quantiles(bench: &Bench, servers: &Servers, weeks: Weeks, error: f64) -> Result<Figure> {
    let mut sides = vec![Side::Fuseboard];
    sides.extend(servers.victoria.as_ref().map(|_| Side::Victoria));
    let taken = asked(bench, servers, &sides, Question::Quantiles, weeks).await?;
    let of = |side: Side| of(&sides, &taken, side);
    Ok(Figure::new(
        "P15",
        format!(
            "{} days, p99 of 100 series, 1 h steps, HTTP p99",
            weeks.hours() / 24
        ),
        "ms",
        Better::Less,
        of(Side::Fuseboard),
    )
    .beside(Side::Victoria.name(), of(Side::Victoria))
    .bars(
        Some(Bar::Times(0.25, Side::Victoria.name())),
        Some(Bar::Value(20.0)),
    )
    .noting(format!(
        "the largest error of our p99 over the whole range is {:.2}% of the exact value",
        error * 100.0
    )))
}

fn of(sides: &[Side], taken: &[Vec<Repetition<f64>>], wanted: Side) -> Samples {
    let index = sides.iter().position(|side| *side == wanted);
    let repetitions = index.and_then(|index| taken.get(index));
    Samples::of(repetitions.map(Vec::as_slice).unwrap_or_default(), |p99| *p99)
}

async fn asked(
    bench: &Bench,
    servers: &Servers,
    sides: &[Side],
    question: Question,
    weeks: Weeks,
) -> Result<Vec<Vec<Repetition<f64>>>> {
    interleaved(bench, sides, async |side| {
        let running = match side {
            Side::Fuseboard => &servers.ours.running,
            Side::Prometheus => servers.prometheus.as_ref().context("no Prometheus")?,
            Side::Victoria => servers.victoria.as_ref().context("no VictoriaMetrics")?,
            Side::Bun | Side::Phoenix => bail!("{side} answers no questions"),
        };
        let headers = match side {
            Side::Fuseboard => servers.ours.authorization(),
            _ => String::new(),
        };
        let path = path(side, question, weeks);
        let mut connection = Connection::open(running.address).await?;
        for _ in 0..5 {
            let body = connection.get(&path, &headers).await?.good()?;
            check(side, question, weeks, &body)?;
        }
        let mut times: Histogram<u64> = Histogram::new(3)?;
        let watch = Watch::start(&[running.pid])?;
        for _ in 0..bench.number(100, 10) {
            let start = Instant::now();
            connection.get(&path, &headers).await?.good()?;
            times.record(start.elapsed().as_micros() as u64)?;
        }
        let seen = watch.stop()?;
        Ok(Repetition::new(times.value_at_quantile(0.99) as f64 / 1e3, &seen))
    })
    .await
}

fn path(side: Side, question: Question, weeks: Weeks) -> String {
    let Weeks { from, to } = weeks;
    if side == Side::Fuseboard {
        let what = match question {
            Question::Counts => "metric=requests&group_by=provider",
            Question::Quantiles => "metric=latency_p99&group_by=provider,model,service",
        };
        return format!("/api/v1/query?{what}&from={from}&to={to}&step=1h");
    }
    let query = match question {
        Question::Counts => "sum by (provider) (increase(llm_calls_total[1h]))",
        Question::Quantiles => {
            "histogram_quantile(0.99, sum by (provider, model, service, le) (rate(llm_duration_seconds_bucket[1h])))"
        }
    };
    let cache = if side == Side::Victoria { "&nocache=1" } else { "" };
    // A step of theirs looks back from its time, one of ours looks on.
    format!(
        "/api/v1/query_range?query={}&start={}&end={}&step=3600{cache}",
        escaped(query),
        from / 1_000 + 3_600,
        to / 1_000,
    )
}

fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => (byte as char).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Whoever answers must answer the question: so many series with so many points each.
fn check(side: Side, question: Question, weeks: Weeks, body: &[u8]) -> Result<()> {
    let answer: Value = serde_json::from_slice(body)?;
    let (list, points) = match side {
        Side::Fuseboard => (&answer["series"], "points"),
        _ => (&answer["data"]["result"], "values"),
    };
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let wanted = match question {
        Question::Counts => PROVIDERS.len(),
        Question::Quantiles => SERIES,
    };
    let shortest = list
        .iter()
        .map(|series| series[points].as_array().map_or(0, Vec::len))
        .min()
        .unwrap_or_default();
    if list.len() != wanted || shortest + 1 < weeks.hours() as usize {
        bail!(
            "{side} answered {} series of at least {shortest} points; {wanted} of {} were asked for",
            list.len(),
            weeks.hours()
        );
    }
    Ok(())
}

/// The largest relative error of our p99 over the whole range, of all series.
async fn quantile_error(ours: &Fuseboard, weeks: Weeks) -> Result<f64> {
    let path = format!(
        "/api/v1/query?metric=latency_p99&group_by=provider,model,service&from={}&to={}&max_points=1",
        weeks.from, weeks.to
    );
    let body = Connection::open(ours.running.address)
        .await?
        .get(&path, &ours.authorization())
        .await?
        .good()?;
    let answer: Value = serde_json::from_slice(&body)?;
    let list = answer["series"].as_array().context("no series")?;
    let mut largest = 0.0_f64;
    for number in 0..SERIES {
        let (provider, model, service) = series(number);
        let found = list
            .iter()
            .find(|line| {
                let group = &line["group"];
                group["provider"] == provider && group["model"] == model && group["service"] == service
            })
            .and_then(|line| line["points"][0][1].as_f64())
            .with_context(|| format!("no p99 of {provider} {model} {service}"))?;
        let mut all: Vec<u64> = (0..weeks.minutes())
            .map(|minute| duration_ms(number, minute))
            .collect();
        all.sort_unstable();
        let exact = all
            .get((0.99 * (all.len() - 1) as f64) as usize)
            .copied()
            .unwrap_or_default() as f64;
        largest = largest.max((found - exact).abs() / exact);
    }
    Ok(largest)
}

async fn disk(ours: &Fuseboard, weeks: Weeks) -> Result<Vec<Figure>> {
    let body = Connection::open(ours.running.address)
        .await?
        .get("/api/v1/limits", &ours.authorization())
        .await?
        .good()?;
    let answer: Value = serde_json::from_slice(&body)?;
    let items = answer["items"].as_array().context("no limits")?;
    let used = |name: &str| {
        let item = items.iter().find(|item| item["name"] == name);
        item.and_then(|item| item["used"].as_f64()).unwrap_or_default()
    };
    let mut figures = Vec::new();
    for (name, rung, kept_days) in [
        ("rung_10s_bytes", "10 s", 14),
        ("rung_1m_bytes", "1 min", 30),
        ("rung_1h_bytes", "1 h", 396),
        ("rung_1d_bytes", "1 d", i64::MAX),
    ] {
        let hours = weeks.hours().min(i64::saturating_mul(kept_days, 24));
        let each = used(name) / (hours as f64 * SERIES as f64);
        figures.push(
            Figure::new(
                "P16",
                format!("disk per series-hour of the rung of {rung}"),
                "bytes",
                Better::Less,
                Samples(vec![crate::figure::Sample {
                    value: each,
                    foreign: 0.0,
                }]),
            )
            .noting("60 calls a series and hour; a count, not a time: nothing can disturb it"),
        );
    }
    Ok(figures)
}

async fn fill_victoria(bench: &Bench, weeks: Weeks) -> Result<Option<Running>> {
    if !victoria::here(bench) {
        return Ok(None);
    }
    eprintln!("  filling VictoriaMetrics");
    let running = victoria::start(bench, &bench.folder("history-victoria")?).await?;
    let mut connection = Connection::open(running.address).await?;
    for number in 0..SERIES {
        let mut lines = vec![weeks::counter(weeks, number)];
        lines.extend(weeks::buckets(weeks, number));
        for line in lines {
            let body = weeks::import_line(weeks, &line);
            let headers = "Content-Type: application/json\r\n";
            connection
                .post("/api/v1/import", headers, body.as_bytes())
                .await?
                .good()?;
        }
    }
    // Until then what came last cannot be asked for; and parts are to be merged as they would be after weeks.
    for path in ["/internal/force_flush", "/internal/force_merge"] {
        connection.get(path, "").await?.good()?;
    }
    Ok(Some(running))
}

async fn fill_prometheus(bench: &Bench, weeks: Weeks) -> Result<Option<Running>> {
    let (true, Some(promtool)) = (
        prometheus::here(bench),
        crate::subject::peer(&bench.peers, "promtool"),
    ) else {
        return Ok(None);
    };
    eprintln!("  filling Prometheus");
    let data = bench.folder("history-prometheus")?;
    let text = data.with_extension("om");
    write_openmetrics(&text, weeks).await?;
    let made = tokio::process::Command::new(promtool)
        .args([
            "tsdb",
            "create-blocks-from",
            "--max-block-duration=744h",
            "--quiet",
            "openmetrics",
        ])
        .arg(&text)
        .arg(&data)
        .kill_on_drop(true)
        .output()
        .await?;
    if !made.status.success() {
        bail!("promtool: {}", String::from_utf8_lossy(&made.stderr));
    }
    std::fs::remove_file(&text)?;
    Ok(Some(prometheus::start(bench, &data).await?))
}

async fn write_openmetrics(path: &Path, weeks: Weeks) -> Result<()> {
    let file = tokio::fs::File::create(path).await?;
    let mut file = tokio::io::BufWriter::with_capacity(1 << 20, file);
    file.write_all(b"# TYPE llm_calls counter\n").await?;
    for number in 0..SERIES {
        let lines = weeks::openmetrics_lines(weeks, &weeks::counter(weeks, number));
        file.write_all(lines.as_bytes()).await?;
    }
    file.write_all(b"# EOF\n").await?;
    file.flush().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_escaped() {
        assert_eq!(escaped("sum(a[1h])"), "sum%28a%5B1h%5D%29");
    }

    #[test]
    fn an_answer_that_is_too_short_is_none() {
        let weeks = Weeks {
            from: 0,
            to: 2 * 3_600_000,
        };
        let one = serde_json::json!({"points": [[0, 1.0], [3_600_000, 1.0]]});
        let body = serde_json::json!({"series": vec![one; PROVIDERS.len()]}).to_string();
        check(Side::Fuseboard, Question::Counts, weeks, body.as_bytes()).unwrap();
        check(Side::Fuseboard, Question::Quantiles, weeks, body.as_bytes()).unwrap_err();
        check(Side::Prometheus, Question::Counts, weeks, body.as_bytes()).unwrap_err();
    }
}
