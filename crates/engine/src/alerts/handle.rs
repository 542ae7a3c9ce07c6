//! "I have it": what people do to an alert.

use domain::alert::{Command, Refused, step};
use protocol::alerts::AlertItem;
use store::{AlertWrite, StoreError, TenantScope};

use super::{AlertError, Hand, told};
use crate::Engine;

/// How often it is tried again after another process was faster.
const TRIES: usize = 3;

impl Engine {
    /// Lets somebody do something to an alert. `version` is that of the alert they saw; without it whatever it is now
    /// counts, and of two who acknowledge at once the second is told who was first.
    ///
    /// # Errors
    /// There is none, it has changed, or it cannot happen to it; then nothing was written.
    pub async fn handle_alert(
        &self,
        scope: &TenantScope,
        id: u64,
        version: Option<u64>,
        command: Command,
        hand: &Hand,
    ) -> Result<AlertItem, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let mut state = desk.state.lock().await;
        let alerts = &self.stores().alerts;
        let mut tries = 0;
        loop {
            let now = self.clock().now();
            let stored = alerts.alert(scope, id).await?.ok_or(AlertError::Missing)?;
            if let Some(wanted) = version.filter(|wanted| *wanted != stored.version) {
                let found = stored.version;
                return Err(AlertError::Stale { wanted, found });
            }
            // What has run out by now has run out, whether or not the evaluator has seen it yet.
            let mut moved = step(&stored.alert, Command::Tend, now)?;
            let done = step(&moved.alert, command.clone(), now)?;
            if !done.is_news(&moved.alert) {
                return Ok(told::alert(&stored, now));
            }
            moved.alert = done.alert;
            moved.events.extend(done.events);
            moved.notice = done.notice.or(moved.notice);
            let by_hand = !moved.alert.is_open();
            let write = AlertWrite {
                known: Some((id, stored.version)),
                moved,
            };
            let entry = hand.entry(now, action(&command), id, detail(&command));
            match alerts.change_alert(scope, write, entry).await {
                Ok(Some(stored)) => {
                    if by_hand {
                        state.resolved_by_hand(&stored.alert, now);
                    }
                    let item = told::alert(&stored, now);
                    state.keep(stored);
                    desk.tell(&mut state, now);
                    self.evaluator().told.notify_one();
                    return Ok(item);
                }
                Ok(None) => return Err(AlertError::Missing),
                Err(StoreError::Conflict(_)) if tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The same to many, each by itself: what became of each, in their order.
    pub async fn handle_alerts(
        &self,
        scope: &TenantScope,
        ids: &[u64],
        command: &Command,
        hand: &Hand,
    ) -> Vec<(u64, Result<AlertItem, AlertError>)> {
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            let result = self.handle_alert(scope, *id, None, command.clone(), hand).await;
            done.push((*id, result));
        }
        done
    }
}

fn action(command: &Command) -> &'static str {
    match command {
        Command::Acknowledge { .. } => "alert.acknowledge",
        Command::Unacknowledge { .. } => "alert.unacknowledge",
        Command::Snooze { .. } => "alert.snooze",
        Command::Unsnooze { .. } => "alert.unsnooze",
        Command::Assign { .. } => "alert.assign",
        Command::Comment { .. } => "alert.comment",
        Command::Resolve { .. } => "alert.resolve",
        Command::Observe { .. }
        | Command::Again { .. }
        | Command::Hold(_)
        | Command::Escalate { .. }
        | Command::Join { .. }
        | Command::Tend => "alert.change",
    }
}

fn detail(command: &Command) -> String {
    match command {
        Command::Acknowledge { note, .. } => note.clone(),
        Command::Snooze { until, .. } => format!("until {until}"),
        Command::Assign { to, .. } => to
            .as_ref()
            .map_or_else(|| "to nobody".into(), |to| format!("to {}", to.id)),
        Command::Comment { text, .. } => text.clone(),
        Command::Resolve { why, .. } => why.clone(),
        _ => String::new(),
    }
}

impl AlertError {
    /// Somebody else was first.
    pub fn is_taken(&self) -> bool {
        matches!(self, AlertError::Refused(Refused::AlreadyAcknowledged { .. }))
    }
}
