//! Which alerts belong together.

use domain::alert::incident::{LINGER, Member, NEAR, Place, is_related, place};
use domain::alert::{Alert, Command, Part, step};
use proptest::prelude::*;

use crate::alert_life::{new, who};

const T0: i64 = 10_000_000;

fn alert(part: Part, provider: &str, environment: &str, at: i64) -> Alert {
    let mut given = new(part, &[("provider", provider), ("environment", environment)]);
    given.since = at;
    Alert::raise(given, at).alert
}

fn asked(alert: &Alert, open: &[(u64, &Alert)]) -> Option<Place> {
    let members = open.iter().map(|(id, alert)| Member { id: *id, alert });
    place(
        None,
        (&alert.labels, alert.part, alert.since),
        alert.fired,
        members,
    )
}

#[test]
fn a_breaker_explains_its_providers_failures() {
    let cause = alert(Part::Cause, "anthropic", "prod", T0);
    let open = [(4, &cause)];
    let under = Some(Place {
        incident: 4,
        cause: Some(4),
    });
    for (symptom, expected) in [
        (alert(Part::Symptom, "anthropic", "prod", T0 + 60_000), under),
        (alert(Part::Symptom, "anthropic", "", T0 + 60_000), under),
        (alert(Part::Symptom, "anthropic", "prod", T0 - NEAR), under),
        (alert(Part::Symptom, "anthropic", "prod", T0 - NEAR - 1), None),
        (alert(Part::Symptom, "anthropic", "staging", T0), None),
        (alert(Part::Symptom, "openai", "prod", T0), None),
        (alert(Part::Symptom, "", "prod", T0 + NEAR), under),
        (alert(Part::Symptom, "", "prod", T0 + NEAR + 1), None),
        (alert(Part::Alone, "anthropic", "prod", T0), None),
    ] {
        assert_eq!(
            asked(&symptom, &open),
            expected,
            "{:?} {}",
            symptom.labels,
            symptom.since
        );
    }
}

#[test]
fn a_further_breaker_joins_and_is_not_explained() {
    let first = alert(Part::Cause, "anthropic", "prod", T0);
    let mut second = alert(Part::Cause, "anthropic", "prod", T0 + 5_000);
    let joined = asked(&second, &[(4, &first)]);
    assert_eq!(
        joined,
        Some(Place {
            incident: 4,
            cause: None
        })
    );
    second.incident = Some(4);
    // The first is over: the second goes on with the same incident.
    let over = Command::Resolve {
        by: Some(who("ada")),
        why: String::new(),
    };
    let first = step(&first, over, T0 + 6_000).unwrap().alert;
    let symptom = alert(Part::Symptom, "anthropic", "prod", T0 + 7_000);
    assert_eq!(
        asked(&symptom, &[(4, &first), (5, &second)]),
        Some(Place {
            incident: 4,
            cause: Some(5)
        })
    );
}

#[test]
fn a_cause_explains_for_a_while_after_it_is_over() {
    let over = Command::Resolve {
        by: None,
        why: String::new(),
    };
    let cause = step(&alert(Part::Cause, "anthropic", "prod", T0), over, T0 + 60_000)
        .unwrap()
        .alert;
    let symptom = |at| alert(Part::Symptom, "anthropic", "prod", at);
    let last = T0 + 60_000 + LINGER - 1;
    assert!(asked(&symptom(last), &[(4, &cause)]).is_some());
    assert_eq!(asked(&symptom(last + 1), &[(4, &cause)]), None);
}

#[test]
fn a_breaker_without_a_provider_explains_nothing() {
    let cause = alert(Part::Cause, "", "prod", T0);
    assert_eq!(asked(&alert(Part::Symptom, "", "prod", T0), &[(1, &cause)]), None);
}

#[test]
fn nothing_is_its_own_cause() {
    let cause = alert(Part::Cause, "anthropic", "prod", T0);
    let members = [Member { id: 4, alert: &cause }];
    assert_eq!(
        place(Some(4), (&cause.labels, cause.part, cause.since), T0, members),
        None
    );
}

proptest! {
    #[test]
    fn the_order_of_asking_does_not_matter(
        starts in proptest::collection::vec(0i64..2 * NEAR, 1..8), since in 0i64..2 * NEAR,
    ) {
        let causes: Vec<Alert> =
            starts.iter().map(|at| alert(Part::Cause, "anthropic", "prod", T0 + at)).collect();
        let symptom = alert(Part::Symptom, "anthropic", "prod", T0 + since);
        let forth: Vec<(u64, &Alert)> = causes.iter().enumerate().map(|(n, one)| (n as u64, one)).collect();
        let back: Vec<(u64, &Alert)> = forth.iter().rev().copied().collect();
        let found = asked(&symptom, &forth);
        prop_assert_eq!(found, asked(&symptom, &back));
        let any = causes.iter().any(|cause| is_related(cause, &symptom.labels, symptom.since));
        prop_assert_eq!(found.is_some(), any);
    }
}
