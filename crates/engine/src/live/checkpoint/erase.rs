//! A checkpoint without what an erasure takes. Live state is put back from it, so that what runs on and what starts anew are
//! the same.

use std::collections::{BTreeMap, HashSet};

use domain::erasure::Selection;
use domain::{Millis, NanoUsd};
use store::{StoreError, TenantId};

use super::form::{self, LabelledForm};
use super::{read, write};

/// What was spent on a day, with how many calls that have a price, and how many that have none.
pub(crate) type Spent = (NanoUsd, u64, u64);

/// The bytes without what is taken. With `days` the spend of its day is what the rungs say of it.
///
/// # Errors
/// [`StoreError::Corrupt`] when they cannot be read.
pub(crate) fn erased(
    tenant: &TenantId,
    bytes: &[u8],
    selection: &Selection,
    days: Option<&BTreeMap<Millis, Spent>>,
) -> Result<Vec<u8>, StoreError> {
    let (mut form, mut labelled) = read(tenant, bytes)?;
    let before: HashSet<u64> = form.breakers.iter().map(|breaker| breaker.id).collect();
    let others = form
        .breakers
        .iter()
        .filter(|breaker| !selection.takes_service(breaker.service()));
    let others: HashSet<u64> = others.map(|breaker| breaker.id).collect();
    let breakers = form.breakers.into_iter();
    form.breakers = breakers
        .filter_map(|breaker| breaker.without(selection))
        .collect();
    let left: HashSet<u64> = form.breakers.iter().map(|breaker| breaker.id).collect();
    form.trips
        .retain(|trip| left.contains(&trip.breaker()) || !before.contains(&trip.breaker()));
    for trip in form
        .trips
        .iter_mut()
        .filter(|trip| !others.contains(&trip.breaker()))
    {
        trip.forget_calls(selection);
    }
    form.sources.retain(|source| !source.is_taken(selection));
    // A series that was there outside of the range is still known.
    if selection.is_unbounded() {
        let taken = |series: LabelledForm| selection.takes_series(&form::to_series(series));
        form.series.retain(|series| !taken((series.clone(), Vec::new())));
        labelled.retain(|series| !taken(series.clone()));
    }
    if let Some(days) = days {
        let (cost, priced, unpriced) = days.get(&form.day.0).copied().unwrap_or_default();
        form.day = (form.day.0, cost, priced, unpriced);
    }
    Ok(write(&form, &labelled))
}
