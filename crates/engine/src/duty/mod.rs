//! Who is on call: responders, schedules and escalation policies as people write them, and what follows from them now.
//!
//! Deliberately absent: telling anybody (`crate::notify` climbs the ladders), and who may change what (the server's
//! policies).

mod check;
mod form;
mod now;
mod take;

use protocol::duty::{DutyItem, EscalationDoc, ResponderDoc, ScheduleDoc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{DocumentDraft, DocumentKind, StoreError, StoredDocument, TenantScope};

use crate::Engine;
use crate::alerts::{AlertError, Hand};

pub(crate) use check::Known;
pub(crate) use form::{escalation_of, schedule_of};
pub use take::Take;

/// A document about people.
pub trait DutyDoc: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Its kind.
    const KIND: DocumentKind;
    /// Its name.
    fn name(&self) -> &str;
    /// The account that it is about, if it is about one.
    fn account(&self) -> Option<&str> {
        None
    }
    /// Checks every field against what there is; `own` is its number, if it has one.
    #[doc(hidden)]
    fn check(&self, known: &Known, own: Option<u64>) -> Result<(), domain::alert::RuleError>;
}

impl DutyDoc for ResponderDoc {
    const KIND: DocumentKind = DocumentKind::Responder;

    fn name(&self) -> &str {
        &self.name
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn check(&self, known: &Known, own: Option<u64>) -> Result<(), domain::alert::RuleError> {
        check::responder(self, known, own)
    }
}

impl DutyDoc for ScheduleDoc {
    const KIND: DocumentKind = DocumentKind::Schedule;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, known: &Known, _: Option<u64>) -> Result<(), domain::alert::RuleError> {
        check::schedule(self, known)
    }
}

impl DutyDoc for EscalationDoc {
    const KIND: DocumentKind = DocumentKind::Escalation;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, known: &Known, own: Option<u64>) -> Result<(), domain::alert::RuleError> {
        check::escalation(self, known, own)
    }
}

/// A document as it is told; one that cannot be read is left out, and said so.
pub(crate) fn item<T: DutyDoc>(stored: StoredDocument) -> Option<DutyItem<T>> {
    let doc = serde_json::from_str(&stored.body).inspect_err(|error| {
        tracing::error!(kind = T::KIND.as_str(), id = stored.id, %error, "a document cannot be read");
    });
    Some(DutyItem {
        id: stored.id,
        version: stored.version,
        doc: doc.ok()?,
        created: stored.created.0,
        changed: stored.changed.0,
        changed_by: stored.changed.1,
    })
}

/// The documents of a kind, by number.
pub(crate) async fn items<T: DutyDoc>(
    documents: &dyn store::Documents,
    scope: &TenantScope,
) -> Result<Vec<DutyItem<T>>, StoreError> {
    let stored = documents.documents(scope, T::KIND).await?;
    Ok(stored.into_iter().filter_map(item).collect())
}

impl Engine {
    /// The tenant's documents of a kind, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn duties<T: DutyDoc>(&self, scope: &TenantScope) -> Result<Vec<DutyItem<T>>, AlertError> {
        Ok(items(self.stores().documents.as_ref(), scope).await?)
    }

    /// One document.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn duty<T: DutyDoc>(&self, scope: &TenantScope, id: u64) -> Result<DutyItem<T>, AlertError> {
        let all = self.duties::<T>(scope).await?;
        all.into_iter()
            .find(|item| item.id == id)
            .ok_or(AlertError::Missing)
    }

    /// Makes a document.
    ///
    /// # Errors
    /// It is not as it must be, its name is taken, or there are too many.
    pub async fn create_duty<T: DutyDoc>(
        &self,
        scope: &TenantScope,
        doc: &T,
        hand: &Hand,
    ) -> Result<DutyItem<T>, AlertError> {
        doc.check(&self.known(scope).await?, None)?;
        let draft = self.duty_draft(doc, hand)?;
        let action = format!("{}.create", T::KIND.as_str());
        let entry = hand.entry(draft.at, &action, doc.name(), "");
        let stored = self
            .stores()
            .documents
            .create_document(scope, T::KIND, draft, entry)
            .await?;
        self.kept(scope, stored)
    }

    /// Puts a document into the place of one.
    ///
    /// # Errors
    /// As [`Engine::create_duty`]; there is none; or it has changed.
    pub async fn change_duty<T: DutyDoc>(
        &self,
        scope: &TenantScope,
        id: u64,
        version: Option<u64>,
        doc: &T,
        hand: &Hand,
    ) -> Result<DutyItem<T>, AlertError> {
        self.change_as::<T>(scope, (id, version), doc, hand, ("change", doc.name()))
            .await
    }

    /// The same, as something else in the audit log.
    async fn change_as<T: DutyDoc>(
        &self,
        scope: &TenantScope,
        (id, version): (u64, Option<u64>),
        doc: &T,
        hand: &Hand,
        (action, detail): (&str, &str),
    ) -> Result<DutyItem<T>, AlertError> {
        let before = self.duty::<T>(scope, id).await?;
        let found = before.version;
        if let Some(wanted) = version.filter(|wanted| *wanted != found) {
            return Err(AlertError::Stale { wanted, found });
        }
        doc.check(&self.known(scope).await?, Some(id))?;
        if T::KIND == DocumentKind::Escalation && before.doc.name() != doc.name() {
            self.named_by_no_rule(scope, before.doc.name()).await?;
        }
        let draft = self.duty_draft(doc, hand)?;
        let action = format!("{}.{action}", T::KIND.as_str());
        let entry = hand.entry(draft.at, &action, id, detail);
        let documents = &self.stores().documents;
        let stored = documents
            .change_document(scope, T::KIND, (id, found), draft, entry)
            .await?;
        self.kept(scope, stored.ok_or(AlertError::Missing)?)
    }

    /// Removes a document that nothing needs.
    ///
    /// # Errors
    /// There is none, another document or a rule names it, or the store cannot be written.
    pub async fn delete_duty<T: DutyDoc>(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<(), AlertError> {
        let name = self.duty::<T>(scope, id).await?.doc.name().to_owned();
        if let Some(user) = self.known(scope).await?.user_of(T::KIND, id) {
            let why = format!("{name} is needed by {user}; take it out there first");
            return Err(AlertError::Conflict(why));
        }
        if T::KIND == DocumentKind::Escalation {
            self.named_by_no_rule(scope, &name).await?;
        }
        let now = self.clock().now();
        let action = format!("{}.remove", T::KIND.as_str());
        let entry = hand.entry(now, &action, id, &name);
        let documents = &self.stores().documents;
        let deleted = documents.delete_document(scope, T::KIND, id, now, entry).await?;
        deleted.ok_or(AlertError::Missing)?;
        self.notifier().news(scope.tenant());
        Ok(())
    }

    /// Rules name their policy: it keeps its name while one does.
    async fn named_by_no_rule(&self, scope: &TenantScope, name: &str) -> Result<(), AlertError> {
        let rules = self.rules(scope).await?;
        let user = rules
            .iter()
            .find(|item| item.rule.escalation.as_deref() == Some(name));
        user.map_or(Ok(()), |user| {
            let why = format!(
                "{name} is needed by the rule {}; take it out there first",
                user.rule.name
            );
            Err(AlertError::Conflict(why))
        })
    }

    /// Everything that documents may name.
    async fn known(&self, scope: &TenantScope) -> Result<Known, AlertError> {
        Ok(Known::read(self.stores(), scope).await?)
    }

    /// A rule may only name a policy that is there.
    pub(crate) async fn check_escalation(
        &self,
        scope: &TenantScope,
        name: Option<&str>,
    ) -> Result<(), AlertError> {
        let Some(name) = name else {
            return Ok(());
        };
        let policies = self.duties::<EscalationDoc>(scope).await?;
        if policies.iter().any(|policy| policy.doc.name == name) {
            return Ok(());
        }
        let name: String = name.chars().take(80).collect();
        let must = format!("must be the name of an escalation policy; there is none named `{name}`");
        Err(domain::alert::RuleError::new("escalation", must).into())
    }

    fn duty_draft<T: DutyDoc>(&self, doc: &T, hand: &Hand) -> Result<DocumentDraft, AlertError> {
        let body = serde_json::to_string(doc).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(DocumentDraft {
            name: doc.name().to_owned(),
            body,
            at: self.clock().now(),
            by: hand.who.id.clone(),
        })
    }

    fn kept<T: DutyDoc>(
        &self,
        scope: &TenantScope,
        stored: StoredDocument,
    ) -> Result<DutyItem<T>, AlertError> {
        self.notifier().news(scope.tenant());
        let unread = StoreError::Corrupt(format!("the {} {} cannot be read", T::KIND.as_str(), stored.id));
        item(stored).ok_or(AlertError::Store(unread))
    }
}
