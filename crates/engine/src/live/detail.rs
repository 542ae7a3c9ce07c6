//! One breaker in detail.

use domain::Millis;
use domain::breaker::BreakerId;
use protocol::view::{BreakerDetail, CallRow, Trip};

use super::TenantLive;
use super::calls::RecentCall;
use super::figures::to_ms;
use crate::wire;

impl TenantLive {
    /// Its instances, its transitions, the calls behind its last trip.
    pub fn detail(&self, id: BreakerId, now: Millis) -> Option<BreakerDetail> {
        let breaker = self.looked_at(id)?;
        let mut instances: Vec<_> = breaker
            .instances
            .values()
            .map(|instance| wire::instance(instance, now))
            .collect();
        instances.sort_by(|a, b| {
            let severity = |state| std::cmp::Reverse(wire::severity(state));
            (severity(a.state), &a.instance).cmp(&(severity(b.state), &b.instance))
        });
        Some(BreakerDetail {
            breaker: self.breaker_row(&breaker, now),
            instances,
            transitions: self.transitions.of(id).map(wire::feed).collect(),
            trip: self.calls.last_trip(id).map(|trip| Trip {
                at: trip.at,
                instance: trip.instance.clone(),
                cause: trip.cause.clone(),
                calls: trip.calls.iter().map(call_row).collect(),
            }),
            not_permitted: breaker.not_permitted(),
        })
    }
}

fn call_row(call: &RecentCall) -> CallRow {
    CallRow {
        at: call.at,
        provider: call.provider.clone(),
        model: call.model.clone(),
        outcome: call.outcome.as_str().into(),
        duration_ms: call.duration.map(|micros| to_ms(micros as f64)),
        status: call.status,
        instance: call.instance.clone(),
        error: call.error.clone(),
    }
}
