//! Models in use with what a million of their tokens cost; those without a price first.

use leptos::prelude::*;
use protocol::Level;
use protocol::kpis::prices::ModelInUse;

use super::PricesView;
use crate::format::{NOTHING, grouped, money, percent};
use crate::plain::form::heading;
use crate::plain::mark;
use crate::plain::table::Column::{Left, Plain};
use crate::plain::table::table;

/// The most rows: those that follow are called least.
const MOST: usize = 200;

pub(super) fn card(view: &PricesView) -> AnyView {
    let models = &view.prices.models;
    let columns = [
        Left("Model"),
        Left("Provider"),
        Plain("Calls"),
        Plain("Cost"),
        Plain("Without a cost"),
        Plain("In"),
        Plain("Out"),
        Plain("From cache"),
        Plain("Into cache"),
        Left("By"),
    ];
    let none = models.is_empty().then(|| {
        view! { <p class="pad quiet">"Models stand here once calls of them have come."</p> }
    });
    let more = models.len().saturating_sub(MOST);
    let more = (more > 0).then(|| {
        view! { <p class="pad quiet">{format!("{} more are called less often.", grouped(more as u64))}</p> }
    });
    let rows = models.iter().take(MOST).map(row);
    view! {
        <section class="card" data-swap="models">
            {heading("Models in use", "last 30 days; prices of the standard tier as they hold now, US dollars per million tokens")}
            {none}
            {(!models.is_empty()).then(|| table("models", columns, rows))}
            {more}
        </section>
    }
    .into_any()
}

fn row(model: &ModelInUse) -> AnyView {
    let price = model.price.as_ref();
    let lacks = model.lacks_price();
    let of = |one: Option<&String>| one.map_or_else(|| NOTHING.to_owned(), Clone::clone);
    let by = match price {
        Some(price) if price.any_provider => format!("{}, any provider", price.list_name),
        Some(price) => price.list_name.clone(),
        None if lacks => "no price".to_owned(),
        None if model.cost.is_some_and(|cost| cost > 0.0) => "the sender".to_owned(),
        None => "no tokens".to_owned(),
    };
    let unpriced = model.unpriced.filter(|share| *share > 0.0);
    let unpriced = unpriced.map_or_else(|| NOTHING.to_owned(), |share| percent(Some(share)));
    view! {
        <tr data-model=model.model.clone() data-lacks=lacks.then_some("price")>
            <th scope="row" class="l">{lacks.then(|| mark(Level::Attention))} " " {model.model.clone()}</th>
            <td class="l" data-label="Provider">{model.provider.clone()}</td>
            <td data-label="Calls">{grouped(model.calls)}</td>
            <td data-label="Cost">{money(model.cost.filter(|cost| *cost > 0.0))}</td>
            <td data-label="Without a cost">{unpriced}</td>
            <td data-label="In">{of(price.map(|price| &price.input))}</td>
            <td data-label="Out">{of(price.map(|price| &price.output))}</td>
            <td data-label="From cache">{of(price.map(|price| &price.cache_read))}</td>
            <td data-label="Into cache">{of(price.map(|price| &price.cache_write))}</td>
            <td class="l" data-label="By">{by}</td>
        </tr>
    }
    .into_any()
}
