//! Where each alert that needs somebody stands on its ladder. Who can be on call, schedules and policies are documents
//! ([`crate::documents`]).
//!
//! A [`Ladder`] begins, ends and begins anew in the transaction that writes what
//! happened to its alert (`crate::alerts`), so that no restart forgets that somebody waits, and nobody is told after
//! somebody took it. Whoever tells a step moves the ladder and puts the step's deliveries in at once.
//!
//! Deliberately absent: which policy an alert has, whom a step tells, and when it is due.

use async_trait::async_trait;
use domain::Millis;
use domain::alert::{Moved, Notice};

use crate::{AlertWrite, NewDelivery, StoreError, StoredAlert, SystemScope, TenantId, TenantScope};

/// Where an alert that needs somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// The alert.
    pub alert: u64,
    /// The number of the event since which somebody is waited for. With the alert's number and the step's it names what
    /// is told, for ever.
    pub event: u64,
    /// Since when.
    pub began: Millis,
    /// The step that comes next, from 1; 0 when nobody has looked yet which ladder it is.
    pub next: u32,
    /// When; `None` after the last.
    pub due: Option<Millis>,
}

/// What becomes of an alert's ladder with something that happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// It stands where it stood.
    Same,
    /// It begins anew, then.
    Anew(Millis),
    /// It begins, then, unless it stands.
    Unless(Millis),
    /// Nobody is waited for.
    Over,
}

/// What becomes of an alert's ladder.
pub fn waits(moved: &Moved) -> Waits {
    let Some(last) = moved.events.last() else {
        return Waits::Same;
    };
    match (moved.alert.calls(last.at), moved.notice) {
        (false, _) => Waits::Over,
        (true, Some(Notice::Fired | Notice::Refired)) => Waits::Anew(last.at),
        (true, _) => Waits::Unless(last.at),
    }
}

/// The port for ladders.
#[async_trait]
pub trait Duties: Send + Sync + 'static {
    /// Where an alert stands; `None` when nobody is waited for.
    async fn ladder(&self, scope: &TenantScope, alert: u64) -> Result<Option<Ladder>, StoreError>;

    /// Ladders whose next step is due, by that, at most `limit`.
    async fn due_ladders(
        &self,
        system: &SystemScope,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<(TenantId, Ladder)>, StoreError>;

    /// Moves a ladder to its next step, and with `told` writes the alert and puts in what is told, all or nothing.
    /// `None`, and nothing is written, when the ladder is not as `known` any more. `Conflict` when the alert is not.
    async fn climb(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        known: Ladder,
        next: (u32, Option<Millis>),
        told: Option<(AlertWrite, Vec<NewDelivery>)>,
    ) -> Result<Option<Option<StoredAlert>>, StoreError>;
}
