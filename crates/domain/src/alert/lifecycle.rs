//! The one function that changes an alert: [`step`] takes where it stands, what somebody wants, and the time, and gives
//! where it stands then, what is written into its timeline, and what must be told.
//!
//! What people did is never undone by the system, except by the end they gave it themselves: an acknowledgement stays
//! until it runs out, is taken back or taken over, or the alert is resolved.

use super::Origin;
use super::record::{Ack, Alert, Event, EventKind, Holds, New, Notice, Resolved, Snooze, Who};
use crate::Millis;

/// The longest note or comment, in characters.
const MAX_TEXT: usize = 4_096;
/// The longest acknowledgement and the longest snooze.
const LONGEST: Millis = 30 * super::DAY;

/// What may happen to an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// "I have it." Who has it already may change note and end; somebody else only takes it over on purpose.
    Acknowledge {
        /// Who.
        by: Who,
        /// What they say; may be empty.
        note: String,
        /// Until then.
        until: Option<Millis>,
        /// Also when somebody else has it.
        take_over: bool,
    },
    /// "I do not have it any more."
    Unacknowledge {
        /// Who.
        by: Who,
    },
    /// Put off.
    Snooze {
        /// Who.
        by: Who,
        /// Until then.
        until: Millis,
    },
    /// Not put off any more.
    Unsnooze {
        /// Who.
        by: Who,
    },
    /// Somebody shall look after it, or nobody.
    Assign {
        /// Who says so.
        by: Who,
        /// Who shall.
        to: Option<Who>,
    },
    /// Something to know.
    Comment {
        /// Who.
        by: Who,
        /// What.
        text: String,
    },
    /// It is over: somebody says so, or it cleared.
    Resolve {
        /// Who; `None` when it cleared.
        by: Option<Who>,
        /// Why.
        why: String,
    },
    /// What was found newly, in words; no event.
    Observe {
        /// The newest reading.
        summary: String,
    },
    /// Its sender sent it again, in newer words or with a later end; no event.
    Again {
        /// What was found.
        summary: String,
        /// What to do.
        runbook: Option<String>,
        /// What is kept of it.
        origin: Origin,
    },
    /// The reasons why nobody is told are these now.
    Hold(Holds),
    /// Nobody took it in time: others are told, in these words. Nothing when nobody is waited for.
    Escalate {
        /// Who is told.
        words: String,
    },
    /// It belongs to this incident.
    Join {
        /// The number of the alert that began it.
        incident: u64,
    },
    /// Time has passed: what has an end may have ended.
    Tend,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The alert, after it.
    pub alert: Alert,
    /// What its timeline gets, in order. Nothing when nothing happened.
    pub events: Vec<Event>,
    /// What must be told, and belongs to the last event.
    pub notice: Option<Notice>,
}

/// Why a command was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else was first.
    #[error("already acknowledged by {}", by.name)]
    AlreadyAcknowledged {
        /// Who.
        by: Who,
        /// When.
        at: Millis,
    },
    /// Nobody has it.
    #[error("nobody has acknowledged it")]
    NotAcknowledged,
    /// Nobody put it off.
    #[error("it is not snoozed")]
    NotSnoozed,
    /// It is over.
    #[error("already resolved{}", by.as_ref().map_or(String::new(), |by| format!(" by {}", by.name)))]
    AlreadyResolved {
        /// By whom; `None` when it cleared.
        by: Option<Who>,
        /// When.
        at: Millis,
    },
    /// A text or a time is not as it must be.
    #[error("{field}: {must}")]
    Invalid {
        /// Its name in the API.
        field: &'static str,
        /// What it must be.
        must: String,
    },
}

impl Alert {
    /// An alert that fires now: its first events, and the notice unless something holds it back.
    pub fn raise(new: New, now: Millis) -> Moved {
        let mut events = Vec::new();
        if new.pending && new.since < now {
            events.push(event(new.since, None, EventKind::Pending, ""));
        }
        let alert = Alert {
            rule: new.rule,
            rule_name: new.rule_name,
            origin: new.origin,
            fingerprint: new.fingerprint,
            severity: new.severity,
            part: new.part,
            labels: new.labels,
            title: new.title,
            summary: new.summary,
            runbook: new.runbook,
            simulated: new.simulated,
            since: new.since.min(now),
            fired: now,
            changed: now,
            owner: None,
            ack: None,
            snooze: None,
            holds: new.holds,
            incident: new.incident,
            told: false,
            resolved: None,
        };
        events.push(event(now, None, EventKind::Fired, &alert.summary));
        let mut moved = Moved {
            alert,
            events,
            notice: None,
        };
        if moved.alert.holds.any() {
            let why = moved.alert.holds.words();
            moved.events.push(event(now, None, EventKind::Suppressed, &why));
        }
        moved.tell_if_due(now, Notice::Fired);
        moved
    }
}

/// Lets something happen to an alert.
///
/// # Errors
/// See [`Refused`]; nothing has changed then.
pub fn step(alert: &Alert, command: Command, now: Millis) -> Result<Moved, Refused> {
    if let Some(resolved) = &alert.resolved
        && !matches!(
            command,
            Command::Comment { .. } | Command::Join { .. } | Command::Tend
        )
    {
        return Err(Refused::AlreadyResolved {
            by: resolved.by.clone(),
            at: resolved.at,
        });
    }
    let mut moved = Moved {
        alert: alert.clone(),
        events: Vec::new(),
        notice: None,
    };
    match command {
        Command::Acknowledge {
            by,
            note,
            until,
            take_over,
        } => moved.acknowledge(by, note, until, take_over, now)?,
        Command::Unacknowledge { by } => {
            let held = moved.alert.ack.take().filter(|ack| ack.counts(now));
            held.ok_or(Refused::NotAcknowledged)?;
            moved.alert.owner = None;
            moved.note(event(now, Some(by), EventKind::Unacknowledged, ""));
            moved.tell_if_due(now, Notice::Refired);
        }
        Command::Snooze { by, until } => {
            check_until(until, now, "until")?;
            moved.alert.snooze = Some(Snooze {
                by: by.clone(),
                at: now,
                until,
            });
            let mut put_off = event(now, Some(by), EventKind::Snoozed, "");
            put_off.until = Some(until);
            moved.note(put_off);
        }
        Command::Unsnooze { by } => {
            let held = moved.alert.snooze.take().filter(|snooze| now < snooze.until);
            held.ok_or(Refused::NotSnoozed)?;
            moved.note(event(now, Some(by), EventKind::Unsnoozed, ""));
            moved.tell_if_due(now, Notice::Refired);
        }
        Command::Assign { by, to } => {
            if moved.alert.owner != to {
                let name = to
                    .as_ref()
                    .map_or_else(|| "nobody".to_owned(), |to| to.name.clone());
                moved.alert.owner = to;
                moved.note(event(now, Some(by), EventKind::Assigned, &name));
            }
        }
        Command::Comment { by, text } => {
            check_text(&text, "text", 1)?;
            moved.note(event(now, Some(by), EventKind::Commented, &text));
        }
        Command::Resolve { by, why } => {
            check_text(&why, "note", 0)?;
            moved.note(event(now, by.clone(), EventKind::Resolved, &why));
            moved.notice = moved.alert.told.then_some(Notice::Resolved);
            moved.alert.resolved = Some(Resolved { at: now, by, why });
        }
        Command::Observe { summary } => moved.alert.summary = summary,
        Command::Again {
            summary,
            runbook,
            origin,
        } => {
            moved.alert.summary = summary;
            moved.alert.runbook = runbook;
            moved.alert.origin = Some(origin);
        }
        Command::Hold(holds) => moved.hold(holds, now),
        Command::Escalate { words } => {
            if moved.alert.calls(now) {
                moved.note(event(now, None, EventKind::Escalated, &words));
            }
        }
        Command::Join { incident } => {
            if moved.alert.incident != Some(incident) {
                moved.alert.incident = Some(incident);
                let text = incident.to_string();
                moved.note(event(now, None, EventKind::Joined, &text));
            }
        }
        Command::Tend => moved.tend(now),
    }
    Ok(moved)
}

impl Moved {
    /// Something happened, or the newest words differ.
    pub fn is_news(&self, before: &Alert) -> bool {
        !self.events.is_empty() || self.alert != *before
    }

    fn acknowledge(
        &mut self,
        by: Who,
        note: String,
        until: Option<Millis>,
        take_over: bool,
        now: Millis,
    ) -> Result<(), Refused> {
        check_text(&note, "note", 0)?;
        if let Some(until) = until {
            check_until(until, now, "until")?;
        }
        let held = self.alert.ack.as_ref().filter(|ack| ack.counts(now));
        match held {
            Some(ack) if ack.by.id != by.id && !take_over => {
                return Err(Refused::AlreadyAcknowledged {
                    by: ack.by.clone(),
                    at: ack.at,
                });
            }
            // The same hand again, saying the same: nothing new.
            Some(ack) if ack.by.id == by.id && ack.note == note && ack.until == until => return Ok(()),
            _ => {}
        }
        let mut taken = event(now, Some(by.clone()), EventKind::Acknowledged, &note);
        taken.until = until;
        self.note(taken);
        self.notice = self.alert.told.then_some(Notice::Acknowledged);
        self.alert.owner = Some(by.clone());
        self.alert.ack = Some(Ack {
            by,
            at: now,
            note,
            until,
        });
        Ok(())
    }

    fn hold(&mut self, holds: Holds, now: Millis) {
        if self.alert.holds == holds {
            return;
        }
        let (kind, why) = match holds.any() {
            true => (EventKind::Suppressed, holds.words()),
            false => (EventKind::Released, String::new()),
        };
        self.alert.holds = holds;
        self.note(event(now, None, kind, &why));
        self.tell_if_due(now, Notice::Fired);
    }

    fn tend(&mut self, now: Millis) {
        if !self.alert.is_open() {
            return;
        }
        if let Some(quiet) = self.alert.holds.quiet
            && now >= quiet
        {
            let holds = Holds {
                quiet: None,
                ..self.alert.holds.clone()
            };
            self.hold(holds, now);
        }
        if let Some(ack) = self.alert.ack.take_if(|ack| !ack.counts(now)) {
            self.alert.owner = None;
            let why = format!("the acknowledgement by {} ran out", ack.by.name);
            self.note(event(now, None, EventKind::Refired, &why));
            self.tell_if_due(now, Notice::Refired);
        }
        if let Some(snooze) = self.alert.snooze.take_if(|snooze| now >= snooze.until) {
            let why = format!("the snooze by {} ran out", snooze.by.name);
            self.note(event(now, None, EventKind::Refired, &why));
            self.tell_if_due(now, Notice::Refired);
        }
    }

    fn note(&mut self, event: Event) {
        self.alert.changed = event.at;
        self.events.push(event);
    }

    /// It needs somebody: that is told, as news to those who have not heard of it.
    fn tell_if_due(&mut self, now: Millis, notice: Notice) {
        if self.alert.phase(now) != super::Phase::Firing {
            return;
        }
        self.notice = match (notice, self.alert.told) {
            // Told before, and nothing was asked of anybody in between.
            (Notice::Fired, true) => self.notice,
            (_, false) => Some(Notice::Fired),
            (notice, true) => Some(notice),
        };
        self.alert.told = true;
    }
}

fn event(at: Millis, by: Option<Who>, kind: EventKind, text: &str) -> Event {
    Event {
        at,
        by,
        kind,
        text: text.to_owned(),
        until: None,
    }
}

fn check_text(text: &str, field: &'static str, least: usize) -> Result<(), Refused> {
    let length = text.chars().count();
    let blank = least > 0 && text.trim().is_empty();
    if blank || length > MAX_TEXT {
        let got = if blank { 0 } else { length };
        return Err(Refused::Invalid {
            field,
            must: format!("must have {least} to {MAX_TEXT} characters, got {got}"),
        });
    }
    match text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        true => Err(Refused::Invalid {
            field,
            must: "must have no control characters".into(),
        }),
        false => Ok(()),
    }
}

fn check_until(until: Millis, now: Millis, field: &'static str) -> Result<(), Refused> {
    if until > now && until - now <= LONGEST {
        return Ok(());
    }
    Err(Refused::Invalid {
        field,
        must: format!("must be after now ({now}) and at most 30 days ahead, got {until}"),
    })
}
