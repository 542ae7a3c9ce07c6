//! The port of addresses for strangers, stamped once per adapter, as in [`super::ports`].

/// The port, on anything that has a `main` database.
macro_rules! shares_port {
    ($store:ty) => {
        #[async_trait]
        impl Shares for $store {
            async fn create_shared(
                &self,
                scope: &TenantScope,
                kind: DocumentKind,
                draft: DocumentDraft,
                hash: ShareHash,
                entry: AuditEntry,
            ) -> Result<StoredDocument, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let document = documents::create(&mut transaction, scope.tenant(), kind, &draft).await?;
                let named = (kind, document.id);
                shares::insert(&mut transaction, scope.tenant(), named, &hash, draft.at).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(document)
            }

            async fn change_shared(
                &self,
                scope: &TenantScope,
                kind: DocumentKind,
                known: (u64, u64),
                draft: DocumentDraft,
                hash: ShareHash,
                entry: AuditEntry,
            ) -> Result<Option<StoredDocument>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let document =
                    documents::change(&mut transaction, scope.tenant(), kind, known, &draft).await?;
                if document.is_some() {
                    shares::change(&mut transaction, scope.tenant(), (kind, known.0), &hash).await?;
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(document)
            }

            async fn delete_shared(
                &self,
                scope: &TenantScope,
                kind: DocumentKind,
                id: u64,
                at: Millis,
                entry: AuditEntry,
            ) -> Result<Option<StoredDocument>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let document = documents::delete(&mut transaction, scope.tenant(), kind, id, at).await?;
                if document.is_some() {
                    shares::delete(&mut transaction, scope.tenant(), (kind, id)).await?;
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(document)
            }

            async fn share_links(
                &self,
                scope: &TenantScope,
                kind: DocumentKind,
            ) -> Result<Vec<ShareLink>, StoreError> {
                shares::list(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    kind,
                )
                .await
            }

            async fn share_by_hash(
                &self,
                _: &SystemScope,
                hash: &ShareHash,
            ) -> Result<Option<ShareLink>, StoreError> {
                shares::by_hash(&mut *self.main.read().await?, hash).await
            }

            async fn share_opened(
                &self,
                scope: &TenantScope,
                link: &ShareLink,
                at: Millis,
                day: Millis,
                entry: AuditEntry,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                let first = shares::opened(&mut transaction, scope.tenant(), link, at, day).await?;
                if first {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                } else {
                    main_db::commit(transaction).await?;
                }
                Ok(())
            }
        }
    };
}

pub(crate) use shares_port;
