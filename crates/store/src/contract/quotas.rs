//! What a tenant may use, where it is something else than usual.

use super::accounts::{actions, create, make_tenant};
use super::samples::audit;
use super::{Subject, system, tenant};
use crate::{Accounts, Quota, Role, TenantId};

async fn quotas(subject: &impl Subject) -> Vec<(TenantId, Quota)> {
    subject.store().quotas(&system()).await.expect("readable")
}

async fn set(subject: &impl Subject, slug: &str, quota: Quota) -> Option<Quota> {
    let entry = audit("tenant.quota", slug);
    let set = subject
        .store()
        .set_quota(&system(), &tenant(slug), quota, entry)
        .await;
    set.expect("it is written")
}

/// It belongs to one tenant, says what was before it, and is written to that tenant's log.
pub async fn a_quota_is_given_and_taken_away(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    make_tenant(subject, "acme", "ada").await;
    assert_eq!(quotas(subject).await, []);
    let large = Quota {
        events_per_second: Some(0),
        series: Some(Quota::MOST_SERIES),
        stored_mib: Some(Quota::MOST_MIB),
    };
    let small = Quota {
        series: Some(7),
        ..Quota::default()
    };
    assert_eq!(set(subject, "default", small).await, Some(Quota::default()));
    assert_eq!(set(subject, "acme", large).await, Some(Quota::default()));
    assert_eq!(
        set(subject, "nobody", small).await,
        None,
        "there is no such tenant"
    );
    subject.reopen().await;
    let both = [(tenant("acme"), large), (tenant("default"), small)];
    assert_eq!(quotas(subject).await, both);
    assert_eq!(set(subject, "acme", small).await, Some(large));
    assert_eq!(set(subject, "default", Quota::default()).await, Some(small));
    assert_eq!(quotas(subject).await, [(tenant("acme"), small)]);
    let log = actions(subject, "acme").await;
    assert_eq!(log, ["tenant.create", "tenant.quota", "tenant.quota"]);
}
