//! Windows that slide over stored buckets, 10 s at a time: what a rule would have seen at every moment of a range.
//!
//! The same buckets, the same sums and the same sketches as a question about one window ([`super::sweep`]), so the value
//! at a moment is the value that question gives; a test holds them against each other. What enters a window is added and
//! what leaves it is taken off: sums are integers and a sketch is counts, so nothing is lost on the way.

use std::collections::{BTreeMap, HashMap, VecDeque};

use domain::Millis;
use domain::rollup::Rung;
use domain::sketch::Sketch;
use protocol::Span;
use store::codec::{ChunkFigures, SketchColumn};
use store::{ChunkParts, StoreError};

use super::groups::Groups;
use super::measure::{Formula, Measure, Sketched};
use super::plan::Stretch;
use super::request::{CallQuery, QueryError};
use super::sweep::{Fresh, Source, memberships};
use super::{Asked, QueryRequest, Resolution, parts};
use crate::evaluate::{Figure, Needs, STEP};

/// So much is read at a time.
const PIECE: Millis = 3_600_000;
/// Cells that may wait to leave their windows, and values that may be computed: bounds memory and time.
const MOST_CELLS: usize = 3_000_000;
const MOST_VALUES: usize = 40_000_000;

/// A group by its dimensions.
pub(crate) type Group = BTreeMap<String, String>;

/// The values of one group at one moment, in the order of the figures.
pub(crate) type Values = Vec<Option<f64>>;

/// Why there is no slide.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlideError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(
        "there are too many groups for so long a range; narrow the filter, group by less, or shorten the range"
    )]
    TooMuch,
}

impl Asked<'_> {
    /// Whether a rule's figures make sense here: metrics, dimensions, filter.
    pub(crate) fn check(&self, needs: &Needs) -> Result<(), QueryError> {
        for figure in &needs.figures {
            request_of(needs, figure, self.now).call_query(&self.labels())?;
        }
        Ok(())
    }

    /// Shows the values of every group at each moment of `from < at <= to` that is a multiple of 10 s, in order of time.
    /// A group is shown as soon as something of it was in a window, and from then on always.
    pub(crate) async fn slide(
        &self,
        needs: &Needs,
        (from, to): (Millis, Millis),
        mut show: impl FnMut(Millis, &[(Group, Values)]) + Send,
    ) -> Result<(), SlideError> {
        let mut windows = Vec::with_capacity(needs.figures.len());
        for figure in &needs.figures {
            let query = request_of(needs, figure, self.now).call_query(&self.labels())?;
            windows.push(Sliding::new(query, figure));
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut values_shown = 0;
        let (mut at, to) = (from - from.rem_euclid(STEP), to - to.rem_euclid(STEP));
        while at < to {
            let until = (at + PIECE).min(to);
            for window in &mut windows {
                let (enter_from, enter_to) =
                    (window.entered.unwrap_or(at - window.reach()), until - window.lag);
                let source = self.read_tens(enter_from, enter_to, parts(std::slice::from_ref(&window.query)));
                window.take(source.await.map_err(QueryError::from)?, &mut groups)?;
                window.entered = Some(enter_to);
            }
            // Counting is work for the processor: others get their turn between pieces.
            tokio::task::yield_now().await;
            while at < until {
                at += STEP;
                for window in &mut windows {
                    window.move_to(at);
                }
                let value = |place: usize| windows.iter().map(|window| window.value(place)).collect();
                let shown: Vec<(Group, Values)> = groups
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| windows.iter().any(|window| window.has_seen(*place)))
                    .map(|(place, group)| (group.clone(), value(place)))
                    .collect();
                values_shown += shown.len() * windows.len();
                if values_shown > MOST_VALUES {
                    return Err(SlideError::TooMuch);
                }
                show(at, &shown);
            }
            let cells: usize = windows.iter().map(|window| window.waiting.len()).sum();
            if cells > MOST_CELLS {
                return Err(SlideError::TooMuch);
            }
        }
        Ok(())
    }

    /// The 10 s buckets of a stretch.
    async fn read_tens(&self, from: Millis, to: Millis, parts: ChunkParts) -> Result<Source, StoreError> {
        let stretch = Stretch {
            rung: Rung::TenSeconds,
            from,
            to,
        };
        let rollups = &self.stores.rollups;
        let read = rollups
            .chunks(self.scope, Rung::TenSeconds, from, to, parts)
            .await?;
        let mut fresh = Vec::new();
        self.tenant
            .live()
            .for_each_uncompacted(read.compacted, from, to, |bucket, key, stats| {
                fresh.push((bucket, key.clone(), Fresh::of(stats, parts)));
            });
        Ok(Source {
            stretch,
            chunks: read.chunks,
            fresh,
        })
    }
}

/// One figure as a question over the window that ends at `at`.
pub(crate) fn request_of(needs: &Needs, figure: &Figure, at: Millis) -> QueryRequest {
    let to = at - figure.lag;
    QueryRequest {
        metric: figure.metric.clone(),
        group_by: needs.group_by.clone(),
        filter: needs.filter.clone(),
        span: Span {
            from: to - figure.window,
            to,
        },
        resolution: Resolution::MaxPoints(1),
        compare_previous: false,
        counting: false,
    }
}

/// What a bucket adds to a group.
struct Cell {
    bucket: Millis,
    place: usize,
    part: i128,
    whole: i128,
    sketch: Option<Sketch>,
}

/// One figure over time.
struct Sliding {
    query: CallQuery,
    window: Millis,
    lag: Millis,
    /// Read up to here.
    entered: Option<Millis>,
    /// Read, and not in the window yet.
    coming: VecDeque<Cell>,
    /// In the window, oldest first.
    waiting: VecDeque<Cell>,
    /// By the place of the group; `None` until something of it was there.
    sums: Vec<Option<Sum>>,
    places: HashMap<Group, usize>,
}

/// What a group's window holds.
#[derive(Default)]
struct Sum {
    cells: usize,
    part: i128,
    whole: i128,
    sketch: Sketch,
}

impl Sliding {
    fn new(query: CallQuery, figure: &Figure) -> Sliding {
        Sliding {
            query,
            window: figure.window,
            lag: figure.lag,
            entered: None,
            coming: VecDeque::new(),
            waiting: VecDeque::new(),
            sums: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// How far before a moment the window begins.
    fn reach(&self) -> Millis {
        self.lag + self.window
    }

    /// Takes what was read, in order of time.
    fn take(&mut self, source: Source, all: &mut Vec<Group>) -> Result<(), QueryError> {
        let mut cells = Vec::new();
        let mut lines = Groups::new(&self.query);
        let inside = |bucket: Millis| bucket >= source.stretch.from && bucket < source.stretch.to;
        let mut add =
            |bucket, line: u32, (part, whole), sketch| cells.push((bucket, line, part, whole, sketch));
        for chunk in &source.chunks {
            match self.query.measure {
                Measure::Sums(formula) => {
                    let figures = match self.query.measure.reads_sums() {
                        true => ChunkFigures::with_sums(&chunk.figures)?,
                        false => ChunkFigures::open(&chunk.figures)?,
                    };
                    let members = memberships(&figures, &mut lines)?;
                    for row in (0..figures.len()).filter(|row| inside(figures.bucket(*row))) {
                        let sums = figures.sums(row);
                        for (line, allowed) in &members[figures.series_index(row)].lines {
                            let counts = || figures.cells(row);
                            if let Some(added) = added(formula, counts, &sums, *allowed) {
                                add(figures.bucket(row), *line, added, None);
                            }
                        }
                    }
                }
                Measure::Quantile(sketched, _) => {
                    let figures = ChunkFigures::open(&chunk.figures)?;
                    let members = memberships(&figures, &mut lines)?;
                    let mut column = SketchColumn::open(match sketched {
                        Sketched::Latency => &chunk.latency,
                        Sketched::Ttft => &chunk.ttft,
                    })?;
                    for row in 0..figures.len() {
                        let line = members[figures.series_index(row)].lines.first();
                        match line.filter(|_| inside(figures.bucket(row))) {
                            Some((line, _)) => {
                                let mut sketch = Sketch::new();
                                column.next_into(&mut sketch)?;
                                add(figures.bucket(row), *line, (0, 0), Some(sketch));
                            }
                            None => column.skip()?,
                        }
                    }
                }
            }
        }
        for (bucket, key, fresh) in &source.fresh {
            for (line, allowed) in lines.of(key)?.lines {
                match self.query.measure {
                    Measure::Sums(formula) => {
                        if let Some(added) = added(formula, || fresh.cells(), fresh.sums(), allowed) {
                            add(*bucket, line, added, None);
                        }
                    }
                    Measure::Quantile(sketched, _) => {
                        add(*bucket, line, (0, 0), fresh.sketch(sketched).cloned());
                    }
                }
            }
        }
        // Late events come as further rows: order is by time, whatever the order of the rows.
        cells.sort_by_key(|(bucket, ..)| *bucket);
        let names: Vec<Group> = (0..lines.len()).map(|line| lines.name(line)).collect();
        for (bucket, line, part, whole, sketch) in cells {
            let group = &names[line as usize];
            let place = match self.places.get(group) {
                Some(place) => *place,
                None => {
                    let known = all.iter().position(|known| known == group);
                    let place = known.unwrap_or_else(|| {
                        all.push(group.clone());
                        all.len() - 1
                    });
                    self.places.insert(group.clone(), place);
                    place
                }
            };
            self.coming.push_back(Cell {
                bucket,
                place,
                part,
                whole,
                sketch,
            });
        }
        Ok(())
    }

    /// The window is now the one that ends `lag` before `at`.
    fn move_to(&mut self, at: Millis) {
        let (start, end) = (at - self.reach(), at - self.lag);
        while let Some(cell) = self.coming.pop_front_if(|cell| cell.bucket < end) {
            if cell.bucket < start {
                continue;
            }
            if self.sums.len() <= cell.place {
                self.sums.resize_with(cell.place + 1, || None);
            }
            let sum = self.sums[cell.place].get_or_insert_default();
            sum.cells += 1;
            sum.part += cell.part;
            sum.whole += cell.whole;
            if let Some(sketch) = &cell.sketch {
                sum.sketch.merge(sketch);
            }
            self.waiting.push_back(cell);
        }
        while let Some(cell) = self.waiting.pop_front_if(|cell| cell.bucket < start) {
            if let Some(Some(sum)) = self.sums.get_mut(cell.place) {
                sum.cells -= 1;
                sum.part -= cell.part;
                sum.whole -= cell.whole;
                if let Some(sketch) = &cell.sketch {
                    sum.sketch.subtract(sketch);
                }
            }
        }
    }

    fn has_seen(&self, place: usize) -> bool {
        self.sums.get(place).is_some_and(Option::is_some)
    }

    fn value(&self, place: usize) -> Option<f64> {
        let sum = self.sums.get(place)?.as_ref().filter(|sum| sum.cells > 0)?;
        match self.query.measure {
            Measure::Sums(formula) => formula.value(sum.part, sum.whole, self.window),
            Measure::Quantile(_, q) => sum.sketch.quantile(q).map(|micros| micros / 1_000.0),
        }
    }
}

/// What a row adds to a line; `None` when nothing of it counts.
fn added<I: Iterator<Item = (usize, u64)>>(
    formula: Formula,
    cells: impl Fn() -> I,
    sums: &store::codec::RowSums,
    allowed: u64,
) -> Option<(i128, i128)> {
    if cells().all(|(cell, _)| allowed >> cell & 1 == 0) {
        return None;
    }
    let whole = formula.whole.map_or(0, |whole| whole.of(cells(), sums, allowed));
    Some((formula.part.of(cells(), sums, allowed), whole))
}
