//! The ports themselves, stamped once per adapter: they only hand on to `self.main` and `self.journal`, which differ.

/// The keys port, on anything that has a `main` database.
macro_rules! keys_port {
    ($store:ty) => {
        #[async_trait]
        impl Keys for $store {
            async fn create(
                &self,
                scope: &TenantScope,
                new: NewApiKey,
                entry: AuditEntry,
            ) -> Result<(), StoreError> {
                check_tenant(scope, &new)?;
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                keys::insert(&mut transaction, &new).await?;
                audit::log(
                    &mut transaction,
                    self.main.audit_key()?,
                    scope.tenant(),
                    entry,
                )
                .await?;
                main_db::commit(transaction).await
            }

            async fn rotate(
                &self,
                scope: &TenantScope,
                old: &str,
                until: Millis,
                new: NewApiKey,
                entry: AuditEntry,
            ) -> Result<Option<ApiKey>, StoreError> {
                check_tenant(scope, &new)?;
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let Some(mut old) = keys::find(&mut transaction, scope.tenant(), old).await? else {
                    return Ok(None);
                };
                check_rotation(&old)?;
                let until = old.expires.map_or(until, |expires| expires.min(until));
                // First, because of the name that both have.
                keys::replace(&mut transaction, &old, &new.key.id, until).await?;
                keys::insert(&mut transaction, &new).await?;
                audit::log(
                    &mut transaction,
                    self.main.audit_key()?,
                    scope.tenant(),
                    entry,
                )
                .await?;
                main_db::commit(transaction).await?;
                old.replaced_by = Some(new.key.id);
                old.expires = Some(until);
                Ok(Some(old))
            }

            async fn revoke(
                &self,
                scope: &TenantScope,
                id_or_name: &str,
                at: Millis,
                entry: AuditEntry,
            ) -> Result<Option<ApiKey>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let Some(mut key) = keys::find(&mut transaction, scope.tenant(), id_or_name).await? else {
                    return Ok(None);
                };
                if keys::mark_revoked(&mut transaction, scope.tenant(), &key.id, at).await? {
                    audit::log(
                        &mut transaction,
                        self.main.audit_key()?,
                        scope.tenant(),
                        entry,
                    )
                    .await?;
                    main_db::commit(transaction).await?;
                    key.revoked = Some(at);
                }
                Ok(Some(key))
            }

            async fn used(&self, _: &SystemScope, used: &[(String, Millis)]) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                for (id, at) in used {
                    keys::mark_used(&mut transaction, id, *at).await?;
                }
                main_db::commit(transaction).await
            }

            async fn by_hash(&self, _: &SystemScope, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
                keys::by_hash(&mut *self.main.read().await?, hash).await
            }

            async fn list(&self, scope: &TenantScope) -> Result<Vec<ApiKey>, StoreError> {
                keys::list(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                )
                .await
            }
        }
    };
}

/// The port of the audit log, on anything that has a `main` database.
macro_rules! audits_port {
    ($store:ty) => {
        #[async_trait]
        impl Audits for $store {
            async fn record(&self, scope: &TenantScope, entry: AuditEntry) -> Result<(), StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                audit::log(
                    &mut transaction,
                    self.main.audit_key()?,
                    scope.tenant(),
                    entry,
                )
                .await?;
                main_db::commit(transaction).await
            }

            async fn audit(
                &self,
                scope: &TenantScope,
                query: AuditQuery,
            ) -> Result<Vec<SealedEntry>, StoreError> {
                audit::search(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    &query,
                )
                .await
            }

            async fn sealed(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                after: u64,
                limit: usize,
            ) -> Result<Vec<SealedEntry>, StoreError> {
                audit::chain(&mut *self.main.read().await?, tenant, after, limit).await
            }

            async fn reseal(&self, _: &SystemScope, entry: AuditEntry) -> Result<u64, StoreError> {
                let mut transaction = self.main.begin().await?;
                let resealed = audit::reseal(&mut transaction, self.main.audit_key()?, &entry).await?;
                main_db::commit(transaction).await?;
                Ok(resealed)
            }

            async fn heads(&self, _: &SystemScope) -> Result<Vec<AuditHead>, StoreError> {
                audit::heads(&mut *self.main.read().await?).await
            }
        }
    };
}

/// The live path's port, on anything that has a `main` database.
macro_rules! live_port {
    ($store:ty) => {
        #[async_trait]
        impl LiveStore for $store {
            async fn flush(&self, _: &SystemScope, flush: Flush) -> Result<(), StoreError> {
                self.main.flush(flush).await
            }

            async fn tenants(&self, _: &SystemScope) -> Result<Vec<TenantId>, StoreError> {
                live::tenants(&mut *self.main.read().await?).await
            }

            async fn checkpoint(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
            ) -> Result<Option<Checkpoint>, StoreError> {
                live::checkpoint(&mut *self.main.read().await?, tenant).await
            }

            async fn seconds(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
            ) -> Result<Vec<SecondRow>, StoreError> {
                live::seconds(&mut *self.main.read().await?, tenant).await
            }

            async fn partials(
                &self,
                scope: &TenantScope,
                rung: Rung,
                from: Millis,
                to: Millis,
            ) -> Result<Vec<PartialRow>, StoreError> {
                live::partials(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    rung,
                    from,
                    to,
                )
                .await
            }

            async fn transitions(
                &self,
                scope: &TenantScope,
                query: TransitionQuery,
            ) -> Result<Vec<TransitionRow>, StoreError> {
                live::transitions(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    &query,
                )
                .await
            }

            async fn keep_keyframe(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                keyframe: Keyframe,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                live::keep_keyframe(&mut transaction, tenant, &keyframe).await?;
                main_db::commit(transaction).await
            }

            async fn keyframe(
                &self,
                scope: &TenantScope,
                at: Millis,
            ) -> Result<Option<Keyframe>, StoreError> {
                live::keyframe(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    at,
                )
                .await
            }

            async fn first_keyframe(&self, scope: &TenantScope) -> Result<Option<Millis>, StoreError> {
                live::first_keyframe(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                )
                .await
            }

            async fn keyframe_usage(&self, _: &SystemScope) -> Result<Vec<(TenantId, u64)>, StoreError> {
                live::keyframe_usage(&mut *self.main.read().await?).await
            }

            async fn drop_keyframes(
                &self,
                _: &SystemScope,
                before: Millis,
                max_bytes: u64,
            ) -> Result<u64, StoreError> {
                let mut transaction = self.main.begin().await?;
                let dropped = live::drop_keyframes(&mut transaction, before, max_bytes).await?;
                main_db::commit(transaction).await?;
                Ok(dropped)
            }

            async fn ping(&self, _: &SystemScope) -> Result<(), StoreError> {
                self.main.ping().await
            }
        }
    };
}

/// The port of the rungs, on anything that has a `main` database.
macro_rules! rollups_port {
    ($store:ty) => {
        #[async_trait]
        impl Rollups for $store {
            async fn compact(&self, _: &SystemScope, compaction: Compaction) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                rollups::compact(&mut transaction, &compaction).await?;
                main_db::commit(transaction).await
            }

            async fn compacted(&self, _: &SystemScope, tenant: &TenantId) -> Result<u64, StoreError> {
                rollups::compacted(&mut *self.main.read().await?, tenant).await
            }

            async fn uncompacted(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
            ) -> Result<Vec<PartialRow>, StoreError> {
                rollups::uncompacted(&mut *self.main.read().await?, tenant).await
            }

            async fn chunks(
                &self,
                scope: &TenantScope,
                rung: Rung,
                from: Millis,
                to: Millis,
                parts: ChunkParts,
            ) -> Result<RollupRead, StoreError> {
                let mut connection = self.main.read_for(scope.tenant()).await?;
                rollups::chunks(&mut connection, scope.tenant(), rung, (from, to), parts).await
            }

            async fn chunk_heads(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                rung: Rung,
            ) -> Result<Vec<ChunkHead>, StoreError> {
                rollups::chunk_heads(&mut *self.main.read().await?, tenant, rung).await
            }

            async fn chunks_by_id(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                ids: &[u64],
            ) -> Result<Vec<Chunk>, StoreError> {
                rollups::chunks_by_id(&mut *self.main.read().await?, tenant, ids).await
            }

            async fn merge_chunks(&self, _: &SystemScope, merge: ChunkMerge) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                rollups::merge(&mut transaction, &merge).await?;
                main_db::commit(transaction).await
            }

            async fn drop_chunks(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                ids: &[u64],
            ) -> Result<u64, StoreError> {
                let mut freed = 0;
                for few in ids.chunks(crate::shared::CHUNKS_AT_ONCE) {
                    let mut transaction = self.main.begin().await?;
                    freed += rollups::drop_all(&mut transaction, tenant, few).await?;
                    main_db::commit(transaction).await?;
                }
                Ok(freed)
            }

            async fn rollup_usage(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
            ) -> Result<Vec<RungUsage>, StoreError> {
                rollups::usage(&mut *self.main.read().await?, tenant).await
            }
        }
    };
}

/// The journal port, on anything that has a `journal`.
macro_rules! journal_port {
    ($store:ty) => {
        #[async_trait]
        impl Journal for $store {
            async fn append(
                &self,
                _: &SystemScope,
                batches: Vec<NewBatch>,
            ) -> Result<Vec<Appended>, StoreError> {
                self.journal.append(batches).await
            }

            async fn read_after(
                &self,
                _: &SystemScope,
                after: Offset,
                limit: usize,
            ) -> Result<Vec<StoredBatch>, StoreError> {
                self.journal.read_after(after, limit).await
            }

            async fn read_before(
                &self,
                scope: &TenantScope,
                query: BatchQuery,
            ) -> Result<BatchPage, StoreError> {
                self.journal.read_before(scope.tenant(), &query).await
            }

            async fn guarded_before(
                &self,
                scope: &TenantScope,
                query: BatchQuery,
                breaker: &BreakerKey,
            ) -> Result<GuardedPage, StoreError> {
                self.journal
                    .guarded_before(scope.tenant(), &query, breaker)
                    .await
            }

            async fn head(&self, _: &SystemScope) -> Result<Offset, StoreError> {
                self.journal.head().await
            }

            async fn before_time(&self, _: &SystemScope, received: Millis) -> Result<Offset, StoreError> {
                self.journal.before_time(received).await
            }

            async fn remembered(
                &self,
                scope: &TenantScope,
                api_key: &str,
                key: &str,
                now: Millis,
            ) -> Result<Option<Remembered>, StoreError> {
                self.journal
                    .remembered(scope.tenant(), api_key, key, now)
                    .await
            }

            async fn retain(
                &self,
                _: &SystemScope,
                before: Millis,
                max_bytes: u64,
                now: Millis,
            ) -> Result<u64, StoreError> {
                self.journal.retain(before, max_bytes, now).await
            }

            async fn usage(&self, _: &SystemScope) -> Result<JournalUsage, StoreError> {
                self.journal.usage().await
            }

            async fn stored(&self, _: &SystemScope) -> Result<Vec<(TenantId, u64)>, StoreError> {
                self.journal.stored().await
            }
        }
    };
}

pub(crate) use {audits_port, journal_port, keys_port, live_port, rollups_port};
