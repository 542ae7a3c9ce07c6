//! Figures that formulas define, against what was sent: by day, by label, and what is unknown.

use std::sync::Arc;

use crate::common::hand::hand;
use crate::common::{House, scope};
use engine::{AlertError, Clock};
use protocol::kpis::kpi::{Calendar, KpiDoc, KpiPreview};
use protocol::query::Unit;
use protocol::view::Good;
use store::memory::MemoryStore;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// A Monday and the first of a month, 1 December 2025.
const FIRST: i64 = 1_764_547_200_000;
const NOW: i64 = FIRST + 2 * HOUR;

/// A call as it was sent.
#[derive(Clone, Copy)]
struct Sent {
    time: i64,
    provider: &'static str,
    team: &'static str,
    ok: bool,
    /// Thousandths of a dollar.
    cost: u32,
}

fn sent() -> Vec<Sent> {
    let one = |n: u32| Sent {
        // Four hours, the last two of them in December.
        time: NOW - 4 * HOUR + i64::from(n) * 4 * HOUR / 48,
        provider: if n.is_multiple_of(3) {
            "anthropic"
        } else {
            "openai"
        },
        team: if n.is_multiple_of(2) { "search" } else { "chat" },
        ok: !n.is_multiple_of(5),
        cost: n + 1,
    };
    (0..48).map(one).collect()
}

async fn house() -> House {
    let house = House::keeping(&["team"], Arc::new(MemoryStore::new()), Clock::manual(NOW)).await;
    let calls: Vec<String> = sent()
        .iter()
        .map(|call| {
            let outcome = if call.ok { "ok" } else { "timeout" };
            format!(
                r#"{{"type":"call","time":{},"provider":"{}","model":"m","outcome":"{outcome}","duration_ms":400,"cost_usd":{},"labels":{{"team":"{}"}}}}"#,
                call.time,
                call.provider,
                f64::from(call.cost) / 1e3,
                call.team
            )
        })
        .collect();
    let reply = house.push(&format!("[{}]", calls.join(","))).await;
    assert_eq!(reply.accepted as usize, calls.len());
    house
}

fn own(formula: &str) -> KpiDoc {
    KpiDoc {
        name: "Mine".into(),
        formula: formula.into(),
        unit: Some(Unit::Usd),
        good: Some(Good::Low),
        ..KpiDoc::default()
    }
}

async fn preview(house: &House, doc: &KpiDoc) -> KpiPreview {
    let preview = house.engine.kpi_preview(&scope(), doc).await;
    preview.unwrap_or_else(|error| panic!("{}: {error}", doc.formula))
}

/// Costs and answers of the calls that are wanted.
fn raw(wanted: impl Fn(&Sent) -> bool) -> (f64, f64) {
    let calls: Vec<Sent> = sent().into_iter().filter(wanted).collect();
    let cost: u32 = calls.iter().map(|call| call.cost).sum();
    let answers = calls.iter().filter(|call| call.ok).count();
    (f64::from(cost) / 1e3, answers as f64)
}

fn near(found: Option<f64>, expected: f64, what: &str) {
    let found = found.unwrap_or_else(|| panic!("{what} is unknown"));
    assert!((found - expected).abs() < 1e-9, "{what}: {found}, not {expected}");
}

#[tokio::test]
async fn a_formula_gives_what_its_parts_add_up_to() {
    let house = house().await;
    let shown = preview(&house, &own("cost{provider:openai} / answers + 2 * failures")).await;
    let now = |call: &Sent| call.time >= FIRST;
    let openai = raw(|call| now(call) && call.provider == "openai");
    let all = raw(now);
    let failures = sent().iter().filter(|call| now(call) && !call.ok).count() as f64;
    near(shown.value, openai.0 / all.1 + 2.0 * failures, "the figure");
    assert_eq!((shown.from, shown.until), (FIRST, NOW));
    let parts: Vec<&str> = shown.parts.iter().map(|part| part.part.as_str()).collect();
    assert_eq!(parts, ["cost{provider:openai}", "answers", "failures"]);
    near(shown.parts[0].value, openai.0, "its first part");
    near(shown.parts[1].value, all.1, "its second part");

    // By day: the last of November and the first of December.
    let day = |at: i64| {
        let found = shown.days.iter().find(|(from, _)| *from == at);
        found.unwrap_or_else(|| panic!("there is no day {at}")).1
    };
    let before = |call: &Sent| call.time < FIRST;
    let openai = raw(|call| before(call) && call.provider == "openai");
    let failures = sent().iter().filter(|call| before(call) && !call.ok).count() as f64;
    near(
        day(FIRST - DAY),
        openai.0 / raw(before).1 + 2.0 * failures,
        "a day",
    );
    near(day(FIRST), shown.value.unwrap_or_default(), "today");
    assert_eq!(day(FIRST - 2 * DAY), None, "nothing was before the first call");
    assert_eq!(shown.days.len(), 31);
    assert_eq!(shown.before, None);
}

#[tokio::test]
async fn the_filter_of_all_holds_beside_that_of_a_part() {
    let house = house().await;
    let doc = KpiDoc {
        filter: "label.team:search".into(),
        calendar: Calendar::Week,
        ..own("cost{provider:openai} / answers")
    };
    let shown = preview(&house, &doc).await;
    let ours = |call: &Sent| call.time >= FIRST && call.team == "search";
    let openai = raw(|call| ours(call) && call.provider == "openai");
    near(shown.value, openai.0 / raw(ours).1, "the figure");
    assert_eq!(shown.days.len(), 8, "a week, and today");
}

#[tokio::test]
async fn a_unit_cost_is_told_by_label_and_an_unkept_label_is_refused() {
    let house = house().await;
    let doc = KpiDoc {
        group_by: "label.team".into(),
        ..own("cost / answers")
    };
    let shown = preview(&house, &doc).await;
    assert_eq!(shown.groups.len(), 2);
    for (team, value) in &shown.groups {
        let (cost, answers) = raw(|call| call.time >= FIRST && call.team == team);
        near(*value, cost / answers, team);
    }
    assert!(shown.groups[0].1 >= shown.groups[1].1, "the dearest first");
    for (group_by, filter, field) in [
        ("label.product", "", "group_by"),
        ("", "label.product:x", "filter"),
    ] {
        let doc = KpiDoc {
            group_by: group_by.into(),
            filter: filter.into(),
            ..own("cost / answers")
        };
        match house.engine.kpi_preview(&scope(), &doc).await {
            Err(AlertError::Invalid(error)) => assert_eq!(error.field, field, "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_nobody_knows_is_unknown() {
    let house = house().await;
    let shown = preview(&house, &own("cost / (requests - requests)")).await;
    assert_eq!(shown.value, None);
    assert!(shown.parts.iter().all(|part| part.value.is_some()));
    let shown = preview(&house, &own("cost + ttft_p95")).await;
    assert_eq!(shown.value, None, "nothing was streamed");
    let alerts = KpiDoc {
        key: Some("time_to_resolve".into()),
        ..KpiDoc::default()
    };
    let shown = preview(&house, &alerts).await;
    assert_eq!(shown.value, None);
    assert!(!shown.note.is_empty());
}

#[tokio::test]
async fn what_an_answer_is_worth_makes_a_return() {
    let house = house().await;
    let doc = KpiDoc {
        key: Some("roi".into()),
        value_per_answer: Some(0.25),
        target: Some(2.0),
        ..KpiDoc::default()
    };
    let shown = preview(&house, &doc).await;
    let (cost, answers) = raw(|call| call.time >= FIRST);
    near(shown.value, (answers * 0.25 - cost) / cost, "the return");
    assert_eq!(shown.unit, Unit::Fraction);

    let lines = house.engine.kpi_lines(&scope()).await.expect("lines");
    let roi = |lines: &[protocol::kpis::kpi::KpiLine]| lines.iter().find(|line| line.key == "roi").cloned();
    assert_eq!(roi(&lines).map(|line| line.formula), Some(String::new()));
    let made = house.engine.create_document(&scope(), &doc, &hand("ada")).await;
    assert_eq!(made.expect("the definition is kept").changed_by, "account:ada");
    let again = house.engine.create_document(&scope(), &doc, &hand("ada")).await;
    assert!(
        matches!(again, Err(AlertError::Conflict(_))),
        "one definition of a figure"
    );
    let lines = house.engine.kpi_lines(&scope()).await.expect("lines");
    let roi = roi(&lines).expect("a line");
    assert_eq!(roi.formula, "(answers * 0.25 - cost) / cost");
    assert_eq!(roi.target, Some(2.0));
}
