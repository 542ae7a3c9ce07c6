//! The live state as bytes, for a start that need not read the whole journal.
//!
//! Version byte, then postcard of the structs in [`form`]. A checkpoint is a cache of the journal: one that cannot be
//! read (a newer or older version) is refused with a clear error rather than guessed at; each change of [`form`] gets a
//! new version number and a reader for the one before.
//!
//! Version 2 goes on with the series that have labels. Where there are none, version 1 is written, byte for byte as ever.
//!
//! Deliberately absent: rings, which come back from the stored seconds and the 10 s partials.

mod erase;
mod form;

use domain::Millis;
use domain::breaker::{BreakerId, Registry};
use domain::rollup::SeriesKey;
use store::{Offset, PartialRow, SecondRow, StoreError, TenantId, TransitionRow};

use super::TenantLive;
use super::flush::Pending;
use super::totals::Day;
use form::{Form, LabelledForm, SourceForm, TripForm};

pub(crate) use erase::{Spent, erased};

/// The versions written: without and with labels of series.
const VERSION: u8 = 1;
const VERSION_LABELS: u8 = 2;

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
            series: self.series.iter().filter(plain).map(form::series).collect(),
        };
        let labelled = self.series.iter().filter(|key| !plain(key));
        let labelled: Vec<LabelledForm> = labelled.map(form::labelled).collect();
        write(&form, &labelled)
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
        let (form, labelled) = read(&self.tenant, bytes)?;
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
        let plain = form.series.into_iter().map(|series| (series, Vec::new()));
        for series in plain.chain(labelled) {
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

fn write(form: &Form, labelled: &[LabelledForm]) -> Vec<u8> {
    let written = match labelled.is_empty() {
        true => postcard::to_extend(form, vec![VERSION]),
        false => postcard::to_extend(form, vec![VERSION_LABELS])
            .and_then(|bytes| postcard::to_extend(labelled, bytes)),
    };
    written.unwrap_or_else(|error| {
        // Writing to a growing Vec has no way to fail; an empty checkpoint would be refused at start, not misread.
        tracing::error!(%error, "the checkpoint could not be encoded");
        vec![VERSION]
    })
}

fn read(tenant: &TenantId, bytes: &[u8]) -> Result<(Form, Vec<LabelledForm>), StoreError> {
    let corrupt = |what: String| StoreError::Corrupt(format!("checkpoint of tenant {tenant} {what}"));
    let malformed = |error: postcard::Error| corrupt(format!("cannot be read: {error}"));
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok((postcard::from_bytes(rest).map_err(malformed)?, Vec::new())),
        Some((&VERSION_LABELS, rest)) => {
            let (form, rest) = postcard::take_from_bytes(rest).map_err(malformed)?;
            Ok((form, postcard::from_bytes(rest).map_err(malformed)?))
        }
        Some((version, _)) => Err(corrupt(format!(
            "has version {version}, this build reads {VERSION} and {VERSION_LABELS}"
        ))),
        None => Err(corrupt("is empty".to_owned())),
    }
}

/// A series that has no labels.
fn plain(key: &&SeriesKey) -> bool {
    key.labels.is_empty()
}

#[cfg(test)]
mod tests {
    use domain::event::Call;
    use domain::rollup::KeptLabels;

    use super::*;

    fn empty() -> TenantLive {
        let kept = KeptLabels::new(["team"]).unwrap();
        TenantLive::new(TenantId::default_tenant(), 10, 0).keeping(&kept)
    }

    fn restored(bytes: &[u8]) -> Result<TenantLive, StoreError> {
        let mut live = empty();
        let applied = Offset { writer: 1, seq: 5 };
        live.restore(applied, bytes, Vec::new(), Vec::new(), 0)?;
        Ok(live)
    }

    fn series(live: &TenantLive) -> Vec<SeriesKey> {
        let mut all: Vec<SeriesKey> = live.series.iter().cloned().collect();
        all.sort();
        all
    }

    #[test]
    fn series_come_back_and_only_labels_need_the_newer_version() {
        let mut live = empty();
        let call = |team: &str| Call {
            provider: "openai".into(),
            labels: vec![("team".into(), team.into())],
            ..Call::default()
        };
        live.series.add(SeriesKey::of(&call("a")));
        let plain = live.checkpoint();
        assert_eq!(plain[0], 1);
        assert_eq!(series(&restored(&plain).unwrap()), series(&live));
        for team in ["a", "b"] {
            let made = live.series.made_by(&call(team));
            live.series.add(made);
        }
        let labelled = live.checkpoint();
        assert_eq!(labelled[0], 2);
        assert_eq!(labelled[1..plain.len()], plain[1..], "the rest is as it was");
        let back = restored(&labelled).unwrap();
        assert_eq!(series(&back), series(&live));
        assert_eq!(back.kept_labels(), [("team".to_owned(), 2, 0)]);
        for end in 0..labelled.len() {
            assert!(restored(&labelled[..end]).is_err(), "cut at {end}");
        }
        let newer = restored(&[3]).err().unwrap().to_string();
        assert!(
            newer.contains("has version 3, this build reads 1 and 2"),
            "{newer}"
        );
    }
}
