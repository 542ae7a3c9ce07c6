//! Objectives: what is promised, how it stands, whether it would have held, and the rule that watches it.
//!
//! An objective is a document; how it stands is worked out from figures whenever somebody asks. Deliberately absent: any
//! stored state of a budget, so that nothing can disagree with the calls.

mod check;
mod count;
mod past;
mod rule;
mod shape;
mod status;
mod words;

use domain::alert::RuleError;
use protocol::documents::DocumentItem;
use protocol::kpis::slo::{SloDoc, SloPreview, SloStatus};
use store::{DocumentKind, TenantScope};

use crate::Engine;
use crate::alerts::AlertError;
use crate::documents::Document;
use crate::duty::Known;

pub use rule::SloRuled;
pub(super) use shape::Shape;
pub(super) use status::{Asker, statuses};

impl Document for SloDoc {
    const KIND: DocumentKind = DocumentKind::Slo;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, _: &Known, _: Option<u64>) -> Result<(), RuleError> {
        check::slo(self)
    }
}

impl Engine {
    /// Every objective and how it stands now, by number.
    ///
    /// # Errors
    /// The store cannot be read. An objective whose question cannot be asked says so itself.
    pub async fn slo_statuses(
        &self,
        scope: &TenantScope,
    ) -> Result<Vec<(DocumentItem<SloDoc>, SloStatus)>, AlertError> {
        let items = self.documents::<SloDoc>(scope).await?;
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let docs: Vec<&SloDoc> = items.iter().map(|item| &item.doc).collect();
        let asker = Asker::now(self, scope);
        let mut found = statuses(asker, &docs).await?;
        let rules = self.rules(scope).await?;
        for (item, status) in items.iter().zip(&mut found) {
            status.rule = rule::of(&rules, item);
        }
        Ok(items.into_iter().zip(found).collect())
    }

    /// How one objective stands now, and whose failures used up its budget.
    ///
    /// # Errors
    /// There is none of this number, or the store cannot be read.
    pub async fn slo_status(
        &self,
        scope: &TenantScope,
        id: u64,
    ) -> Result<(DocumentItem<SloDoc>, SloStatus), AlertError> {
        let item = self.document::<SloDoc>(scope, id).await?;
        let asker = Asker::now(self, scope);
        let mut found = statuses(asker, &[&item.doc]).await?;
        let mut status = found.pop().ok_or(AlertError::Missing)?;
        if status.problem.is_none() {
            status.ate = count::eaters(asker, &item.doc, (status.from, status.to.min(asker.at))).await?;
        }
        status.rule = rule::of(&self.rules(scope).await?, &item);
        Ok((item, status))
    }

    /// Checks an objective without storing it: every field, and that its question can be asked here.
    ///
    /// # Errors
    /// It is not as it must be.
    pub fn check_slo(&self, scope: &TenantScope, doc: &SloDoc) -> Result<(), AlertError> {
        check::slo(doc)?;
        count::askable(Asker::now(self, scope), doc).map_err(|error| match error {
            crate::QueryError::Store(error) => AlertError::Store(error),
            error => check::of_query(&error).into(),
        })
    }

    /// Whether an objective would have held over the last three months; it need not be stored.
    ///
    /// # Errors
    /// It is not as it must be, or the store cannot be read.
    pub async fn slo_preview(&self, scope: &TenantScope, doc: &SloDoc) -> Result<SloPreview, AlertError> {
        self.check_slo(scope, doc)?;
        past::preview(Asker::now(self, scope), doc).await
    }
}
