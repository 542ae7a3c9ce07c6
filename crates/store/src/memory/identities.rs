//! Identities in memory.

use async_trait::async_trait;

use super::MemoryStore;
use super::accounts::People;
use crate::accounts::{linked_already, no_account};
use crate::{Identities, Identity, KnownAccount, Logged, StoreError, SystemScope};

impl People {
    /// Stores it, if neither it nor one like it is there.
    pub(super) fn link(&mut self, identity: Identity) -> Result<(), StoreError> {
        let taken = |known: &Identity| {
            known.issuer == identity.issuer
                && (known.subject == identity.subject || known.account == identity.account)
        };
        if self.identities.iter().any(taken) {
            return Err(linked_already(&identity));
        }
        self.identities.push(identity);
        Ok(())
    }
}

#[async_trait]
impl Identities for MemoryStore {
    async fn by_identity(
        &self,
        _: &SystemScope,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<KnownAccount>, StoreError> {
        let state = self.state.lock();
        let mut identities = state.people.identities.iter();
        let found = identities.find(|known| known.issuer == issuer && known.subject == subject);
        Ok(found.and_then(|found| state.people.known(|account| account.id == found.account)))
    }

    async fn identities_of(&self, _: &SystemScope, account: &str) -> Result<Vec<Identity>, StoreError> {
        let state = self.state.lock();
        let own = state
            .people
            .identities
            .iter()
            .filter(|known| known.account == account);
        let mut own: Vec<Identity> = own.cloned().collect();
        own.sort_by(|a, b| a.issuer.cmp(&b.issuer));
        Ok(own)
    }

    async fn link_identity(
        &self,
        _: &SystemScope,
        identity: Identity,
        audit: Logged,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state.lock();
        if state.people.account(&identity.account).is_none() {
            return Err(no_account(&identity.account));
        }
        state.people.link(identity)?;
        state.log_to(audit);
        Ok(())
    }

    async fn unlink_identity(
        &self,
        _: &SystemScope,
        account: &str,
        issuer: &str,
        keep: Option<&str>,
        audit: Logged,
    ) -> Result<Option<Identity>, StoreError> {
        let state = &mut *self.state.lock();
        let people = &mut state.people;
        let own = |known: &Identity| known.account == account && known.issuer == issuer;
        let Some(place) = people.identities.iter().position(own) else {
            return Ok(None);
        };
        let was = people.identities.remove(place);
        people
            .sessions
            .retain(|(_, session)| session.account != account || Some(session.id.as_str()) == keep);
        state.log_to(audit);
        Ok(Some(was))
    }
}
