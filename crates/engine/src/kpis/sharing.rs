//! Shares and pages for the public as people handle them: made with their address, changed, taken back, opened.
//!
//! Deliberately absent: what an address looks like and how it is hashed (the server's, which shows it once).

use domain::Millis;
use domain::alert::RuleError;
use protocol::documents::DocumentItem;
use protocol::kpis::share::ShareDoc;
use protocol::kpis::status::{IncidentDoc, NewIncident, NewUpdate, StatusPageDoc, UpdateDoc};
use store::{AuditEntry, ShareHash, ShareLink, StoreError, TenantScope};

use super::share::expiry;
use super::status_check::{MAX_INCIDENTS, MAX_UPDATES};
use crate::Engine;
use crate::alerts::{AlertError, Hand};
use crate::documents::Document;

const DAY: Millis = 86_400_000;

impl Engine {
    /// Makes a share that is found by this hash.
    ///
    /// # Errors
    /// It is not as it must be, its name is taken, or there are too many.
    pub async fn make_share(
        &self,
        scope: &TenantScope,
        doc: &ShareDoc,
        hash: ShareHash,
        hand: &Hand,
    ) -> Result<DocumentItem<ShareDoc>, AlertError> {
        expiry(doc, self.clock().now())?;
        self.create_found_by(scope, doc, hash, hand).await
    }

    /// Puts a share into the place of one; its link stays as it is.
    ///
    /// # Errors
    /// As [`Engine::make_share`]; there is none; or it has changed.
    pub async fn change_share(
        &self,
        scope: &TenantScope,
        id: u64,
        version: Option<u64>,
        doc: &ShareDoc,
        hand: &Hand,
    ) -> Result<DocumentItem<ShareDoc>, AlertError> {
        expiry(doc, self.clock().now())?;
        self.change_document(scope, id, version, doc, hand).await
    }

    /// Makes a page that is found by this hash of its slug.
    ///
    /// # Errors
    /// It is not as it must be, its title or slug is taken, or there are too many.
    pub async fn make_status_page(
        &self,
        scope: &TenantScope,
        doc: &StatusPageDoc,
        hash: ShareHash,
        hand: &Hand,
    ) -> Result<DocumentItem<StatusPageDoc>, AlertError> {
        self.create_found_by(scope, doc, hash, hand).await
    }

    /// Puts a page into the place of one; from then on it is found by this hash.
    ///
    /// # Errors
    /// As [`Engine::make_status_page`]; there is none; or it has changed.
    pub async fn change_status_page(
        &self,
        scope: &TenantScope,
        (id, version): (u64, Option<u64>),
        doc: &StatusPageDoc,
        hash: ShareHash,
        hand: &Hand,
    ) -> Result<DocumentItem<StatusPageDoc>, AlertError> {
        let found = self.document::<StatusPageDoc>(scope, id).await?.version;
        if let Some(wanted) = version.filter(|wanted| *wanted != found) {
            return Err(AlertError::Stale { wanted, found });
        }
        doc.check(&self.known(scope).await?, Some(id))?;
        let draft = self.document_draft(doc, hand)?;
        let entry = hand.entry(draft.at, "status_page.change", id, doc.name());
        let shares = &self.stores().shares;
        let stored = shares
            .change_shared(scope, StatusPageDoc::KIND, (id, found), draft, hash, entry)
            .await?;
        self.kept(scope, stored.ok_or(AlertError::Missing)?)
    }

    /// Adds an incident to a page, and tells its number.
    ///
    /// # Errors
    /// There is no such page, the incident is not as it must be, or there are too many.
    pub async fn add_incident(
        &self,
        scope: &TenantScope,
        page: u64,
        new: &NewIncident,
        hand: &Hand,
    ) -> Result<(u64, DocumentItem<StatusPageDoc>), AlertError> {
        let item = self.document::<StatusPageDoc>(scope, page).await?;
        let mut doc = item.doc;
        if doc.incidents.len() >= MAX_INCIDENTS {
            let why =
                format!("a page keeps {MAX_INCIDENTS} incidents, and that is the most; remove old ones");
            return Err(AlertError::Conflict(why));
        }
        let id = doc
            .incidents
            .iter()
            .map(|incident| incident.id)
            .max()
            .unwrap_or(0)
            + 1;
        doc.incidents.push(IncidentDoc {
            id,
            title: new.title.clone(),
            impact: new.impact.clone(),
            components: new.components.clone(),
            updates: vec![UpdateDoc {
                at: self.clock().now(),
                state: new.state.clone(),
                text: new.text.clone(),
            }],
        });
        let told = ("incident", new.title.as_str());
        let known = (page, Some(item.version));
        let saved = self.change_as(scope, known, &doc, hand, told).await;
        Ok((id, saved.map_err(of_incident)?))
    }

    /// Says something of an incident.
    ///
    /// # Errors
    /// There is no such page or incident, or what is said is not as it must be.
    pub async fn update_incident(
        &self,
        scope: &TenantScope,
        (page, incident): (u64, u64),
        new: &NewUpdate,
        hand: &Hand,
    ) -> Result<DocumentItem<StatusPageDoc>, AlertError> {
        let item = self.document::<StatusPageDoc>(scope, page).await?;
        let mut doc = item.doc;
        let now = self.clock().now();
        let found = doc.incidents.iter_mut().find(|known| known.id == incident);
        let found = found.ok_or(AlertError::Missing)?;
        if found.updates.len() >= MAX_UPDATES {
            let why = format!("an incident has {MAX_UPDATES} updates, and that is the most");
            return Err(AlertError::Conflict(why));
        }
        if let Some(impact) = &new.impact {
            found.impact.clone_from(impact);
        }
        found.updates.push(UpdateDoc {
            // A clock that was set back keeps the order.
            at: now.max(found.changed()),
            state: new.state.clone(),
            text: new.text.clone(),
        });
        let title = found.title.clone();
        let told = ("incident", title.as_str());
        let known = (page, Some(item.version));
        let saved = self.change_as(scope, known, &doc, hand, told).await;
        saved.map_err(of_incident)
    }

    async fn create_found_by<T: Document>(
        &self,
        scope: &TenantScope,
        doc: &T,
        hash: ShareHash,
        hand: &Hand,
    ) -> Result<DocumentItem<T>, AlertError> {
        doc.check(&self.known(scope).await?, None)?;
        let draft = self.document_draft(doc, hand)?;
        let action = format!("{}.create", T::KIND.as_str());
        let entry = hand.entry(draft.at, &action, doc.name(), "");
        let shares = &self.stores().shares;
        let stored = shares.create_shared(scope, T::KIND, draft, hash, entry).await?;
        self.kept(scope, stored)
    }

    /// Takes a share or a page back: its address leads nowhere from now on.
    ///
    /// # Errors
    /// There is none, or the store cannot be written.
    pub async fn take_back<T: Document>(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<(), AlertError> {
        let name = self.document::<T>(scope, id).await?.doc.name().to_owned();
        let now = self.clock().now();
        let action = format!("{}.remove", T::KIND.as_str());
        let entry = hand.entry(now, &action, id, &name);
        let shares = &self.stores().shares;
        let deleted = shares.delete_shared(scope, T::KIND, id, now, entry).await?;
        deleted.ok_or(AlertError::Missing)?;
        self.notifier().news(scope.tenant());
        Ok(())
    }

    /// The addresses of the tenant's documents of a kind, without their secrets.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn share_links<T: Document>(&self, scope: &TenantScope) -> Result<Vec<ShareLink>, AlertError> {
        Ok(self.stores().shares.share_links(scope, T::KIND).await?)
    }

    /// Where an address leads; whether that still counts is another question.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn share_by_hash(&self, hash: &ShareHash) -> Result<Option<ShareLink>, StoreError> {
        let system = self.system();
        self.stores().shares.share_by_hash(&system, hash).await
    }

    /// Notes that somebody came with a link, from this address. The first time of a day is in the audit log.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn share_opened(
        &self,
        scope: &TenantScope,
        link: &ShareLink,
        address: &str,
    ) -> Result<(), StoreError> {
        let now = self.clock().now();
        let entry = AuditEntry {
            at: now,
            actor: format!("share:{}", link.document),
            address: address.to_owned(),
            action: format!("{}.open", link.kind.as_str()),
            target: link.document.to_string(),
            detail: String::new(),
        };
        let day = now - now.rem_euclid(DAY);
        let shares = &self.stores().shares;
        shares.share_opened(scope, link, now, day, entry).await
    }
}

/// Fields of an incident are told as they were sent, not by their place on the page.
fn of_incident(error: AlertError) -> AlertError {
    match error {
        AlertError::Invalid(error) => {
            let field = error.field.rsplit('.').next().unwrap_or_default().to_owned();
            AlertError::Invalid(RuleError { field, ..error })
        }
        error => error,
    }
}
