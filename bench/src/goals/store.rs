//! P11, half of P16, P19: ten million events, and what they leave behind: in memory, on the disk, at the next start.
//!
//! An empty server is left alone for five seconds: its resident memory then is the idle figure. Two connections push ten
//! million calls with an id in each (100 series, 10 instances, batches of 2,000), as fast as it takes them. After
//! fifteen seconds, time for a flush, its memory is the second figure, and the journal's files are the disk of raw calls.
//! Then it is killed and started again, and the time until `/readyz` says yes is P19: all ten million came within the
//! last minutes, the worst case, because the rings of those minutes are refilled from the journal. The store of 30 days
//! of `history` is started once more, too: the common case.
//!
//! Prometheus gets ten million samples of 4,000 series, and is killed and started in the same way. RSS is what
//! `/proc/PID/smaps_rollup` says.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::load::calls::{Calls, Once};
use crate::load::drive::{Sender, so_many};
use crate::load::remote_write;
use crate::load::weeks::{self, Weeks};
use crate::machine::watch::Watch;
use crate::machine::{disk, process};
use crate::repeat::{Repetition, interleaved};
use crate::subject::fuseboard::Fuseboard;
use crate::subject::{Running, Side, prometheus};

const BATCH: usize = 2_000;
const SENDERS: usize = 2;
const IDLE: Duration = Duration::from_secs(5);
const SETTLE: Duration = Duration::from_secs(15);

/// What one repetition tells.
struct Told {
    idle: f64,
    full: f64,
    /// Bytes of raw events on the disk; of us only.
    raw: f64,
    ready: f64,
    count: f64,
}

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut sides = vec![Side::Fuseboard];
    if prometheus::here(bench) {
        sides.push(Side::Prometheus);
    }
    let count = bench.number(10_000_000, 200_000);
    let taken = interleaved(bench, &sides, async |side| once(bench, side, count).await).await?;
    let of = |index: usize, pick: fn(&Told) -> f64| {
        Samples::of(taken.get(index).map(Vec::as_slice).unwrap_or_default(), pick)
    };
    let peer = Side::Prometheus.name();
    let weeks = Weeks::ending_now(bench.number(30 * 24, 24) as i64);
    let months = old_store(bench, weeks).await?;
    let ready = of(0, |told| told.ready);
    let (times, cores) = (of(1, |told| told.ready), bench.cores.subject);
    Ok(vec![
        Figure::new("P11", "resident memory, idle", "MB", Better::Less, of(0, |told| told.idle / 1e6))
            .beside(peer, of(1, |told| told.idle / 1e6))
            .bars(Some(Bar::Value(40.0)), Some(Bar::Value(20.0)))
            .noting("must also be ≤ 0.6 × prometheus"),
        Figure::new(
            "P11",
            format!("resident memory after {count} events with ids"),
            "MB",
            Better::Less,
            of(0, |told| told.full / 1e6),
        )
        .beside(peer, of(1, |told| told.full / 1e6))
        .bars(Some(Bar::Value(150.0)), Some(Bar::Value(80.0)))
        .noting("15 s after the last; the peer has as many samples"),
        Figure::new(
            "P16",
            "disk per million calls kept raw, with ids",
            "MB",
            Better::Less,
            of(0, |told| told.raw / told.count),
        )
        .bars(Some(Bar::Value(40.0)), Some(Bar::Value(16.0)))
        .noting("all files of the journal and the index of ids"),
        Figure::new(
            "P19",
            format!("start to ready after kill -9, {count} events of the last minutes"),
            "ms",
            Better::Less,
            ready,
        )
        .beside(peer, times)
        .bars(None, Some(Bar::Value(150.0)))
        .noting(format!("on core {cores}; the peer replays as many samples")),
        Figure::new(
            "P19",
            format!("start to ready, {} events of {} days", weeks.calls(), weeks.hours() / 24),
            "ms",
            Better::Less,
            Samples::of(&months, |ready| *ready),
        )
        .bars(Some(Bar::Value(290.0)), Some(Bar::Value(150.0)))
        .noting("must is 0.1 × the 2.9 s that Uptime Kuma took when it was measured once; it is not part of this run"),
    ])
}

async fn once(bench: &Bench, side: Side, count: u64) -> Result<Repetition<Told>> {
    let data = bench.folder("store")?;
    let (running, key) = start(bench, side, &data).await?;
    let watch = Watch::start(&[running.pid])?;
    sleep(IDLE).await;
    let idle = process::resident(running.pid)? as f64;
    let senders = (0..SENDERS).map(|number| match &key {
        Some(key) => Sender::Calls {
            calls: Calls::new(number as u32, BATCH, Once::Ids),
            key: key.clone(),
        },
        None => Sender::Samples {
            samples: Box::new(remote_write::Samples::new(number, SENDERS, BATCH)),
            path: prometheus::WRITE,
        },
    });
    let each = count / SENDERS as u64;
    let sent =
        futures::future::try_join_all(senders.map(|sender| so_many(running.address, sender, each))).await?;
    sleep(SETTLE).await;
    let full = process::resident(running.pid)? as f64;
    let seen = watch.stop()?;
    running.kill().await?;
    let raw = disk(&data.join("journal")) as f64;
    let (again, _) = start(bench, side, &data).await?;
    let ready = again.ready_after.as_secs_f64() * 1e3;
    again.stop().await?;
    let told = Told {
        idle,
        full,
        raw,
        ready,
        count: sent.iter().sum::<u64>() as f64,
    };
    Ok(Repetition::new(told, &seen))
}

async fn start(bench: &Bench, side: Side, data: &Path) -> Result<(Running, Option<String>)> {
    Ok(match side {
        Side::Fuseboard => {
            let server = Fuseboard::start(bench, data).await?;
            (server.running, Some(server.key))
        }
        _ => (prometheus::start(bench, data).await?, None),
    })
}

/// Starts a store of weeks again and again; milliseconds until it is ready.
async fn old_store(bench: &Bench, weeks: Weeks) -> Result<Vec<Repetition<f64>>> {
    let data = bench.folder("old-store")?;
    weeks::fill(bench, &data, weeks).await?;
    let mut all = interleaved(bench, &[Side::Fuseboard], async |_| {
        let watch = Watch::start(&[])?;
        let server = Fuseboard::start(bench, &data).await?;
        let own = process::cpu(server.running.pid)?;
        let mut seen = watch.stop()?;
        // It was not there when the watch began.
        let capacity = seen.time.as_secs_f64() * crate::machine::all_cores() as f64;
        seen.foreign = (seen.foreign - own.as_secs_f64() / capacity).max(0.0);
        let ready = server.running.ready_after.as_secs_f64() * 1e3;
        server.running.kill().await?;
        Ok(Repetition::new(ready, &seen))
    })
    .await?;
    Ok(all.pop().unwrap_or_default())
}
