//! What each provider did, the busiest first.

use leptos::prelude::*;
use protocol::view::KpiProvider;

use super::KpiView;
use super::links::encoded;
use super::words::{UNKNOWN, count, share};
use crate::format;
use crate::kpis::charts::days;
use crate::plain::form::heading;
use crate::plain::table::{Column, table as plain_table};

pub(super) fn table(view: &KpiView) -> AnyView {
    let providers = &view.page.providers;
    let none = providers
        .is_empty()
        .then(|| view! { <p class="pad quiet">"No provider was called in this period."</p> });
    let rows = providers.iter().map(|provider| row(view, provider));
    let table = (!providers.is_empty()).then(|| {
        let columns = [
            Column::Plain("Provider"),
            Column::Plain("Answers"),
            Column::Plain("Success"),
            Column::Plain("First token p95"),
            Column::Plain("Cost"),
            Column::Plain("Opened"),
            Column::Plain("Time open"),
            Column::Plain("Ate of budget"),
            Column::Plain("Answers by day"),
        ];
        plain_table("providers", columns, rows)
    });
    view! {
        <section class="card kpis-providers" data-swap="providers">
            {heading("Providers", "what each did for us")}
            {none}
            {table}
        </section>
    }
    .into_any()
}

fn known(text: String, is_known: bool) -> String {
    match is_known {
        true => text,
        false => UNKNOWN.to_owned(),
    }
}

fn row(view: &KpiView, provider: &KpiProvider) -> AnyView {
    let href = format!("{}/providers/{}", view.frame.base, encoded(&provider.id));
    let cost = known(format::money(provider.cost), provider.cost.is_some());
    let success = known(
        format::percent_fine(provider.success).text(),
        provider.success.is_some(),
    );
    let wait = known(
        format::latency(provider.ttft_p95).text(),
        provider.ttft_p95.is_some(),
    );
    let open = match provider.open_ms {
        0 => "0 s".to_owned(),
        ms => format::span(ms),
    };
    view! {
        <tr data-provider=provider.name.clone()>
            <th scope="row">
                <a href=href rel="external">{provider.name.clone()}</a>
            </th>
            <td data-label="Answers" title=format::grouped(provider.answers)>{count(provider.answers)}</td>
            <td data-label="Success">{success}</td>
            <td data-label="First token p95">{wait}</td>
            <td data-label="Cost">{cost}</td>
            <td data-label="Opened">{format::grouped(provider.opened)}</td>
            <td data-label="Time open">{open}</td>
            <td data-label="Ate of budget">{share(provider.ate)}</td>
            <td data-label="By day" inner_html=days(&provider.days)></td>
        </tr>
    }
    .into_any()
}
