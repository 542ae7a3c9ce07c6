//! The last day at a glance, for the replay bar.

use std::collections::BTreeMap;

use domain::Millis;
use protocol::Span;
use protocol::query::QueryAnswer;
use protocol::view::{Activity, ActivityTrip, Level, MAX_TRIPS, State};
use store::TenantScope;

use super::PageError;
use super::ask::{Ask, count};
use crate::live::success_level;
use crate::{Engine, QueryError, Resolution, TransitionsRequest};

const DAY: Millis = 86_400_000;
const STEP: Millis = 5 * 60_000;
/// An answer is told again for so long: every page that is opened asks, and steps are minutes wide.
const FRESH: Millis = 5_000;
/// Fewer requests say nothing about success.
const ENOUGH: u64 = 20;
/// Transitions that are looked through for trips.
const LOOKED_AT: usize = 5_000;

impl Engine {
    /// The last day: requests and success in steps of five minutes, and the newest trips.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn activity(&self, scope: &TenantScope) -> Result<Activity, PageError> {
        let now = self.clock().now();
        let tenant = self.tenant(scope);
        if let Some(told) = tenant.told_activity(now, FRESH) {
            return Ok(told);
        }
        let activity = self.read_activity(scope, now).await?;
        // Before the first event there is nothing to spare, and the first event should show.
        if activity.reaches.is_some() {
            tenant.tell_activity(&activity);
        }
        Ok(activity)
    }

    async fn read_activity(&self, scope: &TenantScope, now: Millis) -> Result<Activity, PageError> {
        let to = now - now.rem_euclid(STEP) + STEP;
        let span = Span { from: to - DAY, to };
        let ask = Ask {
            engine: self,
            scope,
            only: "",
        };
        let steps = Resolution::Step(STEP);
        let list = TransitionsRequest {
            span: Some(span),
            limit: LOOKED_AT,
            ..TransitionsRequest::default()
        };
        let transitions = async { Ok::<_, PageError>(self.transitions(scope, &list).await?) };
        let reaches = async { Ok(self.replay_reaches(scope).await.map_err(QueryError::from)?) };
        let figures = async {
            Ok(ask
                .all([("requests", ""), ("answered", "")], &[], span, steps)
                .await?)
        };
        let ([requests, success], transitions, reaches) = tokio::try_join!(figures, transitions, reaches)?;

        let (requests, success) = (line(&requests), line(&success));
        let starts = || (span.from..span.to).step_by(STEP as usize);
        let counted = |at| count(requests.get(&at));
        let opened = |to: State, from: Option<State>| to == State::Open && from != Some(State::Open);
        let trips = transitions
            .items
            .into_iter()
            .filter(|row| opened(row.to, row.from));
        let mut trips: Vec<ActivityTrip> = trips
            .take(MAX_TRIPS)
            .map(|row| ActivityTrip {
                at: row.time,
                breaker: row.breaker,
                provider: row.provider,
            })
            .collect();
        trips.reverse();
        Ok(Activity {
            as_of: now,
            from: span.from,
            step: STEP,
            requests: starts()
                .map(|at| counted(at).try_into().unwrap_or(u32::MAX))
                .collect(),
            levels: starts()
                .map(|at| letter(counted(at), success.get(&at).copied()))
                .collect(),
            trips,
            reaches,
        })
    }
}

fn line(answer: &QueryAnswer) -> BTreeMap<Millis, f64> {
    let points = answer.series.iter().flat_map(|series| &series.points);
    points.filter_map(|(at, value)| Some((*at, (*value)?))).collect()
}

fn letter(requests: u64, success: Option<f64>) -> char {
    match (requests, success) {
        (0, _) => '-',
        (1..ENOUGH, _) | (_, None) => 'u',
        (_, success) => match success_level(success) {
            Level::Ok => 'k',
            Level::Unknown => 'u',
            Level::Attention => 'a',
            Level::Act => 'x',
        },
    }
}
