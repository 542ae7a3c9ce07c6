//! How many sockets are open, and whose.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

/// Sockets one key may have.
const PER_KEY: usize = 10;
/// Sockets one session may have: a tab with the board has two.
const PER_SESSION: usize = 20;
/// Sockets without a key that one address may have.
const PER_ADDRESS: usize = 50;

/// Whom a socket is counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// An API key, by its id.
    Key(String),
    /// Somebody who is signed in, by the session's id.
    Session(String),
    /// Anybody else, by the address.
    Address(IpAddr),
}

impl Who {
    const fn most(&self) -> usize {
        match self {
            Who::Key(_) => PER_KEY,
            Who::Session(_) => PER_SESSION,
            Who::Address(_) => PER_ADDRESS,
        }
    }
}

/// All open sockets. They run on a tracker, so that a shutdown can wait for them: HTTP's own does not know them any more.
#[derive(Clone, Default)]
pub struct Sockets {
    tracker: TaskTracker,
    taken: Arc<Mutex<HashMap<Who, usize>>>,
}

/// One socket's place; dropping it gives the place back.
pub struct Seat {
    sockets: Sockets,
    who: Who,
}

impl Sockets {
    /// A place for one more socket, if there is one.
    pub fn take(&self, who: Who) -> Option<Seat> {
        let mut taken = self.taken.lock();
        let count = taken.entry(who.clone()).or_default();
        if *count >= who.most() {
            return None;
        }
        *count += 1;
        Some(Seat {
            sockets: self.clone(),
            who,
        })
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.taken.lock().values().sum()
    }

    /// Waits until all are closed.
    pub async fn all_closed(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Runs a socket to its end, which a shutdown waits for.
    pub fn run(&self, socket: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(socket);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.sockets.taken.lock();
        if let Some(count) = taken.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_are_limited_per_principal_and_given_back() {
        let sockets = Sockets::default();
        let key = Who::Key("k".into());
        let mut seats: Vec<Seat> = (0..PER_KEY).map(|_| sockets.take(key.clone()).unwrap()).collect();
        assert!(sockets.take(key.clone()).is_none());
        assert!(
            sockets.take(Who::Key("other".into())).is_some(),
            "others are not hindered"
        );
        seats.pop();
        assert!(sockets.take(key).is_some());
        drop(seats);
        assert_eq!(sockets.open(), 0);
        assert!(sockets.taken.lock().is_empty(), "no trace is kept of who left");
        sockets.all_closed().await;
    }
}
