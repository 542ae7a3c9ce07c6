//! The life of an alert: who has it, who is told, and that nothing people did is lost.

use domain::alert::{
    Alert, Command, EventKind, Holds, Labels, Moved, New, Notice, Part, Phase, Refused, Severity, Who, step,
};
use proptest::prelude::*;

const T0: i64 = 1_000_000;
const HOUR: i64 = 3_600_000;

/// Somebody.
pub fn who(name: &str) -> Who {
    Who {
        id: format!("account:{name}"),
        name: name.to_owned(),
    }
}

/// What an alert is raised with.
pub fn new(part: Part, labels: &[(&str, &str)]) -> New {
    let labels: Labels = labels.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    New {
        rule: 1,
        rule_name: "Breaker open".into(),
        origin: None,
        fingerprint: 7,
        severity: Severity::Critical,
        part,
        labels,
        title: "Breaker open: claude-sonnet".into(),
        summary: "2 of 3 instances are open".into(),
        runbook: None,
        simulated: false,
        since: T0 - 5_000,
        pending: true,
        holds: Holds::default(),
        incident: None,
    }
}

fn raised() -> Alert {
    Alert::raise(new(Part::Cause, &[("provider", "anthropic")]), T0).alert
}

fn ack(name: &str, until: Option<i64>) -> Command {
    Command::Acknowledge {
        by: who(name),
        note: "on it".into(),
        until,
        take_over: false,
    }
}

fn kinds(moved: &Moved) -> Vec<EventKind> {
    moved.events.iter().map(|event| event.kind).collect()
}

fn hidden() -> Command {
    Command::Hold(Holds {
        silence: Some(4),
        ..Holds::default()
    })
}

#[test]
fn it_fires_and_is_told_once() {
    let moved = Alert::raise(new(Part::Cause, &[]), T0);
    assert_eq!(kinds(&moved), [EventKind::Pending, EventKind::Fired]);
    assert_eq!(moved.events[0].at, T0 - 5_000);
    assert_eq!(moved.notice, Some(Notice::Fired));
    assert!(moved.alert.told);
    assert_eq!(moved.alert.phase(T0), Phase::Firing);
}

#[test]
fn what_is_held_back_is_told_when_it_is_released() {
    let mut held = new(Part::Symptom, &[]);
    held.since = T0;
    held.holds.cause = Some(3);
    let moved = Alert::raise(held, T0);
    assert_eq!(kinds(&moved), [EventKind::Fired, EventKind::Suppressed]);
    assert_eq!(moved.events[1].text, "explained by alert 3");
    assert_eq!((moved.notice, moved.alert.phase(T0)), (None, Phase::Suppressed));
    let released = step(&moved.alert, Command::Hold(Holds::default()), T0 + 1).unwrap();
    assert_eq!(kinds(&released), [EventKind::Released]);
    assert_eq!(released.notice, Some(Notice::Fired));
    let again = step(&released.alert, hidden(), T0 + 2).unwrap();
    let again = step(&again.alert, Command::Hold(Holds::default()), T0 + 3).unwrap();
    assert_eq!(again.notice, None, "it was told before");
}

#[test]
fn of_two_who_acknowledge_one_has_it() {
    let first = step(&raised(), ack("ada", None), T0 + 1).unwrap();
    assert_eq!(first.notice, Some(Notice::Acknowledged));
    assert_eq!(first.alert.owner, Some(who("ada")));
    let second = step(&first.alert, ack("bob", None), T0 + 2).unwrap_err();
    assert_eq!(
        second,
        Refused::AlreadyAcknowledged {
            by: who("ada"),
            at: T0 + 1
        }
    );
    assert_eq!(second.to_string(), "already acknowledged by ada");
    let same = step(&first.alert, ack("ada", None), T0 + 2).unwrap();
    assert!(!same.is_news(&first.alert), "the same hand says the same");
    let longer = step(&first.alert, ack("ada", Some(T0 + HOUR)), T0 + 2).unwrap();
    assert_eq!(kinds(&longer), [EventKind::Acknowledged]);
    let taken = Command::Acknowledge {
        by: who("bob"),
        note: String::new(),
        until: None,
        take_over: true,
    };
    let taken = step(&first.alert, taken, T0 + 3).unwrap();
    assert_eq!(taken.alert.owner, Some(who("bob")));
}

#[test]
fn an_acknowledgement_that_runs_out_fires_again() {
    let taken = step(&raised(), ack("ada", Some(T0 + HOUR)), T0).unwrap().alert;
    assert_eq!(taken.due(), Some(T0 + HOUR));
    let early = step(&taken, Command::Tend, T0 + HOUR - 1).unwrap();
    assert!(!early.is_news(&taken));
    let late = step(&taken, Command::Tend, T0 + HOUR).unwrap();
    assert_eq!(kinds(&late), [EventKind::Refired]);
    assert_eq!(late.events[0].text, "the acknowledgement by ada ran out");
    assert_eq!(
        (late.notice, late.alert.owner.clone()),
        (Some(Notice::Refired), None)
    );
    // Nobody has it from then on, whether or not somebody looked.
    assert!(step(&taken, ack("bob", None), T0 + HOUR).is_ok());
}

#[test]
fn back_and_put_off() {
    let taken = step(&raised(), ack("ada", None), T0).unwrap().alert;
    let back = step(&taken, Command::Unacknowledge { by: who("ada") }, T0 + 1).unwrap();
    assert_eq!(
        (back.notice, back.alert.owner.clone()),
        (Some(Notice::Refired), None)
    );
    let twice = step(&back.alert, Command::Unacknowledge { by: who("ada") }, T0 + 1);
    assert_eq!(twice, Err(Refused::NotAcknowledged));
    let snooze = |until| Command::Snooze {
        by: who("ada"),
        until,
    };
    let off = step(&back.alert, snooze(T0 + HOUR), T0 + 2).unwrap().alert;
    assert_eq!(off.phase(T0 + HOUR - 1), Phase::Snoozed);
    let over = step(&off, Command::Tend, T0 + HOUR).unwrap();
    assert_eq!(over.notice, Some(Notice::Refired));
    let early = step(&off, Command::Unsnooze { by: who("bob") }, T0 + 3).unwrap();
    assert_eq!(early.alert.phase(T0 + 3), Phase::Firing);
    let past = step(&back.alert, snooze(T0), T0 + 2).unwrap_err().to_string();
    assert_eq!(
        past,
        "until: must be after now (1000002) and at most 30 days ahead, got 1000000"
    );
}

#[test]
fn over_is_over_but_for_comments() {
    let over = Command::Resolve {
        by: Some(who("ada")),
        why: String::new(),
    };
    let moved = step(&raised(), over.clone(), T0 + 9).unwrap();
    assert_eq!(moved.notice, Some(Notice::Resolved));
    for refused in [over, ack("bob", None), hidden()] {
        let told = step(&moved.alert, refused, T0 + 10).unwrap_err();
        assert_eq!(told.to_string(), "already resolved by ada");
    }
    let comment = |text: &str| Command::Comment {
        by: who("bob"),
        text: text.into(),
    };
    let noted = step(&moved.alert, comment("it was DNS"), T0 + 11).unwrap();
    assert_eq!(kinds(&noted), [EventKind::Commented]);
    for (bad, told) in [
        (" ".to_owned(), "text: must have 1 to 4096 characters, got 0"),
        (
            "x".repeat(4_097),
            "text: must have 1 to 4096 characters, got 4097",
        ),
        ("\u{1b}[31m".to_owned(), "text: must have no control characters"),
    ] {
        assert_eq!(step(&raised(), comment(&bad), T0).unwrap_err().to_string(), told);
    }
}

#[test]
fn what_nobody_was_told_of_ends_unsaid() {
    let mut held = new(Part::Symptom, &[]);
    held.holds.flapping = Some("fired 3 times in 15 minutes".into());
    let alert = Alert::raise(held, T0).alert;
    let over = Command::Resolve {
        by: None,
        why: "it is good again".into(),
    };
    assert_eq!(step(&alert, over, T0 + 1).unwrap().notice, None);
}

fn anybody() -> impl Strategy<Value = Who> {
    proptest::sample::select(vec!["ada", "bob", "eve"]).prop_map(who)
}

fn holds() -> impl Strategy<Value = Holds> {
    let option = || proptest::option::of(1u64..3);
    (
        option(),
        option(),
        any::<bool>(),
        proptest::option::of(T0..T0 + 20 * HOUR),
    )
        .prop_map(|(silence, cause, flapping, quiet)| Holds {
            silence,
            cause,
            flapping: flapping.then(|| "fired 3 times".into()),
            quiet,
        })
}

fn command() -> impl Strategy<Value = Command> {
    let until = || T0 - HOUR..T0 + 40 * HOUR;
    prop_oneof![
        (anybody(), proptest::option::of(until()), any::<bool>()).prop_map(|(by, until, take_over)| {
            Command::Acknowledge {
                by,
                note: String::new(),
                until,
                take_over,
            }
        }),
        anybody().prop_map(|by| Command::Unacknowledge { by }),
        (anybody(), until()).prop_map(|(by, until)| Command::Snooze { by, until }),
        anybody().prop_map(|by| Command::Unsnooze { by }),
        (anybody(), proptest::option::of(anybody())).prop_map(|(by, to)| Command::Assign { by, to }),
        anybody().prop_map(|by| Command::Comment { by, text: "x".into() }),
        Just(Command::Observe {
            summary: "now".into()
        }),
        holds().prop_map(Command::Hold),
        (1u64..4).prop_map(|incident| Command::Join { incident }),
        Just(Command::Tend),
        Just(Command::Tend),
        proptest::option::of(anybody()).prop_map(|by| Command::Resolve {
            by,
            why: String::new()
        }),
    ]
}

proptest! {
    #[test]
    fn an_acknowledgement_is_never_lost(commands in proptest::collection::vec((command(), 0i64..2 * HOUR), 1..60)) {
        let (mut alert, mut now) = (raised(), T0);
        for (command, pause) in commands {
            now += pause;
            let Ok(moved) = step(&alert, command.clone(), now) else { continue };
            let held = alert.ack.as_ref().filter(|ack| ack.counts(now) && alert.is_open());
            if let Some(ack) = held {
                // Only these take it away, and each leaves a trace.
                let ended = match &command {
                    Command::Unacknowledge { .. } => Some(EventKind::Unacknowledged),
                    Command::Resolve { .. } => Some(EventKind::Resolved),
                    Command::Acknowledge { by, take_over, .. } if by.id == ack.by.id || *take_over => {
                        (moved.alert.ack.as_ref() != Some(ack)).then_some(EventKind::Acknowledged)
                    }
                    _ => None,
                };
                match ended {
                    Some(kind) => prop_assert!(kinds(&moved).contains(&kind)),
                    None => {
                        prop_assert_eq!(moved.alert.ack.as_ref(), Some(ack));
                        prop_assert_eq!(moved.alert.phase(now), Phase::Acknowledged);
                    }
                }
            }
            alert = moved.alert;
        }
    }

    #[test]
    fn who_must_know_is_told(commands in proptest::collection::vec((command(), 0i64..2 * HOUR), 1..60)) {
        let first = Alert::raise(new(Part::Cause, &[]), T0);
        let (mut alert, mut now) = (first.alert, T0);
        for (command, pause) in commands {
            now += pause;
            // The engine lets time pass before it does anything else.
            let tended = step(&alert, Command::Tend, now).unwrap();
            let before = tended.alert.phase(now);
            let Ok(moved) = step(&tended.alert, command, now) else {
                alert = tended.alert;
                continue;
            };
            let after = moved.alert.phase(now);
            if matches!(before, Phase::Acknowledged | Phase::Snoozed) && after == Phase::Firing {
                prop_assert_eq!(moved.notice, Some(Notice::Refired), "{:?} to {:?}", before, after);
            }
            if after == Phase::Firing {
                prop_assert!(moved.alert.told, "it needs somebody and nobody knows");
            }
            if before != Phase::Resolved && after == Phase::Resolved {
                prop_assert_eq!(moved.notice.is_some(), tended.alert.told);
            }
            prop_assert_eq!(moved.events.is_empty() && moved.notice.is_some(), false, "no notice without event");
            prop_assert!(moved.events.iter().all(|event| event.at <= now));
            alert = moved.alert;
        }
    }

    #[test]
    fn after_tending_nothing_is_due(commands in proptest::collection::vec((command(), 0i64..2 * HOUR), 1..40)) {
        let (mut alert, mut now) = (raised(), T0);
        for (command, pause) in commands {
            now += pause;
            if let Ok(moved) = step(&alert, command, now) {
                alert = moved.alert;
            }
            alert = step(&alert, Command::Tend, now).unwrap().alert;
            prop_assert!(alert.due().is_none_or(|due| due > now));
        }
    }
}
