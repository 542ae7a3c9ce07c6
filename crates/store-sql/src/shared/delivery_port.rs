//! The port of deliveries, stamped once per adapter, as in [`super::ports`].

/// The port, on anything that has a `main` database.
macro_rules! deliveries_port {
    ($store:ty) => {
        #[async_trait]
        impl Deliveries for $store {
            async fn channels(&self, scope: &TenantScope) -> Result<Vec<StoredChannel>, StoreError> {
                channels::all(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                )
                .await
            }

            async fn create_channel(
                &self,
                scope: &TenantScope,
                draft: ChannelDraft,
                entry: AuditEntry,
            ) -> Result<StoredChannel, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let channel = channels::create(&mut transaction, scope.tenant(), &draft).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(channel)
            }

            async fn change_channel(
                &self,
                scope: &TenantScope,
                known: (u64, u64),
                draft: ChannelDraft,
                entry: AuditEntry,
            ) -> Result<Option<StoredChannel>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let channel = channels::change(&mut transaction, scope.tenant(), known, &draft).await?;
                if channel.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(channel)
            }

            async fn delete_channel(
                &self,
                scope: &TenantScope,
                id: u64,
                at: Millis,
                entry: AuditEntry,
            ) -> Result<Option<StoredChannel>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let channel = channels::delete(&mut transaction, scope.tenant(), id, at).await?;
                if channel.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(channel)
            }

            async fn switch_off(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                known: (u64, u64),
                why: &str,
                at: Millis,
            ) -> Result<Option<StoredChannel>, StoreError> {
                let mut transaction = self.main.begin().await?;
                let channel = channels::switch_off(&mut transaction, tenant, known, why, at).await?;
                main_db::commit(transaction).await?;
                Ok(channel)
            }

            async fn untold(
                &self,
                _: &SystemScope,
                limit: usize,
            ) -> Result<Vec<(TenantId, OutboxRow)>, StoreError> {
                deliveries::untold(&mut *self.main.read().await?, limit).await
            }

            async fn fan_out(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                row: (u64, u64),
                new: Vec<NewDelivery>,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                main_db::lock_alerts(&mut transaction, tenant).await?;
                let taken = deliveries::take_out(&mut transaction, tenant, row).await?;
                if taken {
                    for one in &new {
                        deliveries::add(&mut transaction, tenant, one).await?;
                    }
                    main_db::commit(transaction).await?;
                }
                Ok(taken)
            }

            async fn add_deliveries(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                new: Vec<NewDelivery>,
            ) -> Result<usize, StoreError> {
                let mut transaction = self.main.begin().await?;
                main_db::lock_alerts(&mut transaction, tenant).await?;
                let mut added = 0;
                for one in &new {
                    let stored = deliveries::add(&mut transaction, tenant, one).await?;
                    added += usize::from(stored.is_some());
                }
                main_db::commit(transaction).await?;
                Ok(added)
            }

            async fn ask_deliveries(
                &self,
                scope: &TenantScope,
                asked: Vec<NewDelivery>,
                entry: AuditEntry,
            ) -> Result<Vec<StoredDelivery>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let mut added = Vec::with_capacity(asked.len());
                for new in asked {
                    let channel = channels::find(&mut transaction, scope.tenant(), new.channel).await?;
                    if channel.is_none() {
                        return Err(no_channel(new.channel));
                    }
                    let stored = deliveries::add(&mut transaction, scope.tenant(), &new).await?;
                    added.push(stored.ok_or_else(|| subject_taken(&new.subject))?);
                }
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(added)
            }

            async fn due(&self, _: &SystemScope, now: Millis) -> Result<Vec<(TenantId, u64)>, StoreError> {
                deliveries::due(&mut *self.main.read().await?, now).await
            }

            async fn claim(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                channel: u64,
                now: Millis,
                lease: Millis,
                limit: usize,
            ) -> Result<Vec<Claim>, StoreError> {
                let mut transaction = self.main.begin().await?;
                let times = (now, lease);
                let claims = deliveries::claim(&mut transaction, tenant, channel, times, limit).await?;
                main_db::commit(transaction).await?;
                Ok(claims)
            }

            async fn fresh(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                channel: u64,
                now: Millis,
                limit: usize,
            ) -> Result<Vec<StoredDelivery>, StoreError> {
                let connection = &mut *self.main.read().await?;
                deliveries::fresh(connection, tenant, channel, now, limit).await
            }

            async fn gather(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                ids: &[u64],
                digest: NewDelivery,
                at: Millis,
            ) -> Result<Option<StoredDelivery>, StoreError> {
                let mut transaction = self.main.begin().await?;
                main_db::lock_alerts(&mut transaction, tenant).await?;
                let Some(added) = deliveries::add(&mut transaction, tenant, &digest).await? else {
                    return Ok(None);
                };
                if !deliveries::gather(&mut transaction, tenant, ids, added.id, at).await? {
                    return Ok(None);
                }
                main_db::commit(transaction).await?;
                Ok(Some(added))
            }

            async fn record(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                delivery: u64,
                attempt: u32,
                outcome: Outcome,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let recorded =
                    deliveries::record(&mut transaction, tenant, delivery, attempt, &outcome).await?;
                main_db::commit(transaction).await?;
                Ok(recorded)
            }

            async fn channels_told(&self, scope: &TenantScope, topic: &str) -> Result<Vec<u64>, StoreError> {
                deliveries::channels_told(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    topic,
                )
                .await
            }

            async fn deliveries(
                &self,
                scope: &TenantScope,
                query: DeliveryQuery,
            ) -> Result<Vec<StoredDelivery>, StoreError> {
                deliveries::search(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    &query,
                )
                .await
            }

            async fn waiting(&self, scope: &TenantScope) -> Result<Vec<(u64, usize)>, StoreError> {
                deliveries::waiting(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                )
                .await
            }

            async fn delivery(
                &self,
                scope: &TenantScope,
                id: u64,
            ) -> Result<Option<StoredDelivery>, StoreError> {
                deliveries::find(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    id,
                )
                .await
            }

            async fn attempts(&self, scope: &TenantScope, id: u64) -> Result<Vec<StoredAttempt>, StoreError> {
                deliveries::attempts(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    id,
                )
                .await
            }

            async fn replay(
                &self,
                scope: &TenantScope,
                id: u64,
                at: Millis,
                entry: AuditEntry,
            ) -> Result<Option<StoredDelivery>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let delivery = deliveries::replay(&mut transaction, scope.tenant(), id, at).await?;
                if delivery.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(delivery)
            }

            async fn forget_deliveries(
                &self,
                _: &SystemScope,
                before: Millis,
                limit: usize,
            ) -> Result<usize, StoreError> {
                let mut transaction = self.main.begin().await?;
                let forgotten = deliveries::forget(&mut transaction, before, limit).await?;
                main_db::commit(transaction).await?;
                Ok(forgotten)
            }
        }
    };
}

pub(crate) use deliveries_port;
