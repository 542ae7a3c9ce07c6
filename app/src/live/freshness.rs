//! How old the picture is: the words of the live pill. "No events for a while" is another matter (*silent*) and not
//! told here: a picture can be fresh and show that nothing happens.

use leptos::prelude::*;

use super::store::{Connection, Live};
use crate::part::See;

/// From here on the pill says "Behind", milliseconds.
const BEHIND_MS: i64 = 3_000;
/// Above this it says "Stale", milliseconds.
const STALE_MS: i64 = 10_000;

/// How old what is shown is: the words of the live pill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// First connection of this page; the figures are those of the first paint.
    Connecting,
    /// A moment that has passed is shown; it does not get older.
    Replay,
    /// Under 3 s.
    Live,
    /// 3 to 10 s: seconds.
    Behind(i64),
    /// Over 10 s, or the socket is closed: seconds. Numbers turn grey.
    Stale(i64),
}

impl Freshness {
    /// Of a picture of this age.
    fn of(connection: Connection, connected_once: bool, age_ms: i64) -> Freshness {
        let age_ms = age_ms.max(0);
        let seconds = age_ms / 1_000;
        match connection {
            _ if age_ms > STALE_MS => Freshness::Stale(seconds),
            Connection::Connecting if !connected_once => Freshness::Connecting,
            Connection::Connecting | Connection::Waiting { .. } => Freshness::Stale(seconds),
            Connection::Open if age_ms >= BEHIND_MS => Freshness::Behind(seconds),
            Connection::Open => Freshness::Live,
        }
    }

    /// Numbers are not to be trusted.
    pub fn is_stale(self) -> bool {
        matches!(self, Freshness::Stale(_))
    }
}

impl Live {
    /// How old the picture is, by the server's clock. Reads signals that tick once a second: put it into a memo.
    pub fn freshness(&self) -> Freshness {
        if self.replay.see(Option::is_some) {
            return Freshness::Replay;
        }
        let age = self.now.get() - self.frame_now.get();
        Freshness::of(self.connection.get(), self.connected_once.get(), age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_age_and_socket() {
        use Connection::{Connecting, Open, Waiting};
        let waiting = Waiting { retry_at: 0 };
        for (connection, once, age, expected) in [
            (Open, true, -500, Freshness::Live),
            (Open, true, 2_999, Freshness::Live),
            (Open, true, 3_000, Freshness::Behind(3)),
            (Open, true, 10_000, Freshness::Behind(10)),
            (Open, true, 10_001, Freshness::Stale(10)),
            (waiting, true, 100, Freshness::Stale(0)),
            (waiting, false, 100, Freshness::Stale(0)),
            (Connecting, true, 2_000, Freshness::Stale(2)),
            (Connecting, false, 2_000, Freshness::Connecting),
            (Connecting, false, 11_000, Freshness::Stale(11)),
        ] {
            assert_eq!(
                Freshness::of(connection, once, age),
                expected,
                "{connection:?} {once} {age}"
            );
        }
    }
}
