//! `breaker`: a transition, and `breaker_stats`: a sign of life with the state.

use domain::event::{BreakerFigures, BreakerRef, Stats, Transition};

use super::RefusalCode;
use super::fault::{Fault, Problem, kind};
use super::field::Field;
use super::fields::Fields;
use super::time::Arrival;
use super::{call, choice, number, object, provider, text};

/// The highest `seq`: databases store signed 64-bit numbers.
const MAX_SEQ: u64 = i64::MAX as u64;

pub(super) fn transition(fields: &Fields<'_>, arrival: &Arrival) -> Result<Transition, Problem> {
    let breaker = fields.require_text(Field::Breaker, text::NAME)?;
    let to = fields.require(Field::To, choice::state)?;
    Ok(Transition {
        from: fields.read(Field::From, choice::state)?,
        to,
        subject: subject(fields, breaker)?,
        seq: fields.read(Field::Seq, |raw| number::whole(raw, 0, MAX_SEQ))?,
        reason: fields.text(Field::Reason, text::FREE)?,
        causes: match fields.get(Field::Causes) {
            None => Vec::new(),
            Some(raw) => object::causes(Field::Causes.name(), raw)?,
        },
        figures: figures(fields, arrival)?,
        labels: call::labels(fields)?,
    })
}

pub(super) fn stats(fields: &Fields<'_>, arrival: &Arrival) -> Result<Stats, Problem> {
    let breaker = fields.require_text(Field::Breaker, text::NAME)?;
    let state = fields.require(Field::State, choice::state)?;
    Ok(Stats {
        subject: subject(fields, breaker)?,
        state,
        figures: figures(fields, arrival)?,
        labels: call::labels(fields)?,
    })
}

fn subject(fields: &Fields<'_>, breaker: String) -> Result<BreakerRef, Problem> {
    Ok(BreakerRef {
        breaker,
        environment: fields.text(Field::Environment, text::NAME)?,
        service: fields.text(Field::Service, text::NAME)?,
        deployment: fields.text(Field::Deployment, text::NAME)?,
        provider: fields.read(Field::Provider, provider::read)?.flatten(),
        model: fields.text(Field::Model, text::NAME)?,
        kind: fields.read(Field::Kind, choice::breaker_kind)?,
        instance: fields.text(Field::Instance, text::NAME)?,
    })
}

fn figures(fields: &Fields<'_>, arrival: &Arrival) -> Result<BreakerFigures, Problem> {
    let rate = |field| fields.read(field, number::rate);
    let count = |field| fields.read(field, |raw| number::whole_u32(raw, 0, u32::MAX));
    Ok(BreakerFigures {
        failure_rate: rate(Field::FailureRate)?,
        failure_threshold: rate(Field::FailureThreshold)?,
        slow_rate: rate(Field::SlowRate)?,
        slow_threshold: rate(Field::SlowThreshold)?,
        window_calls: count(Field::WindowCalls)?,
        window_failures: count(Field::WindowFailures)?,
        not_permitted: fields.read(Field::NotPermitted, number::count)?,
        retry_at: fields.read(Field::RetryAt, |raw| arrival.expected(raw))?,
        trials_done: count(Field::TrialsDone)?,
        trials_needed: count(Field::TrialsNeeded)?,
        degraded: fields.read(Field::Degraded, boolean)?,
    })
}

fn boolean(raw: &str) -> Result<bool, Fault> {
    match raw {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Fault::new(
            RefusalCode::WrongType,
            format!("must be true or false, got {}", kind(raw)),
        )),
    }
}
