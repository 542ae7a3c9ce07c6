//! Groups of fields that several kinds of event share, and enums by their stored number. Everything here works on a
//! whole column at a time: one field of all events of a kind, then the next field.

use domain::Millis;
use domain::breaker::State;
use domain::event::{BreakerFigures, BreakerRef, Labels, Quota};

use super::wire::{Malformed, Read, Reader, Writer};

/// What one more list element is taken to cost in memory besides its text.
const ELEMENT: usize = 64;

/// An enum stored as its place in a fixed list.
pub(super) fn member<T: Copy>(all: &[T], index: u8) -> Read<T> {
    all.get(usize::from(index))
        .copied()
        .ok_or(Malformed("an enum has no such member"))
}

/// Zero is `None`, anything else is one more than the place in the list.
pub(super) fn opt_member<T: Copy>(all: &[T], index: u8) -> Read<Option<T>> {
    index.checked_sub(1).map(|index| member(all, index)).transpose()
}

/// Times are written as the difference to the batch's base: the time of its first event.
pub(super) fn put_opt_time(w: &mut Writer<'_>, value: Option<Millis>, base: Millis) {
    w.opt_int(value.map(|value| value.wrapping_sub(base)));
}

pub(super) fn opt_time(r: &mut Reader<'_>, base: Millis) -> Read<Option<Millis>> {
    Ok(r.opt_int()?.map(|value| value.wrapping_add(base)))
}

pub(super) fn put_labels<'a>(w: &mut Writer<'a>, all: impl Iterator<Item = &'a Labels> + Clone) {
    for labels in all.clone() {
        w.uint(labels.len() as u64);
    }
    for (name, value) in all.flatten() {
        w.text(name);
        w.text(value);
    }
}

pub(super) fn labels<'x>(r: &mut Reader<'_>, all: impl Iterator<Item = &'x mut Labels>) -> Read<()> {
    let mut lists: Vec<(&mut Labels, usize)> = Vec::new();
    for list in all {
        let count = r.count()?;
        r.pay(count.saturating_mul(ELEMENT))?;
        lists.push((list, count));
    }
    for (list, count) in lists {
        list.reserve_exact(count);
        for _ in 0..count {
            list.push((r.text()?, r.text()?));
        }
    }
    Ok(())
}

pub(super) fn put_causes<'a>(w: &mut Writer<'a>, all: impl Iterator<Item = &'a Vec<(String, u32)>> + Clone) {
    for causes in all.clone() {
        w.uint(causes.len() as u64);
    }
    for (name, count) in all.flatten() {
        w.text(name);
        w.uint(u64::from(*count));
    }
}

pub(super) fn causes<'x>(
    r: &mut Reader<'_>,
    all: impl Iterator<Item = &'x mut Vec<(String, u32)>>,
) -> Read<()> {
    let mut lists: Vec<(&mut Vec<(String, u32)>, usize)> = Vec::new();
    for list in all {
        let count = r.count()?;
        r.pay(count.saturating_mul(ELEMENT))?;
        lists.push((list, count));
    }
    for (list, count) in lists {
        list.reserve_exact(count);
        for _ in 0..count {
            list.push((r.text()?, r.narrow()?));
        }
    }
    Ok(())
}

pub(super) fn put_subjects<'a>(w: &mut Writer<'a>, all: impl Iterator<Item = &'a BreakerRef> + Clone) {
    all.clone().for_each(|x| w.text(&x.breaker));
    all.clone().for_each(|x| w.opt_text(x.environment.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.service.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.deployment.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.provider.as_deref()));
    all.clone().for_each(|x| w.opt_text(x.model.as_deref()));
    all.clone()
        .for_each(|x| w.byte(x.kind.map_or(0, |kind| 1 + kind as u8)));
    all.for_each(|x| w.opt_text(x.instance.as_deref()));
}

pub(super) fn subjects(r: &mut Reader<'_>, mut all: Vec<&mut BreakerRef>) -> Read<()> {
    use domain::event::BreakerKind;
    let all = &mut all;
    all.iter_mut().try_for_each(|x| r.text().map(|v| x.breaker = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.environment = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.service = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.deployment = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.provider = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.model = v))?;
    all.iter_mut()
        .try_for_each(|x| opt_member(&BreakerKind::ALL, r.byte()?).map(|v| x.kind = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_text().map(|v| x.instance = v))
}

pub(super) fn put_figures<'a>(
    w: &mut Writer<'_>,
    all: impl Iterator<Item = &'a BreakerFigures> + Clone,
    base: Millis,
) {
    all.clone().for_each(|x| w.opt_float(x.failure_rate));
    all.clone().for_each(|x| w.opt_float(x.failure_threshold));
    all.clone().for_each(|x| w.opt_float(x.slow_rate));
    all.clone().for_each(|x| w.opt_float(x.slow_threshold));
    all.clone()
        .for_each(|x| w.opt_uint(x.window_calls.map(u64::from)));
    all.clone()
        .for_each(|x| w.opt_uint(x.window_failures.map(u64::from)));
    all.clone().for_each(|x| w.opt_uint(x.not_permitted));
    all.clone().for_each(|x| put_opt_time(w, x.retry_at, base));
    all.clone().for_each(|x| w.opt_uint(x.trials_done.map(u64::from)));
    all.clone()
        .for_each(|x| w.opt_uint(x.trials_needed.map(u64::from)));
    all.for_each(|x| w.opt_flag(x.degraded));
}

pub(super) fn figures(r: &mut Reader<'_>, mut all: Vec<&mut BreakerFigures>, base: Millis) -> Read<()> {
    let all = &mut all;
    all.iter_mut()
        .try_for_each(|x| r.opt_float().map(|v| x.failure_rate = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_float().map(|v| x.failure_threshold = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_float().map(|v| x.slow_rate = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_float().map(|v| x.slow_threshold = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.window_calls = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.window_failures = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_uint().map(|v| x.not_permitted = v))?;
    all.iter_mut()
        .try_for_each(|x| opt_time(r, base).map(|v| x.retry_at = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.trials_done = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_narrow().map(|v| x.trials_needed = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_flag().map(|v| x.degraded = v))
}

pub(super) fn put_quotas<'a>(w: &mut Writer<'_>, all: impl Iterator<Item = &'a Quota> + Clone, base: Millis) {
    all.clone().for_each(|x| w.opt_uint(x.limit));
    all.clone().for_each(|x| w.opt_uint(x.remaining));
    all.for_each(|x| put_opt_time(w, x.reset_at, base));
}

pub(super) fn quotas(r: &mut Reader<'_>, mut all: Vec<&mut Quota>, base: Millis) -> Read<()> {
    let all = &mut all;
    all.iter_mut()
        .try_for_each(|x| r.opt_uint().map(|v| x.limit = v))?;
    all.iter_mut()
        .try_for_each(|x| r.opt_uint().map(|v| x.remaining = v))?;
    all.iter_mut()
        .try_for_each(|x| opt_time(r, base).map(|v| x.reset_at = v))
}

pub(super) fn state(r: &mut Reader<'_>) -> Read<State> {
    member(&State::ALL, r.byte()?)
}
