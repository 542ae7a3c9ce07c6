//! Addresses for strangers: found by their hash alone, one of the installation, gone with their document.

use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system};
use crate::{DocumentDraft, DocumentKind, Documents, ShareHash, Shares, StoredDocument};

const KIND: DocumentKind = DocumentKind::Share;
const DAY: i64 = 86_400_000;

fn draft(name: &str) -> DocumentDraft {
    DocumentDraft {
        name: name.into(),
        body: "{}".into(),
        at: NOON,
        by: "account:ada".into(),
    }
}

async fn create(subject: &impl Subject, slug: &str, name: &str, hash: ShareHash) -> StoredDocument {
    let made = subject
        .store()
        .create_shared(&scope(slug), KIND, draft(name), hash, audit("share.create", name))
        .await;
    made.expect("it is stored")
}

/// An address leads to its document until that is removed, and follows it to another address.
pub async fn a_shared_document_is_found_by_its_address(subject: &mut impl Subject) {
    let made = create(subject, "a", "Board", [1; 32]).await;
    subject.reopen().await;
    let store = subject.store();
    let find = async |hash: ShareHash| store.share_by_hash(&system(), &hash).await.expect("it answers");
    let link = find([1; 32]).await.expect("it is there");
    assert_eq!(
        (link.tenant.as_str(), link.kind, link.document),
        ("a", KIND, made.id)
    );
    assert_eq!((link.created, link.opened), (NOON, None));
    assert_eq!(find([2; 32]).await, None);
    let here = scope("a");
    let changed = store
        .change_shared(
            &here,
            KIND,
            (made.id, 1),
            draft("Other"),
            [2; 32],
            audit("share.change", "1"),
        )
        .await;
    assert_eq!(changed.expect("it is changed").expect("it is there").version, 2);
    assert_eq!(find([1; 32]).await, None);
    assert!(find([2; 32]).await.is_some());
    assert_eq!(store.share_links(&here, KIND).await.expect("it answers").len(), 1);
    assert!(
        store
            .share_links(&scope("b"), KIND)
            .await
            .expect("it answers")
            .is_empty()
    );
    let foreign = store
        .delete_shared(&scope("b"), KIND, made.id, NOON, audit("share.remove", "1"))
        .await;
    assert_eq!(foreign.expect("it answers"), None);
    let deleted = store
        .delete_shared(&here, KIND, made.id, NOON, audit("share.remove", "1"))
        .await;
    assert!(deleted.expect("it is removed").is_some());
    assert_eq!(find([2; 32]).await, None);
    assert_eq!(log(subject, "a").await.len(), 3);
}

/// No two tenants have the same address, and who is refused has left nothing behind.
pub async fn an_address_is_one_of_the_installation(subject: &mut impl Subject) {
    create(subject, "a", "Board", [1; 32]).await;
    let second = create(subject, "b", "Other", [2; 32]).await;
    let store = subject.store();
    let there = scope("b");
    is_conflict(
        store
            .create_shared(&there, KIND, draft("Board"), [1; 32], audit("share.create", "x"))
            .await,
    );
    is_conflict(
        store
            .change_shared(
                &there,
                KIND,
                (second.id, 1),
                draft("Own"),
                [1; 32],
                audit("share.change", "1"),
            )
            .await,
    );
    let documents = store.documents(&there, KIND).await.expect("it answers");
    assert_eq!(documents, [second], "nothing was written");
    let link = store
        .share_by_hash(&system(), &[1; 32])
        .await
        .expect("it answers");
    assert_eq!(link.expect("it is there").tenant.as_str(), "a");
    assert_eq!(log(subject, "b").await.len(), 1);
}

/// Of a day the first opening is in the log, and the last is noted.
pub async fn the_first_opening_of_a_day_is_logged(subject: &mut impl Subject) {
    create(subject, "a", "Board", [1; 32]).await;
    for (at, day, entries) in [
        (NOON, NOON - DAY / 2, 2),
        (NOON + 5, NOON - DAY / 2, 2),
        (NOON + 3, NOON - DAY / 2, 2),
        (NOON + DAY, NOON + DAY / 2, 3),
    ] {
        let link = subject.store().share_by_hash(&system(), &[1; 32]).await;
        let link = link.expect("it answers").expect("it is there");
        let noted = subject
            .store()
            .share_opened(&scope("a"), &link, at, day, audit("share.open", "1"))
            .await;
        noted.expect("it is noted");
        assert_eq!(log(subject, "a").await.len(), entries, "{at}");
    }
    let links = subject
        .store()
        .share_links(&scope("a"), KIND)
        .await
        .expect("it answers");
    assert_eq!(links[0].opened, Some(NOON + DAY));
}
