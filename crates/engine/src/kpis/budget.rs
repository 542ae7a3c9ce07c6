//! What is left of a promise, day by day.

use protocol::view::{Burndown, Period};
use store::TenantScope;

use crate::Engine;
use crate::pages::PageError;

/// Of the objective that a page shows; `None` where nothing is promised.
pub(crate) async fn burndown(
    _engine: &Engine,
    _scope: &TenantScope,
    _period: &Period,
    _filter: &str,
    _target: Option<f64>,
) -> Result<Option<Burndown>, PageError> {
    Ok(None)
}
