//! Rules as people write them.

use domain::alert::{Rule, RuleError};
use protocol::Span;
use protocol::alerts::{Backtest, RuleDoc, RuleItem};
use store::{RuleDraft, StoreError, StoredChannel, StoredRule, TenantScope};

use super::{AlertError, Hand};
use crate::Engine;
use crate::evaluate::{Desk, State, needs, rule_of};
use crate::notify::{names, numbers};

impl Engine {
    /// The tenant's rules, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn rules(&self, scope: &TenantScope) -> Result<Vec<RuleItem>, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let state = desk.state.lock().await;
        let stored = self.stores().alerts.rules(scope).await?;
        let channels = self.stores().deliveries.channels(scope).await?;
        let items = stored.iter().filter_map(|stored| item(stored, &state, &channels));
        Ok(items.collect())
    }

    /// One rule.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn rule(&self, scope: &TenantScope, id: u64) -> Result<RuleItem, AlertError> {
        let rules = self.rules(scope).await?;
        rules
            .into_iter()
            .find(|rule| rule.id == id)
            .ok_or(AlertError::Missing)
    }

    /// Checks what somebody wrote: every field, and that its question can be asked here.
    fn checked(&self, scope: &TenantScope, doc: &RuleDoc) -> Result<Rule, AlertError> {
        let rule = rule_of(doc)?;
        if let Some(needs) = needs(&rule) {
            self.asked_by_rules(scope).check(&needs)?;
        } else {
            use domain::alert::Condition;
            let filter = match &rule.condition {
                Condition::BreakerState(breaker) => &breaker.filter,
                Condition::Flapping(flapping) => &flapping.filter,
                _ => "",
            };
            protocol::Filter::parse(filter, protocol::query::BREAKER_DIMENSIONS)
                .map_err(|error| AlertError::Query(error.into()))?;
        }
        Ok(rule)
    }

    /// Checks a rule without storing it.
    ///
    /// # Errors
    /// It is not as it must be.
    pub async fn check_rule(&self, scope: &TenantScope, doc: &RuleDoc) -> Result<(), AlertError> {
        self.to_keep(scope, doc).await.map(drop)
    }

    /// A rule as it is stored, checked: channels are named by their numbers. And the channels there are.
    async fn to_keep(
        &self,
        scope: &TenantScope,
        doc: &RuleDoc,
    ) -> Result<(RuleDoc, Vec<StoredChannel>), AlertError> {
        self.checked(scope, doc)?;
        self.check_escalation(scope, doc.escalation.as_deref()).await?;
        let channels = self.stores().deliveries.channels(scope).await?;
        let named = numbers(&doc.tell, &channels)?;
        let kept = RuleDoc {
            tell: named.iter().map(u64::to_string).collect(),
            ..doc.clone()
        };
        Ok((kept, channels))
    }

    /// Makes a rule; it is evaluated from now on.
    ///
    /// # Errors
    /// It is not as it must be, its name is taken, or there are too many.
    pub async fn create_rule(
        &self,
        scope: &TenantScope,
        doc: &RuleDoc,
        hand: &Hand,
    ) -> Result<RuleItem, AlertError> {
        let (kept, channels) = self.to_keep(scope, doc).await?;
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let mut state = desk.state.lock().await;
        let draft = self.draft(&kept, hand)?;
        let entry = hand.entry(draft.at, "rule.create", &doc.name, "");
        let stored = self.stores().alerts.create_rule(scope, draft, entry).await?;
        self.taken(&desk, &mut state, stored, &channels).await
    }

    /// Puts a rule into the place of one.
    ///
    /// # Errors
    /// As [`Engine::create_rule`]; there is none; or it has changed.
    pub async fn change_rule(
        &self,
        scope: &TenantScope,
        id: u64,
        version: Option<u64>,
        doc: &RuleDoc,
        hand: &Hand,
    ) -> Result<RuleItem, AlertError> {
        let (kept, channels) = self.to_keep(scope, doc).await?;
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let mut state = desk.state.lock().await;
        let rules = self.stores().alerts.rules(scope).await?;
        let before = rules
            .iter()
            .find(|rule| rule.id == id)
            .ok_or(AlertError::Missing)?;
        let found = before.version;
        if let Some(wanted) = version.filter(|wanted| *wanted != found) {
            return Err(AlertError::Stale { wanted, found });
        }
        let draft = self.draft(&kept, hand)?;
        let entry = hand.entry(draft.at, "rule.change", id, &doc.name);
        let alerts = &self.stores().alerts;
        let stored = alerts.change_rule(scope, (id, found), draft, entry).await?;
        let stored = stored.ok_or(AlertError::Missing)?;
        self.taken(&desk, &mut state, stored, &channels).await
    }

    /// Removes a rule; its open alerts are resolved at the next turn, and its history stays.
    ///
    /// # Errors
    /// There is none, or the store cannot be written.
    pub async fn delete_rule(&self, scope: &TenantScope, id: u64, hand: &Hand) -> Result<(), AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let mut state = desk.state.lock().await;
        let now = self.clock().now();
        let name = state.rules.get(&id).map(|ruled| ruled.stored.name.clone());
        let entry = hand.entry(now, "rule.delete", id, name.unwrap_or_default());
        let deleted = self.stores().alerts.delete_rule(scope, id, now, entry).await?;
        deleted.ok_or(AlertError::Missing)?;
        state.rules.remove(&id);
        state.untold = true;
        desk.tell(&mut state, now);
        desk.tenant.cross();
        Ok(())
    }

    /// What a rule would have done; it need not be stored.
    ///
    /// # Errors
    /// It is not as it must be, or there is too much to look at.
    pub async fn backtest(
        &self,
        scope: &TenantScope,
        doc: &RuleDoc,
        span: Span,
    ) -> Result<Backtest, AlertError> {
        let rule = self.checked(scope, doc)?;
        let length = span.to - span.from;
        if !(1..=crate::evaluate::LONGEST).contains(&length) {
            let days = crate::evaluate::LONGEST / 86_400_000;
            let told = format!("must be after `from` and at most {days} days later");
            return Err(RuleError::new("to", told).into());
        }
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let _turn = self.turn().await;
        Ok(self
            .evaluator()
            .backtest(&desk, &rule, (span.from, span.to))
            .await?)
    }

    fn draft(&self, doc: &RuleDoc, hand: &Hand) -> Result<RuleDraft, AlertError> {
        let body = serde_json::to_string(doc).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(RuleDraft {
            name: doc.name.clone(),
            body,
            at: self.clock().now(),
            by: hand.who.id.clone(),
        })
    }

    /// The desk takes a rule as it is stored.
    async fn taken(
        &self,
        desk: &Desk,
        state: &mut State,
        stored: StoredRule,
        channels: &[StoredChannel],
    ) -> Result<RuleItem, AlertError> {
        self.evaluator().take_rule(desk, state, stored.clone()).await;
        state.untold = true;
        desk.tell(state, self.clock().now());
        desk.tenant.cross();
        let unread = || StoreError::Corrupt(format!("the rule {} cannot be read", stored.id));
        item(&stored, state, channels).ok_or_else(|| AlertError::Store(unread()))
    }
}

/// A rule as it is told; `None` when its text cannot be read at all.
fn item(stored: &StoredRule, state: &State, channels: &[StoredChannel]) -> Option<RuleItem> {
    let mut rule: RuleDoc = serde_json::from_str(&stored.body).ok()?;
    rule.tell = names(&rule.tell, channels);
    let open = state.open_alerts().filter(|alert| alert.alert.rule == stored.id);
    let ruled = state.rules.get(&stored.id);
    Some(RuleItem {
        id: stored.id,
        version: stored.version,
        origin: stored.origin.clone(),
        rule,
        created: stored.created.0,
        changed: stored.changed.0,
        changed_by: stored.changed.1.clone(),
        open: open.count(),
        problem: ruled.and_then(|ruled| ruled.judged.as_ref().err().cloned()),
    })
}
