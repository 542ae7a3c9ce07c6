//! The port of alerts, stamped once per adapter, as in [`super::ports`].

/// The port, on anything that has a `main` database.
macro_rules! alerts_port {
    ($store:ty) => {
        #[async_trait]
        impl Alerts for $store {
            async fn rules(&self, scope: &TenantScope) -> Result<Vec<StoredRule>, StoreError> {
                rules::all(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                )
                .await
            }

            async fn create_rule(
                &self,
                scope: &TenantScope,
                draft: RuleDraft,
                entry: AuditEntry,
            ) -> Result<StoredRule, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let rule = rules::create(&mut transaction, scope.tenant(), &draft).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(rule)
            }

            async fn change_rule(
                &self,
                scope: &TenantScope,
                known: (u64, u64),
                draft: RuleDraft,
                entry: AuditEntry,
            ) -> Result<Option<StoredRule>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let rule = rules::change(&mut transaction, scope.tenant(), known, &draft).await?;
                if rule.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(rule)
            }

            async fn delete_rule(
                &self,
                scope: &TenantScope,
                id: u64,
                at: Millis,
                entry: AuditEntry,
            ) -> Result<Option<StoredRule>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let rule = rules::delete(&mut transaction, scope.tenant(), id, at).await?;
                if rule.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(rule)
            }

            async fn seed_rules(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                defaults: &[(&str, RuleDraft)],
            ) -> Result<usize, StoreError> {
                let mut transaction = self.main.begin().await?;
                main_db::lock_alerts(&mut transaction, tenant).await?;
                let made = rules::seed(&mut transaction, tenant, defaults).await?;
                main_db::commit(transaction).await?;
                Ok(made)
            }

            async fn write_alerts(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                writes: Vec<AlertWrite>,
            ) -> Result<Vec<StoredAlert>, StoreError> {
                let mut transaction = self.main.begin().await?;
                main_db::lock_alerts(&mut transaction, tenant).await?;
                let written = alerts::write_all(&mut transaction, tenant, writes).await?;
                main_db::commit(transaction).await?;
                Ok(written)
            }

            async fn change_alert(
                &self,
                scope: &TenantScope,
                write: AlertWrite,
                entry: AuditEntry,
            ) -> Result<Option<StoredAlert>, StoreError> {
                if write.known.is_none() {
                    return Err(not_named());
                }
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let written = alerts::write(&mut transaction, scope.tenant(), write).await?;
                if written.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(written)
            }

            async fn alert(&self, scope: &TenantScope, id: u64) -> Result<Option<StoredAlert>, StoreError> {
                alerts::find(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    id,
                )
                .await
            }

            async fn alerts(
                &self,
                scope: &TenantScope,
                query: AlertQuery,
            ) -> Result<Vec<StoredAlert>, StoreError> {
                alerts::search(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    &query,
                )
                .await
            }

            async fn alert_events(
                &self,
                scope: &TenantScope,
                id: u64,
            ) -> Result<Vec<StoredEvent>, StoreError> {
                alerts::events(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    id,
                )
                .await
            }

            async fn outbox(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                after: (u64, u64),
                limit: usize,
            ) -> Result<Vec<OutboxRow>, StoreError> {
                alerts::outbox(&mut *self.main.read().await?, tenant, after, limit).await
            }

            async fn silences(
                &self,
                scope: &TenantScope,
                since: Millis,
            ) -> Result<Vec<StoredSilence>, StoreError> {
                alerts::silences(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    since,
                )
                .await
            }

            async fn create_silence(
                &self,
                scope: &TenantScope,
                silence: Silence,
                entry: AuditEntry,
            ) -> Result<StoredSilence, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let stored = alerts::add_silence(&mut transaction, scope.tenant(), silence).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(stored)
            }

            async fn end_silence(
                &self,
                scope: &TenantScope,
                id: u64,
                at: Millis,
                entry: AuditEntry,
            ) -> Result<Option<StoredSilence>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let found = alerts::end_silence(&mut transaction, scope.tenant(), id, at).await?;
                let Some((stored, stood)) = found else {
                    return Ok(None);
                };
                if stood {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(Some(stored))
            }
        }
    };
}

pub(crate) use alerts_port;
