//! Which event ids of a tenant were seen lately: for one hour of arrival time, at most the newest 1,000,000.
//!
//! Kept small on purpose, since every busy tenant has one: an id is 128 bits of its SHA-256 in a ring in order of
//! arrival (16 bytes), a hash table of 32-bit ring positions finds it (about 5 to 10 bytes), and arrival times are kept
//! once per run of ids that arrived together. Two different ids that share 128 bits of SHA-256 are not a case to plan
//! for, even when the ids come from an attacker.
//!
//! Deliberately absent: persistence. An adapter fills the set again from its journal when it opens.

use std::collections::VecDeque;

use domain::Millis;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use sha2::{Digest, Sha256};

/// How long an id is remembered: one hour of arrival time.
pub const RECENT_KEPT: Millis = 3_600_000;

/// How many ids are remembered per tenant.
pub const RECENT_LIMIT: usize = 1_000_000;

/// What stands for an id: the first 16 bytes of its SHA-256.
pub fn id_hash(id: &str) -> [u8; 16] {
    let digest = Sha256::digest(id.as_bytes());
    let mut first = [0u8; 16];
    first.copy_from_slice(&digest[..16]);
    first
}

/// Ids that arrived at the same time.
#[derive(Debug, Clone, Copy)]
struct Run {
    time: Millis,
    count: usize,
}

/// The ids of one tenant. Every operation takes constant time, amortised.
///
/// Ids are first *staged*; [`RecentIds::commit`] keeps them, [`RecentIds::rollback`] forgets them again, so that a
/// transaction that fails remembers nothing. Arrival times never run backwards here: an id that arrives with an
/// earlier time than one before it counts as having arrived with that one.
#[derive(Debug)]
pub struct RecentIds {
    limit: usize,
    /// Oldest first. Position `base + index` (wrapping) is what the table holds.
    ring: VecDeque<u128>,
    base: u32,
    table: HashTable<u32>,
    runs: VecDeque<Run>,
    /// The newest arrival time, and what it was before the stage began.
    newest: Millis,
    newest_before: Millis,
    /// How many ids at the back of the ring are staged.
    staged: usize,
    /// How many ids (and runs) at the front are past their hour. They go for good with the next commit.
    expired: usize,
    expired_runs: usize,
}

impl Default for RecentIds {
    fn default() -> Self {
        Self::new()
    }
}

impl RecentIds {
    /// Nothing is remembered yet.
    pub fn new() -> RecentIds {
        Self::with_limit(RECENT_LIMIT)
    }

    /// Like [`RecentIds::new`] with another limit, at most 2³¹.
    pub fn with_limit(limit: usize) -> RecentIds {
        RecentIds {
            limit: limit.min(1 << 31),
            ring: VecDeque::new(),
            base: 0,
            table: HashTable::new(),
            runs: VecDeque::new(),
            newest: Millis::MIN,
            newest_before: Millis::MIN,
            staged: 0,
            expired: 0,
            expired_runs: 0,
        }
    }

    /// Remembers an id at once. Whether it is new; a repeat changes nothing, so it does not extend the hour.
    pub fn check_and_insert(&mut self, id: &str, received: Millis) -> bool {
        let new = self.stage(id, received);
        self.commit();
        new
    }

    /// Whether the id is new; if so it is remembered until [`RecentIds::rollback`], or for its hour after
    /// [`RecentIds::commit`].
    pub fn stage(&mut self, id: &str, received: Millis) -> bool {
        self.stage_hash(id_hash(id), received)
    }

    /// [`RecentIds::stage`] of each id, by its [`id_hash`].
    pub fn stage_all(&mut self, hashes: &[[u8; 16]], received: Millis) -> Vec<bool> {
        let stage = |hash: &[u8; 16]| self.stage_hash(*hash, received);
        hashes.iter().map(stage).collect()
    }

    /// [`RecentIds::stage`] by the id's [`id_hash`].
    pub fn stage_hash(&mut self, hash: [u8; 16], received: Millis) -> bool {
        let id = u128::from_be_bytes(hash);
        let now = received.max(self.newest);
        self.newest = now;
        let live_from = self.live_from(now);
        let (ring, base) = (&self.ring, self.base);
        let at = |position: u32| position.wrapping_sub(base) as usize;
        let known = |&position: &u32| at(position) >= live_from && ring.get(at(position)) == Some(&id);
        let rehash = |&position: &u32| short(ring.get(at(position)).copied().unwrap_or_default());
        match self.table.entry(short(id), known, rehash) {
            Entry::Occupied(_) => return false,
            Entry::Vacant(place) => place.insert(base.wrapping_add(ring.len() as u32)),
        };
        self.ring.push_back(id);
        match self.runs.back_mut() {
            // A run never mixes staged and committed ids unless their time is the same, so counting back is enough.
            Some(run) if run.time == now => run.count += 1,
            _ => self.runs.push_back(Run { time: now, count: 1 }),
        }
        self.staged += 1;
        true
    }

    /// Keeps what was staged, and forgets what is too old or too much.
    pub fn commit(&mut self) {
        self.staged = 0;
        self.newest_before = self.newest;
        let gone = self.expired.max(self.ring.len().saturating_sub(self.limit));
        if gone == self.ring.len() && gone > 0 {
            *self = RecentIds {
                newest: self.newest,
                newest_before: self.newest,
                ..Self::with_limit(self.limit)
            };
            return;
        }
        for _ in 0..gone {
            let Some(id) = self.ring.pop_front() else { break };
            let position = self.base;
            if let Ok(entry) = self.table.find_entry(short(id), |&other| other == position) {
                entry.remove();
            }
            self.base = self.base.wrapping_add(1);
            if let Some(run) = self.runs.front_mut() {
                run.count -= 1;
                if run.count == 0 {
                    self.runs.pop_front();
                }
            }
        }
        (self.expired, self.expired_runs) = (0, 0);
    }

    /// Forgets what was staged; what was forgotten only because of the stage is remembered again.
    pub fn rollback(&mut self) {
        for _ in 0..self.staged {
            let Some(id) = self.ring.pop_back() else { break };
            let position = self.base.wrapping_add(self.ring.len() as u32);
            if let Ok(entry) = self.table.find_entry(short(id), |&other| other == position) {
                entry.remove();
            }
            if let Some(run) = self.runs.back_mut() {
                run.count -= 1;
                if run.count == 0 {
                    self.runs.pop_back();
                }
            }
        }
        self.staged = 0;
        self.newest = self.newest_before;
        (self.expired, self.expired_runs) = (0, 0);
    }

    /// How many ids are held, staged ones included.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// The index in the ring of the oldest id that is still remembered at `now`.
    fn live_from(&mut self, now: Millis) -> usize {
        while let Some(run) = self.runs.get(self.expired_runs)
            && run.time.saturating_add(RECENT_KEPT) <= now
        {
            self.expired += run.count;
            self.expired_runs += 1;
        }
        self.expired.max(self.ring.len().saturating_sub(self.limit))
    }
}

/// The hash table's hash: the ids are hashes already.
fn short(id: u128) -> u64 {
    id as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_is_remembered_for_an_hour_and_not_longer() {
        let mut recent = RecentIds::new();
        assert!(recent.check_and_insert("a", 0));
        assert!(!recent.check_and_insert("a", RECENT_KEPT - 1));
        assert!(
            recent.check_and_insert("a", RECENT_KEPT),
            "a repeat must not extend the hour"
        );
    }

    #[test]
    fn at_most_the_newest_are_remembered() {
        let mut recent = RecentIds::with_limit(2);
        for id in ["a", "b", "c"] {
            assert!(recent.check_and_insert(id, 5));
        }
        assert_eq!(recent.len(), 2);
        assert!(!recent.check_and_insert("c", 6));
        assert!(recent.check_and_insert("a", 6));
    }

    #[test]
    fn a_clock_that_moves_back_forgets_nothing() {
        let mut recent = RecentIds::new();
        assert!(recent.check_and_insert("a", 1_000_000_000));
        assert!(recent.check_and_insert("b", 5));
        assert!(!recent.check_and_insert("b", 1_000_000_000 + RECENT_KEPT - 1));
    }

    #[test]
    fn a_million_ids_take_less_than_45_megabytes() {
        let mut recent = RecentIds::new();
        for n in 0..RECENT_LIMIT + 1_000 {
            recent.stage(&n.to_string(), n as Millis / 1_000);
        }
        recent.commit();
        assert_eq!(recent.len(), RECENT_LIMIT);
        let bytes =
            recent.ring.capacity() * 16 + recent.table.allocation_size() + recent.runs.capacity() * 16;
        assert!(bytes < 45_000_000, "{bytes} bytes");
    }

    /// The same rule, written in the most obvious way.
    #[derive(Default)]
    struct Model {
        ids: Vec<(String, Millis)>,
        newest: Option<Millis>,
    }

    impl Model {
        fn stage(&mut self, id: &str, received: Millis, limit: usize) -> bool {
            let now = self.newest.map_or(received, |newest| newest.max(received));
            self.newest = Some(now);
            let skip = self.ids.len().saturating_sub(limit);
            if self
                .ids
                .iter()
                .skip(skip)
                .any(|(known, at)| known == id && at + RECENT_KEPT > now)
            {
                return false;
            }
            self.ids.push((id.to_owned(), now));
            true
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_obvious_model(
            limit in 1usize..6,
            transactions in prop::collection::vec(
                (prop::collection::vec((0u8..12, 0..3 * RECENT_KEPT), 0..6), any::<bool>()),
                0..30,
            ),
        ) {
            let mut recent = RecentIds::with_limit(limit);
            let mut model = Model::default();
            for (ids, keep) in transactions {
                let before = (model.ids.clone(), model.newest);
                for (id, at) in ids {
                    let id = id.to_string();
                    prop_assert_eq!(recent.stage(&id, at), model.stage(&id, at, limit));
                }
                if keep {
                    recent.commit();
                    prop_assert!(recent.len() <= limit);
                } else {
                    recent.rollback();
                    (model.ids, model.newest) = before;
                }
            }
        }
    }
}
