//! The KPI page against every call that was sent, added up by another and simpler way: a month in which clocks are
//! changed, with calls that come late, a drill, probes, and a gap.

mod sent;

use std::sync::Arc;

use crate::common::hand::hand;
use crate::common::{House, scope, transition};
use domain::alert::Command;
use engine::{AlertSearch, Engine, KpiQuestion, Stores};
use protocol::view::{Figure, KpiPage};
use store::memory::MemoryStore;

use sent::{CHANGE, FROM, GAP, HOUR, Sent, UNTIL, month};

async fn page(engine: &Engine, filter: &str) -> KpiPage {
    let question = KpiQuestion {
        period: "last-month".into(),
        filter: filter.into(),
        zone: "Europe/Berlin".into(),
    };
    engine
        .kpi_page(&scope(), &question)
        .await
        .expect("the page is answered")
}

fn figure<'a>(page: &'a KpiPage, key: &str) -> &'a Figure {
    let found = page.figures.iter().find(|figure| figure.key == key);
    found.unwrap_or_else(|| panic!("no {key}"))
}

/// Which day of the month it is in Berlin, from 0.
fn day(at: i64) -> usize {
    let ahead = if at < CHANGE { 2 * HOUR } else { HOUR };
    ((at + ahead - (FROM + 2 * HOUR)) / (24 * HOUR)) as usize
}

/// The value of each figure, of calls as they were sent.
fn expected(key: &str, calls: &[&Sent]) -> Option<f64> {
    let count = |counts: &dyn Fn(&Sent) -> bool| calls.iter().filter(|call| counts(call)).count() as f64;
    let sum = |of: &dyn Fn(&Sent) -> u64| calls.iter().map(|call| of(call)).sum::<u64>() as f64;
    let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
    let quantile = |q: f64, of: &dyn Fn(&Sent) -> Option<u64>| {
        let ok = calls.iter().filter(|call| call.ok());
        let mut values: Vec<u64> = ok.filter_map(|call| of(call)).collect();
        values.sort_unstable();
        let rank = (q * values.len().checked_sub(1)? as f64) as usize;
        Some(values[rank] as f64)
    };
    let answers = count(&Sent::ok);
    let saved = count(&|call| call.ok() && call.fallback);
    let cost = sum(&|call| call.cost.unwrap_or_default()) / 10_000.0;
    match key {
        "answered" => ratio(answers, count(&|call| call.first() && !call.neutral())),
        "ttft" => quantile(0.5, &|call| call.ttft_ms),
        "latency_p95" => quantile(0.95, &|call| Some(call.duration_ms)),
        "cost_per_answer" => ratio(cost, answers),
        "saved_by_fallback" => Some(saved),
        "fallback_rate" => ratio(saved, answers),
        "spend" => Some(cost),
        "tokens" => Some(sum(&|call| call.tokens.0 + call.tokens.1)),
        other => panic!("{other}"),
    }
}

#[track_caller]
fn same(found: Option<f64>, expected: Option<f64>, share: f64, what: &str) {
    let (Some(a), Some(b)) = (found, expected) else {
        assert_eq!(found, expected, "{what}");
        return;
    };
    assert!((a - b).abs() <= b.abs() * share, "{what}: {a} is not {b}");
}

/// Every figure of the page, whole, by day and before.
fn check_figures(page: &KpiPage, sent: &[&Sent]) {
    let counting = |from: i64, to: i64| -> Vec<&Sent> {
        let inside = sent.iter().filter(|call| (from..to).contains(&call.time));
        inside.copied().filter(|call| call.kind.is_none()).collect()
    };
    let (whole, before) = (counting(FROM, UNTIL), counting(0, FROM));
    for key in [
        "answered",
        "ttft",
        "latency_p95",
        "cost_per_answer",
        "saved_by_fallback",
        "fallback_rate",
        "spend",
        "tokens",
    ] {
        let share = match key {
            "ttft" | "latency_p95" => 0.010_000_1,
            _ => 1e-9,
        };
        let found = figure(page, key);
        same(found.value, expected(key, &whole), share, key);
        same(
            found.before,
            expected(key, &before),
            share,
            &format!("{key} before"),
        );
        assert_eq!(found.days.len(), 31, "{key}");
        for (nth, value) in found.days.iter().enumerate() {
            let of_day: Vec<&Sent> = whole
                .iter()
                .copied()
                .filter(|call| day(call.time) == nth)
                .collect();
            same(
                *value,
                expected(key, &of_day),
                share,
                &format!("{key} of day {nth}"),
            );
        }
    }
    assert_eq!(page.completeness.calls, whole.len() as u64);
    let judged = whole.iter().filter(|call| call.first() && !call.neutral());
    assert_eq!(figure(page, "answered").samples, judged.count() as u64);
    let with_tokens = whole
        .iter()
        .filter(|call| call.cost.is_some() || call.tokens != (0, 0));
    let unpriced = whole
        .iter()
        .filter(|call| call.cost.is_none() && call.tokens != (0, 0));
    let share = unpriced.count() as f64 / with_tokens.count() as f64;
    same(page.completeness.unpriced, Some(share), 1e-9, "unpriced");
    let left_out = sent
        .iter()
        .filter(|call| (FROM..UNTIL).contains(&call.time) && call.kind.is_some());
    assert_eq!(page.completeness.left_out, left_out.count() as u64);
    let probes = sent
        .iter()
        .filter(|call| (FROM..UNTIL).contains(&call.time) && call.kind == Some("probe"));
    let probed: u64 = probes.filter_map(|call| call.cost).sum();
    let part = page.unreliability.parts.iter().find(|part| part.key == "probes");
    same(
        part.expect("probes are a part").usd,
        Some(probed as f64 / 10_000.0),
        1e-9,
        "probes",
    );
}

fn check_providers(page: &KpiPage, sent: &[&Sent]) {
    let inside = sent
        .iter()
        .copied()
        .filter(|call| call.kind.is_none() && (FROM..UNTIL).contains(&call.time));
    let inside: Vec<&Sent> = inside.collect();
    let lost = |call: &Sent| !call.ok() && !call.neutral();
    let all_lost = inside.iter().filter(|call| lost(call)).count() as f64;
    assert_eq!(page.providers.len(), 3);
    for row in &page.providers {
        let own: Vec<&Sent> = inside
            .iter()
            .copied()
            .filter(|call| call.provider == row.name)
            .collect();
        let count = |counts: &dyn Fn(&Sent) -> bool| own.iter().filter(|call| counts(call)).count() as f64;
        let answers = count(&Sent::ok);
        assert_eq!(row.answers as f64, answers);
        let judged = count(&|call| !call.neutral() && call.outcome != "auth" && call.outcome != "rejected");
        same(row.success, Some(answers / judged), 1e-9, "success");
        same(row.cost, expected("spend", &own), 1e-9, "cost");
        same(row.ate, Some(count(&lost) / all_lost), 1e-9, "ate");
        for (nth, value) in row.days.iter().enumerate() {
            let answers = own
                .iter()
                .filter(|call| call.ok() && day(call.time) == nth)
                .count();
            assert_eq!(*value, Some(answers as f64), "{} on day {nth}", row.name);
        }
        let opened = u64::from(row.name == "google");
        assert_eq!((row.opened, row.open_ms), (opened, opened as i64 * 45 * 60_000));
    }
    assert!(
        page.providers
            .is_sorted_by_key(|row| std::cmp::Reverse(row.answers))
    );
    let hours = page
        .breakers
        .iter()
        .find(|row| row.provider == "google")
        .expect("google has a row");
    assert_eq!(hours.hours, [(100, 1_800_000), (101, 900_000)]);
}

async fn check(stores: Stores) {
    let (engine, supervisor, sent) = month(stores).await;
    let sent: Vec<&Sent> = sent.iter().collect();
    let all = page(&engine, "").await;
    assert_eq!(
        (all.period.from, all.period.to, all.period.until),
        (FROM, UNTIL, UNTIL)
    );
    assert!(!all.partial);
    let first: Vec<&str> = all
        .figures
        .iter()
        .take(4)
        .map(|figure| figure.key.as_str())
        .collect();
    assert_eq!(
        first,
        ["answered", "ttft", "cost_per_answer", "time_to_acknowledge"]
    );
    check_figures(&all, &sent);
    check_providers(&all, &sent);
    // Of 745 hours four are missing; figures above rest on calls that were there.
    same(
        all.completeness.complete,
        Some(1.0 - 4.0 / 745.0),
        1e-12,
        "complete",
    );
    let [gap] = &all.completeness.gaps[..] else {
        panic!("{:?}", all.completeness.gaps)
    };
    assert_eq!((gap.from, gap.to, gap.marked), (GAP.start, GAP.end, false));
    let text: String = all.sentence.iter().map(|said| said.words.as_str()).collect();
    assert!(text.contains("nothing is known of 4 hours"), "{text}");

    // A filter is over all of it.
    let own: Vec<&Sent> = sent
        .iter()
        .copied()
        .filter(|call| call.provider == "openai")
        .collect();
    let filtered = page(&engine, "provider:openai").await;
    check_figures(&filtered, &own);
    assert_eq!(filtered.providers.len(), 1);
    assert!(supervisor.shutdown(std::time::Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_what_calls_add_up_to() {
    check(Stores::of(&Arc::new(MemoryStore::new()))).await;
}

fn asked(period: &str) -> KpiQuestion {
    KpiQuestion {
        period: period.into(),
        ..KpiQuestion::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_nothing() {
    let house = House::new().await;
    let page = house.engine.kpi_page(&scope(), &asked("")).await.unwrap();
    assert!(
        page.figures.iter().all(|figure| figure.value.is_none()),
        "{:?}",
        page.figures
    );
    assert_eq!((page.completeness.complete, page.completeness.calls), (None, 0));
    assert_eq!(
        page.sentence[0].words,
        "Nothing has come in yet, so there is nothing to tell."
    );
    assert!(page.providers.is_empty() && page.breakers.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_by_its_name() {
    let house = House::new().await;
    for (period, filter, zone, says) in [
        ("soon", "", "", "period: "),
        ("now-3y..now", "", "", "period: must be at most 366 days long"),
        ("", "colour:red", "", "filter: "),
        ("", "", "Mars/Base", "zone: "),
    ] {
        let question = KpiQuestion {
            period: period.into(),
            filter: filter.into(),
            zone: zone.into(),
        };
        let error = house
            .engine
            .kpi_page(&scope(), &question)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_to_acknowledge_is_from_firing_to_the_first_hand() {
    let house = House::new().await;
    house.engine.rules(&scope()).await.unwrap();
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let alerts = house
        .engine
        .alerts(&scope(), &AlertSearch::default())
        .await
        .unwrap()
        .items;
    assert_eq!(alerts.len(), 1);
    house.clock.advance(1_000);
    let seen = house.engine.kpi_page(&scope(), &asked("day")).await.unwrap();
    let found = figure(&seen, "time_to_acknowledge");
    assert_eq!((found.value, found.samples), (None, 0));
    assert!(
        found.working.words.contains("Nobody acknowledged 1 of them"),
        "{}",
        found.working.words
    );

    house.clock.advance(239_000);
    let ack = Command::Acknowledge {
        by: hand("ada").who,
        note: String::new(),
        until: Some(house.clock.now() + 60_000),
        take_over: false,
    };
    let taken = house
        .engine
        .handle_alert(&scope(), alerts[0].id, None, ack, &hand("ada"))
        .await;
    taken.unwrap();
    // That it ran out changes nothing: somebody had it.
    house.clock.advance(61_000);
    assert!(house.engine.evaluate().await);
    let seen = house.engine.kpi_page(&scope(), &asked("day")).await.unwrap();
    let found = figure(&seen, "time_to_acknowledge");
    let fired = alerts[0].fired;
    assert_eq!(
        (found.value, found.samples),
        (Some((crate::common::START + 240_000 - fired) as f64), 1)
    );
    assert_eq!(found.days, [found.value]);
    let elsewhere = KpiQuestion {
        filter: "provider:openai".into(),
        ..asked("day")
    };
    let seen = house.engine.kpi_page(&scope(), &elsewhere).await.unwrap();
    assert_eq!(figure(&seen, "time_to_acknowledge").value, None);
}
