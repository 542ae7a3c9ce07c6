//! The port of people, stamped once per adapter, as in [`super::ports`].

/// The port, on anything that has a `main` database.
macro_rules! duties_port {
    ($store:ty) => {
        #[async_trait]
        impl Duties for $store {
            async fn duties(
                &self,
                scope: &TenantScope,
                kind: DutyKind,
            ) -> Result<Vec<StoredDuty>, StoreError> {
                duties::all(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    kind,
                )
                .await
            }

            async fn create_duty(
                &self,
                scope: &TenantScope,
                kind: DutyKind,
                draft: DutyDraft,
                entry: AuditEntry,
            ) -> Result<StoredDuty, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let duty = duties::create(&mut transaction, scope.tenant(), kind, &draft).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(duty)
            }

            async fn change_duty(
                &self,
                scope: &TenantScope,
                kind: DutyKind,
                known: (u64, u64),
                draft: DutyDraft,
                entry: AuditEntry,
            ) -> Result<Option<StoredDuty>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let duty = duties::change(&mut transaction, scope.tenant(), kind, known, &draft).await?;
                if duty.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(duty)
            }

            async fn delete_duty(
                &self,
                scope: &TenantScope,
                kind: DutyKind,
                id: u64,
                at: Millis,
                entry: AuditEntry,
            ) -> Result<Option<StoredDuty>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let duty = duties::delete(&mut transaction, scope.tenant(), kind, id, at).await?;
                if duty.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(duty)
            }

            async fn ladder(&self, scope: &TenantScope, alert: u64) -> Result<Option<Ladder>, StoreError> {
                ladders::find(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    alert,
                )
                .await
            }

            async fn due_ladders(
                &self,
                _: &SystemScope,
                now: Millis,
                limit: usize,
            ) -> Result<Vec<(TenantId, Ladder)>, StoreError> {
                ladders::due(&mut *self.main.read().await?, now, limit).await
            }

            async fn climb(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                known: Ladder,
                next: (u32, Option<Millis>),
                told: Option<(AlertWrite, Vec<NewDelivery>)>,
            ) -> Result<Option<Option<StoredAlert>>, StoreError> {
                let mut transaction = self.main.begin().await?;
                main_db::lock_alerts(&mut transaction, tenant).await?;
                let mut written = None;
                if let Some((write, new)) = told {
                    // The alert first, as whoever takes it does: neither waits for the other for ever.
                    written = alerts::write(&mut transaction, tenant, write).await?;
                    for one in &new {
                        deliveries::add(&mut transaction, tenant, one).await?;
                    }
                }
                if !ladders::climb(&mut transaction, tenant, &known, next).await? {
                    return Ok(None);
                }
                main_db::commit(transaction).await?;
                Ok(Some(written))
            }
        }
    };
}

pub(crate) use duties_port;
