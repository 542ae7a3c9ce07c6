//! The handle that callers hold.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::builder::Builder;
use crate::event::{CallEvent, HeadroomEvent, MarkerEvent, StatsEvent, TransitionEvent};
use crate::health::Health;
use crate::shared::Shared;
use crate::transport::{Transport, Verdict};

/// How long what waits may still be sent when the last handle is dropped without [`Client::shutdown`].
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Reports to one Fuseboard. Cheap to clone; all clones share one queue and one connection.
///
/// When the last clone is dropped, what waits is still sent for up to five seconds, if the runtime lives that long.
/// Call [`Client::shutdown`] to be sure.
#[derive(Clone)]
pub struct Client {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    probe: Transport,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close(Instant::now() + LAST_WORDS);
    }
}

/// Some events were not sent in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{events} events were not sent in time")]
pub struct Unsent {
    /// How many.
    pub events: u64,
}

/// Why [`Client::check`] failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Nobody answers, or the answer was "later".
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The server answers, and will not take events from us: a wrong key, a missing scope, a wrong address.
    #[error("refused: {0}")]
    Refused(String),
}

impl Client {
    /// A builder for a client that reports to the server at `url` (`http://127.0.0.1:3000`) with an API key of scope
    /// `ingest:write`.
    pub fn builder(url: impl Into<String>, key: impl Into<String>) -> Builder {
        Builder::new(url.into(), key.into())
    }

    pub(crate) fn new(shared: Arc<Shared>, probe: Transport) -> Client {
        Client {
            handle: Arc::new(Handle { shared, probe }),
        }
    }

    /// Reports one attempt at a provider.
    pub fn call(&self, event: CallEvent) {
        self.handle.shared.report(event);
    }

    /// Reports that a breaker changed state. It leaves at once, with whatever waits.
    pub fn transition(&self, event: TransitionEvent) {
        self.handle.shared.report(event);
    }

    /// Reports what state a breaker is in.
    pub fn stats(&self, event: StatsEvent) {
        self.handle.shared.report(event);
    }

    /// Reports what rate-limit headers said.
    pub fn headroom(&self, event: HeadroomEvent) {
        self.handle.shared.report(event);
    }

    /// Draws a vertical line on every chart.
    pub fn marker(&self, event: MarkerEvent) {
        self.handle.shared.report(event);
    }

    /// What became of the events so far.
    pub fn health(&self) -> Health {
        self.handle.shared.state.lock().health()
    }

    /// Asks the server whether it takes events from us, by sending none. Does not touch the queue.
    ///
    /// # Errors
    /// [`CheckError`] says whether nobody answers or the answer is no.
    pub async fn check(&self) -> Result<(), CheckError> {
        match self
            .handle
            .probe
            .post(None, Bytes::from_static(br#"{"events":[]}"#), 0)
            .await
        {
            Verdict::Settled { .. } => Ok(()),
            Verdict::Again(_, note) => Err(CheckError::Unreachable(note)),
            Verdict::Refused(note) | Verdict::TooLarge(note) => Err(CheckError::Refused(note)),
        }
    }

    /// Sends now what was reported before this call, and waits until the server has answered for all of it.
    ///
    /// # Errors
    /// [`Unsent`] when that took longer than `deadline`; the events keep waiting and will be sent.
    pub async fn flush(&self, deadline: Duration) -> Result<(), Unsent> {
        let shared = &self.handle.shared;
        let until = Instant::now() + deadline;
        let below = shared.state.lock().flush();
        shared.wake.notify_one();
        loop {
            let settled = shared.settled.notified();
            tokio::pin!(settled);
            // Registered before the look, so that what happens in between is not missed.
            settled.as_mut().enable();
            let left = {
                let state = shared.state.lock();
                if state.ended || !state.has_unsettled_below(below) {
                    return Ok(());
                }
                state.health.queued
            };
            if timeout_at(until, settled).await.is_err() {
                return Err(Unsent { events: left });
            }
        }
    }

    /// Takes no more events, sends what waits, and gives up what is not sent after `deadline`. Events reported later
    /// are counted as dropped. A second call waits for the first.
    ///
    /// # Errors
    /// [`Unsent`] says how many events were given up; they are counted as dropped.
    pub async fn shutdown(&self, deadline: Duration) -> Result<(), Unsent> {
        let shared = &self.handle.shared;
        let until = Instant::now() + deadline;
        shared.close(until);
        loop {
            let settled = shared.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            let left = {
                let state = shared.state.lock();
                match (state.ended, state.unsent) {
                    (true, 0) => return Ok(()),
                    (true, events) => return Err(Unsent { events }),
                    (false, _) => state.health.queued,
                }
            };
            // The task ends by itself at the deadline. The second of grace is for one that can no longer run, because
            // its runtime is gone.
            if timeout_at(until + Duration::from_secs(1), settled).await.is_err() {
                return Err(Unsent { events: left });
            }
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
