//! Matchers and silences.

use domain::alert::{Labels, Matcher, Op, Silence, SilenceState, matchers};
use proptest::prelude::*;

use crate::alert_life::who;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
}

fn parsed(text: &str) -> Vec<String> {
    let found = matchers(text).expect("matchers");
    found.iter().map(Matcher::to_string).collect()
}

#[test]
fn matchers_are_read_as_amtool_writes_them() {
    assert_eq!(
        parsed(r#"{provider="openai", model=~"gpt-.*",service!=eval , region!~"eu|us",}"#),
        [
            r#"provider="openai""#,
            r#"model=~"gpt-.*""#,
            r#"service!="eval""#,
            r#"region!~"eu|us""#
        ]
    );
    assert_eq!(parsed(r#"a="x \"y\" \\ \n""#), [r#"a="x \"y\" \\ \n""#]);
    assert_eq!(parsed(""), [""; 0]);
    for (bad, told) in [
        ("provider", "matchers: `provider` has none of = != =~ !~"),
        (
            "9a=b",
            "matchers: `9a` is no label; 1 to 128 of a-z, A-Z, 0-9, _ and ., not starting with a digit",
        ),
        (r#"a="b"#, "matchers: `\"b` has no end quote"),
        (r#"a="b" c="d""#, "matchers: a comma is missing before `c=\"d\"`"),
        ("{a=b", "matchers: `{` has no `}`"),
        (
            "a=~\"(\"",
            "matchers: the pattern `(` cannot be used: error: unclosed group",
        ),
    ] {
        assert_eq!(matchers(bad).unwrap_err().to_string(), told, "{bad}");
    }
}

#[test]
fn a_pattern_matches_the_whole_value() {
    let like = |pattern: &str, value: &str| {
        let matcher = Matcher::new("model", Op::Like, pattern).unwrap();
        matcher.matches(&labels(&[("model", value)]))
    };
    assert!(like("gpt-5|claude.*", "claude-sonnet"));
    assert!(!like("gpt-5|claude", "claude-sonnet"));
    assert!(like("(?i)GPT.5", "gpt-5") && !like("GPT.5", "gpt-5"));
    assert!(like(".*", "two\nlines"));
    let unlike = Matcher::new("model", Op::Unlike, "gpt.*").unwrap();
    assert!(unlike.matches(&labels(&[])), "a label that is not there is empty");
    assert!(Matcher::new("model", Op::Like, "a)|(b").is_err());
}

#[test]
fn patterns_are_bounded() {
    let refused = |pattern: &str| Matcher::new("a", Op::Like, pattern).unwrap_err().to_string();
    assert_eq!(
        refused(&"x".repeat(257)),
        "matchers: a pattern has at most 256 characters, got 257"
    );
    assert!(refused("(a{1000}){1000}").contains("size limit"), "a bomb");
    assert!(refused(&"(".repeat(200)).starts_with("matchers: the pattern"));
    // What makes other engines hang takes no time here.
    let slow = Matcher::new("a", Op::Like, "(a+)+b").unwrap();
    assert!(!slow.matches(&labels(&[("a", &"a".repeat(1_024))])));
}

fn silence(text: &str) -> Silence {
    Silence {
        matchers: matchers(text).expect("matchers"),
        starts: 1_000,
        ends: 2_000,
        by: who("ada"),
        repeat: None,
        comment: "maintenance".into(),
        created: 500,
    }
}

#[test]
fn a_silence_hides_while_it_lasts() {
    let found = silence("provider=openai,severity!=critical");
    let alert = labels(&[("provider", "openai"), ("severity", "warning")]);
    assert_eq!(found.state(999), SilenceState::Pending);
    assert!(!found.hides(&alert, 999));
    assert!(found.hides(&alert, 1_000) && found.hides(&alert, 1_999));
    assert!(!found.hides(&alert, 2_000));
    assert_eq!(found.state(2_000), SilenceState::Expired);
    assert!(!found.hides(
        &labels(&[("provider", "openai"), ("severity", "critical")]),
        1_500
    ));
    assert!(found.matches(&alert));
}

#[test]
fn a_silence_says_what_it_hides_how_long_and_why() {
    assert_eq!(silence("a=b").check(900), Ok(()));
    for (change, told) in [
        (
            Silence {
                matchers: vec![],
                ..silence("a=b")
            },
            "matchers: must be 1 to 16, got 0",
        ),
        (
            silence("a!=b,c=~\".*\""),
            "matchers: one at least must demand a value; these would hide every alert",
        ),
        (
            Silence {
                ends: 1_000,
                ..silence("a=b")
            },
            "ends: must be after starts",
        ),
        (
            Silence {
                ends: i64::MAX,
                ..silence("a=b")
            },
            "ends: must be at most 366 days after starts",
        ),
        (
            Silence {
                comment: "  ".into(),
                ..silence("a=b")
            },
            "comment: must say why",
        ),
    ] {
        assert_eq!(change.check(900).unwrap_err().to_string(), told);
    }
    assert_eq!(
        silence("a=b").check(2_000).unwrap_err().to_string(),
        "ends: must not have passed"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        values in proptest::collection::vec(("[a-z_][a-z0-9_.]{0,8}", 0usize..2, any::<String>()), 0..8),
    ) {
        let made: Vec<Matcher> = values
            .iter()
            .filter_map(|(label, op, value)| Matcher::new(label, [Op::Is, Op::Not][*op], value).ok())
            .collect();
        let text = made.iter().map(Matcher::to_string).collect::<Vec<_>>().join(",");
        prop_assert_eq!(matchers(&text), Ok(made));
    }

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>(), noisy in "[a-z=!~\"\\\\{}, ]{0,40}") {
        let _ = (matchers(&text), matchers(&noisy));
    }
}
