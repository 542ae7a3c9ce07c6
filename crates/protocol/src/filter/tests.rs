use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const KEYS: [&str; 4] = ["provider", "model", "service", "label."];

fn parse(text: &str) -> Filter {
    Filter::parse(text, &KEYS).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> String {
    Filter::parse(text, &KEYS).expect_err(text).to_string()
}

fn shows(filter: &Filter, row: &[(&'static str, &'static str)]) -> bool {
    filter.matches(
        |key| row.iter().find(|(name, _)| *name == key).map(|(_, value)| *value),
        || row.iter().map(|(_, value)| *value),
    )
}

const ROW: [(&str, &str); 4] = [
    ("provider", "vllm"),
    ("model", "meta/llama-3:70b"),
    ("service", "Checkout Überweisung"),
    ("label.team", "payments"),
];

#[test]
fn terms_mean_what_they_say() {
    for shown in [
        "",
        "  \t ",
        "model:meta/llama-3:70b",
        "model:~meta/llama-3:",
        "provider:!openai",
        "service:\"Checkout Überweisung\"",
        "service:~\"Checkout Ü\"",
        "label.team:payments",
        "label.region:\"\"",
        "label.region:!eu",
        "provider:openai provider:vllm",
        "provider:~az provider:vllm",
        "provider:!openai provider:!azure model:~meta",
        "LLAMA",
        "überweisung",
        "\"out üb\"",
        "\"llama-3:70\"",
        "pay  vllm",
    ] {
        assert!(shows(&parse(shown), &ROW), "{shown}");
    }
    for hidden in [
        "model:meta/llama-3",
        "model:llama",
        "model:Meta/llama-3:70b",
        "model:~llama",
        "provider:!vllm",
        "provider:openai provider:azure",
        "provider:vllm model:other",
        "provider:vllm provider:!vllm",
        "provider:!openai provider:!vllm",
        "provider:\"\"",
        "label.region:!\"\"",
        "label.region:~e",
        "llama gpt",
        "team",
    ] {
        assert!(!shows(&parse(hidden), &ROW), "{hidden}");
    }
}

#[test]
fn text_asks_for_all_values_and_nothing_else_does() {
    let never = || -> [&'static str; 0] { panic!("not asked for") };
    assert!(parse("provider:a service:!b").matches(|key| (key == "provider").then_some("a"), never));
    assert!(!parse("x").matches(|_| panic!("not asked for"), || ["a", "b"]));
}

#[test]
fn quotes_carry_anything() {
    let term = |text: &str| {
        let filter = parse(text);
        let [term] = filter.terms() else {
            panic!("{text} is one term")
        };
        (
            term.key().map(str::to_owned),
            term.test(),
            term.value().to_owned(),
        )
    };
    let service = |test, value: &str| (Some("service".to_owned()), test, value.to_owned());
    assert_eq!(
        term(r#"service:"say \"hi\" \\""#),
        service(Test::Is, r#"say "hi" \"#)
    );
    assert_eq!(term(r#"service:!"!a""#), service(Test::Not, "!a"));
    assert_eq!(term(r#"service:~"~a""#), service(Test::Starts, "~a"));
    assert_eq!(term(r"service:a\b"), service(Test::Is, r"a\b"));
    assert_eq!(term("service::"), service(Test::Is, ":"));
    assert_eq!(
        term("\"service:a\""),
        (None, Test::Contains, "service:a".to_owned())
    );
    assert_eq!(term("!a"), (None, Test::Contains, "!a".to_owned()));
}

#[test]
fn the_printed_form_is_canonical() {
    for (written, printed) in [
        ("  model:\"a/b:c\"   x ", "model:a/b:c x"),
        ("service:a service:a service:b", "service:a service:b"),
        ("x x X", "x X"),
        (r#"service:!"" service:"a b""#, r#"service:!"" service:"a b""#),
        (r#"service:"!a" service:"\\""#, r#"service:"!a" service:\"#),
        (r#""!a" "a:b""#, r#"!a "a:b""#),
        (r#"service:"a\"""#, r#"service:"a\"""#),
    ] {
        assert_eq!(parse(written).to_string(), printed);
    }
}

#[test]
fn errors_name_the_term_its_place_and_what_would_do() {
    assert_eq!(
        error("provider:a  regoin:eu x"),
        "filter: `regoin:eu` at byte 12: unknown key `regoin`, known are provider, model, service, \
         label.<name>; a text with a colon needs quotes"
    );
    for (text, place, reason) in [
        ("ü model:", "`model:` at byte 3", "there is no value"),
        ("model:! x", "`model:!` at byte 0", "there is no value"),
        ("model:~", "`model:~`", "empty prefix"),
        ("model:~\"\"", "`model:~\"\"`", "empty prefix"),
        ("model:!~a", "`model:!~a`", "needs quotes"),
        ("model:~!a", "`model:~!a`", "needs quotes"),
        ("\"\"", "`\"\"`", "empty text"),
        ("model:\"a b c", "`model:\"a b c`", "not closed"),
        ("model:\"a b\\\"", "`model:\"a b\\\"`", "not closed"),
        (
            "model:\"a b\"c d",
            "`model:\"a b\"c`",
            "quotes go around the whole value",
        ),
        ("model:a\"b c\"", "`model:a\"b c\"`", "quotes go around"),
        ("a\"b\"", "`a\"b\"`", "quotes go around"),
        ("model:\"a\\n\"", "`model:\"a\\n\"`", "a backslash stands only"),
        (":a", "`:a`", "unknown key ``"),
        ("label.:a", "`label.:a`", "unknown key `label.`"),
        ("Model:a", "`Model:a`", "unknown key `Model`"),
    ] {
        let error = error(text);
        assert!(error.contains(place), "{text}: {error}");
        assert!(error.contains(reason), "{text}: {error}");
    }
    let long = error(&format!("nope:{}", "ä".repeat(200)));
    assert!(long.contains("ä…`"), "{long}");
    assert!(long.len() < 300, "an error does not repeat everything: {long}");
}

#[test]
fn limits_hold_to_the_byte_and_the_term() {
    let longest = "é".repeat(MAX_BYTES / 2);
    assert!(Filter::parse(&longest, &KEYS).is_ok());
    assert_eq!(
        error(&format!("{longest}x")),
        "filter: at most 1024 bytes, got 1025"
    );
    let many: Vec<String> = (0..MAX_TERMS).map(|i| format!("service:{i}")).collect();
    let many = many.join(" ");
    assert_eq!(parse(&many).terms().len(), 32);
    assert!(error(&format!("{many} more:x")).starts_with("filter: at most 32 terms, `more:x` at byte"));
}

#[test]
fn pickers_add_and_remove() {
    let filter = parse("gpt service:!a provider:x");
    let with = filter.with("service", "a").unwrap();
    assert_eq!(
        with.to_string(),
        "gpt provider:x service:a",
        "the contradiction is gone"
    );
    assert_eq!(with.with("service", "a").unwrap(), with, "once is enough");
    let two = with.with("service", "b \"c\"").unwrap();
    assert_eq!(two.to_string(), r#"gpt provider:x service:a service:"b \"c\"""#);
    assert_eq!(two.without("service").to_string(), "gpt provider:x");
    assert_eq!(two.without(""), two, "text has no key");
    assert_eq!(
        Filter::default().with("service", "").unwrap().to_string(),
        "service:\"\""
    );

    for key in ["", "a b", "a:b", "a\"b"] {
        let error = filter.with(key, "v").unwrap_err().to_string();
        assert!(error.contains("a key has at least one character"), "{error}");
    }
    let mut full = Filter::default();
    for i in 0..MAX_TERMS {
        full = full.with("service", &i.to_string()).unwrap();
    }
    assert!(matches!(
        full.with("service", "x"),
        Err(FilterError::TooMany { .. })
    ));
    assert!(full.with("service", "3").is_ok());
    let long = "x".repeat(MAX_BYTES);
    let got = Filter::default().with("service", &long).unwrap_err();
    assert_eq!(got, FilterError::TooLong { got: 8 + MAX_BYTES });
}

/// Texts that are often filters, and often just not.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = select(vec![
        "service:",
        "model:",
        "label.team:",
        "label.",
        "nope:",
        "!",
        "~",
        "\"",
        "\"",
        "\\",
        "\\\"",
        " ",
        " ",
        "\u{a0}",
        ":",
        "a",
        "b c",
        "Éİ",
        "\"\"",
        "\"x y\"",
    ]);
    vec(scrap, 0..12).prop_map(|scraps| scraps.concat())
}

const VALUES: [&str; 6] = ["", "a", "ab", "b c", "!a", "\"\\"];

fn row() -> impl Strategy<Value = [(&'static str, &'static str); 2]> {
    (select(&VALUES[..]), select(&VALUES[..]))
        .prop_map(|(service, model)| [("service", service), ("model", model)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_printed_parses_to_the_same(text in scraps()) {
        if let Ok(filter) = Filter::parse(&text, &KEYS) {
            let printed = filter.to_string();
            prop_assert!(printed.len() <= text.len(), "{} grew to {}", text, printed);
            prop_assert_eq!(Filter::parse(&printed, &KEYS), Ok(filter), "{} became {}", text, printed);
        }
    }

    #[test]
    fn what_strangers_write_never_panics(text in "(?s).{0,80}", keys in vec(".{0,6}", 0..3)) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let _ = Filter::parse(&text, &keys).map_err(|error| error.to_string());
    }

    #[test]
    fn a_picked_value_shows_itself_only(key in select(&["service", "label.team"][..]), picked in "(?s).{0,12}", other in "(?s).{0,12}") {
        let filter = Filter::default().with(key, &picked).unwrap();
        prop_assert_eq!(&parse(&filter.to_string()), &filter);
        prop_assert!(filter.matches(|_| Some(&picked), || [""; 0]));
        prop_assert_eq!(filter.matches(|_| Some(&other), || [""; 0]), picked == other);
    }

    /// Against the rules in their plainest form: per key, any alternative; and every negation.
    #[test]
    fn alternatives_and_negations_combine_as_told(
        terms in vec((select(&["service", "model"][..]), 0..3_u8, select(&VALUES[..])), 0..6),
        row in row(),
    ) {
        let mut filter = Filter::default();
        for &(key, test, value) in &terms {
            let test = [Test::Is, Test::Not, Test::Starts][usize::from(test)];
            filter.add(Term::new(key, test, value.to_owned()));
        }
        let expected = row.iter().all(|(key, value)| {
            let of_key = || terms.iter().filter(|term| term.0 == *key);
            let negated = of_key().filter(|term| term.1 == 1).all(|term| *value != term.2);
            let mut offers = of_key().filter(|term| term.1 != 1).peekable();
            let offered = offers.peek().is_none()
                || offers.any(|term| if term.1 == 0 { *value == term.2 } else { value.starts_with(term.2) });
            negated && offered
        });
        prop_assert_eq!(shows(&filter, &row), expected);
    }
}

#[test]
fn two_filters_together_show_what_both_show() {
    let keys = ["service", "provider"];
    let both = |one: &str, two: &str| {
        let parse = |text: &str| Filter::parse(text, &keys).unwrap();
        parse(one).and(&parse(two)).to_string()
    };
    assert_eq!(both("", "service:a"), "service:a");
    assert_eq!(both("service:a", "provider:x"), "service:a provider:x");
    assert_eq!(both("service:a service:b", "service:b service:c"), "service:b");
    assert_eq!(both("service:~ch", "service:chat service:search"), "service:chat");
    assert_eq!(both("service:!a", "service:a"), "service:!a service:a");
    let nothing = Filter::parse(&both("service:a", "service:b"), &keys).unwrap();
    for value in ["", "a", "b"] {
        let shown = nothing.matches(|_| Some(value), || [value].into_iter());
        assert!(!shown, "{value:?}");
    }
}
