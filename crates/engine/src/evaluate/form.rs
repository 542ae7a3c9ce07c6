//! Rules between their two forms: as people write them (`protocol`) and as they are judged (`domain`).

use domain::Millis;
use domain::alert::{
    Absence, Bound, BreakerState, BurnRate, BurnWindow, Change, Condition, Flapping, Labels, Query, Quorum,
    Rule, RuleError, Severity, Side, Threshold,
};
use domain::breaker::State;
use protocol::alerts::{BurnWindowDoc, ConditionDoc, RuleDoc};

/// Reads what somebody wrote, and checks all that can be checked without knowing which metrics there are.
pub(crate) fn rule_of(doc: &RuleDoc) -> Result<Rule, RuleError> {
    let severity = Severity::parse(&doc.severity).ok_or_else(|| {
        let severity = cut(&doc.severity);
        RuleError::new(
            "severity",
            format!("must be critical, warning or info, got `{severity}`"),
        )
    })?;
    let rule = Rule {
        name: doc.name.clone(),
        about: doc.about.clone(),
        condition: condition_of(&doc.condition)?,
        hold: doc.for_ms,
        min_samples: doc.min_samples,
        severity,
        labels: doc.labels.clone().into_iter().collect::<Labels>(),
        runbook: doc.runbook.clone(),
        enabled: doc.enabled,
        quiet_until: doc.quiet_until,
    };
    rule.check()?;
    Ok(rule)
}

fn condition_of(doc: &ConditionDoc) -> Result<Condition, RuleError> {
    let query = |metric: &str, group_by: &[String], filter: &str| Query {
        metric: metric.to_owned(),
        group_by: group_by.to_vec(),
        filter: filter.to_owned(),
    };
    Ok(match doc {
        ConditionDoc::BreakerState {
            states,
            quorum,
            filter,
        } => Condition::BreakerState(BreakerState {
            states: states_of(states)?,
            quorum: quorum_of(quorum)?,
            filter: filter.clone(),
        }),
        ConditionDoc::Threshold {
            metric,
            group_by,
            filter,
            window_ms,
            side,
            limit,
            clear,
        } => Condition::Threshold(Threshold {
            query: query(metric, group_by, filter),
            window: *window_ms,
            bound: bound_of(side, *limit, *clear)?,
        }),
        ConditionDoc::Absence {
            group_by,
            filter,
            after_ms,
        } => Condition::Absence(Absence {
            group_by: group_by.clone(),
            filter: filter.clone(),
            after: *after_ms,
        }),
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
        } => Condition::Change(Change {
            query: query(metric, group_by, filter),
            window: *window_ms,
            baseline: *baseline_ms,
            lag: *lag_ms,
            bound: bound_of(side, *limit, *clear)?,
        }),
        ConditionDoc::BurnRate {
            metric,
            group_by,
            filter,
            objective,
            windows,
        } => Condition::BurnRate(BurnRate {
            query: query(metric, group_by, filter),
            objective: *objective,
            windows: windows
                .iter()
                .map(|pair| BurnWindow {
                    long: pair.long_ms,
                    short: pair.short_ms,
                    factor: pair.factor,
                })
                .collect(),
        }),
        ConditionDoc::Flapping {
            filter,
            times,
            within_ms,
            clear,
        } => Condition::Flapping(Flapping {
            filter: filter.clone(),
            times: *times,
            within: *within_ms,
            clear: *clear,
        }),
    })
}

fn states_of(names: &[String]) -> Result<Vec<State>, RuleError> {
    let mut states = Vec::with_capacity(names.len());
    for name in names {
        let state = State::parse(name).ok_or_else(|| {
            let known: Vec<&str> = State::ALL[..6].iter().map(|state| state.as_str()).collect();
            let (known, name) = (known.join(", "), cut(name));
            RuleError::new("condition.states", format!("must be of {known}, got `{name}`"))
        })?;
        if !states.contains(&state) {
            states.push(state);
        }
    }
    Ok(states)
}

fn quorum_of(name: &str) -> Result<Quorum, RuleError> {
    match name {
        "any" => Ok(Quorum::Any),
        "half" => Ok(Quorum::Half),
        "all" => Ok(Quorum::All),
        other => Err(RuleError::new(
            "condition.quorum",
            format!("must be any, half or all, got `{}`", cut(other)),
        )),
    }
}

fn bound_of(side: &str, limit: f64, clear: f64) -> Result<Bound, RuleError> {
    let side = match side {
        "above" => Side::Above,
        "below" => Side::Below,
        other => {
            let told = format!("must be above or below, got `{}`", cut(other));
            return Err(RuleError::new("condition.side", told));
        }
    };
    Ok(Bound { side, limit, clear })
}

/// As people write it, but for whom it tells.
pub(crate) fn doc_of(rule: &Rule) -> RuleDoc {
    RuleDoc {
        name: rule.name.clone(),
        about: rule.about.clone(),
        condition: condition_doc(&rule.condition),
        for_ms: rule.hold,
        min_samples: rule.min_samples,
        severity: rule.severity.as_str().into(),
        labels: rule.labels.clone(),
        runbook: rule.runbook.clone(),
        // Whom to tell is no part of what is bad.
        tell: Vec::new(),
        enabled: rule.enabled,
        quiet_until: rule.quiet_until,
        escalation: None,
    }
}

fn condition_doc(condition: &Condition) -> ConditionDoc {
    let side = |bound: &Bound| match bound.side {
        Side::Above => "above".to_owned(),
        Side::Below => "below".to_owned(),
    };
    match condition {
        Condition::BreakerState(breaker) => ConditionDoc::BreakerState {
            states: breaker
                .states
                .iter()
                .map(|state| state.as_str().to_owned())
                .collect(),
            quorum: match breaker.quorum {
                Quorum::Any => "any".into(),
                Quorum::Half => "half".into(),
                Quorum::All => "all".into(),
            },
            filter: breaker.filter.clone(),
        },
        Condition::Threshold(threshold) => ConditionDoc::Threshold {
            metric: threshold.query.metric.clone(),
            group_by: threshold.query.group_by.clone(),
            filter: threshold.query.filter.clone(),
            window_ms: threshold.window,
            side: side(&threshold.bound),
            limit: threshold.bound.limit,
            clear: threshold.bound.clear,
        },
        Condition::Absence(absence) => ConditionDoc::Absence {
            group_by: absence.group_by.clone(),
            filter: absence.filter.clone(),
            after_ms: absence.after,
        },
        Condition::Change(change) => ConditionDoc::Change {
            metric: change.query.metric.clone(),
            group_by: change.query.group_by.clone(),
            filter: change.query.filter.clone(),
            window_ms: change.window,
            baseline_ms: change.baseline,
            lag_ms: change.lag,
            side: side(&change.bound),
            limit: change.bound.limit,
            clear: change.bound.clear,
        },
        Condition::BurnRate(burn) => ConditionDoc::BurnRate {
            metric: burn.query.metric.clone(),
            group_by: burn.query.group_by.clone(),
            filter: burn.query.filter.clone(),
            objective: burn.objective,
            windows: burn.windows.iter().map(window_doc).collect(),
        },
        Condition::Flapping(flapping) => ConditionDoc::Flapping {
            filter: flapping.filter.clone(),
            times: flapping.times,
            within_ms: flapping.within,
            clear: flapping.clear,
        },
    }
}

fn window_doc(pair: &BurnWindow) -> BurnWindowDoc {
    let (long_ms, short_ms): (Millis, Millis) = (pair.long, pair.short);
    BurnWindowDoc {
        long_ms,
        short_ms,
        factor: pair.factor,
    }
}

/// So much of what was sent is repeated in an error.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use domain::alert::defaults;

    use super::*;

    #[test]
    fn rules_come_back_exactly() {
        for (key, rule) in defaults() {
            let doc = doc_of(&rule);
            assert_eq!(rule_of(&doc), Ok(rule), "{key}");
            let text = serde_json::to_string(&doc).unwrap();
            let read: RuleDoc = serde_json::from_str(&text).unwrap();
            assert_eq!(read, doc, "{key}");
        }
    }

    #[test]
    fn what_is_no_word_of_ours_is_refused_by_name() {
        let doc = |change: &dyn Fn(&mut RuleDoc)| {
            let mut doc = doc_of(&defaults()[0].1);
            change(&mut doc);
            rule_of(&doc).unwrap_err().to_string()
        };
        let severity = doc(&|doc| doc.severity = "fatal".into());
        assert_eq!(
            severity,
            "severity: must be critical, warning or info, got `fatal`"
        );
        let with = |states: &[&str], quorum: &str| {
            let states: Vec<String> = states.iter().map(|state| (*state).to_owned()).collect();
            doc(&|doc| {
                doc.condition = ConditionDoc::BreakerState {
                    states: states.clone(),
                    quorum: quorum.into(),
                    filter: String::new(),
                };
            })
        };
        assert_eq!(
            with(&["ajar"], "any"),
            "condition.states: must be of closed, open, half_open, forced_open, disabled, metrics_only, got `ajar`"
        );
        assert_eq!(
            with(&["open"], "most"),
            "condition.quorum: must be any, half or all, got `most`"
        );
    }

    #[test]
    fn a_misspelt_field_is_no_default() {
        let text = r#"{"name":"x","severity":"info","min_sample":5,"condition":{"flapping":{"times":3,"within_ms":600000,"clear":1}}}"#;
        let error = serde_json::from_str::<RuleDoc>(text).unwrap_err().to_string();
        assert!(error.starts_with("unknown field `min_sample`"), "{error}");
    }
}
