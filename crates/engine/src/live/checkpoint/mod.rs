//! The live state as bytes, for a start that need not read the whole journal.
//!
//! Version byte, then postcard of the structs in [`form`]. A checkpoint is a cache of the journal: one that cannot be
//! read (a newer or older version) is refused with a clear error rather than guessed at; each change of [`form`] gets a
//! new version number and a reader for the one before.
//!
//! Deliberately absent: rings, which come back from the stored seconds and the 10 s partials.

mod form;

use domain::Millis;
use domain::breaker::{BreakerId, Registry};
use store::{Offset, PartialRow, SecondRow, StoreError, TransitionRow};

use super::TenantLive;
use super::flush::Pending;
use super::totals::Day;
use form::{Form, SourceForm, TripForm};

/// The version written.
const VERSION: u8 = 1;

impl TenantLive {
    /// The state at [`TenantLive::applied`].
    pub(super) fn checkpoint(&self) -> Vec<u8> {
        let form = Form {
            breakers: self.registry.breakers().map(form::breaker).collect(),
            overflow: self.registry.overflow,
            last_transition: self.transitions.last_id,
            trips: self
                .calls
                .trips()
                .map(|(id, trip)| TripForm::of(id, trip))
                .collect(),
            sources: self
                .sources
                .rows
                .iter()
                .map(|(key, source)| SourceForm::of(key, source))
                .collect(),
            day: (
                self.totals.day.start,
                self.totals.day.cost,
                self.totals.day.priced,
                self.totals.day.unpriced,
            ),
            first_event: self.first_event,
            last_event: self.last_event,
            last_simulated: self.last_simulated,
            series: self.series.iter().map(form::series).collect(),
        };
        let mut bytes = vec![VERSION];
        match postcard::to_extend(&form, bytes.clone()) {
            Ok(all) => bytes = all,
            // Writing to a growing Vec has no way to fail; an empty checkpoint would be refused at start, not misread.
            Err(error) => tracing::error!(%error, "the checkpoint could not be encoded"),
        }
        bytes
    }

    /// Puts a checkpoint back, with the stored rows that belong to it.
    pub(crate) fn restore(
        &mut self,
        applied: Offset,
        bytes: &[u8],
        partials: Vec<PartialRow>,
        feed: Vec<TransitionRow>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let form: Form = match bytes.split_first() {
            Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|error| {
                StoreError::Corrupt(format!("checkpoint of tenant {}: {error}", self.tenant))
            })?,
            Some((version, _)) => {
                let text = format!(
                    "checkpoint of tenant {} has version {version}, this build reads {VERSION}",
                    self.tenant
                );
                return Err(StoreError::Corrupt(text));
            }
            None => {
                return Err(StoreError::Corrupt(format!(
                    "checkpoint of tenant {} is empty",
                    self.tenant
                )));
            }
        };
        let breakers = form.breakers.into_iter().filter_map(form::to_breaker);
        self.registry = Registry::from_parts(self.tenant.as_str(), breakers, form.overflow);
        for trip in form.trips {
            let (id, trip) = trip.into_trip();
            self.calls.restore_trip(id, trip);
        }
        for source in form.sources {
            let (key, source) = source.into_source();
            self.sources.rows.insert(key, source);
        }
        let (start, cost, priced, unpriced) = form.day;
        self.totals.day = Day {
            start,
            cost,
            priced,
            unpriced,
        };
        self.totals.tens.advance(now);
        self.first_event = form.first_event;
        self.last_event = form.last_event;
        self.last_simulated = form.last_simulated;
        for series in form.series {
            self.series.add(form::to_series(series));
        }
        for row in &partials {
            self.restore_partial(row);
        }
        for row in feed {
            self.transitions.remember(row);
        }
        self.transitions.last_id = form.last_transition;
        self.applied = applied;
        self.pending = Pending::restored(applied.seq);
        self.version += 1;
        Ok(())
    }

    /// Puts the last seconds back.
    pub(crate) fn restore_seconds(&mut self, rows: Vec<SecondRow>, now: Millis) {
        self.totals.seconds.advance(now);
        for row in rows {
            self.totals.restore_second(row);
        }
    }

    fn restore_partial(&mut self, row: &PartialRow) {
        self.totals.restore(row.bucket, &row.stats);
        self.providers
            .restore(&row.series.provider, row.bucket, &row.stats);
        self.series.add(row.series.clone());
    }

    /// Breakers that are known, for reading their transitions back.
    pub(crate) fn breaker_ids(&self) -> Vec<BreakerId> {
        self.registry.breakers().map(|breaker| breaker.id).collect()
    }

    /// Puts one breaker's stored transitions back.
    pub(crate) fn restore_transitions(&mut self, rows: Vec<TransitionRow>) {
        for row in rows {
            self.transitions.remember_of_breaker(row);
        }
    }
}
