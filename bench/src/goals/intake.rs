//! P1 and P4: how much comes in, durably, through one core, and what one event costs.
//!
//! We: two connections push batches of 2,000 calls (about 220 bytes of JSON, 100 series, 10 instances). A batch is
//! answered after SQLite has committed it with `synchronous=FULL`, and live state and rollups have it. Two ways: an
//! `Idempotency-Key` for each batch, or an id in each event, which the server then looks for among those of days.
//!
//! The peers: two connections send `remote_write` requests of 2,000 samples (4,000 series, six labels each, snappy),
//! each with its own series, so that samples are in order. They answer before anything is synced to the disk.
//!
//! A call carries six values (one call, duration, time to first token, tokens in, tokens out, cost); a sample carries
//! one. Each repetition starts an empty server on its own core; the generator has the other.

use std::fmt::{self, Display};

use anyhow::Result;

use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::load::calls::{Calls, Once};
use crate::load::drive::{Sender, Taken, Times, flat_out};
use crate::load::remote_write;
use crate::repeat::{Repetition, interleaved};
use crate::subject::fuseboard::Fuseboard;
use crate::subject::{Side, prometheus, victoria};

/// Connections of every side.
pub const CONNECTIONS: usize = 2;
/// Events, or samples, in a request.
pub const BATCH: usize = 2_000;
/// What one call says.
const VALUES: f64 = 6.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Push(Once),
    RemoteWrite(Side),
}

impl Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Push(Once::Key) => f.write_str("fuseboard, a key for each batch"),
            Work::Push(Once::Ids) => f.write_str("fuseboard, an id in each event"),
            Work::RemoteWrite(side) => side.fmt(f),
        }
    }
}

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut works = vec![Work::Push(Once::Key), Work::Push(Once::Ids)];
    if prometheus::here(bench) {
        works.push(Work::RemoteWrite(Side::Prometheus));
    }
    if victoria::here(bench) {
        works.push(Work::RemoteWrite(Side::Victoria));
    }
    let taken = interleaved(bench, &works, async |work| once(bench, work).await).await?;
    let of = |wanted: Work, pick: fn(&Taken) -> f64| {
        let index = works.iter().position(|work| *work == wanted);
        let repetitions = index.and_then(|index| taken.get(index));
        Samples::of(repetitions.map(Vec::as_slice).unwrap_or_default(), pick)
    };
    let prometheus = Work::RemoteWrite(Side::Prometheus);
    let victoria = Work::RemoteWrite(Side::Victoria);
    let rate: fn(&Taken) -> f64 = Taken::per_second;
    let cost: fn(&Taken) -> f64 = Taken::cpu_each;
    let values: fn(&Taken) -> f64 = |taken| taken.per_second() * VALUES;
    let busy = taken
        .iter()
        .flatten()
        .map(|one| one.value.generator())
        .fold(0.0, f64::max);
    let note = format!(
        "{CONNECTIONS} connections, {BATCH} a request; the generator's core was at most {:.0}% busy",
        busy * 100.0
    );
    let mut figures = Vec::new();
    for (once, words) in [
        (Once::Key, "a key for each batch"),
        (Once::Ids, "an id in each event"),
    ] {
        figures.push(
            Figure::new(
                "P1",
                format!("durable intake, {words}"),
                "events/s (peers: samples/s)",
                Better::More,
                of(Work::Push(once), rate),
            )
            .beside(Side::Prometheus.name(), of(prometheus, rate))
            .beside(Side::Victoria.name(), of(victoria, rate))
            .bars(
                Some(Bar::Times(2.0, Side::Prometheus.name())),
                Some(Bar::Value(1_000_000.0)),
            )
            .noting(note.clone()),
        );
    }
    figures.push(
        Figure::new(
            "P1",
            "durable intake in values, a key for each batch",
            "values/s (peers: samples/s)",
            Better::More,
            of(Work::Push(Once::Key), values),
        )
        .beside(Side::Prometheus.name(), of(prometheus, rate))
        .beside(Side::Victoria.name(), of(victoria, rate))
        .bars(None, Some(Bar::Times(2.0, Side::Victoria.name())))
        .noting("six values a call"),
    );
    for (once, words) in [
        (Once::Key, "a key for each batch"),
        (Once::Ids, "an id in each event"),
    ] {
        figures.push(
            Figure::new(
                "P4",
                format!("server CPU per event, {words}"),
                "core-µs (peers: per sample)",
                Better::Less,
                of(Work::Push(once), cost),
            )
            .beside(Side::Prometheus.name(), of(prometheus, cost))
            .beside(Side::Victoria.name(), of(victoria, cost))
            .bars(
                Some(Bar::Times(0.6, Side::Prometheus.name())),
                Some(Bar::Times(0.3, Side::Prometheus.name())),
            ),
        );
    }
    Ok(figures)
}

/// How long each repetition takes.
pub fn times(bench: &Bench) -> Times {
    Times {
        warm_up: bench.seconds(3, 1),
        window: bench.seconds(10, 2),
    }
}

async fn once(bench: &Bench, work: Work) -> Result<Repetition<Taken>> {
    match work {
        Work::Push(once) => ours(bench, once).await,
        Work::RemoteWrite(side) => peer(bench, side).await,
    }
}

/// What we take.
pub async fn ours(bench: &Bench, once: Once) -> Result<Repetition<Taken>> {
    let data = bench.folder("intake")?;
    let server = Fuseboard::start(bench, &data).await?;
    let sender = |number: usize| Sender::Calls {
        calls: Calls::new(number as u32, BATCH, once),
        key: server.key.clone(),
    };
    let senders = (0..CONNECTIONS).map(sender).collect();
    let running = &server.running;
    let taken = flat_out(running.address, &[running.pid], senders, times(bench)).await?;
    server.running.stop().await?;
    Ok(Repetition::new(taken, &taken.seen))
}

/// What a peer takes.
pub async fn peer(bench: &Bench, side: Side) -> Result<Repetition<Taken>> {
    let data = bench.folder("intake")?;
    let (running, path) = match side {
        Side::Victoria => (victoria::start(bench, &data).await?, victoria::WRITE),
        _ => (prometheus::start(bench, &data).await?, prometheus::WRITE),
    };
    let sender = |number: usize| Sender::Samples {
        samples: Box::new(remote_write::Samples::new(number, CONNECTIONS, BATCH)),
        path,
    };
    let senders = (0..CONNECTIONS).map(sender).collect();
    let taken = flat_out(running.address, &[running.pid], senders, times(bench)).await?;
    running.stop().await?;
    Ok(Repetition::new(taken, &taken.seen))
}
