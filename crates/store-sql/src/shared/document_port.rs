//! The port of documents, stamped once per adapter, as in [`super::ports`].

/// The port, on anything that has a `main` database.
macro_rules! documents_port {
    ($store:ty) => {
        #[async_trait]
        impl Documents for $store {
            async fn documents(
                &self,
                scope: &TenantScope,
                kind: DocumentKind,
            ) -> Result<Vec<StoredDocument>, StoreError> {
                documents::all(
                    &mut *self.main.read_for(scope.tenant()).await?,
                    scope.tenant(),
                    kind,
                )
                .await
            }

            async fn create_document(
                &self,
                scope: &TenantScope,
                kind: DocumentKind,
                draft: DocumentDraft,
                entry: AuditEntry,
            ) -> Result<StoredDocument, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let document = documents::create(&mut transaction, scope.tenant(), kind, &draft).await?;
                crate::shared::logged!(self, transaction, scope.tenant(), entry);
                Ok(document)
            }

            async fn change_document(
                &self,
                scope: &TenantScope,
                kind: DocumentKind,
                known: (u64, u64),
                draft: DocumentDraft,
                entry: AuditEntry,
            ) -> Result<Option<StoredDocument>, StoreError> {
                let mut transaction = self.main.begin_for(scope.tenant()).await?;
                main_db::lock_alerts(&mut transaction, scope.tenant()).await?;
                let document =
                    documents::change(&mut transaction, scope.tenant(), kind, known, &draft).await?;
                if document.is_some() {
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(document)
            }

            async fn delete_document(
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
                    crate::shared::logged!(self, transaction, scope.tenant(), entry);
                }
                Ok(document)
            }
        }
    };
}

pub(crate) use documents_port;
