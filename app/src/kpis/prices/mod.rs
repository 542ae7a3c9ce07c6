//! The page of prices: what models in use cost and which have no price, the lists that say so, a file to import, invoices
//! against what was counted.
//!
//! What has no price comes first: money that nobody counts is what one comes here for.

mod import;
mod invoices;
mod lists;
mod models;

use leptos::prelude::*;
use protocol::Level;
use protocol::kpis::invoice::InvoiceRow;
use protocol::kpis::prices::{PriceImport, PricesPage};

use super::frame::{Frame, Section, page};
use crate::format::percent;
use crate::plain::form::{Wrong, refused};
use crate::plain::mark;

/// The page of prices.
#[derive(Debug, Clone)]
pub struct PricesView {
    /// Around it.
    pub frame: Frame,
    /// Lists and models.
    pub prices: PricesPage,
    /// Invoices, the newest first.
    pub invoices: Vec<InvoiceRow>,
    /// What the newest say, one sentence; empty without any.
    pub reconciled: String,
    /// The form for a file.
    pub form: ImportForm,
    /// What that file would do, once somebody asked.
    pub preview: Option<PriceImport>,
    /// Today, as a field for a day takes it.
    pub today: String,
    /// The zone that an invoice's days are most likely of.
    pub zone: String,
}

/// What is in the form for a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportForm {
    /// What the list is to be called.
    pub name: String,
    /// From when it holds.
    pub from: String,
    /// Where it was read.
    pub source: String,
    /// Only these providers.
    pub providers: String,
    /// The file.
    pub file: String,
}

/// The page's HTML.
pub fn prices(view: &PricesView) -> String {
    let frame = &view.frame;
    let (level, words) = verdict(&view.prices);
    let content = view! {
        <div class="doc settings prices">
            <p class="prices-verdict" data-level=crate::components::level_key(level)>{mark(level)} {words}</p>
            <p class="quiet">
                "A call whose sender says no cost gets the price of when it happened, and keeps it. US dollars."
            </p>
            {refused(Wrong::of(&frame.wrong, "act"))}
            {models::card(view)}
            {lists::card(frame, &view.prices)}
            {frame.may_change.then(|| import::form(view))}
            {invoices::card(view)}
            {frame.may_change.then(|| invoices::form(view))}
        </div>
    };
    page(
        frame,
        Section::Prices.title(),
        ().into_any(),
        ().into_any(),
        content.into_any(),
    )
}

/// Whether money is missed, in one sentence.
fn verdict(prices: &PricesPage) -> (Level, String) {
    let all = prices.models.len();
    let lacking = prices.models.iter().filter(|model| model.lacks_price()).count();
    let share = prices.unpriced.filter(|share| *share > 0.0);
    let share = share.map(|share| {
        let share = percent(Some(share));
        format!(" In the last 30 days {share} of calls with tokens went without a cost.")
    });
    let share = share.unwrap_or_default();
    match (all, lacking) {
        (0, _) => (
            Level::Unknown,
            "No model was called in the last 30 days.".to_owned(),
        ),
        (_, 0) => (
            Level::Ok,
            format!("Every model in use has a price or says its cost.{share}"),
        ),
        (1, _) => (
            Level::Attention,
            format!("The only model in use has no price.{share}"),
        ),
        (all, 1) => (
            Level::Attention,
            format!("1 of {all} models in use has no price.{share}"),
        ),
        (all, lacking) => (
            Level::Attention,
            format!("{lacking} of {all} models in use have no price.{share}"),
        ),
    }
}

/// `1 price`, `3 prices`.
fn counted(count: u32, one: &str, many: &str) -> String {
    let words = if count == 1 { one } else { many };
    format!("{} {words}", crate::format::grouped(count.into()))
}

#[cfg(test)]
mod tests {
    use protocol::kpis::prices::ModelInUse;

    use super::*;

    fn model(unpriced: Option<f64>) -> ModelInUse {
        ModelInUse {
            provider: "openai".into(),
            model: "m".into(),
            calls: 10,
            cost: None,
            unpriced,
            price: None,
        }
    }

    #[test]
    fn the_verdict_says_what_is_missed() {
        let page = |models: Vec<ModelInUse>, unpriced| PricesPage {
            as_of: 0,
            lists: vec![],
            models,
            unpriced,
        };
        let (level, words) = verdict(&page(vec![], None));
        assert_eq!(
            (level, words.as_str()),
            (Level::Unknown, "No model was called in the last 30 days.")
        );
        let (level, words) = verdict(&page(vec![model(None), model(Some(0.0))], Some(0.0)));
        assert_eq!(
            (level, words.as_str()),
            (Level::Ok, "Every model in use has a price or says its cost.")
        );
        let (level, words) = verdict(&page(vec![model(Some(0.5)), model(None)], Some(0.041)));
        assert_eq!(level, Level::Attention);
        assert_eq!(
            words,
            "1 of 2 models in use has no price. In the last 30 days 4.1% of calls with tokens went without a cost."
        );
    }
}
