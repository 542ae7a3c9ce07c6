//! One entry of a file: the prices of a model.

use std::collections::HashMap;

use domain::cost::{PicoUsd, per_token};
use domain::event::Tier;
use serde_json::value::RawValue;

use super::{Row, names};

/// The longest name of a provider or a model, in characters, as in events.
const LONGEST: usize = 128;
/// Modes in which tokens are what is paid for.
const MODES: [&str; 5] = ["chat", "completion", "responses", "embedding", "rerank"];
/// Prices beside the usual ones that are not taken.
const FINER: [&str; 4] = [
    "_above_",
    "_per_reasoning_token",
    "tiered_pricing",
    "_per_audio_token",
];
/// What stands behind the names of a tier's prices.
const TIERS: [(Tier, &str); 4] = [
    (Tier::Standard, ""),
    (Tier::Batch, "_batches"),
    (Tier::Flex, "_flex"),
    (Tier::Priority, "_priority"),
];

/// What an entry held.
pub(super) struct Found {
    pub provider: String,
    pub rows: Vec<Row>,
    /// It has prices that are not taken.
    pub finer: bool,
}

/// Why nothing of it is taken.
pub(super) enum Why {
    Unreadable,
    NotTokens,
    Free,
}

type Fields<'a> = HashMap<String, &'a RawValue>;

pub(super) fn read(name: &str, raw: &str) -> Result<Found, Why> {
    let fields: Fields<'_> = serde_json::from_str(raw).map_err(|_| Why::Unreadable)?;
    let mode = text(&fields, "mode")?.unwrap_or_default();
    if !mode.is_empty() && !MODES.contains(&mode.as_str()) {
        return Err(Why::NotTokens);
    }
    let provider = text(&fields, "litellm_provider")?.unwrap_or_default();
    let provider = names::provider(&provider);
    let model = names::model(name, &provider);
    let fits = |text: &str| {
        let count = text.chars().count();
        (1..=LONGEST).contains(&count) && !text.chars().any(char::is_control)
    };
    if !fits(&provider) || !fits(&model) || model.trim() != model {
        return Err(Why::Unreadable);
    }
    // What these give is no text: an answer costs what its input does.
    let silent = ["embedding", "rerank"].contains(&mode.as_str());
    let mut rows = Vec::new();
    for (tier, behind) in TIERS {
        let price = |what: &str| price(&fields, &[what, behind].concat());
        let input = price("input_cost_per_token")?;
        let output = price("output_cost_per_token")?.or(silent.then_some(0));
        let (Some(input), Some(output)) = (input, output) else {
            continue;
        };
        rows.push(Row {
            provider: provider.clone(),
            model: model.clone(),
            tier,
            input,
            output,
            cache_read: price("cache_read_input_token_cost")?,
            cache_write: price("cache_creation_input_token_cost")?,
        });
    }
    if rows.is_empty() {
        return Err(Why::NotTokens);
    }
    rows.retain(|row| (row.input, row.output) != (0, 0));
    if rows.is_empty() {
        return Err(Why::Free);
    }
    Ok(Found {
        provider,
        finer: fields
            .keys()
            .any(|key| FINER.iter().any(|part| key.contains(part))),
        rows,
    })
}

fn text(fields: &Fields<'_>, name: &str) -> Result<Option<String>, Why> {
    let Some(raw) = fields.get(name) else {
        return Ok(None);
    };
    serde_json::from_str(raw.get()).map_err(|_| Why::Unreadable)
}

fn price(fields: &Fields<'_>, name: &str) -> Result<Option<PicoUsd>, Why> {
    let raw = fields.get(name).map(|raw| raw.get());
    let Some(raw) = raw.filter(|raw| *raw != "null") else {
        return Ok(None);
    };
    per_token(raw).map(Some).map_err(|_| Why::Unreadable)
}
