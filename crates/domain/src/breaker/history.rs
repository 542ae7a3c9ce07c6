//! What stored transitions say of a stretch of time: which instance was in which state, how often the breaker opened
//! and for how long, how far its instances agreed.
//!
//! Two readings of a log that a person shares. An opening lasts until calls pass again: failed trials, silence and a
//! person who holds the breaker open do not end it, so an outage of an hour is one opening, however often it was tried.
//! And silence is no state: a cell that was half heard shows what was heard, and a silent instance agrees with everybody.
//!
//! The states of instances are never merged into one machine; the breaker as a whole is, at each moment, the worst of
//! its live ones. A state that lasted no time is kept as a segment without length, and shows in its cell.
//!
//! Deliberately absent: repair. A state lasts until the next transition of its instance, whatever that one says it left.

mod sweep;

use std::collections::BTreeMap;
use std::ops::Range;

pub use sweep::{disagreement, worst};

use super::{Cell, State, cause};
use crate::Millis;

/// A transition as it was written down, as far as a history looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredTransition<'a> {
    /// When it happened.
    pub at: Millis,
    /// Whose.
    pub instance: &'a str,
    /// The state it left, when known.
    pub from: Option<State>,
    /// The state it entered; [`State::Unknown`] for silence.
    pub to: State,
    /// In words; may be empty.
    pub cause: &'a str,
    /// How long the state it left had lasted, where known.
    pub lasted: Option<Millis>,
}

/// A stretch of time in one state; without length for a state that lasted no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// From then on.
    pub start: Millis,
    /// Until just before.
    pub end: Millis,
    /// The state.
    pub state: State,
}

/// The states of an instance, or the worst of several, over a range of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The last state known before the range; unknown when nothing is.
    pub before: State,
    /// In time order, without gap or overlap, neighbours in different states. They cover the range.
    pub segments: Vec<Segment>,
    /// What led to openings in the range, and to how many of them: the kind of failure that was most frequent, or the
    /// sender's sentence. Openings that nobody explained are not in it.
    pub causes: BTreeMap<String, u32>,
}

/// "Opened 7×, 41 min open, longest 12 min, top cause rate limited".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Openings that began in the range; see the module on what one is.
    pub opened: u32,
    /// How often failed trials opened it again.
    pub reopened: u32,
    /// Time open; half-open and forced open not counted.
    pub open_ms: Millis,
    /// The most of it in one opening.
    pub longest_ms: Millis,
    /// It is open at the end of the range.
    pub still_open: bool,
    /// The most frequent cause of openings, and of how many; of several, the first by name.
    pub top_cause: Option<(String, u32)>,
    /// Time in each state, in the order of [`State::ALL`]; in all, the length of the range.
    pub state_ms: [Millis; State::ALL.len()],
}

impl Track {
    /// The figures.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            still_open: self.segments.last().is_some_and(|last| last.state == State::Open),
            ..Summary::default()
        };
        let mut opening = Opening::default();
        opening.enter(self.before);
        let mut lasted: Millis = 0;
        for Segment { start, end, state } in &self.segments {
            let length = end.saturating_sub(*start);
            let sum = &mut summary.state_ms[*state as usize];
            *sum = sum.saturating_add(length);
            match opening.enter(*state) {
                Entered::Opened => {
                    summary.opened += 1;
                    lasted = 0;
                }
                Entered::Reopened => summary.reopened += 1,
                Entered::Passing => lasted = 0,
                Entered::Other => {}
            }
            if *state == State::Open {
                lasted = lasted.saturating_add(length);
                summary.open_ms = summary.open_ms.saturating_add(length);
                summary.longest_ms = summary.longest_ms.max(lasted);
            }
        }
        // Of equals the last wins, so the names go backwards.
        let top = self.causes.iter().rev().max_by_key(|(_, count)| **count);
        summary.top_cause = top.map(|(cause, count)| (cause.clone(), *count));
        summary
    }
}

/// The tracks of all instances that are named, over a range.
///
/// Transitions come in time order; those before the range set the state at its start, and the first after it may still
/// tell what was before. `start` names the states at the start of the range where they are known otherwise. What is not
/// known is unknown, except that the first transition of an instance may say for how long the state it left had lasted.
pub fn tracks<'a>(
    transitions: impl IntoIterator<Item = StoredTransition<'a>>,
    start: &BTreeMap<&'a str, State>,
    range: Range<Millis>,
) -> BTreeMap<&'a str, Track> {
    let range = range.start..range.end.max(range.start);
    let begun = start
        .iter()
        .map(|(name, state)| (*name, Pen::new(Some(*state), &range)));
    let mut pens: BTreeMap<&str, Pen> = begun.collect();
    for transition in transitions {
        let pen = pens
            .entry(transition.instance)
            .or_insert_with(|| Pen::new(None, &range));
        pen.take(&transition, &range);
    }
    pens.into_iter()
        .map(|(name, pen)| (name, pen.finish(&range)))
        .collect()
}

/// Equal cells over a range, each with the worst state that was in it, for strips. Any number of cells will do: cells
/// narrower than a millisecond show the one they are in.
pub fn cells(segments: &[Segment], range: Range<Millis>, count: usize) -> Vec<Cell> {
    let mut cells = vec![Cell::None; count];
    // In 128 bits: a range times a number of cells, exactly.
    let (from, length) = (
        i128::from(range.start),
        i128::from(range.end) - i128::from(range.start),
    );
    if length <= 0 {
        return cells;
    }
    let place = |time: Millis| (i128::from(time) - from) * count as i128;
    for segment in segments {
        if segment.state == State::Unknown || segment.start >= range.end || segment.end < range.start {
            continue;
        }
        let first = place(segment.start).div_euclid(length);
        let last = (place(segment.end) - 1).div_euclid(length).max(first);
        let (Ok(skipped), Ok(last)) = (usize::try_from(first.max(0)), usize::try_from(last)) else {
            continue;
        };
        for cell in cells.iter_mut().take(last.saturating_add(1)).skip(skipped) {
            cell.darken(segment.state);
        }
    }
    cells
}

/// What entering a state means for openings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entered {
    /// A new opening.
    Opened,
    /// The same one, after a trial.
    Reopened,
    /// Calls pass; what was open no longer is.
    Passing,
    Other,
}

/// Tells openings apart.
#[derive(Debug, Clone, Copy, Default)]
struct Opening {
    lasts: bool,
    /// The last state heard of was half-open.
    tried: bool,
}

impl Opening {
    fn enter(&mut self, state: State) -> Entered {
        let was = *self;
        if state != State::Unknown {
            self.tried = state == State::HalfOpen;
        }
        match state {
            State::Closed | State::Disabled | State::MetricsOnly => {
                self.lasts = false;
                Entered::Passing
            }
            // Who is first heard of half-open had opened before.
            State::Open | State::HalfOpen => {
                self.lasts = true;
                match (state, was) {
                    (State::Open, Opening { tried: true, .. }) => Entered::Reopened,
                    (State::Open, Opening { lasts: false, .. }) => Entered::Opened,
                    _ => Entered::Other,
                }
            }
            State::ForcedOpen | State::Unknown => Entered::Other,
        }
    }
}

/// Draws the track of one instance.
struct Pen {
    track: Track,
    opening: Opening,
    /// The state now, and where its segment starts.
    state: State,
    since: Millis,
    /// A transition in the range entered the state, so that its segment is drawn even without length.
    entered: bool,
    /// Something said what the state was.
    told: bool,
    latest: Millis,
}

impl Pen {
    fn new(start: Option<State>, range: &Range<Millis>) -> Pen {
        let state = start.unwrap_or(State::Unknown);
        let mut opening = Opening::default();
        opening.enter(state);
        Pen {
            track: Track {
                before: state,
                segments: Vec::new(),
                causes: BTreeMap::new(),
            },
            opening,
            state,
            since: range.start,
            entered: false,
            told: start.is_some(),
            latest: Millis::MIN,
        }
    }

    /// Time that goes back counts as the newest time seen.
    fn take(&mut self, transition: &StoredTransition<'_>, range: &Range<Millis>) {
        let at = transition.at.max(self.latest);
        self.latest = at;
        if !self.told {
            self.told = true;
            self.look_back(transition, at, range);
        }
        if at >= range.end {
            return;
        }
        let entered = self.opening.enter(transition.to);
        if at < range.start {
            self.state = transition.to;
            if transition.to != State::Unknown {
                self.track.before = transition.to;
            }
            return;
        }
        if transition.to == self.state {
            return;
        }
        if let (Entered::Opened, Some(cause)) = (entered, cause::leading(transition.cause)) {
            *self.track.causes.entry(cause.to_owned()).or_default() += 1;
        }
        self.enter(transition.to, at);
    }

    /// What the first transition says of the state it left.
    fn look_back(&mut self, transition: &StoredTransition<'_>, at: Millis, range: &Range<Millis>) {
        let Some(left) = transition.from.filter(|left| *left != State::Unknown) else {
            return;
        };
        let lasted = transition.lasted.unwrap_or(0).max(0);
        let began = at.saturating_sub(lasted);
        if began >= range.end {
            return;
        }
        self.opening.enter(left);
        if lasted > 0 && began > range.start {
            self.enter(left, began);
            return;
        }
        self.track.before = left;
        if lasted > 0 {
            self.state = left;
        }
    }

    fn enter(&mut self, state: State, at: Millis) {
        self.draw(at);
        (self.state, self.since, self.entered) = (state, at, true);
    }

    fn draw(&mut self, end: Millis) {
        if end > self.since || self.entered {
            let (start, state) = (self.since, self.state);
            self.track.segments.push(Segment { start, end, state });
        }
    }

    fn finish(mut self, range: &Range<Millis>) -> Track {
        self.draw(range.end);
        self.track
    }
}

#[cfg(test)]
mod tests {
    use super::{Entered, Opening};
    use crate::breaker::State;

    #[test]
    fn an_opening_ends_when_calls_pass() {
        let mut opening = Opening::default();
        for (state, expected) in [
            (State::Unknown, Entered::Other),
            (State::Open, Entered::Opened),
            (State::HalfOpen, Entered::Other),
            (State::Open, Entered::Reopened),
            (State::Unknown, Entered::Other),
            (State::Open, Entered::Other),
            (State::ForcedOpen, Entered::Other),
            (State::HalfOpen, Entered::Other),
            (State::Unknown, Entered::Other),
            (State::Open, Entered::Reopened),
            (State::MetricsOnly, Entered::Passing),
            (State::ForcedOpen, Entered::Other),
            (State::Open, Entered::Opened),
            (State::Closed, Entered::Passing),
            (State::HalfOpen, Entered::Other),
            (State::Open, Entered::Reopened),
        ] {
            assert_eq!(opening.enter(state), expected, "{state:?}");
        }
    }
}
