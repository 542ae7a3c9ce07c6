//! When many alerts come at once, whoever reads a channel gets one message that names them all.
//!
//! What was never tried is taken together, in one transaction, with the one message put into its place; so a process that
//! ends between the two loses nothing. Services that keep their own alerts (PagerDuty, webhooks) get each of them.

use std::collections::BTreeMap;

use channels::{Message, Notice};
use domain::Millis;
use store::erasures::DIGESTS;
use store::{NewDelivery, StoreError, StoredDelivery, TenantId};

use super::fan_out::new_delivery;
use super::stored::Channel;
use super::{Notifier, message};

/// Deliveries that one message may stand for.
const MOST: usize = 1_000;

/// What was told of one alert since it was last told anything.
struct Story {
    /// The deliveries.
    ids: Vec<u64>,
    /// The first and the newest message.
    first: Message,
    last: Message,
}

impl Notifier {
    /// Puts one message into the place of many, when there are so many.
    pub(super) async fn gather(
        &self,
        tenant: &TenantId,
        channel: &Channel,
        now: Millis,
    ) -> Result<(), StoreError> {
        let from = channel.body.digest_from as usize;
        if from == 0 || !channel.kind.is_read() {
            return Ok(());
        }
        let id = channel.stored.id;
        let deliveries = &self.stores.deliveries;
        let fresh = deliveries.fresh(&self.system, tenant, id, now, MOST).await?;
        let (new, follow_ups) = stories(fresh);
        for (stories, notice) in [(new, Notice::Fired), (follow_ups, Notice::Resolved)] {
            // A message that changes in place says that it is over where it said that it began.
            let in_place = notice == Notice::Resolved && channel.kind.changes_in_place();
            if stories.len() < from || in_place {
                continue;
            }
            let ids: Vec<u64> = stories.iter().flat_map(|story| story.ids.clone()).collect();
            let told = self.digest(tenant, id, &stories, now)?;
            if deliveries
                .gather(&self.system, tenant, &ids, told, now)
                .await?
                .is_some()
            {
                self.news(tenant);
            }
        }
        Ok(())
    }

    fn digest(
        &self,
        tenant: &TenantId,
        channel: u64,
        stories: &[Story],
        now: Millis,
    ) -> Result<NewDelivery, StoreError> {
        let first = stories.iter().flat_map(|story| &story.ids).min();
        let subject = format!("{DIGESTS}{}", first.copied().unwrap_or_default());
        let told = Message {
            id: message::id(tenant, &subject, channel),
            link: self.post.link(tenant, "/alerts"),
            ..of(tenant, &subject, stories, now)
        };
        new_delivery(channel, subject.clone(), subject, &told, now)
    }
}

/// By alert: those of which nothing was told before, and those that people were told of. What no message can be read of
/// stays as it is.
fn stories(fresh: Vec<StoredDelivery>) -> (Vec<Story>, Vec<Story>) {
    let mut by_topic: BTreeMap<String, Story> = BTreeMap::new();
    for delivery in fresh {
        let Ok(told) = serde_json::from_str::<Message>(&delivery.body) else {
            continue;
        };
        // Trouble and tests are told by themselves.
        if message::alert_of(&delivery.topic).is_none() {
            continue;
        }
        let story = by_topic.entry(delivery.topic).or_insert_with(|| Story {
            ids: Vec::new(),
            first: told.clone(),
            last: told.clone(),
        });
        story.ids.push(delivery.id);
        story.last = told;
    }
    let is_over = |story: &Story| story.last.notice == Notice::Resolved;
    let (new, known): (Vec<Story>, Vec<Story>) = by_topic
        .into_values()
        .partition(|story| story.first.notice.calls());
    // That somebody has it is told one by one: there are never many.
    (new, known.into_iter().filter(is_over).collect())
}

/// What stands for all of them: the most urgent by name, the others below it.
fn of(tenant: &TenantId, subject: &str, stories: &[Story], now: Millis) -> Message {
    let is_over = |story: &&Story| story.last.notice == Notice::Resolved;
    let over = stories.iter().filter(is_over).count();
    let mut named: Vec<&Message> = stories.iter().map(|story| &story.last).collect();
    // What is over comes last, and stands for the whole only when all is.
    named.sort_by_key(|told| {
        let is_over = told.notice == Notice::Resolved;
        (is_over, std::cmp::Reverse(told.severity), told.fired)
    });
    let notice = match over == stories.len() {
        true => Notice::Resolved,
        false => Notice::Fired,
    };
    let blank = message::blank(notice, tenant.as_str(), subject, now);
    let Some((head, rest)) = named.split_first() else {
        return blank;
    };
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for told in &named {
        *rules.entry(told.rule.as_str()).or_default() += 1;
    }
    let mut rules: Vec<(&str, usize)> = rules.into_iter().collect();
    rules.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let counted = rules
        .iter()
        .take(5)
        .map(|(name, count)| format!("{name} ×{count}"));
    let counted: Vec<String> = counted.collect();
    let settled = match over {
        0 => String::new(),
        all if all == stories.len() => ", all of them over".to_owned(),
        1 => ", one of them over again".to_owned(),
        some => format!(", {some} of them over again"),
    };
    Message {
        severity: named
            .iter()
            .map(|told| told.severity)
            .max()
            .unwrap_or(head.severity),
        title: head.title.clone(),
        summary: format!(
            "{} alerts at once{settled}: {}",
            stories.len(),
            counted.join(", ")
        ),
        since: named.iter().map(|told| told.since).min().unwrap_or(now),
        fired: named.iter().map(|told| told.fired).min().unwrap_or(now),
        simulated: named.iter().all(|told| told.simulated),
        grouped: rest.iter().map(|told| told.title.clone()).collect(),
        ..blank
    }
}

#[cfg(test)]
mod tests {
    use channels::Severity;

    use super::*;

    fn told(notice: Notice, title: &str, severity: Severity) -> Message {
        Message {
            severity,
            title: title.into(),
            rule: title.split(':').next().unwrap_or_default().into(),
            ..message::blank(notice, "default", "alert.1", 1_000)
        }
    }

    fn delivery(id: u64, alert: u64, message: &Message) -> StoredDelivery {
        StoredDelivery {
            id,
            channel: 1,
            subject: format!("alert.{alert}.{id}"),
            topic: format!("alert.{alert}"),
            body: serde_json::to_string(message).unwrap(),
            state: store::DeliveryState::Waiting,
            attempts: 0,
            steps: 0,
            unsure: false,
            created: 1_000,
            due: 1_000,
            done: None,
            words: String::new(),
        }
    }

    #[test]
    fn what_is_new_and_what_is_over_are_told_apart() {
        let fired = told(Notice::Fired, "Slow: gpt-5", Severity::Warning);
        let over = told(Notice::Resolved, "Slow: gpt-5", Severity::Warning);
        let taken = told(Notice::Acknowledged, "Slow: gpt-5", Severity::Warning);
        let mut odd = delivery(9, 9, &fired);
        odd.topic = "channel.3.1".into();
        let mut unread = delivery(10, 10, &fired);
        unread.body = "{".into();
        let (new, over) = stories(vec![
            delivery(1, 1, &fired),
            delivery(2, 2, &fired),
            delivery(3, 1, &over),
            delivery(4, 3, &over),
            delivery(5, 4, &taken),
            odd,
            unread,
        ]);
        assert_eq!(
            new.iter().map(|story| story.ids.clone()).collect::<Vec<_>>(),
            [vec![1, 3], vec![2]]
        );
        assert_eq!(
            over.iter().map(|story| story.ids.clone()).collect::<Vec<_>>(),
            [vec![4]]
        );
    }

    #[test]
    fn the_most_urgent_stands_for_all() {
        let fired = |title: &str, severity| told(Notice::Fired, title, severity);
        let over = told(Notice::Resolved, "Breaker open: a", Severity::Critical);
        let (new, _) = stories(vec![
            delivery(1, 1, &fired("Slow: b", Severity::Warning)),
            delivery(2, 2, &fired("Breaker open: a", Severity::Critical)),
            delivery(3, 2, &over),
            delivery(4, 3, &fired("Breaker open: c", Severity::Critical)),
            delivery(5, 4, &fired("Slow: d", Severity::Warning)),
        ]);
        let message = of(&TenantId::default_tenant(), "digest.1", &new, 9_000);
        assert_eq!(
            (message.title.as_str(), message.severity),
            ("Breaker open: c", Severity::Critical)
        );
        assert_eq!(message.grouped, ["Slow: b", "Slow: d", "Breaker open: a"]);
        assert_eq!(
            message.summary,
            "4 alerts at once, one of them over again: Breaker open ×2, Slow ×2"
        );
        assert_eq!(message.notice, Notice::Fired);
    }

    #[test]
    fn a_storm_is_counted() {
        let storm = (1..=200).map(|n| {
            let title = format!("Breaker open: {n}");
            delivery(n, n, &told(Notice::Fired, &title, Severity::Critical))
        });
        let (new, _) = stories(storm.collect());
        let message = of(&TenantId::default_tenant(), "digest.1", &new, 9_000);
        assert_eq!(
            message.grouped.len(),
            199,
            "whoever formats it counts them, and names some"
        );
        assert!(
            message
                .summary
                .starts_with("200 alerts at once: Breaker open ×200")
        );
    }
}
