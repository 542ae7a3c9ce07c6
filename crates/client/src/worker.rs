//! The sending task: one batch under way at a time, each tried until the server has answered for good.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::health::Link;
use crate::queue::Batch;
use crate::shared::{Due, Shared};
use crate::transport::{Transport, Verdict};

/// See the module.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    transport: Transport,
    stop: watch::Receiver<Option<Instant>>,
    /// Batches made so far; the second half of every idempotency key.
    batches: u64,
    /// Refusals were told and none was free of them since.
    refusing: bool,
}

/// The deadline of `shutdown` has passed.
struct OutOfTime;

impl Worker {
    pub fn new(shared: Arc<Shared>, transport: Transport) -> Worker {
        let stop = shared.stop.subscribe();
        Worker {
            shared,
            transport,
            stop,
            batches: 0,
            refusing: false,
        }
    }

    /// Sends until the client is closed and everything is settled, or the deadline has passed.
    pub async fn run(mut self) {
        loop {
            match self.shared.due(Instant::now()) {
                Due::Send(batch) => {
                    if self.settle(batch).await.is_err() {
                        break;
                    }
                }
                Due::WaitUntil(time) => tokio::select! {
                    () = self.shared.wake.notified() => {}
                    () = sleep_until(time) => {}
                },
                Due::Wait => self.shared.wake.notified().await,
                Due::End => break,
            }
        }
        self.shared.end();
    }

    /// Sends a batch until the server has taken or refused it. One that is too large is halved.
    async fn settle(&mut self, batch: Batch) -> Result<(), OutOfTime> {
        self.shared.state.lock().health.sent += batch.len();
        let mut work = vec![batch];
        while let Some(batch) = work.pop() {
            self.batches += 1;
            let key = format!("{}-b{}", self.shared.prefix, self.batches);
            let events = batch.len();
            match self.answer(&key, &batch).await? {
                Verdict::Settled {
                    accepted,
                    duplicates,
                    refused,
                    note,
                } => {
                    self.shared.state.lock().settle(accepted, duplicates, refused);
                    self.tell_refusals(note);
                }
                Verdict::TooLarge(note) => match batch.halves() {
                    Some((first, second)) => {
                        work.push(second);
                        work.push(first);
                    }
                    None => self.refuse(events, note),
                },
                Verdict::Refused(note) | Verdict::Again(_, note) => self.refuse(events, note),
            }
            self.shared.settled.notify_waiters();
        }
        Ok(())
    }

    fn refuse(&mut self, events: u64, note: String) {
        self.shared.state.lock().settle(0, 0, events);
        self.tell_refusals(Some(note));
    }

    /// The final answer to one batch, however many tries it takes.
    async fn answer(&mut self, key: &str, batch: &Batch) -> Result<Verdict, OutOfTime> {
        let mut failures = 0;
        loop {
            let verdict = tokio::select! {
                verdict = self.transport.post(Some(key), batch.body.clone(), batch.len()) => verdict,
                () = deadline(self.stop.clone()) => return Err(OutOfTime),
            };
            let Verdict::Again(asked, note) = verdict else {
                self.tell_link(Link::Up, None);
                return Ok(verdict);
            };
            self.tell_link(Link::Down, Some(note));
            failures += 1;
            let wait = {
                let mut state = self.shared.state.lock();
                self.shared.backoff.wait(failures, asked, &mut state.random)
            };
            self.pause(wait).await?;
            self.shared.state.lock().health.retried += 1;
        }
    }

    /// Waits, but not past the deadline; a client that begins to close tries once more at once.
    async fn pause(&mut self, wait: Duration) -> Result<(), OutOfTime> {
        let until = deadline(self.stop.clone());
        tokio::select! {
            () = sleep(wait) => Ok(()),
            _ = self.stop.changed() => Ok(()),
            () = until => Err(OutOfTime),
        }
    }

    fn tell_link(&self, link: Link, note: Option<String>) {
        let (news, queued, retried) = {
            let mut state = self.shared.state.lock();
            if note.is_some() {
                state.health.last_error.clone_from(&note);
            }
            (state.link(link), state.health.queued, state.health.retried)
        };
        match (news, note) {
            (true, Some(error)) => {
                tracing::warn!(error, queued, "fuseboard: not reachable, events wait in memory");
            }
            (true, None) => tracing::info!(queued, retried, "fuseboard: reachable again"),
            (false, _) => {}
        }
    }

    fn tell_refusals(&mut self, note: Option<String>) {
        let before = std::mem::replace(&mut self.refusing, note.is_some());
        let Some(note) = note else { return };
        if !before {
            tracing::warn!(
                error = note,
                "fuseboard: the server refuses events; see Client::health for counts"
            );
        }
        self.shared.state.lock().health.last_error = Some(note);
    }
}

/// Resolves when the client was told to close and its time is up.
async fn deadline(mut stop: watch::Receiver<Option<Instant>>) {
    let until = stop.wait_for(Option::is_some).await.ok().and_then(|until| *until);
    match until {
        Some(until) => sleep_until(until).await,
        // The sender lives as long as this task; without it there is no deadline.
        None => std::future::pending().await,
    }
}
