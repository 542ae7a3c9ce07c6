//! What must hold between the senders' history and what is stored.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::load::{Events, History};

/// One stored event, as `fuseboard journal export` tells it.
pub struct Stored {
    id: String,
    /// Writer and sequence of its batch.
    offset: (u64, u64),
}

/// Reads the whole journal, from what `fuseboard journal export` printed.
pub fn exported(lines: &str) -> Vec<Stored> {
    lines.lines().map(stored).collect()
}

fn stored(line: &str) -> Stored {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    let id = value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id in {line}"))
        .to_owned();
    let number = |name: &str| {
        value[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name} in {line}"))
    };
    Stored {
        offset: (number("writer"), number("offset")),
        id,
    }
}

/// No id is stored twice.
pub fn each_once(stored: &[Stored]) {
    let mut seen: HashMap<&str, (u64, u64)> = HashMap::new();
    for event in stored {
        if let Some(earlier) = seen.insert(&event.id, event.offset) {
            panic!(
                "{} is stored twice: in {earlier:?} and {:?}",
                event.id, event.offset
            );
        }
    }
}

/// Everything acknowledged is stored.
pub fn nothing_lost(stored: &[Stored], acknowledged: &Events) {
    let there: BTreeSet<&str> = stored.iter().map(|event| event.id.as_str()).collect();
    let lost: Vec<&String> = acknowledged
        .keys()
        .filter(|id| !there.contains(id.as_str()))
        .collect();
    assert!(
        lost.is_empty(),
        "{} acknowledged events are lost, {:?} among them",
        lost.len(),
        lost.first()
    );
}

/// Everything stored was sent.
pub fn nothing_invented(stored: &[Stored], sent: &Events) {
    let invented = stored.iter().find(|event| !sent.contains_key(&event.id));
    assert!(
        invented.is_none(),
        "{:?} was never sent",
        invented.map(|event| &event.id)
    );
}

/// Rollups and journal tell the same, and both tell what was acknowledged. `told` is what `fuseboard journal verify`
/// printed.
pub fn counted_once(told: &str, history: &History) {
    let told: Value = serde_json::from_str(told).unwrap_or_else(|error| panic!("{error} in {told}"));
    let number = |name: &str| {
        told[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name} in {told}"))
    };
    let calls: u64 = history.acknowledged.values().flatten().sum();
    assert_eq!(
        number("events"),
        history.acknowledged.len() as u64,
        "events in the journal"
    );
    assert_eq!(number("weighted_calls"), calls, "calls in the journal");
    assert_eq!(number("partials_calls"), calls, "calls in the 10 s rung");
}

#[test]
fn a_loss_and_a_repeat_are_found() {
    let event = |line: &str| stored(line);
    let twice = [
        event(r#"{"id":"a","writer":1,"offset":1}"#),
        event(r#"{"id":"a","writer":1,"offset":2}"#),
    ];
    assert!(std::panic::catch_unwind(|| each_once(&twice)).is_err());
    let known = Events::from([("a".to_owned(), None), ("b".to_owned(), Some(2))]);
    assert!(std::panic::catch_unwind(|| nothing_lost(&twice, &known)).is_err());
    let strange = [event(r#"{"id":"z","writer":1,"offset":1}"#)];
    assert!(std::panic::catch_unwind(|| nothing_invented(&strange, &known)).is_err());
    each_once(&strange);
    nothing_lost(&twice, &Events::from([("a".to_owned(), None)]));
}
