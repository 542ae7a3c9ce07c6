//! P3: durable rows a second beside a tool that watches LLM calls, Arize Phoenix. It gets each call as a span (OTLP over
//! HTTP, two connections, 100 spans a request) and answers before it has stored it; so what its database holds is counted,
//! before and after a window in which it never runs out of work. We are measured as in `intake`.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

use super::intake;
use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::load::calls::Once;
use crate::load::drive::{Sender, Times, flat_out};
use crate::load::spans::Spans;
use crate::machine::watch::Watch;
use crate::repeat::{Repetition, interleaved};
use crate::subject::{Side, phoenix};

const SPANS: usize = 100;

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut sides = vec![Side::Fuseboard];
    if phoenix::here(bench) {
        sides.push(Side::Phoenix);
    }
    let taken = interleaved(bench, &sides, async |side| match side {
        Side::Phoenix => rows(bench).await,
        _ => {
            let taken = intake::ours(bench, Once::Key).await?;
            Ok(Repetition {
                value: taken.value.per_second(),
                foreign: taken.foreign,
            })
        }
    })
    .await?;
    let of = |index: usize| {
        Samples::of(taken.get(index).map(Vec::as_slice).unwrap_or_default(), |rate| {
            *rate
        })
    };
    let peer = Side::Phoenix.name();
    Ok(vec![
        Figure::new("P3", "durable calls", "calls/s", Better::More, of(0))
            .beside(peer, of(1))
            .bars(Some(Bar::Times(2_000.0, peer)), None),
    ])
}

async fn rows(bench: &Bench) -> Result<Repetition<f64>> {
    let data = bench.folder("phoenix")?;
    let running = phoenix::start(bench, &data).await?;
    let (warm_up, window) = (bench.seconds(5, 2), bench.seconds(20, 5));
    let senders = (1..=2)
        .map(|sender| Sender::Spans(Spans::new(sender, SPANS)))
        .collect();
    let times = Times {
        warm_up,
        // Longer than we count, so that it is never without work.
        window: window + Duration::from_secs(5),
    };
    let counting = async {
        sleep(warm_up).await;
        let before = phoenix::stored(bench, &data).await?;
        let (start, watch) = (Instant::now(), Watch::start(&[running.pid])?);
        sleep(window).await;
        let after = phoenix::stored(bench, &data).await?;
        Ok((
            (after - before) as f64 / start.elapsed().as_secs_f64(),
            watch.stop()?,
        ))
    };
    let pids = [running.pid];
    let sending = flat_out(running.address, &pids, senders, times);
    let (_, (rate, seen)) = futures::future::try_join(sending, counting).await?;
    running.kill().await?;
    if rate == 0.0 {
        bail!("it stored nothing");
    }
    Ok(Repetition::new(rate, &seen))
}
