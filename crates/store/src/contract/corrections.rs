//! Corrections of the record: made, undone, and how far an erasure is.

use domain::alert::Who;

use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::{
    CorrectionDraft, CorrectionKind, CorrectionState, Corrections, ErasureStep, StoreError, StoredCorrection,
};

fn draft(kind: CorrectionKind, body: &str) -> CorrectionDraft {
    CorrectionDraft {
        kind,
        body: body.into(),
        words: "a drill – Größe".into(),
        at: NOON,
        by: Who {
            id: "account:ada".into(),
            name: "Ada – Größe".into(),
        },
    }
}

pub(super) async fn make(
    subject: &impl Subject,
    slug: &str,
    kind: CorrectionKind,
    body: &str,
) -> Result<StoredCorrection, StoreError> {
    let entry = audit(&format!("record.{}", kind.as_str()), body);
    subject
        .store()
        .make_correction(&scope(slug), draft(kind, body), entry)
        .await
}

async fn undo(
    subject: &impl Subject,
    slug: &str,
    known: (u64, u64),
) -> Result<Option<StoredCorrection>, StoreError> {
    let by = (NOON + 5, "Bob".to_owned());
    subject
        .store()
        .undo_correction(&scope(slug), known, by, audit("record.undo", "1"))
        .await
}

async fn step(
    subject: &impl Subject,
    slug: &str,
    id: u64,
    state: CorrectionState,
    logged: bool,
) -> Result<(), StoreError> {
    let step = ErasureStep {
        id,
        state,
        body: "{}".into(),
        outcome: "{\"events\":3}".into(),
        at: NOON + 9,
    };
    let entry = logged.then(|| audit("record.erased", "1"));
    subject
        .store()
        .step_erasure(&system(), &tenant(slug), step, entry)
        .await
}

async fn found(subject: &impl Subject, slug: &str, id: u64) -> Option<StoredCorrection> {
    let found = subject.store().correction(&scope(slug), id).await;
    found.expect("a correction can be read")
}

async fn open(subject: &impl Subject) -> Vec<(String, u64)> {
    let open = subject.store().open_corrections(&system()).await;
    let open = open.expect("corrections can be read").into_iter();
    open.map(|(tenant, stored)| (tenant.to_string(), stored.id))
        .collect()
}

/// Every field; logged; also after reopening.
pub async fn corrections_come_back_exactly(subject: &mut impl Subject) {
    let hidden = make(subject, "acme", CorrectionKind::Hide, "b_1")
        .await
        .expect("made");
    let wanted = StoredCorrection {
        id: 1,
        version: 1,
        kind: CorrectionKind::Hide,
        state: CorrectionState::InForce,
        body: "b_1".into(),
        words: "a drill – Größe".into(),
        made: NOON,
        made_by: draft(CorrectionKind::Hide, "").by,
        ended: None,
        outcome: String::new(),
    };
    assert_eq!(hidden, wanted);
    let forgotten = make(subject, "acme", CorrectionKind::Forget, "b_2")
        .await
        .expect("made");
    subject.reopen().await;
    let all = subject.store().corrections(&scope("acme"), None, 10).await;
    assert_eq!(all.expect("readable"), [forgotten.clone(), wanted.clone()]);
    let older = subject.store().corrections(&scope("acme"), Some(2), 10).await;
    assert_eq!(older.expect("readable"), [wanted]);
    let one = subject.store().corrections(&scope("acme"), None, 1).await;
    assert_eq!(one.expect("readable"), [forgotten]);
    assert_eq!(found(subject, "acme", 3).await, None);
    let actions: Vec<String> = log(subject, "acme")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["record.forget", "record.hide"]);
}

/// Once, by whoever saw it as it is.
pub async fn a_correction_is_undone_once(subject: &mut impl Subject) {
    make(subject, "acme", CorrectionKind::Hide, "b_1")
        .await
        .expect("made");
    assert_eq!(undo(subject, "acme", (2, 1)).await.expect("no error"), None);
    is_conflict(undo(subject, "acme", (1, 2)).await);
    assert_eq!(open(subject).await, [("acme".to_owned(), 1)]);
    let undone = undo(subject, "acme", (1, 1))
        .await
        .expect("no error")
        .expect("there");
    assert_eq!((undone.state, undone.version), (CorrectionState::Undone, 2));
    assert_eq!(undone.ended, Some((NOON + 5, "Bob".into())));
    is_conflict(undo(subject, "acme", (1, 2)).await);
    assert_eq!(open(subject).await, []);
    assert_eq!(
        log(subject, "acme").await.len(),
        2,
        "what was refused is not logged"
    );
}

/// Of every kind that can be undone: in force after reopening, also beside an erasure, and gone from what is open once undone.
pub async fn marks_and_names_hold_until_they_are_undone(subject: &mut impl Subject) {
    let body = "{\"what\":\"model größer → groß\",\"from\":1,\"to\":2}";
    for kind in [CorrectionKind::Uncount, CorrectionKind::Rename] {
        let made = make(subject, "acme", kind, body).await.expect("made");
        assert_eq!((made.kind, made.state), (kind, CorrectionState::InForce));
    }
    make(subject, "acme", CorrectionKind::Erase, "anna")
        .await
        .expect("made");
    subject.reopen().await;
    let kinds = [CorrectionKind::Uncount, CorrectionKind::Rename];
    for (id, kind) in (1..).zip(kinds) {
        let stored = found(subject, "acme", id).await.expect("there");
        assert_eq!((stored.kind, stored.body.as_str()), (kind, body));
    }
    let all = |ids: &[u64]| ids.iter().map(|id| ("acme".to_owned(), *id)).collect::<Vec<_>>();
    assert_eq!(open(subject).await, all(&[1, 2, 3]));
    for id in [1, 2] {
        let undone = undo(subject, "acme", (id, 1)).await.expect("no error");
        assert_eq!(undone.expect("there").state, CorrectionState::Undone);
    }
    assert_eq!(open(subject).await, all(&[3]));
}

/// Running, cleaning, done; the next can begin only then, and it cannot be undone.
pub async fn an_erasure_ends_before_the_next_begins(subject: &mut impl Subject) {
    let made = make(subject, "acme", CorrectionKind::Erase, "anna")
        .await
        .expect("made");
    assert_eq!(made.state, CorrectionState::Running);
    is_conflict(make(subject, "acme", CorrectionKind::Erase, "bert").await);
    make(subject, "other", CorrectionKind::Erase, "anna")
        .await
        .expect("of another tenant");
    is_conflict(undo(subject, "acme", (1, 1)).await);
    make(subject, "acme", CorrectionKind::Hide, "b_1")
        .await
        .expect("made");
    is_conflict(step(subject, "acme", 2, CorrectionState::Done, false).await);
    step(subject, "acme", 1, CorrectionState::Cleaning, false)
        .await
        .expect("a step");
    subject.reopen().await;
    let cleaning = found(subject, "acme", 1).await.expect("there");
    assert_eq!(
        (cleaning.state, cleaning.body.as_str()),
        (CorrectionState::Cleaning, "{}")
    );
    assert_eq!(
        (cleaning.ended, cleaning.outcome.as_str()),
        (None, "{\"events\":3}")
    );
    is_conflict(make(subject, "acme", CorrectionKind::Erase, "bert").await);
    step(subject, "acme", 1, CorrectionState::Done, true)
        .await
        .expect("a step");
    let done = found(subject, "acme", 1).await.expect("there");
    assert_eq!(done.ended, Some((NOON + 9, "system".into())));
    is_conflict(step(subject, "acme", 1, CorrectionState::Done, false).await);
    make(subject, "acme", CorrectionKind::Erase, "bert")
        .await
        .expect("made");
    let actions: Vec<String> = log(subject, "acme")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(
        actions,
        ["record.erase", "record.erased", "record.hide", "record.erase"]
    );
}

/// Numbers start anew; nobody finds another's.
pub async fn corrections_of_tenants_are_apart(subject: &mut impl Subject) {
    make(subject, "acme", CorrectionKind::Hide, "b_1")
        .await
        .expect("made");
    assert_eq!(found(subject, "other", 1).await, None);
    assert_eq!(undo(subject, "other", (1, 1)).await.expect("no error"), None);
    let none = subject.store().corrections(&scope("other"), None, 10).await;
    assert_eq!(none.expect("readable"), []);
    is_conflict(step(subject, "other", 1, CorrectionState::Done, false).await);
    assert_eq!(
        make(subject, "other", CorrectionKind::Hide, "b_1")
            .await
            .expect("made")
            .id,
        1
    );
}
