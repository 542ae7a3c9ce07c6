//! How much a tenant may send and store, so that one tenant's flood is not the others' outage: events per second and
//! bytes, as the settings say for all (`limits.*`), or as its own quota says.
//!
//! Refused is a whole batch, before any of it is read, and nothing of it is kept: the sender sends the same again. What
//! was acknowledged stays, whatever the quota becomes.
//!
//! Deliberately absent: a count of events over replicas; each counts for itself. Series, which the engine folds instead
//! of refusing them. Bytes are counted every half a minute, so a tenant can be over by what it sends meanwhile.

mod bucket;
mod keep;

use std::collections::HashMap;

use axum::http::StatusCode;
use parking_lot::{Mutex, RwLock};
use protocol::limits::{Limit, LimitUnit};
use store::{Quota, TenantId};
use tokio::time::Instant;

use super::problem::Problem;
use bucket::Bucket;

pub use keep::{keep, measure, read, series_caps};

/// When there is room again is not known: days are dropped once a day, a quota is raised at any moment. Seconds.
const STORED_WAIT_S: u32 = 60;
/// What moves a limit that a tenant has of its own.
const OWN: &str = "fuseboard tenants quota";

/// What each tenant may do, and has done lately.
#[derive(Debug, Default)]
pub struct Quotas {
    /// Of those that have none of their own; no limit where it is 0.
    usual: Usual,
    own: RwLock<HashMap<TenantId, Quota>>,
    tenants: Mutex<HashMap<TenantId, Bucket>>,
    /// Bytes; nothing before they were counted first.
    stored: RwLock<Option<HashMap<TenantId, u64>>>,
}

/// What a tenant may do that has no quota of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usual {
    /// Events per second; no limit when it is 0.
    pub events_per_second: u32,
    /// MiB; no limit when it is 0.
    pub stored_mib: u32,
}

impl Quotas {
    /// With what the settings say.
    pub fn new(usual: Usual) -> Quotas {
        Quotas {
            usual,
            ..Quotas::default()
        }
    }

    /// What holds for a tenant without a quota of its own.
    pub fn usual(&self) -> Usual {
        self.usual
    }

    /// Takes the quotas that there are; tenants that are not among them have none of their own.
    pub fn set(&self, own: HashMap<TenantId, Quota>) {
        *self.own.write() = own;
    }

    /// The quota of a tenant; it says nothing when there is none.
    pub fn of(&self, tenant: &TenantId) -> Quota {
        self.own.read().get(tenant).copied().unwrap_or_default()
    }

    /// Takes what each tenant has stored, bytes.
    pub fn tell_stored(&self, stored: HashMap<TenantId, u64>) {
        *self.stored.write() = Some(stored);
    }

    /// What a tenant has stored, bytes; `None` before it was counted.
    pub fn stored(&self, tenant: &TenantId) -> Option<u64> {
        let stored = self.stored.read();
        Some(stored.as_ref()?.get(tenant).copied().unwrap_or(0))
    }

    /// Events per second; 0 is no limit.
    fn per_second(&self, tenant: &TenantId) -> u32 {
        self.of(tenant)
            .events_per_second
            .unwrap_or(self.usual.events_per_second)
    }

    /// Bytes; `None` is no limit.
    fn most_bytes(&self, tenant: &TenantId) -> Option<u64> {
        let mib = self.of(tenant).stored_mib.unwrap_or(self.usual.stored_mib);
        (mib > 0).then(|| u64::from(mib) << 20)
    }

    /// Whether a tenant may send.
    ///
    /// # Errors
    /// 429 that names the quota, what is used and the limit, with the seconds to wait.
    pub fn check(&self, tenant: &TenantId) -> Result<(), Problem> {
        self.check_at(tenant, Instant::now())
    }

    fn check_at(&self, tenant: &TenantId, now: Instant) -> Result<(), Problem> {
        self.check_stored(tenant)?;
        let per_second = self.per_second(tenant);
        if per_second == 0 {
            return Ok(());
        }
        let mut tenants = self.tenants.lock();
        let Some(bucket) = tenants.get_mut(tenant) else {
            return Ok(());
        };
        bucket.turn(per_second, now);
        let Some(seconds) = bucket.wait_s(per_second) else {
            return Ok(());
        };
        let says = match self.of(tenant).events_per_second {
            Some(_) => "its quota",
            None => "limits.events_per_second",
        };
        Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "over-quota",
            "The tenant sends more than it may",
            format!(
                "This tenant may send {per_second} events per second ({says}) and has sent more; nothing was kept. Send \
                 the same again in {seconds} s."
            ),
        )
        .with("quota", "events_per_second".into())
        .with("used", bucket.rate().into())
        .with("limit", per_second.into())
        .retry_after(seconds))
    }

    fn check_stored(&self, tenant: &TenantId) -> Result<(), Problem> {
        let (Some(most), Some(used)) = (self.most_bytes(tenant), self.stored(tenant)) else {
            return Ok(());
        };
        if used < most {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "over-quota",
            "The tenant stores as much as it may",
            format!(
                "This tenant stores {} and may store {}; nothing was kept, and nothing of before is lost. There is room \
                 again when its oldest days are dropped (retention.journal_days), or when whoever runs this server gives \
                 it more (fuseboard tenants quota). Until then send the same again later.",
                mib(used),
                mib(most)
            ),
        )
        .with("quota", "stored_bytes".into())
        .with("used", used.into())
        .with("limit", most.into())
        .retry_after(STORED_WAIT_S))
    }

    /// A tenant has sent so many events.
    pub fn charge(&self, tenant: &TenantId, events: u64) {
        self.charge_at(tenant, events, Instant::now());
    }

    fn charge_at(&self, tenant: &TenantId, events: u64, now: Instant) {
        let per_second = self.per_second(tenant);
        if per_second == 0 {
            return;
        }
        let mut tenants = self.tenants.lock();
        let bucket = tenants
            .entry(tenant.clone())
            .or_insert_with(|| Bucket::new(per_second, now));
        bucket.turn(per_second, now);
        // Far below 2^53.
        bucket.charge(events as f64);
    }

    /// Adds to the caps of a tenant, as the engine tells them, for the Limits page: how near it is to its quotas. Events
    /// are there only where they have a limit, bytes always.
    pub fn add_to(&self, tenant: &TenantId, items: &mut Vec<Limit>) {
        let own = self.of(tenant);
        if let Some(series) = items.iter_mut().find(|limit| limit.name == "series")
            && own.series.is_some()
        {
            series.setting = OWN.into();
        }
        items.extend(self.stored_limit(tenant, &own));
        items.splice(0..0, self.events_limit(tenant, &own, Instant::now()));
    }

    fn events_limit(&self, tenant: &TenantId, own: &Quota, now: Instant) -> Option<Limit> {
        let per_second = self.per_second(tenant);
        if per_second == 0 {
            return None;
        }
        let rate = self.tenants.lock().get_mut(tenant).map_or(0, |bucket| {
            bucket.turn(per_second, now);
            bucket.rate()
        });
        Some(Limit {
            name: "events_per_second".into(),
            title: "Events per second".into(),
            used: rate,
            cap: Some(u64::from(per_second)),
            unit: LimitUnit::Count,
            at_cap: "Batches are refused with 429 and the seconds to wait; nothing of them is kept.".into(),
            setting: setting("limits.events_per_second", own.events_per_second.is_some()),
            folded_calls: None,
            chosen: false,
            oldest: None,
            kept_ms: None,
        })
    }

    fn stored_limit(&self, tenant: &TenantId, own: &Quota) -> Option<Limit> {
        Some(Limit {
            name: "stored_bytes".into(),
            title: "Stored by this tenant: events, buckets, keyframes".into(),
            used: self.stored(tenant)?,
            cap: self.most_bytes(tenant),
            unit: LimitUnit::Bytes,
            at_cap:
                "Batches are refused with 429 until days are dropped or the quota is raised; nothing is lost."
                    .into(),
            setting: setting("limits.stored_mib", own.stored_mib.is_some()),
            folded_calls: None,
            chosen: false,
            oldest: None,
            kept_ms: None,
        })
    }
}

fn setting(usual: &str, is_own: bool) -> String {
    if is_own { OWN } else { usual }.to_owned()
}

/// To a tenth of a MiB.
fn mib(bytes: u64) -> String {
    // Far below 2^53.
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn quotas(events_per_second: u32) -> Quotas {
        Quotas::new(Usual {
            events_per_second,
            stored_mib: 0,
        })
    }

    fn limits(quotas: &Quotas, tenant: &TenantId) -> Vec<(String, u64, Option<u64>, String)> {
        let mut items = Vec::new();
        quotas.add_to(tenant, &mut items);
        let told = items.into_iter();
        told.map(|limit| (limit.name, limit.used, limit.cap, limit.setting))
            .collect()
    }

    #[test]
    fn a_burst_is_let_in_and_a_flood_waits() {
        let quotas = quotas(100);
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
        let limit = quotas.events_limit(&tenant, &Quota::default(), at(102)).unwrap();
        assert_eq!((limit.used, limit.cap), (0, Some(100)));
    }

    #[test]
    fn a_steady_sender_below_the_limit_is_never_refused() {
        let quotas = quotas(100);
        let tenant = TenantId::default_tenant();
        let begin = Instant::now();
        let at = |tick: u64| begin + Duration::from_millis(tick * 100);
        for tick in 0..1_000 {
            assert!(quotas.check_at(&tenant, at(tick)).is_ok());
            quotas.charge_at(&tenant, 10, at(tick));
        }
        let used = quotas.events_limit(&tenant, &Quota::default(), at(1_000));
        let used = used.unwrap().used;
        assert!((95..=105).contains(&used), "{used}");
    }

    #[test]
    fn nothing_is_counted_without_a_limit() {
        let quotas = quotas(0);
        let tenant = TenantId::default_tenant();
        quotas.charge(&tenant, u64::MAX);
        assert!(quotas.check(&tenant).is_ok() && limits(&quotas, &tenant).is_empty());
        assert!(quotas.tenants.lock().is_empty());
    }

    #[test]
    fn a_quota_of_its_own_goes_before_the_usual_one() {
        let quotas = quotas(100);
        let (tenant, other) = (TenantId::default_tenant(), TenantId::parse("other").unwrap());
        let now = Instant::now();
        let own = |events_per_second| {
            let quota = Quota {
                events_per_second: Some(events_per_second),
                ..Quota::default()
            };
            quotas.set(HashMap::from([(tenant.clone(), quota)]));
        };
        for tenant in [&tenant, &other] {
            quotas.charge_at(tenant, 1_000, now);
        }
        own(200);
        let later = now + Duration::from_secs(1);
        quotas.charge_at(&tenant, 150, later);
        quotas.charge_at(&other, 150, later);
        assert!(quotas.check_at(&tenant, later).is_ok(), "200 came in a second");
        assert!(quotas.check_at(&other, later).is_err());
        own(0);
        quotas.charge_at(&tenant, 1_000_000, later);
        assert!(quotas.check_at(&tenant, later).is_ok(), "no limit");
        quotas.set(HashMap::new());
        quotas.charge_at(&tenant, 1_000, later);
        assert!(quotas.check_at(&tenant, later).is_err(), "as usual again");
    }

    #[test]
    fn who_stores_too_much_is_told_how_much_it_is() {
        let quotas = Quotas::new(Usual {
            events_per_second: 0,
            stored_mib: 2,
        });
        let (tenant, other) = (TenantId::default_tenant(), TenantId::parse("other").unwrap());
        assert!(quotas.check(&tenant).is_ok(), "not counted yet");
        let (most, usual) = (2 << 20, Some(2 << 20));
        quotas.tell_stored(HashMap::from([(tenant.clone(), most), (other.clone(), most - 1)]));
        let refused = quotas.check(&tenant).unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let body = refused.body("1");
        assert_eq!(
            (&body["quota"], &body["used"], &body["limit"]),
            (&"stored_bytes".into(), &most.into(), &most.into())
        );
        assert!(
            body["detail"]
                .as_str()
                .unwrap()
                .contains("stores 2.0 MiB and may store 2.0 MiB"),
            "{body}"
        );
        assert!(quotas.check(&other).is_ok());
        let name = || "stored_bytes".to_owned();
        assert_eq!(
            limits(&quotas, &tenant),
            [(name(), most, usual, "limits.stored_mib".into())]
        );
        let more = Quota {
            stored_mib: Some(3),
            ..Quota::default()
        };
        quotas.set(HashMap::from([(tenant.clone(), more)]));
        assert!(quotas.check(&tenant).is_ok());
        assert_eq!(
            limits(&quotas, &tenant),
            [(name(), most, Some(3 << 20), OWN.into())]
        );
    }
}
