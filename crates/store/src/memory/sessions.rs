//! Sessions in memory.

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use crate::accounts::no_account;
use crate::{Logged, NewSession, Session, SessionHash, Sessions, SignedIn, StoreError, SystemScope};

#[async_trait]
impl Sessions for MemoryStore {
    async fn open(
        &self,
        _: &SystemScope,
        new: NewSession,
        old: Option<&SessionHash>,
        audit: Logged,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state.lock();
        let people = &mut state.people;
        match people.account(&new.session.account) {
            Some(known) if known.account.disabled.is_none() => {
                known.account.last_login = Some(new.session.created);
            }
            _ => return Err(no_account(&new.session.account)),
        }
        people.sessions.retain(|(hash, _)| Some(hash) != old);
        people.sessions.push((new.hash, new.session));
        state.log_to(audit);
        Ok(())
    }

    async fn session(&self, _: &SystemScope, hash: &SessionHash) -> Result<Option<SignedIn>, StoreError> {
        let state = self.state.lock();
        let people = &state.people;
        let Some((_, session)) = people.sessions.iter().find(|(known, _)| known == hash) else {
            return Ok(None);
        };
        let known = people.known(|account| account.id == session.account && account.disabled.is_none());
        Ok(known.map(|known| SignedIn {
            session: session.clone(),
            account: known.account,
            roles: known.roles,
        }))
    }

    async fn sessions_seen(&self, _: &SystemScope, seen: &[(String, Millis)]) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        for (id, at) in seen {
            let mut sessions = state.people.sessions.iter_mut();
            if let Some((_, session)) = sessions.find(|(_, session)| session.id == *id) {
                session.seen = session.seen.max(*at);
            }
        }
        Ok(())
    }

    async fn confirm(
        &self,
        _: &SystemScope,
        id: &str,
        hash: &SessionHash,
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let mut sessions = state.people.sessions.iter_mut();
        let Some((known, session)) = sessions.find(|(_, session)| session.id == id) else {
            return Ok(false);
        };
        *known = *hash;
        session.confirmed = at;
        state.log_to(audit);
        Ok(true)
    }

    async fn sessions_of(&self, _: &SystemScope, account: &str) -> Result<Vec<Session>, StoreError> {
        let state = self.state.lock();
        let sessions = state.people.sessions.iter().map(|(_, session)| session);
        let own = sessions.filter(|session| session.account == account);
        let mut own: Vec<Session> = own.cloned().collect();
        own.sort_by(|a, b| (b.created, &a.id).cmp(&(a.created, &b.id)));
        Ok(own)
    }

    async fn end(&self, _: &SystemScope, account: &str, id: &str, audit: Logged) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let sessions = &mut state.people.sessions;
        let own = |session: &Session| session.account == account && session.id == id;
        let Some(place) = sessions.iter().position(|(_, session)| own(session)) else {
            return Ok(false);
        };
        sessions.remove(place);
        state.log_to(audit);
        Ok(true)
    }

    async fn end_others(
        &self,
        _: &SystemScope,
        account: &str,
        keep: Option<&str>,
        audit: Logged,
    ) -> Result<u64, StoreError> {
        let state = &mut *self.state.lock();
        let sessions = &mut state.people.sessions;
        let before = sessions.len();
        sessions.retain(|(_, session)| session.account != account || Some(session.id.as_str()) == keep);
        let ended = (before - sessions.len()) as u64;
        state.log_to(audit);
        Ok(ended)
    }

    async fn sweep(&self, _: &SystemScope, now: Millis, idle_since: Millis) -> Result<u64, StoreError> {
        let sessions = &mut self.state.lock().people.sessions;
        let before = sessions.len();
        sessions.retain(|(_, session)| session.expires > now && session.seen > idle_since);
        Ok((before - sessions.len()) as u64)
    }
}
