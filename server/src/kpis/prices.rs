//! `/kpis/prices`: lists of prices, a file to import, invoices.

use app::kpis::{ImportForm, PricesView, Section, Wrong, prices};
use axum::extract::State;
use axum::response::Response;
use domain::duty::Zone;
use engine::PriceFile;
use protocol::kpis::invoice::InvoiceDoc;
use protocol::kpis::price_list::{Decimal, PriceListDoc};
use protocol::kpis::prices::PriceImport;

use super::frame;
use crate::http::Problem;
use crate::http::alerts::{hand, problem};
use crate::http::page_problem;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

/// `GET`.
pub async fn prices_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let form = ImportForm {
        from: today(visit.now),
        ..ImportForm::default()
    };
    page(&shared, &visit, (form, None), None).await
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    (form, preview): (ImportForm, Option<PriceImport>),
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let invoices = engine.invoices(scope).await.map_err(page_problem)?;
    let reconciled = match invoices.is_empty() {
        true => None,
        false => engine.reconciled(scope).await.map_err(page_problem)?,
    };
    let view = PricesView {
        frame: frame(shared, visit, Section::Prices, wrong).await?,
        prices: engine.prices(scope).await.map_err(page_problem)?,
        // Whoever adds one adds the next of the same zone.
        zone: invoices
            .first()
            .map_or_else(|| "UTC".to_owned(), |row| row.doc.zone.clone()),
        invoices,
        reconciled: reconciled.unwrap_or_default(),
        form,
        preview,
        today: today(visit.now),
    };
    Ok(plain(status(view.frame.wrong.as_ref()), prices(&view)))
}

/// The day of a moment, in UTC.
fn today(now: i64) -> String {
    let utc = Zone::new("UTC");
    utc.map_or_else(|_| String::new(), |utc| utc.shown(now).date().to_string())
}

/// `POST`: `preview`, `import`, `remove_list`, `invoice` or `remove_invoice`.
pub async fn prices_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let what = match sent.get("do") {
        "preview" | "import" => "import",
        "invoice" => "invoice",
        _ => "act",
    };
    match act(&shared, &visit, &sent).await {
        Ok(Done::Saved(done)) => Ok(go(&format!(
            "{}{}?done={done}",
            visit.base,
            Section::Prices.path()
        ))),
        Ok(Done::Looked(told)) => page(&shared, &visit, (kept(&sent), Some(told)), None).await,
        Err(problem) => {
            let wrong = wrong(problem, what, &sent)?;
            page(&shared, &visit, (kept(&sent), None), Some(wrong)).await
        }
    }
}

enum Done {
    /// By its name in the address.
    Saved(&'static str),
    /// Nothing was changed.
    Looked(PriceImport),
}

/// The form for a file as it was sent.
fn kept(sent: &Sent) -> ImportForm {
    let get = |name: &str| sent.get(name).to_owned();
    ImportForm {
        name: get("name"),
        from: get("from"),
        source: get("source"),
        providers: get("providers"),
        file: get("file"),
    }
}

async fn act(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<Done, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    let get = |name: &str| sent.get(name).trim().to_owned();
    let id = |name: &str| sent.get(name).parse::<u64>().map_err(|_| Problem::not_found());
    let file = || PriceFile {
        name: get("name"),
        from: get("from"),
        source: get("source"),
        providers: get("providers"),
        text: get("file"),
    };
    match sent.get("do") {
        "preview" => {
            let told = engine.preview_prices(scope, file()).await;
            return Ok(Done::Looked(told.map_err(problem)?.1));
        }
        "import" => {
            let made = engine.import_prices(scope, file(), &hand).await;
            made.map_err(problem)?;
        }
        "invoice" => {
            let doc = InvoiceDoc {
                number: get("number"),
                provider: get("provider"),
                from: get("from"),
                to: get("to"),
                zone: get("zone"),
                amount: Decimal(get("amount")),
                note: get("note"),
            };
            let made = engine.create_document(scope, &doc, &hand).await;
            made.map_err(problem)?;
        }
        "remove_list" => {
            let gone = engine
                .delete_document::<PriceListDoc>(scope, id("list")?, &hand)
                .await;
            gone.map_err(problem)?;
            return Ok(Done::Saved("removed"));
        }
        "remove_invoice" => {
            let gone = engine
                .delete_document::<InvoiceDoc>(scope, id("invoice")?, &hand)
                .await;
            gone.map_err(problem)?;
            return Ok(Done::Saved("removed"));
        }
        _ => return Err(Problem::not_found()),
    }
    Ok(Done::Saved("saved"))
}
