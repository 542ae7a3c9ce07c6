//! The state of a moment, and its way to later ones.

use std::collections::VecDeque;

use domain::Millis;
use domain::breaker::BreakerId;
use protocol::Range;
use protocol::view::{Board, BreakerDetail};
use store::{Keyframe, Offset, StoredBatch, TenantScope, TransitionQuery};

use super::{MOST_EVENTS, ReplayError, Replays, history};
use crate::live::TenantLive;
use crate::tenants::Tenant;

/// The longest live range that is kept by the second, and a little.
pub(super) const REFILL: Millis = 16 * 60_000;
const TEN: Millis = 10_000;
const SECOND: Millis = 1_000;
/// Transitions that are read back for the feed; it leaves first reports out, so it needs more rows than it shows.
const FEED_ROWS: usize = 500;
/// Transitions of one breaker's list.
const LIST_ROWS: usize = 50;
/// Events that one page of the journal holds, about: small enough that others get their turn in between.
const PAGE_EVENTS: usize = 4_096;
const MOST_BATCHES: usize = 512;
const FIRST_BATCHES: usize = 16;

/// A live state that stands at a moment.
pub(crate) struct Past {
    live: TenantLive,
    scope: TenantScope,
    moment: Millis,
    /// The last transition that the keyframe contains.
    told: u64,
    /// When the keyframe was taken.
    keyframe: Millis,
    /// The journal has been read up to here …
    read: Offset,
    /// … where batches arrived at this time …
    read_to: Millis,
    /// … and these are not due yet.
    ahead: VecDeque<StoredBatch>,
    /// Batches of the next page.
    page: usize,
    /// Up to this second, silence has taken effect.
    expired: Millis,
}

impl Past {
    pub(super) async fn open(
        replays: &Replays,
        tenant: &Tenant,
        scope: &TenantScope,
        at: Millis,
    ) -> Result<Past, ReplayError> {
        replays.not_in_future(at)?;
        let Some(begin) = replays.begin().await? else {
            return Err(ReplayError::TooEarly { at, reaches: None });
        };
        let reaches = replays.reaches(scope, begin).await?;
        let too_early = || ReplayError::TooEarly { at, reaches };
        if reaches.is_none_or(|reaches| at < reaches) {
            return Err(too_early());
        }
        let journal = &replays.stores.journal;
        let keyframe = replays.stores.live.keyframe(scope, at).await?;
        let applied = keyframe
            .as_ref()
            .map_or(0, |keyframe| keyframe.checkpoint.applied);
        if applied < begin.dropped {
            return Err(too_early());
        }
        let mut from = journal.before_time(&replays.system, at - REFILL).await?;
        from.seq = from.seq.min(applied);
        // Without a keyframe the whole journal is read, and all buckets come from it.
        let history = match &keyframe {
            Some(_) => at - REFILL + (REFILL - at).rem_euclid(TEN),
            None => Millis::MIN,
        };
        let mut live = replays.tenants.fresh(&tenant.id).into_past(history);
        live.hide_all(tenant.live().hidden().clone());
        let mut past = Past {
            live,
            scope: scope.clone(),
            moment: at,
            told: 0,
            keyframe: at,
            read: from,
            read_to: Millis::MIN,
            ahead: VecDeque::new(),
            page: FIRST_BATCHES,
            expired: Millis::MIN,
        };
        if let Some(keyframe) = keyframe {
            past.begin_with(replays, tenant, keyframe, history).await?;
        }
        past.advance(replays, at).await?;
        Ok(past)
    }

    async fn begin_with(
        &mut self,
        replays: &Replays,
        tenant: &Tenant,
        keyframe: Keyframe,
        history: Millis,
    ) -> Result<(), ReplayError> {
        let query = TransitionQuery {
            // They happened before they arrived, and had arrived.
            to: Some(keyframe.at + 1),
            limit: FEED_ROWS,
            ..TransitionQuery::default()
        };
        let feed = replays.stores.live.transitions(&self.scope, query).await?;
        let rows = history::read(replays, tenant, &self.scope, history).await?;
        self.live.restore_past(&keyframe.checkpoint, feed, history)?;
        self.live.restore_history(&rows, history);
        self.told = self.live.last_transition();
        self.keyframe = keyframe.at;
        Ok(())
    }

    /// Goes on to a later moment.
    ///
    /// # Errors
    /// The store cannot be read, or too much lies in between. The state is between the moments then.
    pub async fn advance(&mut self, replays: &Replays, to: Millis) -> Result<(), ReplayError> {
        let mut events = 0;
        loop {
            while self.ahead.front().is_some_and(|batch| batch.received <= to) {
                if let Some(batch) = self.ahead.pop_front() {
                    self.take(&batch);
                }
            }
            if !self.ahead.is_empty() || self.read_to > to {
                break;
            }
            let journal = &replays.stores.journal;
            let batches = journal.read_after(&replays.system, self.read, self.page).await?;
            let Some(last) = batches.last() else { break };
            self.read = last.offset;
            self.read_to = last.received;
            let come: usize = batches.iter().map(|batch| batch.events.len()).sum();
            events += come;
            if events > MOST_EVENTS {
                return Err(ReplayError::TooMuch(to));
            }
            self.page = (batches.len() * PAGE_EVENTS / come.max(1)).clamp(1, MOST_BATCHES);
            let tenant = self.scope.tenant();
            self.ahead
                .extend(batches.into_iter().filter(|batch| batch.tenant == *tenant));
            // Intake and live viewers come first.
            tokio::task::yield_now().await;
        }
        self.live.expire(to);
        self.moment = to;
        Ok(())
    }

    fn take(&mut self, batch: &StoredBatch) {
        if batch.offset.seq <= self.live.applied().seq {
            self.live.refill(batch);
            return;
        }
        // Silence takes effect before what ends it, as it did then.
        let second = batch.received - batch.received.rem_euclid(SECOND);
        if second > self.expired {
            self.live.expire(second);
            self.expired = second;
        }
        self.live.apply(batch);
    }

    /// Where it stands.
    pub fn moment(&self) -> Millis {
        self.moment
    }

    /// The board of the moment.
    pub fn board(&mut self, range: Range, with_points: bool) -> Board {
        self.live.board(range, self.moment, with_points)
    }

    /// One breaker at the moment, with as many of its transitions as are known.
    pub fn detail(&self, id: &str) -> Option<BreakerDetail> {
        self.live.detail(BreakerId::parse(id)?, self.moment)
    }

    /// Reads a breaker's older transitions back, for its detail.
    pub async fn learn_transitions(&mut self, replays: &Replays, id: &str) -> Result<(), ReplayError> {
        let Some(breaker) = BreakerId::parse(id) else {
            return Ok(());
        };
        let query = TransitionQuery {
            breaker: Some(breaker),
            to: Some(self.keyframe + 1),
            limit: LIST_ROWS,
            ..TransitionQuery::default()
        };
        let rows = replays.stores.live.transitions(&self.scope, query).await?;
        self.live.restore_told(rows, self.told);
        Ok(())
    }
}
