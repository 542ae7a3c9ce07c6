//! What a definition must be like, and what it means: a built-in figure with the tenant's words, or a formula.

use domain::alert::RuleError;
use protocol::Span;
use protocol::filter::{Filter, Term, Test};
use protocol::kpis::kpi::{BuiltIn, KpiDoc, built_in};
use protocol::query::{CALL_DIMENSIONS, LABEL, Unit};
use protocol::view::Good;
use store::DocumentKind;

use super::formula::{Formula, split};
use crate::alerts::AlertError;
use crate::documents::Document;
use crate::duty::Known;
use crate::{QueryError, QueryRequest, Resolution};

/// The longest name and owner, and the longest words, in characters.
const MAX_NAME: usize = 80;
const MAX_ABOUT: usize = 1_024;
/// The largest target, and the largest of a share: 100 is 10,000%.
const MAX_TARGET: f64 = 1e15;
const MAX_SHARE: f64 = 100.0;
/// The most that an answer can be worth, US dollars.
const MAX_WORTH: f64 = 1e6;

/// A definition that makes sense.
#[derive(Debug, Clone)]
pub(crate) struct Meaning {
    pub title: String,
    pub unit: Unit,
    pub good: Good,
    /// How it follows from metrics; `None` where it does not.
    pub formula: Option<Formula>,
    /// Of which calls, as a filter is written; empty for all.
    pub filter: String,
    /// How it is computed, or what it is for.
    pub words: String,
}

impl Document for KpiDoc {
    const KIND: DocumentKind = DocumentKind::Kpi;

    /// A built-in figure is named by its key, so that there is one definition of it at most.
    fn name(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }

    fn check(&self, _: &Known, _: Option<u64>) -> Result<(), RuleError> {
        meaning(self).map(drop)
    }
}

/// Checks a definition without storing it.
///
/// # Errors
/// The first field that is not as it must be.
pub fn check_definition(doc: &KpiDoc) -> Result<(), AlertError> {
    Ok(meaning(doc).map(drop)?)
}

/// What a definition means.
pub(crate) fn meaning(doc: &KpiDoc) -> Result<Meaning, RuleError> {
    words(&doc.owner, "owner", 0, MAX_NAME)?;
    words(&doc.about, "about", 0, MAX_ABOUT)?;
    let meaning = match &doc.key {
        Some(key) => of_ours(doc, key)?,
        None => of_theirs(doc)?,
    };
    target(doc, meaning.unit)?;
    Ok(meaning)
}

fn of_ours(doc: &KpiDoc, key: &str) -> Result<Meaning, RuleError> {
    let Some(figure) = built_in(key) else {
        let key: String = key.chars().take(MAX_NAME).collect();
        let known = protocol::kpis::kpi::BUILT_IN.map(|figure| figure.key).join(", ");
        let must = format!("must be left out, or be one of {known}; got `{key}`");
        return Err(RuleError::new("key", must));
    };
    must(doc.name.is_empty() || doc.name == key, "name", || {
        format!("must be empty or {key}, which is a figure of ours")
    })?;
    let given = [
        ("formula", !doc.formula.is_empty()),
        ("filter", !doc.filter.is_empty()),
        ("group_by", !doc.group_by.is_empty()),
        ("unit", doc.unit.is_some()),
        ("good", doc.good.is_some()),
    ];
    for (field, given) in given {
        must(!given, field, || {
            format!("must be left out: {key} is a figure of ours")
        })?;
    }
    let formula = worth(doc, figure)?;
    Ok(Meaning {
        title: figure.title.to_owned(),
        unit: figure.unit,
        good: figure.good,
        formula: (!formula.is_empty())
            .then(|| Formula::parse(&formula))
            .transpose()?,
        filter: String::new(),
        words: match doc.about.as_str() {
            "" => figure.about.to_owned(),
            about => about.to_owned(),
        },
    })
}

/// The formula of a built-in figure; what an answer is worth makes one of `roi`.
fn worth(doc: &KpiDoc, figure: &BuiltIn) -> Result<String, RuleError> {
    match doc.value_per_answer {
        Some(worth) if figure.key == "roi" => {
            must(worth > 0.0 && worth <= MAX_WORTH, "value_per_answer", || {
                format!("must be above 0 and at most {MAX_WORTH} US dollars, got {worth}")
            })?;
            // To a millionth of a dollar: formulas have short numbers.
            let written = format!("{worth:.6}");
            let worth = written.trim_end_matches('0').trim_end_matches('.');
            must(worth != "0", "value_per_answer", || {
                "must be at least 0.000001 US dollars".into()
            })?;
            Ok(format!("(answers * {worth} - cost) / cost"))
        }
        None if figure.key == "roi" => Err(RuleError::new(
            "value_per_answer",
            "must be what an answer is worth, in US dollars",
        )),
        given => {
            not_worth(given)?;
            Ok(figure.formula.to_owned())
        }
    }
}

fn not_worth(given: Option<f64>) -> Result<(), RuleError> {
    must(given.is_none(), "value_per_answer", || {
        "must be left out: only roi has it".into()
    })
}

fn of_theirs(doc: &KpiDoc) -> Result<Meaning, RuleError> {
    words(&doc.name, "name", 1, MAX_NAME)?;
    must(built_in(&doc.name).is_none(), "name", || {
        format!("must not be {}, which is a figure of ours", doc.name)
    })?;
    let formula = Formula::parse(&doc.formula)?;
    let filter = Filter::parse(&doc.filter, &[CALL_DIMENSIONS, &[LABEL]].concat()).map_err(field_of)?;
    let missing = |field, what| RuleError::new(field, what);
    let unit = doc.unit.ok_or_else(|| {
        missing(
            "unit",
            "must be count, fraction, milliseconds, tokens, tokens_per_second or usd",
        )
    })?;
    let good = doc.good.ok_or_else(|| missing("good", "must be high or low"))?;
    not_worth(doc.value_per_answer)?;
    let meaning = Meaning {
        title: doc.name.clone(),
        unit,
        good,
        filter: filter.to_string(),
        words: doc.about.clone(),
        formula: Some(formula),
    };
    askable(&meaning, &filter, &doc.group_by)?;
    Ok(meaning)
}

/// Every part can be asked with the filter of all and told apart as wanted.
fn askable(meaning: &Meaning, filter: &Filter, group_by: &str) -> Result<(), RuleError> {
    let parts = meaning.formula.as_ref().map(Formula::metrics).unwrap_or_default();
    for part in &parts {
        let (metric, own) = split(part);
        let own = Filter::parse(own, &[CALL_DIMENSIONS, &[LABEL]].concat()).map_err(field_of)?;
        // Values of the same key are alternatives: both together would be more than either.
        let offers = |term: &&Term| matches!(term.test(), Test::Is | Test::Starts);
        let clash = own.terms().iter().filter(offers).find(|term| {
            filter
                .terms()
                .iter()
                .filter(offers)
                .any(|other| other.key() == term.key())
        });
        if let Some(key) = clash.and_then(Term::key) {
            let must = format!("must not choose by {key}: `{metric}` in the formula does");
            return Err(RuleError::new("filter", must));
        }
        let at_once = Resolution::MaxPoints(1);
        let span = Span { from: 0, to: 1 };
        // By itself first: what is wrong with it then is wrong in the formula.
        let alone = request(part, "", "", span, at_once).makes_sense();
        alone.map_err(|error| RuleError::new("formula", format!("`{part}`: {}", field_of(error).must)))?;
        let whole = request(part, &meaning.filter, group_by, span, at_once);
        whole.makes_sense().map_err(field_of)?;
    }
    Ok(())
}

/// The question that a part of a formula asks: of what counts alone.
pub(super) fn request(
    part: &str,
    filter: &str,
    group_by: &str,
    span: Span,
    resolution: Resolution,
) -> QueryRequest {
    let (metric, own) = split(part);
    QueryRequest {
        metric: metric.to_owned(),
        group_by: [group_by]
            .into_iter()
            .filter(|key| !key.is_empty())
            .map(str::to_owned)
            .collect(),
        filter: super::ask::both(filter, own),
        span,
        resolution,
        compare_previous: false,
        counting: true,
    }
}

/// A refusal of the query layer as one of a field: it begins with the field's name.
pub(super) fn field_of(error: impl Into<QueryError>) -> RuleError {
    let text = error.into().to_string();
    match text.split_once(": ") {
        Some((field @ ("filter" | "group_by"), must)) => RuleError::new(field, must),
        Some((_, must)) => RuleError::new("formula", must),
        None => RuleError::new("formula", text),
    }
}

fn target(doc: &KpiDoc, unit: Unit) -> Result<(), RuleError> {
    let Some(target) = doc.target else {
        return Ok(());
    };
    let (least, most) = match (unit, doc.key.as_deref()) {
        (Unit::Fraction, None | Some("roi")) => (-MAX_SHARE, MAX_SHARE),
        (Unit::Fraction, _) => (0.0, 1.0),
        (_, None) => (-MAX_TARGET, MAX_TARGET),
        _ => (0.0, MAX_TARGET),
    };
    let share = match unit {
        Unit::Fraction => "; a share of 99.5% is 0.995",
        _ => "",
    };
    must((least..=most).contains(&target), "target", || {
        format!("must be {least} to {most}, got {target}{share}")
    })
}

fn must(holds: bool, field: &str, what: impl FnOnce() -> String) -> Result<(), RuleError> {
    match holds {
        true => Ok(()),
        false => Err(RuleError::new(field, what())),
    }
}

fn words(text: &str, field: &str, least: usize, most: usize) -> Result<(), RuleError> {
    let count = text.chars().count();
    must(
        (least..=most).contains(&count) && text.trim() == text,
        field,
        || format!("must have {least} to {most} characters and no blank at its ends, got {count}"),
    )?;
    must(!text.chars().any(char::is_control), field, || {
        "must have no control characters".into()
    })
}
