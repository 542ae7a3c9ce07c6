//! A rollup bucket as bytes: one row of a rung. Mostly a hundred bytes, so it is not compressed by itself.
//!
//! Layout: version; how many counts, then (outcome × 4 + class, count) each; the sums, the cost; the two sketches with
//! their lengths; CRC-32 (IEEE) of all before, little-endian. Version 2 has, behind the cost, what it went to. A bucket
//! where that is nothing is always version 1, byte for byte as ever.

use domain::Outcome;
use domain::rollup::{Bucket, CallClass};
use domain::sketch::Sketch;

use super::wire::{Malformed, Read, Reader, Writer};
use crate::StoreError;

const VERSION: u8 = 1;
const VERSION_SPENT: u8 = 2;
const WHAT: &str = "rollup bucket";
const CHECKSUM: usize = 4;

/// Encodes a bucket.
pub fn encode_bucket(bucket: &Bucket) -> Vec<u8> {
    let mut w = Writer::default();
    let spent = bucket.spent();
    let has_spent = spent.iter().any(|amount| *amount != 0);
    w.byte(if has_spent { VERSION_SPENT } else { VERSION });
    w.uint(bucket.nonzero().count() as u64);
    for (outcome, class, count) in bucket.nonzero() {
        w.byte((outcome.index() * CallClass::COUNT + class.index()) as u8);
        w.uint(count);
    }
    for sum in sums(bucket) {
        w.uint(sum);
    }
    w.int(bucket.cost);
    if has_spent {
        spent.into_iter().for_each(|amount| w.int(amount));
    }
    for sketch in [&bucket.latency, &bucket.ttft] {
        let bytes = sketch.to_bytes();
        w.uint(bytes.len() as u64);
        w.bytes(&bytes);
    }
    let mut bytes = w.into_bytes();
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Reads what [`encode_bucket`] wrote.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are damaged or from a newer version.
pub fn decode_bucket(bytes: &[u8]) -> Result<Bucket, StoreError> {
    read(bytes).map_err(|error| error.of(WHAT))
}

fn read(bytes: &[u8]) -> Read<Bucket> {
    let (content, checksum) = bytes
        .split_last_chunk::<CHECKSUM>()
        .ok_or(Malformed("it ends too early"))?;
    let mut r = Reader::new(content, 0);
    let has_spent = match r.byte()? {
        VERSION => false,
        VERSION_SPENT => true,
        _ => return Err(Malformed("its version is unknown")),
    };
    if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
        return Err(Malformed("its checksum is wrong"));
    }
    let mut bucket = Bucket::default();
    for _ in 0..r.count()? {
        let cell = usize::from(r.byte()?);
        let outcome =
            Outcome::from_index(cell / CallClass::COUNT).ok_or(Malformed("an outcome is unknown"))?;
        let class = CallClass::from_index(cell % CallClass::COUNT).ok_or(Malformed("a class is unknown"))?;
        bucket.set_count(outcome, class, r.uint()?);
    }
    for sum in sums_mut(&mut bucket) {
        *sum = r.uint()?;
    }
    bucket.cost = r.int()?;
    if has_spent {
        for amount in bucket.spent_mut() {
            *amount = r.int()?;
        }
    }
    bucket.latency = sketch(&mut r)?;
    bucket.ttft = sketch(&mut r)?;
    r.end()?;
    Ok(bucket)
}

fn sketch(r: &mut Reader<'_>) -> Read<Sketch> {
    let length = r.count()?;
    Sketch::from_bytes(r.bytes(length)?).ok_or(Malformed("a sketch is damaged"))
}

/// The sums in stored order: add at the end only, with a new version.
fn sums(bucket: &Bucket) -> [u64; 10] {
    [
        bucket.duration_us,
        bucket.input_tokens,
        bucket.cached_tokens,
        bucket.cache_write_tokens,
        bucket.output_tokens,
        bucket.reasoning_tokens,
        bucket.priced,
        bucket.unpriced,
        bucket.stream_tokens,
        bucket.stream_us,
    ]
}

fn sums_mut(bucket: &mut Bucket) -> [&mut u64; 10] {
    [
        &mut bucket.duration_us,
        &mut bucket.input_tokens,
        &mut bucket.cached_tokens,
        &mut bucket.cache_write_tokens,
        &mut bucket.output_tokens,
        &mut bucket.reasoning_tokens,
        &mut bucket.priced,
        &mut bucket.unpriced,
        &mut bucket.stream_tokens,
        &mut bucket.stream_us,
    ]
}
