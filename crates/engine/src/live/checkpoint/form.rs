//! The checkpoint's structs: a serializable counterpart of live state, so that core types need not be one.

use std::collections::VecDeque;

use domain::breaker::{Breaker, BreakerId, BreakerKey, Instance, Order, State};
use domain::erasure::Selection;
use domain::event::{BreakerFigures, BreakerKind, Operation};
use domain::rollup::SeriesKey;
use domain::{Micros, Millis, NanoUsd, Outcome};
use serde::{Deserialize, Serialize};

use crate::live::calls::{RecentCall, Trip};
use crate::live::sources::{Refused, Source};

#[derive(Serialize, Deserialize)]
pub(super) struct Form {
    pub breakers: Vec<BreakerForm>,
    pub overflow: u64,
    pub last_transition: u64,
    pub trips: Vec<TripForm>,
    pub sources: Vec<SourceForm>,
    pub day: (Millis, NanoUsd, u64, u64),
    pub first_event: Option<Millis>,
    pub last_event: Option<Millis>,
    pub last_simulated: Option<Millis>,
    /// Those without labels.
    pub series: Vec<SeriesForm>,
}

/// A series without labels.
pub(super) type SeriesForm = (String, String, String, String, String, Option<u8>);

/// A series with its labels, behind the rest from version 2 on.
pub(super) type LabelledForm = (SeriesForm, Vec<(String, String)>);

pub(super) fn series(key: &SeriesKey) -> SeriesForm {
    let SeriesKey {
        provider,
        model,
        deployment,
        service,
        environment,
        operation,
        labels: _,
    } = key.clone();
    (
        provider,
        model,
        deployment,
        service,
        environment,
        operation.map(|operation| operation as u8),
    )
}

pub(super) fn labelled(key: &SeriesKey) -> LabelledForm {
    (series(key), key.labels.to_vec())
}

pub(super) fn to_series((form, labels): LabelledForm) -> SeriesKey {
    let (provider, model, deployment, service, environment, operation) = form;
    let operation = operation.and_then(|index| Operation::ALL.get(usize::from(index)).copied());
    SeriesKey {
        provider,
        model,
        deployment,
        service,
        environment,
        operation,
        labels: labels.into(),
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct BreakerForm {
    pub id: u64,
    key: (String, String, String, String),
    provider: String,
    model: String,
    kind: Option<u8>,
    instances: Vec<InstanceForm>,
}

impl BreakerForm {
    pub fn service(&self) -> &str {
        &self.key.1
    }

    /// Without what is taken; `None` when nothing of it is left.
    pub fn without(mut self, selection: &Selection) -> Option<BreakerForm> {
        let (environment, service, breaker, deployment) = self.key.clone();
        let key = BreakerKey {
            environment,
            service,
            breaker,
            deployment,
        };
        if !selection.takes_breaker(&key) {
            return Some(self);
        }
        self.instances
            .retain(|instance| !selection.takes_time(instance.last_seen));
        for instance in &mut self.instances {
            instance.history.retain(|(at, _)| !selection.takes_time(*at));
        }
        (!self.instances.is_empty()).then_some(self)
    }
}

#[derive(Serialize, Deserialize)]
struct InstanceForm {
    name: String,
    shared: bool,
    state: u8,
    reported: u8,
    since: Millis,
    figures: FiguresForm,
    reason: String,
    last_seen: Millis,
    order: (Option<u64>, Millis, u64, u32),
    confirmed: Millis,
    more: bool,
    not_permitted: Option<u64>,
    history: Vec<(Millis, u8)>,
}

#[derive(Serialize, Deserialize)]
struct FiguresForm {
    rates: [Option<f64>; 4],
    window: [Option<u32>; 2],
    not_permitted: Option<u64>,
    retry_at: Option<Millis>,
    trials: [Option<u32>; 2],
    degraded: Option<bool>,
}

pub(super) fn breaker(breaker: &Breaker) -> BreakerForm {
    let key = breaker.key.clone();
    BreakerForm {
        id: breaker.id.0,
        key: (key.environment, key.service, key.breaker, key.deployment),
        provider: breaker.provider.clone(),
        model: breaker.model.clone(),
        kind: breaker.kind.map(|kind| kind as u8),
        instances: breaker.instances.values().map(instance).collect(),
    }
}

/// `None` when a stored number has no meaning, which only a damaged checkpoint can bring.
pub(super) fn to_breaker(form: BreakerForm) -> Option<Breaker> {
    let (environment, service, breaker, deployment) = form.key;
    let kind = match form.kind {
        Some(index) => Some(*BreakerKind::ALL.get(usize::from(index))?),
        None => None,
    };
    let instances = form
        .instances
        .into_iter()
        .map(|form| to_instance(form).map(|i| (i.name.clone(), i)))
        .collect::<Option<_>>()?;
    Some(Breaker {
        id: BreakerId(form.id),
        key: BreakerKey {
            environment,
            service,
            breaker,
            deployment,
        },
        provider: form.provider,
        model: form.model,
        kind,
        instances,
    })
}

fn instance(instance: &Instance) -> InstanceForm {
    let figures = &instance.figures;
    let order = instance.last_order;
    InstanceForm {
        name: instance.name.clone(),
        shared: instance.shared,
        state: instance.state as u8,
        reported: instance.reported as u8,
        since: instance.since,
        figures: FiguresForm {
            rates: [
                figures.failure_rate,
                figures.failure_threshold,
                figures.slow_rate,
                figures.slow_threshold,
            ],
            window: [figures.window_calls, figures.window_failures],
            not_permitted: figures.not_permitted,
            retry_at: figures.retry_at,
            trials: [figures.trials_done, figures.trials_needed],
            degraded: figures.degraded,
        },
        reason: instance.reason.clone(),
        last_seen: instance.last_seen,
        order: (order.seq, order.at, order.offset, order.index),
        confirmed: instance.confirmed,
        more: instance.sends_more_than_transitions,
        not_permitted: instance.not_permitted,
        history: instance
            .history
            .iter()
            .map(|(at, state)| (*at, *state as u8))
            .collect(),
    }
}

fn to_instance(form: InstanceForm) -> Option<Instance> {
    let state = |index: u8| State::from_index(usize::from(index));
    let (seq, at, offset, index) = form.order;
    let [failure_rate, failure_threshold, slow_rate, slow_threshold] = form.figures.rates;
    let [window_calls, window_failures] = form.figures.window;
    let [trials_done, trials_needed] = form.figures.trials;
    Some(Instance {
        name: form.name,
        shared: form.shared,
        state: state(form.state)?,
        reported: state(form.reported)?,
        since: form.since,
        figures: BreakerFigures {
            failure_rate,
            failure_threshold,
            slow_rate,
            slow_threshold,
            window_calls,
            window_failures,
            not_permitted: form.figures.not_permitted,
            retry_at: form.figures.retry_at,
            trials_done,
            trials_needed,
            degraded: form.figures.degraded,
        },
        reason: form.reason,
        last_seen: form.last_seen,
        last_order: Order {
            seq,
            at,
            offset,
            index,
        },
        confirmed: form.confirmed,
        sends_more_than_transitions: form.more,
        not_permitted: form.not_permitted,
        history: form
            .history
            .into_iter()
            .map(|(at, index)| Some((at, state(index)?)))
            .collect::<Option<VecDeque<_>>>()?,
    })
}

#[derive(Serialize, Deserialize)]
pub(super) struct TripForm {
    id: u64,
    at: Millis,
    instance: String,
    cause: String,
    calls: Vec<CallForm>,
}

#[derive(Serialize, Deserialize)]
struct CallForm {
    at: Millis,
    provider: String,
    model: String,
    outcome: u8,
    duration: Option<Micros>,
    status: Option<u16>,
    instance: String,
    error: String,
    weight: u32,
}

impl TripForm {
    pub fn breaker(&self) -> u64 {
        self.id
    }

    /// Forgets the calls behind it that may be taken: which labels a call had is not known here.
    pub fn forget_calls(&mut self, selection: &Selection) {
        self.calls.retain(|call| !selection.takes_time(call.at));
    }
    pub fn of(id: BreakerId, trip: &Trip) -> TripForm {
        let calls = trip.calls.iter().map(|call| CallForm {
            at: call.at,
            provider: call.provider.clone(),
            model: call.model.clone(),
            outcome: call.outcome as u8,
            duration: call.duration,
            status: call.status,
            instance: call.instance.clone(),
            error: call.error.clone(),
            weight: call.weight,
        });
        TripForm {
            id: id.0,
            at: trip.at,
            instance: trip.instance.clone(),
            cause: trip.cause.clone(),
            calls: calls.collect(),
        }
    }

    pub fn into_trip(self) -> (BreakerId, Trip) {
        let calls = self.calls.into_iter().filter_map(|call| {
            Some(RecentCall {
                at: call.at,
                provider: call.provider,
                model: call.model,
                outcome: Outcome::from_index(usize::from(call.outcome))?,
                duration: call.duration,
                status: call.status,
                instance: call.instance,
                error: call.error,
                weight: call.weight,
            })
        });
        let trip = Trip {
            at: self.at,
            instance: self.instance,
            cause: self.cause,
            calls: calls.collect(),
        };
        (BreakerId(self.id), trip)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct SourceForm {
    key: (String, String),
    last: Millis,
    minutes: Vec<(Millis, u64, u64)>,
    refusals: Vec<(Millis, u32, String, String)>,
}

impl SourceForm {
    /// What has reached us from a service. It has no labels, and only its newest moment is known.
    pub fn is_taken(&self, selection: &Selection) -> bool {
        selection.label.is_none() && selection.takes_service(&self.key.1) && selection.takes_time(self.last)
    }
    pub fn of(key: &(String, String), source: &Source) -> SourceForm {
        let refusal = |refused: &Refused| {
            (
                refused.at,
                refused.index,
                refused.field.clone(),
                refused.reason.clone(),
            )
        };
        SourceForm {
            key: key.clone(),
            last: source.last,
            minutes: source.minutes.iter().copied().collect(),
            refusals: source.refusals.iter().map(refusal).collect(),
        }
    }

    pub fn into_source(self) -> ((String, String), Source) {
        let refused = |(at, index, field, reason)| Refused {
            at,
            index,
            field,
            reason,
        };
        let source = Source {
            last: self.last,
            minutes: self.minutes.into(),
            refusals: self.refusals.into_iter().map(refused).collect(),
        };
        (self.key, source)
    }
}
