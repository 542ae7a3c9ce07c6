//! A batch's zone map: 62 bits that tell a reader which batches it can skip without unpacking them.
//!
//! Bits 0–7: kinds of event. Bits 8–23: outcomes. Bits 24–61: a Bloom filter with one hash over provider names and
//! breaker names. The sign bit stays clear, so that it fits a signed column.

use domain::{Event, EventBody, Outcome};

/// What a batch may contain: a set bit says "perhaps", a clear bit says "surely not".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ZoneMap(u64);

const OUTCOMES: u32 = 8;
const NAMES: u32 = 24;
const NAME_BITS: u64 = 38;

impl ZoneMap {
    /// The map of these events.
    pub fn of(events: &[Event]) -> ZoneMap {
        let mut map = ZoneMap::default();
        for event in events {
            map = map.with(ZoneMap::of_event(event));
        }
        map
    }

    fn of_event(event: &Event) -> ZoneMap {
        let (kind, outcome, provider, breaker) = match &event.body {
            EventBody::Call(call) => (
                0,
                Some(call.outcome()),
                Some(call.provider.as_str()),
                call.breaker.as_deref(),
            ),
            EventBody::Transition(transition) => (
                1,
                None,
                transition.subject.provider.as_deref(),
                Some(transition.subject.breaker.as_str()),
            ),
            EventBody::Stats(stats) => (
                2,
                None,
                stats.subject.provider.as_deref(),
                Some(stats.subject.breaker.as_str()),
            ),
            EventBody::Headroom(headroom) => (3, None, Some(headroom.provider.as_str()), None),
            EventBody::Marker(_) => (4, None, None, None),
        };
        [
            outcome.map(ZoneMap::outcome),
            provider.map(ZoneMap::provider),
            breaker.map(ZoneMap::breaker),
        ]
        .into_iter()
        .flatten()
        .fold(ZoneMap(1 << kind), ZoneMap::with)
    }

    /// The bit of calls, whichever.
    pub fn calls() -> ZoneMap {
        ZoneMap(1)
    }

    /// The bit of markers.
    pub fn markers() -> ZoneMap {
        ZoneMap(1 << 4)
    }

    /// The bits of a provider.
    pub fn provider(name: &str) -> ZoneMap {
        ZoneMap::name(b'p', name)
    }

    /// The bits of a breaker's name.
    pub fn breaker(name: &str) -> ZoneMap {
        ZoneMap::name(b'b', name)
    }

    /// The bit of an outcome.
    pub fn outcome(outcome: Outcome) -> ZoneMap {
        ZoneMap(1 << (OUTCOMES + outcome as u32))
    }

    /// FNV-1a, 64 bits: short, and the same for ever.
    fn name(kind: u8, name: &str) -> ZoneMap {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        for byte in std::iter::once(kind).chain(name.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        // The low bits of FNV-1a are weak; the high half is folded in before the remainder is taken.
        ZoneMap(1 << (u64::from(NAMES) + (hash ^ (hash >> 32)) % NAME_BITS))
    }

    /// Both.
    pub fn with(self, other: ZoneMap) -> ZoneMap {
        ZoneMap(self.0 | other.0)
    }

    /// Whether a batch with this map may contain everything that `wanted` names.
    pub fn may_hold(self, wanted: ZoneMap) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// As stored.
    pub fn to_bits(self) -> i64 {
        self.0 as i64
    }

    /// From what is stored.
    pub fn from_bits(bits: i64) -> ZoneMap {
        ZoneMap(bits as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples;

    #[test]
    fn a_map_names_what_is_there_and_keeps_its_sign_bit_clear() {
        let events = samples::full_events(1_000);
        let map = ZoneMap::of(&events);
        assert!(map.to_bits() > 0);
        assert_eq!(ZoneMap::from_bits(map.to_bits()), map);
        for event in &events {
            assert!(map.may_hold(ZoneMap::of_event(event)));
        }
        assert!(!ZoneMap::of(&events[..0]).may_hold(ZoneMap::outcome(Outcome::Ok)));
        assert!(ZoneMap::of(&events[..1]).may_hold(ZoneMap::calls()));
        assert!(!ZoneMap::of(&events[2..]).may_hold(ZoneMap::calls()));
        let marker = |event: &&Event| matches!(event.body, EventBody::Marker(_));
        let marker = events
            .iter()
            .find(marker)
            .expect("a marker among the samples")
            .clone();
        assert!(ZoneMap::of(&[marker]).may_hold(ZoneMap::markers()));
        assert!(!ZoneMap::of(&events[..1]).may_hold(ZoneMap::markers()));
    }

    #[test]
    fn the_bits_never_change() {
        assert_eq!(ZoneMap::outcome(Outcome::Rejected).to_bits(), 1 << 19);
        let bits = [ZoneMap::provider("openai"), ZoneMap::breaker("openai")]
            .map(|map| map.to_bits().trailing_zeros());
        assert_eq!(bits, [29, 44]);
    }
}
