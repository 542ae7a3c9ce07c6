//! Where a page of calls ended, as the opaque text that readers hand back.
//!
//! A place is an offset and how many of that batch's events are still to come. It names no filter and no range: a reader
//! who changes them between pages gets what the new ones say from there on.

use std::fmt;

use store::{BatchQuery, Offset, StoredBatch};

/// No cursor is longer.
const LONGEST: usize = 64;

/// Everything from here on has been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    offset: Offset,
    /// Events of that batch that come next, from its beginning; none when the batch is done.
    left: u32,
}

impl Place {
    /// Nothing has been looked at.
    pub const NEWEST: Place = Place::before_batch(BatchQuery::NEWEST);

    /// Before all events of a batch.
    pub const fn before_batch(offset: Offset) -> Place {
        Place { offset, left: 0 }
    }

    /// Before one event of a batch.
    pub fn within(offset: Offset, index: usize) -> Place {
        Place {
            offset,
            left: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }

    /// Where the journal is to be read from: a batch that is not done is read again.
    pub fn before(self) -> Offset {
        let again = u64::from(self.left > 0);
        Offset {
            seq: self.offset.seq.saturating_add(again),
            ..self.offset
        }
    }

    /// How many events of a batch behind this place are still to come.
    pub fn end_within(self, batch: &StoredBatch) -> usize {
        if batch.offset == self.offset {
            batch.events.len().min(self.left as usize)
        } else {
            batch.events.len()
        }
    }

    /// Reads what `to_string` wrote.
    pub fn parse(text: &str) -> Option<Place> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.strip_prefix("c_")?.split('.');
        let mut next = || {
            parts
                .next()
                .filter(|part| part.bytes().all(|b| b.is_ascii_digit()))
        };
        let place = Place {
            offset: Offset {
                writer: next()?.parse().ok()?,
                seq: next()?.parse().ok()?,
            },
            left: next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c_{}.{}.{}", self.offset.writer, self.offset.seq, self.left)
    }
}

#[cfg(test)]
mod tests {
    use protocol::filter::echo;

    use super::*;

    #[test]
    fn a_cursor_comes_back_exactly() {
        let offset = Offset {
            writer: 1,
            seq: u64::MAX,
        };
        for place in [
            Place::NEWEST,
            Place::before_batch(Offset { writer: 3, seq: 0 }),
            Place::within(offset, 65_535),
        ] {
            let text = place.to_string();
            assert_eq!(Place::parse(&text), Some(place), "{text}");
            assert!(text.len() <= LONGEST);
        }
        assert_eq!(Place::within(offset, 0), Place::before_batch(offset));
    }

    #[test]
    fn nothing_else_is_a_cursor() {
        for text in [
            "",
            "c_",
            "1.2.3",
            "c_1.2",
            "c_1.2.3.4",
            "c_1.2.",
            "c_+1.2.3",
            "c_-1.2.3",
            "c_1.2.x",
            "c_1. 2.3",
            "c_4294967296.1.1",
            "c_1.18446744073709551616.1",
        ] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
        assert_eq!(Place::parse(&format!("c_1.2.{}", "0".repeat(64))), None);
        assert_eq!(echo(&"ä".repeat(65)).chars().count(), 65);
    }

    #[test]
    fn a_batch_that_is_not_done_is_read_again() {
        let offset = Offset { writer: 1, seq: 7 };
        assert_eq!(Place::before_batch(offset).before(), offset);
        assert_eq!(Place::within(offset, 2).before(), Offset { writer: 1, seq: 8 });
        let batch = |seq| StoredBatch {
            offset: Offset { writer: 1, seq },
            tenant: store::TenantId::default_tenant(),
            key_id: String::new(),
            received: 0,
            events: store::contract::samples::full_events(0),
            refused: 0,
            refusals: Vec::new(),
        };
        assert_eq!(Place::within(offset, 2).end_within(&batch(7)), 2);
        assert_eq!(Place::within(offset, 99).end_within(&batch(7)), 7);
        assert_eq!(Place::within(offset, 2).end_within(&batch(6)), 7);
    }
}
