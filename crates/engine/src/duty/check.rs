//! What documents about people must be like, among what there is.

use domain::alert::RuleError;
use protocol::documents::DocumentItem;
use protocol::duty::{EscalationDoc, ResponderDoc, ScheduleDoc};
use store::{DocumentKind, StoreError, TenantScope};

use super::{escalation_of, items, schedule_of};
use crate::config::Stores;

/// The longest name, and the longest words, in characters.
const MAX_NAME: usize = 80;
const MAX_ABOUT: usize = 1_024;
/// The most channels of somebody.
const MAX_CHANNELS: usize = 10;

/// Everything of a tenant that documents may name.
#[derive(Debug)]
pub struct Known {
    /// Channels: numbers and names.
    pub(crate) channels: Vec<(u64, String)>,
    pub(crate) responders: Vec<DocumentItem<ResponderDoc>>,
    pub(crate) schedules: Vec<DocumentItem<ScheduleDoc>>,
    pub(crate) policies: Vec<DocumentItem<EscalationDoc>>,
}

impl Known {
    pub(crate) async fn read(stores: &Stores, scope: &TenantScope) -> Result<Known, StoreError> {
        let documents = stores.documents.as_ref();
        let channels = stores.deliveries.channels(scope).await?;
        Ok(Known {
            channels: channels
                .into_iter()
                .map(|channel| (channel.id, channel.name))
                .collect(),
            responders: items(documents, scope).await?,
            schedules: items(documents, scope).await?,
            policies: items(documents, scope).await?,
        })
    }

    pub(crate) fn responder(&self, id: u64) -> Option<&DocumentItem<ResponderDoc>> {
        self.responders.iter().find(|item| item.id == id)
    }

    pub(crate) fn schedule(&self, id: u64) -> Option<&DocumentItem<ScheduleDoc>> {
        self.schedules.iter().find(|item| item.id == id)
    }

    pub(crate) fn channel(&self, id: u64) -> Option<&str> {
        let found = self.channels.iter().find(|(known, _)| *known == id);
        found.map(|(_, name)| name.as_str())
    }

    /// What names a document, in words.
    pub(crate) fn user_of(&self, kind: DocumentKind, id: u64) -> Option<String> {
        let told = |of: fn(&protocol::duty::TellDoc) -> &[u64]| {
            let policies = self.policies.iter();
            let mut using =
                policies.filter(|item| item.doc.steps.iter().any(|step| of(&step.tell).contains(&id)));
            using
                .next()
                .map(|item| format!("the escalation policy {}", item.doc.name))
        };
        match kind {
            DocumentKind::Responder => {
                let on = |item: &&DocumentItem<ScheduleDoc>| {
                    let turns = item.doc.layers.iter().any(|layer| layer.people.contains(&id));
                    turns || item.doc.overrides.iter().any(|one| one.responder == id)
                };
                let schedule = self.schedules.iter().find(on);
                schedule
                    .map(|item| format!("the schedule {}", item.doc.name))
                    .or_else(|| told(|tell| &tell.responders))
            }
            DocumentKind::Schedule => told(|tell| &tell.schedules),
            _ => None,
        }
    }
}

fn must(holds: bool, field: &str, what: impl FnOnce() -> String) -> Result<(), RuleError> {
    match holds {
        true => Ok(()),
        false => Err(RuleError::new(field, what())),
    }
}

fn words(text: &str, field: &str, least: usize, most: usize) -> Result<(), RuleError> {
    let count = text.chars().count();
    let blank = least > 0 && text.trim() != text;
    must((least..=most).contains(&count) && !blank, field, || {
        format!("must have {least} to {most} characters and no blank at its ends, got {count}")
    })?;
    must(!text.chars().any(char::is_control), field, || {
        "must have no control characters".into()
    })
}

fn there<'a>(
    ids: impl IntoIterator<Item = &'a u64>,
    field: &str,
    what: &str,
    known: impl Fn(u64) -> bool,
) -> Result<(), RuleError> {
    let missing = ids.into_iter().find(|id| !known(**id));
    missing.map_or(Ok(()), |id| {
        Err(RuleError::new(
            field,
            format!("must be numbers of {what}; there is none numbered {id}"),
        ))
    })
}

pub(super) fn responder(doc: &ResponderDoc, known: &Known, own: Option<u64>) -> Result<(), RuleError> {
    words(&doc.name, "name", 1, MAX_NAME)?;
    let count = doc.channels.len();
    must(count <= MAX_CHANNELS, "channels", || {
        format!("must be at most {MAX_CHANNELS}, got {count}")
    })?;
    there(&doc.channels, "channels", "channels", |id| {
        known.channel(id).is_some()
    })?;
    let Some(account) = &doc.account else {
        return Ok(());
    };
    must((1..=64).contains(&account.len()), "account", || {
        "must be the id of a member's account".into()
    })?;
    let other = known
        .responders
        .iter()
        .find(|item| Some(item.id) != own && item.doc.account.as_ref() == Some(account));
    other.map_or(Ok(()), |other| {
        let must = format!("must be of nobody else; {} is this member", other.doc.name);
        Err(RuleError::new("account", must))
    })
}

pub(super) fn schedule(doc: &ScheduleDoc, known: &Known) -> Result<(), RuleError> {
    words(&doc.name, "name", 1, MAX_NAME)?;
    words(&doc.about, "about", 0, MAX_ABOUT)?;
    schedule_of(doc)?;
    let is_known = |id| known.responder(id).is_some();
    for (place, layer) in doc.layers.iter().enumerate() {
        words(&layer.name, &format!("layers[{place}].name"), 0, MAX_NAME)?;
        there(
            &layer.people,
            &format!("layers[{place}].people"),
            "responders",
            is_known,
        )?;
    }
    for (place, one) in doc.overrides.iter().enumerate() {
        let field = format!("overrides[{place}].responder");
        there([&one.responder], &field, "responders", is_known)?;
        words(&one.by, &format!("overrides[{place}].by"), 0, 512)?;
    }
    Ok(())
}

pub(super) fn escalation(doc: &EscalationDoc, known: &Known, own: Option<u64>) -> Result<(), RuleError> {
    words(&doc.name, "name", 1, MAX_NAME)?;
    words(&doc.about, "about", 0, MAX_ABOUT)?;
    escalation_of(doc)?;
    for (place, step) in doc.steps.iter().enumerate() {
        let field = |name: &str| format!("steps[{place}].tell.{name}");
        let tell = &step.tell;
        there(&tell.channels, &field("channels"), "channels", |id| {
            known.channel(id).is_some()
        })?;
        there(&tell.schedules, &field("schedules"), "schedules", |id| {
            known.schedule(id).is_some()
        })?;
        there(&tell.responders, &field("responders"), "responders", |id| {
            known.responder(id).is_some()
        })?;
    }
    let other = known
        .policies
        .iter()
        .find(|item| item.doc.default && Some(item.id) != own);
    match other.filter(|_| doc.default) {
        None => Ok(()),
        Some(other) => {
            let must = format!(
                "must be false: {} is for all rules that name none already",
                other.doc.name
            );
            Err(RuleError::new("default", must))
        }
    }
}
