//! A rule as the texts of a form's fields, and back. Fields are called as the API's answers call them, so that an error
//! finds its place.

use std::collections::BTreeMap;
use std::str::FromStr;

use protocol::alerts::{BurnWindowDoc, ConditionDoc, RuleDoc};
use protocol::query::{MetricInfo, Unit, info};

use super::quantity::{self, LENGTH, read_length, say_length};

/// Texts by the name of the field.
pub type Texts = BTreeMap<String, String>;

/// What a kind of rule watches for.
pub(super) fn about(kind: &str) -> &'static str {
    match kind {
        "threshold" => "A figure beyond a limit",
        "change" => "A figure unlike before",
        "burn_rate" => "An error budget that burns",
        "absence" => "Calls that stay away",
        "breaker_state" => "The state of a breaker",
        _ => "A breaker that flaps",
    }
}

/// The most pairs of windows of a burn rate.
pub(super) const PAIRS: usize = 4;

/// What begins the field of a channel that is told, before its name: any name is one, also with a comma in it.
pub(super) const TELL: &str = "tell.";

/// The names of the channels that are ticked.
pub(super) fn told(texts: &Texts) -> impl Iterator<Item = &str> {
    let ticked = texts.iter().filter(|(_, text)| *text == "yes");
    ticked.filter_map(|(name, _)| name.strip_prefix(TELL))
}

/// A field that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The field.
    pub field: String,
    /// What it must be.
    pub must: String,
}

fn unread<T>(field: &str, must: impl Into<String>) -> Result<T, Unread> {
    Err(Unread {
        field: field.to_owned(),
        must: must.into(),
    })
}

/// What the numbers of a metric are.
pub(in crate::alerts) fn unit_of(metric: &str) -> Unit {
    info(metric).map_or(Unit::Count, |info| info.unit)
}

/// Where the limit of a metric usually lies, and where it is good again: what a new rule begins with.
pub(super) fn usual(metric: &MetricInfo) -> (f64, f64) {
    match metric.unit {
        Unit::Count => (100.0, 80.0),
        Unit::Fraction if metric.low_is_bad() => (0.95, 0.97),
        Unit::Fraction => (0.1, 0.05),
        Unit::Milliseconds => (2_000.0, 1_600.0),
        Unit::Tokens => (1_000_000.0, 800_000.0),
        Unit::TokensPerSecond => (20.0, 25.0),
        Unit::Usd => (10.0, 8.0),
    }
}

/// The form's field of an answer's field. Answers count pairs of windows as the rule has them, and the form may have
/// places between them that are left empty.
pub(super) fn place_of(texts: &Texts, field: &str) -> String {
    let found = || {
        let (nth, part) = field.strip_prefix("condition.windows.")?.split_once('.')?;
        let place = filled(texts).nth(nth.parse().ok()?)?;
        Some(format!("condition.windows.{place}.{part}"))
    };
    found().unwrap_or_else(|| field.to_owned())
}

/// The places of pairs that are not left empty.
pub(super) fn filled(texts: &Texts) -> impl Iterator<Item = usize> + '_ {
    let factor = |nth: &usize| texts.get(&format!("condition.windows.{nth}.factor"));
    (0..PAIRS).filter(move |nth| factor(nth).is_some_and(|text| !text.trim().is_empty()))
}

/// A rule as texts.
pub fn texts_of(doc: &RuleDoc) -> Texts {
    let mut texts = Texts::new();
    let mut put = |name: &str, text: String| {
        texts.insert(name.to_owned(), text);
    };
    put("kind", doc.condition.kind().into());
    put("name", doc.name.clone());
    put("about", doc.about.clone());
    put("for_ms", say_length(doc.for_ms));
    put("min_samples", doc.min_samples.to_string());
    put("severity", doc.severity.clone());
    let labels = doc.labels.iter().map(|(name, value)| format!("{name}={value}"));
    put("labels", labels.collect::<Vec<_>>().join(", "));
    put("runbook", doc.runbook.clone().unwrap_or_default());
    for name in &doc.tell {
        put(&[TELL, name].concat(), "yes".into());
    }
    put("enabled", if doc.enabled { "yes" } else { "no" }.into());
    put(
        "quiet_until",
        doc.quiet_until.map_or(String::new(), |until| until.to_string()),
    );
    put("escalation", doc.escalation.clone().unwrap_or_default());
    let (query, rest) = condition_texts(&doc.condition);
    for (name, text) in query.into_iter().chain(rest) {
        put(&format!("condition.{name}"), text);
    }
    texts
}

type Named = Vec<(String, String)>;

fn condition_texts(condition: &ConditionDoc) -> (Named, Named) {
    let named = |pairs: &[(&str, String)]| -> Named {
        let owned = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.clone()));
        owned.collect()
    };
    let query = |metric: &str, group_by: &[String], filter: &str| {
        named(&[
            ("metric", metric.to_owned()),
            ("group_by", group_by.join(",")),
            ("filter", filter.to_owned()),
        ])
    };
    match condition {
        ConditionDoc::Threshold {
            metric,
            group_by,
            filter,
            window_ms,
            side,
            limit,
            clear,
        } => {
            let unit = unit_of(metric);
            let rest = named(&[
                ("window_ms", say_length(*window_ms)),
                ("side", side.clone()),
                ("limit", quantity::say(unit, *limit)),
                ("clear", quantity::say(unit, *clear)),
            ]);
            (query(metric, group_by, filter), rest)
        }
        ConditionDoc::Change {
            metric,
            group_by,
            filter,
            window_ms,
            baseline_ms,
            lag_ms,
            side,
            limit,
            clear,
        } => {
            let share = |value: f64| quantity::say(Unit::Fraction, way(side) * value);
            let rest = named(&[
                ("window_ms", say_length(*window_ms)),
                ("baseline_ms", say_length(*baseline_ms)),
                ("lag_ms", say_length(*lag_ms)),
                ("side", side.clone()),
                ("limit", share(*limit)),
                ("clear", share(*clear)),
            ]);
            (query(metric, group_by, filter), rest)
        }
        ConditionDoc::BurnRate {
            metric,
            group_by,
            filter,
            objective,
            windows,
        } => {
            let mut rest = named(&[("objective", quantity::say(Unit::Fraction, *objective))]);
            for (nth, pair) in windows.iter().enumerate() {
                rest.push((format!("windows.{nth}.factor"), pair.factor.to_string()));
                rest.push((format!("windows.{nth}.long_ms"), say_length(pair.long_ms)));
                rest.push((format!("windows.{nth}.short_ms"), say_length(pair.short_ms)));
            }
            (query(metric, group_by, filter), rest)
        }
        ConditionDoc::Absence {
            group_by,
            filter,
            after_ms,
        } => {
            let rest = named(&[("after_ms", say_length(*after_ms))]);
            (query("", group_by, filter), rest)
        }
        ConditionDoc::BreakerState {
            states,
            quorum,
            filter,
        } => {
            let rest = named(&[("states", states.join(",")), ("quorum", quorum.clone())]);
            (query("", &[], filter), rest)
        }
        ConditionDoc::Flapping {
            filter,
            times,
            within_ms,
            clear,
        } => {
            let rest = named(&[
                ("times", times.to_string()),
                ("within_ms", say_length(*within_ms)),
                ("clear", clear.to_string()),
            ]);
            (query("", &[], filter), rest)
        }
    }
}

/// A change for the worse is written as what it is in size: 50% more, 50% less.
fn way(side: &str) -> f64 {
    if side == "below" { -1.0 } else { 1.0 }
}

/// The rule that texts say.
///
/// # Errors
/// Names the first field that is no length, no figure, no number. Whether the rule can be is for the engine to say.
pub fn read(texts: &Texts) -> Result<RuleDoc, Unread> {
    let form = Form(texts);
    Ok(RuleDoc {
        name: form.text("name"),
        about: form.text("about"),
        condition: form.condition()?,
        for_ms: form.length("for_ms")?,
        min_samples: form.whole("min_samples")?,
        severity: form.text("severity"),
        labels: form.labels()?,
        runbook: Some(form.text("runbook")).filter(|runbook| !runbook.is_empty()),
        tell: told(texts).map(str::to_owned).collect(),
        enabled: form.text("enabled") != "no",
        quiet_until: form.text("quiet_until").parse().ok(),
        escalation: Some(form.text("escalation")).filter(|name| !name.is_empty()),
    })
}

struct Form<'a>(&'a Texts);

impl Form<'_> {
    fn text(&self, name: &str) -> String {
        self.0.get(name).map_or("", |text| text.trim()).to_owned()
    }

    fn of(&self, name: &str) -> String {
        self.text(&format!("condition.{name}"))
    }

    fn length(&self, name: &str) -> Result<i64, Unread> {
        let text = self.text(name);
        // Left empty, as nothing has to be waited for.
        match (name, text.as_str()) {
            ("for_ms", "") => Ok(0),
            (_, text) => read_length(text).map_or_else(|| unread(name, format!("must be {LENGTH}")), Ok),
        }
    }

    fn length_of(&self, name: &str) -> Result<i64, Unread> {
        self.length(&format!("condition.{name}"))
    }

    fn figure(&self, name: &str, unit: Unit) -> Result<f64, Unread> {
        let name = format!("condition.{name}");
        let found = quantity::read(unit, &self.text(&name));
        found.map_or_else(
            || unread(&name, format!("must be {}", quantity::example(unit))),
            Ok,
        )
    }

    fn whole<T: FromStr + Default>(&self, name: &str) -> Result<T, Unread> {
        let text = self.text(name).replace(',', "");
        if text.is_empty() {
            return Ok(T::default());
        }
        text.parse()
            .or_else(|_| unread(name, "must be a whole number such as 50"))
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.of(name);
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }

    fn labels(&self) -> Result<BTreeMap<String, String>, Unread> {
        let text = self.text("labels");
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let label = |part: &str| match part.split_once('=') {
            Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
            None => unread("labels", "must be pairs such as team=search, tier=1"),
        };
        parts.map(label).collect()
    }

    fn condition(&self) -> Result<ConditionDoc, Unread> {
        let (metric, filter, side) = (self.of("metric"), self.of("filter"), self.of("side"));
        let group_by = self.list("group_by");
        Ok(match self.text("kind").as_str() {
            "threshold" => {
                let unit = unit_of(&metric);
                ConditionDoc::Threshold {
                    group_by,
                    filter,
                    window_ms: self.length_of("window_ms")?,
                    side,
                    limit: self.figure("limit", unit)?,
                    clear: self.figure("clear", unit)?,
                    metric,
                }
            }
            "change" => {
                let way = way(&side);
                ConditionDoc::Change {
                    metric,
                    group_by,
                    filter,
                    window_ms: self.length_of("window_ms")?,
                    baseline_ms: self.length_of("baseline_ms")?,
                    lag_ms: self.length_of("lag_ms")?,
                    limit: way * self.figure("limit", Unit::Fraction)?,
                    clear: way * self.figure("clear", Unit::Fraction)?,
                    side,
                }
            }
            "burn_rate" => ConditionDoc::BurnRate {
                metric,
                group_by,
                filter,
                objective: self.figure("objective", Unit::Fraction)?,
                windows: self.pairs()?,
            },
            "absence" => ConditionDoc::Absence {
                group_by,
                filter,
                after_ms: self.length_of("after_ms")?,
            },
            "breaker_state" => ConditionDoc::BreakerState {
                states: self.list("states"),
                quorum: self.of("quorum"),
                filter,
            },
            "flapping" => ConditionDoc::Flapping {
                filter,
                times: self.whole("condition.times")?,
                within_ms: self.length_of("within_ms")?,
                clear: self.whole("condition.clear")?,
            },
            _ => {
                let names = ConditionDoc::KINDS.join(", ");
                return unread("kind", format!("must be one of {names}"));
            }
        })
    }

    /// Pairs whose factor is left empty are left out.
    fn pairs(&self) -> Result<Vec<BurnWindowDoc>, Unread> {
        let pair = |(place, nth): (usize, usize)| {
            let name = |part: &str| format!("windows.{nth}.{part}");
            // Named as the rule counts them.
            let named = |unread: Unread| Unread {
                field: unread
                    .field
                    .replace(&format!("windows.{nth}."), &format!("windows.{place}.")),
                ..unread
            };
            Ok(BurnWindowDoc {
                factor: self.figure(&name("factor"), Unit::Count).map_err(named)?,
                long_ms: self.length_of(&name("long_ms")).map_err(named)?,
                short_ms: self.length_of(&name("short_ms")).map_err(named)?,
            })
        };
        filled(self.0).enumerate().map(pair).collect()
    }
}

/// What a form for a new rule begins with.
pub fn fresh(kind: &str) -> RuleDoc {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    let models = || vec!["provider".to_owned(), "model".to_owned()];
    let (condition, for_ms, min_samples) = match kind {
        "change" => (
            ConditionDoc::Change {
                metric: "cost".into(),
                group_by: Vec::new(),
                filter: String::new(),
                window_ms: HOUR,
                baseline_ms: HOUR,
                lag_ms: 24 * HOUR,
                side: "above".into(),
                limit: 0.5,
                clear: 0.3,
            },
            10 * MINUTE,
            100,
        ),
        "burn_rate" => (
            ConditionDoc::BurnRate {
                metric: "answered".into(),
                group_by: Vec::new(),
                filter: String::new(),
                objective: 0.995,
                windows: [(HOUR, 5 * MINUTE, 14.4), (6 * HOUR, 30 * MINUTE, 6.0)]
                    .map(|(long_ms, short_ms, factor)| BurnWindowDoc {
                        long_ms,
                        short_ms,
                        factor,
                    })
                    .into(),
            },
            0,
            50,
        ),
        "absence" => (
            ConditionDoc::Absence {
                group_by: vec!["service".into()],
                filter: String::new(),
                after_ms: 10 * MINUTE,
            },
            0,
            60,
        ),
        "breaker_state" => (
            ConditionDoc::BreakerState {
                states: vec!["open".into()],
                quorum: "half".into(),
                filter: String::new(),
            },
            0,
            0,
        ),
        "flapping" => (
            ConditionDoc::Flapping {
                filter: String::new(),
                times: 5,
                within_ms: 15 * MINUTE,
                clear: 1,
            },
            0,
            0,
        ),
        _ => (
            ConditionDoc::Threshold {
                metric: "ttft_p95".into(),
                group_by: models(),
                filter: String::new(),
                window_ms: 5 * MINUTE,
                side: "above".into(),
                limit: 2_000.0,
                clear: 1_600.0,
            },
            3 * MINUTE,
            30,
        ),
    };
    RuleDoc {
        name: String::new(),
        about: String::new(),
        condition,
        for_ms,
        min_samples,
        severity: "warning".into(),
        labels: BTreeMap::new(),
        runbook: None,
        tell: Vec::new(),
        enabled: true,
        quiet_until: None,
        escalation: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_was_said() {
        for kind in ConditionDoc::KINDS {
            let mut doc = fresh(kind);
            doc.name = "Slow".into();
            doc.about = "Look at the fallback.".into();
            doc.labels = BTreeMap::from([("team".into(), "search".into()), ("tier".into(), "1".into())]);
            doc.runbook = Some("https://example.com/slow".into());
            doc.tell = vec!["#llm-ops".into(), "night, and day".into()];
            doc.quiet_until = Some(1_765_000_000_000);
            doc.escalation = Some("Nights".into());
            doc.enabled = false;
            assert_eq!(doc.condition.kind(), kind);
            assert_eq!(read(&texts_of(&doc)), Ok(doc), "{kind}");
        }
    }

    #[test]
    fn less_is_a_fall() {
        let mut texts = texts_of(&fresh("change"));
        texts.insert("condition.side".into(), "below".into());
        texts.insert("condition.limit".into(), "40%".into());
        texts.insert("condition.clear".into(), "10%".into());
        let doc = read(&texts).unwrap();
        assert!(matches!(
            doc.condition,
            ConditionDoc::Change {
                limit: -0.4,
                clear: -0.1,
                ..
            }
        ));
        assert_eq!(texts_of(&doc)["condition.limit"], "40%");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let wrong = [
            ("threshold", "condition.limit", "fast"),
            ("threshold", "condition.clear", ""),
            ("threshold", "condition.window_ms", "5"),
            ("threshold", "for_ms", "a while"),
            ("threshold", "min_samples", "some"),
            ("threshold", "labels", "team"),
            ("threshold", "kind", "weather"),
            ("change", "condition.lag_ms", "yesterday"),
            ("burn_rate", "condition.objective", "high"),
            ("burn_rate", "condition.windows.1.short_ms", "x"),
            ("absence", "condition.after_ms", "-1 min"),
            ("flapping", "condition.times", "-1"),
            ("flapping", "condition.within_ms", ""),
        ];
        for (kind, field, text) in wrong {
            let mut texts = texts_of(&fresh(kind));
            texts.insert(field.into(), text.into());
            let found = read(&texts).unwrap_err();
            assert_eq!(found.field, field, "{kind}: {text}");
            assert!(found.must.starts_with("must be "), "{}", found.must);
        }
    }

    #[test]
    fn a_pair_without_a_factor_is_left_out() {
        let mut texts = texts_of(&fresh("burn_rate"));
        texts.insert("condition.windows.0.factor".into(), String::new());
        let ConditionDoc::BurnRate { windows, .. } = read(&texts).unwrap().condition else {
            panic!("another kind");
        };
        assert_eq!(windows.len(), 1);
        assert_eq!(windows[0].factor, 6.0);
    }

    #[test]
    fn a_wrong_pair_is_the_one_that_is_marked() {
        let mut texts = texts_of(&fresh("burn_rate"));
        assert_eq!(
            place_of(&texts, "condition.windows.1.short_ms"),
            "condition.windows.1.short_ms"
        );
        // The rule's first pair is the form's second.
        texts.insert("condition.windows.0.factor".into(), String::new());
        texts.insert("condition.windows.1.long_ms".into(), "soon".into());
        let found = read(&texts).unwrap_err();
        assert_eq!(found.field, "condition.windows.0.long_ms");
        assert_eq!(place_of(&texts, &found.field), "condition.windows.1.long_ms");
        assert_eq!(place_of(&texts, "condition.windows"), "condition.windows");
        assert_eq!(place_of(&texts, "name"), "name");
    }

    #[test]
    fn usual_figures_clear_on_the_good_side() {
        for metric in protocol::query::CALL_METRICS {
            let (limit, clear) = usual(metric);
            assert_eq!(clear > limit, metric.low_is_bad(), "{}", metric.name);
        }
    }
}
