//! Turns to hash a password: as many at a time as there are cores, and a short queue that is fair between networks.
//!
//! Hashing is made to be dear, so whoever can ask for it can keep a machine busy. Turns go round the networks that wait
//! (IPv4 by /24, IPv6 by /48), so that a flood from one of them, or from a few, leaves everybody else a turn. When the
//! queue is full, the longest line loses its last.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// How many may wait, all networks together.
const WAITING: usize = 64;
/// How many may wait of one network.
const OF_A_NETWORK: usize = 16;

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// A network, as far as it is told apart.
pub type Network = [u8; 7];

/// The network of an address; `None` for one that is not known.
pub fn network(address: Option<IpAddr>) -> Network {
    let mut network = [0; 7];
    match address.map(|address| address.to_canonical()) {
        None => {}
        Some(IpAddr::V4(address)) => {
            network[0] = 4;
            network[1..4].copy_from_slice(&address.octets()[..3]);
        }
        Some(IpAddr::V6(address)) => {
            network[0] = 6;
            network[1..].copy_from_slice(&address.octets()[..6]);
        }
    }
    network
}

/// Gives turns.
#[derive(Debug)]
pub struct Turns {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    waiting: usize,
    /// The network at the front is next. None of the lines is empty.
    lines: VecDeque<(Network, VecDeque<oneshot::Sender<Turn>>)>,
}

/// The right to hash, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Option<Arc<Turns>>,
}

impl Turns {
    /// So many at a time.
    pub fn new(at_once: usize) -> Arc<Turns> {
        Arc::new(Turns {
            state: Mutex::new(State {
                free: at_once,
                waiting: 0,
                lines: VecDeque::new(),
            }),
        })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// Too many wait, of this network or together.
    pub async fn take(self: &Arc<Turns>, network: Network) -> Result<Turn, Busy> {
        let turn = {
            let mut state = self.state.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(self.turn());
            }
            state.join(network)?
        };
        // A sender that was dropped was the last of the longest line.
        turn.await.map_err(|_| Busy)
    }

    fn turn(self: &Arc<Turns>) -> Turn {
        Turn {
            turns: Some(Arc::clone(self)),
        }
    }

    /// Hands a turn on. Whoever stopped waiting meanwhile is passed over.
    fn pass_on(self: &Arc<Turns>) {
        loop {
            let next = {
                let mut state = self.state.lock();
                match state.next() {
                    Some(next) => next,
                    None => {
                        state.free += 1;
                        return;
                    }
                }
            };
            match next.send(self.turn()) {
                Ok(()) => return,
                // Not dropped here: that would hand it on once more.
                Err(mut turn) => turn.turns = None,
            }
        }
    }
}

impl State {
    fn join(&mut self, network: Network) -> Result<oneshot::Receiver<Turn>, Busy> {
        let line = self.lines.iter().position(|(other, _)| *other == network);
        let length = line.map_or(0, |line| self.lines[line].1.len());
        if length >= OF_A_NETWORK {
            return Err(Busy);
        }
        if self.waiting >= WAITING {
            let longest = self.lines.iter_mut().max_by_key(|(_, line)| line.len());
            match longest {
                Some((_, line)) if line.len() > length + 1 => drop(line.pop_back()),
                _ => return Err(Busy),
            }
        } else {
            self.waiting += 1;
        }
        let (turn, receiver) = oneshot::channel();
        match line {
            Some(line) => self.lines[line].1.push_back(turn),
            None => self.lines.push_back((network, VecDeque::from([turn]))),
        }
        Ok(receiver)
    }

    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let (network, mut line) = self.lines.pop_front()?;
        let next = line.pop_front();
        self.waiting -= 1;
        if !line.is_empty() {
            self.lines.push_back((network, line));
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.turns.take() {
            turns.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    fn net(text: &str) -> Network {
        network(Some(text.parse().unwrap()))
    }

    #[test]
    fn networks_are_told_apart() {
        assert_eq!(net("192.0.2.1"), net("192.0.2.200"));
        assert_ne!(net("192.0.2.1"), net("192.0.3.1"));
        assert_eq!(net("::ffff:192.0.2.1"), net("192.0.2.7"));
        assert_eq!(net("2001:db8:1::1"), net("2001:db8:1:ffff::1"));
        assert_ne!(net("2001:db8:1::1"), net("2001:db8:2::1"));
        assert_ne!(network(None), net("0.0.0.0"));
    }

    #[tokio::test]
    async fn turns_go_round_the_networks() {
        let turns = Turns::new(1);
        let held = turns.take(net("10.0.0.1")).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiter = |from: &'static str| {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            let mut waiting = Box::pin(async move {
                let turn = turns.take(net(from)).await.unwrap();
                order.lock().push(from);
                drop(turn);
            });
            assert!((&mut waiting).now_or_never().is_none(), "it waits");
            waiting
        };
        let waiting = [
            waiter("10.0.0.1"),
            waiter("10.0.0.2"),
            waiter("10.0.0.3"),
            waiter("10.9.0.1"),
        ];
        drop(held);
        let all = futures::future::join_all(waiting);
        tokio::time::timeout(Duration::from_secs(5), all).await.unwrap();
        assert_eq!(*order.lock(), ["10.0.0.1", "10.9.0.1", "10.0.0.2", "10.0.0.3"]);
        assert!(turns.take(net("10.0.0.1")).now_or_never().is_some(), "free again");
    }

    #[tokio::test]
    async fn a_flood_of_a_network_is_refused_and_others_get_in() {
        let turns = Turns::new(1);
        let held = turns.take(net("10.0.0.1")).await.unwrap();
        let join = |address: String| {
            let mut waiting = Box::pin({
                let turns = Arc::clone(&turns);
                async move { turns.take(net(&address)).await }
            });
            match (&mut waiting).now_or_never() {
                None => Ok(waiting),
                Some(Err(busy)) => Err(busy),
                Some(Ok(_)) => panic!("there is no free turn"),
            }
        };
        let mut flood = Vec::new();
        for host in 0..200 {
            flood.extend(join(format!("10.0.0.{host}")));
        }
        assert_eq!(flood.len(), OF_A_NETWORK);
        for block in 1..4 {
            for host in 0..200 {
                flood.extend(join(format!("10.0.{block}.{host}")));
            }
        }
        assert_eq!(flood.len(), WAITING);
        let mut right = join("192.0.2.1".into()).unwrap();
        drop(held);
        // The turn goes round: one of each network of the flood, then the right one.
        let mut served = 0;
        let mut lost = 0;
        for waiting in &mut flood {
            match waiting.now_or_never() {
                Some(Ok(turn)) => {
                    served += 1;
                    drop(turn);
                }
                Some(Err(Busy)) => lost += 1,
                None => {}
            }
        }
        assert!((&mut right).now_or_never().is_some_and(|turn| turn.is_ok()));
        assert_eq!((served, lost), (4, 1));
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_no_turn_away() {
        let turns = Turns::new(1);
        let held = turns.take(net("10.0.0.1")).await.unwrap();
        for _ in 0..10 {
            let mut waiting = Box::pin(turns.take(net("10.0.0.1")));
            assert!((&mut waiting).now_or_never().is_none());
        }
        drop(held);
        assert!(
            turns
                .take(net("10.0.0.1"))
                .now_or_never()
                .is_some_and(|turn| turn.is_ok())
        );
        assert_eq!(turns.state.lock().waiting, 0);
        assert_eq!(turns.state.lock().free, 1);
    }
}
