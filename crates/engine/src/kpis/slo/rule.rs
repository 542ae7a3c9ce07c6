//! The rule that watches an objective, made with one click: an error budget that burns, over pairs of windows.
//!
//! A rule belongs to the objective whose number its label `slo` says, so that either can be called otherwise. The pairs are
//! those of the SRE book for 30 days (14.4, 6 and 1 times too fast: 2%, 5% and 10% of the budget are gone before somebody
//! is told), and as much shorter or longer as the objective's window is. Deliberately absent: rules that follow by
//! themselves when an objective changes; people tune them.

use domain::Millis;
use protocol::alerts::{BurnWindowDoc, ConditionDoc, RuleDoc, RuleItem};
use protocol::documents::DocumentItem;
use protocol::kpis::slo::{SloDoc, SloRule};
use store::TenantScope;

use super::{Shape, check, words};
use crate::Engine;
use crate::alerts::{AlertError, Hand};

/// The label that says of which objective a rule is.
const LABEL: &str = "slo";
const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;
/// One bucket: windows are multiples of it.
const BUCKET: Millis = 10 * SECOND;
/// Long window, short window and factor over 30 days.
const PAIRS: [(Millis, Millis, f64); 3] = [
    (HOUR, 5 * MINUTE, 14.4),
    (6 * HOUR, 30 * MINUTE, 6.0),
    (3 * DAY, 6 * HOUR, 1.0),
];
/// What is shorter says nothing; what is longer no rule looks at.
const LONG: (Millis, Millis) = (12 * MINUTE, 7 * DAY);
const SHORT: (Millis, Millis) = (MINUTE, DAY);
/// With fewer calls in a window nothing is judged.
const MIN_SAMPLES: u64 = 20;
/// The longest name of a rule, in characters.
const MAX_NAME: usize = 80;

/// What came of asking for an objective's rule.
#[derive(Debug, Clone, PartialEq)]
pub struct SloRuled {
    /// The rule.
    pub rule: RuleItem,
    /// It was made now.
    pub made: bool,
}

/// The rule of an objective, if there is one.
pub(super) fn of(rules: &[RuleItem], item: &DocumentItem<SloDoc>) -> Option<SloRule> {
    let found = find(rules, item.id)?;
    let condition = Shape::of(&item.doc, 0).map(|shape| condition(&item.doc, &shape));
    Some(SloRule {
        id: found.id,
        name: found.rule.name.clone(),
        enabled: found.rule.enabled,
        follows: condition.is_ok_and(|condition| condition == found.rule.condition),
        open: found.open,
    })
}

fn find(rules: &[RuleItem], id: u64) -> Option<&RuleItem> {
    let id = id.to_string();
    rules.iter().find(|item| item.rule.labels.get(LABEL) == Some(&id))
}

fn condition(doc: &SloDoc, shape: &Shape) -> ConditionDoc {
    let scale = shape.window.usual() as f64 / (30 * DAY) as f64;
    let scaled = |length: Millis, (least, most): (Millis, Millis)| {
        let length = (length as f64 * scale / BUCKET as f64).round() as Millis * BUCKET;
        length.clamp(least, most)
    };
    let mut windows: Vec<BurnWindowDoc> = Vec::new();
    for (long, short, factor) in PAIRS {
        let pair = BurnWindowDoc {
            long_ms: scaled(long, LONG),
            short_ms: scaled(short, SHORT),
            factor,
        };
        // Of two that have become the same the one that fires earlier says it all.
        windows.retain(|other| other.long_ms != pair.long_ms);
        windows.push(pair);
    }
    ConditionDoc::BurnRate {
        metric: doc.indicator.clone(),
        group_by: Vec::new(),
        filter: doc.filter.clone(),
        objective: doc.objective,
        windows,
    }
}

fn rule(item: &DocumentItem<SloDoc>, shape: &Shape) -> RuleDoc {
    let doc = &item.doc;
    RuleDoc {
        name: format!("Budget: {}", doc.name).chars().take(MAX_NAME).collect(),
        about: format!(
            "The error budget of the objective {} ({}) is used up too fast.",
            doc.name,
            words::about(doc, shape)
        ),
        condition: condition(doc, shape),
        for_ms: 0,
        min_samples: MIN_SAMPLES,
        severity: "warning".into(),
        labels: [(LABEL.to_owned(), item.id.to_string())].into(),
        runbook: None,
        tell: Vec::new(),
        enabled: true,
        quiet_until: None,
        escalation: None,
    }
}

impl Engine {
    /// The rule that watches an objective: made if there is none, and made to watch for what is promised now if it
    /// watches for something else. Nothing else of a rule that is there is touched.
    ///
    /// # Errors
    /// There is no such objective, it is no share of calls, a rule has its name, or the store cannot be written.
    pub async fn slo_rule(&self, scope: &TenantScope, id: u64, hand: &Hand) -> Result<SloRuled, AlertError> {
        let item = self.document::<SloDoc>(scope, id).await?;
        let shape = Shape::of(&item.doc, self.utc_offset_min())?;
        if !check::indicator(&item.doc.indicator)?.is_ratio() {
            let why = format!(
                "a rule can watch answered, attempt_success and availability; {} is promised here",
                item.doc.indicator
            );
            return Err(AlertError::Conflict(why));
        }
        let rules = self.rules(scope).await?;
        let Some(found) = find(&rules, id) else {
            let made = match self.create_rule(scope, &rule(&item, &shape), hand).await {
                // Somebody else may have clicked at the same time.
                Err(AlertError::Conflict(why)) => {
                    let rules = self.rules(scope).await?;
                    let rule = find(&rules, id).cloned().ok_or(AlertError::Conflict(why))?;
                    return Ok(SloRuled { rule, made: false });
                }
                made => made?,
            };
            return Ok(SloRuled {
                rule: made,
                made: true,
            });
        };
        let wanted = condition(&item.doc, &shape);
        let rule = match found.rule.condition == wanted {
            true => found.clone(),
            false => {
                let mut doc = found.rule.clone();
                doc.condition = wanted;
                let version = Some(found.version);
                self.change_rule(scope, found.id, version, &doc, hand).await?
            }
        };
        Ok(SloRuled { rule, made: false })
    }

    /// The rule that watches an objective, which stays when the objective is removed.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn rule_of_slo(&self, scope: &TenantScope, id: u64) -> Result<Option<RuleItem>, AlertError> {
        Ok(find(&self.rules(scope).await?, id).cloned())
    }
}

#[cfg(test)]
mod tests {
    use protocol::kpis::slo::SloWindow;

    use super::*;

    fn pairs(days: u16) -> Vec<(Millis, Millis, f64)> {
        let doc = SloDoc {
            name: "Chat".into(),
            about: String::new(),
            indicator: "answered".into(),
            limit: None,
            filter: String::new(),
            objective: 0.995,
            window: SloWindow::Rolling { days },
            owner: String::new(),
        };
        let ConditionDoc::BurnRate { windows, .. } = condition(&doc, &Shape::of(&doc, 0).unwrap()) else {
            panic!("it is a burn rate")
        };
        windows
            .iter()
            .map(|pair| (pair.long_ms, pair.short_ms, pair.factor))
            .collect()
    }

    #[test]
    fn thirty_days_have_the_pairs_of_the_book_and_others_scale() {
        assert_eq!(pairs(30), PAIRS);
        assert_eq!(
            pairs(7),
            [
                (14 * MINUTE, 70 * SECOND, 14.4),
                (84 * MINUTE, 7 * MINUTE, 6.0),
                (1_008 * MINUTE, 84 * MINUTE, 1.0),
            ]
        );
    }

    #[test]
    fn every_window_has_pairs_that_a_rule_takes() {
        for days in 1..=90 {
            let pairs = pairs(days);
            assert!(!pairs.is_empty() && pairs.len() <= 3);
            for (long, short, _) in &pairs {
                assert!(short < long, "{days}: {short} {long}");
                assert_eq!((long % BUCKET, short % BUCKET), (0, 0), "{days}");
                assert!(*long <= 7 * DAY && *short <= DAY);
            }
            assert!(
                pairs.windows(2).all(|two| two[0].0 < two[1].0),
                "{days}: {pairs:?}"
            );
        }
    }
}
