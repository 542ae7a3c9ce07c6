//! The calls that a breaker guarded in a short stretch, from the journal: what was behind a trip.

use std::time::Duration;

use domain::event::Call;
use domain::{Event, EventBody, Millis, Outcome};
use protocol::Span;
use protocol::view::{CallRow, CallsAround, MAX_AROUND};
use store::codec::ZoneMap;
use store::{BatchQuery, TenantScope};
use tokio::time::Instant;

use super::PageError;
use super::breaker::find;
use super::whatif::guarded;
use crate::Engine;

/// The longest stretch that is looked through.
pub const MAX_AROUND_MS: i64 = 15 * 60_000;
/// Batches of a page of the journal.
const BATCHES: usize = 256;
/// How long the journal is searched. A trip of days ago has all that came since before it.
const PATIENCE: Duration = Duration::from_secs(3);

impl Engine {
    /// Calls that a breaker guarded between two moments in Grafana's grammar.
    ///
    /// # Errors
    /// See [`PageError`]: there is no such breaker, the stretch makes no sense or is too wide, or the store cannot be
    /// read.
    pub async fn calls_around(
        &self,
        scope: &TenantScope,
        id: &str,
        from: &str,
        to: &str,
    ) -> Result<CallsAround, PageError> {
        let now = self.clock().now();
        let found = find(self, scope, id).await?;
        let span = Span::parse(from, to, now, self.utc_offset_min())?;
        if span.millis() > MAX_AROUND_MS {
            let minutes = (span.millis() + 59_999) / 60_000;
            return Err(PageError::TooWide { minutes });
        }
        let _turn = self.turn().await;
        let mut around = Around::default();
        let mut query = BatchQuery {
            before: BatchQuery::NEWEST,
            from: span.from,
            to: span.to,
            wanted: ZoneMap::calls().with(ZoneMap::breaker(&found.key.breaker)),
            limit: BATCHES,
        };
        let began = Instant::now();
        let cut = loop {
            let page = self.stores().journal.read_before(scope, query).await?;
            for event in page.batches.iter().flat_map(|batch| batch.events.iter().rev()) {
                if let EventBody::Call(call) = &event.body
                    && (span.from..span.to).contains(&event.time)
                    && guarded(call, &found.key)
                {
                    around.add(event, call);
                }
            }
            match page.next {
                None => break false,
                Some(_) if began.elapsed() > PATIENCE => break true,
                Some(resume) => query.before = resume.before,
            }
        };
        Ok(CallsAround {
            id: found.id.to_string(),
            asked_from: from.to_owned(),
            asked_to: to.to_owned(),
            from: span.from,
            to: span.to,
            as_of: now,
            found: around.found,
            failed: around.failed,
            cut,
            calls: around.into_calls(),
        })
    }
}

/// What was found, the newest arrival first.
#[derive(Default)]
struct Around {
    found: u64,
    failed: u64,
    bad: Vec<CallRow>,
    rest: Vec<CallRow>,
}

impl Around {
    fn add(&mut self, event: &Event, call: &Call) {
        let outcome = call.outcome();
        let weight = u64::from(call.weight);
        self.found += weight;
        let bad = outcome.is_provider_failure(true);
        let list = if bad {
            self.failed += weight;
            &mut self.bad
        } else {
            &mut self.rest
        };
        if list.len() < MAX_AROUND {
            list.push(row(event.time, call, outcome));
        }
    }

    /// Failures preferred, as in the panel of a breaker.
    fn into_calls(self) -> Vec<CallRow> {
        let mut calls = self.bad;
        let room = MAX_AROUND.saturating_sub(calls.len());
        calls.extend(self.rest.into_iter().take(room));
        calls.sort_by_key(|call| std::cmp::Reverse(call.at));
        calls
    }
}

fn row(at: Millis, call: &Call, outcome: Outcome) -> CallRow {
    CallRow {
        at,
        provider: call.provider.clone(),
        model: call.model.clone(),
        outcome: outcome.as_str().to_owned(),
        duration_ms: call.duration.map(|micros| micros as f64 / 1e3),
        status: call.status,
        instance: call.instance.clone().unwrap_or_default(),
        error: call.error.clone().unwrap_or_default(),
    }
}
