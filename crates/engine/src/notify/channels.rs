//! Channels as people make and change them.

use channels::Secrets;
use domain::Millis;
use domain::alert::{Labels, RuleError};
use protocol::alerts::RuleDoc;
use protocol::channels::{ChannelDoc, ChannelItem, ChannelList, ChannelRequest, DeliveryItem};
use store::{ChannelDraft, DeliveryQuery, StoreError, StoredChannel, TenantId, TenantScope};

use super::checked::{Checked, checked};
use super::stored::{Body, Channel};
use super::{ledger, numbers};
use crate::Engine;
use crate::alerts::Hand;
use crate::evaluate::{labels_with, rule_of};

/// Why something was not done to a channel or a delivery.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// There is none of this number.
    #[error("there is none of this number")]
    Missing,
    /// It has changed since it was read.
    #[error("it has changed: its version is {found}, not {wanted}")]
    Stale {
        /// What was wanted.
        wanted: u64,
        /// What there is.
        found: u64,
    },
    /// Fields are not as they must be: names and what they must be.
    #[error("{}", .0.iter().map(|(field, must)| format!("{field}: must {must}")).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<(String, String)>),
    /// It is there already, or there are too many, or it is not in a state for this.
    #[error("{0}")]
    Conflict(String),
    /// Its secrets cannot be kept or opened.
    #[error("{0}")]
    Secrets(String),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ChannelError {
    fn from(error: StoreError) -> ChannelError {
        match error {
            StoreError::Conflict(why) => ChannelError::Conflict(why),
            error => ChannelError::Store(error),
        }
    }
}

impl Engine {
    /// The tenant's channels, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn channels(&self, scope: &TenantScope) -> Result<ChannelList, ChannelError> {
        let deliveries = &self.stores().deliveries;
        let waiting = deliveries.waiting(scope).await?;
        let mut items = Vec::new();
        for stored in deliveries.channels(scope).await? {
            items.extend(self.described(scope, stored, &waiting).await?);
        }
        Ok(ChannelList {
            items,
            watched: self.notifier().looked(),
        })
    }

    /// A channel with what was last told through it and how much waits; `None` when it cannot be read.
    async fn described(
        &self,
        scope: &TenantScope,
        stored: StoredChannel,
        waiting: &[(u64, usize)],
    ) -> Result<Option<ChannelItem>, ChannelError> {
        let newest = DeliveryQuery {
            channel: Some(stored.id),
            limit: 1,
            ..DeliveryQuery::default()
        };
        let newest = self.stores().deliveries.deliveries(scope, newest).await?;
        let last = newest
            .first()
            .map(|newest| ledger::item(newest, scope.tenant(), &[]));
        let waits = waiting.iter().find(|(channel, _)| *channel == stored.id);
        Ok(item(stored, last, waits.map_or(0, |(_, count)| *count)))
    }

    /// How many channels are told, and how many of all nothing can be sent through.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn channel_counts(&self, scope: &TenantScope) -> Result<(usize, usize), ChannelError> {
        let channels = self.stores().deliveries.channels(scope).await?;
        let dead = channels
            .iter()
            .filter(|channel| channel.trouble.is_some())
            .count();
        let told = channels
            .iter()
            .filter(|channel| channel.enabled && channel.trouble.is_none());
        Ok((told.count(), dead))
    }

    /// The names of the channels that are told when an alert of a rule fires for this group, by number.
    ///
    /// # Errors
    /// The rule is not as it must be, or the store cannot be read.
    pub async fn channels_taking(
        &self,
        scope: &TenantScope,
        rule: &RuleDoc,
        group: &Labels,
    ) -> Result<Vec<String>, ChannelError> {
        let invalid = |error: RuleError| {
            let must = error.must.strip_prefix("must ").unwrap_or(&error.must);
            ChannelError::Invalid(vec![(error.field, must.to_owned())])
        };
        let stored = self.stores().deliveries.channels(scope).await?;
        let named = numbers(&rule.tell, &stored).map_err(invalid)?;
        let rule = rule_of(rule).map_err(invalid)?;
        let labels = labels_with(&rule, group);
        let channels = self.notifier().channels_of(scope.tenant()).await?;
        let taking = channels.iter().filter(|channel| {
            channel.is_on() && super::route::wants(channel, &named, rule.severity, &labels)
        });
        Ok(taking.map(|channel| channel.stored.name.clone()).collect())
    }

    /// One channel.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn channel(&self, scope: &TenantScope, id: u64) -> Result<ChannelItem, ChannelError> {
        let deliveries = &self.stores().deliveries;
        let channels = deliveries.channels(scope).await?;
        let stored = channels.into_iter().find(|channel| channel.id == id);
        let waiting = deliveries.waiting(scope).await?;
        let found = self.described(scope, stored.ok_or(ChannelError::Missing)?, &waiting);
        found.await?.ok_or(ChannelError::Missing)
    }

    /// Makes a channel; it is told of what comes up from now on.
    ///
    /// # Errors
    /// It is not as it must be, its name is taken, there are too many, or its secrets cannot be kept: then it is not there.
    pub async fn create_channel(
        &self,
        scope: &TenantScope,
        request: &ChannelRequest,
        hand: &Hand,
    ) -> Result<ChannelItem, ChannelError> {
        let checked = checked(request, &Secrets::new(), None)?;
        let now = self.clock().now();
        let deliveries = &self.stores().deliveries;
        // Nothing is told through it before its secrets are there.
        let off = draft(&request.doc, &checked.body, false, now, hand)?;
        let entry = hand.entry(now, "channel.create", &request.doc.name, &request.doc.kind);
        let stored = deliveries.create_channel(scope, off, entry).await?;
        if let Err(why) = self.keep_secrets(scope, stored.id, &checked, hand).await {
            let entry = hand.entry(now, "channel.remove", stored.id, "its secrets cannot be kept");
            deliveries.delete_channel(scope, stored.id, now, entry).await?;
            return Err(why);
        }
        if !request.doc.enabled {
            self.notifier().news(scope.tenant());
            return self.channel(scope, stored.id).await;
        }
        let on = draft(&request.doc, &checked.body, true, now, hand)?;
        let entry = hand.entry(now, "channel.change", stored.id, "switched on");
        let known = (stored.id, stored.version);
        deliveries.change_channel(scope, known, on, entry).await?;
        self.notifier().woken.notify_one();
        self.notifier().news(scope.tenant());
        self.channel(scope, stored.id).await
    }

    /// Puts a channel into the place of one, on again if it was in trouble. Secrets that are not given stay, unless they
    /// were given for another destination.
    ///
    /// # Errors
    /// As [`Engine::create_channel`]; there is none; it has changed; or a secret must be given anew.
    pub async fn change_channel(
        &self,
        scope: &TenantScope,
        id: u64,
        version: Option<u64>,
        request: &ChannelRequest,
        hand: &Hand,
    ) -> Result<ChannelItem, ChannelError> {
        let before = self.usable(scope, id).await?;
        let found = before.stored.version;
        if let Some(wanted) = version.filter(|wanted| *wanted != found) {
            return Err(ChannelError::Stale { wanted, found });
        }
        let kept = self.secrets_of(scope.tenant(), &before).await?;
        let checked = checked(request, &kept, Some(&before))?;
        let now = self.clock().now();
        let deliveries = &self.stores().deliveries;
        // Off while its secrets change, so that none is sent where it does not belong.
        let off = draft(&request.doc, &checked.body, false, now, hand)?;
        let entry = hand.entry(now, "channel.change", id, &request.doc.name);
        let changed = deliveries.change_channel(scope, (id, found), off, entry).await?;
        let changed = changed.ok_or(ChannelError::Missing)?;
        self.keep_secrets(scope, id, &checked, hand).await?;
        if request.doc.enabled {
            let on = draft(&request.doc, &checked.body, true, now, hand)?;
            let entry = hand.entry(now, "channel.change", id, "switched on");
            deliveries
                .change_channel(scope, (id, changed.version), on, entry)
                .await?;
            self.notifier().woken.notify_one();
        }
        self.notifier().news(scope.tenant());
        self.channel(scope, id).await
    }

    /// Removes a channel with its secrets; what waits for it is dropped, and its history stays.
    ///
    /// # Errors
    /// There is none, a rule, a responder or an escalation policy names it, or something cannot be written.
    pub async fn delete_channel(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<(), ChannelError> {
        self.unnamed(scope, id).await?;
        let now = self.clock().now();
        let entry = hand.entry(now, "channel.remove", id, "");
        let removed = self
            .stores()
            .deliveries
            .delete_channel(scope, id, now, entry)
            .await?
            .ok_or(ChannelError::Missing)?;
        let names = Channel::of(removed).map(|channel| channel.body.secrets);
        for name in names.unwrap_or_default() {
            let entry = hand.entry(now, "channel.forget_secret", id, &name);
            let forgotten = self.notifier().post.forget(scope, id, &name, entry).await;
            forgotten.map_err(ChannelError::Secrets)?;
        }
        self.notifier().news(scope.tenant());
        Ok(())
    }

    pub(super) async fn usable(&self, scope: &TenantScope, id: u64) -> Result<Channel, ChannelError> {
        let stored = self.stores().deliveries.channels(scope).await?;
        let stored = stored.into_iter().find(|channel| channel.id == id);
        Channel::of(stored.ok_or(ChannelError::Missing)?).map_err(ChannelError::Conflict)
    }

    async fn secrets_of(&self, tenant: &TenantId, channel: &Channel) -> Result<Secrets, ChannelError> {
        let body = &channel.body;
        let opened = self.notifier().post.secrets(
            tenant,
            channel.stored.id,
            &body.secrets,
            body.destination.as_deref(),
        );
        opened.await.map_err(ChannelError::Secrets)
    }

    async fn keep_secrets(
        &self,
        scope: &TenantScope,
        id: u64,
        checked: &Checked,
        hand: &Hand,
    ) -> Result<(), ChannelError> {
        let now = self.clock().now();
        let post = &self.notifier().post;
        for name in &checked.drop {
            let entry = hand.entry(now, "channel.forget_secret", id, name);
            post.forget(scope, id, name, entry)
                .await
                .map_err(ChannelError::Secrets)?;
        }
        for (name, secret) in &checked.keep {
            let entry = hand.entry(now, "channel.keep_secret", id, name);
            let destination = checked.body.destination.as_deref();
            post.keep(scope, id, name, secret, destination, entry)
                .await
                .map_err(ChannelError::Secrets)?;
        }
        Ok(())
    }
}

fn draft(
    doc: &ChannelDoc,
    body: &Body,
    enabled: bool,
    at: Millis,
    hand: &Hand,
) -> Result<ChannelDraft, StoreError> {
    Ok(ChannelDraft {
        name: doc.name.clone(),
        body: serde_json::to_string(body).map_err(|error| StoreError::Corrupt(error.to_string()))?,
        enabled,
        at,
        by: hand.who.id.clone(),
    })
}

fn item(stored: StoredChannel, last: Option<DeliveryItem>, waiting: usize) -> Option<ChannelItem> {
    let body: Body = serde_json::from_str(&stored.body).ok()?;
    let secrets = body.secrets.clone();
    Some(ChannelItem {
        id: stored.id,
        version: stored.version,
        doc: body.doc(&stored.name, stored.enabled),
        secrets,
        trouble: stored.trouble,
        created: stored.created.0,
        changed: stored.changed.0,
        changed_by: stored.changed.1,
        last,
        waiting,
    })
}
