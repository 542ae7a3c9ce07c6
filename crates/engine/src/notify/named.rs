//! Channels that a rule names. In a document it says names; what is stored says numbers, so that a channel can be called
//! otherwise and is named still.
//!
//! A rule that names channels is told through these and no others, whatever alerts they ask for themselves. One that
//! names none leaves it to the channels. No channel can be removed while a rule, a responder or an
//! escalation policy names it; should it be gone all the same,
//! those that are left decide, and when none is left all channels do: rather one message too many than none.

use std::collections::HashMap;

use domain::alert::RuleError;
use serde::Deserialize;
use store::{StoreError, StoredChannel, StoredRule, TenantId, TenantScope};

use super::{ChannelError, Notifier};
use crate::Engine;
use crate::duty::Known;
use crate::start::system_read;

/// The most channels that a rule names.
const MOST: usize = 16;

/// What matters here of a rule as it is stored.
#[derive(Deserialize)]
struct Tells {
    #[serde(default)]
    tell: Vec<String>,
}

/// The numbers of the channels that a stored rule names.
fn numbers_in(rule: &StoredRule) -> Vec<u64> {
    let tells: Option<Tells> = serde_json::from_str(&rule.body).ok();
    let tell = tells.map(|tells| tells.tell).unwrap_or_default();
    tell.iter().filter_map(|number| number.parse().ok()).collect()
}

/// The numbers of the channels of these names.
///
/// # Errors
/// One is named twice, is not there, or there are too many.
pub(crate) fn numbers(tell: &[String], channels: &[StoredChannel]) -> Result<Vec<u64>, RuleError> {
    if tell.len() > MOST {
        let found = tell.len();
        let told = format!("must name at most {MOST} channels, got {found}");
        return Err(RuleError::new("tell", told));
    }
    let mut numbers = Vec::with_capacity(tell.len());
    for name in tell {
        let found = channels.iter().find(|channel| channel.name == *name);
        let Some(channel) = found else {
            let known: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
            let known = match known.is_empty() {
                true => "there is none yet".to_owned(),
                false => format!("there are {}", known.join(", ")),
            };
            let name = protocol::filter::echo(name);
            let told = format!("must be names of channels, and `{name}` is none; {known}");
            return Err(RuleError::new("tell", told));
        };
        if numbers.contains(&channel.id) {
            let told = format!("must name a channel once, got `{}` twice", channel.name);
            return Err(RuleError::new("tell", told));
        }
        numbers.push(channel.id);
    }
    Ok(numbers)
}

/// The names of channels as a stored rule says them: by numbers.
pub(crate) fn names(tell: &[String], channels: &[StoredChannel]) -> Vec<String> {
    let name = |number: &String| {
        let id: u64 = number.parse().ok()?;
        let channel = channels.iter().find(|channel| channel.id == id)?;
        Some(channel.name.clone())
    };
    tell.iter().filter_map(name).collect()
}

/// What rules of tenants name, each read once in a turn.
pub(super) type Naming = HashMap<TenantId, HashMap<u64, Vec<u64>>>;

impl Notifier {
    /// The channels that a rule names.
    pub(super) async fn named(
        &self,
        naming: &mut Naming,
        tenant: &TenantId,
        rule: u64,
    ) -> Result<Vec<u64>, StoreError> {
        if !naming.contains_key(tenant) {
            let rules = self.stores.alerts.rules(&system_read(tenant)).await?;
            let of_rule = rules.iter().map(|rule| (rule.id, numbers_in(rule)));
            naming.insert(tenant.clone(), of_rule.collect());
        }
        let of_rule = naming.get(tenant).and_then(|rules| rules.get(&rule));
        Ok(of_rule.cloned().unwrap_or_default())
    }
}

impl Engine {
    /// The names of the tenant's channels, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn channel_names(&self, scope: &TenantScope) -> Result<Vec<String>, ChannelError> {
        let channels = self.stores().deliveries.channels(scope).await?;
        Ok(channels.into_iter().map(|channel| channel.name).collect())
    }

    /// Refuses while a rule, a responder or an escalation policy names the channel.
    pub(super) async fn unnamed(&self, scope: &TenantScope, channel: u64) -> Result<(), ChannelError> {
        let rules = self.stores().alerts.rules(scope).await?;
        let naming = rules.iter().filter(|rule| numbers_in(rule).contains(&channel));
        let names: Vec<&str> = naming.map(|rule| rule.name.as_str()).collect();
        if !names.is_empty() {
            return Err(ChannelError::Conflict(format!(
                "rules name this channel: {}; take it out of them first",
                names.join(", ")
            )));
        }
        let known = Known::read(self.stores(), scope).await?;
        let responders = known.responders.iter().map(|item| &item.doc);
        let people = responders.filter(|doc| doc.channels.contains(&channel));
        let policies = known.policies.iter().map(|item| &item.doc);
        let ladders =
            policies.filter(|doc| doc.steps.iter().any(|step| step.tell.channels.contains(&channel)));
        let people = people.map(|doc| format!("the responder {}", doc.name));
        let ladders = ladders.map(|doc| format!("the escalation policy {}", doc.name));
        let by: Vec<String> = people.chain(ladders).collect();
        if by.is_empty() {
            return Ok(());
        }
        Err(ChannelError::Conflict(format!(
            "this channel is named by {}; take it out of them first",
            by.join(", ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: u64, name: &str) -> StoredChannel {
        StoredChannel {
            id,
            version: 1,
            name: name.into(),
            body: String::new(),
            enabled: true,
            trouble: None,
            created: (0, String::new()),
            changed: (0, String::new()),
        }
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_numbers_where_they_are_stored() {
        let channels = [channel(3, "#ops"), channel(7, "pager, night")];
        let found = numbers(&owned(&["pager, night", "#ops"]), &channels).unwrap();
        assert_eq!(found, [7, 3]);
        assert_eq!(names(&owned(&["7", "3"]), &channels), ["pager, night", "#ops"]);
        let renamed = [channel(3, "#llm-ops")];
        assert_eq!(names(&owned(&["7", "3"]), &renamed), ["#llm-ops"]);
    }

    #[test]
    fn what_is_no_channel_is_named() {
        let channels = [channel(3, "#ops")];
        let told = |tell: &[&str], channels: &[StoredChannel]| {
            numbers(&owned(tell), channels).unwrap_err().to_string()
        };
        assert_eq!(
            told(&["#opps"], &channels),
            "tell: must be names of channels, and `#opps` is none; there are #ops"
        );
        assert_eq!(
            told(&["#ops"], &[]),
            "tell: must be names of channels, and `#ops` is none; there is none yet"
        );
        assert_eq!(
            told(&["#ops", "#ops"], &channels),
            "tell: must name a channel once, got `#ops` twice"
        );
        assert_eq!(
            told(&["#ops"; 17], &channels),
            "tell: must name at most 16 channels, got 17"
        );
    }
}
