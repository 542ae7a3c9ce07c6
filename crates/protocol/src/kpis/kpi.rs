//! Definitions of figures: what a built-in figure is to be and who looks after it, and figures of a tenant's own.
//!
//! Deliberately absent: the language of formulas and whether a definition makes sense (the engine).

use serde::{Deserialize, Serialize};

use crate::query::Unit;
use crate::view::Good;

/// What a figure is of, when nobody asks for a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// From the first of the month.
    #[default]
    Month,
    /// From Monday.
    Week,
    /// From the first of January, April, July or October.
    Quarter,
}

/// A definition as it is written: of a built-in figure when it has a `key`, else of one of the tenant's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KpiDoc {
    /// The built-in figure, one of [`BUILT_IN`]; left out for one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Unique among the tenant's figures; empty, or the key, for a built-in one.
    #[serde(default)]
    pub name: String,
    /// Arithmetic over metrics of calls, `cost{provider:openai} / answers`; empty for a built-in one.
    #[serde(default)]
    pub formula: String,
    /// Which calls all of it is about, in the filter grammar; empty for all calls, and for a built-in one.
    #[serde(default)]
    pub filter: String,
    /// A dimension or a kept label (`label.team`) by which the figure is told apart; empty for none.
    #[serde(default)]
    pub group_by: String,
    /// What the numbers are; the author says it. Left out for a built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Which side is good. Left out for a built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<Good>,
    /// What it is to be, in the unit: 0.995 for 99.5%, milliseconds, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Who looks after it; may be empty.
    #[serde(default)]
    pub owner: String,
    /// The period that it is looked at in.
    #[serde(default)]
    pub calendar: Calendar,
    /// What it is for; may be empty.
    #[serde(default)]
    pub about: String,
    /// US dollars that an answer is worth, by whoever wrote it. Of `roi` alone, which needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_per_answer: Option<f64>,
}

/// A figure that everybody has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BuiltIn {
    /// Its name in definitions.
    pub key: &'static str,
    /// On screen.
    pub title: &'static str,
    /// What its numbers are.
    pub unit: Unit,
    /// Which side is good.
    pub good: Good,
    /// What it is to be where nobody says anything else.
    pub target: Option<f64>,
    /// How it follows from metrics of calls; empty where it does not.
    pub formula: &'static str,
    /// One sentence: how it is computed.
    pub about: &'static str,
}

/// All of them, in the order of the page.
pub const BUILT_IN: [BuiltIn; 12] = [
    BuiltIn {
        key: "answered",
        title: "Answered",
        unit: Unit::Fraction,
        good: Good::High,
        target: Some(0.995),
        formula: "answered",
        about: "Answers ÷ requests that are not neutral: what users felt.",
    },
    BuiltIn {
        key: "ttft",
        title: "First token p95",
        unit: Unit::Milliseconds,
        good: Good::Low,
        target: Some(800.0),
        formula: "ttft_p95",
        about: "95% of the ok streams sent a first token no later; within 1%.",
    },
    BuiltIn {
        key: "cost_per_answer",
        title: "Cost per answer",
        unit: Unit::Usd,
        good: Good::Low,
        target: None,
        formula: "cost_per_answer",
        about: "Known costs ÷ answers.",
    },
    BuiltIn {
        key: "time_to_acknowledge",
        title: "Time to acknowledge",
        unit: Unit::Milliseconds,
        good: Good::Low,
        target: Some(300_000.0),
        formula: "",
        about: "From an alert's beginning until somebody took it: from alerts, not from calls.",
    },
    BuiltIn {
        key: "time_to_resolve",
        title: "Time to resolve",
        unit: Unit::Milliseconds,
        good: Good::Low,
        target: None,
        formula: "",
        about: "From an alert's beginning until its end: from alerts, not from calls.",
    },
    BuiltIn {
        key: "saved_by_fallback",
        title: "Saved by fallback",
        unit: Unit::Count,
        good: Good::High,
        target: None,
        formula: "saved_by_fallback",
        about: "Answers that came from a stand-in.",
    },
    BuiltIn {
        key: "spend",
        title: "Spend",
        unit: Unit::Usd,
        good: Good::Low,
        target: None,
        formula: "cost",
        about: "The sum of known costs.",
    },
    BuiltIn {
        key: "tokens",
        title: "Tokens",
        unit: Unit::Tokens,
        good: Good::High,
        target: None,
        formula: "input_tokens + output_tokens",
        about: "Tokens in and out, caches and reasoning included.",
    },
    BuiltIn {
        key: "fallback_rate",
        title: "Fallback rate",
        unit: Unit::Fraction,
        good: Good::Low,
        target: None,
        formula: "fallback_rate",
        about: "The share of answers that came from a stand-in.",
    },
    BuiltIn {
        key: "tokens_per_second",
        title: "Tokens per second",
        unit: Unit::TokensPerSecond,
        good: Good::High,
        target: None,
        formula: "tokens_per_second",
        about: "Output tokens ÷ (duration − time to first token), streams only.",
    },
    BuiltIn {
        key: "latency_p95",
        title: "Latency p95",
        unit: Unit::Milliseconds,
        good: Good::Low,
        target: None,
        formula: "latency_p95",
        about: "95% of the ok attempts took no longer; within 1%.",
    },
    BuiltIn {
        key: "roi",
        title: "Return on cost",
        unit: Unit::Fraction,
        good: Good::High,
        target: None,
        // With the value of an answer it is one.
        formula: "",
        about: "(Answers × what one is worth − known costs) ÷ known costs. What one is worth is entered, not measured.",
    },
];

/// The built-in figure of this key.
pub fn built_in(key: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|figure| figure.key == key)
}

/// A figure of the list: built in, or one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KpiLine {
    /// `answered`; of one's own `kpi:3`.
    pub key: String,
    /// On screen.
    pub title: String,
    /// What its numbers are.
    pub unit: Unit,
    /// Which side is good.
    pub good: Good,
    /// What it is to be: as written, or ours.
    pub target: Option<f64>,
    /// Who looks after it; may be empty.
    pub owner: String,
    /// How it follows from metrics; empty where it does not.
    pub formula: String,
    /// Of which calls; empty for all.
    pub filter: String,
    /// How it is computed, or what it is for.
    pub words: String,
    /// Labels that it names and that are not kept: while there are some nobody can compute it.
    pub missing: Vec<String>,
}

/// A part of a formula with what it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KpiPart {
    /// As it stands in the formula: `cost{provider:openai}`.
    pub part: String,
    /// What its numbers are.
    pub unit: Unit,
    /// In the period; `None` where nothing says it.
    pub value: Option<f64>,
    /// In the period before.
    pub before: Option<f64>,
}

/// What a definition gives, before it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KpiPreview {
    /// On screen.
    pub title: String,
    /// What the numbers are.
    pub unit: Unit,
    /// Which side is good.
    pub good: Good,
    /// What it is to be.
    pub target: Option<f64>,
    /// As it was understood; empty where no formula gives it.
    pub formula: String,
    /// From then, epoch milliseconds: the beginning of the period.
    pub from: i64,
    /// Until then: now.
    pub until: i64,
    /// As much of the period before as has passed of this one: from then,
    pub before_from: i64,
    /// until then.
    pub before_to: i64,
    /// In the period so far; `None` where a part is unknown or something is divided by nothing.
    pub value: Option<f64>,
    /// In the period before.
    pub before: Option<f64>,
    /// What each part was.
    pub parts: Vec<KpiPart>,
    /// Beginnings of days (epoch milliseconds) from the period before until now, with what the figure was.
    pub days: Vec<(i64, Option<f64>)>,
    /// By what it is told apart; empty for nothing.
    pub group_by: String,
    /// What it was of each, in the period, highest first; at most 50.
    pub groups: Vec<(String, Option<f64>)>,
    /// What is to be known about it, one sentence; may be empty.
    pub note: String,
}

/// All definitions, as a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KpiFile {
    /// All of them, by number.
    pub definitions: Vec<KpiDoc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_used_once() {
        for (place, figure) in BUILT_IN.iter().enumerate() {
            assert!(
                BUILT_IN[..place].iter().all(|other| other.key != figure.key),
                "{}",
                figure.key
            );
            assert_eq!(built_in(figure.key), Some(figure));
        }
        assert_eq!(built_in("Answered"), None);
    }

    #[test]
    fn a_definition_says_only_what_it_says() {
        let doc = KpiDoc {
            key: Some("ttft".into()),
            target: Some(600.0),
            ..KpiDoc::default()
        };
        let text = serde_json::to_string(&doc).unwrap();
        assert_eq!(
            text,
            r#"{"key":"ttft","name":"","formula":"","filter":"","group_by":"","target":600.0,"owner":"","calendar":"month","about":""}"#
        );
        assert_eq!(serde_json::from_str::<KpiDoc>(&text).unwrap(), doc);
        assert!(serde_json::from_str::<KpiDoc>(r#"{"nam":"x"}"#).is_err());
    }
}
