//! What calls say about a provider, and the order of providers.

use domain::standing::{Pace, Recent, Sample, Standing, calls_say, worst_first};
use domain::verdict::Level;

fn sample(judged: u64, ok: u64) -> Sample {
    Sample {
        judged,
        success: (judged > 0).then(|| ok as f64 / judged as f64),
    }
}

fn recent(judged: u64, ok: u64) -> Recent {
    Recent {
        sample: sample(judged, ok),
        ..Recent::default()
    }
}

fn pace(now: f64, usual: f64) -> Pace {
    Pace {
        now: Some(now),
        usual: Some(usual),
    }
}

#[test]
fn what_calls_say() {
    let quick = pace(500.0, 480.0);
    let slow = pace(900.0, 500.0);
    let cases = [
        (recent(0, 0), Level::Unknown, "no calls"),
        (
            Recent {
                refused: 1,
                ..recent(0, 0)
            },
            Level::Act,
            "all refused",
        ),
        (
            Recent {
                denied: 3,
                ..recent(0, 0)
            },
            Level::Act,
            "auth or quota",
        ),
        (
            Recent {
                denied: 2,
                ..recent(0, 0)
            },
            Level::Unknown,
            "few calls",
        ),
        (
            Recent {
                denied: 10,
                ..recent(90, 90)
            },
            Level::Attention,
            "auth or quota",
        ),
        (
            Recent {
                denied: 25,
                ..recent(75, 10)
            },
            Level::Act,
            "auth or quota",
        ),
        (
            Recent {
                denied: 1,
                ..recent(999, 999)
            },
            Level::Ok,
            "ok",
        ),
        // A small sample is no proof of health, and no alarm either.
        (recent(19, 19), Level::Unknown, "few calls"),
        (recent(19, 17), Level::Unknown, "few calls"),
        (recent(8, 5), Level::Attention, "5 of 8 ok"),
        (recent(3, 0), Level::Attention, "0 of 3 ok"),
        (recent(20, 20), Level::Ok, "ok"),
        // Two failures are no pattern.
        (recent(20, 18), Level::Ok, "ok"),
        (recent(20, 17), Level::Attention, "85% ok"),
        (recent(100, 38), Level::Act, "38% ok"),
        (recent(1_000, 979), Level::Attention, "97% ok"),
        (recent(1_000, 980), Level::Ok, "ok"),
        (recent(1_000, 800), Level::Attention, "80% ok"),
        (recent(1_000, 799), Level::Act, "79% ok"),
        (recent(1_000, 0), Level::Act, "0% ok"),
        (
            Recent {
                refused: 50,
                ..recent(30, 30)
            },
            Level::Attention,
            "mostly refused",
        ),
        (
            Recent {
                refused: 50,
                ..recent(5, 5)
            },
            Level::Attention,
            "mostly refused",
        ),
        (
            Recent {
                refused: 30,
                ..recent(30, 30)
            },
            Level::Ok,
            "ok",
        ),
        (
            Recent {
                first_token: slow,
                duration: quick,
                ..recent(50, 50)
            },
            Level::Attention,
            "slow",
        ),
        // The first token decides where there is one.
        (
            Recent {
                first_token: quick,
                duration: slow,
                ..recent(50, 50)
            },
            Level::Ok,
            "ok",
        ),
        (
            Recent {
                duration: slow,
                ..recent(50, 50)
            },
            Level::Attention,
            "slow",
        ),
        // Twice of very little is still little.
        (
            Recent {
                first_token: pace(60.0, 20.0),
                ..recent(50, 50)
            },
            Level::Ok,
            "ok",
        ),
        (
            Recent {
                first_token: Pace {
                    now: Some(9e9),
                    usual: None,
                },
                ..recent(50, 50)
            },
            Level::Ok,
            "ok",
        ),
    ];
    for (recent, level, words) in cases {
        let said = calls_say(&recent);
        assert_eq!((said.level, said.words.as_str()), (level, words), "{recent:?}");
    }
}

#[test]
fn how_a_stretch_went() {
    for (judged, ok, level) in [
        (0, 0, None),
        (1, 1, Some(Level::Ok)),
        (1, 0, Some(Level::Unknown)),
        (4, 1, Some(Level::Attention)),
        (20, 18, Some(Level::Ok)),
        (20, 16, Some(Level::Attention)),
        (20, 15, Some(Level::Act)),
        (10_000, 9_800, Some(Level::Ok)),
        (10_000, 9_799, Some(Level::Attention)),
    ] {
        assert_eq!(sample(judged, ok).level(), level, "{ok} of {judged}");
    }
}

#[test]
fn the_worst_is_first_and_what_has_no_data_last() {
    let standing = |level, success, name| Standing { level, success, name };
    let mut all = [
        standing(Level::Unknown, None, "asleep"),
        standing(Level::Ok, Some(0.999), "b"),
        standing(Level::Unknown, Some(0.97), "few"),
        standing(Level::Attention, Some(0.99), "slow"),
        standing(Level::Ok, Some(0.999), "a"),
        standing(Level::Act, None, "refused"),
        standing(Level::Act, Some(0.91), "anthropic"),
        standing(Level::Attention, Some(0.95), "shaky"),
    ];
    all.sort_by(worst_first);
    let names = all.map(|standing| standing.name);
    assert_eq!(
        names,
        ["anthropic", "refused", "shaky", "slow", "few", "a", "b", "asleep"]
    );
}
