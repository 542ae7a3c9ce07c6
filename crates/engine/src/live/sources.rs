//! What has reached us, from which service under which key, and what it said wrong.

use std::collections::{BTreeMap, VecDeque};

use domain::Millis;
use domain::event::EventBody;
use store::StoredBatch;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 3_600_000;
/// A source that was silent so long leaves the page.
const FORGET: Millis = 24 * HOUR;
/// Refusals kept per source.
const REFUSALS: usize = 5;
/// Sources followed.
const CAP: usize = 500;

/// Sources by (key id, service).
#[derive(Default)]
pub(super) struct Sources {
    pub rows: BTreeMap<(String, String), Source>,
}

/// One service under one key.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Source {
    pub last: Millis,
    /// By minute: (start, events, refused), oldest first.
    pub minutes: VecDeque<(Millis, u64, u64)>,
    /// Newest first.
    pub refusals: VecDeque<Refused>,
}

/// One refused event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub at: Millis,
    pub index: u32,
    pub field: String,
    pub reason: String,
}

impl Sources {
    pub fn batch(&mut self, batch: &StoredBatch) {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for event in &batch.events {
            *counts.entry(service(&event.body).unwrap_or("")).or_default() += 1;
        }
        if batch.refused > 0 && counts.is_empty() {
            counts.insert("", 0);
        }
        // Refusals name no service: they go to the batch's largest one.
        let blamed = counts.iter().max_by_key(|entry| entry.1).map(|entry| *entry.0);
        for (service, events) in &counts {
            let refused = if blamed == Some(service) {
                u64::from(batch.refused)
            } else {
                0
            };
            let key = (batch.key_id.clone(), (*service).to_owned());
            if !self.rows.contains_key(&key) && self.rows.len() >= CAP {
                continue;
            }
            let row = self.rows.entry(key).or_default();
            row.last = row.last.max(batch.received);
            row.count(batch.received, *events, refused);
            if refused > 0 {
                for refusal in batch.refusals.iter().take(REFUSALS).rev() {
                    row.refusals.push_front(Refused {
                        at: batch.received,
                        index: refusal.index,
                        field: refusal.field.clone(),
                        reason: refusal.reason.clone(),
                    });
                }
                row.refusals.truncate(REFUSALS);
            }
        }
    }

    pub fn expire(&mut self, now: Millis) {
        self.rows.retain(|_, row| row.last > now - FORGET);
    }
}

impl Source {
    fn count(&mut self, at: Millis, events: u64, refused: u64) {
        let minute = at - at.rem_euclid(MINUTE);
        match self.minutes.back_mut() {
            Some(back) if back.0 >= minute => {
                back.1 += events;
                back.2 += refused;
            }
            _ => self.minutes.push_back((minute, events, refused)),
        }
        while self.minutes.front().is_some_and(|front| front.0 <= minute - HOUR) {
            self.minutes.pop_front();
        }
    }

    /// Events and refusals of the last hour.
    pub fn hour(&self, now: Millis) -> (u64, u64) {
        let recent = self.minutes.iter().filter(|entry| entry.0 > now - HOUR);
        recent.fold((0, 0), |sum, entry| (sum.0 + entry.1, sum.1 + entry.2))
    }
}

fn service(body: &EventBody) -> Option<&str> {
    match body {
        EventBody::Call(call) => call.service.as_deref(),
        EventBody::Transition(transition) => transition.subject.service.as_deref(),
        EventBody::Stats(stats) => stats.subject.service.as_deref(),
        EventBody::Headroom(headroom) => headroom.service.as_deref(),
        EventBody::Marker(marker) => marker.service.as_deref(),
    }
}
