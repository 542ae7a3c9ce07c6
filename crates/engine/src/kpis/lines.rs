//! The list of figures that definitions speak of.

use protocol::kpis::kpi::KpiLine;
use store::TenantScope;

use super::Definitions;
use crate::Engine;
use crate::alerts::AlertError;

impl Engine {
    /// All figures with what is said about them: ours first, then the tenant's own by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn kpi_lines(&self, scope: &TenantScope) -> Result<Vec<KpiLine>, AlertError> {
        let documents = self.stores().documents.as_ref();
        let kept = self.label_dimensions(scope);
        Ok(Definitions::read(documents, scope).await?.lines(&kept))
    }
}
