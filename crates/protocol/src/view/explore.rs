//! The Explore page: one metric over a range, told apart by anything.
//!
//! Deliberately absent: several metrics at once, arithmetic between them, and saved questions.

use serde::{Deserialize, Serialize};

use crate::markers::MarkerItem;
use crate::query::Unit;

/// The most rows that have points; the others have their figures over the whole range only.
pub const MAX_DRAWN: usize = 12;

/// What was asked for, as texts of the page's address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ExploreQuestion {
    /// `latency_p95`.
    pub metric: String,
    /// Dimensions, separated by commas; may be empty.
    pub group_by: String,
    /// In the filter grammar.
    pub filter: String,
    /// `now-24h`
    pub from: String,
    /// `now`
    pub to: String,
    /// The stretch of the same length before is wanted too.
    pub compare: bool,
}

impl ExploreQuestion {
    /// Of the parameters of an address. One that names no metric asks for requests by provider over the last day. What
    /// is wrong with them is for the answer to say.
    pub fn of(get: impl Fn(&str) -> Option<String>) -> ExploreQuestion {
        let named = |name: &str| get(name).filter(|text| !text.is_empty());
        let metric = named("metric");
        let group_by = match (&metric, get("group_by")) {
            (None, None) => "provider".to_owned(),
            (_, group_by) => group_by.unwrap_or_default(),
        };
        ExploreQuestion {
            metric: metric.unwrap_or_else(|| "requests".to_owned()),
            group_by,
            filter: named("filter").unwrap_or_default(),
            from: named("from").unwrap_or_else(|| "now-24h".to_owned()),
            to: named("to").unwrap_or_else(|| "now".to_owned()),
            compare: named("compare").is_some(),
        }
    }
}

/// Everything the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explored {
    /// What this answers.
    pub asked: ExploreQuestion,
    /// The range in words: "Last 24 hours".
    pub words: String,
    /// The beginning of the range, epoch milliseconds.
    pub span_from: i64,
    /// The first moment after it.
    pub span_to: i64,
    /// What the numbers are.
    pub unit: Unit,
    /// They may be added up.
    pub adds_up: bool,
    /// The dimensions that rows are told apart by.
    pub group_by: Vec<String>,
    /// Start of the first step.
    pub from: i64,
    /// End of the last step, exclusive.
    pub to: i64,
    /// Width of a step, milliseconds.
    pub step: i64,
    /// What was read: `10s`, `1m`, `1h`, `1d`; `events` for breakers.
    pub rung: String,
    /// Everything that was durable at this moment is contained.
    pub as_of: i64,
    /// Retention has dropped a part of the range.
    pub partial: bool,
    /// The last step has not ended yet.
    pub open: bool,
    /// The largest first; the lowest first where low is bad.
    pub rows: Vec<ExploreRow>,
    /// Where values add up: the sum of the rows without points, at each step. Empty when there are none.
    pub rest: Vec<Option<f64>>,
    /// With a comparison: where the stretch before begins.
    pub before_from: Option<i64>,
    /// Values that dimensions have lately, for suggestions.
    pub known: Vec<KnownValues>,
    /// What people have marked in the range, oldest first.
    pub markers: Vec<MarkerItem>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ExploreRow {
    /// A value per dimension; empty when everything is one group.
    pub group: Vec<String>,
    /// Its place among the colours; by name, so that it stays when one overtakes another. Only where there are points.
    pub colour: Option<u8>,
    /// The newest step that is complete.
    pub last: Option<f64>,
    /// The lowest step.
    pub min: Option<f64>,
    /// The highest step.
    pub max: Option<f64>,
    /// The total where values add up, else the figure of the whole range.
    pub whole: Option<f64>,
    /// Its part of all groups, where values add up.
    pub share: Option<f64>,
    /// `whole` of the stretch before.
    pub before: Option<f64>,
    /// At each step; empty for rows beyond [`MAX_DRAWN`].
    pub points: Vec<Option<f64>>,
    /// Of the stretch before, at each step; empty unless asked for.
    pub before_points: Vec<Option<f64>>,
}

/// A dimension and the values it has lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownValues {
    /// `provider`
    pub key: String,
    /// Sorted.
    pub values: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_metric_has_a_question_of_its_own() {
        let of = |pairs: &[(&str, &str)]| {
            ExploreQuestion::of(|name| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let usual = of(&[]);
        assert_eq!(
            (usual.metric.as_str(), usual.group_by.as_str()),
            ("requests", "provider")
        );
        assert_eq!((usual.from.as_str(), usual.to.as_str()), ("now-24h", "now"));
        assert_eq!(of(&[("group_by", "")]).group_by, "");
        let cost = of(&[("metric", "cost"), ("to", ""), ("compare", "1")]);
        assert_eq!(
            (cost.group_by.as_str(), cost.to.as_str(), cost.compare),
            ("", "now", true)
        );
    }

    #[test]
    fn both_codecs_keep_every_field() {
        let explored = Explored {
            asked: ExploreQuestion {
                metric: "cost".into(),
                group_by: "provider".into(),
                filter: "service:x".into(),
                from: "now-1h".into(),
                to: "now".into(),
                compare: true,
            },
            words: "Last hour".into(),
            span_from: 1,
            span_to: 9,
            unit: Unit::Usd,
            adds_up: true,
            group_by: vec!["provider".into()],
            from: 0,
            to: 10,
            step: 5,
            rung: "10s".into(),
            as_of: 9,
            partial: true,
            open: true,
            rows: vec![ExploreRow {
                group: vec!["openai".into()],
                colour: Some(3),
                last: Some(1.0),
                min: Some(0.5),
                max: None,
                whole: Some(2.5),
                share: Some(1.0),
                before: None,
                points: vec![Some(1.5), None],
                before_points: vec![None, Some(0.25)],
            }],
            rest: vec![None, Some(7.0)],
            before_from: Some(-10),
            known: vec![KnownValues {
                key: "provider".into(),
                values: vec!["openai".into()],
            }],
            markers: vec![MarkerItem {
                time: 4,
                title: "v2".into(),
                kind: "deploy".into(),
                url: None,
                service: Some("checkout".into()),
                environment: None,
            }],
        };
        let text = serde_json::to_string(&explored).unwrap();
        assert_eq!(serde_json::from_str::<Explored>(&text).unwrap(), explored);
        let bytes = postcard::to_allocvec(&explored).unwrap();
        assert_eq!(postcard::from_bytes::<Explored>(&bytes).unwrap(), explored);
    }
}
