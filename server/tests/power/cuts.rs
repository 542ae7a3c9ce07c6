//! Which moments to cut at: as many of every kind, because most of what happens is one commit like the other.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use rand::seq::SliceRandom as _;

use crate::disk::{Disk, NEVER};
use crate::strace::Moment;

/// Why a moment is worth a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Before the first answer of a process: schema, log recovery, replay.
    Start,
    /// After the last answer of a process.
    Stop,
    /// A file or folder made, renamed or removed.
    Name,
    /// The log is moved into a database.
    Checkpoint,
    /// Rollups and the checkpoint of live state.
    Flush,
    /// A commit of the journal.
    Journal,
    /// An answer on its way out.
    Answer,
}

/// Moments by what they are.
pub fn kinds(disk: &Disk) -> BTreeMap<Kind, BTreeSet<Moment>> {
    let mut kinds: BTreeMap<Kind, BTreeSet<Moment>> = BTreeMap::new();
    let mut add = |kind: Kind, moments: [Moment; 2]| {
        let known = moments.into_iter().filter(|moment| *moment < disk.end);
        kinds.entry(kind).or_default().extend(known);
    };
    let spans = |index: usize| {
        let begin = disk.begins[index];
        let end = disk.begins.get(index + 1).copied().unwrap_or(disk.end);
        let mut answers = disk.answers.iter().map(|(at, _)| *at);
        let first = answers
            .clone()
            .find(|at| (begin..end).contains(at))
            .unwrap_or(end);
        let last = answers.rfind(|at| (begin..end).contains(at)).unwrap_or(begin);
        (begin, first, last, end)
    };
    let edges: Vec<_> = (0..disk.begins.len()).map(spans).collect();
    let at_an_edge = |moment: Moment| {
        let (_, first, last, _) = edges
            .iter()
            .find(|(begin, .., end)| (*begin..*end).contains(&moment))?;
        if moment < *first {
            Some(Kind::Start)
        } else {
            (moment > *last).then_some(Kind::Stop)
        }
    };
    for file in disk.nodes.iter().filter(|file| !file.folder) {
        let usual = match (
            file.path.ends_with("-wal"),
            file.path.starts_with("data/journal/"),
        ) {
            (false, _) => Kind::Checkpoint,
            (true, true) => Kind::Journal,
            (true, false) => Kind::Flush,
        };
        let changes = file.changes.iter().map(|(span, _)| [span.entered, span.left]);
        for moments in changes.chain(file.syncs.iter().map(|(entered, left)| [*entered, *left])) {
            add(at_an_edge(moments[0]).unwrap_or(usual), moments);
        }
    }
    for (span, _) in disk.names.values().flat_map(|name| &name.events) {
        add(Kind::Name, [span.entered, span.left]);
    }
    for (at, _) in &disk.answers {
        add(Kind::Answer, [*at, NEVER]);
    }
    kinds
}

/// So many different moments, in turn from every kind that still has one.
pub fn choose(disk: &Disk, count: usize, random: &mut impl Rng) -> BTreeMap<Moment, Kind> {
    let mut pools: Vec<(Kind, Vec<Moment>)> = kinds(disk)
        .into_iter()
        .map(|(kind, moments)| {
            let mut moments: Vec<Moment> = moments.into_iter().collect();
            moments.shuffle(random);
            (kind, moments)
        })
        .collect();
    let mut chosen = BTreeMap::new();
    while chosen.len() < count && pools.iter().any(|(_, moments)| !moments.is_empty()) {
        for (kind, moments) in &mut pools {
            if chosen.len() < count
                && let Some(moment) = moments.pop()
            {
                chosen.entry(moment).or_insert(*kind);
            }
        }
    }
    chosen
}
