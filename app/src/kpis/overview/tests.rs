//! The whole page, of figures made here.

use protocol::query::Unit;
use protocol::view::{
    Burndown, Completeness, CostPart, Figure, Gap, Good, KpiProvider, OpenHours, Period, Said, Unreliability,
    Working,
};

use super::*;
use crate::plain::form::Wrong;

/// 2026-11-01 00:00 UTC.
const NOVEMBER: i64 = 1_793_491_200_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn working(words: &str) -> Working {
    Working {
        words: words.to_owned(),
        formula: "answers / (requests - neutral)".into(),
        queries: vec!["metric=answers&from=1793491200000&to=now".into()],
    }
}

fn figure(key: &str, title: &str, unit: Unit, value: Option<f64>, target: Option<f64>) -> Figure {
    Figure {
        key: key.into(),
        title: title.into(),
        unit,
        good: if unit == Unit::Fraction {
            Good::High
        } else {
            Good::Low
        },
        value,
        before: None,
        target,
        samples: 4_000,
        days: vec![value; 20],
        owner: String::new(),
        working: working("Answers ÷ requests that are not neutral."),
    }
}

fn sample() -> KpiPage {
    let cost = |key: &str, title: &str, usd| CostPart {
        key: key.into(),
        title: title.into(),
        usd,
        working: working("Counted once."),
    };
    KpiPage {
        period: Period {
            asked: "month".into(),
            words: "November so far".into(),
            from: NOVEMBER,
            to: NOVEMBER + 30 * DAY,
            until: NOVEMBER + 20 * DAY,
            before_words: "October".into(),
            before_from: NOVEMBER - 31 * DAY,
            before_to: NOVEMBER - 11 * DAY,
            zone: "UTC".into(),
        },
        as_of: NOVEMBER + 20 * DAY,
        filter: String::new(),
        sentence: vec![
            Said {
                words: "Customers got an answer ".into(),
                strong: false,
            },
            Said {
                words: "99.46%".into(),
                strong: true,
            },
            Said {
                words: " of the time.".into(),
                strong: false,
            },
        ],
        figures: vec![
            figure("answered", "Answered", Unit::Fraction, Some(0.9946), Some(0.995)),
            figure(
                "ttft",
                "Typical wait, first token",
                Unit::Milliseconds,
                Some(580.0),
                Some(800.0),
            ),
            figure(
                "cost_per_answer",
                "Cost per answer",
                Unit::Usd,
                None,
                Some(0.0035),
            ),
            figure(
                "time_to_acknowledge",
                "Time to acknowledge",
                Unit::Milliseconds,
                Some(112_000.0),
                None,
            ),
            figure("kpi:3", "Mail <answered>", Unit::Count, Some(4.0), None),
        ],
        budget: Some(Burndown {
            slo: None,
            title: "chat".into(),
            about: "30 days rolling, 99.5%".into(),
            objective: 0.995,
            left: vec![(NOVEMBER + DAY, Some(0.9)), (NOVEMBER + 20 * DAY, Some(-0.18))],
            exhausted: None,
            projection: String::new(),
            working: working("What may fail less what failed."),
        }),
        unreliability: Unreliability {
            parts: vec![
                cost("failed", "Failed calls paid for", Some(214.0)),
                cost("fallback", "Dearer fallback", None),
            ],
            usd: Some(214.0),
            unpriced: Some(0.02),
        },
        breakers: vec![
            OpenHours {
                provider: "anthropic".into(),
                hours: vec![(5, 60_000), (300, 3_600_000)],
            },
            OpenHours {
                provider: "openai".into(),
                hours: Vec::new(),
            },
        ],
        providers: vec![KpiProvider {
            name: "<img src=x>".into(),
            id: "p_1".into(),
            answers: 1_620_000,
            success: Some(0.9991),
            ttft_p95: None,
            cost: Some(2_114.0),
            opened: 2,
            open_ms: 180_000,
            ate: Some(0.04),
            days: vec![Some(3.0); 20],
        }],
        completeness: Completeness {
            calls: 3_100_000,
            complete: Some(0.9998),
            gaps: vec![Gap {
                from: NOVEMBER + 3 * HOUR,
                to: NOVEMBER + 5 * HOUR,
                why: "marked by Ada: load test".into(),
                marked: true,
            }],
            left_out: 12,
            unpriced: None,
            estimated: Some(0.4),
            reconciled: String::new(),
            working: working("Hours that are known ÷ hours."),
        },
        partial: false,
    }
}

fn view(page: KpiPage, kiosk: bool) -> KpiView {
    KpiView {
        frame: Frame {
            section: Section::Overview,
            root: "/fb".into(),
            base: "/fb/t/acme".into(),
            tenant: "acme".into(),
            may_change: true,
            theme: None,
            utc_offset_min: 0,
            now: page.as_of,
            demo: false,
            need: 0,
            on_call: Vec::new(),
            done: None,
            wrong: None,
        },
        calendar: Calendar {
            zone: "UTC".into(),
            offsets: vec![(0, 0)],
        },
        asked: Asked {
            period: "month".into(),
            filter: String::new(),
            zone: String::new(),
            kiosk,
            rotate: if kiosk {
                "/kpis,/alerts".into()
            } else {
                String::new()
            },
            every: 30,
        },
        page,
    }
}

#[test]
fn the_page_says_it_all_in_words() {
    let html = overview(&view(sample(), false));
    for part in [
        "<b>99.46%</b>",
        "target 99.5%, short by 0.04 pt",
        "target 800 ms, met",
        "target $0.0035, not known",
        "no earlier data",
        "1 min 52 s",
        "The budget is overspent by 18%.",
        "Failed calls paid for cost most: $214 of $214. 2% of the calls concerned have no price and are not in it.",
        "anthropic was open longest: 1 h 01 min in 2 hours. 1 provider had none open.",
        "Figures from 3.1 M calls; data 99.98% complete. 40% of the cost is list price × tokens.",
        "12 calls of drills, probes and simulations are left out.",
        "marked by Ada: load test",
        "1.62 M",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("+0%"), "without history there is no change");
}

#[test]
fn nothing_from_outside_is_html_and_nothing_has_a_style() {
    let mut page = sample();
    page.breakers[0].provider = "<script>alert(1)</script>".into();
    page.filter = "provider=\"<b>\"".into();
    let mut view = view(page, false);
    view.asked.filter = "\"><script>".into();
    let html = overview(&view);
    assert!(
        !html.contains("<script>") && !html.contains("<img src=x"),
        "{html}"
    );
    assert!(!html.contains(" style=\""), "{html}");
}

#[test]
fn every_address_begins_with_the_base() {
    let html = overview(&view(sample(), false));
    for address in html.split("href=\"").skip(1) {
        let address = address.split('"').next().unwrap_or_default();
        assert!(
            address.starts_with("/fb/") || address.starts_with('#'),
            "{address}"
        );
    }
    for part in [
        "/fb/t/acme/kpis/charts/budget.svg?period=month",
        "/fb/t/acme/api/v1/kpis?period=month&amp;zone=UTC&amp;format=csv&amp;table=providers",
        "/fb/t/acme/explore?metric=answers",
        "/fb/t/acme/providers/p_1",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn without_a_promise_there_is_no_budget_and_without_calls_little() {
    let mut page = sample();
    page.budget = None;
    page.providers.clear();
    page.breakers.clear();
    page.figures.iter_mut().for_each(|figure| {
        figure.value = None;
        figure.samples = 0;
        figure.days.clear();
    });
    page.completeness.calls = 0;
    page.completeness.complete = None;
    page.unreliability.usd = None;
    let html = overview(&view(page, false));
    assert!(!html.contains("data-chart=\"budget\""), "{html}");
    for part in [
        "Nothing in this period says it.",
        "No provider was called in this period.",
        "No breaker was seen in this period.",
        "No price says what unreliability cost.",
        "No call of this period counts; nothing was heard before this.",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(
        !html.contains("data-tone=\"good\""),
        "what is unknown is never green"
    );
}

#[test]
fn a_wall_has_no_menus() {
    let html = overview(&view(sample(), true));
    assert!(html.contains("data-rotate=\"/kpis,/alerts\"") && html.contains("data-every=\"30\""));
    assert!(!html.contains("data-menu="), "{html}");
    assert!(html.contains("Leave TV"));
}

#[test]
fn charts_are_files_too() {
    let view = view(sample(), false);
    for name in ["budget", "unreliability", "breakers"] {
        let file = chart_file(&view.page, &view.calendar, "acme", name);
        let file = file.unwrap_or_default();
        assert!(file.starts_with("<svg xmlns="), "{name}");
        assert!(
            file.contains("acme, November so far, as of 2026-11-21 00:00 (UTC)"),
            "{file}"
        );
    }
    assert_eq!(chart_file(&view.page, &view.calendar, "acme", "nothing"), None);
}

#[test]
fn what_cannot_be_asked_comes_back_with_the_form() {
    let mut view = view(sample(), false);
    view.frame.wrong = Some(Wrong {
        form: String::new(),
        field: "period".into(),
        why: "period: must be month, got `<x>`".into(),
        sent: Vec::new(),
    });
    view.asked.period = "<x>".into();
    let html = refused(&view.frame, &view.asked);
    assert!(html.contains("period: must be month, got `&lt;x&gt;`"), "{html}");
    assert!(
        html.contains("aria-invalid=\"true\"") && !html.contains("<x>"),
        "{html}"
    );
}
