//! As much as a server takes: each connection sends its next request when the one before was answered, which is what
//! senders with a queue do. After a time to warm up, what is acknowledged within a window counts.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use engine::Clock;
use futures::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::calls::Calls;
use super::remote_write::Samples;
use super::spans::Spans;
use crate::machine::watch::{Seen, Watch};
use crate::wire::http::Connection;

/// What one connection sends.
pub enum Sender {
    /// Calls, to us.
    Calls {
        /// Which.
        calls: Calls,
        /// May push events.
        key: String,
    },
    /// Samples, to a peer.
    Samples {
        /// Which.
        samples: Box<Samples>,
        /// Where the peer takes them.
        path: &'static str,
    },
    /// Spans, to a peer.
    Spans(Spans),
}

/// How long.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Nothing counts.
    pub warm_up: Duration,
    /// Everything counts.
    pub window: Duration,
}

/// What a server took.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// Acknowledged within the window.
    pub acknowledged: u64,
    /// The machine meanwhile.
    pub seen: Seen,
}

impl Taken {
    /// Acknowledged each second.
    pub fn per_second(&self) -> f64 {
        self.acknowledged as f64 / self.seen.time.as_secs_f64()
    }

    /// Core-microseconds of the server for each.
    pub fn cpu_each(&self) -> f64 {
        self.seen.subject.as_secs_f64() * 1e6 / self.acknowledged.max(1) as f64
    }

    /// How busy the generator's core was: near 1 it was the generator that could not do more.
    pub fn generator(&self) -> f64 {
        self.seen.generator.as_secs_f64() / self.seen.time.as_secs_f64()
    }
}

/// Drives a server as fast as it goes.
pub async fn flat_out(host: SocketAddr, pids: &[u32], senders: Vec<Sender>, times: Times) -> Result<Taken> {
    let acknowledged = AtomicU64::new(0);
    let end = Instant::now() + times.warm_up + times.window;
    let sending = try_join_all(
        senders
            .into_iter()
            .map(|sender| send(host, sender, end, &acknowledged)),
    );
    let watching = async {
        sleep(times.warm_up).await;
        let before = acknowledged.load(Ordering::Relaxed);
        let watch = Watch::start(pids)?;
        // A little earlier than the senders end, so that none has stopped.
        sleep(times.window.saturating_sub(Duration::from_millis(200))).await;
        let seen = watch.stop()?;
        Ok((acknowledged.load(Ordering::Relaxed) - before, seen))
    };
    let (_, (counted, seen)) = futures::future::try_join(sending, watching).await?;
    if counted == 0 {
        bail!("nothing was acknowledged");
    }
    Ok(Taken {
        acknowledged: counted,
        seen,
    })
}

/// Sends so many and no more, as fast as it goes; how many were acknowledged.
pub async fn so_many(host: SocketAddr, sender: Sender, count: u64) -> Result<u64> {
    let acknowledged = AtomicU64::new(0);
    let mut connection = Connection::open(host).await?;
    let mut sender = sender;
    let clock = Clock::system();
    while acknowledged.load(Ordering::Relaxed) < count {
        let one = sender.send(&mut connection, &clock).await?;
        acknowledged.fetch_add(one, Ordering::Relaxed);
    }
    Ok(acknowledged.into_inner())
}

async fn send(host: SocketAddr, mut sender: Sender, end: Instant, acknowledged: &AtomicU64) -> Result<()> {
    let mut connection = Connection::open(host).await?;
    let clock = Clock::system();
    while Instant::now() < end {
        let one = sender.send(&mut connection, &clock).await?;
        acknowledged.fetch_add(one, Ordering::Relaxed);
    }
    Ok(())
}

impl Sender {
    /// Sends one request and waits for its answer; how many it held.
    async fn send(&mut self, connection: &mut Connection, clock: &Clock) -> Result<u64> {
        match self {
            Sender::Calls { calls, key } => {
                let size = calls.size() as u64;
                let (once, body) = calls.next(clock.now())?;
                let once = once.map_or_else(String::new, |once| format!("Idempotency-Key: {once}\r\n"));
                let headers =
                    format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n{once}");
                let answer = connection.post("/api/v1/events", &headers, body).await?.good()?;
                // Acknowledged means every one of them, not only that the request was understood.
                let wanted = format!("\"accepted\":{size},");
                if !answer.windows(wanted.len()).any(|part| part == wanted.as_bytes()) {
                    bail!(
                        "not all {size} events were taken: {}",
                        String::from_utf8_lossy(&answer)
                    );
                }
                Ok(size)
            }
            Sender::Samples { samples, path } => {
                let size = samples.size() as u64;
                let body = samples.next(clock.now())?;
                let headers = "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
                               X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
                connection.post(path, headers, body).await?.good()?;
                Ok(size)
            }
            Sender::Spans(spans) => {
                let body = spans.next(clock.now());
                let headers = "Content-Type: application/x-protobuf\r\n";
                let answer = connection.post("/v1/traces", headers, &body).await?;
                // Its queue is full: come back.
                if matches!(answer.status, 429 | 503) {
                    sleep(Duration::from_millis(50)).await;
                    return Ok(0);
                }
                answer.good()?;
                Ok(spans.size() as u64)
            }
        }
    }
}
