//! Strips over a range: cells of equal width, and which rows they stand in.

use std::ops::Range;

use domain::Millis;
use domain::breaker::State;
use domain::breaker::history::{Track, cells};
use protocol::Span;
use protocol::view::{InstanceStrips, MAX_TRACKS, StripRow, Strips};

use super::tracks::History;

const MINUTE: Millis = 60_000;
const DAY: Millis = 24 * 60 * MINUTE;
/// A longer range has a row a day. A little more than a day, for the hour that `now/d` may be ahead of us.
const ONE_ROW: Millis = DAY + 60 * MINUTE;
/// Cells of a day, 10 minutes each; no row has more.
const MOST_CELLS: Millis = 144;
/// Days that are drawn, the newest.
const MOST_DAYS: i64 = 92;
/// Widths of cells where there is one row.
const WIDTHS: [Millis; 7] = [
    10_000,
    30_000,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
];

/// The letters of a row of cells over `row`. What lies outside of `range`, or after what is covered, is a space.
pub(super) fn letters(
    track: &Track,
    row: Range<Millis>,
    count: usize,
    range: Span,
    covered: &Range<Millis>,
) -> String {
    let width = row.end.saturating_sub(row.start);
    let edge = |place: usize| {
        let offset = i128::from(width) * place as i128 / count.max(1) as i128;
        row.start
            .saturating_add(Millis::try_from(offset).unwrap_or(Millis::MAX))
    };
    // Segments are in order: those that a row of many can touch lie together.
    let first = track.segments.partition_point(|segment| segment.end < row.start);
    let last = track.segments.partition_point(|segment| segment.start < row.end);
    let touched = track.segments.get(first..last).unwrap_or_default();
    let drawn = cells(touched, row.clone(), count);
    let letter = |(place, cell): (usize, &domain::breaker::Cell)| {
        let (start, end) = (edge(place), edge(place + 1));
        let inside = end > range.from && start < range.to && start < covered.end;
        if inside { cell.as_char() } else { ' ' }
    };
    drawn.iter().enumerate().map(letter).collect()
}

/// The strips of a breaker and of its instances. Days are those `utc_offset_min` minutes east of UTC.
pub(super) fn strips(
    history: &History,
    span: Span,
    covered: &Range<Millis>,
    utc_offset_min: i32,
    now: Millis,
) -> Strips {
    let mut layout = Layout::of(span, utc_offset_min, now);
    layout.skip_unknown(&history.worst);
    let rows = |track: &Track| {
        let row = |from: &Millis| StripRow {
            from: *from,
            cells: letters(
                track,
                *from..from + layout.cell * layout.cells,
                usize::try_from(layout.cells).unwrap_or_default(),
                span,
                covered,
            ),
        };
        layout.rows.iter().map(row).collect::<Vec<_>>()
    };
    let mut named: Vec<_> = history
        .tracks
        .iter()
        .map(|(name, track)| (name, track, track.summary()))
        .collect();
    named.sort_by(|one, other| (other.2.open_ms, one.0).cmp(&(one.2.open_ms, other.0)));
    let left_out = named.len().saturating_sub(MAX_TRACKS);
    named.truncate(MAX_TRACKS);
    let each = named.into_iter().map(|(name, track, summary)| InstanceStrips {
        instance: name.clone(),
        opened: summary.opened,
        open_ms: summary.open_ms,
        rows: rows(track),
    });
    Strips {
        cell_ms: layout.cell,
        cells: u32::try_from(layout.cells).unwrap_or_default(),
        by_day: layout.by_day,
        utc_offset_min,
        worst: rows(&history.worst),
        each: each.collect(),
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
    }
}

/// Which cells there are.
struct Layout {
    cell: Millis,
    cells: Millis,
    by_day: bool,
    /// Where they begin.
    rows: Vec<Millis>,
}

impl Layout {
    /// Leaves out days before anything was known: a new breaker has no month of rows that say nothing.
    fn skip_unknown(&mut self, worst: &Track) {
        let known = worst
            .segments
            .iter()
            .find(|segment| segment.state != State::Unknown);
        let known = known.map_or(Millis::MAX, |segment| segment.start);
        let length = self.cell * self.cells;
        let before = self
            .rows
            .iter()
            .take_while(|from| **from + length <= known)
            .count();
        // The newest stays.
        self.rows.drain(..before.min(self.rows.len().saturating_sub(1)));
    }

    fn of(span: Span, utc_offset_min: i32, now: Millis) -> Layout {
        let length = span.millis();
        if length <= ONE_ROW {
            let fits = |width: &Millis| length <= width * MOST_CELLS;
            let cell = WIDTHS.into_iter().find(fits).unwrap_or(15 * MINUTE);
            return Layout {
                cell,
                cells: ((length + cell - 1) / cell).max(1),
                by_day: false,
                rows: vec![span.from],
            };
        }
        let offset = Millis::from(utc_offset_min) * MINUTE;
        let day = |at: Millis| (at + offset).div_euclid(DAY);
        // Days that have not come yet have no row.
        let last = day((span.to - 1).min(now.max(span.from)));
        let first = day(span.from).max(last - (MOST_DAYS - 1));
        Layout {
            cell: DAY / MOST_CELLS,
            cells: MOST_CELLS,
            by_day: true,
            rows: (first..=last).map(|day| day * DAY - offset).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::breaker::history::{Segment, worst};

    use super::*;

    const NOW: Millis = 1_763_640_000_000;

    fn track(segments: &[(Millis, Millis, State)]) -> Track {
        let segment = |(start, end, state): &(Millis, Millis, State)| Segment {
            start: *start,
            end: *end,
            state: *state,
        };
        Track {
            before: State::Unknown,
            segments: segments.iter().map(segment).collect(),
            causes: BTreeMap::new(),
        }
    }

    fn history(track: Track) -> History {
        History {
            worst: worst([&track]),
            tracks: BTreeMap::from([("api-1".to_owned(), track)]),
        }
    }

    #[test]
    fn a_week_has_a_row_a_day_and_ends_now() {
        // NOW is 12:00 UTC on a Thursday.
        let span = Span {
            from: NOW - 7 * DAY,
            to: NOW,
        };
        let covered = span.from..NOW;
        let open = track(&[
            (span.from, NOW - MINUTE, State::Closed),
            (NOW - MINUTE, NOW, State::Open),
        ]);
        let strips = strips(&history(open), span, &covered, 0, NOW);
        assert!(strips.by_day);
        assert_eq!((strips.cell_ms, strips.worst.len()), (600_000, 8));
        assert_eq!(strips.worst[0].cells, [" ".repeat(72), "c".repeat(72)].concat());
        assert_eq!(strips.worst[3].cells, "c".repeat(144));
        assert_eq!(
            strips.worst[7].cells,
            ["c".repeat(71), "o".to_owned(), " ".repeat(72)].concat()
        );
        assert_eq!(strips.each[0].rows, strips.worst);
        assert_eq!((strips.each[0].opened, strips.each[0].open_ms), (1, MINUTE));
    }

    #[test]
    fn days_begin_at_the_tenants_midnight() {
        let span = Span {
            from: NOW - 2 * DAY,
            to: NOW,
        };
        let closed = track(&[(span.from, NOW, State::Closed)]);
        let strips = strips(&history(closed), span, &(span.from..NOW), 120, NOW);
        assert_eq!(strips.worst[0].from, NOW - 2 * DAY - 14 * 60 * MINUTE);
        assert_eq!(
            strips.worst[2].cells.matches('c').count(),
            84,
            "14 hours of today"
        );
    }

    #[test]
    fn a_day_or_less_is_one_row_of_at_most_144_cells() {
        for (minutes, cell, cells) in [
            (5, 10_000, 30),
            (60, 30_000, 120),
            (6 * 60, 5 * MINUTE, 72),
            (24 * 60, 10 * MINUTE, 144),
            (25 * 60, 15 * MINUTE, 100),
        ] {
            let span = Span {
                from: NOW - minutes * MINUTE,
                to: NOW,
            };
            let closed = track(&[(span.from, NOW, State::Closed)]);
            let strips = strips(&history(closed), span, &(span.from..NOW), 0, NOW);
            assert_eq!((strips.cell_ms, strips.cells), (cell, cells), "{minutes} min");
            assert!(!strips.by_day && strips.worst.len() == 1);
            assert_eq!(strips.worst[0].cells, "c".repeat(cells as usize));
        }
    }

    #[test]
    fn very_long_ranges_show_the_newest_days_and_none_that_has_not_come() {
        let span = Span {
            from: NOW - 400 * DAY,
            to: NOW + 40 * DAY,
        };
        let covered = span.from..NOW;
        let closed = track(&[(span.from, NOW, State::Closed)]);
        let all = strips(&history(closed), span, &covered, 0, NOW);
        assert_eq!(all.worst.len(), 92);
        let last = all.worst.last().unwrap();
        assert_eq!(last.from, NOW - 12 * 60 * MINUTE);
        let new = track(&[
            (span.from, NOW - 2 * DAY, State::Unknown),
            (NOW - 2 * DAY, NOW, State::Closed),
        ]);
        let known = strips(&history(new), span, &covered, 0, NOW);
        assert_eq!(
            known.worst.len(),
            3,
            "from the first day of which something is known"
        );
        let nothing = strips(&history(track(&[])), span, &covered, 0, NOW);
        assert_eq!(nothing.worst.len(), 1);
    }
}
