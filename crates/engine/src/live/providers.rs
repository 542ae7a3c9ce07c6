//! Calls by provider, for the rails.

use std::collections::BTreeMap;

use domain::Millis;
use domain::rollup::{Addend, Bucket};
use domain::window::Ring;

/// An hour of 10 s slots, and one for the open bucket.
const SLOTS: usize = 362;
/// A provider that was silent so long leaves memory; its history stays.
const FORGET: Millis = 24 * 3_600_000;
/// More than this many providers are not followed live: an error in a sender's naming must not eat the memory.
const CAP: usize = 200;

#[derive(Default)]
pub(super) struct Providers {
    rows: BTreeMap<String, ProviderCalls>,
}

pub(super) struct ProviderCalls {
    pub tens: Ring<Bucket>,
    last: Millis,
}

impl Providers {
    pub fn call(&mut self, provider: &str, addend: &Addend, time: Millis, received: Millis) {
        // Most calls are of a provider that is known.
        if let Some(row) = self.rows.get_mut(provider) {
            row.call(addend, time, received);
        } else if let Some(row) = self.row(provider, received) {
            row.call(addend, time, received);
        }
    }

    /// The provider's row, made when there is room for it; it was heard of at `at`.
    fn row(&mut self, provider: &str, at: Millis) -> Option<&mut ProviderCalls> {
        if !self.rows.contains_key(provider) {
            if self.rows.len() >= CAP {
                return None;
            }
            let tens = Ring::new(10_000, SLOTS);
            self.rows
                .insert(provider.to_owned(), ProviderCalls { tens, last: at });
        }
        let row = self.rows.get_mut(provider)?;
        row.last = row.last.max(at);
        Some(row)
    }

    /// Puts a stored partial back after a restart.
    pub fn restore(&mut self, provider: &str, bucket: Millis, stats: &Bucket) {
        let Some(row) = self.row(provider, bucket) else {
            return;
        };
        row.tens.advance(row.last);
        if let Some(slot) = row.tens.slot_mut(bucket) {
            slot.merge(stats);
        }
    }

    pub fn expire(&mut self, now: Millis) {
        self.rows.retain(|_, row| row.last > now - FORGET);
        for row in self.rows.values_mut() {
            row.tens.advance(now);
        }
    }

    pub fn get(&self, provider: &str) -> Option<&ProviderCalls> {
        self.rows.get(provider)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }
}

impl ProviderCalls {
    fn call(&mut self, addend: &Addend, time: Millis, received: Millis) {
        self.last = self.last.max(received);
        self.tens.advance(received);
        if let Some(bucket) = self.tens.slot_mut(time) {
            bucket.add_addend(addend);
        }
    }
}

/// A stable id for a provider's name: FNV-1a, cut to the 53 bits that every JSON reader keeps exactly.
pub(crate) fn id(name: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in name.bytes() {
        hash ^= u64::from(byte);
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash & ((1 << 53) - 1)
}
