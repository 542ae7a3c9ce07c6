//! P2: durable intake on Postgres, over loopback. As in `intake`, an `Idempotency-Key` for each batch; the database
//! waits for the disk (`fsync=on`, `synchronous_commit=on`). Server and database share one core, and the CPU of both
//! counts. The peer is Prometheus, as there.

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

use super::intake;
use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::load::calls::{Calls, Once};
use crate::load::drive::{Sender, Taken, flat_out};
use crate::machine::{pin, process};
use crate::repeat::{Repetition, interleaved};
use crate::subject::fuseboard::Fuseboard;
use crate::subject::{Side, prometheus};

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut sides = vec![Side::Fuseboard];
    if prometheus::here(bench) {
        sides.push(Side::Prometheus);
    }
    let taken = interleaved(bench, &sides, async |side| match side {
        Side::Fuseboard => on_postgres(bench).await,
        side => intake::peer(bench, side).await,
    })
    .await?;
    let of = |index: usize, pick: fn(&Taken) -> f64| {
        Samples::of(taken.get(index).map(Vec::as_slice).unwrap_or_default(), pick)
    };
    let peer = Side::Prometheus.name();
    Ok(vec![
        Figure::new(
            "P2",
            "durable intake on Postgres, a key for each batch",
            "events/s (peer: samples/s)",
            Better::More,
            of(0, Taken::per_second),
        )
        .beside(peer, of(1, Taken::per_second))
        .bars(Some(Bar::Times(1.0, peer)), Some(Bar::Times(2.0, peer))),
        Figure::new(
            "P2",
            "CPU of server and Postgres per event",
            "core-µs (peer: per sample)",
            Better::Less,
            of(0, Taken::cpu_each),
        )
        .beside(peer, of(1, Taken::cpu_each)),
    ])
}

async fn on_postgres(bench: &Bench) -> Result<Repetition<Taken>> {
    let Some((url, pid)) = &bench.postgres else {
        bail!("no Postgres was given");
    };
    pin::process(*pid, &[bench.cores.subject])?;
    let database = format!("bench_{}", engine::Clock::system().now());
    let made = Command::new("createdb")
        .args(["--maintenance-db", url, &database])
        .kill_on_drop(true)
        .output()
        .await
        .context("createdb of the PostgreSQL client is needed")?;
    if !made.status.success() {
        bail!("createdb: {}", String::from_utf8_lossy(&made.stderr));
    }
    let (base, _) = url
        .rsplit_once('/')
        .context("the URL of Postgres names no database")?;
    let data = bench.folder("postgres")?;
    let flags = ["--database-url", &format!("{base}/{database}")];
    let server = Fuseboard::with(bench, &data, &[bench.cores.subject], &flags, &[]).await?;
    let sender = |number: usize| Sender::Calls {
        calls: Calls::new(number as u32, intake::BATCH, Once::Key),
        key: server.key.clone(),
    };
    let senders = (0..intake::CONNECTIONS).map(sender).collect();
    let mut pids = process::family(*pid);
    pids.push(server.running.pid);
    let taken = flat_out(server.running.address, &pids, senders, intake::times(bench)).await?;
    server.running.stop().await?;
    Ok(Repetition::new(taken, &taken.seen))
}
