//! `headroom`: what rate-limit headers said.

use domain::event::{Headroom, Quota};

use super::RefusalCode;
use super::fault::{Fault, Problem};
use super::field::Field;
use super::fields::Fields;
use super::time::Arrival;
use super::{number, provider, text};

/// How secret keys of providers begin. An alias of someone's choice hardly does, and is shorter.
const SECRET_BEGINNINGS: [&str; 8] = ["sk-", "sk_", "gsk_", "xai-", "AIza", "AKIA", "hf_", "Bearer "];
/// Shorter than any secret key, longer than most aliases.
const SECRET_LENGTH: usize = 20;

pub(super) fn read(fields: &Fields<'_>, arrival: &Arrival) -> Result<Headroom, Problem> {
    let quota = |limit, remaining, reset_at| {
        Ok::<Quota, Problem>(Quota {
            limit: fields.read(limit, number::count)?,
            remaining: fields.read(remaining, number::count)?,
            reset_at: fields.read(reset_at, |raw| arrival.expected(raw))?,
        })
    };
    Ok(Headroom {
        provider: fields.require(Field::Provider, provider::required)?,
        model: fields.text(Field::Model, text::NAME)?,
        key: key(fields)?,
        service: fields.text(Field::Service, text::NAME)?,
        deployment: fields.text(Field::Deployment, text::NAME)?,
        requests: quota(
            Field::RequestsLimit,
            Field::RequestsRemaining,
            Field::RequestsResetAt,
        )?,
        tokens: quota(Field::TokensLimit, Field::TokensRemaining, Field::TokensResetAt)?,
        input_tokens: quota(
            Field::InputTokensLimit,
            Field::InputTokensRemaining,
            Field::InputTokensResetAt,
        )?,
        output_tokens: quota(
            Field::OutputTokensLimit,
            Field::OutputTokensRemaining,
            Field::OutputTokensResetAt,
        )?,
    })
}

/// An alias of the provider key. The key itself would be kept in the journal and shown on the board: refused.
fn key(fields: &Fields<'_>) -> Result<Option<String>, Problem> {
    let key = fields.text(Field::Key, text::NAME)?;
    match key {
        Some(key)
            if key.len() >= SECRET_LENGTH
                && SECRET_BEGINNINGS
                    .iter()
                    .any(|beginning| key.starts_with(beginning)) =>
        {
            let reason = "looks like the provider's secret key; send a name for it, such as \"team-a\"";
            Err(Fault::new(RefusalCode::Secret, reason).at(Field::Key.name()))
        }
        other => Ok(other),
    }
}
