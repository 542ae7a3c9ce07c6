//! The port of ladders, stamped once per adapter, as in [`super::ports`].

/// The port, on anything that has a `main` database.
macro_rules! duties_port {
    ($store:ty) => {
        #[async_trait]
        impl Duties for $store {
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
