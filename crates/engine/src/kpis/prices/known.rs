//! The prices of a tenant in memory, and calls that get their cost from them.
//!
//! A batch takes one snapshot; a tenant without lists has nothing to look up. What is in memory is read when it is first
//! needed, and again after a list was made, changed or removed.

use std::sync::Arc;

use domain::cost::PriceTable;
use domain::{Event, EventBody};
use parking_lot::RwLock;
use protocol::kpis::price_list::PriceListDoc;
use store::{Documents, StoreError, TenantScope};

use super::table_of;
use crate::documents::items;

/// The prices of a tenant.
#[derive(Default)]
pub(crate) struct KnownPrices {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// Rises with each change of a list, so that what was read before one is not kept after it.
    changes: u64,
    held: Held,
}

#[derive(Default)]
enum Held {
    /// Nobody has looked since the last change.
    #[default]
    Unread,
    /// As it was read; `None` without any price.
    Read(Option<Arc<PriceTable>>),
}

impl KnownPrices {
    /// The table as it is now; `None` without any price.
    pub async fn of(
        &self,
        documents: &dyn Documents,
        scope: &TenantScope,
    ) -> Result<Option<Arc<PriceTable>>, StoreError> {
        let changes = {
            let state = self.state.read();
            if let Held::Read(table) = &state.held {
                return Ok(table.clone());
            }
            state.changes
        };
        let lists = items::<PriceListDoc>(documents, scope).await?;
        let table = table_of(&lists);
        let table = (!table.is_empty()).then(|| Arc::new(table));
        let mut state = self.state.write();
        if state.changes == changes {
            state.held = Held::Read(table.clone());
        }
        Ok(table)
    }

    /// A list has changed: whoever needs prices next reads them anew.
    pub fn forget(&self) {
        let mut state = self.state.write();
        state.changes += 1;
        state.held = Held::Unread;
    }
}

/// Gives calls without a cost the one that follows from the prices of when they happened, and says so; calls that stand in
/// for another one also get what that would have cost. What a sender said stays.
pub(crate) fn fill(events: &mut [Event], prices: &PriceTable) {
    for event in events {
        let at = event.time;
        let EventBody::Call(call) = &mut event.body else {
            continue;
        };
        call.usual_cost = call.usual_cost.or_else(|| prices.usual(call, at));
        if call.cost.is_none() {
            call.cost = prices.estimate(call, at);
            call.cost_estimated = call.cost.is_some();
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::cost::Price;
    use domain::event::{Call, FallbackFrom, Tier};

    use super::*;

    fn call(cost: Option<i64>, from: Option<&str>) -> Event {
        let call = Call {
            provider: "openai".into(),
            model: "m".into(),
            input_tokens: Some(1_000),
            cost,
            fallback_from: from.map(|model| FallbackFrom {
                provider: "anthropic".into(),
                model: Some(model.into()),
            }),
            ..Call::default()
        };
        Event {
            id: None,
            time: 100,
            reported: None,
            body: EventBody::Call(Box::new(call)),
        }
    }

    #[test]
    fn what_a_sender_said_stays_and_what_it_stands_in_for_is_priced() {
        let mut table = PriceTable::new();
        for (model, input) in [("m", 2_000), ("big", 9_000)] {
            let price = Price {
                input,
                ..Price::default()
            };
            table.insert(0, None, model, Tier::Standard, price);
        }
        let mut events = vec![
            call(None, None),
            call(Some(7), None),
            call(Some(7), Some("big")),
            call(None, Some("unknown")),
        ];
        fill(&mut events, &table);
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.body {
                EventBody::Call(call) => Some((call.cost, call.cost_estimated, call.usual_cost)),
                _ => None,
            })
            .collect();
        assert_eq!(
            told,
            [
                (Some(2_000), true, None),
                (Some(7), false, None),
                (Some(7), false, Some(9_000)),
                (Some(2_000), true, None),
            ]
        );
    }
}
