//! What providers asked for, against what was counted.

use store::TenantScope;

use crate::Engine;
use crate::pages::PageError;

/// The newest invoices against what was counted for the same time, one sentence; `None` when there are none.
pub(crate) async fn reconciled(_engine: &Engine, _scope: &TenantScope) -> Result<Option<String>, PageError> {
    Ok(None)
}
