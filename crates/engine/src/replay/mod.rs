//! The board of a moment that has passed.
//!
//! Live state is a function of the journal, so a moment is shown by the code that shows now: a keyframe (a checkpoint
//! that was kept) is put back and the journal is applied from there to the moment, as a start does ([`past`]). Going on
//! is applying what follows. ADR 0014.
//!
//! What may differ from what live showed: 10 s buckets that began more than 16 minutes before the moment contain what
//! came late, also after the moment; a provider without a call in the two hours before is not on its rail, as after a
//! restart; what silence did is told of at whole seconds.
//!
//! Bounds: [`OPENINGS`] moments are built at the same time, [`SEATS`] are kept for viewers, and nobody reads more than
//! [`MOST_EVENTS`] for one. Deliberately absent: a viewer's frames (`hub::player`), any cache of moments.

mod history;
mod past;

use std::sync::Arc;

use domain::Millis;
use protocol::Range;
use protocol::view::{Board, BreakerDetail};
use store::{Offset, StoreError, SystemScope, TenantScope};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::config::Stores;
use crate::tenants::{Tenant, Tenants};
use crate::{Engine, wire};

pub(crate) use past::Past;

/// Moments that are built at the same time; each takes a core while it is. Further ones wait for their turn.
const OPENINGS: usize = 2;
/// Viewers that replay at the same time; each keeps a state of its own.
const SEATS: usize = 8;
/// The most events that are read for one moment.
const MOST_EVENTS: usize = 8_000_000;

/// Why a moment cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It has not been yet.
    #[error("at: {} has not been yet, the server's time is {}", wire::time(*.at), wire::time(*.now))]
    InFuture {
        /// What was asked for.
        at: Millis,
        /// The server's time.
        now: Millis,
    },
    /// What would be needed is not kept any more, or never was.
    #[error("at: {}", too_early(*.at, *.reaches))]
    TooEarly {
        /// What was asked for.
        at: Millis,
        /// The earliest moment that can be shown; `None` when there is none yet.
        reaches: Option<Millis>,
    },
    /// Too many events lead up to it.
    #[error("at: more than {MOST_EVENTS} events lead up to {}, too many to show it", wire::time(*.0))]
    TooMuch(Millis),
    /// All seats are taken.
    #[error(
        "{SEATS} viewers replay already, the most there may be; try again when one has gone back to live"
    )]
    Busy,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReplayError {
    /// Short and stable, for frames.
    pub fn code(&self) -> &'static str {
        match self {
            ReplayError::InFuture { .. } | ReplayError::TooEarly { .. } | ReplayError::TooMuch(_) => {
                "no_replay"
            }
            ReplayError::Busy => "replay_busy",
            ReplayError::Store(_) => "unavailable",
        }
    }

    /// For people; a failure of the store is for the log only.
    pub fn detail(&self) -> String {
        match self {
            ReplayError::Store(_) => "the store cannot be read right now".into(),
            other => other.to_string(),
        }
    }
}

fn too_early(at: Millis, reaches: Option<Millis>) -> String {
    match reaches {
        Some(reaches) => format!(
            "{} is too long ago, replay reaches back to {}",
            wire::time(at),
            wire::time(reaches)
        ),
        None => format!("{} cannot be shown, no moment is kept yet", wire::time(at)),
    }
}

/// What every replay is made of.
pub(crate) struct Replays {
    pub stores: Stores,
    pub system: SystemScope,
    pub clock: Clock,
    pub tenants: Arc<Tenants>,
    openings: Semaphore,
    seats: Arc<Semaphore>,
}

impl Replays {
    pub fn new(stores: Stores, system: SystemScope, clock: Clock, tenants: Arc<Tenants>) -> Replays {
        Replays {
            stores,
            system,
            clock,
            tenants,
            openings: Semaphore::new(OPENINGS),
            seats: Arc::new(Semaphore::new(SEATS)),
        }
    }

    /// A viewer's place, for as long as it is held.
    pub fn seat(&self) -> Result<OwnedSemaphorePermit, ReplayError> {
        let seat = Arc::clone(&self.seats).try_acquire_owned();
        seat.map_err(|_| ReplayError::Busy)
    }

    /// Builds the state of a moment, when it is our turn.
    pub async fn open(&self, tenant: &Tenant, scope: &TenantScope, at: Millis) -> Result<Past, ReplayError> {
        // Never closed; without a turn the moment would only be there sooner.
        let _turn = self.openings.acquire().await.ok();
        Past::open(self, tenant, scope, at).await
    }

    /// Refuses a moment that has not been.
    pub fn not_in_future(&self, at: Millis) -> Result<(), ReplayError> {
        let now = self.clock.now();
        if at > now {
            return Err(ReplayError::InFuture { at, now });
        }
        Ok(())
    }

    /// Where the journal begins; `None` while it is empty.
    async fn begin(&self) -> Result<Option<Begin>, StoreError> {
        let nowhere = Offset { writer: 0, seq: 0 };
        let first = self.stores.journal.read_after(&self.system, nowhere, 1).await?;
        Ok(first.first().map(|batch| Begin {
            dropped: batch.offset.seq.saturating_sub(1),
            oldest: batch.received,
        }))
    }

    /// The earliest moment that can be shown: where the journal begins, and later where its begin was dropped already,
    /// because a moment needs the minutes before it and a keyframe.
    async fn reaches(&self, scope: &TenantScope, begin: Begin) -> Result<Option<Millis>, StoreError> {
        if begin.dropped == 0 {
            return Ok(Some(begin.oldest));
        }
        let keyframe = self.stores.live.first_keyframe(scope).await?;
        Ok(keyframe.map(|keyframe| keyframe.max(begin.oldest + past::REFILL)))
    }
}

/// Where the journal begins.
#[derive(Debug, Clone, Copy)]
struct Begin {
    /// Retention has dropped everything up to this sequence.
    dropped: u64,
    /// When the oldest batch arrived.
    oldest: Millis,
}

impl Engine {
    /// The board of a moment that has passed, without chart points.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn board_at(
        &self,
        scope: &TenantScope,
        range: Range,
        at: Millis,
    ) -> Result<Board, ReplayError> {
        let mut past = self.replays().open(&self.tenant(scope), scope, at).await?;
        Ok(past.board(range, false))
    }

    /// One breaker at a moment that has passed.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn breaker_at(
        &self,
        scope: &TenantScope,
        id: &str,
        at: Millis,
    ) -> Result<Option<BreakerDetail>, ReplayError> {
        let replays = self.replays();
        let mut past = replays.open(&self.tenant(scope), scope, at).await?;
        past.learn_transitions(replays, id).await?;
        Ok(past.detail(id))
    }

    /// The earliest moment that can be shown; `None` before the first event.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn replay_reaches(&self, scope: &TenantScope) -> Result<Option<Millis>, StoreError> {
        let replays = self.replays();
        match replays.begin().await? {
            Some(begin) => replays.reaches(scope, begin).await,
            None => Ok(None),
        }
    }
}
