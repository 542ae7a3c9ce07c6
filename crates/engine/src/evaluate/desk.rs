//! What the evaluator holds of one tenant: rules with their watches, open alerts, silences.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::Millis;
use domain::alert::{Cleared, Crossing, Labels, Phase, Reading, Rule, Watch, fingerprint};
use protocol::Filter;
use protocol::alerts::RuleDoc;
use protocol::query::BREAKER_DIMENSIONS;
use protocol::view::Alerts;
use store::{StoredAlert, StoredRule, StoredSilence, TenantScope};
use tokio::sync::Mutex;

use super::breakers::Openings;
use super::figures::{Needs, Seen, needs};
use super::sent::SentMemory;
use super::{rule_of, words};
use crate::tenants::Tenant;

/// Groups of one rule that are watched; further ones are left out and said so.
pub(super) const MAX_GROUPS: usize = 2_000;

/// One tenant.
pub(crate) struct Desk {
    pub tenant: Arc<Tenant>,
    pub scope: TenantScope,
    /// Whoever decides about alerts holds it, until what was decided is stored. Figures are asked for without it.
    pub state: Mutex<State>,
}

impl Desk {
    pub fn new(tenant: Arc<Tenant>, scope: TenantScope) -> Desk {
        Desk {
            tenant,
            scope,
            state: Mutex::default(),
        }
    }

    /// The counts with the version that viewers were told.
    pub fn counts(&self, state: &State, now: Millis) -> Alerts {
        let version = self.tenant.alerts().map_or(0, |told| told.version);
        Alerts {
            version,
            ..state.counts(now)
        }
    }

    /// Tells viewers what has changed since they were told, if anything has.
    pub fn tell(&self, state: &mut State, now: Millis) {
        let news = std::mem::take(&mut state.untold);
        self.tenant.tell_alerts(state.counts(now), now, news);
    }
}

/// What is held.
#[derive(Default)]
pub(crate) struct State {
    pub loaded: bool,
    pub rules: BTreeMap<u64, Ruled>,
    /// Those that are open, and causes that were until lately.
    pub alerts: BTreeMap<u64, StoredAlert>,
    /// The open alert of a fingerprint.
    pub open: HashMap<u64, u64>,
    pub silences: Vec<StoredSilence>,
    pub openings: Openings,
    /// The newest bucket's end that was judged.
    pub grid: Option<Millis>,
    /// Who was resolved by hand, by fingerprint: it is left alone until it clears, or until then.
    pub by_hand: HashMap<u64, Millis>,
    /// What is known of those who send, beyond what is stored.
    pub sent: SentMemory,
    /// When each alert's newest words were stored.
    pub worded: HashMap<u64, Millis>,
    /// An alert, a silence or a rule is not as viewers were told.
    pub untold: bool,
}

/// A rule with its watches.
pub(crate) struct Ruled {
    pub stored: StoredRule,
    /// Why it cannot be evaluated.
    pub judged: Result<Judged, String>,
}

/// A rule that can be evaluated.
pub(crate) struct Judged {
    pub rule: Rule,
    /// Of rules about calls.
    pub needs: Option<Needs>,
    /// Of rules about breakers.
    pub filter: Filter,
    /// By fingerprint.
    pub groups: HashMap<u64, Group>,
}

/// One group of a rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub labels: Labels,
    pub watch: Watch,
    pub seen: Seen,
    /// Since when it is bad, and how often it fired when that is flapping; while it fires.
    pub fired: Option<(Millis, Option<usize>)>,
    /// Why it does not fire any more.
    pub cleared: Option<Cleared>,
    /// The newest reading in words.
    pub summary: String,
}

impl Ruled {
    /// Reads what is stored.
    pub fn of(stored: StoredRule) -> Ruled {
        let doc: Result<RuleDoc, _> = serde_json::from_str(&stored.body);
        let judged = doc
            .map_err(|error| format!("it cannot be read: {error}"))
            .and_then(|doc| rule_of(&doc).map_err(|error| error.to_string()))
            .and_then(Judged::of);
        Ruled { stored, judged }
    }

    /// What is evaluated, if anything.
    pub fn active(&self) -> Option<&Judged> {
        self.judged.as_ref().ok().filter(|judged| judged.rule.enabled)
    }

    pub fn active_mut(&mut self) -> Option<&mut Judged> {
        self.judged.as_mut().ok().filter(|judged| judged.rule.enabled)
    }
}

impl Judged {
    /// Whatever can be prepared.
    pub fn of(rule: Rule) -> Result<Judged, String> {
        use domain::alert::Condition;
        let filter = match &rule.condition {
            Condition::BreakerState(breaker) => &breaker.filter,
            Condition::Flapping(flapping) => &flapping.filter,
            _ => "",
        };
        Ok(Judged {
            filter: Filter::parse(filter, BREAKER_DIMENSIONS).map_err(|error| error.to_string())?,
            needs: needs(&rule),
            groups: HashMap::new(),
            rule,
        })
    }

    /// Lets a group see a reading. `values` are those of the rule's figures.
    pub fn see(&mut self, id: u64, labels: &Labels, reading: &Reading, values: &[Option<f64>]) {
        let print = fingerprint(id, labels);
        let groups = &mut self.groups;
        if !groups.contains_key(&print) && groups.len() >= MAX_GROUPS {
            return;
        }
        let group = groups.entry(print).or_default();
        if group.labels.is_empty() {
            group.labels.clone_from(labels);
        }
        group.step(&self.rule, reading);
        if group.watch.is_firing() && reading.value.is_some() {
            group.summary = words::summary(&self.rule, reading, values);
        }
    }
}

impl Group {
    /// Lets the watch see a reading, and remembers what came of it.
    pub fn step(&mut self, rule: &Rule, reading: &Reading) -> Option<Crossing> {
        let crossing = self.watch.step(rule, reading);
        match &crossing {
            Some(Crossing::Fired { since, flaps }) => {
                self.fired = Some((*since, *flaps));
                self.cleared = None;
            }
            Some(Crossing::Steady) => {
                if let Some((_, flaps)) = &mut self.fired {
                    *flaps = None;
                }
            }
            Some(Crossing::Cleared(why)) => {
                self.fired = None;
                self.cleared = Some(*why);
            }
            Some(Crossing::Pending { .. } | Crossing::Dropped) | None => {}
        }
        crossing
    }
}

impl State {
    /// Takes an alert as it is stored now.
    pub fn keep(&mut self, stored: StoredAlert) {
        let print = stored.alert.fingerprint;
        match stored.alert.is_open() {
            true => {
                self.open.insert(print, stored.id);
            }
            false if self.open.get(&print) == Some(&stored.id) => {
                self.open.remove(&print);
                self.worded.remove(&stored.id);
            }
            false => {}
        }
        self.alerts.insert(stored.id, stored);
        self.untold = true;
    }

    /// Forgets alerts that are over and explain nothing any more, and idle groups.
    pub fn tidy(&mut self, now: Millis) {
        use domain::alert::{Part, incident};
        self.alerts.retain(|_, stored| {
            let cause = stored.alert.part == Part::Cause;
            stored.alert.is_open() || (cause && incident::explains(&stored.alert, now))
        });
        self.by_hand.retain(|_, until| now < *until);
        self.sent.tidy(&self.open, now);
        for judged in self.rules.values_mut().filter_map(Ruled::active_mut) {
            let absence = matches!(judged.rule.condition, domain::alert::Condition::Absence(_));
            judged.groups.retain(|_, group| {
                let missed = absence && group.seen.last.is_some_and(|last| now - last < 2 * 86_400_000);
                missed
                    || !group.watch.is_idle(now)
                    || group.watch.seen().is_some_and(|seen| now - seen < 60_000)
            });
        }
    }

    /// How many there are of what somebody may have to look at; whoever tells it knows the version.
    pub fn counts(&self, now: Millis) -> Alerts {
        let mut counts = Alerts::default();
        for stored in self.open_alerts() {
            if stored.alert.phase(now) == Phase::Firing {
                counts.need += 1;
                let fired = stored.alert.fired;
                counts.oldest = Some(counts.oldest.map_or(fired, |oldest| oldest.min(fired)));
            } else {
                counts.held += 1;
            }
        }
        let silences = self.silences.iter();
        counts.silences = silences.filter(|stored| now < stored.silence.ends).count() as u64;
        let rules = self.rules.values();
        counts.rules = rules.filter(|rule| rule.active().is_some()).count() as u64;
        counts
    }

    /// Those that are open, by number.
    pub fn open_alerts(&self) -> impl Iterator<Item = &StoredAlert> {
        self.alerts.values().filter(|stored| stored.alert.is_open())
    }
}
