//! Single calls from the journal: `GET /api/v1/calls` and the table of calls.
//!
//! The order is the journal's, newest first: by offset, then by place within the batch. It is not the order of `time`:
//! a late call stands where it arrived, because only so can a page be read without reading everything that may still
//! come. Each call tells its `time` and when it was `received`.
//!
//! What bounds one answer: at most [`PAGES`] pages of the journal, each of at most [`MOST_BATCHES`] batches and bounded
//! further as `store::batches` says; that is about half a million events, or a million rows looked at. A search for
//! something rare ends there with what it found, a cursor and the time it has come back to, and goes on with the cursor.
//!
//! Deliberately absent: any order but the journal's, totals (those are figures, see [`crate::query`]), and what the
//! journal has dropped: calls are kept as long as it is.

mod cursor;
mod wanted;

use domain::EventBody;
use protocol::calls::{CallsAnswer, MAX_CALLS};
use protocol::filter::{FilterError, echo};
use protocol::{Filter, Span};
use store::{BatchQuery, StoreError, StoredBatch, TenantScope};

use crate::{Engine, wire};
use cursor::Place;
use wanted::Wanted;

/// Pages of the journal per answer.
const PAGES: usize = 64;
/// Batches of the first page, where few calls are asked for.
const FEWEST_BATCHES: usize = 16;
/// Batches of any page.
const MOST_BATCHES: usize = 256;

/// Which calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallsRequest {
    /// In the filter grammar, over [`protocol::calls::CALL_KEYS`].
    pub filter: String,
    /// When they ended.
    pub span: Span,
    /// At most so many, 1 to [`MAX_CALLS`].
    pub limit: usize,
    /// [`CallsAnswer::next`] of the page before; `None` begins at the newest.
    pub cursor: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallsError {
    /// The filter cannot be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// None or too many.
    #[error("limit: must be 1 to {MAX_CALLS}, got {0}")]
    Limit(usize),
    /// Not a cursor.
    #[error(
        "cursor: `{0}` is not a cursor of ours; take `next` of the page before, or leave it out to begin anew"
    )]
    Cursor(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Single calls, the newest arrival first.
    ///
    /// # Errors
    /// See [`CallsError`].
    pub async fn calls(
        &self,
        scope: &TenantScope,
        request: &CallsRequest,
    ) -> Result<CallsAnswer, CallsError> {
        if !(1..=MAX_CALLS).contains(&request.limit) {
            return Err(CallsError::Limit(request.limit));
        }
        let wanted = Wanted::of(Filter::parse(&request.filter, protocol::calls::CALL_KEYS)?);
        let mut place = match &request.cursor {
            Some(text) => Place::parse(text).ok_or_else(|| CallsError::Cursor(echo(text)))?,
            None => Place::NEWEST,
        };
        let span = request.span;
        let mut found = CallsAnswer {
            items: Vec::new(),
            next: None,
            scanned_to: span.from,
        };
        let mut batches = request.limit.clamp(FEWEST_BATCHES, MOST_BATCHES);
        for _ in 0..PAGES {
            let query = BatchQuery {
                before: place.before(),
                from: span.from,
                to: span.to,
                wanted: wanted.zone(),
                limit: batches,
            };
            let page = self.stores().journal.read_before(scope, query).await?;
            for batch in &page.batches {
                if let Some(stopped) = take(batch, place, span, &wanted, request.limit, &mut found) {
                    found.next = Some(stopped.to_string());
                    found.scanned_to = batch.received;
                    return Ok(found);
                }
            }
            let Some(resume) = page.next else {
                found.next = None;
                found.scanned_to = span.from;
                return Ok(found);
            };
            place = Place::before_batch(resume.before);
            found.next = Some(place.to_string());
            found.scanned_to = resume.received;
            batches = (batches * 2).min(MOST_BATCHES);
        }
        Ok(found)
    }
}

/// Adds the calls of a batch, the last first; where it stopped when there are enough.
fn take(
    batch: &StoredBatch,
    from: Place,
    span: Span,
    wanted: &Wanted,
    limit: usize,
    found: &mut CallsAnswer,
) -> Option<Place> {
    for index in (0..from.end_within(batch)).rev() {
        let event = &batch.events[index];
        let EventBody::Call(call) = &event.body else {
            continue;
        };
        if (span.from..span.to).contains(&event.time) && wanted.matches(call) {
            found.items.push(wire::call(event, call, batch.received));
            if found.items.len() >= limit {
                return Some(Place::within(batch.offset, index));
            }
        }
    }
    None
}
