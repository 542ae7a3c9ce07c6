//! What was refused, for the audit log: counted, and written once a minute, so that nobody can fill the log by asking.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use engine::Clock;
use parking_lot::Mutex;
use store::{AuditEntry, Audits, TenantId};
use tokio_util::sync::CancellationToken;

use super::scope_of;

/// How often what was refused is written.
const WRITTEN: Duration = Duration::from_secs(60);
/// Different refusals a minute; those beyond are told as a number.
const DIFFERENT: usize = 256;

/// One kind of refusal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Denial {
    /// In whose log it is told.
    pub tenant: TenantId,
    /// `account:…`, `key:…`, or `anyone`.
    pub actor: String,
    /// An IP address, or empty.
    pub address: String,
    /// `access.denied`, `session.denied`.
    pub action: &'static str,
    /// Which route, or which account.
    pub target: String,
}

/// Counts refusals.
pub struct Denials {
    audits: Arc<dyn Audits>,
    clock: Clock,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    kinds: HashMap<Denial, u64>,
    beyond: u64,
}

impl Denials {
    /// Writes into this log.
    pub fn new(audits: Arc<dyn Audits>, clock: Clock) -> Denials {
        Denials {
            audits,
            clock,
            counted: Mutex::default(),
        }
    }

    /// Counts one.
    pub fn note(&self, denial: Denial) {
        let mut counted = self.counted.lock();
        if let Some(times) = counted.kinds.get_mut(&denial) {
            *times += 1;
        } else if counted.kinds.len() < DIFFERENT {
            counted.kinds.insert(denial, 1);
        } else {
            counted.beyond += 1;
        }
    }

    /// Writes what was counted, once a minute and at the end.
    pub async fn keep(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(WRITTEN) => {}
                () = stop.cancelled() => {}
            }
            self.write().await;
            if stop.is_cancelled() {
                return;
            }
        }
    }

    /// Writes what was counted until now.
    pub async fn write(&self) {
        let counted = std::mem::take(&mut *self.counted.lock());
        let mut kinds: Vec<(Denial, u64)> = counted.kinds.into_iter().collect();
        kinds.sort_by(|(a, _), (b, _)| (&a.actor, &a.target).cmp(&(&b.actor, &b.target)));
        let at = self.clock.now();
        for (denial, times) in kinds {
            let entry = AuditEntry {
                at,
                actor: denial.actor,
                address: denial.address,
                action: denial.action.into(),
                target: denial.target,
                detail: format!("{times} within a minute"),
            };
            self.record(denial.tenant, entry).await;
        }
        if counted.beyond > 0 {
            let entry = AuditEntry {
                at,
                actor: "system".into(),
                action: "access.denied".into(),
                detail: format!("{} more, of further senders or routes", counted.beyond),
                ..AuditEntry::default()
            };
            self.record(TenantId::default_tenant(), entry).await;
        }
    }

    async fn record(&self, tenant: TenantId, entry: AuditEntry) {
        if let Err(error) = self.audits.record(&scope_of(tenant), entry).await {
            tracing::warn!(%error, "a refusal could not be written to the audit log");
        }
    }
}

#[cfg(test)]
mod tests {
    use store::AuditQuery;
    use store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn refusals_are_counted_and_bounded() {
        let store = Arc::new(MemoryStore::new());
        let denials = Denials::new(store.clone(), Clock::system());
        let denial = |target: String| Denial {
            tenant: TenantId::default_tenant(),
            actor: "anyone".into(),
            address: "192.0.2.1".into(),
            action: "access.denied",
            target,
        };
        for _ in 0..3 {
            for n in 0..10_000 {
                denials.note(denial(format!("GET /{n}")));
            }
        }
        denials.write().await;
        denials.write().await;
        let query = AuditQuery {
            limit: 10_000,
            ..AuditQuery::default()
        };
        let scope = scope_of(TenantId::default_tenant());
        let entries = store.audit(&scope, query).await.unwrap();
        assert_eq!(entries.len(), DIFFERENT + 1);
        assert_eq!(entries[1].entry.detail, "3 within a minute");
        let beyond = 3 * (10_000 - DIFFERENT);
        assert!(
            entries[0].entry.detail.starts_with(&beyond.to_string()),
            "{:?}",
            entries[0]
        );
    }
}
