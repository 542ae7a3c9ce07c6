//! A file of prices becomes a list, after a look at what it would change.

use std::collections::HashSet;

use domain::alert::RuleError;
use domain::cost::{PicoUsd, exact};
use domain::event::Tier;
use ingest::prices::{Few, List, Row};
use protocol::kpis::price_list::{Decimal, PriceEntry, PriceListDoc};
use protocol::kpis::prices::{PriceImport, Skipped};
use store::{StoreError, TenantScope};

use super::page::in_use;
use super::{MAX_PRICES, check, put, read, table_of};
use crate::Engine;
use crate::alerts::{AlertError, Hand};
use crate::documents::items;

/// The most models without a price that are told by name.
const MAX_TOLD: usize = 50;

/// A file that somebody sends.
#[derive(Debug, Clone, Default)]
pub struct PriceFile {
    /// What the list is to be called.
    pub name: String,
    /// From when it holds, as in [`PriceListDoc`].
    pub from: String,
    /// Where it was read.
    pub source: String,
    /// Only these providers, separated by commas; empty for all.
    pub providers: String,
    /// What is in it: LiteLLM's `model_prices_and_context_window.json`.
    pub text: String,
}

impl Engine {
    /// What importing a file would do: the list that it gives, and how that differs from what holds then.
    ///
    /// # Errors
    /// A field or the file is not as it must be, or the store cannot be read.
    pub async fn preview_prices(
        &self,
        scope: &TenantScope,
        file: PriceFile,
    ) -> Result<(PriceListDoc, PriceImport), AlertError> {
        // Megabytes of JSON: not on a thread that answers requests.
        let parsed = tokio::task::spawn_blocking(move || list_of(&file)).await;
        let (doc, list) = parsed.map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))??;
        let since = domain::cost::since(&doc.from)?;
        let lists = items::<PriceListDoc>(self.stores().documents.as_ref(), scope).await?;
        let mut table = table_of(&lists);
        let mut told = PriceImport {
            list: None,
            since,
            entries: doc.entries.len() as u32,
            models: models(&doc.entries) as u32,
            new: 0,
            changed: 0,
            same: 0,
            skipped: skipped(&list),
            unpriced: Vec::new(),
        };
        for entry in &doc.entries {
            let (tier, price) = read(entry)?;
            match table.exactly(&entry.provider, &entry.model, tier, since) {
                None => told.new += 1,
                Some(known) if *known == price => told.same += 1,
                Some(_) => told.changed += 1,
            }
        }
        put(&mut table, &doc);
        let at = self.clock().now().max(since);
        let used = in_use(self, scope).await?;
        let lacks = used.into_iter().filter(|used| {
            let priced = table.at(&used.provider, &used.model, Tier::Standard, at);
            used.unpriced.is_some_and(|share| share > 0.0) && priced.is_none()
        });
        told.unpriced = lacks
            .map(|used| (used.provider, used.model))
            .take(MAX_TOLD)
            .collect();
        Ok((doc, told))
    }

    /// Makes a list of a file.
    ///
    /// # Errors
    /// As [`Engine::preview_prices`]; the name is taken, or there are too many lists.
    pub async fn import_prices(
        &self,
        scope: &TenantScope,
        file: PriceFile,
        hand: &Hand,
    ) -> Result<PriceImport, AlertError> {
        let (doc, mut told) = self.preview_prices(scope, file).await?;
        let made = self.create_document(scope, &doc, hand).await?;
        told.list = Some(made.id);
        Ok(told)
    }
}

/// The list that a file gives, and what was in it.
fn list_of(file: &PriceFile) -> Result<(PriceListDoc, List), RuleError> {
    let providers = file.providers.split(',').map(str::trim);
    let providers: Vec<String> = providers
        .filter(|name| !name.is_empty())
        .map(ingest::provider_name)
        .collect();
    let read = ingest::prices::litellm(&file.text, &providers);
    let list = read.map_err(|error| RuleError::new("file", error.to_string()))?;
    let count = list.rows.len();
    if !(1..=MAX_PRICES).contains(&count) {
        let what = match count {
            0 => "must have a price by the token of a provider that is asked for, has none".to_owned(),
            _ => format!(
                "must give at most {MAX_PRICES} prices, gives {count}: name the providers that you use"
            ),
        };
        return Err(RuleError::new("file", what));
    }
    let doc = PriceListDoc {
        name: file.name.trim().to_owned(),
        from: file.from.trim().to_owned(),
        source: file.source.trim().to_owned(),
        entries: list.rows.iter().map(entry).collect(),
    };
    check(&doc)?;
    Ok((doc, list))
}

fn entry(row: &Row) -> PriceEntry {
    let decimal = |price: PicoUsd| Decimal(exact(price));
    PriceEntry {
        provider: row.provider.clone(),
        model: row.model.clone(),
        tier: row.tier.as_str().to_owned(),
        input: decimal(row.input),
        output: decimal(row.output),
        cache_read: row.cache_read.map(decimal),
        cache_write: row.cache_write.map(decimal),
    }
}

/// How many models prices are of.
pub(super) fn models(entries: &[PriceEntry]) -> usize {
    let all = entries.iter().map(|entry| (&entry.provider, &entry.model));
    all.collect::<HashSet<_>>().len()
}

/// What was left out, in words.
fn skipped(list: &List) -> Vec<Skipped> {
    let one = |few: &Few, why: &str| Skipped {
        why: why.to_owned(),
        count: few.count,
        names: few.names.clone(),
    };
    let others = Skipped {
        why: "are of providers that were not asked for".to_owned(),
        count: list.others,
        names: Vec::new(),
    };
    let mut all = vec![
        one(
            &list.not_tokens,
            "are not paid by the token (images, audio, video, searches)",
        ),
        one(
            &list.free,
            "cost nothing there, which may mean that nobody knows the price",
        ),
        one(
            &list.finer,
            "have further prices (large contexts, longer caches, reasoning, audio), which are not used",
        ),
        one(
            &list.twice,
            "stand twice with another price, of which the first counts",
        ),
        one(&list.unreadable, "cannot be read"),
        others,
    ];
    all.retain(|skipped| skipped.count > 0);
    all
}
