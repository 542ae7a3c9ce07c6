//! The sketches of a chunk's rows: one column, read in the order of the rows.

use domain::sketch::{DenseSketch, Sketch};

use super::cursor::{Cursor, put, put_section};
use super::{VERSION, corrupt, unpack};
use crate::StoreError;
use crate::codec::frame;
use crate::codec::wire::{Malformed, Read};

const LEVEL: i32 = 6;

/// A column of sketches and the place a reader has reached in it.
pub struct SketchColumn {
    content: Vec<u8>,
    /// Where what is left of rows, runs and counts begins, and where each ends.
    rows: (usize, usize),
    runs: (usize, usize),
    counts: (usize, usize),
}

impl SketchColumn {
    /// Unpacks a column.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the bytes are damaged or from a newer version.
    pub fn open(bytes: &[u8]) -> Result<SketchColumn, StoreError> {
        let content = unpack(bytes)?;
        let [rows, runs, counts] = sections(&content).map_err(corrupt)?;
        Ok(SketchColumn {
            content,
            rows,
            runs,
            counts,
        })
    }

    /// Adds the next row's sketch to a sum.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when there is no next row or it is damaged.
    pub fn add_to(&mut self, sum: &mut DenseSketch) -> Result<(), StoreError> {
        self.walk(&mut Sum(sum)).map_err(corrupt)
    }

    /// Leaves the next row out.
    ///
    /// # Errors
    /// As [`SketchColumn::add_to`].
    pub fn skip(&mut self) -> Result<(), StoreError> {
        self.walk(&mut Nothing).map_err(corrupt)
    }

    /// Reads the next row's sketch into an empty one.
    ///
    /// # Errors
    /// As [`SketchColumn::add_to`].
    pub fn next_into(&mut self, sketch: &mut Sketch) -> Result<(), StoreError> {
        self.walk(&mut Cells(sketch)).map_err(corrupt)
    }

    /// Nothing may be left over.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when something is.
    pub fn end(&self) -> Result<(), StoreError> {
        let done = [self.rows, self.runs, self.counts]
            .iter()
            .all(|(at, end)| at == end);
        if done {
            Ok(())
        } else {
            Err(corrupt(Malformed("it has bytes left over")))
        }
    }

    fn walk(&mut self, sink: &mut impl Sink) -> Read<()> {
        let content = self.content.as_slice();
        let (mut rows, mut runs, mut counts) = (
            Place::at(content, &mut self.rows),
            Place::at(content, &mut self.runs),
            Place::at(content, &mut self.counts),
        );
        let mut next = 0u64;
        for _ in 0..rows.uint()? {
            let first = next
                .checked_add(runs.uint()?)
                .ok_or(Malformed("a bin is out of range"))?;
            let length = runs.uint()?;
            next = first
                .checked_add(length)
                .and_then(|last| last.checked_add(1))
                .filter(|next| *next <= Sketch::BINS as u64)
                .ok_or(Malformed("a bin is out of range"))?;
            let count = || Ok(counts.uint()?.saturating_add(1));
            sink.run(first as u16, (next - first) as usize, count)?;
        }
        rows.keep();
        runs.keep();
        counts.keep();
        Ok(())
    }
}

/// What takes runs of neighbouring bins. A trait, so that each kind of reader is compiled into its own tight loop.
trait Sink {
    fn run(&mut self, first: u16, length: usize, next: impl FnMut() -> Read<u64>) -> Read<()>;
}

struct Sum<'a>(&'a mut DenseSketch);

impl Sink for Sum<'_> {
    #[inline]
    fn run(&mut self, first: u16, length: usize, next: impl FnMut() -> Read<u64>) -> Read<()> {
        self.0.add_run(first, length, next)
    }
}

struct Cells<'a>(&'a mut Sketch);

impl Sink for Cells<'_> {
    fn run(&mut self, first: u16, length: usize, mut next: impl FnMut() -> Read<u64>) -> Read<()> {
        for bin in (first..).take(length) {
            self.0.add_cell(bin, next()?);
        }
        Ok(())
    }
}

struct Nothing;

impl Sink for Nothing {
    fn run(&mut self, _: u16, length: usize, mut next: impl FnMut() -> Read<u64>) -> Read<()> {
        (0..length).try_for_each(|_| next().map(drop))
    }
}

/// A cursor that writes back how far it came.
struct Place<'a> {
    content: &'a [u8],
    range: &'a mut (usize, usize),
    cursor: Cursor<'a>,
}

impl<'a> Place<'a> {
    fn at(content: &'a [u8], range: &'a mut (usize, usize)) -> Place<'a> {
        let cursor = Cursor::new(content.get(range.0..range.1).unwrap_or_default());
        Place {
            content,
            range,
            cursor,
        }
    }

    #[inline]
    fn uint(&mut self) -> Read<u64> {
        self.cursor.uint()
    }

    fn keep(self) {
        debug_assert!(self.range.1 <= self.content.len());
        self.range.0 = self.range.1 - self.cursor.left();
    }
}

/// Where the three sections of a column lie.
fn sections(content: &[u8]) -> Read<[(usize, usize); 3]> {
    let mut c = Cursor::new(content);
    let mut places = [(0, 0); 3];
    for place in &mut places {
        let length = c.count()?;
        let start = content.len() - c.left();
        c.bytes(length)?;
        *place = (start, start + length);
    }
    c.end()?;
    Ok(places)
}

pub(super) fn encode<'a>(sketches: impl Iterator<Item = &'a Sketch>) -> std::io::Result<Vec<u8>> {
    let (mut rows, mut runs, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    let mut row_runs: Vec<(u16, u16)> = Vec::new();
    for sketch in sketches {
        row_runs.clear();
        for (bin, count) in sketch.cells() {
            match row_runs.last_mut() {
                Some((first, length)) if *first + *length == bin => *length += 1,
                _ => row_runs.push((bin, 1)),
            }
            put(&mut counts, count.saturating_sub(1));
        }
        put(&mut rows, row_runs.len() as u64);
        let mut next = 0;
        for (first, length) in &row_runs {
            put(&mut runs, u64::from(first - next));
            put(&mut runs, u64::from(length - 1));
            next = first + length;
        }
    }
    let mut content = Vec::with_capacity(rows.len() + runs.len() + counts.len() + 16);
    for section in [rows, runs, counts] {
        put_section(&mut content, &section);
    }
    frame::compress(VERSION, &content, LEVEL)
}
