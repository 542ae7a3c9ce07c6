//! Rings of equal slots of time: what happened lately, at a fixed resolution.
//!
//! A ring is told what time it is; it never asks. Only slots that were written to exist, so a quiet series costs a few
//! dozen bytes. [`Sliding`] keeps the total of the last complete slots by adding what came and taking away what went,
//! so that a tick costs the same for 5 minutes as for an hour.

use std::collections::VecDeque;

use crate::Millis;
use crate::event::Call;
use crate::rollup::Bucket;

/// The newest `slots` slots of `width` milliseconds, aligned to multiples of the width since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Ring<T> {
    width: Millis,
    slots: Millis,
    /// The slot that holds the newest `now`; `None` until told.
    newest: Option<Millis>,
    /// Slots in use, by number, oldest first. Boxed so that growing and inserting move eight bytes each.
    used: VecDeque<(Millis, Box<T>)>,
}

impl<T: Default> Ring<T> {
    /// An empty ring. Widths and lengths below one count as one.
    pub fn new(width_ms: Millis, slots: usize) -> Ring<T> {
        let slots = Millis::try_from(slots).unwrap_or(Millis::MAX).max(1);
        Ring {
            width: width_ms.max(1),
            slots,
            newest: None,
            used: VecDeque::new(),
        }
    }

    /// Moves to `now` and drops what left the window. Time that goes back changes nothing.
    pub fn advance(&mut self, now: Millis) {
        let slot = now.div_euclid(self.width);
        let newest = self.newest.map_or(slot, |newest| newest.max(slot));
        self.newest = Some(newest);
        let oldest = newest.saturating_sub(self.slots - 1);
        while self.used.front().is_some_and(|(slot, _)| *slot < oldest) {
            self.used.pop_front();
        }
    }

    /// The slot that holds `time`, made when it is not there. `None` when it left the window or lies beyond the slot
    /// after the newest. A ring that was never told the time takes it from here.
    pub fn slot_mut(&mut self, time: Millis) -> Option<&mut T> {
        let slot = time.div_euclid(self.width);
        let newest = *self.newest.get_or_insert(slot);
        if slot > newest.saturating_add(1) || slot <= newest.saturating_sub(self.slots) {
            return None;
        }
        let at = match self.find(slot) {
            Ok(at) => at,
            Err(at) => {
                self.used.insert(at, (slot, Box::default()));
                at
            }
        };
        self.used.get_mut(at).map(|(_, value)| &mut **value)
    }

    /// What the slot that holds `time` has, where it was written to and is still there.
    pub fn get(&self, time: Millis) -> Option<&T> {
        let at = self.find(time.div_euclid(self.width)).ok()?;
        self.used.get(at).map(|(_, value)| &**value)
    }

    /// Slots in use that start in `from ≤ start < to`, as (start, value), oldest first.
    pub fn range(&self, from: Millis, to: Millis) -> impl DoubleEndedIterator<Item = (Millis, &T)> {
        let first = self
            .used
            .partition_point(|(slot, _)| slot.saturating_mul(self.width) < from);
        let end = self
            .used
            .partition_point(|(slot, _)| slot.saturating_mul(self.width) < to);
        let used = self.used.range(first..end.max(first));
        used.map(|(slot, value)| (slot.saturating_mul(self.width), &**value))
    }

    /// All slots in use, as [`Ring::range`].
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Millis, &T)> {
        self.range(Millis::MIN, Millis::MAX)
    }

    /// The width of a slot, milliseconds.
    pub fn width(&self) -> Millis {
        self.width
    }

    /// The start of the newest slot; `None` until the ring was told the time.
    pub fn newest(&self) -> Option<Millis> {
        self.newest.map(|slot| slot.saturating_mul(self.width))
    }

    /// No slot is in use.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Most lookups are for the newest slot or the one before.
    fn find(&self, slot: Millis) -> Result<usize, usize> {
        match self.used.back() {
            Some((last, _)) if *last == slot => Ok(self.used.len() - 1),
            Some((last, _)) if *last < slot => Err(self.used.len()),
            _ => self.used.binary_search_by_key(&slot, |(slot, _)| *slot),
        }
    }
}

impl Ring<Bucket> {
    /// What the slots that start in `from ≤ start < to` add up to.
    pub fn sum(&self, from: Millis, to: Millis) -> Bucket {
        let mut total = Bucket::default();
        for (_, bucket) in self.range(from, to) {
            total.merge(bucket);
        }
        total
    }
}

/// The total of the last complete slots of a ring of buckets.
///
/// It must see what the ring sees: every call that is added to the ring is offered to [`Sliding::add`] too, and
/// [`Sliding::advance`] runs *before* the ring drops slots (a ring one slot longer than the range is enough when both
/// advance every slot; after a longer pause the total is made anew).
#[derive(Debug, Clone, PartialEq)]
pub struct Sliding {
    slots: Millis,
    from: Millis,
    to: Millis,
    total: Bucket,
}

impl Sliding {
    /// Over the last `slots` complete slots.
    pub fn new(slots: usize) -> Sliding {
        let slots = Millis::try_from(slots).unwrap_or(Millis::MAX);
        Sliding {
            slots,
            from: 0,
            to: 0,
            total: Bucket::default(),
        }
    }

    /// Moves to the slots that are complete at `now`.
    pub fn advance(&mut self, ring: &Ring<Bucket>, now: Millis) {
        let width = ring.width();
        let to = now.div_euclid(width).saturating_mul(width);
        let from = to.saturating_sub(self.slots.saturating_mul(width));
        if from >= self.to || from < self.from {
            self.total = ring.sum(from, to);
        } else {
            for (_, gone) in ring.range(self.from, from) {
                self.total.subtract(gone);
            }
            for (_, come) in ring.range(self.to, to) {
                self.total.merge(come);
            }
        }
        (self.from, self.to) = (from, to);
    }

    /// A call was added to the ring at `time`: counts when that slot is already part of the total.
    pub fn add(&mut self, time: Millis, call: &Call) {
        if (self.from..self.to).contains(&time) {
            self.total.add(call);
        }
    }

    /// The total.
    pub fn total(&self) -> &Bucket {
        &self.total
    }

    /// The stretch it covers: from, to (exclusive).
    pub fn range(&self) -> (Millis, Millis) {
        (self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    fn starts(ring: &Ring<u32>) -> Vec<i64> {
        ring.iter().map(|(start, _)| start).collect()
    }

    #[test]
    fn keeps_the_newest_slots_and_takes_late_ones() {
        let mut ring = Ring::<u32>::new(1_000, 3);
        ring.advance(10_500);
        for time in [10_999, 8_000, 11_999, 9_500] {
            *ring.slot_mut(time).unwrap() += 1;
        }
        assert_eq!(starts(&ring), [8_000, 9_000, 10_000, 11_000]);
        assert!(ring.slot_mut(7_999).is_none(), "left the window");
        assert!(ring.slot_mut(12_000).is_none(), "more than one slot ahead");
        ring.advance(11_000);
        assert_eq!(starts(&ring), [9_000, 10_000, 11_000]);
        ring.advance(5_000);
        assert_eq!(ring.newest(), Some(11_000), "time never goes back");
        assert_eq!(ring.get(9_999), Some(&1));
        assert_eq!(ring.get(8_500), None);
        ring.advance(1_000_000);
        assert!(ring.is_empty());
    }

    #[test]
    fn range_is_half_open_and_never_panics() {
        let mut ring = Ring::<u32>::new(10, 10);
        ring.advance(95);
        for time in [10, 20, 30, 90] {
            *ring.slot_mut(time).unwrap() = time as u32;
        }
        let of = |from, to| ring.range(from, to).map(|(_, value)| *value).collect::<Vec<_>>();
        assert_eq!(of(10, 30), [10, 20]);
        assert_eq!(of(11, 31), [20, 30]);
        assert_eq!(of(50, 20), [0u32; 0]);
        assert_eq!(of(i64::MIN, i64::MAX), [10, 20, 30, 90]);
    }

    #[test]
    fn takes_the_time_from_its_first_slot_and_survives_extremes() {
        let mut ring = Ring::<u32>::new(0, 0);
        assert!(ring.slot_mut(i64::MAX).is_some());
        assert!(ring.slot_mut(0).is_none());
        let mut early = Ring::<u32>::new(1_000, 2);
        assert!(early.slot_mut(-1).is_some());
        assert_eq!(starts(&early), [-1_000]);
        early.advance(i64::MIN);
        early.advance(i64::MAX);
        assert!(early.is_empty());
    }
}
