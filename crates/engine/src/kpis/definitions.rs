//! What figures are to be, and figures of the tenant's own.
//!
//! Targets that nobody changed are those that come with every tenant.

use protocol::query::Unit;
use protocol::view::Good;
use store::{StoreError, TenantScope};

/// Targets that come with every tenant: the figure and what it is to be.
const TARGETS: &[(&str, f64)] = &[
    ("answered", 0.995),
    ("ttft", 800.0),
    ("time_to_acknowledge", 300_000.0),
];

/// Targets and figures of a tenant.
pub(crate) struct Definitions {
    custom: Vec<Custom>,
}

impl Definitions {
    /// Reads them.
    pub(crate) async fn read(
        _documents: &dyn store::Documents,
        _scope: &TenantScope,
    ) -> Result<Definitions, StoreError> {
        Ok(Definitions { custom: Vec::new() })
    }

    /// What a figure is to be.
    pub(crate) fn target(&self, key: &str) -> Option<f64> {
        let found = TARGETS.iter().find(|(known, _)| *known == key);
        found.map(|(_, target)| *target)
    }

    /// Who looks after a figure; may be empty.
    pub(crate) fn owner(&self, _key: &str) -> &str {
        ""
    }

    /// The tenant's own, in their order.
    pub(crate) fn custom(&self) -> &[Custom] {
        &self.custom
    }
}

/// A figure of the tenant's own.
pub(crate) struct Custom {
    pub key: String,
    pub title: String,
    pub unit: Unit,
    pub good: Good,
    pub target: Option<f64>,
    pub owner: String,
    pub filter: String,
    pub formula: Formula,
    pub words: String,
}

/// How a figure follows from metrics: the one metric.
pub(crate) struct Formula(String);

impl Formula {
    /// The metrics in it.
    pub(crate) fn metrics(&self) -> Vec<String> {
        vec![self.0.clone()]
    }

    /// Its value, of the values of metrics.
    pub(crate) fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        of(&self.0)
    }

    /// As it is written.
    pub(crate) fn text(&self) -> String {
        self.0.clone()
    }
}
