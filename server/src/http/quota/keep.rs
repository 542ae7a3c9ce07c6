//! Keeping quotas up to date: those that were given, by whichever process, and what each tenant has stored.

use std::collections::HashMap;
use std::time::Duration;

use store::{Quota, StoreError, TenantId};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::state::{Facilities, Shared};

/// How often quotas are read. One that was given on the command line counts after at most this.
const READ: Duration = Duration::from_secs(3);
/// How often it is counted what is stored.
const MEASURED: Duration = Duration::from_secs(30);

/// Keeps them until told to stop.
pub async fn keep(shared: Shared, stop: CancellationToken) {
    let mut ticks = interval(READ);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut measured: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = read(&shared).await {
            tracing::warn!(%error, "quotas could not be read; those from before hold");
        }
        if measured.is_none_or(|at| at.elapsed() >= MEASURED) {
            // Counting a long journal for the first time takes a while; a stop does not wait for it.
            let counted = tokio::select! {
                counted = measure(&shared) => counted,
                () = stop.cancelled() => return,
            };
            if let Err(error) = counted {
                tracing::warn!(%error, "what tenants have stored could not be counted");
            }
            measured = Some(Instant::now());
        }
    }
}

/// The caps of series of tenants that have one of their own.
pub fn series_caps(quotas: &[(TenantId, Quota)]) -> HashMap<TenantId, usize> {
    let own = quotas.iter();
    own.filter_map(|(tenant, quota)| Some((tenant.clone(), quota.series? as usize)))
        .collect()
}

/// Takes the quotas as they are stored.
///
/// # Errors
/// They cannot be read; those from before hold.
pub async fn read(shared: &Facilities) -> Result<(), StoreError> {
    let people = &shared.people;
    let quotas = people.accounts.quotas(&people.system).await?;
    shared
        .engine
        .set_series_caps(&people.system, series_caps(&quotas));
    shared.quotas.set(quotas.into_iter().collect());
    Ok(())
}

/// Counts what each tenant has stored.
///
/// # Errors
/// It cannot be counted; what was counted before stays.
pub async fn measure(shared: &Facilities) -> Result<(), StoreError> {
    let stored = shared.engine.stored(&shared.people.system).await?;
    shared.quotas.tell_stored(stored);
    Ok(())
}
