//! What a shared page leaves out. What people wrote freely (why a stretch does not count, who looks after a figure) and what a
//! viewer cannot ask anyway (queries) always goes; money, providers and breakers when the share says so.

use protocol::Filter;
use protocol::kpis::share::ShareDoc;
use protocol::query::{BREAKER_DIMENSIONS, CALL_DIMENSIONS, LABEL, Unit};
use protocol::view::{Completeness, Figure, KpiPage, Said, Working};

/// The page without what the share hides.
pub(super) fn redacted(mut page: KpiPage, share: &ShareDoc) -> KpiPage {
    let (cost, providers, breakers) = (
        share.hides("cost"),
        share.hides("providers"),
        share.hides("breakers"),
    );
    let beyond = narrows_more_than_breakers(&share.filter);
    if !share.filter.is_empty() {
        // Those are of all invoices.
        page.completeness.reconciled.clear();
    }
    if cost {
        page.figures.retain(|figure| !is_money(figure));
        page.unreliability.parts.clear();
        page.unreliability.usd = None;
        page.unreliability.unpriced = None;
        for provider in &mut page.providers {
            provider.cost = None;
        }
        no_money(&mut page.completeness);
    }
    if providers {
        page.filter.clear();
        page.completeness.reconciled.clear();
        page.providers.clear();
    }
    // Rows of breakers are named after providers.
    if providers || breakers || beyond {
        page.breakers.clear();
        page.providers
            .retain(|provider| provider.answers > 0 || provider.success.is_some());
        for provider in &mut page.providers {
            provider.opened = 0;
            provider.open_ms = 0;
        }
    }
    // The sentence is free to name whom it blames and what that cost.
    if cost || providers || breakers {
        page.sentence = sentence(&page);
    }
    for figure in &mut page.figures {
        figure.owner.clear();
        unasked(&mut figure.working, providers);
        // What people wrote about figures of their own.
        if figure.key == "roi" || figure.key.starts_with("kpi:") {
            figure.working.words.clear();
            figure.working.formula.clear();
        }
    }
    if let Some(budget) = &mut page.budget {
        if providers {
            budget.projection.clear();
            budget.title = "answered".into();
        }
        unasked(&mut budget.working, providers);
    }
    for part in &mut page.unreliability.parts {
        unasked(&mut part.working, providers);
    }
    unasked(&mut page.completeness.working, providers);
    for gap in &mut page.completeness.gaps {
        gap.why = match gap.marked {
            true => "marked as not counting".into(),
            false => "nothing came".into(),
        };
    }
    page
}

/// Breakers do not know all that calls are told apart by: of a filter that names more, theirs are not only those meant.
pub(super) fn narrows_more_than_breakers(filter: &str) -> bool {
    let known = [CALL_DIMENSIONS, &[LABEL]].concat();
    let keys = |filter: Filter| {
        let keys = filter.terms().iter().map(|term| term.key());
        keys.map(|key| key.is_some_and(|key| BREAKER_DIMENSIONS.contains(&key)))
            .collect::<Vec<_>>()
    };
    Filter::parse(filter, &known).map_or(true, |filter| keys(filter).contains(&false))
}

/// Money is in its value, or what it is computed from.
fn is_money(figure: &Figure) -> bool {
    let asks = |query: &String| {
        let rest = query.strip_prefix("metric=").unwrap_or_default();
        let metric = rest.split('&').next().and_then(protocol::query::info);
        metric.is_some_and(|metric| metric.unit == Unit::Usd)
    };
    figure.unit == Unit::Usd || figure.working.queries.iter().any(asks)
}

fn no_money(completeness: &mut Completeness) {
    completeness.unpriced = None;
    completeness.estimated = None;
    completeness.reconciled.clear();
}

/// A formula may hold a filter with names.
fn unasked(working: &mut Working, providers: bool) {
    working.queries.clear();
    if providers {
        working.formula.clear();
    }
}

fn sentence(page: &KpiPage) -> Vec<Said> {
    let first = page.figures.iter().find(|figure| figure.key == "answered");
    let value = first.and_then(|figure| figure.value);
    let said = |words: String, strong| Said { words, strong };
    match value {
        Some(_) => vec![
            said(app::format::percent_fine(value).text(), true),
            said(
                format!(" of requests were answered in {}.", page.period.words),
                false,
            ),
        ],
        None => vec![said(format!("Nothing is known of {}.", page.period.words), false)],
    }
}

#[cfg(test)]
mod tests {
    use protocol::view::{
        Burndown, CostPart, Figure, Gap, Good, KpiProvider, OpenHours, Period, Unreliability,
    };

    use super::*;

    fn working() -> Working {
        Working {
            words: "As it is.".into(),
            formula: "secretco / requests".into(),
            queries: vec!["filter=provider:secretco".into()],
        }
    }

    fn figure(key: &str, unit: Unit) -> Figure {
        Figure {
            key: key.into(),
            title: key.into(),
            unit,
            good: Good::High,
            value: Some(0.5),
            before: None,
            target: None,
            samples: 9,
            days: Vec::new(),
            owner: "Ada".into(),
            working: working(),
        }
    }

    fn page() -> KpiPage {
        KpiPage {
            period: Period {
                asked: "month".into(),
                words: "November".into(),
                from: 0,
                to: 1,
                until: 1,
                before_words: "October".into(),
                before_from: 0,
                before_to: 0,
                zone: "UTC".into(),
            },
            as_of: 1,
            filter: "provider:secretco".into(),
            sentence: vec![Said {
                words: "secretco cost $4,711".into(),
                strong: true,
            }],
            figures: vec![
                figure("answered", Unit::Fraction),
                figure("cost_per_answer", Unit::Usd),
            ],
            budget: Some(Burndown {
                slo: None,
                title: "chat".into(),
                about: String::new(),
                objective: 0.9,
                left: Vec::new(),
                exhausted: None,
                projection: "secretco eats it".into(),
                working: working(),
            }),
            unreliability: Unreliability {
                parts: vec![CostPart {
                    key: "failed".into(),
                    title: "Failed".into(),
                    usd: Some(4_711.0),
                    working: working(),
                }],
                usd: Some(4_711.0),
                unpriced: Some(0.1),
            },
            breakers: vec![OpenHours {
                provider: "secretco".into(),
                hours: vec![(1, 1)],
            }],
            providers: vec![KpiProvider {
                name: "secretco".into(),
                id: "p_1".into(),
                answers: 1,
                success: None,
                ttft_p95: None,
                cost: Some(4_711.0),
                opened: 1,
                open_ms: 1,
                ate: None,
                days: Vec::new(),
            }],
            completeness: Completeness {
                calls: 9,
                complete: None,
                gaps: vec![Gap {
                    from: 0,
                    to: 1,
                    why: "marked by Ada: secretco".into(),
                    marked: true,
                }],
                left_out: 0,
                unpriced: Some(0.1),
                estimated: Some(0.1),
                reconciled: "secretco asked for $4,711.".into(),
                working: working(),
            },
            partial: false,
        }
    }

    fn told(hide: &[&str]) -> String {
        let share = ShareDoc {
            name: "x".into(),
            page: "kpis".into(),
            period: "month".into(),
            filter: "provider:secretco".into(),
            zone: "UTC".into(),
            expires: 1,
            embed: Vec::new(),
            hide: hide.iter().map(|what| (*what).to_owned()).collect(),
        };
        serde_json::to_string(&redacted(page(), &share)).unwrap()
    }

    #[test]
    fn what_is_hidden_is_nowhere_in_the_answer() {
        let all = told(&[]);
        assert!(all.contains("secretco") && all.contains("4711"), "{all}");
        assert!(!all.contains("Ada") && !all.contains("filter=provider"), "{all}");
        let hidden = told(&["providers", "cost"]);
        assert!(
            !hidden.contains("secretco") && !hidden.contains("4711"),
            "{hidden}"
        );
        assert!(hidden.contains("50.00%"), "{hidden}");
        assert!(!told(&["cost"]).contains("4711") && !told(&["cost"]).contains("4,711"));
        assert!(told(&["breakers"]).contains("\"breakers\":[]"));
    }
}
