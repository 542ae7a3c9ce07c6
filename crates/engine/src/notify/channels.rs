//! Channels as people make and change them, and trying them out.

use channels::{Kind, Message, Notice, Secrets, Wrong};
use domain::Millis;
use domain::alert::{Labels, Severity, matchers};
use protocol::channels::{ChannelDoc, ChannelItem, ChannelList, ChannelRequest, DeliveryItem};
use secrecy::SecretString;
use store::{ChannelDraft, DeliveryQuery, StoreError, StoredChannel, TenantId, TenantScope};

use super::fan_out::new_delivery;
use super::stored::{Body, Channel};
use super::{ledger, message};
use crate::Engine;
use crate::alerts::Hand;

/// The most matchers of a channel, and the longest name in characters.
const MAX_ONLY: usize = 16;
const LONGEST_NAME: usize = 100;
/// The most alerts that come one by one.
const MAX_DIGEST: u32 = 1_000;

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

/// What a channel will be, checked.
struct Checked {
    body: Body,
    /// Secrets to be kept, and those to be removed.
    keep: Secrets,
    drop: Vec<String>,
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

    /// The names of the channels that are told when an alert of this urgency and with these labels fires, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn channels_taking(
        &self,
        scope: &TenantScope,
        severity: Severity,
        labels: &Labels,
    ) -> Result<Vec<String>, ChannelError> {
        let channels = self.notifier().channels_of(scope.tenant()).await?;
        let taking = channels
            .iter()
            .filter(|channel| channel.is_on() && super::route::wants(channel, severity, labels));
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
    /// There is none, or something cannot be written.
    pub async fn delete_channel(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<(), ChannelError> {
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

    /// Sends a test message through a channel; what came of it is in the delivery.
    ///
    /// # Errors
    /// There is none, it is off, or the store cannot be written.
    pub async fn test_channel(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<DeliveryItem, ChannelError> {
        let channel = self.usable(scope, id).await?;
        if !channel.is_on() {
            let why = "it is off; switch it on, and test it then";
            return Err(ChannelError::Conflict(why.into()));
        }
        let now = self.clock().now();
        let subject = format!("test.{id}.{now}");
        let told = Message {
            id: message::id(scope.tenant(), &subject, id),
            title: format!("Test: {}", channel.stored.name),
            summary: "If you read this, alerts arrive here.".into(),
            by: Some(hand.who.name.clone()),
            link: self.notifier().post.link(scope.tenant(), "/alerts/channels"),
            ..message::blank(Notice::Test, scope.tenant().as_str(), &subject, now)
        };
        let new = new_delivery(id, subject.clone(), subject, &told, now)?;
        let entry = hand.entry(now, "channel.test", id, &channel.stored.name);
        let added = self.stores().deliveries.add_delivery(scope, new, entry).await?;
        self.notifier().woken.notify_one();
        Ok(ledger::item(&added, scope.tenant(), &[]))
    }

    async fn usable(&self, scope: &TenantScope, id: u64) -> Result<Channel, ChannelError> {
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

fn checked(
    request: &ChannelRequest,
    kept: &Secrets,
    before: Option<&Channel>,
) -> Result<Checked, ChannelError> {
    let doc = &request.doc;
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut must = |field: &str, must: String| wrong.push((field.to_owned(), must));
    let length = doc.name.chars().count();
    if doc.name.trim().is_empty() || length > LONGEST_NAME || doc.name.chars().any(char::is_control) {
        must(
            "name",
            format!("have 1 to {LONGEST_NAME} characters, none of them control characters"),
        );
    }
    if Severity::parse(&doc.least).is_none() {
        must("least", "be info, warning or critical".into());
    }
    if doc.digest_from == 1 || doc.digest_from > MAX_DIGEST {
        must("digest_from", format!("be 0 for never, or 2 to {MAX_DIGEST}"));
    }
    if doc.only.len() > MAX_ONLY {
        must("only", format!("be at most {MAX_ONLY} matchers"));
    }
    for text in &doc.only {
        if let Err(error) = matchers(text) {
            must(
                "only",
                format!("be matchers such as provider=\"openai\": {error}"),
            );
        }
    }
    let Some(kind) = Kind::parse(&doc.kind) else {
        let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
        must("kind", format!("be one of {}", names.join(", ")));
        return Err(ChannelError::Invalid(wrong));
    };
    let same_kind = before.is_some_and(|before| before.kind == kind);
    let given: Secrets = request
        .secrets
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.clone(), SecretString::from(value.clone())))
        .collect();
    let emptied = |name: &str| request.secrets.get(name).is_some_and(String::is_empty);
    let staying = kept
        .iter()
        .filter(|(name, _)| same_kind && !given.contains_key(*name) && !emptied(name));
    let mut all = given.clone();
    all.extend(staying.map(|(name, secret)| (name.clone(), secret.clone())));
    let destination = channels::destination(kind, &doc.settings, &all);
    // Whoever may change an address does not learn what was given for the old one.
    let moved = before.is_some_and(|before| !same_kind || before.body.destination != destination);
    if moved {
        all.clone_from(&given);
        let needed = kind.fields().iter().filter(|field| field.secret);
        for field in needed.filter(|field| kept.contains_key(field.name) && same_kind) {
            if !given.contains_key(field.name) && !emptied(field.name) {
                must(
                    field.name,
                    "be given anew: what was kept is for another destination".into(),
                );
            }
        }
    }
    let named = |Wrong { field, must }: Wrong| (field, must);
    if wrong.is_empty()
        && let Err(found) = channels::check(kind, &doc.settings, &all)
    {
        wrong.extend(found.into_iter().map(named));
    }
    if !wrong.is_empty() {
        return Err(ChannelError::Invalid(wrong));
    }
    let drop = kept.keys().filter(|name| !all.contains_key(*name));
    Ok(Checked {
        drop: drop.cloned().collect(),
        body: Body::of(doc, destination, all.keys().cloned().collect()),
        keep: given,
    })
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn request(kind: &str, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> ChannelRequest {
        let map = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            owned.collect::<BTreeMap<_, _>>()
        };
        ChannelRequest {
            doc: ChannelDoc {
                name: "ops".into(),
                kind: kind.into(),
                settings: map(settings),
                enabled: true,
                least: "info".into(),
                only: vec![],
                acknowledged: true,
                resolved: true,
                digest_from: 12,
                on_call_only: false,
            },
            secrets: map(secrets),
        }
    }

    fn fields(result: Result<Checked, ChannelError>) -> Vec<String> {
        match result {
            Err(ChannelError::Invalid(wrong)) => wrong.into_iter().map(|(field, _)| field).collect(),
            Err(other) => panic!("{other}"),
            Ok(_) => vec![],
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut bad = request("slack", &[], &[("url", "https://hooks.example/x")]);
        bad.doc.name = " ".into();
        bad.doc.least = "loud".into();
        bad.doc.digest_from = 1;
        bad.doc.only = vec!["provider".into()];
        assert_eq!(
            fields(checked(&bad, &Secrets::new(), None)),
            ["name", "least", "digest_from", "only"]
        );
        let none = request("pigeon", &[], &[]);
        assert_eq!(fields(checked(&none, &Secrets::new(), None)), ["kind"]);
        let missing = request("slack", &[], &[]);
        assert_eq!(fields(checked(&missing, &Secrets::new(), None)), ["url"]);
    }

    const SIGNING: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    #[test]
    fn a_secret_stays_unless_its_destination_changes() {
        let first = request(
            "webhook",
            &[],
            &[
                ("url", "https://one.example/hook"),
                ("secret", SIGNING),
                ("authorization", "Bearer x"),
            ],
        );
        let made = checked(&first, &Secrets::new(), None).unwrap();
        assert_eq!(made.keep.len(), 3);
        let stored = StoredChannel {
            id: 1,
            version: 1,
            name: "ops".into(),
            body: serde_json::to_string(&made.body).unwrap(),
            enabled: true,
            trouble: None,
            created: (0, String::new()),
            changed: (0, String::new()),
        };
        let before = Channel::of(stored).unwrap();

        let again = request("webhook", &[], &[]);
        let kept = checked(&again, &made.keep, Some(&before)).unwrap();
        assert_eq!(
            (kept.keep.len(), kept.drop.len(), kept.body.secrets.len()),
            (0, 0, 3)
        );
        let same_host = request("webhook", &[], &[("url", "https://one.example/other")]);
        let kept = checked(&same_host, &made.keep, Some(&before)).unwrap();
        assert_eq!((kept.keep.len(), kept.body.secrets.len()), (1, 3));

        let moved = request("webhook", &[], &[("url", "https://two.example/hook")]);
        assert_eq!(
            fields(checked(&moved, &made.keep, Some(&before))),
            ["secret", "authorization"]
        );
        let anew = request(
            "webhook",
            &[],
            &[
                ("url", "https://two.example/hook"),
                ("secret", SIGNING),
                ("authorization", ""),
            ],
        );
        let dropped = checked(&anew, &made.keep, Some(&before)).unwrap();
        assert_eq!(dropped.drop, ["authorization"]);
        assert_eq!(
            dropped.body.destination.as_deref(),
            Some("https://two.example:443")
        );
    }
}
