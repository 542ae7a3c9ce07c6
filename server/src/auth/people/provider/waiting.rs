//! Sign-ins that have begun and whose browsers are at the provider. They are remembered here only, for ten minutes, and
//! used once; a restart forgets them, and their people begin again.

use std::collections::HashMap;

use domain::Millis;
use oidc::Flow;
use parking_lot::Mutex;

use super::Purpose;
use crate::auth::turns::Network;

/// How long somebody may take at the provider.
pub const WAITS: Millis = 10 * 60_000;
/// Remembered at most; above it the oldest goes.
const REMEMBERED: usize = 10_000;
/// Of one network: who begins again and again forgets their own first.
const OF_NETWORK: usize = 100;

/// One of them.
pub(super) struct Waiting {
    pub flow: Flow,
    /// SHA-256 of what the cookie of its browser holds.
    pub browser: [u8; 32],
    pub purpose: Purpose,
    pub network: Network,
    pub until: Millis,
}

/// All of them.
#[derive(Default)]
pub(super) struct AllWaiting(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// By SHA-256 of the state, each with its turn: many begin within one millisecond.
    all: HashMap<[u8; 32], (u64, Waiting)>,
    turns: u64,
}

impl Known {
    /// The one that began first, of all or of a network.
    fn oldest(&self, network: Option<&Network>) -> Option<[u8; 32]> {
        let those = self
            .all
            .iter()
            .filter(|(_, (_, known))| network.is_none_or(|network| known.network == *network));
        those.min_by_key(|(_, (turn, _))| *turn).map(|(state, _)| *state)
    }
}

impl AllWaiting {
    /// Remembers one.
    pub fn put(&self, state: [u8; 32], waiting: Waiting, now: Millis) {
        let mut known = self.0.lock();
        known.all.retain(|_, (_, one)| now < one.until);
        let of_network = |one: &&(u64, Waiting)| one.1.network == waiting.network;
        let own = known.all.values().filter(of_network).count();
        let goes = match (own >= OF_NETWORK, known.all.len() >= REMEMBERED) {
            (true, _) => known.oldest(Some(&waiting.network)),
            (false, true) => known.oldest(None),
            (false, false) => None,
        };
        if let Some(goes) = goes {
            known.all.remove(&goes);
        }
        known.turns += 1;
        let turn = known.turns;
        known.all.insert(state, (turn, waiting));
    }

    /// Takes the one of this state out, if it is this browser's and still counts. One that is another browser's stays.
    pub fn take(&self, state: &[u8; 32], browser: &[u8; 32], now: Millis) -> Option<Waiting> {
        let mut known = self.0.lock();
        let (_, one) = known.all.get(state)?;
        if one.browser != *browser || now >= one.until {
            return None;
        }
        known.all.remove(state).map(|(_, one)| one)
    }
}
