//! P9 and P10: what viewers cost, in CPU while much comes in, in memory while nothing does.
//!
//! Each ten viewers share a key, because the server allows a key ten sockets; the keys are made before anything is measured.
//!
//! P9: 1,000 viewers have the board (postcard). 10,000 calls a second come in, 500 a request, on a schedule that does not
//! wait for answers. Each viewer gets ten coalesced frames a second. The figure is the server's CPU, intake included, and
//! asking the database every few seconds whether the key of each socket still counts.
//!
//! P10: resident memory of a server with a board of 13 breakers, before and after 10,000 viewers have subscribed to it
//! and got their snapshots and five seconds of beats, divided by their number; what the server remembers of their keys is
//! in it. bun's figure is for a socket that is subscribed to a topic. The kernel's own buffers belong to no process and
//! are in neither.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use engine::Clock;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::load::calls::{Calls, Once};
use crate::machine::process;
use crate::machine::watch::Watch;
use crate::repeat::{Repetition, interleaved};
use crate::subject::fuseboard::Fuseboard;
use crate::subject::{Running, Side, bun, keys, viewer};
use crate::wire::http::Connection;
use crate::wire::socket::Socket;

const WATCHING: usize = 1_000;
const IDLE: u64 = 10_000;
/// Files besides sockets.
const SPARE: u64 = 500;
const REQUESTS: u32 = 20;
const BATCH: usize = 500;

/// Sockets that are read, each by a task, until this is dropped.
pub struct Readers {
    tasks: JoinSet<Result<()>>,
}

impl Readers {
    /// Reads each socket; `seen` hears of every message with the number of its viewer.
    pub fn start(sockets: Vec<Socket>, seen: impl Fn(usize, Bytes) + Send + Sync + 'static) -> Readers {
        let seen = Arc::new(seen);
        let mut tasks = JoinSet::new();
        for (number, mut socket) in sockets.into_iter().enumerate() {
            let seen = Arc::clone(&seen);
            tasks.spawn(async move {
                loop {
                    let message = socket.next().await?;
                    seen(number, message);
                }
            });
        }
        Readers { tasks }
    }

    /// Whether all still read.
    pub fn check(&mut self) -> Result<()> {
        match self.tasks.try_join_next() {
            None => Ok(()),
            Some(ended) => match ended? {
                Ok(()) => bail!("a viewer stopped"),
                Err(error) => Err(error.context("a viewer was lost")),
            },
        }
    }
}

/// Opens so many viewers of our board, ten for each key.
pub async fn watch_board(server: &Fuseboard, count: usize, keys: &[String]) -> Result<Vec<Socket>> {
    let path = viewer::path(server).await?;
    let mut sockets = Vec::with_capacity(count);
    for number in 0..count {
        let key = keys.get(number / keys::EACH).context("too few keys")?;
        sockets.push(viewer::open(server.running.address, number, &path, key).await?);
    }
    Ok(sockets)
}

/// A board worth looking at: 13 breakers and calls of every series.
pub async fn furnish(server: &Fuseboard) -> Result<()> {
    let mut connection = Connection::open(server.running.address).await?;
    let headers = format!("{}Content-Type: application/json\r\n", server.authorization());
    let mut calls = Calls::new(3, 2_000, Once::Ids);
    let (_, body) = calls.next(Clock::system().now())?;
    connection.post("/api/v1/events", &headers, body).await?.good()?;
    let breaker = |number: usize| {
        let to = ["closed", "closed", "open", "half_open"]
            .get(number % 4)
            .copied()
            .unwrap_or_default();
        format!(
            r#"{{"type":"breaker","breaker":"breaker-{number}","provider":"openai","instance":"host-00","to":"{to}"}}"#
        )
    };
    let breakers: Vec<String> = (0..13).map(breaker).collect();
    let body = format!("[{}]", breakers.join(","));
    connection
        .post("/api/v1/events", &headers, body.as_bytes())
        .await?
        .good()?;
    Ok(())
}

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let idle = room_for(IDLE)?;
    let mut watched = interleaved(bench, &[Side::Fuseboard], async |_| watching(bench).await).await?;
    let watched = watched.pop().unwrap_or_default();
    let mut sides = vec![Side::Fuseboard];
    if bun::here(bench) {
        sides.push(Side::Bun);
    }
    let slept = interleaved(bench, &sides, async |side| idling(bench, side, idle).await).await?;
    let of = |index: usize| {
        Samples::of(slept.get(index).map(Vec::as_slice).unwrap_or_default(), |bytes| {
            bytes / 1e3
        })
    };
    let frames = Samples::of(&watched, |told| told.1).median().unwrap_or_default();
    Ok(vec![
        Figure::new(
            "P9",
            format!("server CPU, 10,000 events/s in, {WATCHING} viewers"),
            "% of a core",
            Better::Less,
            Samples::of(&watched, |told| told.0 * 100.0),
        )
        .bars(Some(Bar::Value(10.0)), None)
        .noting(format!("each viewer got {frames:.1} frames a second")),
        Figure::new(
            "P10",
            format!("memory per idle viewer, {idle} sockets"),
            "KB",
            Better::Less,
            of(0),
        )
        .beside(Side::Bun.name(), of(1))
        .bars(Some(Bar::Value(6.5)), Some(Bar::Value(3.2)))
        .noting("resident memory; the peer's sockets are subscribed to a topic"),
    ])
}

/// CPU as a share of a core, and frames a second for each viewer.
async fn watching(bench: &Bench) -> Result<Repetition<(f64, f64)>> {
    let server = Fuseboard::start(bench, &bench.folder("viewers")?).await?;
    furnish(&server).await?;
    let frames = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&frames);
    let keys = keys::for_viewers(bench, &server.data, WATCHING).await?;
    let sockets = watch_board(&server, WATCHING, &keys).await?;
    let mut readers = Readers::start(sockets, move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let window = bench.seconds(15, 3);
    let warm_up = bench.seconds(3, 1);
    let end = Instant::now() + warm_up + window;
    let measuring = async {
        sleep(warm_up).await;
        let before = frames.load(Ordering::Relaxed);
        let watch = Watch::start(&[server.running.pid])?;
        sleep(window.saturating_sub(Duration::from_millis(200))).await;
        let seen = watch.stop()?;
        Ok((frames.load(Ordering::Relaxed) - before, seen))
    };
    let (_, (got, seen)) =
        futures::future::try_join(steady(&server, Some(end), REQUESTS, BATCH), measuring).await?;
    readers.check()?;
    drop(readers);
    server.running.stop().await?;
    let seconds = seen.time.as_secs_f64();
    let cpu = seen.subject.as_secs_f64() / seconds;
    Ok(Repetition::new(
        (cpu, got as f64 / seconds / WATCHING as f64),
        &seen,
    ))
}

/// So many requests a second of `size` calls each, until `end` or for ever.
pub async fn steady(server: &Fuseboard, end: Option<Instant>, requests: u32, size: usize) -> Result<()> {
    let mut connection = Connection::open(server.running.address).await?;
    let headers = format!("{}Content-Type: application/json\r\n", server.authorization());
    let every = Duration::from_secs(1) / requests;
    let mut calls = Calls::new(0, size, Once::Ids);
    let clock = Clock::system();
    let start = Instant::now();
    for number in 0_u32.. {
        let due = start + every * number;
        if end.is_some_and(|end| due >= end) {
            break;
        }
        sleep_until(due).await;
        let (_, body) = calls.next(clock.now())?;
        connection.post("/api/v1/events", &headers, body).await?.good()?;
    }
    Ok(())
}

/// Bytes for each idle socket.
async fn idling(bench: &Bench, side: Side, count: u64) -> Result<Repetition<f64>> {
    let watch = Watch::start(&[])?;
    let (running, before, readers): (Running, u64, Readers) = match side {
        Side::Bun => {
            let running = bun::start(bench).await?;
            sleep(Duration::from_secs(1)).await;
            let before = process::resident(running.pid)?;
            let mut sockets = Vec::new();
            for number in 0..count as usize {
                let address = viewer::address(number);
                sockets.push(Socket::open(running.address, address, "/", "").await?);
            }
            (running, before, Readers::start(sockets, |_, _| ()))
        }
        _ => {
            let server = Fuseboard::start(bench, &bench.folder("idle")?).await?;
            furnish(&server).await?;
            let keys = keys::for_viewers(bench, &server.data, count as usize).await?;
            sleep(Duration::from_secs(1)).await;
            let before = process::resident(server.running.pid)?;
            let sockets = watch_board(&server, count as usize, &keys).await?;
            (server.running, before, Readers::start(sockets, |_, _| ()))
        }
    };
    let mut readers = readers;
    sleep(Duration::from_secs(5)).await;
    readers.check()?;
    let after = process::resident(running.pid)?;
    let mut seen = watch.stop()?;
    // Memory does not depend on who else works; its own CPU was not watched.
    seen.foreign = 0.0;
    drop(readers);
    running.kill().await?;
    Ok(Repetition::new(
        after.saturating_sub(before) as f64 / count as f64,
        &seen,
    ))
}

/// How many sockets fit into what this process may open; the limit is raised as far as we may.
fn room_for(wanted: u64) -> Result<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("cannot raise the number of open files")?;
    let most = limit.maximum.unwrap_or(u64::MAX).saturating_sub(SPARE);
    if most < wanted {
        eprintln!("  only {most} sockets: this process may not open more files");
    }
    Ok(wanted.min(most))
}
