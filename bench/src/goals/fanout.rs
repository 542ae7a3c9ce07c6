//! P8: one change, thousands of viewers, one core.
//!
//! The server gives a viewer at most 40 frames a second, by design, so 100,000 messages a second are 2,500 viewers (the
//! goal's 1,000 would need 100 frames a second for each). A transition comes in every 25 ms and is a frame of its own for
//! everybody. The peer is bun, whose server is uWebSockets: a publisher sends it a message every 25 ms, of the size that our
//! frames had, and it publishes it to as many sockets.
//!
//! The time of a message runs from the moment that its server wrote into it (ours: `now` of the frame, the start of the
//! turn that computed it; bun's: when it got the message) to its arrival at a viewer; both are whole milliseconds of the
//! same clock, so a figure may be too large by one. Of our viewers every 25th decodes; all are counted. CPU is the whole
//! server's: ours also takes the transitions in, commits them and computes what changed.
//!
//! Each ten of our viewers share a key, because the server allows a key ten sockets; the 250 keys are made before. The
//! server asks its database every few seconds whether a socket's key still counts, which its CPU holds; bun knows no keys.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;
use engine::Clock;
use hdrhistogram::Histogram;
use protocol::ServerFrame;
use protocol::codec::decode_server;
use tokio::time::{Instant, sleep, sleep_until};

use super::viewers::{Readers, furnish, watch_board};
use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::machine::watch::Watch;
use crate::repeat::{Repetition, interleaved};
use crate::subject::fuseboard::Fuseboard;
use crate::subject::{Side, bun, keys, viewer};
use crate::wire::http::Connection;
use crate::wire::socket::Socket;

const VIEWERS: usize = 2_500;
const EVERY: Duration = Duration::from_millis(25);
/// One in so many of our viewers decodes what it gets.
const DECODES: usize = 25;

/// What one repetition tells.
#[derive(Debug, Clone, Copy)]
struct Told {
    per_second: f64,
    p99: f64,
    cpu: f64,
    bytes: f64,
}

/// What viewers count together.
#[derive(Default)]
struct Tally {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut sides = vec![Side::Fuseboard];
    if bun::here(bench) {
        sides.push(Side::Bun);
    }
    // Ours comes first, so its size is known.
    let mut size = 0;
    let taken = interleaved(bench, &sides, async |side| {
        let told = once(bench, side, size).await?;
        if side == Side::Fuseboard {
            size = told.value.bytes as usize;
        }
        Ok(told)
    })
    .await?;
    let of = |index: usize, pick: fn(&Told) -> f64| {
        Samples::of(taken.get(index).map(Vec::as_slice).unwrap_or_default(), pick)
    };
    let peer = Side::Bun.name();
    let rates = (of(0, |told| told.per_second), of(1, |told| told.per_second));
    let note = format!(
        "{VIEWERS} viewers, {size} bytes a message; delivered a second: ours {:.0}, bun's {:.0}",
        rates.0.median().unwrap_or_default(),
        rates.1.median().unwrap_or_default(),
    );
    Ok(vec![
        Figure::new(
            "P8",
            "fan-out, message → viewer, p99",
            "ms",
            Better::Less,
            of(0, |told| told.p99),
        )
        .beside(peer, of(1, |told| told.p99))
        .bars(Some(Bar::Times(1.2, peer)), Some(Bar::Times(1.05, peer)))
        .noting(note),
        Figure::new(
            "P8",
            "fan-out, server CPU per message",
            "core-µs",
            Better::Less,
            of(0, |told| told.cpu),
        )
        .beside(peer, of(1, |told| told.cpu))
        .bars(Some(Bar::Times(1.3, peer)), Some(Bar::Times(1.05, peer))),
    ])
}

async fn once(bench: &Bench, side: Side, size: usize) -> Result<Repetition<Told>> {
    let tally = Arc::new(Tally::default());
    let times = Arc::new(Mutex::new(Histogram::<u64>::new(3)?));
    let noted = Arc::clone(&times);
    let counted = Arc::clone(&tally);
    let clock = Clock::system();
    let decode = match side {
        Side::Bun => sent_by_bun,
        _ => sent_by_us,
    };
    let seen = move |number: usize, message: Bytes| {
        counted.messages.fetch_add(1, Ordering::Relaxed);
        counted.bytes.fetch_add(message.len() as u64, Ordering::Relaxed);
        if number.is_multiple_of(DECODES)
            && let Some(sent) = decode(&message)
        {
            let took = (clock.now() - sent).max(0) as u64;
            // A time beyond what fits is a day, and no message takes so long.
            let _ = noted.lock().unwrap_or_else(PoisonError::into_inner).record(took);
        }
    };
    let end = |warm_up: Duration, window: Duration| Instant::now() + warm_up + window;
    let (warm_up, window) = (bench.seconds(3, 1), bench.seconds(10, 2));
    let measure = async |pid: u32| {
        sleep(warm_up).await;
        let before = (
            tally.messages.load(Ordering::Relaxed),
            tally.bytes.load(Ordering::Relaxed),
        );
        times.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let watch = Watch::start(&[pid])?;
        sleep(window.saturating_sub(Duration::from_millis(200))).await;
        let watched = watch.stop()?;
        let messages = tally.messages.load(Ordering::Relaxed) - before.0;
        let bytes = tally.bytes.load(Ordering::Relaxed) - before.1;
        if messages == 0 {
            bail!("no message arrived");
        }
        let p99 = times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .value_at_quantile(0.99);
        let told = Told {
            per_second: messages as f64 / watched.time.as_secs_f64(),
            p99: p99 as f64,
            cpu: watched.subject.as_secs_f64() * 1e6 / messages as f64,
            bytes: bytes as f64 / messages as f64,
        };
        Ok(Repetition::new(told, &watched))
    };
    match side {
        Side::Bun => {
            let running = bun::start(bench).await?;
            let mut sockets = Vec::with_capacity(VIEWERS);
            for number in 0..VIEWERS {
                sockets.push(Socket::open(running.address, viewer::address(number), "/", "").await?);
            }
            let mut readers = Readers::start(sockets, seen);
            let sending = publish(running.address, size, end(warm_up, window));
            let ((), told) = futures::future::try_join(sending, measure(running.pid)).await?;
            readers.check()?;
            running.kill().await?;
            Ok(told)
        }
        _ => {
            let server = Fuseboard::start(bench, &bench.folder("fanout")?).await?;
            furnish(&server).await?;
            let keys = keys::for_viewers(bench, &server.data, VIEWERS).await?;
            let mut readers = Readers::start(watch_board(&server, VIEWERS, &keys).await?, seen);
            let sending = transitions(&server, end(warm_up, window));
            let ((), told) = futures::future::try_join(sending, measure(server.running.pid)).await?;
            readers.check()?;
            server.running.kill().await?;
            Ok(told)
        }
    }
}

fn sent_by_us(message: &[u8]) -> Option<i64> {
    match decode_server(message).ok()? {
        ServerFrame::Delta(delta) => Some(delta.now),
        _ => None,
    }
}

fn sent_by_bun(message: &[u8]) -> Option<i64> {
    let time = f64::from_be_bytes(message.get(..8)?.try_into().ok()?);
    Some(time as i64)
}

/// A transition when each is due.
async fn transitions(server: &Fuseboard, end: Instant) -> Result<()> {
    let mut connection = Connection::open(server.running.address).await?;
    let headers = format!("{}Content-Type: application/json\r\n", server.authorization());
    let start = Instant::now();
    for number in 0_u32.. {
        let due = start + EVERY * number;
        if due >= end {
            break;
        }
        sleep_until(due).await;
        let to = if (number / 13).is_multiple_of(2) {
            "open"
        } else {
            "closed"
        };
        let body = format!(
            r#"[{{"type":"breaker","breaker":"breaker-{}","provider":"openai","instance":"host-00","to":"{to}"}}]"#,
            number % 13
        );
        connection
            .post("/api/v1/events", &headers, body.as_bytes())
            .await?
            .good()?;
    }
    Ok(())
}

/// A message of `size` bytes when each is due; the peer adds its time.
async fn publish(host: SocketAddr, size: usize, end: Instant) -> Result<()> {
    let mut socket = Socket::open(host, viewer::address(0), "/publish", "").await?;
    let message = vec![7; size.saturating_sub(8)];
    let start = Instant::now();
    for number in 0_u32.. {
        let due = start + EVERY * number;
        if due >= end {
            break;
        }
        sleep_until(due).await;
        socket.send(&message).await?;
    }
    Ok(())
}
