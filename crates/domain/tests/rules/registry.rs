//! The rules of the live view, one by one.

use domain::Millis;
use domain::breaker::{Arrival, Breaker, BreakerKey, Change, Registry, State};
use domain::event::{BreakerFigures, BreakerRef, Call, Stats, Transition};

pub(crate) const T0: Millis = 1_700_000_000_000;

pub(crate) fn subject(instance: &str) -> BreakerRef {
    BreakerRef {
        breaker: "claude-sonnet".into(),
        service: Some("chat".into()),
        instance: (!instance.is_empty()).then(|| instance.to_owned()),
        ..BreakerRef::default()
    }
}

pub(crate) fn to(instance: &str, to: State) -> Transition {
    Transition {
        subject: subject(instance),
        from: None,
        to,
        seq: None,
        reason: None,
        causes: Vec::new(),
        figures: BreakerFigures::default(),
        labels: Vec::new(),
    }
}

pub(crate) fn is(instance: &str, state: State) -> Stats {
    Stats {
        subject: subject(instance),
        state,
        figures: BreakerFigures::default(),
        labels: Vec::new(),
    }
}

/// A call that names the breaker of [`subject`].
pub(crate) fn call(registry: &mut Registry, instance: &str, arrival: &Arrival<'_>) {
    call_of(registry, subject(instance), arrival);
}

fn call_of(registry: &mut Registry, subject: BreakerRef, arrival: &Arrival<'_>) {
    let id = BreakerKey::of(&subject).id(arrival.tenant);
    let call = Call {
        provider: "anthropic".into(),
        breaker: Some(subject.breaker),
        service: subject.service,
        instance: subject.instance,
        ..Call::default()
    };
    registry.call(id, &call, arrival);
}

/// An arrival at `received` seconds after the start, of something that happened at `time` seconds.
pub(crate) fn at(time: i64, received: i64) -> Arrival<'static> {
    let (time, received) = (T0 + time * 1_000, T0 + received * 1_000);
    Arrival {
        tenant: "default",
        key_id: "k1",
        time,
        received,
        seq: received as u64,
        index: 0,
    }
}

fn only(registry: &Registry) -> &Breaker {
    assert_eq!(registry.len(), 1);
    registry.breakers().next().expect("one breaker")
}

fn states(changes: &[Change]) -> Vec<(Option<State>, State, bool, bool)> {
    changes
        .iter()
        .map(|c| (c.from, c.to, c.inferred, c.effective))
        .collect()
}

#[test]
fn a_trip_and_its_recovery() {
    let mut registry = Registry::new("default");
    let first = registry.stats(&is("a", State::Closed), &at(0, 0));
    assert_eq!(states(&first), [(None, State::Closed, true, true)]);
    let trip = Transition {
        from: Some(State::Closed),
        causes: vec![("overloaded".into(), 24), ("timeout".into(), 5)],
        figures: BreakerFigures {
            window_calls: Some(50),
            retry_at: Some(T0 + 40_000),
            ..Default::default()
        },
        ..to("a", State::Open)
    };
    let opened = registry.transition(&trip, &at(10, 10));
    assert_eq!(states(&opened), [(Some(State::Closed), State::Open, false, true)]);
    assert_eq!(opened[0].cause, "24 × overloaded, 5 × timeout, of 50 calls");
    assert_eq!(
        (opened[0].lasted, opened[0].breaker),
        (Some(10_000), only(&registry).id)
    );
    let breaker = only(&registry);
    assert_eq!((breaker.worst(), breaker.since()), (State::Open, T0 + 10_000));
    let lead = breaker.lead().unwrap();
    assert_eq!(
        (lead.reason.as_str(), lead.figures.retry_at),
        (opened[0].cause.as_str(), Some(T0 + 40_000))
    );
    assert_eq!(
        registry.transition(&to("a", State::HalfOpen), &at(40, 40)).len(),
        1
    );
    assert_eq!(
        registry.transition(&to("a", State::Closed), &at(45, 45))[0].lasted,
        Some(5_000)
    );
    assert_eq!(only(&registry).worst(), State::Closed);
    assert_eq!(only(&registry).lead().unwrap().figures.retry_at, None);
    assert_eq!(
        registry.transition(&to("a", State::Closed), &at(46, 46)),
        [],
        "told again"
    );
    assert_eq!(only(&registry).since(), T0 + 45_000);
}

#[test]
fn the_worst_over_live_instances_is_shown_and_dissent_named() {
    let mut registry = Registry::new("default");
    for (instance, state) in [
        ("a", State::Closed),
        ("b", State::Open),
        ("c", State::Open),
        ("d", State::HalfOpen),
    ] {
        registry.stats(&is(instance, state), &at(0, 0));
    }
    let breaker = only(&registry);
    assert_eq!(breaker.worst(), State::Open);
    assert_eq!(
        breaker.counts(),
        [(State::Open, 2), (State::HalfOpen, 1), (State::Closed, 1)]
    );
    assert_eq!((breaker.agree(), breaker.dissent()), (false, vec!["a", "d"]));
    assert_eq!(breaker.lead().unwrap().name, "b");
    assert!(breaker.is_open_majority());
    registry.stats(&is("e", State::Closed), &at(1, 1));
    assert!(!only(&registry).is_open_majority(), "2 of 5");
    // The open ones fall silent, the others go on.
    for instance in ["a", "d", "e"] {
        call(&mut registry, instance, &at(80, 80));
    }
    let silent = registry.expire(T0 + 91_000);
    assert_eq!(
        states(&silent),
        vec![(Some(State::Open), State::Unknown, true, true); 2]
    );
    assert_eq!((silent[0].cause.as_str(), silent[0].at), ("silent", T0 + 90_000));
    let breaker = only(&registry);
    assert_eq!(breaker.counts(), [(State::HalfOpen, 1), (State::Closed, 2)]);
    assert_eq!(breaker.worst(), State::HalfOpen);
}

#[test]
fn an_older_transition_that_arrives_late_is_drawn_and_changes_nothing() {
    let mut registry = Registry::new("default");
    let numbered = |state, seq| Transition {
        seq: Some(seq),
        ..to("a", state)
    };
    registry.transition(&numbered(State::Closed, 1), &at(0, 0));
    registry.transition(&numbered(State::Closed, 3), &at(65, 65));
    let late = registry.transition(&numbered(State::Open, 2), &at(31, 70));
    assert_eq!(states(&late), [(Some(State::Closed), State::Open, false, false)]);
    assert_eq!(late[0].lasted, Some(31_000));
    assert_eq!(
        registry.transition(&numbered(State::Open, 2), &at(31, 75)),
        [],
        "drawn already"
    );
    let breaker = only(&registry);
    assert_eq!(breaker.worst(), State::Closed);
    assert!(breaker.strip_text(T0 + 70_000).contains('o'));
}

#[test]
fn a_late_transition_is_drawn_until_the_next_stats_only() {
    let mut registry = Registry::new("default");
    for time in [0, 30, 60] {
        registry.stats(&is("a", State::Closed), &at(time, time));
    }
    let late = registry.transition(&to("a", State::Open), &at(31, 61));
    assert_eq!(states(&late), [(Some(State::Closed), State::Open, false, false)]);
    let breaker = only(&registry);
    assert_eq!((breaker.worst(), breaker.since()), (State::Closed, T0));
    assert!(
        breaker.strip_text(T0 + 75_000).ends_with("-cooc"),
        "{}",
        breaker.strip_text(T0 + 75_000)
    );
    registry.transition(&to("a", State::Open), &at(62, 62));
    assert_eq!(only(&registry).since(), T0 + 62_000);
}

#[test]
fn seq_beats_time_until_the_sender_starts_counting_again() {
    let mut registry = Registry::new("default");
    let numbered = |state, seq| Transition {
        seq: Some(seq),
        ..to("a", state)
    };
    registry.transition(&numbered(State::Open, 7), &at(10, 10));
    registry.transition(&numbered(State::Closed, 8), &at(9, 11));
    assert_eq!(only(&registry).worst(), State::Closed, "its clock was set back");
    assert_eq!(only(&registry).strip_text(T0 + 60_000).chars().last(), Some('c'));
    registry.transition(&numbered(State::Open, 1), &at(60, 60));
    assert_eq!(
        only(&registry).worst(),
        State::Open,
        "restarted under the same name"
    );
}

#[test]
fn a_future_time_counts_at_arrival() {
    let mut registry = Registry::new("default");
    registry.transition(&to("a", State::Open), &at(600, 0));
    assert_eq!(only(&registry).since(), T0);
    registry.transition(&to("a", State::Closed), &at(1, 1));
    assert_eq!(only(&registry).worst(), State::Closed);
}

#[test]
fn a_stated_from_that_we_do_not_hold_means_a_lost_transition() {
    let mut registry = Registry::new("default");
    registry.transition(&to("a", State::Closed), &at(0, 0));
    let told = Transition {
        from: Some(State::HalfOpen),
        ..to("a", State::Closed)
    };
    let changes = registry.transition(&told, &at(60, 60));
    assert_eq!(
        states(&changes),
        [
            (Some(State::Closed), State::HalfOpen, true, true),
            (Some(State::HalfOpen), State::Closed, false, true)
        ]
    );
    assert_eq!((changes[0].lasted, changes[1].lasted), (Some(60_000), None));
    assert!(
        only(&registry).strip_text(T0 + 60_000).ends_with('h'),
        "a moment shows"
    );
}

#[test]
fn stats_repair_a_lost_transition_but_not_one_they_may_have_missed() {
    let mut registry = Registry::new("default");
    registry.transition(&to("a", State::Closed), &at(0, 0));
    registry.transition(&to("a", State::Open), &at(15, 15));
    let Arrival { time, .. } = at(15, 15);
    let early = Arrival {
        time: time + 999,
        received: time + 999,
        ..at(15, 16)
    };
    assert_eq!(
        registry.stats(&is("a", State::Closed), &early),
        [],
        "may have been read before"
    );
    let repaired = registry.stats(&is("a", State::Closed), &at(30, 30));
    assert_eq!(
        states(&repaired),
        [(Some(State::Open), State::Closed, true, true)]
    );
    assert_eq!(
        registry.stats(&is("a", State::Open), &at(20, 31)),
        [],
        "older than what is known"
    );
    // A transition that the stats overtook.
    let late = registry.transition(&to("a", State::HalfOpen), &at(25, 32));
    assert_eq!(
        states(&late),
        [(Some(State::Open), State::HalfOpen, false, false)]
    );
    assert_eq!(only(&registry).worst(), State::Closed);
}

#[test]
fn silence_depends_on_what_the_instance_sends() {
    let mut registry = Registry::new("default");
    registry.transition(&to("only-transitions", State::Closed), &at(0, 0));
    registry.stats(&is("stats-too", State::Closed), &at(0, 0));
    let open = Transition {
        figures: BreakerFigures {
            retry_at: Some(T0 + 3_600_000),
            ..Default::default()
        },
        ..to("waits", State::Open)
    };
    registry.transition(&open, &at(0, 0));
    let names = |changes: &[Change]| changes.iter().map(|c| c.instance.clone()).collect::<Vec<_>>();
    assert_eq!(registry.expire(T0 + 89_999), []);
    assert_eq!(names(&registry.expire(T0 + 90_000)), ["stats-too"]);
    assert_eq!(registry.expire(T0 + 899_999), []);
    assert_eq!(names(&registry.expire(T0 + 900_000)), ["only-transitions"]);
    assert_eq!(registry.expire(T0 + 3_659_999), []);
    assert_eq!(names(&registry.expire(T0 + 3_660_000)), ["waits"]);
    let breaker = only(&registry);
    assert_eq!((breaker.worst(), breaker.counts()), (State::Unknown, vec![]));
    assert_eq!(breaker.since(), T0 + 3_660_000);
    assert!(!breaker.is_open_majority());
    let gone = registry.expire(T0 + 86_400_000);
    assert!(
        gone.iter()
            .all(|change| change.forgotten && change.to == State::Unknown)
    );
    assert_eq!((gone.len(), registry.len()), (3, 0));
    assert_eq!(
        registry.find(&domain::breaker::BreakerKey::of(&subject(""))),
        None
    );
}

#[test]
fn a_call_brings_a_silent_instance_back_and_creates_nothing() {
    let mut registry = Registry::new("default");
    call(&mut registry, "", &at(0, 0));
    assert!(registry.is_empty());
    registry.stats(&is("", State::HalfOpen), &at(0, 0));
    registry.expire(T0 + 100_000);
    assert_eq!(only(&registry).worst(), State::Unknown);
    let other = BreakerRef {
        service: None,
        ..subject("")
    };
    call_of(&mut registry, other, &at(120, 120));
    assert_eq!(registry.expire(T0 + 120_500), [], "another breaker's");
    call(&mut registry, "", &at(130, 130));
    let back = registry.expire(T0 + 130_500);
    assert_eq!(
        states(&back),
        [(Some(State::Unknown), State::HalfOpen, true, true)]
    );
    assert_eq!(
        (back[0].at, back[0].cause.as_str()),
        (T0 + 130_000, "heard from again")
    );
    assert_eq!(back[0].provider, "anthropic", "told by the call");
    let lead = only(&registry).lead().unwrap();
    assert!(lead.shared && lead.name == "k1", "the key stands in for the name");
}

#[test]
fn the_latest_attributes_count() {
    let mut registry = Registry::new("default");
    let named = |provider: &str| Transition {
        subject: BreakerRef {
            provider: Some(provider.into()),
            ..subject("a")
        },
        ..to("a", State::Closed)
    };
    registry.transition(&named("anthropic"), &at(10, 10));
    registry.transition(&named(""), &at(11, 11));
    registry.transition(&named("older"), &at(5, 12));
    assert_eq!(only(&registry).provider, "anthropic");
    registry.transition(&named("bedrock"), &at(13, 13));
    assert_eq!(only(&registry).provider, "bedrock");
}

#[test]
fn floods_are_bounded() {
    let mut registry = Registry::new("default");
    for number in 0..1_001 {
        registry.stats(&is(&format!("i{number:04}"), State::Closed), &at(0, 0));
    }
    assert_eq!((only(&registry).instances.len(), registry.overflow), (1_000, 1));
    registry.expire(T0 + 100_000);
    let changes = registry.stats(&is("new", State::Open), &at(100, 100));
    assert_eq!(
        (changes.len(), changes[0].forgotten, changes[1].instance.as_str()),
        (2, true, "new")
    );
    assert_eq!((only(&registry).instances.len(), registry.overflow), (1_000, 1));

    let mut registry = Registry::new("default");
    for number in 0..5_001 {
        let mut stats = is("a", State::Closed);
        stats.subject.breaker = format!("b{number}");
        registry.stats(&stats, &at(0, 0));
    }
    assert_eq!((registry.len(), registry.overflow), (5_000, 1));
}
