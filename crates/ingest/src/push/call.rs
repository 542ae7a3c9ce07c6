//! `call`: one attempt at a provider.

use domain::event::{Call, CallOutcome, Labels};
use domain::{Micros, Outcome};

use super::RefusalCode;
use super::fault::{Fault, Problem, shown};
use super::field::Field;
use super::fields::Fields;
use super::ignored::Ignored;
use super::{choice, money, number, object, provider, text};

const MAX_TOKENS: u32 = 100_000_000;
const MAX_WEIGHT: u32 = 1_000_000;
const MAX_ATTEMPT: u32 = 100;

pub(super) fn read(fields: &Fields<'_>, ignored: &mut Ignored) -> Result<Call, Problem> {
    let provider = fields.require(Field::Provider, provider::required)?;
    let model = fields.require_text(Field::Model, text::NAME)?;
    let outcome = fields.require(Field::Outcome, choice::outcome)?;
    let (duration, ttft) = durations(fields, outcome)?;
    let tokens = |field| fields.read(field, |raw| number::whole_u32(raw, 0, MAX_TOKENS));
    Ok(Call {
        provider,
        model,
        outcome: CallOutcome(outcome),
        duration,
        ttft,
        environment: fields.text(Field::Environment, text::NAME)?,
        service: fields.text(Field::Service, text::NAME)?,
        deployment: fields.text(Field::Deployment, text::NAME)?,
        instance: fields.text(Field::Instance, text::NAME)?,
        operation: fields.read(Field::Operation, choice::operation)?,
        status: fields.read(Field::Status, status)?,
        error: fields.text(Field::Error, text::FREE)?,
        trace_id: fields.text(Field::TraceId, text::NAME)?,
        request_id: fields.text(Field::RequestId, text::NAME)?,
        response_model: fields.text(Field::ResponseModel, text::NAME)?,
        breaker: fields.text(Field::Breaker, text::NAME)?,
        input_tokens: tokens(Field::InputTokens)?,
        cached_tokens: tokens(Field::CachedTokens)?,
        cache_write_tokens: tokens(Field::CacheWriteTokens)?,
        output_tokens: tokens(Field::OutputTokens)?,
        reasoning_tokens: tokens(Field::ReasoningTokens)?,
        tier: fields.read(Field::Tier, choice::tier)?,
        cost: fields.read(Field::CostUsd, money::nano_usd)?,
        // The price table is asked later, for calls without a cost.
        cost_estimated: false,
        usual_cost: None,
        attempt: fields.read(Field::Attempt, attempt)?.unwrap_or(1),
        weight: fields
            .read(Field::Weight, |raw| number::whole_u32(raw, 1, MAX_WEIGHT))?
            .unwrap_or(1),
        fallback_from: match fields.get(Field::FallbackFrom) {
            None => None,
            Some(raw) => Some(object::fallback_from(Field::FallbackFrom.name(), raw, ignored)?),
        },
        labels: labels(fields)?,
    })
}

/// Labels, which several types share.
pub(super) fn labels(fields: &Fields<'_>) -> Result<Labels, Problem> {
    match fields.get(Field::Labels) {
        None => Ok(Labels::new()),
        Some(raw) => object::labels(Field::Labels.name(), raw),
    }
}

/// Duration and time to first token, each in microseconds.
fn durations(fields: &Fields<'_>, outcome: Outcome) -> Result<(Option<Micros>, Option<Micros>), Problem> {
    let duration = fields.read(Field::DurationMs, number::duration)?;
    if duration.is_none() && outcome != Outcome::Rejected {
        return Err(fields.missing(Field::DurationMs, "is required unless outcome is \"rejected\""));
    }
    let ttft = fields.read(Field::TtftMs, number::duration)?;
    if let Some(ttft) = ttft {
        let text = |field| shown(fields.get(field).unwrap_or("nothing"));
        if duration.is_none_or(|duration| ttft > duration) {
            let reason = format!(
                "must be ≤ duration_ms ({}), got {}",
                text(Field::DurationMs),
                text(Field::TtftMs)
            );
            return Err(Fault::new(RefusalCode::OutOfRange, reason).at(Field::TtftMs.name()));
        }
    }
    Ok((duration, ttft))
}

fn status(raw: &str) -> Result<u16, Fault> {
    number::whole(raw, 100, 599).map(|value| u16::try_from(value).unwrap_or(599))
}

fn attempt(raw: &str) -> Result<u8, Fault> {
    let value = number::whole_u32(raw, 1, MAX_ATTEMPT).map_err(|mut fault| {
        if fault.reason.ends_with("got 0") {
            fault.reason.push_str("; the first attempt is 1");
        }
        fault
    })?;
    Ok(u8::try_from(value).unwrap_or(u8::MAX))
}
