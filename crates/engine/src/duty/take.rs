//! What people on call do themselves: say how they are told, take a shift over, give it back. The rest of a schedule is
//! not touched by that.

use domain::Millis;
use protocol::documents::DocumentItem;
use protocol::duty::{OverrideDoc, ResponderDoc, ScheduleDoc};
use store::TenantScope;

use crate::Engine;
use crate::alerts::{AlertError, Hand};

/// Overrides that ended longer ago are left out when another is put in.
const REMEMBERED: Millis = 35 * 86_400_000;
/// How often it is tried again after somebody else was faster.
const TRIES: usize = 3;

/// What is done to the overrides of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// Somebody takes a shift over.
    Over {
        /// The responder.
        responder: u64,
        /// From then.
        from: Millis,
        /// Until then.
        to: Millis,
    },
    /// What was taken over from then until then by somebody is given back.
    Back {
        /// The responder.
        responder: u64,
        /// From then.
        from: Millis,
        /// Until then.
        to: Millis,
    },
}

impl Engine {
    /// Puts an override in, or takes one back. Whoever else does so at the same time is not overwritten.
    ///
    /// # Errors
    /// There is no such schedule or override, it is not as it must be, or the store cannot be written.
    pub async fn take_shift(
        &self,
        scope: &TenantScope,
        id: u64,
        take: &Take,
        hand: &Hand,
    ) -> Result<DocumentItem<ScheduleDoc>, AlertError> {
        let mut tries = 0;
        loop {
            let item = self.document::<ScheduleDoc>(scope, id).await?;
            let mut doc = item.doc;
            let now = self.clock().now();
            let (action, detail) = match take {
                Take::Over { responder, from, to } => {
                    doc.overrides.retain(|one| one.to > now - REMEMBERED);
                    doc.overrides.push(OverrideDoc {
                        responder: *responder,
                        from: *from,
                        to: *to,
                        by: hand
                            .who
                            .name
                            .chars()
                            .filter(|c| !c.is_control())
                            .take(512)
                            .collect(),
                    });
                    ("override", format!("responder {responder} from {from} to {to}"))
                }
                Take::Back { responder, from, to } => {
                    let same =
                        |one: &OverrideDoc| (one.responder, one.from, one.to) == (*responder, *from, *to);
                    let place = doc.overrides.iter().position(same).ok_or(AlertError::Missing)?;
                    doc.overrides.remove(place);
                    ("give_back", format!("responder {responder} from {from} to {to}"))
                }
            };
            let known = (id, Some(item.version));
            match self.change_as(scope, known, &doc, hand, (action, &detail)).await {
                Err(AlertError::Conflict(_) | AlertError::Stale { .. }) if tries < TRIES => tries += 1,
                changed => return changed,
            }
        }
    }
}

impl Engine {
    /// The responder that a member is.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn own_responder(
        &self,
        scope: &TenantScope,
        account: &str,
    ) -> Result<Option<DocumentItem<ResponderDoc>>, AlertError> {
        let all = self.documents::<ResponderDoc>(scope).await?;
        Ok(all
            .into_iter()
            .find(|item| item.doc.account.as_deref() == Some(account)))
    }

    /// A member says how they are told; they are a responder from then on.
    ///
    /// # Errors
    /// A channel is not there, somebody else has the name, or the store cannot be written.
    pub async fn tell_me(
        &self,
        scope: &TenantScope,
        (account, name): (&str, &str),
        channels: Vec<u64>,
        hand: &Hand,
    ) -> Result<DocumentItem<ResponderDoc>, AlertError> {
        match self.own_responder(scope, account).await? {
            Some(own) => {
                let doc = ResponderDoc { channels, ..own.doc };
                self.change_document(scope, own.id, Some(own.version), &doc, hand)
                    .await
            }
            None => {
                let doc = ResponderDoc {
                    name: name.trim().chars().take(80).collect(),
                    account: Some(account.to_owned()),
                    channels,
                };
                self.create_document(scope, &doc, hand).await
            }
        }
    }
}
