//! What an objective must be like.

use domain::alert::RuleError;
use protocol::Filter;
use protocol::kpis::slo::{INDICATORS, SloDoc, SloIndicator};
use protocol::query::{CALL_DIMENSIONS, LABEL};

use super::count::NEUTRAL;
use super::shape::window_of;
use crate::QueryError;
use crate::pages::JUDGED;

/// The longest name and owner, and the longest words, in characters.
const MAX_NAME: usize = 80;
const MAX_ABOUT: usize = 1_024;
/// A first token is waited for at most so long, milliseconds: what sketches tell apart is a day.
const MAX_WAIT: f64 = 3_600_000.0;
/// The most tokens per second that can be asked for.
const MAX_SPEED: f64 = 100_000.0;

/// Checks every field.
pub(super) fn slo(doc: &SloDoc) -> Result<(), RuleError> {
    words(&doc.name, "name", 1, MAX_NAME)?;
    words(&doc.about, "about", 0, MAX_ABOUT)?;
    words(&doc.owner, "owner", 0, MAX_NAME)?;
    let indicator = indicator(&doc.indicator)?;
    limit(indicator, doc.limit)?;
    filter(&doc.filter)?;
    let objective = doc.objective;
    must(objective > 0.0 && objective < 1.0, "objective", || {
        format!("must be a fraction above 0 and below 1, such as 0.995, got {objective}")
    })?;
    window_of(doc).map(drop)
}

/// The indicator of a name.
pub(super) fn indicator(name: &str) -> Result<SloIndicator, RuleError> {
    SloIndicator::of(name).ok_or_else(|| {
        let known: Vec<&str> = INDICATORS.iter().map(|known| known.name).collect();
        let name: String = name.chars().take(64).collect();
        RuleError::new(
            "indicator",
            format!("must be one of {}, got `{name}`", known.join(", ")),
        )
    })
}

fn limit(indicator: SloIndicator, limit: Option<f64>) -> Result<(), RuleError> {
    let name = indicator.name;
    let Some(limit) = limit else {
        return must(indicator.is_ratio(), "limit", || {
            format!(
                "{name} needs one, in {}",
                match indicator.limit {
                    "ms" => "milliseconds",
                    "tokens/s" => "tokens per second",
                    _ => "a fraction of answers, above 0 and at most 1",
                }
            )
        });
    };
    let (most, what) = match indicator.limit {
        "" => {
            let told = format!("{name} has none: it is a share by itself");
            return Err(RuleError::new("limit", told));
        }
        "ms" => (MAX_WAIT, "milliseconds, above 0 and at most 3,600,000"),
        "tokens/s" => (MAX_SPEED, "tokens per second, above 0 and at most 100,000"),
        _ => (1.0, "a fraction, above 0 and at most 1"),
    };
    must(limit > 0.0 && limit <= most, "limit", || {
        format!("must be {what}, got {limit}")
    })
}

/// Outcomes are what is counted: a filter by them would ask another question.
fn filter(text: &str) -> Result<(), RuleError> {
    let known: Vec<&str> = CALL_DIMENSIONS
        .iter()
        .copied()
        .filter(|key| *key != "outcome")
        .collect();
    let refused = |error: protocol::filter::FilterError| of_query(&error.into());
    Filter::parse(text, &[&known[..], &[LABEL]].concat()).map_err(refused)?;
    // With what is added to it it must still be a filter.
    for added in [JUDGED, NEUTRAL] {
        let whole = [text, added].join(" ");
        Filter::parse(&whole, &[CALL_DIMENSIONS, &[LABEL]].concat()).map_err(|_| {
            let most = protocol::filter::MAX_BYTES - JUDGED.len() - 1;
            let terms = protocol::filter::MAX_TERMS - JUDGED.split(' ').count();
            RuleError::new(
                "filter",
                format!("must have at most {most} bytes and {terms} terms"),
            )
        })?;
    }
    Ok(())
}

/// A question that cannot be asked, as the field that asks it.
pub(super) fn of_query(error: &QueryError) -> RuleError {
    let words = error.to_string();
    let must = words.strip_prefix("filter: ").unwrap_or(&words);
    RuleError::new("filter", must)
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

#[cfg(test)]
mod tests {
    use protocol::kpis::slo::SloWindow;

    use super::*;

    fn doc() -> SloDoc {
        SloDoc {
            name: "Chat".into(),
            about: String::new(),
            indicator: "answered".into(),
            limit: None,
            filter: "service:chat".into(),
            objective: 0.995,
            window: SloWindow::Rolling { days: 30 },
            owner: String::new(),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(slo(&doc()), Ok(()));
        let field = |change: &dyn Fn(&mut SloDoc)| {
            let mut doc = doc();
            change(&mut doc);
            slo(&doc).unwrap_err().field
        };
        assert_eq!(field(&|doc| doc.name = " Chat".into()), "name");
        assert_eq!(field(&|doc| doc.about = "a\u{7}".into()), "about");
        assert_eq!(field(&|doc| doc.owner = "x".repeat(81)), "owner");
        assert_eq!(field(&|doc| doc.indicator = "cost".into()), "indicator");
        assert_eq!(field(&|doc| doc.limit = Some(1.0)), "limit");
        assert_eq!(field(&|doc| doc.indicator = "ttft".into()), "limit");
        for limit in [0.0, -1.0, 3_600_001.0, f64::NAN, f64::INFINITY] {
            let ttft = |doc: &mut SloDoc| {
                doc.indicator = "ttft".into();
                doc.limit = Some(limit);
            };
            assert_eq!(field(&ttft), "limit", "{limit}");
        }
        for objective in [0.0, 1.0, -0.5, 99.5, f64::NAN] {
            assert_eq!(field(&|doc| doc.objective = objective), "objective");
        }
        assert_eq!(field(&|doc| doc.filter = "outcome:ok".into()), "filter");
        assert_eq!(field(&|doc| doc.filter = "planet:mars".into()), "filter");
        assert_eq!(
            field(&|doc| doc.filter = format!("model:{}", "m".repeat(1_000))),
            "filter"
        );
        assert_eq!(
            field(&|doc| doc.window = SloWindow::Rolling { days: 91 }),
            "window.rolling.days"
        );
        let year = SloWindow::Calendar {
            unit: "year".into(),
            zone: "UTC".into(),
        };
        assert_eq!(field(&|doc| doc.window = year.clone()), "window.calendar.unit");
    }
}
