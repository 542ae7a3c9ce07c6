//! Several instances of one breaker: each has its own window and trips by itself, so each is replayed by itself and the
//! figures are added up.

use super::{Between, Verdict, Verdicts};

/// The figures of all replays, limit by limit. They are of the same limits; without any there is no verdict.
pub fn together(replays: impl IntoIterator<Item = Verdicts>) -> Option<Verdicts> {
    replays.into_iter().reduce(|mut sum, other| {
        for (mine, theirs) in sum.verdicts.iter_mut().zip(&other.verdicts) {
            add(mine, theirs);
        }
        sum
    })
}

fn add(mine: &mut Verdict, theirs: &Verdict) {
    mine.opened = both(mine.opened, theirs.opened, u32::saturating_add);
    mine.reopened = both(mine.reopened, theirs.reopened, u32::saturating_add);
    mine.open_ms = both(mine.open_ms, theirs.open_ms, i64::saturating_add);
    mine.failures_let_through = both(
        mine.failures_let_through,
        theirs.failures_let_through,
        u64::saturating_add,
    );
    mine.good_turned_away = both(
        mine.good_turned_away,
        theirs.good_turned_away,
        u64::saturating_add,
    );
    mine.unknown = mine.unknown.saturating_add(theirs.unknown);
}

fn both<T: Copy>(one: Between<T>, other: Between<T>, add: fn(T, T) -> T) -> Between<T> {
    Between {
        min: add(one.min, other.min),
        max: add(one.max, other.max),
    }
}

#[cfg(test)]
mod tests {
    use super::together;
    use crate::Outcome;
    use crate::breaker::whatif::{RecordedCall, replay};
    use crate::breaker::{Settings, WindowKind};

    #[test]
    fn instances_trip_by_themselves() {
        let settings = Settings {
            window: WindowKind::Count(10),
            minimum_calls: 10,
            ..Settings::default()
        };
        let of = |outcome| {
            let calls = (0..10).map(move |at| RecordedCall {
                at,
                outcome,
                duration: None,
                weight: 1,
            });
            replay(&settings, calls, Some(0.5), 10)
        };
        let failing = of(Outcome::Timeout);
        let both = together([failing.clone(), of(Outcome::Ok)]).unwrap();
        assert_eq!(both, failing, "ten good calls of another process dilute nothing");
        let twice = together([failing.clone(), failing]).unwrap();
        let at_half = twice.verdicts[9];
        assert_eq!((at_half.opened.min, at_half.opened.max), (2, 2));
        assert_eq!(at_half.failures_let_through.min, 20);
        assert_eq!(twice.current, Some(9));
        assert_eq!(together([]), None);
    }
}
