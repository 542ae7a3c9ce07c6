//! Several instances side by side, moment by moment.

use std::collections::BTreeMap;

use super::{Segment, Track};
use crate::Millis;
use crate::breaker::State;

/// The breaker as a whole: at each moment the worst state of a live instance, unknown when none is. The range is that
/// of the tracks; without a track nothing is covered.
pub fn worst<'t>(tracks: impl IntoIterator<Item = &'t Track>) -> Track {
    let tracks: Vec<&Track> = tracks.into_iter().collect();
    let mut causes: BTreeMap<String, u32> = BTreeMap::new();
    for (cause, count) in tracks.iter().flat_map(|track| &track.causes) {
        let sum = causes.entry(cause.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
    let before = worst_known(tracks.iter().map(|track| track.before));
    let mut segments: Vec<Segment> = Vec::new();
    for (moment, end) in moments(&tracks) {
        let (start, held) = (moment.at, moment.held());
        // What was worse for no time is drawn; what was not worse could not be seen.
        let flash = moment.flash.filter(|flash| worst_known([held, *flash]) != held);
        if let Some(state) = flash
            && segments.last().is_none_or(|last| last.state != state)
        {
            let end = start;
            segments.push(Segment { start, end, state });
        }
        match segments.last_mut() {
            Some(last) if last.state == held => last.end = end,
            _ => segments.push(Segment {
                start,
                end,
                state: held,
            }),
        }
    }
    Track {
        before,
        segments,
        causes,
    }
}

/// For how long live instances were not all in the same state.
pub fn disagreement<'t>(tracks: impl IntoIterator<Item = &'t Track>) -> Millis {
    let tracks: Vec<&Track> = tracks.into_iter().collect();
    moments(&tracks)
        .into_iter()
        .filter(|(moment, _)| moment.live().count() > 1)
        .fold(0, |sum: Millis, (moment, end)| {
            sum.saturating_add(end.saturating_sub(moment.at))
        })
}

/// The worst of the states that are known; unknown without one.
fn worst_known(states: impl IntoIterator<Item = State>) -> State {
    let known = states.into_iter().filter(|state| *state != State::Unknown);
    known.reduce(State::worse).unwrap_or(State::Unknown)
}

/// A moment at which an instance changed state.
struct Moment {
    at: Millis,
    /// How many instances are in each state from then on.
    counts: [u32; State::ALL.len()],
    /// The worst state that one was in for no time.
    flash: Option<State>,
}

impl Moment {
    /// The states of live instances.
    fn live(&self) -> impl Iterator<Item = State> {
        let counted = State::ALL.into_iter().zip(self.counts);
        counted
            .filter(|(state, count)| *count > 0 && *state != State::Unknown)
            .map(|(state, _)| state)
    }

    fn held(&self) -> State {
        worst_known(self.live())
    }
}

/// What happens to one instance at a moment.
enum Edge {
    Enter(State),
    Leave(State),
    Flash(State),
}

/// The moments at which anything changed, each with the next one.
fn moments(tracks: &[&Track]) -> Vec<(Moment, Millis)> {
    let mut edges: Vec<(Millis, Edge)> = Vec::new();
    for Segment { start, end, state } in tracks.iter().flat_map(|track| &track.segments) {
        if start == end {
            edges.push((*start, Edge::Flash(*state)));
        } else {
            edges.push((*start, Edge::Enter(*state)));
            edges.push((*end, Edge::Leave(*state)));
        }
    }
    edges.sort_by_key(|(at, _)| *at);
    let mut counts = [0u32; State::ALL.len()];
    let mut moments = Vec::new();
    let mut groups = edges.chunk_by(|(one, _), (other, _)| one == other).peekable();
    while let Some(group) = groups.next() {
        // The last moment is the end of the range: nothing lasts from there.
        let (Some((at, _)), Some((end, _))) = (group.first(), groups.peek().and_then(|next| next.first()))
        else {
            break;
        };
        let mut flash = None;
        for (_, edge) in group {
            match edge {
                // Wrapping, because within a group what is left may come before what is entered.
                Edge::Enter(state) => counts[*state as usize] = counts[*state as usize].wrapping_add(1),
                Edge::Leave(state) => counts[*state as usize] = counts[*state as usize].wrapping_sub(1),
                Edge::Flash(state) => flash = Some(worst_known(flash.into_iter().chain([*state]))),
            }
        }
        moments.push((
            Moment {
                at: *at,
                counts,
                flash,
            },
            *end,
        ));
    }
    moments
}
