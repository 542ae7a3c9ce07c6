//! How many events a tenant may send per second (`limits.events_per_second`), so that one tenant's flood is not the
//! others' outage.
//!
//! A token bucket of ten seconds: a tenant that was quiet may burst. What a batch holds is known only after it was read,
//! so it is charged when it was taken in, and a tenant in debt waits until it is paid off. Refused is a whole batch, and
//! nothing of it is kept: the sender sends the same again.
//!
//! Deliberately absent: a count over replicas; each counts for itself.

use std::collections::HashMap;

use axum::http::StatusCode;
use parking_lot::Mutex;
use protocol::limits::{Limit, LimitUnit};
use store::TenantId;
use tokio::time::Instant;

use super::problem::Problem;

/// Seconds of quiet that may be sent at once.
const BURST_S: f64 = 10.0;
/// Events per second are told over so long, seconds.
const TOLD_S: f64 = 10.0;

/// What each tenant has sent lately.
#[derive(Debug, Default)]
pub struct Quotas {
    /// Events per second; no limit when it is 0.
    per_second: u32,
    tenants: Mutex<HashMap<TenantId, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Events that may be sent; below zero is debt.
    tokens: f64,
    /// Events per second, as an average that forgets in about ten seconds.
    rate: f64,
    at: Instant,
}

impl Bucket {
    fn new(per_second: u32, now: Instant) -> Bucket {
        Bucket {
            tokens: f64::from(per_second) * BURST_S,
            rate: 0.0,
            at: now,
        }
    }

    fn turn(&mut self, per_second: u32, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let most = f64::from(per_second) * BURST_S;
        self.tokens = (self.tokens + passed * f64::from(per_second)).min(most);
        self.rate *= (-passed / TOLD_S).exp();
        self.at = now;
    }

    fn charge(&mut self, events: f64) {
        self.tokens -= events;
        self.rate += events / TOLD_S;
    }

    /// Until something may be sent, whole seconds.
    fn wait_s(&self, per_second: u32) -> Option<u32> {
        (self.tokens < 1.0).then(|| {
            let seconds = (1.0 - self.tokens) / f64::from(per_second);
            seconds.ceil().clamp(1.0, 3_600.0) as u32
        })
    }
}

impl Quotas {
    /// With this many events per second for each tenant; 0 is no limit.
    pub fn new(per_second: u32) -> Quotas {
        Quotas {
            per_second,
            tenants: Mutex::default(),
        }
    }

    /// Whether a tenant may send.
    ///
    /// # Errors
    /// 429, with the seconds to wait.
    pub fn check(&self, tenant: &TenantId) -> Result<(), Problem> {
        self.check_at(tenant, Instant::now())
    }

    fn check_at(&self, tenant: &TenantId, now: Instant) -> Result<(), Problem> {
        if self.per_second == 0 {
            return Ok(());
        }
        let mut tenants = self.tenants.lock();
        let Some(bucket) = tenants.get_mut(tenant) else {
            return Ok(());
        };
        bucket.turn(self.per_second, now);
        match bucket.wait_s(self.per_second) {
            None => Ok(()),
            Some(seconds) => Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "over-quota",
                "The tenant sends more than it may",
                format!(
                    "This tenant may send {} events per second (limits.events_per_second) and has sent more; nothing \
                     was kept. Send the same again in {seconds} s.",
                    self.per_second
                ),
            )
            .retry_after(seconds)),
        }
    }

    /// A tenant has sent so many events.
    pub fn charge(&self, tenant: &TenantId, events: u64) {
        self.charge_at(tenant, events, Instant::now());
    }

    fn charge_at(&self, tenant: &TenantId, events: u64, now: Instant) {
        if self.per_second == 0 {
            return;
        }
        let mut tenants = self.tenants.lock();
        let bucket = tenants
            .entry(tenant.clone())
            .or_insert_with(|| Bucket::new(self.per_second, now));
        bucket.turn(self.per_second, now);
        // Far below 2^53.
        bucket.charge(events as f64);
    }

    /// How near a tenant is, for the Limits page; nothing where there is no limit.
    pub fn limit(&self, tenant: &TenantId) -> Option<Limit> {
        self.limit_at(tenant, Instant::now())
    }

    fn limit_at(&self, tenant: &TenantId, now: Instant) -> Option<Limit> {
        if self.per_second == 0 {
            return None;
        }
        let rate = self.tenants.lock().get_mut(tenant).map_or(0.0, |bucket| {
            bucket.turn(self.per_second, now);
            bucket.rate
        });
        Some(Limit {
            name: "events_per_second".into(),
            title: "Events per second".into(),
            used: rate.round() as u64,
            cap: Some(u64::from(self.per_second)),
            unit: LimitUnit::Count,
            at_cap: "Batches are refused with 429 and the seconds to wait; nothing of them is kept.".into(),
            setting: "limits.events_per_second".into(),
            folded_calls: None,
            chosen: false,
            oldest: None,
            kept_ms: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_let_in_and_a_flood_waits() {
        let quotas = Quotas::new(100);
        let (tenant, other) = (TenantId::default_tenant(), TenantId::parse("other").unwrap());
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        assert!(quotas.check_at(&tenant, at(0)).is_ok());
        quotas.charge_at(&tenant, 1_000, at(0));
        let refused = quotas.check_at(&tenant, at(0)).unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(
            quotas.check_at(&other, at(0)).is_ok(),
            "others are not its concern"
        );
        assert!(quotas.check_at(&tenant, at(1)).is_ok());
        quotas.charge_at(&tenant, 10_100, at(1));
        assert!(
            quotas.check_at(&tenant, at(100)).is_err(),
            "a batch that was larger is paid off"
        );
        assert!(quotas.check_at(&tenant, at(102)).is_ok());
        let limit = quotas.limit_at(&tenant, at(102)).unwrap();
        assert_eq!((limit.used, limit.cap), (0, Some(100)));
    }

    #[test]
    fn a_steady_sender_below_the_limit_is_never_refused() {
        let quotas = Quotas::new(100);
        let tenant = TenantId::default_tenant();
        let begin = Instant::now();
        let at = |tick: u64| begin + Duration::from_millis(tick * 100);
        for tick in 0..1_000 {
            assert!(quotas.check_at(&tenant, at(tick)).is_ok());
            quotas.charge_at(&tenant, 10, at(tick));
        }
        let used = quotas.limit_at(&tenant, at(1_000)).unwrap().used;
        assert!((95..=105).contains(&used), "{used}");
    }

    #[test]
    fn nothing_is_counted_without_a_limit() {
        let quotas = Quotas::new(0);
        let tenant = TenantId::default_tenant();
        quotas.charge(&tenant, u64::MAX);
        assert!(quotas.check(&tenant).is_ok() && quotas.limit(&tenant).is_none());
        assert!(quotas.tenants.lock().is_empty());
    }
}
