//! A tenant's desk after a start, or after a rule has changed: open alerts go on firing, stored buckets are judged again.

use std::collections::HashMap;

use domain::Millis;
use domain::alert::{Alert, Condition, Labels, RULE_LABEL, SEVERITY_LABEL, Watch, defaults};
use store::{AlertQuery, RuleDraft, StoreError, StoredAlert, StoredRule};

use super::desk::{Desk, Group, Judged, Ruled, State};
use super::figures::{STEP, Seen, labels_of, reading};
use super::{Evaluator, doc_of};
use crate::history::{self, Stretch};
use crate::pipeline::describe;

/// What happened within so long may still matter: flapping, hands, causes.
const LATELY: Millis = 3_600_000;
/// An alert that somebody resolved while it was bad is left alone for so long.
pub(super) const BY_HAND: Millis = 3_600_000;

impl Evaluator {
    /// Makes the tenant's rules where they never were, and reads everything.
    pub(super) async fn load(&self, desk: &Desk, state: &mut State) -> Result<(), StoreError> {
        let now = self.clock.now();
        let drafts = defaults().map(|(key, rule)| {
            let body = serde_json::to_string(&doc_of(&rule)).unwrap_or_default();
            let draft = RuleDraft {
                name: rule.name,
                body,
                at: now,
                by: "system".into(),
            };
            (key, draft)
        });
        let alerts = &self.stores.alerts;
        alerts.seed_rules(&self.system, &desk.tenant.id, &drafts).await?;
        let all = AlertQuery {
            limit: usize::MAX,
            ..AlertQuery::default()
        };
        let open = AlertQuery {
            open: Some(true),
            ..all.clone()
        };
        // An alert that was over within the hour fired within the day, or it was none to flap.
        let lately = AlertQuery {
            open: Some(false),
            from: Some(now - 24 * LATELY),
            limit: 10_000,
            ..all
        };
        let mut fresh = State {
            loaded: true,
            ..State::default()
        };
        let mut fires: HashMap<u64, Vec<Millis>> = HashMap::new();
        for stored in alerts.alerts(&desk.scope, open).await? {
            fires
                .entry(stored.alert.fingerprint)
                .or_default()
                .push(stored.alert.fired);
            fresh.keep(stored);
        }
        let mut over = Vec::new();
        for stored in alerts.alerts(&desk.scope, lately).await? {
            let Some(resolved) = &stored.alert.resolved else {
                continue;
            };
            if resolved.at <= now - LATELY {
                continue;
            }
            fires
                .entry(stored.alert.fingerprint)
                .or_default()
                .push(stored.alert.fired);
            if resolved.by.is_some() {
                let (print, until) = (stored.alert.fingerprint, resolved.at + BY_HAND);
                match &stored.alert.origin {
                    Some(_) => fresh.sent.leave_alone(print, until),
                    None => drop(fresh.by_hand.entry(print).or_insert(until)),
                }
            }
            over.push(stored);
        }
        fresh.silences = alerts.silences(&desk.scope, now).await?;
        for stored in alerts.rules(&desk.scope).await? {
            fresh.rules.insert(stored.id, Ruled::of(stored));
        }
        for stored in over {
            fresh.go_on(&stored, &fires, now);
            fresh.keep(stored);
        }
        let open: Vec<StoredAlert> = fresh.open_alerts().cloned().collect();
        for stored in &open {
            fresh.go_on(stored, &fires, now);
            fresh.sent.start(&stored.alert, now);
        }
        self.openings_of(desk, &mut fresh, now).await?;
        let ids: Vec<u64> = fresh.rules.keys().copied().collect();
        for id in ids {
            self.warm(desk, &mut fresh, id, now).await;
        }
        *state = fresh;
        Ok(())
    }

    /// Takes a rule that is new or has changed. Its open alerts are watched on, by the new rule.
    pub(crate) async fn take_rule(&self, desk: &Desk, state: &mut State, stored: StoredRule) {
        let (id, now) = (stored.id, self.clock.now());
        state.rules.insert(id, Ruled::of(stored));
        let open: Vec<StoredAlert> = state
            .open_alerts()
            .filter(|stored| stored.alert.rule == id)
            .cloned()
            .collect();
        for stored in &open {
            state.go_on(stored, &HashMap::new(), now);
        }
        self.warm(desk, state, id, now).await;
    }

    /// How often breakers opened, as far back as a rule may look.
    async fn openings_of(&self, desk: &Desk, state: &mut State, now: Millis) -> Result<(), StoreError> {
        let stretch = Stretch {
            breaker: None,
            from: now - 24 * LATELY,
            to: now + 1,
            most: 100_000,
        };
        let log = history::read(&self.stores, &desk.scope, &desk.tenant, stretch).await?;
        for row in &log.rows {
            state.openings.take(row);
        }
        Ok(())
    }

    /// Judges the stored buckets that say whether something is pending, or absent.
    async fn warm(&self, desk: &Desk, state: &mut State, id: u64, now: Millis) {
        let Some(judged) = state.rules.get_mut(&id).and_then(Ruled::active_mut) else {
            return;
        };
        let Some(needs) = judged.needs.clone() else { return };
        let absent = match &judged.rule.condition {
            Condition::Absence(absence) => absence.after + LATELY,
            _ => 0,
        };
        let back = judged.rule.hold.max(absent);
        if back == 0 {
            return;
        }
        let to = now - super::SETTLE;
        let span = (to - back - STEP, to - to.rem_euclid(STEP));
        let asked = self.asked(desk, now);
        let rule = judged.rule.clone();
        let seen = asked.slide(&needs, span, |at, groups| {
            for (group, values) in groups {
                let labels = labels_of(group);
                let print = domain::alert::fingerprint(id, &labels);
                let group = judged.groups.entry(print).or_default();
                group.labels.clone_from(&labels);
                let found = reading(&rule, at, values, &mut group.seen);
                // What fires goes on; what it saw before it fired would end it.
                if !group.watch.is_firing() {
                    group.step(&rule, &found);
                }
            }
        });
        if let Err(error) = seen.await {
            tracing::warn!(tenant = %desk.tenant.id, rule = id, %error, "stored buckets could not be judged again");
        }
    }

    /// Reads a tenant's alerts anew: somebody else changed them.
    pub(super) async fn reread(&self, desk: &Desk, state: &mut State) -> Result<(), StoreError> {
        let open = AlertQuery {
            open: Some(true),
            limit: usize::MAX,
            ..AlertQuery::default()
        };
        let found = self.stores.alerts.alerts(&desk.scope, open).await?;
        state.alerts.retain(|_, stored| !stored.alert.is_open());
        state.open.clear();
        for stored in found {
            state.keep(stored);
        }
        Ok(())
    }

    /// An error of the store, for the log.
    pub(super) fn told(error: &StoreError) -> String {
        describe(error)
    }
}

impl State {
    /// The watch of an alert goes on: it fires while the alert is open, and remembers what fired lately.
    fn go_on(&mut self, stored: &StoredAlert, fires: &HashMap<u64, Vec<Millis>>, now: Millis) {
        let alert = &stored.alert;
        let by_hand = self.by_hand.contains_key(&alert.fingerprint);
        let Some(judged) = self.rules.get_mut(&alert.rule).and_then(Ruled::active_mut) else {
            return;
        };
        let recent = fires.get(&alert.fingerprint).map_or(&[][..], Vec::as_slice);
        let recent: Vec<Millis> = recent
            .iter()
            .copied()
            .filter(|at| *at > now - domain::alert::FLAP_WITHIN)
            .collect();
        let flapping = alert.holds.flapping.is_some();
        let firing = alert.is_open() || by_hand;
        let group = Group {
            labels: group_of(judged, alert),
            watch: match firing {
                true => Watch::firing(alert.since, flapping, &recent),
                false => Watch::quiet(&recent),
            },
            seen: match &judged.rule.condition {
                Condition::Absence(absence) if firing => Seen {
                    last: Some(alert.since - absence.after),
                    samples: judged.rule.min_samples,
                },
                _ => Seen::default(),
            },
            fired: firing.then(|| (alert.since, flapping.then_some(recent.len()))),
            cleared: None,
            summary: alert.summary.clone(),
        };
        judged.groups.insert(alert.fingerprint, group);
    }
}

/// The labels of an alert's group: without what the rule gave it.
fn group_of(judged: &Judged, alert: &Alert) -> Labels {
    let of_rule = |name: &str| {
        [RULE_LABEL, SEVERITY_LABEL].contains(&name)
            || (judged.rule.labels.contains_key(name)
                && judged
                    .needs
                    .as_ref()
                    .is_some_and(|needs| !needs.group_by.iter().any(|dimension| dimension == name)))
    };
    let own = alert.labels.iter().filter(|(name, _)| !of_rule(name));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}
