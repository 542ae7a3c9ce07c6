use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Formula {
    Formula::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    Formula::parse(text).expect_err(text).to_string()
}

/// Metrics by name; what is not there is unknown.
fn value(text: &str, known: &[(&str, f64)]) -> Option<f64> {
    read(text).value(&|part| {
        known
            .iter()
            .find(|(name, _)| *name == part)
            .map(|(_, value)| *value)
    })
}

#[test]
fn signs_bind_as_in_school() {
    let known = [("cost", 6.0), ("answers", 2.0), ("cost{provider:openai}", 1.5)];
    for (text, expected) in [
        ("cost / answers", 3.0),
        ("cost + answers * 2", 10.0),
        ("(cost + answers) * 2", 16.0),
        ("cost - answers - 1", 3.0),
        ("cost - (answers - 1)", 5.0),
        ("cost / answers / 3", 1.0),
        ("cost / (answers / 3)", 9.0),
        ("-cost * -2", 12.0),
        ("1 - cost{ provider:openai } / cost", 0.75),
        ("cost*0.25", 1.5),
    ] {
        assert_eq!(value(text, &known), Some(expected), "{text}");
    }
}

#[test]
fn what_is_unknown_is_not_zero() {
    assert_eq!(value("cost / answers", &[("cost", 1.0), ("answers", 0.0)]), None);
    assert_eq!(value("cost + 0 * answers", &[("cost", 1.0)]), None);
    assert_eq!(
        value("cost / (answers - answers)", &[("cost", 1.0), ("answers", 3.0)]),
        None
    );
    assert_eq!(value("cost * cost", &[("cost", 1e200)]), None);
    assert_eq!(value("0 / answers", &[("answers", 3.0)]), Some(0.0));
}

#[test]
fn parts_are_named_once_with_their_filters() {
    let formula = read("cost{provider:openai  model:\"a b\"} / answers + answers + cost{} + cost");
    assert_eq!(
        formula.metrics(),
        ["cost{provider:openai model:\"a b\"}", "answers", "cost"]
    );
    assert_eq!(
        split("cost{provider:openai model:\"a b\"}"),
        ("cost", "provider:openai model:\"a b\"")
    );
    assert_eq!(split("answers"), ("answers", ""));
}

#[test]
fn errors_say_what_and_where() {
    for (text, expected) in [
        ("", "formula: must say something, such as `cost / answers`"),
        (
            "12 * 3",
            "formula: must name at least one metric, such as `answers`",
        ),
        (
            "cost / answrs",
            "formula: `answrs` at character 8 is no metric; did you mean `answers`?",
        ),
        (
            "nonsense",
            "formula: `nonsense` at character 1 is no metric; GET /api/v1/metrics lists those of calls",
        ),
        (
            "open_time",
            "formula: `open_time` at character 1 is no metric; GET /api/v1/metrics lists those of calls",
        ),
        ("(cost / answers", "formula: `(` at character 1 is never closed"),
        ("cost / answers)", "formula: `)` at character 15 closes nothing"),
        (
            "cost answers",
            "formula: `answers` at character 6 follows without a sign; `+`, `-`, `*` or `/` goes between",
        ),
        (
            "(cost answers)",
            "formula: `answers` at character 7 follows without a sign; `+`, `-`, `*` or `/` goes between",
        ),
        ("cost /", "formula: ends where a metric or a number is missing"),
        (
            "cost * / 2",
            "formula: `/` at character 8 stands where a metric or a number must be",
        ),
        (
            "cost % 2",
            "formula: `%` at character 6 follows without a sign; `+`, `-`, `*` or `/` goes between",
        ),
        (
            "cost * 1e9",
            "formula: `1e9` at character 8 is no number; write it as 1000 or 0.25",
        ),
        (
            "cost * 1.",
            "formula: `1.` at character 8 is no number; write it as 1000 or 0.25",
        ),
        (
            "cost{provider:openai",
            "formula: `{` at character 5 is never closed",
        ),
        (
            "cost{provider:\"}\"}",
            "formula: the filter at character 5 has a brace in a value, which no formula can have",
        ),
        (
            "outcomes",
            "formula: `outcomes` at character 1 is several figures; `attempts{outcome:timeout}` is one",
        ),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
    let unknown_key = refusal("cost{team:search}");
    assert!(
        unknown_key
            .starts_with("formula: the filter at character 5: `team:search` at byte 0: unknown key `team`"),
        "{unknown_key}"
    );
}

#[test]
fn formulas_have_bounds() {
    let long = format!("cost{}", " + cost".repeat(100));
    assert_eq!(
        refusal(&long),
        "formula: must have at most 500 characters without blanks, got 504"
    );
    read(&format!("cost{}", " + cost".repeat(99)));
    let deep = |depth: usize| format!("{}cost{}", "(".repeat(depth), ")".repeat(depth));
    read(&deep(20));
    assert_eq!(
        refusal(&deep(21)),
        "formula: at most 20 parentheses or signs within each other; character 21 is one more"
    );
    assert!(refusal(&format!("{}cost", "-".repeat(21))).contains("at most 20"));
    let many = |count: usize| {
        let parts: Vec<String> = (0..count).map(|n| format!("cost{{model:m{n}}}")).collect();
        parts.join(" + ")
    };
    read(&many(12));
    assert_eq!(
        refusal(&many(13)),
        "formula: must ask at most 12 different questions, got 13"
    );
    assert!(refusal("cost * 1234567890123456789").contains("at most 15 digits"));
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        (0u32..1_000_000, prop::sample::select(vec![1.0, 10.0, 1_000.0]))
            .prop_map(|(number, by)| Node::Number(f64::from(number) / by)),
        prop::sample::select(vec![
            "cost",
            "answers",
            "ttft_p95",
            "latency_p90",
            "cost{provider:openai}",
            "input_tokens{label.team:search provider:!azure}",
        ])
        .prop_map(|part| Node::Part(part.to_owned())),
    ];
    leaf.prop_recursive(5, 24, 2, |inner| {
        let op = prop::sample::select(vec![Op::Plus, Op::Minus, Op::Times, Op::By]);
        prop_oneof![
            inner.clone().prop_map(|node| Node::Negative(Box::new(node))),
            (inner.clone(), op, inner).prop_map(|(left, op, right)| Node::Both(
                Box::new(left),
                op,
                Box::new(right)
            )),
        ]
    })
}

proptest! {
    /// Written and read again it is the same formula.
    #[test]
    fn text_is_read_as_what_it_was(root in node()) {
        let formula = Formula { root };
        let text = formula.text();
        let count = text.chars().filter(|c| !c.is_whitespace()).count();
        prop_assume!(!formula.metrics().is_empty() && count <= super::super::parse::MAX_CHARACTERS);
        prop_assert_eq!(Formula::parse(&text), Ok(formula), "{}", text);
    }

    /// Whatever somebody sends is read or refused with a sentence.
    #[test]
    fn nothing_breaks_the_reader(text in "[a-z(){}+*/ .0-9:\"\\-]{0,60}") {
        match Formula::parse(&text) {
            Ok(formula) => prop_assert_eq!(Formula::parse(&formula.text()), Ok(formula)),
            Err(error) => prop_assert_eq!(error.field, "formula"),
        }
    }
}
