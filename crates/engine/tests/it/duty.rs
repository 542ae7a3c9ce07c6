//! Who is told while nobody takes an alert: ladders over a real engine, on a clock that the test moves.

use std::time::Duration;

use domain::alert::Command;
use engine::{AlertError, Take};
use protocol::duty::{EscalationDoc, LayerDoc, ResponderDoc, ScheduleDoc, StepDoc, TellDoc};
use serde_json::Value;
use store::{AuditEntry, ChannelDraft, Deliveries as _, DeliveryQuery, StoredDelivery};

use crate::common::hand::hand;
use crate::common::told::listen;
use crate::common::{House, scope, transition};

const MINUTE: i64 = 60_000;
/// The channel that [`listen`] makes, and those of people.
const OPS: u64 = 1;
const ADA: u64 = 2;
const BOB: u64 = 3;

/// A channel that only ladders tell.
async fn own_channel(house: &House, name: &str) {
    let draft = ChannelDraft {
        name: name.into(),
        body:
            r#"{"kind":"webhook","settings":{},"least":"info","only":[],"acknowledged":true,"resolved":true,
            "on_call_only":true,"destination":null,"secrets":[]}"#
                .into(),
        enabled: true,
        at: house.clock.now(),
        by: "account:ada".into(),
    };
    let made = house
        .store
        .create_channel(&scope(), draft, AuditEntry::default())
        .await;
    made.expect("the channel is stored");
}

fn step(minutes: i64, tell: TellDoc) -> StepDoc {
    StepDoc {
        after_ms: minutes * MINUTE,
        tell,
    }
}

fn nights() -> EscalationDoc {
    let on_call = TellDoc {
        schedules: vec![1],
        ..TellDoc::default()
    };
    let ops = TellDoc {
        channels: vec![OPS],
        ..TellDoc::default()
    };
    EscalationDoc {
        name: "Nights".into(),
        about: String::new(),
        steps: vec![step(5, on_call), step(10, ops)],
        repeat: 0,
        again_after_ms: 0,
        default: true,
    }
}

/// A channel for all, Ada and Bob with one each who take turns of a week, and the policy for every rule.
async fn staffed() -> House {
    let house = House::new().await;
    listen(&house).await;
    for (id, name) in [(ADA, "Ada"), (BOB, "Bob")] {
        own_channel(&house, name).await;
        let doc = ResponderDoc {
            name: name.into(),
            account: None,
            channels: vec![id],
        };
        let made = house.engine.create_document(&scope(), &doc, &hand("owner")).await;
        made.expect("somebody can be told");
    }
    let doc = ScheduleDoc {
        name: "Primary".into(),
        about: String::new(),
        zone: "Europe/Berlin".into(),
        layers: vec![LayerDoc {
            name: String::new(),
            people: vec![1, 2],
            // The house begins on Thursday, 2025-11-20.
            starts: "2025-11-17T09:00".into(),
            every: 1,
            unit: "weeks".into(),
            hours: vec![],
        }],
        overrides: vec![],
    };
    let made = house.engine.create_document(&scope(), &doc, &hand("owner")).await;
    made.expect("there is a schedule");
    house
}

async fn policy(house: &House, doc: &EscalationDoc) {
    let made = house.engine.create_document(&scope(), doc, &hand("owner")).await;
    made.expect("there is a policy");
}

async fn trip(house: &House) -> u64 {
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let all = house.engine.alerts(&scope(), &Default::default()).await;
    all.expect("alerts can be read").items[0].id
}

async fn deliveries(house: &House) -> Vec<StoredDelivery> {
    let query = DeliveryQuery {
        limit: 100,
        ..DeliveryQuery::default()
    };
    let mut found = house
        .store
        .deliveries(&scope(), query)
        .await
        .expect("they can be read");
    // This process can send nothing, and other channels are told so: that is not what is asked here.
    found.retain(|delivery| delivery.topic.starts_with("alert."));
    found.reverse();
    found
}

/// Deliveries, oldest first, once there are so many; the notifier looks every second.
async fn told(house: &House, count: usize) -> Vec<StoredDelivery> {
    for _ in 0..200 {
        let found = deliveries(house).await;
        if found.len() >= count {
            assert_eq!(found.len(), count, "{found:?}");
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited for {count}: {:?}", deliveries(house).await)
}

/// What comes next, once the notifier has looked which ladder it is.
async fn standing(house: &House, alert: u64, step: Option<u32>) -> protocol::duty::NextStep {
    for _ in 0..200 {
        let next = house
            .engine
            .next_step(&scope(), alert)
            .await
            .expect("it can be read");
        if let Some(next) = next.filter(|next| next.step == step) {
            return next;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited for step {step:?}")
}

/// Lets minutes pass while the breaker goes on telling that it is open: of one that tells nothing the alert would end.
async fn pass(house: &House, minutes: i64) {
    for gone in (0..minutes).step_by(5) {
        house.clock.advance((minutes - gone).min(5) * MINUTE);
        house.push(&transition("sonnet", "a", "open")).await;
    }
}

/// Time enough for the notifier to have looked twice.
async fn looks() {
    tokio::time::sleep(Duration::from_millis(2_300)).await;
}

fn notice(delivery: &StoredDelivery) -> String {
    let body: Value = serde_json::from_str(&delivery.body).expect("a message");
    body["notice"].as_str().expect("a notice").to_owned()
}

fn ack(until: Option<i64>) -> Command {
    Command::Acknowledge {
        by: hand("ada").who,
        note: String::new(),
        until,
        take_over: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ladder_is_climbed_over_a_restart_and_ends() {
    let house = staffed().await;
    policy(&house, &nights()).await;
    let alert = trip(&house).await;
    let first = told(&house, 1).await;
    assert_eq!(
        (first[0].channel, notice(&first[0]).as_str()),
        (OPS, "fired"),
        "Ada’s own is not told yet"
    );
    let next = standing(&house, alert, Some(1)).await;
    assert_eq!(next.due, Some(house.clock.now() + 5 * MINUTE));
    assert_eq!((next.steps, next.tells.as_str()), (2, "Ada (on call of Primary)"));

    pass(&house, 5).await;
    let second = told(&house, 2).await;
    assert_eq!(
        (second[1].channel, notice(&second[1]).as_str()),
        (ADA, "fired"),
        "news to her"
    );
    assert!(second[1].subject.ends_with(".e1"), "{}", second[1].subject);
    let next = standing(&house, alert, Some(2)).await;
    assert_eq!(next.due, Some(house.clock.now() + 10 * MINUTE));
    let detail = house.engine.alert(&scope(), alert).await.expect("it is there");
    let said = detail
        .timeline
        .iter()
        .find(|event| event.kind == "escalated")
        .expect("it is said");
    assert_eq!(said.text, "step 1 of 2 of Nights: Ada (on call of Primary)");

    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    pass(&house, 10).await;
    let third = told(&house, 3).await;
    assert_eq!(
        (third[2].channel, notice(&third[2]).as_str()),
        (OPS, "refired"),
        "told before"
    );
    let over = standing(&house, alert, None).await;
    assert_eq!(over.due, None);
    pass(&house, 30).await;
    looks().await;
    told(&house, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_it_stops_the_ladder_until_that_runs_out() {
    let house = staffed().await;
    policy(&house, &nights()).await;
    let alert = trip(&house).await;
    standing(&house, alert, Some(1)).await;
    let until = house.clock.now() + 20 * MINUTE;
    let taken = house
        .engine
        .handle_alert(&scope(), alert, None, ack(Some(until)), &hand("ada"))
        .await;
    taken.expect("it is taken");
    assert_eq!(
        house
            .engine
            .next_step(&scope(), alert)
            .await
            .expect("it can be read"),
        None
    );
    // That it fired, that somebody has it: to all. Nothing to whoever is on call.
    told(&house, 2).await;
    pass(&house, 19).await;
    looks().await;
    told(&house, 2).await;

    pass(&house, 1).await;
    assert!(house.engine.evaluate().await);
    let again = told(&house, 3).await;
    assert_eq!(notice(&again[2]), "refired");
    let next = standing(&house, alert, Some(1)).await;
    assert_eq!(next.due, Some(until + 5 * MINUTE), "it begins anew");
    pass(&house, 5).await;
    let stepped = told(&house, 4).await;
    assert_eq!(stepped[3].channel, ADA);

    // Whom a step told is told how it goes on.
    let done = house
        .engine
        .handle_alert(&scope(), alert, None, ack(None), &hand("ada"))
        .await;
    done.expect("it is taken");
    let mut last: Vec<(u64, String)> = told(&house, 6).await[4..]
        .iter()
        .map(|delivery| (delivery.channel, notice(delivery)))
        .collect();
    last.sort();
    assert_eq!(
        last,
        [(OPS, "acknowledged".to_owned()), (ADA, "acknowledged".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_took_the_shift_over_is_told() {
    let house = staffed().await;
    policy(&house, &nights()).await;
    let now = house.clock.now();
    let take = Take::Over {
        responder: 2,
        from: now,
        to: now + 60 * MINUTE,
    };
    let taken = house.engine.take_shift(&scope(), 1, &take, &hand("bob")).await;
    assert_eq!(taken.expect("it is taken").doc.overrides[0].by, "bob");
    let on_call = house.engine.on_call(&scope()).await.expect("it can be read");
    assert_eq!(on_call[0].name.as_deref(), Some("Bob"));
    assert_eq!(on_call[0].until, Some(now + 60 * MINUTE));
    let alert = trip(&house).await;
    standing(&house, alert, Some(1)).await;
    pass(&house, 5).await;
    assert_eq!(told(&house, 2).await[1].channel, BOB);

    let back = Take::Back {
        responder: 2,
        from: now,
        to: now + 60 * MINUTE,
    };
    let given = house.engine.take_shift(&scope(), 1, &back, &hand("bob")).await;
    assert!(given.expect("it is given back").doc.overrides.is_empty());
    let again = house.engine.take_shift(&scope(), 1, &back, &hand("bob")).await;
    assert!(matches!(again, Err(AlertError::Missing)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_nothing_is_told_further() {
    let house = staffed().await;
    let alert = trip(&house).await;
    told(&house, 1).await;
    assert_eq!(
        house
            .engine
            .next_step(&scope(), alert)
            .await
            .expect("it can be read"),
        None
    );
    pass(&house, 60).await;
    looks().await;
    told(&house, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_names_its_policy() {
    let house = staffed().await;
    policy(&house, &nights()).await;
    let at_once = EscalationDoc {
        name: "At once".into(),
        steps: vec![step(
            0,
            TellDoc {
                responders: vec![2],
                ..TellDoc::default()
            },
        )],
        default: false,
        ..nights()
    };
    let rules = house.engine.rules(&scope()).await.expect("rules can be read");
    let rule = rules
        .iter()
        .find(|item| item.rule.name == "Breaker open")
        .expect("it is there");
    let mut doc = rule.rule.clone();
    doc.escalation = Some("At once".into());
    let (id, version) = (rule.id, Some(rule.version));
    let refused = house
        .engine
        .change_rule(&scope(), id, version, &doc, &hand("owner"))
        .await;
    let refused = refused.expect_err("there is none yet").to_string();
    assert!(
        refused.starts_with("escalation: must be the name of an escalation policy"),
        "{refused}"
    );
    policy(&house, &at_once).await;
    let changed = house
        .engine
        .change_rule(&scope(), id, version, &doc, &hand("owner"))
        .await;
    changed.expect("it is named");

    let deleted = house
        .engine
        .delete_document::<EscalationDoc>(&scope(), 2, &hand("owner"))
        .await;
    let why = deleted.expect_err("a rule names it").to_string();
    assert!(why.contains("is needed by the rule Breaker open"), "{why}");
    let deleted = house
        .engine
        .delete_document::<ScheduleDoc>(&scope(), 1, &hand("owner"))
        .await;
    let why = deleted.expect_err("a policy names it").to_string();
    assert!(why.contains("is needed by the escalation policy Nights"), "{why}");
    let other = EscalationDoc {
        name: "Other".into(),
        ..nights()
    };
    let second = house
        .engine
        .create_document(&scope(), &other, &hand("owner"))
        .await;
    let why = second.expect_err("one is for all").to_string();
    assert!(why.starts_with("default: must be false"), "{why}");

    trip(&house).await;
    let both = told(&house, 2).await;
    let mut channels = [both[0].channel, both[1].channel];
    channels.sort_unstable();
    assert_eq!(channels, [OPS, BOB], "at once");
}
