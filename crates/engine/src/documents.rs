//! Documents that people write, whatever their kind: made, changed and removed with an audit entry, and checked before.
//!
//! What a kind means is its own module's: `crate::duty` has who is on call.

use protocol::documents::DocumentItem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{DocumentDraft, DocumentKind, StoreError, StoredDocument, TenantScope};

use crate::Engine;
use crate::alerts::{AlertError, Hand};
use crate::duty::Known;

/// A document that people write.
pub trait Document: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
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

/// A document as it is told; one that cannot be read is left out, and said so.
pub(crate) fn item<T: Document>(stored: StoredDocument) -> Option<DocumentItem<T>> {
    let doc = serde_json::from_str(&stored.body).inspect_err(|error| {
        tracing::error!(kind = T::KIND.as_str(), id = stored.id, %error, "a document cannot be read");
    });
    Some(DocumentItem {
        id: stored.id,
        version: stored.version,
        doc: doc.ok()?,
        created: stored.created.0,
        changed: stored.changed.0,
        changed_by: stored.changed.1,
    })
}

/// The documents of a kind, by number.
pub(crate) async fn items<T: Document>(
    documents: &dyn store::Documents,
    scope: &TenantScope,
) -> Result<Vec<DocumentItem<T>>, StoreError> {
    let stored = documents.documents(scope, T::KIND).await?;
    Ok(stored.into_iter().filter_map(item).collect())
}

impl Engine {
    /// The tenant's documents of a kind, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn documents<T: Document>(
        &self,
        scope: &TenantScope,
    ) -> Result<Vec<DocumentItem<T>>, AlertError> {
        Ok(items(self.stores().documents.as_ref(), scope).await?)
    }

    /// One document.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn document<T: Document>(
        &self,
        scope: &TenantScope,
        id: u64,
    ) -> Result<DocumentItem<T>, AlertError> {
        let all = self.documents::<T>(scope).await?;
        all.into_iter()
            .find(|item| item.id == id)
            .ok_or(AlertError::Missing)
    }

    /// Makes a document.
    ///
    /// # Errors
    /// It is not as it must be, its name is taken, or there are too many.
    pub async fn create_document<T: Document>(
        &self,
        scope: &TenantScope,
        doc: &T,
        hand: &Hand,
    ) -> Result<DocumentItem<T>, AlertError> {
        doc.check(&self.known(scope).await?, None)?;
        let draft = self.document_draft(doc, hand)?;
        let action = format!("{}.create", T::KIND.as_str());
        let entry = hand.entry(draft.at, &action, doc.name(), "");
        let stored = self
            .stores()
            .documents
            .create_document(scope, T::KIND, draft, entry)
            .await;
        self.look_again::<T>(scope);
        self.kept(scope, stored?)
    }

    /// Puts a document into the place of one.
    ///
    /// # Errors
    /// As [`Engine::create_document`]; there is none; or it has changed.
    pub async fn change_document<T: Document>(
        &self,
        scope: &TenantScope,
        id: u64,
        version: Option<u64>,
        doc: &T,
        hand: &Hand,
    ) -> Result<DocumentItem<T>, AlertError> {
        self.change_as::<T>(scope, (id, version), doc, hand, ("change", doc.name()))
            .await
    }

    /// The same, as something else in the audit log.
    pub(crate) async fn change_as<T: Document>(
        &self,
        scope: &TenantScope,
        (id, version): (u64, Option<u64>),
        doc: &T,
        hand: &Hand,
        (action, detail): (&str, &str),
    ) -> Result<DocumentItem<T>, AlertError> {
        let before = self.document::<T>(scope, id).await?;
        let found = before.version;
        if let Some(wanted) = version.filter(|wanted| *wanted != found) {
            return Err(AlertError::Stale { wanted, found });
        }
        doc.check(&self.known(scope).await?, Some(id))?;
        if T::KIND == DocumentKind::Escalation && before.doc.name() != doc.name() {
            self.named_by_no_rule(scope, before.doc.name()).await?;
        }
        let draft = self.document_draft(doc, hand)?;
        let action = format!("{}.{action}", T::KIND.as_str());
        let entry = hand.entry(draft.at, &action, id, detail);
        let documents = &self.stores().documents;
        let stored = documents
            .change_document(scope, T::KIND, (id, found), draft, entry)
            .await;
        self.look_again::<T>(scope);
        self.kept(scope, stored?.ok_or(AlertError::Missing)?)
    }

    /// Removes a document that nothing needs.
    ///
    /// # Errors
    /// There is none, another document or a rule names it, or the store cannot be written.
    pub async fn delete_document<T: Document>(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<(), AlertError> {
        let name = self.document::<T>(scope, id).await?.doc.name().to_owned();
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
        let deleted = documents.delete_document(scope, T::KIND, id, now, entry).await;
        self.look_again::<T>(scope);
        deleted?.ok_or(AlertError::Missing)?;
        self.notifier().news(scope.tenant());
        Ok(())
    }

    /// Everything that documents may name.
    pub(crate) async fn known(&self, scope: &TenantScope) -> Result<Known, AlertError> {
        Ok(Known::read(self.stores(), scope).await?)
    }

    /// What is kept in memory of a kind is read anew, whether or not the store said that it changed: a write that it
    /// answered with an error may be there all the same.
    fn look_again<T: Document>(&self, scope: &TenantScope) {
        if T::KIND == DocumentKind::PriceList {
            self.tenant(scope).prices.forget();
        }
    }

    pub(crate) fn document_draft<T: Document>(
        &self,
        doc: &T,
        hand: &Hand,
    ) -> Result<DocumentDraft, AlertError> {
        let body = serde_json::to_string(doc).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(DocumentDraft {
            name: doc.name().to_owned(),
            body,
            at: self.clock().now(),
            by: hand.who.id.clone(),
        })
    }

    pub(crate) fn kept<T: Document>(
        &self,
        scope: &TenantScope,
        stored: StoredDocument,
    ) -> Result<DocumentItem<T>, AlertError> {
        self.notifier().news(scope.tenant());
        let unread = StoreError::Corrupt(format!("the {} {} cannot be read", T::KIND.as_str(), stored.id));
        item(stored).ok_or(AlertError::Store(unread))
    }
}
