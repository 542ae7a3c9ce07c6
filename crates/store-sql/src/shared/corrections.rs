//! Corrections of the record.

use store::{CorrectionKind, CorrectionState, StoreError};

/// The kind of this name.
pub(crate) fn correction_kind_from(name: &str) -> Result<CorrectionKind, StoreError> {
    CorrectionKind::parse(name)
        .ok_or_else(|| StoreError::Corrupt(format!("{name:?} is no kind of correction")))
}

/// The state of this name.
pub(crate) fn correction_state_from(name: &str) -> Result<CorrectionState, StoreError> {
    CorrectionState::parse(name)
        .ok_or_else(|| StoreError::Corrupt(format!("{name:?} is no state of a correction")))
}

/// Stamps the functions for one database.
macro_rules! correction_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use domain::alert::Who;
        use sqlx::Row as _;
        use store::alerts::changed_meanwhile;
        use store::corrections::{
            FORGOTTEN_AFTER, MAX_IN_FORCE, erasing_already, not_erasing, not_in_force, too_many_corrections,
        };
        use store::{
            CorrectionDraft, CorrectionKind, CorrectionState, ErasureStep, StoreError, StoredCorrection, TenantId,
        };

        use crate::error::store_error;
        use crate::shared::{
            clamped, correction_kind_from, correction_state_from, tenant_from, text, unsigned,
        };

        fn correction_from(row: &$row) -> Result<StoredCorrection, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            let ended: Option<Millis> = row.try_get("ended").map_err(store_error)?;
            let ended_by: Option<String> = row.try_get("ended_by").map_err(store_error)?;
            Ok(StoredCorrection {
                id: unsigned(row.try_get("id").map_err(store_error)?)?,
                version: unsigned(row.try_get("version").map_err(store_error)?)?,
                kind: correction_kind_from(&column("kind")?)?,
                state: correction_state_from(&column("state")?)?,
                body: column("body")?,
                words: column("words")?,
                made: row.try_get("made").map_err(store_error)?,
                made_by: Who {
                    id: column("made_by")?,
                    name: column("made_by_name")?,
                },
                ended: ended.map(|at| (at, ended_by.unwrap_or_default())),
                outcome: column("outcome")?,
            })
        }

        pub(crate) async fn newest(
            connection: &mut $connection,
            tenant: &TenantId,
            before: Option<u64>,
            limit: usize,
        ) -> Result<Vec<StoredCorrection>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM correction WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            )
            .bind(tenant.as_str())
            .bind(before.map_or(i64::MAX, clamped))
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(correction_from).collect()
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
        ) -> Result<Option<StoredCorrection>, StoreError> {
            let row = sqlx::query("SELECT * FROM correction WHERE tenant_id = $1 AND id = $2")
                .bind(tenant.as_str())
                .bind(clamped(id))
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            row.as_ref().map(correction_from).transpose()
        }

        pub(crate) async fn open(
            connection: &mut $connection,
        ) -> Result<Vec<(TenantId, StoredCorrection)>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM correction WHERE state IN ('in_force', 'running', 'cleaning') ORDER BY tenant_id, id",
            )
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let of = |row: &$row| {
                let tenant: String = row.try_get("tenant_id").map_err(store_error)?;
                Ok((tenant_from(&tenant)?, correction_from(row)?))
            };
            rows.iter().map(of).collect()
        }

        async fn count(
            connection: &mut $connection,
            tenant: &TenantId,
            erasing: bool,
            now: Millis,
        ) -> Result<i64, StoreError> {
            sqlx::query_scalar(
                "SELECT count(*) FROM correction WHERE tenant_id = $1
                 AND CASE WHEN $2 THEN state IN ('running', 'cleaning')
                     ELSE state = 'in_force' AND (kind <> 'forget' OR made > $3) END",
            )
            .bind(tenant.as_str())
            .bind(erasing)
            .bind(now.saturating_sub(FORGOTTEN_AFTER))
            .fetch_one(connection)
            .await
            .map_err(store_error)
        }

        /// Stores one; those who store another of the tenant wait, by its lock.
        pub(crate) async fn make(
            connection: &mut $connection,
            tenant: &TenantId,
            draft: &CorrectionDraft,
        ) -> Result<StoredCorrection, StoreError> {
            let erases = draft.kind == CorrectionKind::Erase;
            let there = count(connection, tenant, erases, draft.at).await?;
            let state = match erases {
                true if there > 0 => return Err(erasing_already()),
                true => CorrectionState::Running,
                false if there >= clamped(MAX_IN_FORCE) => return Err(too_many_corrections()),
                false => CorrectionState::InForce,
            };
            let row = sqlx::query(
                "INSERT INTO correction (tenant_id, id, version, kind, state, body, words, made, made_by, made_by_name,
                                         outcome)
                 SELECT $1, coalesce(max(id), 0) + 1, 1, $2, $3, $4, $5, $6, $7, $8, '' FROM correction
                 WHERE tenant_id = $1 RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(draft.kind.as_str())
            .bind(state.as_str())
            .bind(text(&draft.body))
            .bind(text(&draft.words))
            .bind(draft.at)
            .bind(text(&draft.by.id))
            .bind(text(&draft.by.name))
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            correction_from(&row)
        }

        pub(crate) async fn undo(
            connection: &mut $connection,
            tenant: &TenantId,
            (id, version): (u64, u64),
            (at, by): &(Millis, String),
        ) -> Result<Option<StoredCorrection>, StoreError> {
            let Some(before) = find(connection, tenant, id).await? else {
                return Ok(None);
            };
            if before.version != version {
                return Err(changed_meanwhile("correction", id, before.version));
            }
            let row = sqlx::query(
                "UPDATE correction SET version = version + 1, state = 'undone', ended = $4, ended_by = $5
                 WHERE tenant_id = $1 AND id = $2 AND version = $3 AND state = 'in_force' RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(clamped(version))
            .bind(at)
            .bind(text(by))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            match row {
                Some(row) => correction_from(&row).map(Some),
                None => Err(not_in_force(id)),
            }
        }

        pub(crate) async fn step(
            connection: &mut $connection,
            tenant: &TenantId,
            step: &ErasureStep,
        ) -> Result<(), StoreError> {
            let moved = sqlx::query(
                "UPDATE correction SET version = version + 1, state = $3, body = $4, outcome = $5,
                    ended = CASE WHEN $3 = 'done' THEN $6 END, ended_by = CASE WHEN $3 = 'done' THEN 'system' END
                 WHERE tenant_id = $1 AND id = $2 AND state IN ('running', 'cleaning')",
            )
            .bind(tenant.as_str())
            .bind(clamped(step.id))
            .bind(step.state.as_str())
            .bind(text(&step.body))
            .bind(text(&step.outcome))
            .bind(step.at)
            .execute(connection)
            .await
            .map_err(store_error)?;
            match moved.rows_affected() {
                1 => Ok(()),
                _ => Err(not_erasing(step.id)),
            }
        }
    };
}

/// The port, on anything that has a `main` database.
macro_rules! corrections_port {
    ($store:ty) => {
        #[async_trait]
        impl Corrections for $store {
            async fn corrections(
                &self,
                scope: &TenantScope,
                before: Option<u64>,
                limit: usize,
            ) -> Result<Vec<StoredCorrection>, StoreError> {
                let mut connection = self.main.read_for(scope.tenant()).await?;
                corrections::newest(&mut connection, scope.tenant(), before, limit).await
            }

            async fn correction(
                &self,
                scope: &TenantScope,
                id: u64,
            ) -> Result<Option<StoredCorrection>, StoreError> {
                let mut connection = self.main.read_for(scope.tenant()).await?;
                corrections::find(&mut connection, scope.tenant(), id).await
            }

            async fn make_correction(
                &self,
                scope: &TenantScope,
                draft: CorrectionDraft,
                entry: AuditEntry,
            ) -> Result<StoredCorrection, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let made = corrections::make(&mut transaction, scope.tenant(), &draft).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(made)
            }

            async fn undo_correction(
                &self,
                scope: &TenantScope,
                known: (u64, u64),
                by: (Millis, String),
                entry: AuditEntry,
            ) -> Result<Option<StoredCorrection>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let undone = corrections::undo(&mut transaction, scope.tenant(), known, &by).await?;
                if undone.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(undone)
            }

            async fn open_corrections(
                &self,
                _: &SystemScope,
            ) -> Result<Vec<(TenantId, StoredCorrection)>, StoreError> {
                corrections::open(&mut *self.main.read().await?).await
            }

            async fn step_erasure(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                step: ErasureStep,
                entry: Option<AuditEntry>,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                corrections::step(&mut transaction, tenant, &step).await?;
                match entry {
                    Some(entry) => crate::shared::logged!(self, transaction, tenant, entry),
                    None => main_db::commit(transaction).await?,
                }
                Ok(())
            }
        }
    };
}

pub(crate) use {correction_functions, corrections_port};
