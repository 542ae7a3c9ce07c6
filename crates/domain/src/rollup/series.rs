//! Which series a call belongs to.

use crate::event::{Call, Operation};

/// The dimensions of a rollup series. Instance is not among them; absent parts are empty.
///
/// Labels name themselves: which are kept is a setting, and what was counted before it changed stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SeriesKey {
    /// As normalised at intake.
    pub provider: String,
    /// As sent.
    pub model: String,
    /// The model at an endpoint or region.
    pub deployment: String,
    /// The calling service.
    pub service: String,
    /// `prod`, `staging`.
    pub environment: String,
    /// Kind of call, where given.
    pub operation: Option<Operation>,
    /// Kept labels that the call has: sorted by name, names unique, no value empty.
    pub labels: Box<[(String, String)]>,
}

impl SeriesKey {
    /// What every part reads when a tenant's series cap is reached and a new series is folded; and a label's value when
    /// it has too many.
    pub const OTHER: &'static str = "__other__";

    /// The series of a call where no label is kept.
    pub fn of(call: &Call) -> SeriesKey {
        SeriesKey {
            provider: call.provider.clone(),
            model: call.model.clone(),
            deployment: call.deployment.clone().unwrap_or_default(),
            service: call.service.clone().unwrap_or_default(),
            environment: call.environment.clone().unwrap_or_default(),
            operation: call.operation,
            labels: Box::default(),
        }
    }

    /// The value of a label; empty when it has none.
    pub fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The series that calls above the cap fold into: the provider stays, so that rails stay right.
    pub fn folded(provider: &str) -> SeriesKey {
        SeriesKey {
            provider: provider.into(),
            model: Self::OTHER.into(),
            ..SeriesKey::default()
        }
    }
}
