//! How much is known: on what the figures rest, what is missing, what was left out.

use leptos::prelude::*;
use protocol::view::{Completeness, Gap};

use super::KpiView;
use super::words::{count, share};
use super::working::working;
use crate::format;

pub(super) fn foot(view: &KpiView) -> AnyView {
    let known = &view.page.completeness;
    let gaps = gaps(view, &known.gaps);
    view! {
        <section class="kpis-foot" data-swap="foot" aria-label="How much is known">
            <p>{words(known)}</p>
            {gaps}
            {working(
                &view.frame.base,
                "completeness",
                "how much is known",
                &known.working,
                ().into_any(),
            )}
        </section>
    }
    .into_any()
}

fn words(known: &Completeness) -> String {
    let calls = match known.calls {
        0 => "No call of this period counts".to_owned(),
        1 => "Figures from 1 call".to_owned(),
        calls => format!("Figures from {} calls", count(calls)),
    };
    let complete = match known.complete {
        Some(_) => format!("data {} complete", share(known.complete)),
        None => "nothing was heard before this".to_owned(),
    };
    let mut said = format!("{calls}; {complete}.");
    if let Some(estimated) = known.estimated.filter(|estimated| *estimated > 0.0) {
        said.push_str(&format!(
            " {} of the cost is list price × tokens.",
            share(Some(estimated))
        ));
    }
    if let Some(unpriced) = known.unpriced.filter(|unpriced| *unpriced > 0.0) {
        said.push_str(&format!(
            " {} of calls with tokens have no price.",
            share(Some(unpriced))
        ));
    }
    if !known.reconciled.is_empty() {
        said.push(' ');
        said.push_str(&known.reconciled);
    }
    match known.left_out {
        0 => said.push_str(" Drills, probes and simulations are left out; there were none."),
        1 => said.push_str(" 1 call of drills, probes and simulations is left out."),
        left_out => said.push_str(&format!(
            " {} calls of drills, probes and simulations are left out.",
            format::grouped(left_out)
        )),
    }
    said
}

fn gaps(view: &KpiView, gaps: &[Gap]) -> Option<AnyView> {
    if gaps.is_empty() {
        return None;
    }
    let rows = gaps.iter().map(|gap| {
        let calendar = &view.calendar;
        let when = format!("{} to {}", calendar.moment(gap.from), calendar.moment(gap.to));
        let marked = gap.marked.then_some(" It does not count.");
        view! { <li><b>{when}</b> ": " {gap.why.clone()} "." {marked}</li> }
    });
    let title = match gaps.len() {
        1 => "1 stretch is missing or does not count".to_owned(),
        many => format!("{many} stretches are missing or do not count"),
    };
    Some(
        view! {
            <details class="kpis-working" data-keep="gaps">
                <summary>{title}</summary>
                <ul>{rows.collect_view()}</ul>
            </details>
        }
        .into_any(),
    )
}
