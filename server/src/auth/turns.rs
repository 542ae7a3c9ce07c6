//! Turns to hash a password: as many at a time as there are cores, and two short queues that are fair within.
//!
//! Hashing is made to be dear, so whoever can ask for it can keep a machine busy. Strangers wait by network (IPv4 by /24,
//! IPv6 by /48): turns go round the networks, so that a flood from one of them, or from a few, leaves everybody else a
//! turn. When their queue is full, the longest line loses its last; and when every network of a large flood has one in
//! it, the next stranger is told to come again.
//!
//! Who is known (a browser of the account that is asked for, or whoever holds a link of ours) waits in a queue of their
//! own, which no stranger can fill, and every other turn is theirs. All browsers of an account are one line of it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// How many strangers may wait, all networks together.
const WAITING: usize = 64;
/// How many may wait of one network.
const OF_A_NETWORK: usize = 16;
/// How many may wait who are known.
const KNOWN_WAITING: usize = 32;
/// How many of them may be one and the same.
const OF_ONE: usize = 4;

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

/// Who wants a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody, from this network.
    Stranger(Network),
    /// One who is known, by a number that tells accounts, and links, apart.
    Known(u64),
}

/// Gives turns.
#[derive(Debug)]
pub struct Turns {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    strangers: Queue<Network>,
    known: Queue<u64>,
    /// The last turn went to one who is known.
    known_had: bool,
}

/// Lines that take turns.
#[derive(Debug)]
struct Queue<K> {
    waiting: usize,
    /// How many may wait, and how many of them in one line.
    most: (usize, usize),
    /// The one at the front is next. None of the lines is empty.
    lines: VecDeque<(K, VecDeque<oneshot::Sender<Turn>>)>,
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
                strangers: Queue::new(WAITING, OF_A_NETWORK),
                known: Queue::new(KNOWN_WAITING, OF_ONE),
                known_had: false,
            }),
        })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// Too many wait, in this line or together.
    pub async fn take(self: &Arc<Turns>, who: Who) -> Result<Turn, Busy> {
        let turn = {
            let mut state = self.state.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(self.turn());
            }
            match who {
                Who::Stranger(network) => state.strangers.join(network)?,
                Who::Known(number) => state.known.join(number)?,
            }
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
    /// Every other turn is for those who are known, if there are any.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let known_first = !self.known_had;
        let known = if known_first { self.known.next() } else { None };
        let next = known.map(|next| (next, true));
        let next = next.or_else(|| self.strangers.next().map(|next| (next, false)));
        let (next, is_known) = next.or_else(|| self.known.next().map(|next| (next, true)))?;
        self.known_had = is_known;
        Some(next)
    }
}

impl<K: PartialEq> Queue<K> {
    fn new(most: usize, of_one: usize) -> Queue<K> {
        Queue {
            waiting: 0,
            most: (most, of_one),
            lines: VecDeque::new(),
        }
    }

    fn join(&mut self, who: K) -> Result<oneshot::Receiver<Turn>, Busy> {
        let (most, of_one) = self.most;
        let line = self.lines.iter().position(|(other, _)| *other == who);
        let length = line.map_or(0, |line| self.lines[line].1.len());
        if length >= of_one {
            return Err(Busy);
        }
        if self.waiting >= most {
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
            None => self.lines.push_back((who, VecDeque::from([turn]))),
        }
        Ok(receiver)
    }

    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let (who, mut line) = self.lines.pop_front()?;
        let next = line.pop_front();
        self.waiting -= 1;
        if !line.is_empty() {
            self.lines.push_back((who, line));
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
    use std::pin::Pin;
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    fn net(text: &str) -> Network {
        network(Some(text.parse().unwrap()))
    }

    fn from(text: &str) -> Who {
        Who::Stranger(net(text))
    }

    type Waiting = Pin<Box<dyn Future<Output = Result<Turn, Busy>> + Send>>;

    /// Joins a queue while no turn is free.
    fn join(turns: &Arc<Turns>, who: Who) -> Result<Waiting, Busy> {
        let turns = Arc::clone(turns);
        let mut waiting: Waiting = Box::pin(async move { turns.take(who).await });
        match (&mut waiting).now_or_never() {
            None => Ok(waiting),
            Some(Err(busy)) => Err(busy),
            Some(Ok(_)) => panic!("there is no free turn"),
        }
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
        let held = turns.take(from("10.0.0.1")).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiter = |address: &'static str| {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            let mut waiting = Box::pin(async move {
                let turn = turns.take(from(address)).await.unwrap();
                order.lock().push(address);
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
        assert!(
            turns.take(from("10.0.0.1")).now_or_never().is_some(),
            "free again"
        );
    }

    #[tokio::test]
    async fn a_flood_of_a_network_is_refused_and_others_get_in() {
        let turns = Turns::new(1);
        let held = turns.take(from("10.0.0.1")).await.unwrap();
        let mut flood = Vec::new();
        for host in 0..200 {
            flood.extend(join(&turns, from(&format!("10.0.0.{host}"))));
        }
        assert_eq!(flood.len(), OF_A_NETWORK);
        for block in 1..4 {
            for host in 0..200 {
                flood.extend(join(&turns, from(&format!("10.0.{block}.{host}"))));
            }
        }
        assert_eq!(flood.len(), WAITING);
        let mut right = join(&turns, from("192.0.2.1")).unwrap();
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

    /// The control is in it: a stranger finds no place where one who is known does.
    #[tokio::test]
    async fn a_flood_from_everywhere_keeps_no_place_of_those_who_are_known() {
        let turns = Turns::new(1);
        let held = turns.take(from("10.0.0.1")).await.unwrap();
        let mut flood = Vec::new();
        for network in 0..500 {
            let address = format!("10.{}.{}.1", network / 250, network % 250);
            flood.extend(join(&turns, from(&address)));
        }
        assert_eq!(flood.len(), WAITING);
        assert!(join(&turns, from("192.0.2.1")).is_err(), "strangers are too many");
        let mut right = join(&turns, Who::Known(1)).unwrap();
        // Those who are known cannot fill memory either.
        let mut known = Vec::new();
        for number in 2..100 {
            for _ in 0..100 {
                known.extend(join(&turns, Who::Known(number)));
            }
        }
        {
            let state = turns.state.lock();
            assert_eq!(
                (state.strangers.waiting, state.known.waiting),
                (WAITING, KNOWN_WAITING)
            );
        }
        drop(held);
        let next = (&mut right).now_or_never();
        assert!(next.is_some_and(|turn| turn.is_ok()), "it is the next");
    }

    #[tokio::test]
    async fn those_who_are_known_and_strangers_take_turns() {
        let turns = Turns::new(1);
        let mut held = Some(turns.take(from("10.0.0.1")).await.unwrap());
        let mut waiting = Vec::new();
        for number in 0..4_u8 {
            waiting.push((
                "stranger",
                join(&turns, from(&format!("10.0.{number}.1"))).unwrap(),
            ));
            waiting.push(("known", join(&turns, Who::Known(number.into())).unwrap()));
        }
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(held.take());
            let ready = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(at, (_, waiting))| Some((at, waiting.now_or_never()?)));
            let (at, turn) = ready.unwrap();
            held = Some(turn.unwrap());
            order.push(waiting.remove(at).0);
        }
        let both = ["known", "stranger"];
        assert_eq!(order, [both, both, both, both].concat());
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_no_turn_away() {
        let turns = Turns::new(1);
        let held = turns.take(from("10.0.0.1")).await.unwrap();
        for _ in 0..10 {
            let mut waiting = Box::pin(turns.take(from("10.0.0.1")));
            assert!((&mut waiting).now_or_never().is_none());
        }
        drop(held);
        assert!(
            turns
                .take(from("10.0.0.1"))
                .now_or_never()
                .is_some_and(|turn| turn.is_ok())
        );
        assert_eq!(turns.state.lock().strangers.waiting, 0);
        assert_eq!(turns.state.lock().free, 1);
    }
}
