//! Rules of alerts, and the defaults among them.

use domain::alert::MAX_RULES;

use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::{Alerts, RuleDraft, StoreError, StoredRule};

pub(super) fn draft(name: &str) -> RuleDraft {
    RuleDraft {
        name: name.into(),
        body: format!("{{\"name\":\"{name}\",\"about\":\"Größe\"}}"),
        at: NOON,
        by: "account:ada".into(),
    }
}

pub(super) async fn create(subject: &impl Subject, slug: &str, name: &str) -> Result<StoredRule, StoreError> {
    let entry = audit("rule.create", name);
    subject
        .store()
        .create_rule(&scope(slug), draft(name), entry)
        .await
}

pub(super) async fn rules(subject: &impl Subject, slug: &str) -> Vec<StoredRule> {
    let rules = subject.store().rules(&scope(slug)).await;
    rules.expect("rules can be read")
}

async fn change_rule(
    subject: &impl Subject,
    slug: &str,
    known: (u64, u64),
    draft: RuleDraft,
) -> Result<Option<StoredRule>, StoreError> {
    let entry = audit("rule.change", "1");
    subject
        .store()
        .change_rule(&scope(slug), known, draft, entry)
        .await
}

async fn delete(subject: &impl Subject, slug: &str, id: u64) -> Option<StoredRule> {
    let entry = audit("rule.delete", "1");
    let deleted = subject
        .store()
        .delete_rule(&scope(slug), id, NOON + 6, entry)
        .await;
    deleted.expect("rules can be deleted")
}

/// Every field; changed and removed; each logged; also after reopening.
pub async fn rules_come_back_exactly(subject: &mut impl Subject) {
    let made = create(subject, "acme", "p95 – Größe").await.expect("no error");
    let stamp = (NOON, "account:ada".to_owned());
    assert_eq!((made.id, made.version, made.origin.as_str()), (1, 1, ""));
    assert_eq!(
        (made.created.clone(), made.changed.clone()),
        (stamp.clone(), stamp.clone())
    );
    assert_eq!(made.body, draft("p95 – Größe").body);
    subject.reopen().await;
    assert_eq!(rules(subject, "acme").await, std::slice::from_ref(&made));
    let next = RuleDraft {
        at: NOON + 5,
        by: "account:bob".into(),
        ..draft("p99")
    };
    let changed = change_rule(subject, "acme", (1, 1), next).await;
    let changed = changed.expect("no error").expect("it is there");
    assert_eq!((changed.version, changed.name.as_str()), (2, "p99"));
    assert_eq!(changed.created, stamp);
    assert_eq!(changed.changed, (NOON + 5, "account:bob".to_owned()));
    assert_eq!(rules(subject, "acme").await, std::slice::from_ref(&changed));
    assert_eq!(delete(subject, "acme", 1).await, Some(changed));
    assert_eq!(rules(subject, "acme").await, []);
    for gone in [1, 2] {
        assert_eq!(delete(subject, "acme", gone).await, None);
        let changed = change_rule(subject, "acme", (gone, 2), draft("x")).await;
        assert_eq!(changed.expect("no error"), None);
    }
    let second = create(subject, "acme", "p99").await.expect("no error");
    assert_eq!(second.id, 2, "a number is never given twice");
    let actions: Vec<String> = log(subject, "acme")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(
        actions,
        ["rule.create", "rule.delete", "rule.change", "rule.create"]
    );
}

/// One rule has a name at a time; a refusal writes nothing.
pub async fn a_rules_name_is_its_own(subject: &mut impl Subject) {
    create(subject, "acme", "one").await.expect("no error");
    create(subject, "acme", "two").await.expect("no error");
    is_conflict(create(subject, "acme", "one").await);
    is_conflict(change_rule(subject, "acme", (2, 1), draft("one")).await);
    let same = change_rule(subject, "acme", (2, 1), draft("two")).await;
    assert!(same.expect("no error").is_some(), "its own name");
    assert_eq!(log(subject, "acme").await.len(), 3);
}

/// The first of two who change it wins.
pub async fn a_rule_that_changed_meanwhile_is_not_overwritten(subject: &mut impl Subject) {
    create(subject, "acme", "one").await.expect("no error");
    let subject = &*subject;
    let change = |name: &str| change_rule(subject, "acme", (1, 1), draft(name));
    let (first, second) = futures::join!(change("first"), change("second"));
    assert_eq!(
        first.is_ok() as u8 + second.is_ok() as u8,
        1,
        "{first:?} {second:?}"
    );
    is_conflict(if first.is_ok() { second } else { first });
    assert_eq!(rules(subject, "acme").await[0].version, 2);
}

/// Made for each tenant, once, whatever became of them; a name that is taken stays with who has it.
pub async fn defaults_are_made_once_and_do_not_come_back(subject: &mut impl Subject) {
    create(subject, "acme", "taken").await.expect("no error");
    let defaults = [
        ("a", draft("first")),
        ("b", draft("taken")),
        ("c", draft("third")),
    ];
    let seed = async |subject: &_, slug: &str| seed(subject, slug, &defaults).await;
    assert_eq!(seed(&*subject, "acme").await, 2);
    assert_eq!(seed(&*subject, "acme").await, 0);
    let origins: Vec<(String, String)> = rules(subject, "acme")
        .await
        .into_iter()
        .map(|rule| (rule.origin, rule.name))
        .collect();
    let pair = |origin: &str, name: &str| (origin.to_owned(), name.to_owned());
    assert_eq!(
        origins,
        [pair("", "taken"), pair("a", "first"), pair("c", "third")]
    );
    delete(subject, "acme", 2).await.expect("it is there");
    subject.reopen().await;
    assert_eq!(seed(&*subject, "acme").await, 0, "it does not come back");
    assert_eq!(rules(subject, "acme").await.len(), 2);
    assert_eq!(seed(&*subject, "globex").await, 3);
    assert_eq!(log(subject, "acme").await.len(), 2, "nobody asked for defaults");
}

async fn seed(subject: &impl Subject, slug: &str, defaults: &[(&str, RuleDraft)]) -> usize {
    let seeded = subject
        .store()
        .seed_rules(&system(), &tenant(slug), defaults)
        .await;
    seeded.expect("defaults can be made")
}

/// Those that were deleted do not count.
pub async fn rules_have_a_limit(subject: &mut impl Subject) {
    let names: Vec<String> = (0..MAX_RULES).map(|n| format!("rule {n}")).collect();
    let many: Vec<(&str, RuleDraft)> = names.iter().map(|name| (name.as_str(), draft(name))).collect();
    assert_eq!(seed(subject, "acme", &many).await, MAX_RULES);
    is_conflict(create(subject, "acme", "one more").await);
    delete(subject, "acme", 5).await.expect("it is there");
    create(subject, "acme", "one more").await.expect("no error");
}
