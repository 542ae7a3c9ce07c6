//! Which series a call belongs to.

use super::TrafficKind;
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
    /// Kept labels that the call has: sorted by name, names unique, no value empty. A [`TrafficKind`] is always among
    /// them, whatever labels are kept.
    pub labels: Box<[(String, String)]>,
}

impl SeriesKey {
    /// What every part reads when a tenant's series cap is reached and a new series is folded; and a label's value when
    /// it has too many.
    pub const OTHER: &'static str = "__other__";

    /// The series of a call where no label is kept, and as if it were real.
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

    /// `drill`, `probe` or `simulated`; empty for what is real.
    pub fn kind(&self) -> &'static str {
        if self.labels.is_empty() {
            return "";
        }
        TrafficKind::parse(self.label(TrafficKind::LABEL)).map_or("", TrafficKind::as_str)
    }

    /// The series that calls above the cap fold into: the provider stays, so that rails stay right, and the kind, so
    /// that what is not real is never counted as if it were.
    pub fn folded(provider: &str, kind: Option<TrafficKind>) -> SeriesKey {
        SeriesKey {
            provider: provider.into(),
            model: Self::OTHER.into(),
            labels: kind.map(TrafficKind::label).into_iter().collect(),
            ..SeriesKey::default()
        }
    }
}
