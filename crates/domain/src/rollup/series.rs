//! Which series a call belongs to.

use crate::event::{Call, Operation};

/// The dimensions of a rollup series. Instance is not among them; absent parts are empty.
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
}

impl SeriesKey {
    /// What every part reads when a tenant's series cap is reached and a new series is folded.
    pub const OTHER: &'static str = "__other__";

    /// The series of a call.
    pub fn of(call: &Call) -> SeriesKey {
        SeriesKey {
            provider: call.provider.clone(),
            model: call.model.clone(),
            deployment: call.deployment.clone().unwrap_or_default(),
            service: call.service.clone().unwrap_or_default(),
            environment: call.environment.clone().unwrap_or_default(),
            operation: call.operation,
        }
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
