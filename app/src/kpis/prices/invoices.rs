//! Invoices against what was counted for the same provider and days.

use leptos::prelude::*;
use protocol::kpis::invoice::InvoiceRow;

use super::super::frame::{Frame, Section};
use super::PricesView;
use crate::format::{MINUS, fixed, money, percent};
use crate::plain::form::{Wrong, heading, hidden, refused, sure, text};
use crate::plain::table::Column::{Left, Plain, Unseen};
use crate::plain::table::table;

pub(super) fn card(view: &PricesView) -> AnyView {
    let frame = &view.frame;
    let none = view.invoices.is_empty().then(|| {
        view! {
            <p class="pad quiet">
                "No invoice yet. One that is held against what was counted says how far the prices here can be trusted."
            </p>
        }
    });
    let reconciled = (!view.reconciled.is_empty()).then(|| {
        view! { <p class="pad prices-reconciled">{view.reconciled.clone()}</p> }
    });
    let columns = [
        Left("Invoice"),
        Left("Provider"),
        Left("Days"),
        Plain("Asked"),
        Plain("Counted"),
        Plain("Difference"),
        Left("To know"),
        Unseen("Remove"),
    ];
    let rows = view.invoices.iter().map(|row| one(frame, row));
    view! {
        <section class="card" data-swap="invoices">
            {heading("Invoices", "what a provider asked for, and what was counted for the same days")}
            {none}
            {reconciled}
            {(!view.invoices.is_empty()).then(|| table("invoices", columns, rows))}
        </section>
    }
    .into_any()
}

fn one(frame: &Frame, row: &InvoiceRow) -> AnyView {
    let doc = &row.doc;
    let difference = match (row.difference, row.until <= frame.now) {
        (Some(difference), _) => signed(difference),
        (None, true) => "nothing counted".to_owned(),
        (None, false) => "not over yet".to_owned(),
    };
    let fields = view! {
        {hidden("do", "remove_invoice")}
        {hidden("invoice", &row.id.to_string())}
    };
    let remove = frame.may_change.then(|| {
        sure(
            "Remove…",
            format!("The invoice {} is taken out of here.", doc.number),
            "Remove".to_owned(),
            &frame.href(Section::Prices),
            fields.into_any(),
        )
    });
    let mut known: Vec<String> = Vec::new();
    if row.together > 1 {
        known.push(format!(
            "with {} invoices for these days together, {}",
            row.together,
            money(Some(row.asked))
        ));
    }
    if let Some(share) = row.unpriced.filter(|share| *share > 0.0) {
        known.push(format!("{} of calls had no price", percent(Some(share))));
    }
    if row.partial {
        known.push("a part of these days is not kept any more".to_owned());
    }
    let note = (!doc.note.is_empty()).then(|| view! { <small>{doc.note.clone()}</small> });
    view! {
        <tr data-invoice=doc.number.clone()>
            <th scope="row" class="l">{doc.number.clone()}</th>
            <td class="l" data-label="Provider">{doc.provider.clone()}</td>
            <td class="l" data-label="Days">{format!("{} to {}, {}", doc.from, doc.to, doc.zone)}</td>
            <td data-label="Asked">{format!("${}", doc.amount.0)}</td>
            <td data-label="Counted">{money(row.counted)}</td>
            <td data-label="Difference">{difference}</td>
            <td class="l wrap" data-label="To know"><span>{known.join("; ")}</span> {note}</td>
            <td>{remove}</td>
        </tr>
    }
    .into_any()
}

/// `−1.2%`, `+0.4%`, `±0.0%`.
fn signed(difference: f64) -> String {
    let text = fixed(difference * 100.0, 1);
    let zero = text.chars().all(|c| matches!(c, '0' | '.' | MINUS));
    let sign = match text.starts_with(MINUS) {
        true => "",
        false if zero => "±",
        false => "+",
    };
    format!("{sign}{text}%")
}

/// The form for a new one.
pub(super) fn form(view: &PricesView) -> AnyView {
    let frame = &view.frame;
    let wrong = Wrong::of(&frame.wrong, "invoice");
    view! {
        <form class="card" method="post" action=frame.href(Section::Prices) data-form="invoice">
            {heading("Add an invoice", "amounts in US dollars, without taxes")}
            {refused(wrong)}
            {hidden("do", "invoice")}
            <div class="line">
                {text("number", "Number", "text", "", wrong).hint("As it stands on the invoice.").view()}
                {text("provider", "Provider", "text", "", wrong).hint("As it is called on the board: openai.").view()}
                {text("amount", "Amount, US dollars", "text", "", wrong).hint("Such as 1234.56.").view()}
                {text("from", "First day", "date", "", wrong).view()}
                {text("to", "Last day", "date", &view.today, wrong).view()}
                {text("zone", "Days of", "text", &view.zone, wrong).hint("A time zone such as UTC or Europe/Berlin.").view()}
                {text("note", "Note", "text", "", wrong).optional().view()}
            </div>
            <p class="line">
                <button type="submit" class="btn go">"Add"</button>
            </p>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign() {
        assert_eq!(signed(-0.012), "−1.2%");
        assert_eq!(signed(0.0041), "+0.4%");
        assert_eq!(signed(0.0001), "±0.0%");
        assert_eq!(signed(12.5), "+1,250.0%");
    }
}
