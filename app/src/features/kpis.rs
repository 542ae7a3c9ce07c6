//! The six key figures with their sparklines.

use leptos::prelude::*;
use protocol::view::{Kpi, KpiId};

use crate::{
    components::{level_key, moving_shape, spark, spark_paths},
    format::{kpi_name, kpi_text},
    lasting::Lasting,
    live::Live,
    part::{IntoPart, Part, See, dynamic, when},
};

const fn key(id: KpiId) -> &'static str {
    match id {
        KpiId::Requests => "requests",
        KpiId::Success => "success",
        KpiId::LatencyP95 => "latency_p95",
        KpiId::TtftP95 => "ttft_p95",
        KpiId::TokensOut => "tokens_out",
        KpiId::SpendToday => "spend_today",
    }
}

const fn meaning(id: KpiId) -> &'static str {
    match id {
        KpiId::Requests => "First attempts per second, retries and fallbacks not counted",
        KpiId::Success => "Share of requests that were answered in the end, by whatever provider",
        KpiId::LatencyP95 => "95% of answers were complete within this time",
        KpiId::TtftP95 => "95% of answers began within this time",
        KpiId::TokensOut => "Tokens written by models, per second",
        KpiId::SpendToday => "US dollars since midnight; below, the pace over the range",
    }
}

/// Draws the row.
pub fn kpis(live: Live) -> Part {
    let cells = live
        .board
        .kpis
        .with_value(|kpis| kpis.iter().copied().map(cell).collect_view());
    view! { <section class="kpis" aria-label="Key figures">{cells}</section> }.part()
}

fn cell(kpi: Lasting<Kpi>) -> Part {
    let id = kpi.with_untracked(|kpi| kpi.id);
    // Computed anew for each of its parts: six figures, once a second; a memo would cost more than it saves.
    let words = move || kpi.see(kpi_text);
    let level = dynamic(move || kpi.see(|kpi| level_key(kpi.level)));
    let urgent = Memo::new(move |_| matches!(level.get(), "attention" | "act"));
    let mark = move || urgent.get().then(|| moving_shape(level));
    let area = dynamic(move || kpi.see(|kpi| spark_paths(&kpi.spark)).area);
    let line = dynamic(move || kpi.see(|kpi| spark_paths(&kpi.spark)).line);
    view! {
        <div class="kpi" data-kpi=key(id) data-level=level>
            <p class="l" title=meaning(id)>
                {kpi_name(id)}
                {when(mark)}
            </p>
            <p class="v" title=dynamic(move || words().about)>
                {dynamic(move || words().figure.number)}
                <small>{dynamic(move || words().figure.unit)}</small>
            </p>
            <p class="d" data-tone=dynamic(move || words().tone.as_str())>
                {dynamic(move || words().change)}
            </p>
            {spark(area, line)}
        </div>
    }
    .part()
}
