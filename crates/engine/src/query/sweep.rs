//! Adding up: chunks and what they lack become the points of each line.
//!
//! Sums are exact integers until the last step. Sketches are merged step by step, all chunks side by side, so that one
//! table per line is enough whatever the number of steps.

use std::collections::{BTreeMap, BTreeSet};

use domain::Millis;
use domain::rollup::{Bucket, CallClass, SeriesKey};
use domain::sketch::{DenseSketch, Sketch};
use store::codec::{ChunkFigures, RowSums, SketchColumn};
use store::{Chunk, ChunkParts, StoreError};

use super::gaps::LeftOut;
use super::groups::{Groups, Membership};
use super::measure::{Formula, Sketched};
use super::plan::{Plan, Stretch};
use super::request::QueryError;

/// What was read for one stretch.
pub(super) struct Source {
    pub stretch: Stretch,
    pub chunks: Vec<Chunk>,
    /// 10 s buckets that the chunks lack.
    pub fresh: Vec<(Millis, SeriesKey, Fresh)>,
}

/// What is needed of a bucket that is in no chunk.
pub(super) struct Fresh {
    cells: Vec<(usize, u64)>,
    sums: RowSums,
    latency: Option<Sketch>,
    ttft: Option<Sketch>,
}

impl Fresh {
    /// The figures of a bucket, and those of its sketches that are wanted.
    pub fn of(bucket: &Bucket, parts: ChunkParts) -> Fresh {
        let cells = bucket.nonzero();
        let cells =
            cells.map(|(outcome, class, count)| (outcome.index() * CallClass::COUNT + class.index(), count));
        Fresh {
            cells: cells.collect(),
            sums: RowSums::of(bucket),
            latency: parts.latency.then(|| bucket.latency.clone()),
            ttft: parts.ttft.then(|| bucket.ttft.clone()),
        }
    }

    /// Its counts.
    pub fn cells(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.cells.iter().copied()
    }

    /// Its sums.
    pub fn sums(&self) -> &RowSums {
        &self.sums
    }

    /// One of its sketches, where it was wanted.
    pub fn sketch(&self, sketched: Sketched) -> Option<&Sketch> {
        match sketched {
            Sketched::Latency => self.latency.as_ref(),
            Sketched::Ttft => self.ttft.as_ref(),
        }
    }
}

/// The values of each line by step; `None` where nothing says anything.
pub(super) type Lines = Vec<Vec<Option<f64>>>;

/// Sums and ratios. A line that no event counts for has no value anywhere.
pub(super) fn sums(
    plan: &Plan,
    formula: Formula,
    reads_sums: bool,
    sources: &[Source],
    groups: &mut Groups<'_>,
) -> Result<Lines, QueryError> {
    let mut totals = Totals {
        plan,
        formula,
        lines: Vec::new(),
        used: 0,
        most: groups.most(),
        left: BTreeSet::new(),
        seen: BTreeSet::new(),
    };
    for source in sources {
        let left_out = plan.left_out(&source.stretch);
        let is_marked = !left_out.is_empty();
        for chunk in &source.chunks {
            let figures = if reads_sums {
                ChunkFigures::with_sums(&chunk.figures)?
            } else {
                ChunkFigures::open(&chunk.figures)?
            };
            let members = memberships(&figures, groups)?;
            let left: Vec<bool> = figures
                .all_series()
                .iter()
                .map(|key| groups.leaves_out(&left_out, key))
                .collect();
            for row in 0..figures.len() {
                let Some(step) = step_of(plan, &source.stretch, figures.bucket(row)) else {
                    continue;
                };
                let series = figures.series_index(row);
                let membership = &members[series];
                if is_marked {
                    totals.note(membership, step, || figures.cells(row), left[series]);
                }
                if !left[series] {
                    let sums = figures.sums(row);
                    totals.add(membership, step, || figures.cells(row), &sums)?;
                }
            }
        }
        for (bucket, key, fresh) in &source.fresh {
            if let Some(step) = step_of(plan, &source.stretch, *bucket) {
                let membership = groups.of(key)?;
                let left = groups.leaves_out(&left_out, key);
                if is_marked {
                    totals.note(&membership, step, || fresh.cells(), left);
                }
                if !left {
                    totals.add(&membership, step, || fresh.cells(), &fresh.sums)?;
                }
            }
        }
    }
    totals.lines.resize_with(groups.len(), Vec::new);
    Ok(totals.finish())
}

struct Totals<'a> {
    plan: &'a Plan,
    formula: Formula,
    /// Part and whole by step; empty until something counts for the line.
    lines: Vec<Vec<(i128, i128)>>,
    /// How many lines something counts for: only they take memory.
    used: usize,
    /// How many there may be.
    most: usize,
    /// Line and step of what was left out, in stretches of which something is.
    left: BTreeSet<(u32, usize)>,
    /// Line and step of what was counted there.
    seen: BTreeSet<(u32, usize)>,
}

impl Totals<'_> {
    fn add<I: Iterator<Item = (usize, u64)>>(
        &mut self,
        membership: &Membership,
        step: usize,
        cells: impl Fn() -> I,
        sums: &RowSums,
    ) -> Result<(), QueryError> {
        for (line, allowed) in &membership.lines {
            if cells().all(|(cell, _)| allowed >> cell & 1 == 0) {
                continue;
            }
            let line = *line as usize;
            if self.lines.len() <= line {
                self.lines.resize_with(line + 1, Vec::new);
            }
            let steps = &mut self.lines[line];
            if steps.is_empty() {
                self.used += 1;
                if self.used > self.most {
                    return Err(QueryError::TooManySeries {
                        series: self.used,
                        most: self.most,
                    });
                }
                steps.resize(self.plan.steps, (0, 0));
            }
            let (part, whole) = &mut steps[step];
            *part += self.formula.part.of(cells(), sums, *allowed);
            if let Some(term) = self.formula.whole {
                *whole += term.of(cells(), sums, *allowed);
            }
        }
        Ok(())
    }

    /// Remembers what a stretch with marks had of a line: where everything of it was left out, nothing is known of it.
    fn note<I: Iterator<Item = (usize, u64)>>(
        &mut self,
        membership: &Membership,
        step: usize,
        cells: impl Fn() -> I,
        left: bool,
    ) {
        for (line, allowed) in &membership.lines {
            if cells().any(|(cell, _)| allowed >> cell & 1 == 1) {
                match left {
                    true => self.left.insert((*line, step)),
                    false => self.seen.insert((*line, step)),
                };
            }
        }
    }

    fn finish(mut self) -> Lines {
        let unknown = self.left.difference(&self.seen);
        let mut unknown: BTreeSet<(u32, usize)> = unknown.copied().collect();
        // Where a part of the step is not marked, nothing was sent in that part, and that is known.
        if !unknown.is_empty() {
            let marked: Vec<bool> = (0..self.plan.steps)
                .map(|step| self.plan.is_marked(step))
                .collect();
            unknown.retain(|(_, step)| marked[*step]);
        }
        let lines = std::mem::take(&mut self.lines);
        let steps = |(line, steps): (usize, Vec<(i128, i128)>)| {
            let value = |(step, (part, whole)): (usize, &(i128, i128))| {
                let value = self.formula.value(*part, *whole, self.plan.step);
                value.filter(|_| unknown.is_empty() || !unknown.contains(&(line as u32, step)))
            };
            steps.iter().enumerate().map(value).collect()
        };
        lines.into_iter().enumerate().map(steps).collect()
    }
}

/// Quantiles, in milliseconds: for each of `qs` the values of each line. Unpacking sketches is what takes time, so it is
/// done once for all of them.
pub(super) fn quantiles(
    plan: &Plan,
    sketched: Sketched,
    qs: &[f64],
    sources: &[Source],
    groups: &mut Groups<'_>,
) -> Result<Vec<Lines>, QueryError> {
    let mut cursors = Vec::new();
    let mut fresh: BTreeMap<usize, Vec<(u32, &Sketch)>> = BTreeMap::new();
    for source in sources {
        let left_out = plan.left_out(&source.stretch);
        for chunk in &source.chunks {
            cursors.push(Cursor::new(source.stretch, chunk, sketched, groups, &left_out)?);
        }
        for (bucket, key, row) in &source.fresh {
            if groups.leaves_out(&left_out, key) {
                continue;
            }
            if let (Some(step), Some(sketch)) =
                (step_of(plan, &source.stretch, *bucket), row.sketch(sketched))
            {
                for (line, _) in groups.of(key)?.lines {
                    fresh.entry(step).or_default().push((line, sketch));
                }
            }
        }
    }
    let mut found: Vec<Lines> = vec![vec![vec![None; plan.steps]; groups.len()]; qs.len()];
    let mut tables: Vec<DenseSketch> = Vec::new();
    tables.resize_with(groups.len(), DenseSketch::default);
    for step in 0..plan.steps {
        let end = plan.start_of(step + 1);
        for cursor in &mut cursors {
            cursor.add_until(end, &mut tables)?;
        }
        for (line, sketch) in fresh.remove(&step).unwrap_or_default() {
            tables[line as usize].merge(sketch);
        }
        for (line, table) in tables.iter_mut().enumerate() {
            if table.count() == 0 {
                continue;
            }
            for (lines, q) in found.iter_mut().zip(qs) {
                lines[line][step] = table.quantile(*q).map(|micros| micros / 1_000.0);
            }
            table.clear();
        }
    }
    Ok(found)
}

/// A place in a chunk's rows; they are sorted by time.
struct Cursor<'a> {
    stretch: Stretch,
    figures: ChunkFigures,
    members: Vec<Option<u32>>,
    packed: &'a [u8],
    /// Unpacked when the sweep reaches the chunk, and gone when it has passed.
    column: Option<SketchColumn>,
    row: usize,
}

impl<'a> Cursor<'a> {
    fn new(
        stretch: Stretch,
        chunk: &'a Chunk,
        sketched: Sketched,
        groups: &mut Groups<'_>,
        left_out: &LeftOut<'_>,
    ) -> Result<Cursor<'a>, QueryError> {
        let figures = ChunkFigures::open(&chunk.figures)?;
        let members = memberships(&figures, groups)?;
        let members = members
            .into_iter()
            .zip(figures.all_series())
            .map(|(membership, key)| match groups.leaves_out(left_out, key) {
                true => None,
                false => membership.lines.first().map(|(line, _)| *line),
            });
        Ok(Cursor {
            stretch,
            members: members.collect(),
            figures,
            packed: match sketched {
                Sketched::Latency => &chunk.latency,
                Sketched::Ttft => &chunk.ttft,
            },
            column: None,
            row: 0,
        })
    }

    /// Adds the rows whose buckets start before `end`.
    fn add_until(&mut self, end: Millis, tables: &mut [DenseSketch]) -> Result<(), StoreError> {
        while self.row < self.figures.len() && self.figures.bucket(self.row) < end {
            let column = match &mut self.column {
                Some(column) => column,
                None => self.column.insert(SketchColumn::open(self.packed)?),
            };
            let bucket = self.figures.bucket(self.row);
            let inside = bucket >= self.stretch.from && bucket < self.stretch.to;
            let line = self.members[self.figures.series_index(self.row)].filter(|_| inside);
            match line.and_then(|line| tables.get_mut(line as usize)) {
                Some(table) => column.add_to(table)?,
                None => column.skip()?,
            }
            self.row += 1;
        }
        if self.row == self.figures.len() {
            self.column = None;
        }
        Ok(())
    }
}

pub(super) fn memberships(
    figures: &ChunkFigures,
    groups: &mut Groups<'_>,
) -> Result<Vec<Membership>, QueryError> {
    figures.all_series().iter().map(|key| groups.of(key)).collect()
}

/// The step that a bucket counts for; `None` outside the stretch.
pub(super) fn step_of(plan: &Plan, stretch: &Stretch, bucket: Millis) -> Option<usize> {
    if bucket < stretch.from || bucket >= stretch.to {
        return None;
    }
    plan.step_at(bucket)
}
