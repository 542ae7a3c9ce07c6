//! The columns of each kind of event. What is written here is read here, in the same order; a field is only ever added
//! with a new version of the batch, behind all columns of the one before.

use domain::breaker::State;
use domain::event::{
    BreakerRef, Call, CallOutcome, FallbackFrom, Headroom, Marker, MarkerKind, Operation, Stats, Tier,
    Transition,
};
use domain::{Millis, Outcome};

use super::fields::{self, member, opt_member};
use super::wire::{Malformed, Read, Reader, Writer};

pub(super) fn put_calls<'a>(w: &mut Writer<'a>, all: &[&'a Call]) {
    let all = all.iter().copied();
    all.clone().for_each(|x| w.text(&x.provider));
    all.clone().for_each(|x| w.text(&x.model));
    all.clone().for_each(|x| w.byte(x.outcome.0 as u8));
    all.clone().for_each(|x| w.opt_uint(x.duration));
    all.clone().for_each(|x| w.opt_uint(x.ttft));
    all.clone().for_each(|x| w.opt_text(x.environment.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.service.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.deployment.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.instance.as_deref()));
    all.clone()
        .for_each(|x| w.byte(x.operation.map_or(0, |operation| 1 + operation as u8)));
    all.clone().for_each(|x| w.opt_uint(x.status.map(u64::from)));
    all.clone().for_each(|x| w.opt_text(x.error.as_deref()));
    all.clone().for_each(|x| w.opt_unique(x.trace_id.as_deref()));
    all.clone().for_each(|x| w.opt_unique(x.request_id.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.response_model.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.breaker.as_deref()));
    all.clone()
        .for_each(|x| w.opt_uint(x.input_tokens.map(u64::from)));
    all.clone()
        .for_each(|x| w.opt_uint(x.cached_tokens.map(u64::from)));
    all.clone()
        .for_each(|x| w.opt_uint(x.cache_write_tokens.map(u64::from)));
    all.clone()
        .for_each(|x| w.opt_uint(x.output_tokens.map(u64::from)));
    all.clone()
        .for_each(|x| w.opt_uint(x.reasoning_tokens.map(u64::from)));
    all.clone()
        .for_each(|x| w.byte(x.tier.map_or(0, |tier| 1 + tier as u8)));
    all.clone().for_each(|x| w.opt_int(x.cost));
    all.clone().for_each(|x| w.flag(x.cost_estimated));
    all.clone().for_each(|x| w.byte(x.attempt));
    all.clone()
        .for_each(|x| w.opt_text(x.fallback_from.as_ref().map(|from| from.provider.as_str())));
    all.clone()
        .filter_map(|x| x.fallback_from.as_ref())
        .for_each(|from| w.opt_text(from.model.as_deref()));
    all.clone().for_each(|x| w.uint(u64::from(x.weight)));
    fields::put_labels(w, all.map(|x| &x.labels));
}

pub(super) fn calls(r: &mut Reader<'_>, count: usize) -> Read<Vec<Call>> {
    let mut all = vec![Call::default(); count];
    all.iter_mut()
        .try_for_each(|x| r.text().map(|v| x.provider = v))?;
    all.iter_mut().try_for_each(|x| r.text().map(|v| x.model = v))?;
    all.iter_mut()
        .try_for_each(|x| member(&Outcome::ALL, r.byte()?).map(|v| x.outcome = CallOutcome(v)))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_uint().map(|v| x.duration = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_uint().map(|v| x.ttft = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.environment = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.service = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.deployment = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.instance = v))?;
    all.iter_mut()
        .try_for_each(|x| opt_member(&Operation::ALL, r.byte()?).map(|v| x.operation = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.status = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.error = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_unique().map(|v| x.trace_id = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_unique().map(|v| x.request_id = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.response_model = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.breaker = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.input_tokens = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.cached_tokens = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.cache_write_tokens = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.output_tokens = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.reasoning_tokens = v))?;
    all.iter_mut()
        .try_for_each(|x| opt_member(&Tier::ALL, r.byte()?).map(|v| x.tier = v))?;
    all.iter_mut().try_for_each(|x| r.opt_int().map(|v| x.cost = v))?;
    all.iter_mut()
        .try_for_each(|x| r.flag().map(|v| x.cost_estimated = v))?;
    all.iter_mut().try_for_each(|x| r.byte().map(|v| x.attempt = v))?;
    all.iter_mut().try_for_each(|x| {
        let provider = r.opt_text()?;
        x.fallback_from = provider.map(|provider| FallbackFrom {
            provider,
            model: None,
        });
        Ok(())
    })?;
    all.iter_mut()
        .filter_map(|x| x.fallback_from.as_mut())
        .try_for_each(|from| r.opt_text().map(|v| from.model = v))?;
    all.iter_mut()
        .try_for_each(|x| r.narrow().map(|v| x.weight = v))?;
    fields::labels(r, all.iter_mut().map(|x| &mut x.labels))?;
    Ok(all)
}

/// What calls would have cost where they were wanted, of the few that have it: how many; of each the distance from the
/// one before, and the cost.
pub(super) fn put_usual_costs(w: &mut Writer<'_>, all: &[&Call]) {
    let known = all.iter().filter(|call| call.usual_cost.is_some()).count();
    w.uint(known as u64);
    let mut next = 0;
    for (place, call) in all.iter().enumerate() {
        if let Some(cost) = call.usual_cost {
            w.uint((place - next) as u64);
            w.int(cost);
            next = place + 1;
        }
    }
}

pub(super) fn usual_costs<'x>(r: &mut Reader<'_>, mut calls: impl Iterator<Item = &'x mut Call>) -> Read<()> {
    for _ in 0..r.count()? {
        let distance = r.narrow()?;
        let call = calls
            .nth(distance)
            .ok_or(Malformed("a cost belongs to no call"))?;
        call.usual_cost = Some(r.int()?);
    }
    Ok(())
}

pub(super) fn put_transitions<'a>(w: &mut Writer<'a>, all: &[&'a Transition], base: Millis) {
    let all = all.iter().copied();
    fields::put_subjects(w, all.clone().map(|x| &x.subject));
    all.clone()
        .for_each(|x| w.byte(x.from.map_or(0, |from| 1 + from as u8)));
    all.clone().for_each(|x| w.byte(x.to as u8));
    all.clone().for_each(|x| w.opt_uint(x.seq));
    all.clone().for_each(|x| w.opt_text(x.reason.as_deref()));
    fields::put_causes(w, all.clone().map(|x| &x.causes));
    fields::put_figures(w, all.clone().map(|x| &x.figures), base);
    fields::put_labels(w, all.map(|x| &x.labels));
}

pub(super) fn transitions(r: &mut Reader<'_>, count: usize, base: Millis) -> Read<Vec<Transition>> {
    let blank = Transition {
        subject: BreakerRef::default(),
        from: None,
        to: State::Closed,
        seq: None,
        reason: None,
        causes: Vec::new(),
        figures: Default::default(),
        labels: Vec::new(),
    };
    let mut all = vec![blank; count];
    fields::subjects(r, all.iter_mut().map(|x| &mut x.subject).collect())?;
    all.iter_mut()
        .try_for_each(|x| opt_member(&State::ALL, r.byte()?).map(|v| x.from = v))?;
    all.iter_mut()
        .try_for_each(|x| fields::state(r).map(|v| x.to = v))?;
    all.iter_mut().try_for_each(|x| r.opt_uint().map(|v| x.seq = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.reason = v))?;
    fields::causes(r, all.iter_mut().map(|x| &mut x.causes))?;
    fields::figures(r, all.iter_mut().map(|x| &mut x.figures).collect(), base)?;
    fields::labels(r, all.iter_mut().map(|x| &mut x.labels))?;
    Ok(all)
}

pub(super) fn put_stats<'a>(w: &mut Writer<'a>, all: &[&'a Stats], base: Millis) {
    let all = all.iter().copied();
    fields::put_subjects(w, all.clone().map(|x| &x.subject));
    all.clone().for_each(|x| w.byte(x.state as u8));
    fields::put_figures(w, all.clone().map(|x| &x.figures), base);
    fields::put_labels(w, all.map(|x| &x.labels));
}

pub(super) fn stats(r: &mut Reader<'_>, count: usize, base: Millis) -> Read<Vec<Stats>> {
    let blank = Stats {
        subject: BreakerRef::default(),
        state: State::Closed,
        figures: Default::default(),
        labels: Vec::new(),
    };
    let mut all = vec![blank; count];
    fields::subjects(r, all.iter_mut().map(|x| &mut x.subject).collect())?;
    all.iter_mut()
        .try_for_each(|x| fields::state(r).map(|v| x.state = v))?;
    fields::figures(r, all.iter_mut().map(|x| &mut x.figures).collect(), base)?;
    fields::labels(r, all.iter_mut().map(|x| &mut x.labels))?;
    Ok(all)
}

pub(super) fn put_headrooms<'a>(w: &mut Writer<'a>, all: &[&'a Headroom], base: Millis) {
    let all = all.iter().copied();
    all.clone().for_each(|x| w.text(&x.provider));
    all.clone().for_each(|x| w.opt_text(x.model.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.key.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.service.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.deployment.as_deref()));
    fields::put_quotas(w, all.clone().map(|x| &x.requests), base);
    fields::put_quotas(w, all.clone().map(|x| &x.tokens), base);
    fields::put_quotas(w, all.clone().map(|x| &x.input_tokens), base);
    fields::put_quotas(w, all.map(|x| &x.output_tokens), base);
}

pub(super) fn headrooms(r: &mut Reader<'_>, count: usize, base: Millis) -> Read<Vec<Headroom>> {
    let mut all = vec![Headroom::default(); count];
    all.iter_mut()
        .try_for_each(|x| r.text().map(|v| x.provider = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.model = v))?;
    all.iter_mut().try_for_each(|x| r.opt_text().map(|v| x.key = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.service = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.deployment = v))?;
    fields::quotas(r, all.iter_mut().map(|x| &mut x.requests).collect(), base)?;
    fields::quotas(r, all.iter_mut().map(|x| &mut x.tokens).collect(), base)?;
    fields::quotas(r, all.iter_mut().map(|x| &mut x.input_tokens).collect(), base)?;
    fields::quotas(r, all.iter_mut().map(|x| &mut x.output_tokens).collect(), base)?;
    Ok(all)
}

pub(super) fn put_markers<'a>(w: &mut Writer<'a>, all: &[&'a Marker]) {
    let all = all.iter().copied();
    all.clone().for_each(|x| w.text(&x.title));
    all.clone().for_each(|x| w.byte(x.kind as u8));
    all.clone().for_each(|x| w.opt_text(x.url.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.service.as_deref()));
    all.for_each(|x| w.opt_text(x.environment.as_deref()));
}

pub(super) fn markers(r: &mut Reader<'_>, count: usize) -> Read<Vec<Marker>> {
    let blank = Marker {
        title: String::new(),
        kind: MarkerKind::Other,
        url: None,
        service: None,
        environment: None,
    };
    let mut all = vec![blank; count];
    all.iter_mut().try_for_each(|x| r.text().map(|v| x.title = v))?;
    all.iter_mut()
        .try_for_each(|x| member(&MarkerKind::ALL, r.byte()?).map(|v| x.kind = v))?;
    all.iter_mut().try_for_each(|x| r.opt_text().map(|v| x.url = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.service = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.environment = v))?;
    Ok(all)
}
