//! An erasure leaves what would be there if what it took had never come: on the board, in figures of every rung, after a crash,
//! and at moments that have passed.

use std::time::Duration;

use engine::{AlertError, QueryRequest, Resolution};
use proptest::prelude::*;
use protocol::record::{CorrectionDoc, CorrectionItem, LabelDoc};
use protocol::view::Board;
use protocol::{Range, Span};
use store::{Audits as _, Corrections as _};

use crate::common::hand::hand;
use crate::common::{House, START, scope};

const HOUR: i64 = 3_600_000;

fn call(service: &str, user: &str, at: i64, ms: u32) -> String {
    format!(
        r#"{{"type":"call","provider":"openai","model":"m","service":"{service}","outcome":"ok","duration_ms":{ms},
            "time":{at},"output_tokens":10,"cost_usd":0.5,"breaker":"b","instance":"i","labels":{{"user":"{user}"}}}}"#
    )
}

fn state(service: &str, to: &str, at: i64) -> String {
    format!(
        r#"{{"type":"breaker","breaker":"b","service":"{service}","provider":"openai","instance":"i","to":"{to}","time":{at}}}"#
    )
}

async fn house() -> House {
    House::keeping(&["user"], Default::default(), engine::Clock::manual(START)).await
}

async fn done(house: &House, id: u64) -> CorrectionItem {
    for _ in 0..500 {
        let item = house.engine.correction(&scope(), id).await.expect("it is there");
        if item.state == "done" {
            return item;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not done within seconds")
}

async fn erase(house: &House, doc: CorrectionDoc) -> CorrectionItem {
    let doc = CorrectionDoc {
        kind: "erase".into(),
        ..doc
    };
    let preview = house
        .engine
        .preview_erasure(&scope(), &doc)
        .await
        .expect("a preview");
    let made = house
        .engine
        .correct(&scope(), &doc, &hand("ada"))
        .await
        .expect("asked for");
    let item = done(house, made.id).await;
    let erased = item.erased.expect("what it took");
    assert_eq!(erased.events, preview.erases.events, "as the preview said");
    item
}

fn of_service(service: &str) -> CorrectionDoc {
    CorrectionDoc {
        service: Some(service.into()),
        ..CorrectionDoc::default()
    }
}

fn request(metric: &str, step: i64) -> QueryRequest {
    QueryRequest {
        metric: metric.into(),
        group_by: vec!["service".into(), "label.user".into()],
        filter: String::new(),
        span: Span {
            from: START - 48 * HOUR,
            to: START + HOUR,
        },
        resolution: Resolution::Step(step),
        compare_previous: false,
        counting: false,
    }
}

/// What is shown, without what only counts on: which number a transition was given.
async fn shown(house: &House) -> (Vec<Board>, Vec<String>) {
    let mut boards: Vec<Board> = Range::ALL.map(|range| house.engine.board(&scope(), range)).into();
    for entry in boards.iter_mut().flat_map(|board| &mut board.feed) {
        entry.id = 0;
    }
    let mut figures = Vec::new();
    for (metric, step) in [
        ("attempts", 60_000),
        ("latency_p95", 60_000),
        ("cost", HOUR),
        ("attempts", 24 * HOUR),
    ] {
        let answer = house.engine.query(&scope(), &request(metric, step)).await;
        let mut series: Vec<String> = answer
            .expect("an answer")
            .series
            .iter()
            .map(|series| format!("{metric} {step} {series:?}"))
            .collect();
        series.sort();
        figures.extend(series);
    }
    (boards, figures)
}

async fn push(house: &House, events: &[String]) {
    for batch in events.chunks(7) {
        house.push(&format!("[{}]", batch.join(","))).await;
    }
}

/// The same events with and without those of `secret` or of anna, over two days and within the last minutes.
fn events(with_secret: bool, with_anna: bool) -> Vec<String> {
    let mut events = vec![state("kept", "closed", START - 40 * HOUR)];
    for n in 0..60i64 {
        let at = match n % 3 {
            0 => START - 47 * HOUR + n * 900_000,
            1 => START - 20 * HOUR + n * 10_000,
            _ => START - 600_000 + n * 9_000,
        };
        if with_secret && with_anna {
            events.push(call("secret", "anna", at, 900));
        }
        if with_secret {
            events.push(call("secret", "bert", at, 700));
        }
        if with_anna {
            events.push(call("kept", "anna", at, 500));
        }
        events.push(call("kept", "bert", at, 300));
    }
    if with_secret {
        events.push(state("secret", "open", START - 500_000));
    }
    events.push(state("kept", "open", START - 400_000));
    events.push(call("kept", "bert", START - 1_000, 300));
    events
}

async fn pushed(events: &[String]) -> House {
    let house = house().await;
    push(&house, &events[..events.len() / 2]).await;
    assert!(house.engine.compact().await);
    push(&house, &events[events.len() / 2..]).await;
    house
}

#[tokio::test]
async fn a_service_is_gone_as_if_it_had_never_been() {
    let without = pushed(&events(false, true)).await;
    let house = pushed(&events(true, true)).await;
    assert_ne!(
        shown(&house).await,
        shown(&without).await,
        "there is something to erase"
    );
    let item = erase(&house, of_service("secret")).await;
    assert_eq!(item.erased.unwrap_or_default().transitions, 1);
    assert_eq!(shown(&house).await, shown(&without).await);
    let (store, clock) = house.crash().await;
    let house = House::keeping(&["user"], store, clock).await;
    assert_eq!(
        shown(&house).await,
        shown(&without).await,
        "what starts anew agrees"
    );
    assert!(house.engine.series(&scope()).dimensions["service"] == ["kept"]);
}

#[tokio::test]
async fn a_label_that_is_kept_is_gone_from_figures_too() {
    let without = pushed(&events(true, false)).await;
    let house = pushed(&events(true, true)).await;
    let doc = CorrectionDoc {
        label: Some(LabelDoc {
            name: "user".into(),
            value: "anna".into(),
        }),
        ..CorrectionDoc::default()
    };
    erase(&house, doc).await;
    assert_eq!(shown(&house).await, shown(&without).await);
}

#[tokio::test]
async fn what_arrives_while_it_is_erased_is_kept() {
    let house = pushed(&events(true, true)).await;
    let doc = CorrectionDoc {
        kind: "erase".into(),
        ..of_service("secret")
    };
    let made = house
        .engine
        .correct(&scope(), &doc, &hand("ada"))
        .await
        .expect("asked for");
    let mut sent = 0;
    loop {
        push(&house, &[call("kept", "carl", START - 500, 100)]).await;
        sent += 1;
        if house
            .engine
            .correction(&scope(), made.id)
            .await
            .expect("there")
            .state
            == "done"
        {
            break;
        }
    }
    let answer = house
        .engine
        .query(&scope(), &request("attempts", 24 * HOUR))
        .await
        .expect("an answer");
    let carl = answer
        .series
        .iter()
        .find(|series| series.group["label.user"] == "carl");
    let carls: f64 = carl
        .expect("carl")
        .points
        .iter()
        .filter_map(|point| point.1)
        .sum();
    assert_eq!(
        carls,
        f64::from(sent),
        "nobody who waited was lost or counted twice"
    );
    assert!(
        answer
            .series
            .iter()
            .all(|series| series.group["service"] == "kept")
    );
}

/// Found in the store as whoever died left it: asked for, nothing done.
#[tokio::test]
async fn a_start_goes_on_with_what_was_not_done() {
    let without = pushed(&events(false, true)).await;
    let house = pushed(&events(true, true)).await;
    let (store, clock) = house.crash().await;
    let draft = store::CorrectionDraft {
        kind: store::CorrectionKind::Erase,
        body: r#"{"service":"secret","what":"a service"}"#.into(),
        words: String::new(),
        at: START,
        by: hand("ada").who,
    };
    let made = store
        .make_correction(&scope(), draft, store::AuditEntry::default())
        .await
        .expect("stored");
    let house = House::keeping(&["user"], store, clock).await;
    done(&house, made.id).await;
    assert_eq!(shown(&house).await, shown(&without).await);
}

#[tokio::test]
async fn nothing_that_is_kept_says_what_was_erased() {
    let house = pushed(&events(true, true)).await;
    let item = erase(
        &house,
        CorrectionDoc {
            note: "asked for by letter".into(),
            ..of_service("secret")
        },
    )
    .await;
    assert_eq!(item.what, "a service");
    let query = store::AuditQuery {
        limit: 10,
        ..store::AuditQuery::default()
    };
    let log = house.store.audit(&scope(), query).await.expect("readable");
    let actions: Vec<&str> = log.iter().map(|sealed| sealed.entry.action.as_str()).collect();
    assert_eq!(actions, ["record.erased", "record.erase"]);
    for told in [format!("{log:?}"), format!("{item:?}")] {
        assert!(!told.contains("secret"), "{told}");
    }
}

#[tokio::test]
async fn a_moment_that_has_passed_does_not_show_it_either() {
    let house = pushed(&events(true, true)).await;
    assert!(house.engine.close().await, "a keyframe is kept");
    house.clock.advance(700_000);
    push(&house, &[call("kept", "bert", START + 700_000, 300)]).await;
    let names = async |house: &House| {
        let board = house.engine.board_at(&scope(), Range::M15, START + 1_000).await;
        let mut names: Vec<String> = board
            .expect("a board")
            .breakers
            .into_iter()
            .map(|b| b.service)
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&house).await, ["kept", "secret"]);
    erase(&house, of_service("secret")).await;
    assert_eq!(names(&house).await, ["kept"]);
}

#[tokio::test]
async fn what_cannot_be_erased_names_its_field() {
    let house = house().await;
    let refused = async |doc: CorrectionDoc| match house.engine.correct(&scope(), &doc, &hand("ada")).await {
        Err(AlertError::Invalid(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let erase = |doc: CorrectionDoc| CorrectionDoc {
        kind: "erase".into(),
        ..doc
    };
    assert_eq!(
        refused(CorrectionDoc::default()).await,
        "kind: must be hide, forget, erase, uncount or rename"
    );
    assert_eq!(
        refused(erase(CorrectionDoc::default())).await,
        "service: name a service, a label or a range of time"
    );
    let with_breaker = CorrectionDoc {
        breaker: Some("b_0000000000000000".into()),
        ..of_service("x")
    };
    assert_eq!(
        refused(erase(with_breaker)).await,
        "breaker: does not go with erase"
    );
    assert_eq!(
        refused(erase(of_service(""))).await,
        "service: must have 1 to 128 characters, got 0"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whole hours are gone from every rung, and the days that they cut are what is left of them.
    #[test]
    fn a_range_takes_whole_hours(
        calls in prop::collection::vec((0..48 * 6i64, any::<bool>()), 1..60),
        from in 0..48i64,
        length in 1..30i64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (from, to) = (START - 48 * HOUR + from * HOUR, START - 48 * HOUR + (from + length) * HOUR);
        let sent = |outside: bool| {
            let all = calls.iter().map(|(n, kept)| (START - 48 * HOUR + n * 600_000, *kept));
            let wanted = all.filter(|(at, kept)| !outside || !(from..to).contains(at) || *kept);
            let mut sent: Vec<String> = wanted
                .map(|(at, kept)| call(if kept { "kept" } else { "secret" }, "bert", at, 300))
                .collect();
            // Both know since when there is traffic.
            sent.insert(0, call("kept", "bert", START - 49 * HOUR, 300));
            sent.push(call("kept", "bert", START - 1_000, 300));
            sent
        };
        runtime.block_on(async {
            let without = pushed(&sent(true)).await;
            let house = pushed(&sent(false)).await;
            let doc = CorrectionDoc {
                // Within the first hour, and at the end of the last.
                from: Some(from + 59_000),
                to: Some(to),
                ..of_service("secret")
            };
            erase(&house, doc).await;
            assert_eq!(shown(&house).await.1, shown(&without).await.1);
        });
    }
}
