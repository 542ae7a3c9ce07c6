//! What is hidden is not shown, not counted and not judged; what is undone is there again, exactly.

use engine::AlertError;
use protocol::record::CorrectionDoc;
use protocol::view::State;
use protocol::{Level, Range};

use crate::common::hand::hand;
use crate::common::{House, START, scope, transition};

const DAY: i64 = 86_400_000;

fn doc(kind: &str, breaker: &str, instance: Option<&str>) -> CorrectionDoc {
    CorrectionDoc {
        kind: kind.into(),
        breaker: Some(breaker.into()),
        instance: instance.map(str::to_owned),
        note: "a drill".into(),
        ..CorrectionDoc::default()
    }
}

/// With one breaker that is open on one of two instances; and its id.
async fn house() -> (House, String) {
    let house = House::new().await;
    let events = [
        transition("sonnet", "i-1", "closed"),
        transition("sonnet", "i-2", "closed"),
        transition("sonnet", "i-1", "open"),
    ];
    house.push(&format!("[{}]", events.join(","))).await;
    let id = house.engine.board(&scope(), Range::M15).breakers[0].id.clone();
    (house, id)
}

async fn correct(house: &House, doc: CorrectionDoc) -> u64 {
    let made = house.engine.correct(&scope(), &doc, &hand("ada")).await;
    made.expect("it can be hidden").id
}

#[tokio::test]
async fn a_hidden_breaker_is_not_shown_and_comes_back_exactly() {
    let (house, id) = house().await;
    let before = house.engine.board(&scope(), Range::M15);
    assert_eq!(before.breakers[0].state, State::Open);
    let made = correct(&house, doc("hide", &id, None)).await;
    let hidden = house.engine.board(&scope(), Range::M15);
    assert_eq!(hidden.breakers, []);
    assert_eq!(hidden.feed, []);
    assert_ne!(hidden.verdict, before.verdict, "nothing is open any more");
    assert!(
        hidden
            .providers
            .iter()
            .all(|provider| provider.level != Level::Act)
    );
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    assert_eq!(
        house.engine.board(&scope(), Range::M15).breakers,
        [],
        "after a restart too"
    );
    let undone = house
        .engine
        .undo_correction(&scope(), made, Some(1), &hand("bob"))
        .await;
    let undone = undone.expect("it can be undone");
    assert_eq!(
        (undone.state.as_str(), undone.ended_by.as_deref()),
        ("undone", Some("bob"))
    );
    assert_eq!(house.engine.board(&scope(), Range::M15), before);
    let again = house
        .engine
        .undo_correction(&scope(), made, None, &hand("bob"))
        .await;
    assert!(matches!(again, Err(AlertError::Conflict(_))), "{again:?}");
}

#[tokio::test]
async fn a_hidden_instance_does_not_count() {
    let (house, id) = house().await;
    correct(&house, doc("hide", &id, Some("i-1"))).await;
    let breaker = house.engine.board(&scope(), Range::M15).breakers.remove(0);
    assert_eq!(breaker.state, State::Closed);
    let detail = house.engine.breaker(&scope(), &id).expect("it is there");
    let names: Vec<&str> = detail
        .instances
        .iter()
        .map(|instance| instance.instance.as_str())
        .collect();
    assert_eq!(names, ["i-2"]);
    house
        .push(&format!("[{}]", transition("sonnet", "i-1", "closed")))
        .await;
    correct(&house, doc("hide", &id, Some("i-2"))).await;
    assert_eq!(
        house.engine.board(&scope(), Range::M15).breakers,
        [],
        "none is left"
    );
}

#[tokio::test]
async fn a_forgotten_breaker_is_back_when_it_is_heard_of() {
    let (house, id) = house().await;
    correct(&house, doc("forget", &id, None)).await;
    assert_eq!(house.engine.board(&scope(), Range::M15).breakers, []);
    house.clock.advance(1_000);
    house
        .push(&format!("[{}]", transition("sonnet", "i-2", "half_open")))
        .await;
    let breakers = house.engine.board(&scope(), Range::M15).breakers;
    assert_eq!(breakers.len(), 1);
    assert_eq!(breakers[0].state, State::HalfOpen, "by the one that was heard of");
}

#[tokio::test]
async fn to_forget_can_be_undone_for_a_day() {
    let (house, id) = house().await;
    let made = correct(&house, doc("forget", &id, None)).await;
    house.clock.advance(DAY - 1);
    let item = house.engine.correction(&scope(), made).await.expect("there");
    assert!(item.can_undo);
    assert_eq!(item.undo_until, Some(START + DAY));
    house.clock.advance(1);
    let late = house
        .engine
        .undo_correction(&scope(), made, None, &hand("ada"))
        .await;
    assert!(matches!(late, Err(AlertError::Conflict(_))), "{late:?}");
}

#[tokio::test]
async fn whom_nobody_knows_cannot_be_hidden() {
    let (house, id) = house().await;
    let refused = async |doc: CorrectionDoc| match house.engine.correct(&scope(), &doc, &hand("ada")).await {
        Err(AlertError::Invalid(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let nobody = doc("hide", "b_0000000000000000", None);
    assert_eq!(refused(nobody).await, "breaker: there is none of this id");
    let none = doc("hide", &id, Some("i-3"));
    assert_eq!(refused(none).await, "instance: the breaker has none of this name");
    let stale = correct(&house, doc("hide", &id, None)).await;
    let seen = house
        .engine
        .undo_correction(&scope(), stale, Some(7), &hand("ada"))
        .await;
    assert!(
        matches!(seen, Err(AlertError::Stale { wanted: 7, found: 1 })),
        "{seen:?}"
    );
    let missing = house
        .engine
        .undo_correction(&scope(), 99, None, &hand("ada"))
        .await;
    assert!(matches!(missing, Err(AlertError::Missing)), "{missing:?}");
}
