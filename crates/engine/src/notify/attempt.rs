//! One attempt: prepare, send, judge, record.

use channels::{Answer, Attempt, Message, Prepared, Secrets, Verdict};
use domain::Millis;
use store::{Claim, DeliveryState, Outcome, StoreError, TenantId};

use super::stored::Channel;
use super::{Notifier, PATIENCE, Sent, ladder};
use crate::metrics::Counters;
use crate::pipeline::describe;

/// So many failures in a row of one delivery, and others are told that its channel may be dead.
const FAILING: u32 = 3;

impl Notifier {
    /// Tries to tell what was claimed, and records what came of it. What cannot be recorded is tried again once the lease
    /// ends.
    pub(super) async fn attempt(&self, tenant: &TenantId, channel: &Channel, claim: Claim) {
        let verdict = self.told(tenant, channel, &claim).await;
        if let Err(error) = self.take(tenant, channel, &claim, verdict).await {
            Counters::add(&self.counters.notify_failures, 1);
            tracing::error!(%tenant, delivery = claim.delivery.id, error = %describe(&error), "what came of a delivery could not be recorded; it is tried again");
        }
    }

    async fn told(&self, tenant: &TenantId, channel: &Channel, claim: &Claim) -> Verdict {
        let message: Message = match serde_json::from_str(&claim.delivery.body) {
            Ok(message) => message,
            Err(error) => {
                let words = format!("what is stored cannot be read: {error}");
                return Verdict::Refused { words };
            }
        };
        let body = &channel.body;
        let destination = body.destination.as_deref();
        let secrets = self
            .post
            .secrets(tenant, channel.stored.id, &body.secrets, destination);
        let secrets = match secrets.await {
            Ok(secrets) => secrets,
            Err(why) => {
                let words = format!("its secrets cannot be opened: {why}");
                return Verdict::Retry {
                    after_ms: None,
                    words,
                };
            }
        };
        let attempt = Attempt {
            message: &message,
            settings: &body.settings,
            secrets: &secrets,
            handle: claim.handle.as_deref().filter(|handle| !handle.is_empty()),
            now: self.clock.now(),
            may_repeat: claim.delivery.unsure,
        };
        let prepared = match channels::prepare(channel.kind, &attempt) {
            Ok(Prepared::Skip(why)) => {
                return Verdict::Delivered {
                    handle: None,
                    words: why.to_owned(),
                };
            }
            Ok(prepared) => prepared,
            Err(wrong) => {
                let words = format!("{}: must {}", wrong.field, wrong.must);
                return Verdict::Gone { words };
            }
        };
        let sent = tokio::time::timeout(PATIENCE, self.post.send(prepared)).await;
        let sent =
            sent.unwrap_or_else(|_| Sent::Failed(format!("no answer within {} s", PATIENCE.as_secs())));
        judged(channel, sent, &secrets, self.clock.now())
    }

    /// Records a verdict, and what follows from it.
    async fn take(
        &self,
        tenant: &TenantId,
        channel: &Channel,
        claim: &Claim,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let words = verdict.words().to_owned();
        let delivery = &claim.delivery;
        let seed = delivery.id ^ u64::from(delivery.attempts) << 32;
        let again = |after| ladder::next(delivery.created, delivery.steps, after, now, seed);
        let (state, due, handle): (DeliveryState, Option<Millis>, Option<String>) = match &verdict {
            Verdict::Delivered { handle, .. } => (DeliveryState::Delivered, None, handle.clone()),
            Verdict::Retry { after_ms, .. } => match again(*after_ms) {
                Some(due) => (DeliveryState::Waiting, Some(due), None),
                None => (DeliveryState::Dead, None, None),
            },
            // An empty handle hides the one that is lost.
            Verdict::Lost { .. } => (DeliveryState::Waiting, Some(now), Some(String::new())),
            Verdict::Refused { .. } | Verdict::Gone { .. } => (DeliveryState::Dead, None, None),
        };
        let counter = match state {
            DeliveryState::Delivered => &self.counters.delivered,
            DeliveryState::Waiting => &self.counters.retried,
            DeliveryState::Dead | DeliveryState::Dropped | DeliveryState::Gathered => {
                &self.counters.dead_letters
            }
        };
        let outcome = Outcome {
            state,
            at: now,
            due: due.unwrap_or(now),
            // Whoever says when says that it lives.
            climbs: matches!(verdict, Verdict::Retry { after_ms: None, .. }),
            handle,
            words: words.clone(),
        };
        let deliveries = &self.stores.deliveries;
        let recorded = deliveries
            .record(&self.system, tenant, delivery.id, delivery.attempts, outcome)
            .await?;
        if !recorded {
            return Ok(());
        }
        Counters::add(counter, 1);
        self.news(tenant);
        match verdict {
            Verdict::Gone { .. } => self.give_up(tenant, channel, &words, now).await,
            Verdict::Retry { after_ms: None, .. } if delivery.steps + 1 == FAILING => {
                self.warn_of(tenant, channel, &words, now).await
            }
            _ => Ok(()),
        }
    }
}

fn judged(channel: &Channel, sent: Sent, secrets: &Secrets, now: Millis) -> Verdict {
    match sent {
        Sent::Http {
            status,
            headers,
            body,
        } => {
            let header = |name: &str| {
                let found = headers.iter().find(|(of, _)| of.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            let retry_after = header("retry-after");
            let answer = Answer {
                status,
                retry_after: retry_after.as_deref(),
                body: &body,
                headers: &header,
                secrets,
            };
            channels::judge(channel.kind, &answer, now)
        }
        Sent::Mail(verdict) => verdict,
        Sent::Failed(words) => Verdict::Retry {
            after_ms: None,
            words: channels::redact(&words, secrets),
        },
        Sent::Forbidden(words) => Verdict::Gone {
            words: channels::redact(&words, secrets),
        },
    }
}
