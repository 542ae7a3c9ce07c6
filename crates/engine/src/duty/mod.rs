//! Who is on call: responders, schedules and escalation policies as people write them, and what follows from them now.
//!
//! Deliberately absent: telling anybody (`crate::notify` climbs the ladders), and who may change what (the server's
//! policies).

mod check;
mod form;
mod now;
mod take;

use protocol::duty::{EscalationDoc, ResponderDoc, ScheduleDoc};
use store::{DocumentKind, TenantScope};

use crate::Engine;
use crate::alerts::AlertError;
use crate::documents::Document;
pub(crate) use crate::documents::items;

pub(crate) use check::Known;
pub(crate) use form::{escalation_of, schedule_of};
pub use take::Take;

impl Document for ResponderDoc {
    const KIND: DocumentKind = DocumentKind::Responder;

    fn name(&self) -> &str {
        &self.name
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn check(&self, known: &Known, own: Option<u64>) -> Result<(), domain::alert::RuleError> {
        check::responder(self, known, own)
    }
}

impl Document for ScheduleDoc {
    const KIND: DocumentKind = DocumentKind::Schedule;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, known: &Known, _: Option<u64>) -> Result<(), domain::alert::RuleError> {
        check::schedule(self, known)
    }
}

impl Document for EscalationDoc {
    const KIND: DocumentKind = DocumentKind::Escalation;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, known: &Known, own: Option<u64>) -> Result<(), domain::alert::RuleError> {
        check::escalation(self, known, own)
    }
}

impl Engine {
    /// Rules name their policy: it keeps its name while one does.
    pub(crate) async fn named_by_no_rule(&self, scope: &TenantScope, name: &str) -> Result<(), AlertError> {
        let rules = self.rules(scope).await?;
        let user = rules
            .iter()
            .find(|item| item.rule.escalation.as_deref() == Some(name));
        user.map_or(Ok(()), |user| {
            let why = format!(
                "{name} is needed by the rule {}; take it out there first",
                user.rule.name
            );
            Err(AlertError::Conflict(why))
        })
    }

    /// A rule may only name a policy that is there.
    pub(crate) async fn check_escalation(
        &self,
        scope: &TenantScope,
        name: Option<&str>,
    ) -> Result<(), AlertError> {
        let Some(name) = name else {
            return Ok(());
        };
        let policies = self.documents::<EscalationDoc>(scope).await?;
        if policies.iter().any(|policy| policy.doc.name == name) {
            return Ok(());
        }
        let name: String = name.chars().take(80).collect();
        let must = format!("must be the name of an escalation policy; there is none named `{name}`");
        Err(domain::alert::RuleError::new("escalation", must).into())
    }
}
