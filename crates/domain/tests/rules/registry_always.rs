//! What is true of the live view after any reports in any order.

use std::collections::BTreeMap;

use domain::Millis;
use domain::breaker::{Arrival, Change, Registry, State};
use proptest::prelude::*;

use crate::registry::{T0, call, is, to};

/// Something that happens to a registry.
#[derive(Debug, Clone)]
enum Happening {
    Transition {
        instance: &'static str,
        from: Option<State>,
        to: State,
        seq: Option<u64>,
        late: Millis,
    },
    Stats {
        instance: &'static str,
        state: State,
        late: Millis,
    },
    Call {
        instance: &'static str,
    },
    Expire,
}

fn state() -> impl Strategy<Value = State> {
    proptest::sample::select(State::ALL[..6].to_vec())
}

fn instance() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["a", "b", ""])
}

fn late() -> impl Strategy<Value = Millis> {
    prop_oneof![5 => Just(0i64), 2 => 0i64..5_000, 1 => -5_000i64..2_000_000]
}

fn happenings() -> impl Strategy<Value = Vec<(Happening, Millis)>> {
    let from = proptest::option::of(state());
    let seq = proptest::option::of(0u64..100);
    let happening = prop_oneof![
        (instance(), from, state(), seq, late()).prop_map(|(instance, from, to, seq, late)| {
            Happening::Transition {
                instance,
                from,
                to,
                seq,
                late,
            }
        }),
        (instance(), state(), late()).prop_map(|(instance, state, late)| Happening::Stats {
            instance,
            state,
            late
        }),
        instance().prop_map(|instance| Happening::Call { instance }),
        Just(Happening::Expire),
    ];
    let pause = prop_oneof![6 => 0i64..20_000, 2 => 0i64..200_000, 1 => 0i64..100_000_000];
    proptest::collection::vec((happening, pause), 1..80)
}

fn apply(registry: &mut Registry, happening: &Happening, now: Millis, number: u64) -> Vec<Change> {
    let arrival = |late: Millis| Arrival {
        tenant: "default",
        key_id: "k1",
        time: now - late,
        received: now,
        seq: number,
        index: 0,
    };
    match happening {
        Happening::Transition {
            instance,
            from,
            to: state,
            seq,
            late,
        } => {
            let mut transition = to(instance, *state);
            (transition.from, transition.seq) = (*from, *seq);
            registry.transition(&transition, &arrival(*late))
        }
        Happening::Stats {
            instance,
            state,
            late,
        } => registry.stats(&is(instance, *state), &arrival(*late)),
        Happening::Call { instance } => {
            call(registry, instance, &arrival(0));
            Vec::new()
        }
        Happening::Expire => registry.expire(now),
    }
}

proptest! {
    /// What is written down, played back, gives the live view: each effective change leaves the state the one before
    /// entered, and the last one entered is what is shown.
    #[test]
    fn the_log_tells_the_same_story(happenings in happenings()) {
        let mut registry = Registry::new("default");
        let mut logged: BTreeMap<String, State> = BTreeMap::new();
        let mut now = T0;
        for (number, (happening, pause)) in happenings.iter().enumerate() {
            now += pause;
            for change in apply(&mut registry, happening, now, number as u64) {
                prop_assert!(change.at <= change.received && change.received == now);
                prop_assert!(change.lasted.is_none_or(|lasted| lasted >= 0));
                if !change.effective {
                    continue;
                }
                if let Some(held) = logged.get(&change.instance) {
                    prop_assert_eq!(change.from, Some(*held), "{:?}", &change);
                    prop_assert!(change.forgotten || change.to != *held);
                }
                if change.forgotten {
                    logged.remove(&change.instance);
                } else {
                    logged.insert(change.instance, change.to);
                }
            }
            let shown: BTreeMap<String, State> = registry
                .breakers()
                .flat_map(|breaker| breaker.instances.values())
                .map(|instance| (instance.name.clone(), instance.state))
                .collect();
            prop_assert_eq!(&shown, &logged);
        }
    }

    #[test]
    fn the_views_agree_with_each_other(happenings in happenings()) {
        let mut registry = Registry::new("default");
        let mut now = T0;
        for (number, (happening, pause)) in happenings.iter().enumerate() {
            now += pause;
            apply(&mut registry, happening, now, number as u64);
            for breaker in registry.breakers() {
                let counts = breaker.counts();
                let live = breaker.live().count();
                prop_assert_eq!(counts.iter().map(|(_, count)| *count as usize).sum::<usize>(), live);
                prop_assert_eq!(counts.first().map_or(State::Unknown, |(state, _)| *state), breaker.worst());
                prop_assert_eq!(breaker.agree(), counts.len() <= 1);
                prop_assert_eq!(breaker.agree(), breaker.dissent().is_empty());
                prop_assert_eq!(breaker.lead().map(|lead| lead.state), (live > 0).then(|| breaker.worst()));
                prop_assert!(breaker.since() <= now);
                for instance in breaker.instances.values() {
                    let history: Vec<_> = instance.history.iter().collect();
                    prop_assert!(history.is_sorted_by_key(|(time, _)| *time));
                    prop_assert_eq!(history.last().map(|(_, state)| *state), Some(instance.state));
                    prop_assert!(history.len() <= 240);
                    let (own, all) = (instance.strip(now), breaker.strip(now));
                    let has = |cell: &domain::breaker::Cell| *cell != domain::breaker::Cell::None;
                    prop_assert!(own.iter().zip(&all).all(|(own, all)| !has(own) || has(all)));
                    prop_assert_eq!(has(&own[29]) || !instance.is_live(), true, "live now, so drawn now");
                }
            }
        }
    }

    /// A restart from a checkpoint goes on as if nothing had happened.
    #[test]
    fn a_rebuilt_registry_behaves_the_same(happenings in happenings(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(happenings.len());
        let (mut through, mut rebuilt) = (Registry::new("default"), Registry::new("default"));
        let mut now = T0;
        for (number, (happening, pause)) in happenings.iter().enumerate() {
            now += pause;
            if number == cut {
                rebuilt = Registry::from_parts("default", through.breakers().cloned(), through.overflow);
            }
            let told = apply(&mut through, happening, now, number as u64);
            if number >= cut {
                prop_assert_eq!(apply(&mut rebuilt, happening, now, number as u64), told);
            }
        }
    }

    /// Reports of one instance in any order of arrival end in the same state: that of the newest.
    #[test]
    fn order_of_arrival_does_not_matter(
        states in proptest::collection::vec(state(), 1..10),
        numbered in any::<bool>(),
        shuffle in any::<u64>(),
    ) {
        let mut order: Vec<usize> = (0..states.len()).collect();
        order.sort_by_key(|index| (*index as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        let mut registry = Registry::new("default");
        for (arrived, index) in order.into_iter().enumerate() {
            let seq = numbered.then_some(index as u64);
            let time = (states.len() - index) as Millis * 4_000;
            let happening = Happening::Transition { instance: "a", from: None, to: states[index], seq, late: time };
            apply(&mut registry, &happening, T0, arrived as u64);
        }
        prop_assert_eq!(registry.breakers().next().map(|breaker| breaker.worst()), states.last().copied());
    }
}
