//! Which rows a chunk has, their counts, and their sums.

use domain::rollup::{Bucket, CallClass, SeriesKey};
use domain::{Millis, Outcome};

use super::cursor::{Cursor, put, put_int, put_section};
use super::{MAX_ROWS, VERSION, VERSION_SPENT, advance, corrupt, distinct, unpack, unpack_sums};
use crate::codec::frame;
use crate::codec::wire::{Malformed, Read};
use crate::codec::{decode_series, encode_series};
use crate::{PartialRow, StoreError};

const LEVEL: i32 = 6;

/// A decoder takes twice what an encoder writes, so that the limit can be raised without a new version.
const READABLE_ROWS: usize = 2 * MAX_ROWS;

/// How many sums a row has, cost included.
const SUMS: usize = 11;

/// How many it has with what the cost went to, from version 2 of the sums on.
const SUMS_SPENT: usize = 16;

/// The sums of a row, in stored order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowSums {
    /// Microseconds of `ok` attempts.
    pub duration_us: u64,
    /// Includes cached and cache-write tokens.
    pub input_tokens: u64,
    /// Read from prompt caches.
    pub cached_tokens: u64,
    /// Written to prompt caches.
    pub cache_write_tokens: u64,
    /// Includes reasoning tokens.
    pub output_tokens: u64,
    /// Part of the output.
    pub reasoning_tokens: u64,
    /// Calls with a known cost.
    pub priced: u64,
    /// Calls with tokens and no known cost.
    pub unpriced: u64,
    /// Output tokens of streams whose speed can be told.
    pub stream_tokens: u64,
    /// Microseconds those streams took.
    pub stream_us: u64,
    /// Nano-USD.
    pub cost: i64,
    /// Nano-USD: the part that went to attempts that failed.
    pub failed_cost: i64,
    /// Nano-USD: the part that went to `ok` second attempts at the wanted provider.
    pub retry_cost: i64,
    /// Nano-USD: the part that went to `ok` stand-ins whose usual cost is known.
    pub fallback_cost: i64,
    /// Nano-USD: what those would have cost where they were wanted.
    pub fallback_usual: i64,
    /// Nano-USD: the part that came from the price table.
    pub estimated_cost: i64,
}

impl RowSums {
    /// The sums of a bucket.
    pub fn of(bucket: &Bucket) -> RowSums {
        RowSums {
            duration_us: bucket.duration_us,
            input_tokens: bucket.input_tokens,
            cached_tokens: bucket.cached_tokens,
            cache_write_tokens: bucket.cache_write_tokens,
            output_tokens: bucket.output_tokens,
            reasoning_tokens: bucket.reasoning_tokens,
            priced: bucket.priced,
            unpriced: bucket.unpriced,
            stream_tokens: bucket.stream_tokens,
            stream_us: bucket.stream_us,
            cost: bucket.cost,
            failed_cost: bucket.failed_cost,
            retry_cost: bucket.retry_cost,
            fallback_cost: bucket.fallback_cost,
            fallback_usual: bucket.fallback_usual,
            estimated_cost: bucket.estimated_cost,
        }
    }

    /// Sets the sums of a bucket.
    pub fn put_into(self, bucket: &mut Bucket) {
        bucket.duration_us = self.duration_us;
        bucket.input_tokens = self.input_tokens;
        bucket.cached_tokens = self.cached_tokens;
        bucket.cache_write_tokens = self.cache_write_tokens;
        bucket.output_tokens = self.output_tokens;
        bucket.reasoning_tokens = self.reasoning_tokens;
        bucket.priced = self.priced;
        bucket.unpriced = self.unpriced;
        bucket.stream_tokens = self.stream_tokens;
        bucket.stream_us = self.stream_us;
        bucket.cost = self.cost;
        bucket.failed_cost = self.failed_cost;
        bucket.retry_cost = self.retry_cost;
        bucket.fallback_cost = self.fallback_cost;
        bucket.fallback_usual = self.fallback_usual;
        bucket.estimated_cost = self.estimated_cost;
    }

    /// The columns, each as it is written; costs are signed and therefore zigzag.
    fn columns(&self) -> [u64; SUMS_SPENT] {
        [
            self.duration_us,
            self.input_tokens,
            self.cached_tokens,
            self.cache_write_tokens,
            self.output_tokens,
            self.reasoning_tokens,
            self.priced,
            self.unpriced,
            self.stream_tokens,
            self.stream_us,
            zigzag(self.cost),
            zigzag(self.failed_cost),
            zigzag(self.retry_cost),
            zigzag(self.fallback_cost),
            zigzag(self.fallback_usual),
            zigzag(self.estimated_cost),
        ]
    }

    fn set_column(&mut self, column: usize, value: u64) {
        match column {
            0 => self.duration_us = value,
            1 => self.input_tokens = value,
            2 => self.cached_tokens = value,
            3 => self.cache_write_tokens = value,
            4 => self.output_tokens = value,
            5 => self.reasoning_tokens = value,
            6 => self.priced = value,
            7 => self.unpriced = value,
            8 => self.stream_tokens = value,
            9 => self.stream_us = value,
            10 => self.cost = unzigzag(value),
            11 => self.failed_cost = unzigzag(value),
            12 => self.retry_cost = unzigzag(value),
            13 => self.fallback_cost = unzigzag(value),
            14 => self.fallback_usual = unzigzag(value),
            _ => self.estimated_cost = unzigzag(value),
        }
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// The rows of a chunk, sorted by bucket, then series.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkFigures {
    series: Vec<SeriesKey>,
    buckets: Vec<Millis>,
    /// Of each row, its place in `series`.
    of_series: Vec<u32>,
    /// Of each row, which counts it has.
    masks: Vec<u64>,
    /// Where the counts of each row end in `counts`.
    ends: Vec<u32>,
    counts: Vec<u64>,
    sums: Vec<RowSums>,
}

impl ChunkFigures {
    /// Reads rows and counts; [`ChunkFigures::sums`] gives zeros.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the bytes are damaged or from a newer version.
    pub fn open(bytes: &[u8]) -> Result<ChunkFigures, StoreError> {
        let mut outer = Cursor::new(bytes);
        let rows = outer
            .count()
            .and_then(|length| outer.bytes(length))
            .map_err(corrupt)?;
        Self::read(&unpack(rows)?)
    }

    /// Reads everything.
    ///
    /// # Errors
    /// As [`ChunkFigures::open`].
    pub fn with_sums(bytes: &[u8]) -> Result<ChunkFigures, StoreError> {
        let mut outer = Cursor::new(bytes);
        let rows = outer
            .count()
            .and_then(|length| outer.bytes(length))
            .map_err(corrupt)?;
        let sums = outer
            .count()
            .and_then(|length| outer.bytes(length))
            .map_err(corrupt)?;
        outer.end().map_err(corrupt)?;
        let mut figures = Self::read(&unpack(rows)?)?;
        let (version, sums) = unpack_sums(sums)?;
        let columns = if version == VERSION { SUMS } else { SUMS_SPENT };
        figures.sums = read_sums(&sums, columns, figures.len()).map_err(corrupt)?;
        Ok(figures)
    }

    fn read(content: &[u8]) -> Result<ChunkFigures, StoreError> {
        let mut c = Cursor::new(content);
        let mut series = Vec::new();
        for _ in 0..c.count().map_err(corrupt)? {
            let dims = c.count().and_then(|length| c.bytes(length)).map_err(corrupt)?;
            series.push(decode_series(dims)?);
        }
        read_rows(&mut c, series).map_err(corrupt)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.of_series.len()
    }

    /// There is no row.
    pub fn is_empty(&self) -> bool {
        self.of_series.is_empty()
    }

    /// The series that rows name by their place in this list.
    pub fn all_series(&self) -> &[SeriesKey] {
        &self.series
    }

    /// The start of a row's bucket.
    pub fn bucket(&self, row: usize) -> Millis {
        self.buckets[row]
    }

    /// A row's series as a place in [`ChunkFigures::all_series`].
    pub fn series_index(&self, row: usize) -> usize {
        self.of_series[row] as usize
    }

    /// A row's series.
    pub fn series(&self, row: usize) -> &SeriesKey {
        &self.series[self.of_series[row] as usize]
    }

    /// A row's counts above zero, by outcome, then class.
    pub fn counts(&self, row: usize) -> impl Iterator<Item = (Outcome, CallClass, u64)> + '_ {
        self.cells(row).filter_map(|(cell, count)| {
            Some((
                Outcome::from_index(cell / CallClass::COUNT)?,
                CallClass::from_index(cell % CallClass::COUNT)?,
                count,
            ))
        })
    }

    /// A row's counts above zero as (outcome × 4 + class, count).
    pub fn cells(&self, row: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let mut mask = self.masks[row];
        self.counts[start..self.ends[row] as usize]
            .iter()
            .map(move |count| {
                let cell = mask.trailing_zeros() as usize;
                mask &= mask.wrapping_sub(1);
                (cell, *count)
            })
    }

    /// A row's sums; zeros unless they were read.
    pub fn sums(&self, row: usize) -> RowSums {
        self.sums.get(row).copied().unwrap_or_default()
    }
}

fn read_rows(c: &mut Cursor<'_>, series: Vec<SeriesKey>) -> Read<ChunkFigures> {
    let base = c.int()?;
    let unit = c.uint()?;
    let mut heads = c.section()?;
    let mut members = c.section()?;
    let mut masks_in = c.section()?;
    let mut counts_in = c.section()?;
    c.end()?;
    let bucket_count = heads.count()?;
    let (mut buckets, mut of_series) = (Vec::new(), Vec::new());
    let mut steps = 0u64;
    for _ in 0..bucket_count {
        steps = steps
            .checked_add(heads.uint()?)
            .ok_or(Malformed("a bucket is out of range"))?;
        let bucket = advance(base, unit, steps).ok_or(Malformed("a bucket is out of range"))?;
        let rows: usize = heads.narrow()?;
        if buckets.len().saturating_add(rows) > READABLE_ROWS {
            return Err(Malformed("it has too many rows"));
        }
        let mut next = 0u64;
        for _ in 0..rows {
            let index = next
                .checked_add(members.uint()?)
                .filter(|index| *index < series.len() as u64)
                .ok_or(Malformed("a series is unknown"))?;
            buckets.push(bucket);
            of_series.push(index as u32);
            next = index + 1;
        }
    }
    heads.end()?;
    members.end()?;
    let known = (1u64 << (Outcome::COUNT * CallClass::COUNT)) - 1;
    let (mut masks, mut ends, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..of_series.len() {
        let mask = masks_in.uint()?;
        if mask & !known != 0 {
            return Err(Malformed("an outcome is unknown"));
        }
        for _ in 0..mask.count_ones() {
            counts.push(counts_in.uint()?);
        }
        masks.push(mask);
        ends.push(counts.len() as u32);
    }
    masks_in.end()?;
    counts_in.end()?;
    Ok(ChunkFigures {
        series,
        buckets,
        of_series,
        masks,
        ends,
        counts,
        sums: Vec::new(),
    })
}

fn read_sums(content: &[u8], columns: usize, rows: usize) -> Read<Vec<RowSums>> {
    let mut c = Cursor::new(content);
    let mut sums = vec![RowSums::default(); rows];
    for column in 0..columns {
        for row in &mut sums {
            row.set_column(column, c.uint()?);
        }
    }
    c.end()?;
    Ok(sums)
}

/// Rows must be sorted by bucket, then series, without repeats.
pub(super) fn encode(rows: &[PartialRow]) -> std::io::Result<Vec<u8>> {
    let series = distinct(rows);
    let mut out = Vec::new();
    put(&mut out, series.len() as u64);
    for key in &series {
        put_section(&mut out, &encode_series(key));
    }
    let base = rows.first().map_or(0, |row| row.bucket);
    let unit = rows
        .iter()
        .fold(0, |unit, row| gcd(unit, row.bucket.abs_diff(base)));
    put_int(&mut out, base);
    put(&mut out, unit);
    let (mut heads, mut members, mut masks, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut previous = base;
    let buckets = rows.chunk_by(|a, b| a.bucket == b.bucket);
    put(&mut heads, buckets.clone().count() as u64);
    for bucket in buckets {
        let start = bucket[0].bucket;
        put(
            &mut heads,
            start.abs_diff(previous).checked_div(unit).unwrap_or(0),
        );
        put(&mut heads, bucket.len() as u64);
        previous = start;
        let mut next = 0;
        for row in bucket {
            // Every series is in the list it was gathered into.
            let index = series.binary_search(&&row.series).unwrap_or_default() as u64;
            put(&mut members, index - next);
            next = index + 1;
            let mut mask = 0;
            for (outcome, class, count) in row.stats.nonzero() {
                mask |= 1u64 << (outcome.index() * CallClass::COUNT + class.index());
                put(&mut counts, count);
            }
            put(&mut masks, mask);
        }
    }
    for section in [heads, members, masks, counts] {
        put_section(&mut out, &section);
    }
    let sums: Vec<[u64; SUMS_SPENT]> = rows.iter().map(|row| RowSums::of(&row.stats).columns()).collect();
    let has_spent = sums.iter().any(|row| row[SUMS..] != [0; SUMS_SPENT - SUMS]);
    let (version, width) = match has_spent {
        true => (VERSION_SPENT, SUMS_SPENT),
        false => (VERSION, SUMS),
    };
    let mut columns = Vec::new();
    for column in 0..width {
        for row in &sums {
            put(&mut columns, row[column]);
        }
    }
    let mut bytes = Vec::new();
    put_section(&mut bytes, &frame::compress(VERSION, &out, LEVEL)?);
    put_section(&mut bytes, &frame::compress(version, &columns, LEVEL)?);
    Ok(bytes)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
