//! Documents: they come back as they were given, by kind and tenant.

use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope};
use crate::{DocumentDraft, DocumentKind, Documents, StoredDocument};

fn draft(name: &str) -> DocumentDraft {
    DocumentDraft {
        name: name.into(),
        body: format!("{{\"about\":\"Größe {name}\"}}"),
        at: NOON,
        by: "account:ada".into(),
    }
}

async fn create(subject: &impl Subject, slug: &str, kind: DocumentKind, name: &str) -> StoredDocument {
    let entry = audit("duty.create", name);
    let made = subject
        .store()
        .create_document(&scope(slug), kind, draft(name), entry)
        .await;
    made.expect("it is stored")
}

async fn all(subject: &impl Subject, slug: &str, kind: DocumentKind) -> Vec<StoredDocument> {
    let found = subject.store().documents(&scope(slug), kind).await;
    found.expect("they can be read")
}

/// A document comes back as it was given, changes with its version, and its number is not given twice.
pub async fn documents_come_back_and_change(subject: &mut impl Subject) {
    let kind = DocumentKind::Schedule;
    let first = create(subject, "a", kind, "Primary").await;
    assert_eq!((first.id, first.version), (1, 1));
    assert_eq!(first.created, (NOON, "account:ada".into()));
    create(subject, "a", kind, "Secondary").await;
    subject.reopen().await;
    let stored = all(subject, "a", kind).await;
    assert_eq!(stored[0], first);
    assert_eq!(stored.len(), 2);
    let here = scope("a");
    let change = |known, name: &str| {
        let other = DocumentDraft {
            at: NOON + 1,
            by: "account:bob".into(),
            ..draft(name)
        };
        subject
            .store()
            .change_document(&here, kind, known, other, audit("duty.change", "1"))
    };
    is_conflict(change((1, 2), "Days").await);
    is_conflict(change((1, 1), "Secondary").await);
    assert_eq!(change((9, 1), "Days").await.expect("the store answers"), None);
    let changed = change((1, 1), "Days")
        .await
        .expect("it is changed")
        .expect("it is there");
    assert_eq!((changed.version, changed.name.as_str()), (2, "Days"));
    assert_eq!(changed.changed, (NOON + 1, "account:bob".into()));
    assert_eq!(changed.created, first.created);
    let store = subject.store();
    is_conflict(
        store
            .create_document(&here, kind, draft("Days"), audit("duty.create", "x"))
            .await,
    );
    let removed = store
        .delete_document(&here, kind, 2, NOON + 2, audit("duty.remove", "2"))
        .await;
    assert_eq!(removed.expect("it is removed").expect("it was there").id, 2);
    let again = store
        .delete_document(&here, kind, 2, NOON + 3, audit("duty.remove", "2"))
        .await;
    assert_eq!(again.expect("the store answers"), None);
    assert_eq!(
        create(subject, "a", kind, "Secondary").await.id,
        3,
        "its name is free, its number not"
    );
    assert_eq!(log(subject, "a").await.len(), 5, "what was refused is not logged");
}

/// Kinds and tenants have numbers and names of their own.
pub async fn documents_of_kinds_and_tenants_are_apart(subject: &mut impl Subject) {
    for kind in DocumentKind::ALL {
        assert_eq!(create(subject, "a", kind, "Nights").await.id, 1);
    }
    assert_eq!(create(subject, "b", DocumentKind::Schedule, "Nights").await.id, 1);
    create(subject, "b", DocumentKind::Schedule, "Days").await;
    assert_eq!(all(subject, "a", DocumentKind::Schedule).await.len(), 1);
    assert_eq!(all(subject, "b", DocumentKind::Schedule).await.len(), 2);
    assert_eq!(all(subject, "b", DocumentKind::Responder).await.len(), 0);
    let other = subject
        .store()
        .delete_document(
            &scope("b"),
            DocumentKind::Responder,
            1,
            NOON,
            audit("duty.remove", "1"),
        )
        .await;
    assert_eq!(other.expect("the store answers"), None);
}
