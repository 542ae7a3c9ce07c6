//! Accounts, memberships, links and tenants in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::Millis;

use super::{MemoryStore, State};
use crate::accounts::{check_link, last_owner, no_account, no_tenant};
use crate::{
    Account, Accounts, AuditEntry, Guest, Identity, KnownAccount, Link, LinkHash, LinkKind, Logged, Member,
    NewAccount, NewLink, Quota, Role, Session, SessionHash, StoreError, SystemScope, Tenant, TenantId,
    TenantScope,
};

/// People, and what lets them in.
pub(super) struct People {
    pub(super) accounts: Vec<NewAccount>,
    pub(super) members: Vec<Membership>,
    pub(super) sessions: Vec<(SessionHash, Session)>,
    pub(super) identities: Vec<Identity>,
    tenants: Vec<Tenant>,
    quotas: BTreeMap<TenantId, Quota>,
    links: Vec<(LinkHash, Link)>,
}

pub(super) struct Membership {
    pub(super) tenant: TenantId,
    pub(super) account: String,
    pub(super) role: Role,
    since: Millis,
}

impl Default for People {
    fn default() -> People {
        let tenant = Tenant {
            id: TenantId::default_tenant(),
            name: "Default".into(),
            created: 0,
        };
        People {
            accounts: Vec::new(),
            members: Vec::new(),
            sessions: Vec::new(),
            identities: Vec::new(),
            tenants: vec![tenant],
            quotas: BTreeMap::new(),
            links: Vec::new(),
        }
    }
}

impl People {
    pub(super) fn account(&mut self, id: &str) -> Option<&mut NewAccount> {
        self.accounts.iter_mut().find(|known| known.account.id == id)
    }

    pub(super) fn known(&self, wanted: impl Fn(&Account) -> bool) -> Option<KnownAccount> {
        let found = self.accounts.iter().find(|known| wanted(&known.account))?;
        Some(KnownAccount {
            account: found.account.clone(),
            password: found.password.clone(),
            roles: self.roles(&found.account.id),
        })
    }

    pub(super) fn roles(&self, account: &str) -> Vec<(TenantId, Role)> {
        let own = self.members.iter().filter(|member| member.account == account);
        let mut roles: Vec<_> = own.map(|member| (member.tenant.clone(), member.role)).collect();
        roles.sort();
        roles
    }

    fn check_new(&self, new: &NewAccount) -> Result<(), StoreError> {
        let taken = |known: &NewAccount| {
            known.account.email == new.account.email || known.account.id == new.account.id
        };
        if self.accounts.iter().any(taken) {
            return Err(StoreError::Conflict(format!(
                "{} has an account already",
                new.account.email
            )));
        }
        Ok(())
    }

    /// Stores a new account with its identity; returns its id.
    fn add(&mut self, mut new: NewAccount) -> Result<String, StoreError> {
        if let Some(identity) = new.identity.take() {
            self.link(identity)?;
        }
        let id = new.account.id.clone();
        self.accounts.push(new);
        Ok(id)
    }

    fn check_tenant(&self, tenant: &TenantId) -> Result<(), StoreError> {
        if self.tenants.iter().any(|known| known.id == *tenant) {
            return Ok(());
        }
        Err(no_tenant(tenant))
    }

    fn join(&mut self, tenant: &TenantId, account: &str, role: Role, since: Millis) {
        let own = |member: &&mut Membership| member.tenant == *tenant && member.account == account;
        match self.members.iter_mut().find(own) {
            Some(member) => member.role = member.role.max(role),
            None => self.members.push(Membership {
                tenant: tenant.clone(),
                account: account.into(),
                role,
                since,
            }),
        }
    }

    fn set_password(&mut self, account: &str, password: &str, keep: Option<&str>) -> bool {
        let Some(known) = self.account(account) else {
            return false;
        };
        known.password = Some(password.into());
        self.sessions
            .retain(|(_, session)| session.account != account || Some(session.id.as_str()) == keep);
        true
    }

    /// The link with this hash, if it still counts; it is gone then.
    fn use_up(&mut self, hash: &LinkHash, now: Millis, is: impl Fn(&LinkKind) -> bool) -> Option<Link> {
        let usable = |(known, link): &(LinkHash, Link)| known == hash && now < link.expires && is(&link.kind);
        let place = self.links.iter().position(usable)?;
        Some(self.links.remove(place).1)
    }
}

#[async_trait]
impl Accounts for MemoryStore {
    async fn any_account(&self, _: &SystemScope) -> Result<bool, StoreError> {
        Ok(!self.state.lock().people.accounts.is_empty())
    }

    async fn create_first(
        &self,
        system: &SystemScope,
        new: NewAccount,
        tenant: &TenantId,
        audit: AuditEntry,
    ) -> Result<bool, StoreError> {
        if self.any_account(system).await? {
            return Ok(false);
        }
        self.create_account(system, new, tenant, Role::Owner, audit)
            .await?;
        Ok(true)
    }

    async fn create_account(
        &self,
        _: &SystemScope,
        new: NewAccount,
        tenant: &TenantId,
        role: Role,
        audit: AuditEntry,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state.lock();
        state.people.check_new(&new)?;
        state.people.check_tenant(tenant)?;
        let created = new.account.created;
        let id = state.people.add(new)?;
        state.people.join(tenant, &id, role, created);
        state.log(tenant, audit);
        Ok(())
    }

    async fn by_email(&self, _: &SystemScope, email: &str) -> Result<Option<KnownAccount>, StoreError> {
        Ok(self.state.lock().people.known(|account| account.email == email))
    }

    async fn by_id(&self, _: &SystemScope, id: &str) -> Result<Option<KnownAccount>, StoreError> {
        Ok(self.state.lock().people.known(|account| account.id == id))
    }

    async fn rename(
        &self,
        _: &SystemScope,
        account: &str,
        name: &str,
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let Some(known) = state.people.account(account) else {
            return Ok(false);
        };
        known.account.name = name.into();
        state.log(&audit.tenant, audit.entry);
        Ok(true)
    }

    async fn set_password(
        &self,
        _: &SystemScope,
        account: &str,
        password: &str,
        keep: Option<&str>,
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let changed = state.people.set_password(account, password, keep);
        if changed {
            state.log(&audit.tenant, audit.entry);
        }
        Ok(changed)
    }

    async fn members(&self, scope: &TenantScope) -> Result<Vec<Member>, StoreError> {
        let state = self.state.lock();
        let people = &state.people;
        let own = people.members.iter().filter(|own| own.tenant == *scope.tenant());
        let member = |own: &Membership| {
            people
                .known(|account| account.id == own.account)
                .map(|known| Member {
                    account: known.account,
                    role: own.role,
                    since: own.since,
                })
        };
        let mut members: Vec<Member> = own.filter_map(member).collect();
        members.sort_by(|a, b| a.account.email.cmp(&b.account.email));
        Ok(members)
    }

    async fn set_role(
        &self,
        scope: &TenantScope,
        account: &str,
        role: Option<Role>,
        audit: AuditEntry,
    ) -> Result<Option<Role>, StoreError> {
        let state = &mut *self.state.lock();
        let people = &mut state.people;
        let place = |member: &Membership| member.tenant == *scope.tenant() && member.account == account;
        let Some(place) = people.members.iter().position(place) else {
            return Ok(None);
        };
        let before = people.members[place].role;
        let owners = people.members.iter();
        let owners = owners.filter(|own| own.tenant == *scope.tenant() && own.role == Role::Owner);
        if before == Role::Owner && role != Some(Role::Owner) && owners.count() == 1 {
            return Err(last_owner(scope.tenant()));
        }
        match role {
            Some(role) => people.members[place].role = role,
            None => {
                people.members.remove(place);
                people.sessions.retain(|(_, session)| session.account != account);
            }
        }
        state.log(scope.tenant(), audit);
        Ok(Some(before))
    }

    async fn all_tenants(&self, _: &SystemScope) -> Result<Vec<Tenant>, StoreError> {
        let mut tenants = self.state.lock().people.tenants.clone();
        tenants.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(tenants)
    }

    async fn create_tenant(
        &self,
        _: &SystemScope,
        tenant: Tenant,
        owner: &str,
        audit: AuditEntry,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state.lock();
        let people = &mut state.people;
        if people.check_tenant(&tenant.id).is_ok() {
            return Err(StoreError::Conflict(format!(
                "the tenant {} is there already",
                tenant.id
            )));
        }
        if people.account(owner).is_none() {
            return Err(no_account(owner));
        }
        let (id, created) = (tenant.id.clone(), tenant.created);
        people.tenants.push(tenant);
        people.join(&id, owner, Role::Owner, created);
        state.log(&id, audit);
        Ok(())
    }

    async fn quotas(&self, _: &SystemScope) -> Result<Vec<(TenantId, Quota)>, StoreError> {
        let state = self.state.lock();
        let quotas = state.people.quotas.iter();
        Ok(quotas.map(|(tenant, quota)| (tenant.clone(), *quota)).collect())
    }

    async fn set_quota(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        quota: Quota,
        audit: AuditEntry,
    ) -> Result<Option<Quota>, StoreError> {
        let state = &mut *self.state.lock();
        if state.people.check_tenant(tenant).is_err() {
            return Ok(None);
        }
        let quotas = &mut state.people.quotas;
        let before = match quota.is_usual() {
            true => quotas.remove(tenant),
            false => quotas.insert(tenant.clone(), quota),
        };
        state.log(tenant, audit);
        Ok(Some(before.unwrap_or_default()))
    }

    async fn offer(&self, scope: &TenantScope, new: NewLink, audit: AuditEntry) -> Result<(), StoreError> {
        check_link(scope, &new)?;
        let state = &mut *self.state.lock();
        let people = &mut state.people;
        people.check_tenant(scope.tenant())?;
        if let LinkKind::Reset { account } = &new.link.kind
            && people.account(account).is_none()
        {
            return Err(no_account(account));
        }
        let same = |link: &Link| match (&link.kind, &new.link.kind) {
            (LinkKind::Invite { email: old, .. }, LinkKind::Invite { email: new, .. }) => {
                old == new && link.tenant == *scope.tenant()
            }
            (LinkKind::Reset { account: old }, LinkKind::Reset { account: new }) => old == new,
            _ => false,
        };
        people.links.retain(|(_, link)| !same(link));
        people.links.push((new.hash, new.link));
        state.log(scope.tenant(), audit);
        Ok(())
    }

    async fn invitations(&self, scope: &TenantScope, now: Millis) -> Result<Vec<Link>, StoreError> {
        let state = self.state.lock();
        let open = |link: &&Link| {
            let is_invite = matches!(link.kind, LinkKind::Invite { .. });
            is_invite && link.tenant == *scope.tenant() && now < link.expires
        };
        let mut links: Vec<Link> = state
            .people
            .links
            .iter()
            .map(|(_, link)| link)
            .filter(open)
            .cloned()
            .collect();
        links.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(links)
    }

    async fn withdraw(&self, scope: &TenantScope, id: &str, audit: AuditEntry) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let links = &mut state.people.links;
        let own = |(_, link): &(LinkHash, Link)| {
            let is_invite = matches!(link.kind, LinkKind::Invite { .. });
            is_invite && link.id == id && link.tenant == *scope.tenant()
        };
        let Some(place) = links.iter().position(own) else {
            return Ok(false);
        };
        links.remove(place);
        state.log(scope.tenant(), audit);
        Ok(true)
    }

    async fn link(&self, _: &SystemScope, hash: &LinkHash, now: Millis) -> Result<Option<Link>, StoreError> {
        let state = self.state.lock();
        let mut links = state.people.links.iter();
        let found = links.find(|(known, link)| known == hash && now < link.expires);
        Ok(found.map(|(_, link)| link.clone()))
    }

    async fn accept(
        &self,
        _: &SystemScope,
        hash: &LinkHash,
        guest: Guest,
        now: Millis,
        audit: AuditEntry,
    ) -> Result<Option<Link>, StoreError> {
        let state = &mut *self.state.lock();
        let people = &mut state.people;
        let usable = |(known, link): &(LinkHash, Link)| known == hash && now < link.expires;
        let found = people.links.iter().find(|known| usable(known));
        let Some((
            _,
            Link {
                kind: LinkKind::Invite { role, .. },
                ..
            },
        )) = found
        else {
            return Ok(None);
        };
        let role = *role;
        let id = match guest {
            Guest::Known(id) if people.account(&id).is_none() => return Err(no_account(&id)),
            Guest::Known(id) => id,
            Guest::New(new) => {
                people.check_new(&new)?;
                people.add(*new)?
            }
        };
        let Some(link) = people.use_up(hash, now, |kind| matches!(kind, LinkKind::Invite { .. })) else {
            return Ok(None);
        };
        people.join(&link.tenant, &id, role, now);
        state.log(&link.tenant, audit);
        Ok(Some(link))
    }

    async fn reset(
        &self,
        _: &SystemScope,
        hash: &LinkHash,
        password: &str,
        now: Millis,
        audit: AuditEntry,
    ) -> Result<Option<Link>, StoreError> {
        let state = &mut *self.state.lock();
        let people = &mut state.people;
        let Some(link) = people.use_up(hash, now, |kind| matches!(kind, LinkKind::Reset { .. })) else {
            return Ok(None);
        };
        if let LinkKind::Reset { account } = &link.kind {
            people.set_password(account, password, None);
        }
        state.log(&link.tenant, audit);
        Ok(Some(link))
    }
}

impl State {
    pub(super) fn log_to(&mut self, audit: Logged) {
        self.log(&audit.tenant, audit.entry);
    }
}
