//! The ports of people, stamped once per adapter, as in [`super::ports`].

/// Ends a transaction with its entry of the log.
macro_rules! logged {
    ($self:ident, $transaction:ident, $tenant:expr, $entry:expr) => {{
        audit::log(&mut $transaction, $self.main.audit_key()?, $tenant, $entry).await?;
        main_db::commit($transaction).await?;
    }};
}

/// Stores a new account with its identity.
macro_rules! added {
    ($transaction:ident, $new:ident) => {{
        accounts::insert(&mut $transaction, &$new).await?;
        if let Some(identity) = &$new.identity {
            identities::insert(&mut $transaction, identity).await?;
        }
    }};
}

/// The ports of accounts and sessions, on anything that has a `main` database.
macro_rules! people_ports {
    ($store:ty) => {
        #[async_trait]
        impl Accounts for $store {
            async fn any_account(&self, _: &SystemScope) -> Result<bool, StoreError> {
                accounts::any(&mut *self.main.read().await?).await
            }

            async fn create_first(
                &self,
                _: &SystemScope,
                new: NewAccount,
                tenant: &TenantId,
                entry: AuditEntry,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                // Two first accounts at the same time: the second waits here, and then sees the first.
                accounts::lock_tenant(&mut transaction, &TenantId::default_tenant()).await?;
                if accounts::any(&mut transaction).await? {
                    return Ok(false);
                }
                crate::shared::added!(transaction, new);
                let (id, since) = (&new.account.id, new.account.created);
                accounts::join(&mut transaction, tenant, id, Role::Owner, since).await?;
                crate::shared::logged!(self, transaction, tenant, entry);
                Ok(true)
            }

            async fn create_account(
                &self,
                _: &SystemScope,
                new: NewAccount,
                tenant: &TenantId,
                role: Role,
                entry: AuditEntry,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                if !accounts::lock_tenant(&mut transaction, tenant).await? {
                    return Err(no_tenant(tenant));
                }
                crate::shared::added!(transaction, new);
                let (id, since) = (&new.account.id, new.account.created);
                accounts::join(&mut transaction, tenant, id, role, since).await?;
                crate::shared::logged!(self, transaction, tenant, entry);
                Ok(())
            }

            async fn by_email(
                &self,
                _: &SystemScope,
                email: &str,
            ) -> Result<Option<KnownAccount>, StoreError> {
                accounts::known(&mut *self.main.read().await?, accounts::By::Email, email).await
            }

            async fn by_id(&self, _: &SystemScope, id: &str) -> Result<Option<KnownAccount>, StoreError> {
                accounts::known(&mut *self.main.read().await?, accounts::By::Id, id).await
            }

            async fn rename(
                &self,
                _: &SystemScope,
                account: &str,
                name: &str,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let renamed = accounts::rename(&mut transaction, account, name).await?;
                if renamed {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(renamed)
            }

            async fn set_password(
                &self,
                _: &SystemScope,
                account: &str,
                password: &str,
                keep: Option<&str>,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let changed = accounts::set_password(&mut transaction, account, password, keep).await?;
                if changed {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(changed)
            }

            async fn members(&self, scope: &TenantScope) -> Result<Vec<Member>, StoreError> {
                accounts::members(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                )
                .await
            }

            async fn set_role(
                &self,
                scope: &TenantScope,
                account: &str,
                role: Option<Role>,
                entry: AuditEntry,
            ) -> Result<Option<Role>, StoreError> {
                let tenant = scope.tenant();
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                // Two owners who take each other's role away at the same time: one must see what the other did.
                accounts::lock_tenant(&mut transaction, tenant).await?;
                let Some(before) = accounts::role_of(&mut transaction, tenant, account).await? else {
                    return Ok(None);
                };
                if before == Role::Owner
                    && role != Some(Role::Owner)
                    && !accounts::has_other_owner(&mut transaction, tenant, account).await?
                {
                    return Err(last_owner(tenant));
                }
                match role {
                    Some(role) => {
                        accounts::change_role(&mut transaction, tenant, account, role).await?;
                    }
                    None => accounts::leave(&mut transaction, tenant, account).await?,
                }
                crate::shared::logged!(self, transaction, tenant, entry);
                Ok(Some(before))
            }

            async fn all_tenants(&self, _: &SystemScope) -> Result<Vec<Tenant>, StoreError> {
                accounts::tenants(&mut *self.main.read().await?).await
            }

            async fn create_tenant(
                &self,
                _: &SystemScope,
                tenant: Tenant,
                owner: &str,
                entry: AuditEntry,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                if accounts::known(&mut transaction, accounts::By::Id, owner)
                    .await?
                    .is_none()
                {
                    return Err(no_account(owner));
                }
                accounts::insert_tenant(&mut transaction, &tenant).await?;
                let since = tenant.created;
                accounts::join(&mut transaction, &tenant.id, owner, Role::Owner, since).await?;
                crate::shared::logged!(self, transaction, &tenant.id, entry);
                Ok(())
            }

            async fn quotas(&self, _: &SystemScope) -> Result<Vec<(TenantId, Quota)>, StoreError> {
                quotas::all(&mut *self.main.read().await?).await
            }

            async fn set_quota(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                quota: Quota,
                entry: AuditEntry,
            ) -> Result<Option<Quota>, StoreError> {
                let mut transaction = self.main.begin().await?;
                let Some(before) = quotas::replace(&mut transaction, tenant, &quota).await? else {
                    return Ok(None);
                };
                crate::shared::logged!(self, transaction, tenant, entry);
                Ok(Some(before))
            }

            async fn offer(
                &self,
                scope: &TenantScope,
                new: NewLink,
                entry: AuditEntry,
            ) -> Result<(), StoreError> {
                check_link(scope, &new)?;
                // A new password is its account's, and an account is no tenant's.
                let mut transaction = match &new.link.kind {
                    LinkKind::Invite { .. } => self.main.begin_for(scope.tenant()).await?,
                    LinkKind::Reset { .. } => self.main.begin().await?,
                };
                if !accounts::lock_tenant(&mut transaction, scope.tenant()).await? {
                    return Err(no_tenant(scope.tenant()));
                }
                if let LinkKind::Reset { account } = &new.link.kind
                    && accounts::known(&mut transaction, accounts::By::Id, account)
                        .await?
                        .is_none()
                {
                    return Err(no_account(account));
                }
                accounts::insert_link(&mut transaction, &new).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(())
            }

            async fn invitations(&self, scope: &TenantScope, now: Millis) -> Result<Vec<Link>, StoreError> {
                accounts::invitations(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    now,
                )
                .await
            }

            async fn withdraw(
                &self,
                scope: &TenantScope,
                id: &str,
                entry: AuditEntry,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let withdrawn = accounts::withdraw(&mut transaction, scope.tenant(), id).await?;
                if withdrawn {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(withdrawn)
            }

            async fn link(
                &self,
                _: &SystemScope,
                hash: &LinkHash,
                now: Millis,
            ) -> Result<Option<Link>, StoreError> {
                accounts::link(&mut *self.main.read().await?, hash, now).await
            }

            async fn accept(
                &self,
                _: &SystemScope,
                hash: &LinkHash,
                guest: Guest,
                now: Millis,
                entry: AuditEntry,
            ) -> Result<Option<Link>, StoreError> {
                let mut transaction = self.main.begin().await?;
                let link = accounts::link(&mut transaction, hash, now).await?;
                let Some(link) = link else {
                    return Ok(None);
                };
                let LinkKind::Invite { role, .. } = &link.kind else {
                    return Ok(None);
                };
                if !accounts::use_up(&mut transaction, hash).await? {
                    return Ok(None);
                }
                let id = match guest {
                    Guest::New(new) => {
                        crate::shared::added!(transaction, new);
                        new.account.id
                    }
                    Guest::Known(id) => {
                        if accounts::known(&mut transaction, accounts::By::Id, &id)
                            .await?
                            .is_none()
                        {
                            return Err(no_account(&id));
                        }
                        id
                    }
                };
                accounts::join(&mut transaction, &link.tenant, &id, *role, now).await?;
                crate::shared::logged!(self, transaction, &link.tenant, entry);
                Ok(Some(link))
            }

            async fn reset(
                &self,
                _: &SystemScope,
                hash: &LinkHash,
                password: &str,
                now: Millis,
                entry: AuditEntry,
            ) -> Result<Option<Link>, StoreError> {
                let mut transaction = self.main.begin().await?;
                let link = accounts::link(&mut transaction, hash, now).await?;
                let Some(link) = link else {
                    return Ok(None);
                };
                let LinkKind::Reset { account } = &link.kind else {
                    return Ok(None);
                };
                if !accounts::use_up(&mut transaction, hash).await? {
                    return Ok(None);
                }
                accounts::set_password(&mut transaction, account, password, None).await?;
                crate::shared::logged!(self, transaction, &link.tenant, entry);
                Ok(Some(link))
            }
        }

        #[async_trait]
        impl Sessions for $store {
            async fn open(
                &self,
                _: &SystemScope,
                new: NewSession,
                old: Option<&SessionHash>,
                log: Logged,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                let (account, at) = (&new.session.account, new.session.created);
                if !sessions::mark_login(&mut transaction, account, at).await? {
                    return Err(no_account(account));
                }
                if let Some(old) = old {
                    sessions::remove(&mut transaction, old).await?;
                }
                sessions::insert(&mut transaction, &new).await?;
                crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                Ok(())
            }

            async fn session(
                &self,
                _: &SystemScope,
                hash: &SessionHash,
            ) -> Result<Option<SignedIn>, StoreError> {
                sessions::find(&mut *self.main.read().await?, hash).await
            }

            async fn sessions_seen(
                &self,
                _: &SystemScope,
                seen: &[(String, Millis)],
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                for (id, at) in seen {
                    sessions::mark_seen(&mut transaction, id, *at).await?;
                }
                main_db::commit(transaction).await
            }

            async fn confirm(
                &self,
                _: &SystemScope,
                id: &str,
                hash: &SessionHash,
                at: Millis,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let confirmed = sessions::confirm(&mut transaction, id, hash, at).await?;
                if confirmed {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(confirmed)
            }

            async fn sessions_of(&self, _: &SystemScope, account: &str) -> Result<Vec<Session>, StoreError> {
                sessions::of_account(&mut *self.main.read().await?, account).await
            }

            async fn end(
                &self,
                _: &SystemScope,
                account: &str,
                id: &str,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let ended = sessions::end(&mut transaction, account, id).await?;
                if ended {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(ended)
            }

            async fn end_others(
                &self,
                _: &SystemScope,
                account: &str,
                keep: Option<&str>,
                log: Logged,
            ) -> Result<u64, StoreError> {
                let mut transaction = self.main.begin().await?;
                let ended = accounts::end_sessions(&mut transaction, account, keep).await?;
                crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                Ok(ended)
            }

            async fn sweep(
                &self,
                _: &SystemScope,
                now: Millis,
                idle_since: Millis,
            ) -> Result<u64, StoreError> {
                let mut transaction = self.main.begin().await?;
                let swept = sessions::sweep(&mut transaction, now, idle_since).await?;
                main_db::commit(transaction).await?;
                Ok(swept)
            }
        }
    };
}

pub(crate) use added;
pub(crate) use logged;
pub(crate) use people_ports;
