//! "If the limit were": the recorded calls of one breaker, put to the breaker core at other limits.
//!
//! Calls lie in the journal by arrival, newest first, and a replay goes forward: so they are gathered first, the newest
//! so many, and what the answer covers is told. Each instance is replayed by itself, because each has its own window.

use std::collections::HashMap;
use std::time::Duration;

use domain::breaker::settings::Settings;
use domain::breaker::whatif::{Between, RecordedCall, Told, Verdicts, WhatIf, together};
use domain::breaker::{BreakerKey, State, WindowKind};
use domain::event::Call;
use domain::{Millis, Outcome};
use protocol::Span;
use protocol::view::{BreakerDetail, Counts, LimitReplay, LimitReplays, ReplayRules};
use store::codec::{GuardedCall, ZoneMap};
use store::{BatchQuery, StoreError, TenantScope, TransitionRow};
use tokio::time::Instant;

use super::PageError;
use super::breaker::find;
use super::tracks;
use crate::Engine;

/// Steps of every core: a call is one, a sampled one as many as it stands for, up to what fills a window. It bounds the
/// time of a replay: 38 cores take some 100 ns for each.
const MOST_STEPS: u64 = 250_000;
/// Transitions that are looked through for the rules.
const MOST_TRANSITIONS: usize = 5_000;
/// Batches of a page of the journal.
const BATCHES: usize = 256;
/// How long the journal is read: a page answers at once, and tells how far back it got. A breaker that guards one call
/// in thirty-two has tens of thousands by then.
const PATIENCE: Duration = Duration::from_millis(150);

impl Engine {
    /// What a breaker would have done at other limits, over a range in Grafana's grammar.
    ///
    /// # Errors
    /// See [`PageError`]: there is no such breaker, the range makes no sense, or the store cannot be read.
    pub async fn limit_replays(
        &self,
        scope: &TenantScope,
        id: &str,
        from: &str,
        to: &str,
    ) -> Result<LimitReplays, PageError> {
        let (now, zone) = (self.clock().now(), self.utc_offset_min());
        let found = find(self, scope, id).await?;
        let span = Span::parse(from, to, now, zone)?;
        let _turn = self.turn().await;
        let tenant = self.tenant(scope);
        let log = tracks::log(self, scope, &tenant, Some(found.id), span, MOST_TRANSITIONS).await?;
        let detail = tenant.live().detail(found.id, now);
        let told = told(detail.as_ref(), &log.rows).believed();
        let settings = told.settings();
        let limit = detail.and_then(|detail| detail.breaker.failure_threshold);
        let calls = self.recorded(scope, &found.key, span, &settings).await?;
        let (oldest, cut) = (calls.oldest(), calls.cut);
        let (instances, counted) = (calls.by_instance.len(), calls.counted);
        let end = span.to.min(now);
        let rules = rules(&settings, told);
        let replayed = tokio::task::spawn_blocking(move || replay(calls, &settings, limit, end));
        let verdicts = replayed
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))?;
        Ok(LimitReplays {
            id: found.id.to_string(),
            asked_from: from.to_owned(),
            asked_to: to.to_owned(),
            words: Span::words(from, to, now, zone),
            from: span.from,
            to: span.to,
            as_of: now,
            oldest,
            cut,
            calls: counted,
            unknown: verdicts.verdicts.first().map_or(0, |verdict| verdict.unknown),
            instances: instances.try_into().unwrap_or(u32::MAX),
            limit,
            current: verdicts.current.and_then(|current| current.try_into().ok()),
            rules,
            replays: verdicts.verdicts.iter().map(limit_replay).collect(),
        })
    }

    /// The newest calls that a breaker guarded, within the range.
    async fn recorded(
        &self,
        scope: &TenantScope,
        key: &BreakerKey,
        span: Span,
        settings: &Settings,
    ) -> Result<Recorded, StoreError> {
        let mut calls = Recorded::default();
        let journal = &self.stores().journal;
        let mut query = BatchQuery {
            before: BatchQuery::NEWEST,
            from: span.from,
            to: span.to,
            wanted: ZoneMap::calls().with(ZoneMap::breaker(&key.breaker)),
            limit: BATCHES,
        };
        let began = Instant::now();
        loop {
            let page = journal.guarded_before(scope, query, key).await?;
            for guarded in page.calls {
                calls.add(guarded, settings);
            }
            let Some(resume) = page.next else {
                return Ok(calls);
            };
            if calls.steps >= MOST_STEPS || began.elapsed() > PATIENCE {
                // What arrived before was not read, so what ended before is not complete.
                calls.cut_at(resume.received);
                return Ok(calls);
            }
            query.before = resume.before;
        }
    }
}

/// The call was guarded by this breaker.
pub(super) fn guarded(call: &Call, key: &BreakerKey) -> bool {
    let is = |given: &Option<String>, part: &str| given.as_deref().unwrap_or_default() == part;
    is(&call.breaker, &key.breaker)
        && is(&call.environment, &key.environment)
        && is(&call.service, &key.service)
        && is(&call.deployment, &key.deployment)
}

/// Calls of a breaker by the instance that made them, the newest arrival first.
#[derive(Default)]
struct Recorded {
    by_instance: HashMap<String, Vec<RecordedCall>>,
    counted: u64,
    steps: u64,
    cut: bool,
}

impl Recorded {
    fn add(&mut self, guarded: GuardedCall, settings: &Settings) {
        let recorded = guarded.call;
        // What no breaker judges is put to none.
        if recorded.outcome != Outcome::Rejected && settings.judge(recorded.outcome).is_none() {
            return;
        }
        self.by_instance
            .entry(guarded.instance)
            .or_default()
            .push(recorded);
        self.counted += u64::from(recorded.weight);
        self.steps += u64::from(recorded.weight.min(most_fed(settings)));
    }

    /// Leaves out what ended before.
    fn cut_at(&mut self, from: Millis) {
        self.cut = true;
        for calls in self.by_instance.values_mut() {
            calls.retain(|call| call.at >= from);
        }
        self.by_instance.retain(|_, calls| !calls.is_empty());
        let calls = self.by_instance.values().flatten();
        self.counted = calls.map(|call| u64::from(call.weight)).sum();
    }

    fn oldest(&self) -> Option<Millis> {
        self.by_instance.values().flatten().map(|call| call.at).min()
    }
}

fn most_fed(settings: &Settings) -> u32 {
    match settings.window {
        WindowKind::Count(calls) => calls.saturating_add(settings.half_open_trials),
        WindowKind::Time { .. } => domain::breaker::whatif::MOST_FED,
    }
}

fn replay(calls: Recorded, settings: &Settings, limit: Option<f64>, end: Millis) -> Verdicts {
    let replays = calls.by_instance.into_values().map(|mut calls| {
        // Arrivals backwards; calls that ended in the same moment stay in the order of their arrival.
        calls.reverse();
        calls.sort_by_key(|call| call.at);
        let mut replay = WhatIf::new(settings, limit);
        calls.iter().for_each(|call| replay.push(call));
        replay.finish(end)
    });
    together(replays).unwrap_or_else(|| WhatIf::new(settings, limit).finish(end))
}

/// What reports and transitions tell of the rules.
fn told(detail: Option<&BreakerDetail>, rows: &[TransitionRow]) -> Told {
    let windows = detail.iter().flat_map(|detail| &detail.instances);
    let mut waits: Vec<Millis> = rows
        .iter()
        .filter(|row| (row.from, row.to) == (Some(State::Open), State::HalfOpen))
        .filter_map(|row| row.lasted)
        .collect();
    waits.sort_unstable();
    Told {
        window_calls: windows.filter_map(|instance| instance.window_calls).max(),
        // Who asks late opens late: the usual wait is the middle one.
        open_for: waits.get(waits.len() / 2).copied(),
        trials: detail.and_then(|detail| detail.breaker.trials_needed),
        rate_limits_count: rows
            .iter()
            .any(|row| row.to == State::Open && row.cause.contains("× rate limited")),
    }
}

fn rules(settings: &Settings, told: Told) -> ReplayRules {
    ReplayRules {
        window_calls: settings.minimum_calls,
        window_told: told.window_calls.is_some(),
        open_for_ms: settings.open_for,
        open_for_told: told.open_for.is_some(),
        trials: settings.half_open_trials,
        trials_told: told.trials.is_some(),
        rate_limits_count: settings.rate_limits_count,
    }
}

fn limit_replay(verdict: &domain::breaker::Verdict) -> LimitReplay {
    let ms = verdict.open_ms;
    LimitReplay {
        limit: verdict.limit,
        opened: counts(Between {
            min: u64::from(verdict.opened.min),
            max: u64::from(verdict.opened.max),
        }),
        // Time open is never below zero.
        open_ms: counts(Between {
            min: ms.min.unsigned_abs(),
            max: ms.max.unsigned_abs(),
        }),
        failures_let_through: counts(verdict.failures_let_through),
        good_turned_away: counts(verdict.good_turned_away),
    }
}

fn counts(between: Between<u64>) -> Counts {
    Counts {
        min: between.min,
        max: between.max,
    }
}
