//! The page of prices: which lists hold, what models in use cost, and which have no price.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use domain::Millis;
use domain::cost::words;
use domain::event::Tier;
use protocol::Span;
use protocol::documents::DocumentItem;
use protocol::kpis::price_list::{PriceEntry, PriceListDoc};
use protocol::kpis::prices::{ModelInUse, PriceListRow, Priced, PricesPage};
use protocol::query::QueryAnswer;
use store::TenantScope;

use super::{import, read, since};
use crate::documents::items;
use crate::{Engine, PageError, QueryError, QueryRequest, Resolution};

/// Models that were called since then are in use.
const LATELY: Millis = 30 * 86_400_000;

/// A model that was called lately, whatever its price is.
pub(super) struct Used {
    pub provider: String,
    pub model: String,
    pub calls: u64,
    pub cost: Option<f64>,
    pub unpriced: Option<f64>,
}

impl Engine {
    /// What the page of prices shows.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn prices(&self, scope: &TenantScope) -> Result<PricesPage, PageError> {
        let now = self.clock().now();
        let lists = items::<PriceListDoc>(self.stores().documents.as_ref(), scope).await?;
        let shelf = Shelf::new(&lists, now);
        let used = in_use(self, scope).await?;
        let mut models: Vec<ModelInUse> = used
            .into_iter()
            .map(|used| ModelInUse {
                price: shelf.price(&used.provider, &used.model),
                provider: used.provider,
                model: used.model,
                calls: used.calls,
                cost: used.cost,
                unpriced: used.unpriced,
            })
            .collect();
        models.sort_by_key(|model| !model.lacks_price());
        let held = models.iter().filter_map(|model| model.price.as_ref());
        let held = held.fold(HashMap::new(), |mut held: HashMap<u64, u32>, price| {
            *held.entry(price.list).or_default() += 1;
            held
        });
        let mut rows: Vec<PriceListRow> = lists.iter().filter_map(|list| row(list, &held)).collect();
        rows.sort_by_key(|row| Reverse((row.since, row.id)));
        let all = ask(self, scope, &["unpriced"], &[]).await?;
        Ok(PricesPage {
            as_of: now,
            lists: rows,
            models,
            unpriced: all.first().and_then(|answer| values(answer).next()?.1),
        })
    }
}

fn row(list: &DocumentItem<PriceListDoc>, held: &HashMap<u64, u32>) -> Option<PriceListRow> {
    let doc = &list.doc;
    Some(PriceListRow {
        id: list.id,
        version: list.version,
        name: doc.name.clone(),
        source: doc.source.clone(),
        since: since(doc)?,
        entries: doc.entries.len() as u32,
        models: import::models(&doc.entries) as u32,
        holds: held.get(&list.id).copied().unwrap_or_default(),
        changed: list.changed,
    })
}

/// Models that were called lately, the busiest first.
pub(super) async fn in_use(engine: &Engine, scope: &TenantScope) -> Result<Vec<Used>, QueryError> {
    let metrics = ["attempts", "cost", "unpriced"];
    let answers = ask(engine, scope, &metrics, &["provider", "model"]).await?;
    let [calls, cost, unpriced] = [0, 1, 2].map(|place| {
        let answer = answers.get(place).map(values);
        answer.into_iter().flatten().collect::<BTreeMap<_, _>>()
    });
    let of = |values: &BTreeMap<(String, String), Option<f64>>, key: &(String, String)| {
        values.get(key).copied().flatten()
    };
    let mut used: Vec<Used> = calls
        .iter()
        .map(|(key, count)| Used {
            provider: key.0.clone(),
            model: key.1.clone(),
            // The cast saturates.
            calls: count.unwrap_or_default().round() as u64,
            cost: of(&cost, key),
            unpriced: of(&unpriced, key),
        })
        .filter(|used| used.calls > 0)
        .collect();
    used.sort_by_key(|used| Reverse(used.calls));
    Ok(used)
}

/// Metrics of the last 30 days as one value each, by one reading.
async fn ask(
    engine: &Engine,
    scope: &TenantScope,
    metrics: &[&str],
    group_by: &[&str],
) -> Result<Vec<QueryAnswer>, QueryError> {
    let now = engine.clock().now();
    let requests: Vec<QueryRequest> = metrics
        .iter()
        .map(|metric| QueryRequest {
            metric: (*metric).to_owned(),
            group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
            filter: String::new(),
            span: Span {
                from: now - LATELY,
                to: now,
            },
            resolution: Resolution::MaxPoints(1),
            compare_previous: false,
            // What is drilled or probed is paid for too.
            counting: false,
        })
        .collect();
    engine.query_all(scope, &requests).await
}

/// The one value of each provider and model.
fn values(answer: &QueryAnswer) -> impl Iterator<Item = ((String, String), Option<f64>)> {
    answer.series.iter().map(|series| {
        let of = |key: &str| series.group.get(key).cloned().unwrap_or_default();
        let value = series.points.first().and_then(|(_, value)| *value);
        ((of("provider"), of("model")), value)
    })
}

/// Standard prices that hold at a moment, with the list that says each.
struct Shelf<'a> {
    /// By provider (empty for any) and model.
    prices: HashMap<(&'a str, &'a str), (&'a DocumentItem<PriceListDoc>, &'a PriceEntry)>,
}

impl<'a> Shelf<'a> {
    fn new(lists: &'a [DocumentItem<PriceListDoc>], at: Millis) -> Shelf<'a> {
        let holding = lists.iter().filter_map(|list| {
            let since = since(&list.doc).filter(|since| *since <= at)?;
            Some((since, list.id, list))
        });
        let mut holding: Vec<_> = holding.collect();
        holding.sort_by_key(|(since, id, _)| (*since, *id));
        let mut prices = HashMap::new();
        for (_, _, list) in holding {
            let standard = Tier::Standard.as_str();
            for entry in list.doc.entries.iter().filter(|entry| entry.tier == standard) {
                prices.insert((entry.provider.as_str(), entry.model.as_str()), (list, entry));
            }
        }
        Shelf { prices }
    }

    fn price(&self, provider: &str, model: &str) -> Option<Priced> {
        let own = self.prices.get(&(provider, model));
        let (list, entry) = own.or_else(|| self.prices.get(&("", model)))?;
        let (_, price) = read(entry).ok()?;
        Some(Priced {
            input: words(price.input),
            output: words(price.output),
            cache_read: words(price.cache_read),
            cache_write: words(price.cache_write),
            list: list.id,
            list_name: list.doc.name.clone(),
            any_provider: entry.provider.is_empty(),
        })
    }
}
