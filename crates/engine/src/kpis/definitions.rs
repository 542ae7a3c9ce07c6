//! What a tenant says about its figures: targets and owners of the built-in ones, and figures of its own.

use std::collections::BTreeMap;

use protocol::documents::DocumentItem;
use protocol::filter::{Filter, Term};
use protocol::kpis::kpi::{BUILT_IN, KpiDoc, KpiLine, built_in};
use protocol::query::{CALL_DIMENSIONS, LABEL, Unit};
use protocol::view::Good;
use store::{StoreError, TenantScope};

use super::formula::{Formula, split};
use super::meaning::meaning;
use crate::documents::items;

/// All of a tenant's definitions, ready to be computed with.
#[derive(Debug)]
pub(crate) struct Definitions {
    ours: BTreeMap<String, KpiDoc>,
    custom: Vec<Custom>,
}

/// A figure that a formula gives.
#[derive(Debug, Clone)]
pub(crate) struct Custom {
    /// `kpi:3`; of the return on cost, which needs what an answer is worth, `roi`.
    pub key: String,
    /// On screen.
    pub title: String,
    pub unit: Unit,
    pub good: Good,
    pub target: Option<f64>,
    /// May be empty.
    pub owner: String,
    /// Of which calls; empty for all.
    pub filter: String,
    pub formula: Formula,
    /// How it is computed, or what it is for; may be empty.
    pub words: String,
}

impl Custom {
    /// Labels that it names, as dimensions (`label.team`). A question about one that is not kept is refused, and with it all that
    /// are asked together: who asks leaves such a figure unknown.
    pub(crate) fn labels(&self) -> Vec<String> {
        let keys = [CALL_DIMENSIONS, &[LABEL]].concat();
        let metrics = self.formula.metrics();
        let own = metrics.iter().map(|part| split(part).1);
        let mut found = Vec::new();
        for filter in own.chain([self.filter.as_str()]) {
            // Both were read before they came here.
            let filter = Filter::parse(filter, &keys).unwrap_or_default();
            let named = filter.terms().iter().filter_map(Term::key);
            found.extend(named.filter(|key| key.starts_with(LABEL)).map(str::to_owned));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Definitions {
    /// Reads them. One that no longer makes sense is left out, and said so.
    pub(crate) async fn read(
        documents: &dyn store::Documents,
        scope: &TenantScope,
    ) -> Result<Definitions, StoreError> {
        Ok(Definitions::of(items(documents, scope).await?))
    }

    fn of(items: Vec<DocumentItem<KpiDoc>>) -> Definitions {
        let mut found = Definitions {
            ours: BTreeMap::new(),
            custom: Vec::new(),
        };
        for item in items {
            let doc = item.doc;
            match meaning(&doc) {
                Ok(meaning) => {
                    // Of our own figures only the return on cost waits for a formula.
                    let own = doc.key.as_deref().is_none_or(|key| key == "roi");
                    if let Some(formula) = meaning.formula.filter(|_| own) {
                        found.custom.push(Custom {
                            key: doc.key.clone().unwrap_or_else(|| format!("kpi:{}", item.id)),
                            title: meaning.title,
                            unit: meaning.unit,
                            good: meaning.good,
                            target: doc.target,
                            owner: doc.owner.clone(),
                            filter: meaning.filter,
                            formula,
                            words: meaning.words,
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(id = item.id, %error, "a definition of a figure makes no sense");
                    continue;
                }
            }
            if let Some(key) = doc.key.clone() {
                found.ours.insert(key, doc);
            }
        }
        found
    }

    /// What a figure is to be: as written, or ours.
    pub(crate) fn target(&self, key: &str) -> Option<f64> {
        let own = self.custom.iter().find(|custom| custom.key == key);
        let written = self.ours.get(key).and_then(|doc| doc.target);
        written
            .or_else(|| own.and_then(|custom| custom.target))
            .or_else(|| built_in(key).and_then(|figure| figure.target))
    }

    /// Who looks after a figure; may be empty.
    pub(crate) fn owner(&self, key: &str) -> &str {
        let own = self.custom.iter().find(|custom| custom.key == key);
        let written = self.ours.get(key).map(|doc| doc.owner.as_str());
        written
            .or_else(|| own.map(|custom| custom.owner.as_str()))
            .unwrap_or_default()
    }

    /// Figures that formulas give, by number.
    pub(crate) fn custom(&self) -> &[Custom] {
        &self.custom
    }

    /// All figures with what is said about them: ours first. `kept` are the labels that can be asked for, as dimensions.
    pub(super) fn lines(&self, kept: &[String]) -> Vec<KpiLine> {
        let own = |key: &str| self.custom.iter().find(|custom| custom.key == key);
        let ours = BUILT_IN.iter().map(|figure| {
            let words = self.ours.get(figure.key).map(|doc| doc.about.clone());
            KpiLine {
                key: figure.key.to_owned(),
                title: figure.title.to_owned(),
                unit: figure.unit,
                good: figure.good,
                target: self.target(figure.key),
                owner: self.owner(figure.key).to_owned(),
                formula: own(figure.key).map_or_else(|| figure.formula.to_owned(), |own| own.formula.text()),
                filter: String::new(),
                words: words
                    .filter(|words| !words.is_empty())
                    .unwrap_or_else(|| figure.about.to_owned()),
                missing: Vec::new(),
            }
        });
        let theirs = self
            .custom()
            .iter()
            .filter(|custom| built_in(&custom.key).is_none());
        let theirs = theirs.map(|custom| KpiLine {
            key: custom.key.clone(),
            title: custom.title.clone(),
            unit: custom.unit,
            good: custom.good,
            target: custom.target,
            owner: custom.owner.clone(),
            formula: custom.formula.text(),
            filter: custom.filter.clone(),
            words: custom.words.clone(),
            missing: custom
                .labels()
                .into_iter()
                .filter(|label| !kept.contains(label))
                .collect(),
        });
        ours.chain(theirs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u64, doc: KpiDoc) -> DocumentItem<KpiDoc> {
        DocumentItem {
            id,
            version: 1,
            doc,
            created: 0,
            changed: 0,
            changed_by: "account:ada".into(),
        }
    }

    #[test]
    fn labels_that_are_not_kept_are_missed() {
        let doc = KpiDoc {
            name: "Search".into(),
            formula: "cost{label.team:search} / answers{provider:openai}".into(),
            filter: "label.product:!free".into(),
            unit: Some(Unit::Usd),
            good: Some(Good::Low),
            ..KpiDoc::default()
        };
        let found = Definitions::of(vec![item(1, doc)]);
        assert_eq!(found.custom()[0].labels(), ["label.product", "label.team"]);
        let lines = found.lines(&["label.team".to_owned()]);
        assert_eq!(
            lines.last().map(|line| line.missing.clone()),
            Some(vec!["label.product".to_owned()])
        );
    }

    #[test]
    fn what_is_written_goes_before_what_is_ours() {
        let none = Definitions::of(Vec::new());
        assert_eq!(none.target("answered"), Some(0.995));
        assert_eq!(none.target("ttft"), Some(800.0));
        assert_eq!(none.target("time_to_acknowledge"), Some(300_000.0));
        assert_eq!((none.target("spend"), none.owner("spend")), (None, ""));
        assert!(none.custom().is_empty());
        assert_eq!(none.lines(&[]).len(), BUILT_IN.len());
        let some = Definitions::of(vec![
            item(
                1,
                KpiDoc {
                    key: Some("answered".into()),
                    target: Some(0.999),
                    owner: "Ada".into(),
                    ..KpiDoc::default()
                },
            ),
            item(
                2,
                KpiDoc {
                    key: Some("roi".into()),
                    value_per_answer: Some(0.5),
                    ..KpiDoc::default()
                },
            ),
            item(
                3,
                KpiDoc {
                    name: "Cost of an answer".into(),
                    formula: "cost/answers".into(),
                    filter: "provider:openai".into(),
                    unit: Some(Unit::Usd),
                    good: Some(Good::Low),
                    target: Some(0.01),
                    owner: "Bob".into(),
                    ..KpiDoc::default()
                },
            ),
            // As if it had been written by another version.
            item(
                4,
                KpiDoc {
                    name: "Broken".into(),
                    formula: "cost /".into(),
                    ..KpiDoc::default()
                },
            ),
        ]);
        assert_eq!(
            (some.target("answered"), some.owner("answered")),
            (Some(0.999), "Ada")
        );
        assert_eq!((some.target("kpi:3"), some.owner("kpi:3")), (Some(0.01), "Bob"));
        let keys: Vec<&str> = some.custom().iter().map(|custom| custom.key.as_str()).collect();
        assert_eq!(keys, ["roi", "kpi:3"]);
        let texts: Vec<String> = some.custom().iter().map(|custom| custom.formula.text()).collect();
        assert_eq!(texts, ["(answers * 0.5 - cost) / cost", "cost / answers"]);
        assert_eq!(some.lines(&[]).len(), BUILT_IN.len() + 1);
    }
}
