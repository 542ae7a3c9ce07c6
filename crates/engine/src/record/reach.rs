//! What a range that does not count, or a renaming, would concern: looked at before it is made.

use domain::Millis;
use domain::breaker::BreakerKey;
use protocol::query::QueryAnswer;
use protocol::record::{CorrectionDoc, ReachPreview};
use protocol::{Filter, Span};
use store::{CorrectionKind, TenantScope};

use super::marks;
use super::renames::{Dimension, Renames};
use crate::names::Names;
use crate::query::dimension_of;
use crate::{AlertError, Engine, QueryError, QueryRequest, Resolution};

impl Engine {
    /// What a range that does not count, or a renaming, would concern now.
    ///
    /// # Errors
    /// It is not as it must be, or the store cannot be read.
    pub async fn preview_reach(
        &self,
        scope: &TenantScope,
        doc: &CorrectionDoc,
    ) -> Result<ReachPreview, AlertError> {
        match self.kind_of(doc)? {
            CorrectionKind::Uncount => self.reach_of_a_mark(scope, doc).await,
            CorrectionKind::Rename => self.reach_of_a_renaming(scope, doc).await,
            _ => Err(super::wrong(
                "kind",
                "must be uncount or rename to be looked at so",
            )),
        }
    }

    async fn reach_of_a_mark(
        &self,
        scope: &TenantScope,
        doc: &CorrectionDoc,
    ) -> Result<ReachPreview, AlertError> {
        let (from, to, filter) = marks::read(doc)?;
        let calls = self
            .calls_of(scope, filter.to_string(), Span { from, to })
            .await?;
        let tenant = self.tenant(scope);
        let live = tenant.live();
        let renames = live.renames();
        let filter = renames.filter(&filter);
        let standings = live.standings();
        let breakers = standings.iter().filter(|standing| {
            let standing = renames.standing(standing);
            let (key, provider) = (&standing.key, standing.provider.as_str());
            let instance = "";
            let names = Names {
                key,
                provider,
                instance,
            };
            names.pass(&filter)
        });
        let breakers = breakers.count() as u64;
        let mut series = 0;
        live.each_series(|key| {
            let key = renames.series(key);
            let get = |dimension: &str| Some(dimension_of(&key, dimension));
            // Such a filter has no text, which alone would ask for all values.
            series += u64::from(filter.matches(get, || [""; 0]));
        });
        Ok(ReachPreview {
            calls,
            series,
            breakers,
            merges: false,
            says: [
                "Questions about what counts leave it out: targets, budgets, reports and `counting=1`.",
                "The time is moved outward to whole buckets of what is still kept: 10 s, later a minute, an hour or a day.",
                "The board, alerts and what is stored stay as they are; undoing it brings the figures back exactly.",
            ]
            .map(str::to_owned)
            .to_vec(),
        })
    }

    async fn reach_of_a_renaming(
        &self,
        scope: &TenantScope,
        doc: &CorrectionDoc,
    ) -> Result<ReachPreview, AlertError> {
        let rename = self.renamed(scope, doc)?;
        let (dimension, old, new) = (rename.dimension, rename.old.clone(), rename.new.clone());
        let only = Renames::only(rename);
        let calls = match dimension {
            // Figures of calls do not know breakers.
            Dimension::Breaker => 0,
            _ => {
                let named = Filter::default()
                    .with(dimension.as_str(), &old)
                    .map_err(QueryError::from);
                let to = self.clock().now().saturating_add(1);
                let named = named.map_err(asked_wrong)?.to_string();
                self.calls_of(scope, named, Span { from: 0, to }).await?
            }
        };
        let tenant = self.tenant(scope);
        let live = tenant.live();
        let part = |key: &BreakerKey, provider: &str| match dimension {
            Dimension::Provider => provider.to_owned(),
            Dimension::Model => String::new(),
            Dimension::Service => key.service.clone(),
            Dimension::Environment => key.environment.clone(),
            Dimension::Breaker => key.breaker.clone(),
        };
        let standings = live.standings();
        let named = |name: &str| {
            let with = standings
                .iter()
                .filter(|standing| part(&standing.key, &standing.provider) == name);
            with.count() as u64
        };
        let (mut series, mut merges) = (0, named(&new) > 0);
        live.each_series(|key| {
            series += u64::from(*only.series(key) != *key);
            merges |= dimension != Dimension::Breaker && dimension_of(key, dimension.as_str()) == new;
        });
        let mut says = vec![
            "What comes in from now on is kept under the new name, and stays so when this is undone."
                .to_owned(),
            "Figures and histories of before are told under the new name; filters find them by both."
                .to_owned(),
        ];
        if matches!(
            dimension,
            Dimension::Service | Dimension::Environment | Dimension::Breaker
        ) {
            says.push(
                "A breaker has a new page; an instance leaves the old one when it is heard of under the new name."
                    .to_owned(),
            );
        }
        if merges {
            says.push(format!(
                "`{new}` is there already: the two are one until this is undone."
            ));
        }
        Ok(ReachPreview {
            calls,
            series,
            breakers: named(&old),
            merges,
            says,
        })
    }

    /// Events of calls that pass a filter.
    async fn calls_of(&self, scope: &TenantScope, filter: String, span: Span) -> Result<u64, AlertError> {
        let request = QueryRequest {
            metric: "outcomes".into(),
            group_by: Vec::new(),
            filter,
            span,
            resolution: Resolution::MaxPoints(1),
            compare_previous: false,
            counting: false,
        };
        let answer: QueryAnswer = self.query(scope, &request).await.map_err(asked_wrong)?;
        let points = answer.series.iter().flat_map(|series| &series.points);
        let calls: f64 = points
            .filter_map(|(_, value): &(Millis, Option<f64>)| *value)
            .sum();
        // The cast saturates.
        Ok(calls.round() as u64)
    }
}

/// What was asked is ours, so only the store can be wrong with it.
fn asked_wrong(error: QueryError) -> AlertError {
    match error {
        QueryError::Store(error) => error.into(),
        other => super::wrong("filter", other.to_string()),
    }
}
