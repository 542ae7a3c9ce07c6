//! A chunk: many buckets of one rung, of all series, column by column.
//!
//! Three parts, so that a reader fetches only what its question needs: *figures* (which rows there are, their counts,
//! their sums), *latency* and *ttft* (the sketches). Rows are sorted by bucket, then series, and each pair is there once;
//! so a reader sweeps through time over any number of chunks. A chunk names its series itself and can be read alone.
//!
//! Every part starts with its version. Figures: two zstd frames (rows with counts; sums), the first with its length in
//! front. Sketches: one frame. Columns are LEB128 varints:
//!
//! - rows: the series (each with its length, as [`super::encode_series`] writes them); the first bucket and the unit of
//!   time; per bucket the distance to the one before in units and how many rows it has; per row the distance of its
//!   series from the one before in the bucket; per row a mask of the counts it has (outcome × 4 + class); the counts.
//! - sums: the sums of a bucket, one column each; the last is the cost. Version 2 of this frame goes on with what the cost
//!   went to, and is written only where that is something: a chunk without it is version 1, byte for byte as ever.
//! - sketches: per row the number of runs of neighbouring bins; per run the distance from the end of the run before and
//!   its length minus one; per bin its count minus one.
//!
//! Decoding is total and its memory is bounded: a chunk has at most [`MAX_ROWS`] rows, a frame at most 64 MiB.

mod cursor;
mod figures;
mod sketches;

use std::cmp::Ordering;

use domain::Millis;
use domain::rollup::{Bucket, Rung, SeriesKey};

pub use figures::{ChunkFigures, RowSums};
pub use sketches::SketchColumn;

use super::wire::Malformed;
use crate::rollups::NewChunk;
use crate::{PartialRow, StoreError};

/// The most rows of a chunk that is written. More are split.
pub const MAX_ROWS: usize = 65_536;

/// The most bins in the sketches of a chunk that is written: keeps a part well under the limit of a frame.
const MAX_BINS: usize = 4_000_000;

const MAX_UNPACKED: usize = 64 << 20;
const VERSION: u8 = 1;
/// Of the sums: with what the cost went to.
const VERSION_SPENT: u8 = 2;
const WHAT: &str = "rollup chunk";

/// Builds the chunks of a rung from rows in any order; rows of one bucket and series are merged. Chunks do not cross
/// the rung's spans.
///
/// # Errors
/// [`StoreError::Unavailable`] when the compressor fails.
pub fn encode_chunks(rung: Rung, mut rows: Vec<PartialRow>) -> Result<Vec<NewChunk>, StoreError> {
    rows.sort_by(in_order);
    rows.dedup_by(|later, first| {
        let same = in_order(later, first) == Ordering::Equal;
        if same {
            first.stats.merge(&later.stats);
        }
        same
    });
    let mut chunks = Vec::new();
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let (rows, more) = rest.split_at(first_chunk(rung, rest));
        chunks.push(encode(rung, rows)?);
        rest = more;
    }
    Ok(chunks)
}

fn in_order(a: &PartialRow, b: &PartialRow) -> Ordering {
    (a.bucket, &a.series).cmp(&(b.bucket, &b.series))
}

/// How many rows the first chunk takes; at least one.
fn first_chunk(rung: Rung, rows: &[PartialRow]) -> usize {
    let span = rows.first().map(|row| rung.span(row.bucket));
    let mut bins = 0;
    let fits = |row: &&PartialRow| {
        bins += row.stats.latency.cells().count() + row.stats.ttft.cells().count();
        Some(rung.span(row.bucket)) == span && bins <= MAX_BINS
    };
    rows.iter().take(MAX_ROWS).take_while(fits).count().max(1)
}

fn encode(rung: Rung, rows: &[PartialRow]) -> Result<NewChunk, StoreError> {
    let (from, last) = match rows {
        [first, .., last] => (first.bucket, last.bucket),
        [only] => (only.bucket, only.bucket),
        [] => (0, 0),
    };
    let unavailable = |error| StoreError::Unavailable(Box::new(error));
    Ok(NewChunk {
        rung,
        span: rung.span(from),
        from,
        to: last.saturating_add(rung.nominal_width()),
        rows: rows.len() as u64,
        figures: figures::encode(rows).map_err(unavailable)?,
        latency: sketches::encode(rows.iter().map(|row| &row.stats.latency)).map_err(unavailable)?,
        ttft: sketches::encode(rows.iter().map(|row| &row.stats.ttft)).map_err(unavailable)?,
    })
}

/// All of a chunk's rows, whole. For merging chunks; questions read the columns they need.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are damaged or from a newer version.
pub fn decode_chunk(figures: &[u8], latency: &[u8], ttft: &[u8]) -> Result<Vec<PartialRow>, StoreError> {
    let figures = ChunkFigures::with_sums(figures)?;
    let mut rows: Vec<PartialRow> = Vec::with_capacity(figures.len());
    for row in 0..figures.len() {
        let mut stats = Bucket::default();
        for (outcome, class, count) in figures.counts(row) {
            stats.set_count(outcome, class, count);
        }
        figures.sums(row).put_into(&mut stats);
        rows.push(PartialRow {
            bucket: figures.bucket(row),
            series: figures.series(row).clone(),
            stats,
        });
    }
    let (mut latency, mut ttft) = (SketchColumn::open(latency)?, SketchColumn::open(ttft)?);
    for row in &mut rows {
        latency.next_into(&mut row.stats.latency)?;
        ttft.next_into(&mut row.stats.ttft)?;
    }
    latency.end()?;
    ttft.end()?;
    Ok(rows)
}

fn corrupt(error: Malformed) -> StoreError {
    error.of(WHAT)
}

/// The content of a part: checks the version and unpacks.
fn unpack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    unpack_to(bytes, VERSION).map(|(_, content)| content)
}

/// The version of the sums, and their content.
fn unpack_sums(bytes: &[u8]) -> Result<(u8, Vec<u8>), StoreError> {
    unpack_to(bytes, VERSION_SPENT)
}

fn unpack_to(bytes: &[u8], newest: u8) -> Result<(u8, Vec<u8>), StoreError> {
    match bytes.split_first() {
        Some((version, frame)) if (VERSION..=newest).contains(version) => {
            let content = super::frame::decompress(frame, MAX_UNPACKED).map_err(corrupt)?;
            Ok((*version, content))
        }
        Some((version, _)) => Err(StoreError::Corrupt(format!(
            "{WHAT}: version {version} is unknown, {newest} is the newest"
        ))),
        None => Err(corrupt(Malformed("it is empty"))),
    }
}

/// One step along a series of buckets: where a bucket starts.
fn advance(base: Millis, unit: u64, steps: u64) -> Option<Millis> {
    base.checked_add(i64::try_from(unit.checked_mul(steps)?).ok()?)
}

/// The series of a chunk as a list without repeats, sorted.
fn distinct(rows: &[PartialRow]) -> Vec<&SeriesKey> {
    let mut series: Vec<&SeriesKey> = rows.iter().map(|row| &row.series).collect();
    series.sort();
    series.dedup();
    series
}
