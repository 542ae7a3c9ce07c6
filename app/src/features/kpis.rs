//! The six key figures with their sparklines.

use leptos::prelude::*;
use protocol::{
    Level,
    view::{Kpi, KpiId},
};

use crate::{
    components::{level_key, shape, spark, spark_paths},
    format::{kpi_name, kpi_text},
    live::Live,
    part::{IntoPart, Part},
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

fn cell(kpi: RwSignal<Kpi>) -> Part {
    let id = kpi.with_untracked(|kpi| kpi.id);
    let words = Memo::new(move |_| kpi.with(kpi_text));
    let paths = Memo::new(move |_| kpi.with(|kpi| spark_paths(&kpi.spark)));
    let level = Memo::new(move |_| kpi.with(|kpi| kpi.level));
    let marked = move || matches!(level.get(), Level::Attention | Level::Act);
    view! {
        <div class="kpi" data-kpi=key(id) data-level=move || level_key(level.get())>
            <p class="l" title=meaning(id)>
                {kpi_name(id)}
                {move || marked().then(|| shape(level.get()))}
            </p>
            <p class="v">
                {move || words.with(|words| words.figure.number.clone())}
                <small>{move || words.with(|words| words.aside.clone())}</small>
            </p>
            <p class="d" data-tone=move || words.with(|words| words.tone.as_str())>
                {move || words.with(|words| words.change.clone())}
            </p>
            {spark(paths.into())}
        </div>
    }
    .part()
}
