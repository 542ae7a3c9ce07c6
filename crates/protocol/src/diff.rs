//! What changed between two boards, and how a client applies it. The server's hub and every client share this file,
//! so that "apply(diff(a, b)) to a gives b" is one property, tested in one place.
//!
//! Order is part of the contract ([`normalise`]): key figures as drawn; providers by name; breakers by (provider,
//! breaker, environment, service, deployment); the feed newest first, at most [`FEED_MAX`]; chart points by time.
//!
//! Deliberately absent: sequence numbers ([`crate::replica`]), when a delta is worth sending (the hub).

use std::collections::HashMap;
use std::hash::Hash;

use crate::view::{Board, BoardDelta, Breaker, ChartPoint, Feed, Kpi, KpiId, Provider};

/// How many feed entries a board keeps.
pub const FEED_MAX: usize = 60;

/// What a delta changed, for those who redraw only that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoardChanges {
    /// The sentence on top.
    pub verdict: bool,
    /// Key figures.
    pub kpis: Vec<KpiId>,
    /// Rails.
    pub providers: RowChanges,
    /// Fuses, by key.
    pub breakers: RowChanges,
    /// The list of transitions.
    pub feed: bool,
    /// The first and the last chart point that changed, by `t`; also set when old points left.
    pub points: Option<(i64, i64)>,
    /// The time of the newest event.
    pub last_event: bool,
    /// Whether simulated traffic is shown.
    pub simulated: bool,
}

/// What happened to a list of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowChanges {
    /// Ids that were not there before.
    pub added: Vec<u64>,
    /// Ids with a new value.
    pub changed: Vec<u64>,
    /// Ids that are gone.
    pub removed: Vec<u64>,
    /// A changed row may have moved, because a field that decides the order changed.
    pub moved: bool,
}

impl RowChanges {
    /// The list of ids, or its order, is not what it was.
    pub fn reordered(&self) -> bool {
        self.moved || !self.added.is_empty() || !self.removed.is_empty()
    }
}

impl BoardDelta {
    /// There is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == BoardDelta::default()
    }
}

/// A row with an identity and a place.
trait Row: Clone + PartialEq {
    type Id: Copy + Eq + Hash;
    type Place<'a>: Ord
    where
        Self: 'a;
    fn id(&self) -> Self::Id;
    fn place(&self) -> Self::Place<'_>;
}

impl Row for Kpi {
    type Id = KpiId;
    type Place<'a> = KpiId;
    fn id(&self) -> KpiId {
        self.id
    }
    fn place(&self) -> KpiId {
        self.id
    }
}

impl Row for Provider {
    type Id = u64;
    type Place<'a> = (&'a str, u64);
    fn id(&self) -> u64 {
        self.id
    }
    fn place(&self) -> (&str, u64) {
        (&self.name, self.id)
    }
}

impl Row for Breaker {
    type Id = u64;
    type Place<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, u64);
    fn id(&self) -> u64 {
        self.key
    }
    fn place(&self) -> Self::Place<'_> {
        (
            &self.provider,
            &self.breaker,
            &self.environment,
            &self.service,
            &self.deployment,
            self.key,
        )
    }
}

impl Row for Feed {
    type Id = u64;
    type Place<'a> = std::cmp::Reverse<u64>;
    fn id(&self) -> u64 {
        self.id
    }
    fn place(&self) -> std::cmp::Reverse<u64> {
        std::cmp::Reverse(self.id)
    }
}

impl Row for ChartPoint {
    type Id = i64;
    type Place<'a> = i64;
    fn id(&self) -> i64 {
        self.t
    }
    fn place(&self) -> i64 {
        self.t
    }
}

/// Brings a board into the order that every client keeps; of two rows with one id the later one counts. The server
/// calls it before it compares or sends a board that was not built in this order.
pub fn normalise(board: &mut Board) {
    tidy(&mut board.kpis);
    tidy(&mut board.providers);
    tidy(&mut board.breakers);
    tidy(&mut board.feed);
    board.feed.truncate(FEED_MAX);
    tidy(&mut board.points);
}

fn tidy<R: Row>(rows: &mut Vec<R>) {
    let given = std::mem::take(rows);
    let mut at: HashMap<R::Id, usize> = HashMap::with_capacity(given.len());
    for row in given {
        match at.get(&row.id()) {
            Some(&index) => rows[index] = row,
            None => {
                at.insert(row.id(), rows.len());
                rows.push(row);
            }
        }
    }
    rows.sort_by(|a, b| a.place().cmp(&b.place()));
}

/// What a client that shows `old` needs in order to show `new`; both in the order of [`normalise`]. `now` travels in
/// the frame and is not compared.
///
/// `None` when a delta cannot tell it, because something vanished that deltas only ever add to: another range, a key
/// figure or a feed entry erased, a hole in the chart, the time of the last event forgotten. The hub then sends a
/// snapshot to everybody, which is rare.
pub fn diff(old: &Board, new: &Board) -> Option<BoardDelta> {
    if old.range != new.range || (old.last_event.is_some() && new.last_event.is_none()) {
        return None;
    }
    let (kpis, kpis_gone) = rows(&old.kpis, &new.kpis);
    let (feed, feed_gone) = rows(&old.feed, &new.feed);
    let (points, points_gone) = rows(&old.points, &new.points);
    let (providers, providers_gone) = rows(&old.providers, &new.providers);
    let (breakers, breakers_gone) = rows(&old.breakers, &new.breakers);

    // A client drops feed entries only because newer ones fill its list.
    let pushed_out = match new.feed.last() {
        Some(last) if new.feed.len() >= FEED_MAX => feed_gone.iter().all(|id| *id < last.id),
        _ => feed_gone.is_empty(),
    };
    // Points leave at the old end only.
    let first = new.points.first().map(|point| point.t);
    let slid_out = match first {
        Some(first) => points_gone.iter().all(|t| *t < first),
        None => points_gone.is_empty(),
    };
    if !kpis_gone.is_empty() || !pushed_out || !slid_out {
        return None;
    }
    Some(BoardDelta {
        verdict: (old.verdict != new.verdict).then(|| new.verdict.clone()),
        kpis,
        providers,
        providers_gone,
        breakers,
        breakers_gone,
        feed,
        points,
        points_from: if points_gone.is_empty() { None } else { first },
        last_event: if old.last_event == new.last_event {
            None
        } else {
            new.last_event
        },
        simulated: (old.simulated != new.simulated).then_some(new.simulated),
    })
}

/// Rows of `new` that `old` has not or has otherwise, and ids that `new` has no more.
fn rows<R: Row>(old: &[R], new: &[R]) -> (Vec<R>, Vec<R::Id>) {
    let mut before: HashMap<R::Id, &R> = old.iter().map(|row| (row.id(), row)).collect();
    let mut changed = Vec::new();
    for row in new {
        if before.remove(&row.id()).is_none_or(|was| was != row) {
            changed.push(row.clone());
        }
    }
    // In the order of `old`, so that the same boards always give the same bytes.
    let gone = old
        .iter()
        .map(Row::id)
        .filter(|id| before.contains_key(id))
        .collect();
    (changed, gone)
}

/// Applies a delta to the board a client shows. `now` is the caller's to set, from the frame.
pub fn apply_board(board: &mut Board, delta: &BoardDelta) -> BoardChanges {
    let mut changes = BoardChanges::default();
    if let Some(verdict) = &delta.verdict {
        changes.verdict = true;
        board.verdict = verdict.clone();
    }
    let kpis = merge(&mut board.kpis, &delta.kpis, &[]);
    changes.kpis = kpis.changed.into_iter().chain(kpis.added).collect();
    changes.providers = merge(&mut board.providers, &delta.providers, &delta.providers_gone).into();
    changes.breakers = merge(&mut board.breakers, &delta.breakers, &delta.breakers_gone).into();

    changes.feed = !delta.feed.is_empty();
    merge(&mut board.feed, &delta.feed, &[]);
    board.feed.truncate(FEED_MAX);

    merge(&mut board.points, &delta.points, &[]);
    let ends = (
        delta.points.first().map(|point| point.t),
        delta.points.last().map(|point| point.t),
    );
    if let (Some(first), Some(last)) = ends {
        changes.points = Some((first, last));
    }
    if let Some(from) = delta.points_from {
        board.points.retain(|point| point.t >= from);
        changes.points = changes.points.or(Some((from, from)));
    }
    if delta.last_event.is_some() {
        changes.last_event = true;
        board.last_event = delta.last_event;
    }
    if let Some(simulated) = delta.simulated {
        changes.simulated = true;
        board.simulated = simulated;
    }
    changes
}

struct Merged<Id> {
    added: Vec<Id>,
    changed: Vec<Id>,
    removed: Vec<Id>,
    moved: bool,
}

impl From<Merged<u64>> for RowChanges {
    fn from(merged: Merged<u64>) -> RowChanges {
        let Merged {
            added,
            changed,
            removed,
            moved,
        } = merged;
        RowChanges {
            added,
            changed,
            removed,
            moved,
        }
    }
}

fn merge<R: Row>(rows: &mut Vec<R>, news: &[R], gone: &[R::Id]) -> Merged<R::Id> {
    let mut merged = Merged {
        added: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
        moved: false,
    };
    if news.is_empty() && gone.is_empty() {
        return merged;
    }
    if !gone.is_empty() {
        rows.retain(|row| {
            let stays = !gone.contains(&row.id());
            if !stays {
                merged.removed.push(row.id());
            }
            stays
        });
    }
    let mut at: HashMap<R::Id, usize> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (row.id(), index))
        .collect();
    for row in news {
        match at.get(&row.id()) {
            Some(&index) => {
                merged.moved |= rows[index].place() != row.place();
                rows[index] = row.clone();
                merged.changed.push(row.id());
            }
            None => {
                at.insert(row.id(), rows.len());
                rows.push(row.clone());
                merged.added.push(row.id());
            }
        }
    }
    if merged.moved || !merged.added.is_empty() {
        rows.sort_by(|a, b| a.place().cmp(&b.place()));
    }
    merged
}
