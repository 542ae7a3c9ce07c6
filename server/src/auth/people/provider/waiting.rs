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

/// All of them, by SHA-256 of the state.
#[derive(Default)]
pub(super) struct AllWaiting(Mutex<HashMap<[u8; 32], Waiting>>);

impl AllWaiting {
    /// Remembers one.
    pub fn put(&self, state: [u8; 32], waiting: Waiting, now: Millis) {
        let mut all = self.0.lock();
        all.retain(|_, known| now < known.until);
        let oldest = |all: &HashMap<[u8; 32], Waiting>, network: Option<&Network>| {
            let those = all
                .iter()
                .filter(|(_, known)| network.is_none_or(|network| known.network == *network));
            those
                .min_by_key(|(_, known)| known.until)
                .map(|(state, _)| *state)
        };
        let own = all
            .values()
            .filter(|known| known.network == waiting.network)
            .count();
        let goes = match (own >= OF_NETWORK, all.len() >= REMEMBERED) {
            (true, _) => oldest(&all, Some(&waiting.network)),
            (false, true) => oldest(&all, None),
            (false, false) => None,
        };
        if let Some(goes) = goes {
            all.remove(&goes);
        }
        all.insert(state, waiting);
    }

    /// Takes the one of this state out, if it is this browser's and still counts. One that is another browser's stays.
    pub fn take(&self, state: &[u8; 32], browser: &[u8; 32], now: Millis) -> Option<Waiting> {
        let mut all = self.0.lock();
        let known = all.get(state)?;
        if known.browser != *browser || now >= known.until {
            return None;
        }
        all.remove(state)
    }
}
