//! Counts by a small key, where most keys have no count: what sketches and buckets are made of.
//!
//! One `u64` per key that has a count, sorted by key: the key in the high bits, the count below. A nearly empty
//! bucket therefore costs a few dozen bytes, not the 12 × 4 × 8 of a full table. Counts saturate at
//! 2^(64 − `KEY_BITS`) − 1, which is 9 × 10^15 for the widest key in use.

/// Sorted (key, count) pairs; no pair has a count of zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sparse<const KEY_BITS: u32> {
    cells: Vec<u64>,
}

impl<const KEY_BITS: u32> Sparse<KEY_BITS> {
    const COUNT_BITS: u32 = 64 - KEY_BITS;
    const MAX: u64 = (1 << Self::COUNT_BITS) - 1;

    pub(crate) const fn new() -> Self {
        Sparse { cells: Vec::new() }
    }

    fn key(cell: u64) -> u64 {
        cell >> Self::COUNT_BITS
    }

    fn count(cell: u64) -> u64 {
        cell & Self::MAX
    }

    fn cell(key: u64, count: u64) -> u64 {
        debug_assert!(key >> KEY_BITS == 0, "the key has more bits than its type says");
        (key << Self::COUNT_BITS) | count.min(Self::MAX)
    }

    fn find(&self, key: u64) -> Result<usize, usize> {
        self.cells.binary_search_by_key(&key, |cell| Self::key(*cell))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(crate) fn get(&self, key: u64) -> u64 {
        self.find(key).map_or(0, |at| Self::count(self.cells[at]))
    }

    pub(crate) fn set(&mut self, key: u64, count: u64) {
        match (self.find(key), count) {
            (Ok(at), 0) => drop(self.cells.remove(at)),
            (Ok(at), _) => self.cells[at] = Self::cell(key, count),
            (Err(_), 0) => {}
            (Err(at), _) => self.cells.insert(at, Self::cell(key, count)),
        }
    }

    pub(crate) fn add(&mut self, key: u64, count: u64) {
        if count == 0 {
            return;
        }
        match self.find(key) {
            Ok(at) => self.cells[at] = Self::cell(key, Self::count(self.cells[at]).saturating_add(count)),
            Err(at) => self.cells.insert(at, Self::cell(key, count)),
        }
    }

    /// Sum of all counts.
    pub(crate) fn total(&self) -> u64 {
        self.cells
            .iter()
            .fold(0, |sum: u64, cell| sum.saturating_add(Self::count(*cell)))
    }

    /// (key, count), by key.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> + '_ {
        self.cells
            .iter()
            .map(|cell| (Self::key(*cell), Self::count(*cell)))
    }

    /// Adds every count of `other`. In place, from the back, so that at most one allocation happens.
    pub(crate) fn merge(&mut self, other: &Self) {
        let missing = self.missing_from(other);
        let mut read = self.cells.len();
        self.cells.resize(read + missing, 0);
        let mut write = self.cells.len();
        let mut theirs = other.cells.len();
        while theirs > 0 {
            let their_cell = other.cells[theirs - 1];
            let their_key = Self::key(their_cell);
            let mine = read.checked_sub(1).map(|at| self.cells[at]);
            write -= 1;
            self.cells[write] = match mine {
                Some(cell) if Self::key(cell) > their_key => {
                    read -= 1;
                    cell
                }
                Some(cell) if Self::key(cell) == their_key => {
                    read -= 1;
                    theirs -= 1;
                    Self::cell(
                        their_key,
                        Self::count(cell).saturating_add(Self::count(their_cell)),
                    )
                }
                _ => {
                    theirs -= 1;
                    their_cell
                }
            };
        }
    }

    /// How many keys of `other` are not here.
    fn missing_from(&self, other: &Self) -> usize {
        let mut mine = self.cells.iter().copied().map(Self::key).peekable();
        let mut missing = 0;
        for their_key in other.cells.iter().copied().map(Self::key) {
            while mine.next_if(|key| *key < their_key).is_some() {}
            if mine.peek() != Some(&their_key) {
                missing += 1;
            }
        }
        missing
    }

    /// Takes every count of `other` away; stops at zero. Undoes [`Sparse::merge`] as long as nothing saturated.
    pub(crate) fn subtract(&mut self, other: &Self) {
        let mut theirs = other.cells.iter().copied().peekable();
        self.cells.retain_mut(|cell| {
            let key = Self::key(*cell);
            while theirs
                .next_if(|their_cell| Self::key(*their_cell) < key)
                .is_some()
            {}
            if let Some(their_cell) = theirs.next_if(|their_cell| Self::key(*their_cell) == key) {
                *cell = Self::cell(key, Self::count(*cell).saturating_sub(Self::count(their_cell)));
            }
            Self::count(*cell) > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Sparse;

    type Six = Sparse<6>;

    fn of(pairs: &[(u64, u64)]) -> Six {
        let mut sparse = Six::new();
        for (key, count) in pairs {
            sparse.add(*key, *count);
        }
        sparse
    }

    fn model(pairs: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let mut map = BTreeMap::new();
        for (key, count) in pairs.iter().filter(|(_, count)| *count > 0) {
            *map.entry(*key).or_insert(0) += count;
        }
        map.into_iter().collect()
    }

    fn pairs() -> impl Strategy<Value = Vec<(u64, u64)>> {
        proptest::collection::vec((0u64..64, 0u64..1000), 0..40)
    }

    proptest! {
        #[test]
        fn behaves_as_a_map(a in pairs(), b in pairs()) {
            let mut both = of(&a);
            both.merge(&of(&b));
            let all: Vec<_> = a.iter().chain(&b).copied().collect();
            prop_assert_eq!(both.iter().collect::<Vec<_>>(), model(&all));
            prop_assert_eq!(both.total(), all.iter().map(|(_, count)| count).sum::<u64>());
            both.subtract(&of(&b));
            prop_assert_eq!(&both, &of(&a));
            both.subtract(&of(&a));
            prop_assert!(both.is_empty());
        }

        #[test]
        fn set_then_get(mut start in pairs(), key in 0u64..64, count in 0u64..10) {
            let mut sparse = of(&start);
            sparse.set(key, count);
            start.retain(|(other, _)| *other != key);
            start.push((key, count));
            prop_assert_eq!(sparse.get(key), count);
            prop_assert_eq!(sparse, of(&start));
        }
    }

    #[test]
    fn saturates_instead_of_spilling_into_the_key() {
        let mut sparse = of(&[(63, u64::MAX), (1, 5)]);
        sparse.add(63, u64::MAX);
        assert_eq!(sparse.iter().collect::<Vec<_>>(), [(1, 5), (63, (1 << 58) - 1)]);
    }
}
