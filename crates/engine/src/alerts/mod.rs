//! Alerts as people handle them: lists, who has one, rules, silences. The evaluator keeps alerts; here hands are put on
//! them, through the same desk, so that neither overtakes the other.
//!
//! What somebody did is answered when it is stored. Deliberately absent: who may do what (the server's policies).

mod elsewhere;
mod handle;
mod list;
mod rail;
mod rules;
mod silences;
mod told;

use domain::alert::{Refused, RuleError, Who};
use store::{AuditEntry, StoreError};

use crate::evaluate::BacktestError;
use crate::query::QueryError;

pub use list::AlertSearch;
pub use rail::{AlertRail, RailRow};
pub use silences::SilenceRequest;

/// Whoever does something: for the timeline, and for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// As others see them.
    pub who: Who,
    /// From where: an IP address, or empty.
    pub address: String,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// There is no alert, rule or silence of this number.
    #[error("there is none of this number")]
    Missing,
    /// It cannot happen to the alert as it is.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It has changed since it was read.
    #[error("it has changed: its version is {found}, not {wanted}")]
    Stale {
        /// What was wanted.
        wanted: u64,
        /// What there is.
        found: u64,
    },
    /// A field is not as it must be.
    #[error(transparent)]
    Invalid(#[from] RuleError),
    /// A rule asks something that cannot be asked.
    #[error("condition.{0}")]
    Query(QueryError),
    /// It is there already, or there are too many.
    #[error("{0}")]
    Conflict(String),
    /// More than one backtest may look at.
    #[error("{0}")]
    TooMuch(String),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AlertError {
    fn from(error: StoreError) -> AlertError {
        match error {
            StoreError::Conflict(why) => AlertError::Conflict(why),
            error => AlertError::Store(error),
        }
    }
}

impl From<QueryError> for AlertError {
    fn from(error: QueryError) -> AlertError {
        match error {
            QueryError::Store(error) => AlertError::Store(error),
            error => AlertError::Query(error),
        }
    }
}

impl From<BacktestError> for AlertError {
    fn from(error: BacktestError) -> AlertError {
        match error {
            BacktestError::Query(error) => error.into(),
            BacktestError::TooMuch(why) => AlertError::TooMuch(why),
            BacktestError::Store(error) => error.into(),
        }
    }
}

impl Hand {
    pub(crate) fn entry(
        &self,
        at: i64,
        action: &str,
        target: impl ToString,
        detail: impl Into<String>,
    ) -> AuditEntry {
        AuditEntry {
            at,
            actor: self.who.id.clone(),
            address: self.address.clone(),
            action: action.to_owned(),
            target: target.to_string(),
            detail: detail.into(),
        }
    }
}
