//! The bytes that are stored: journal batches, rollup buckets and chunks of them, series keys, alerts.
//!
//! Every kind of bytes starts with a version. A decoder reads the current version and the one before; golden files
//! prove that old bytes keep their meaning. Decoding is total: whatever the bytes, it returns a value or
//! [`crate::StoreError::Corrupt`], in bounded memory, and a flipped bit is noticed (zstd's checksum, or CRC-32).
//!
//! The layout of a batch: version, then one zstd frame that holds a dictionary of its strings and then its events
//! column by column (all kinds, all times, …), integers as LEB128 varints, times as differences. Columns make equal
//! things lie together, which is what the compressor needs.
//!
//! Deliberately absent: what a batch has in common with no event (tenant, key, arrival, sequence). Those are columns
//! of the store's tables.

mod alert;
mod batch;
mod bucket;
mod chunk;
mod events;
mod fields;
mod frame;
mod guarded;
mod keyframe;
mod series;
mod wire;
mod zone;

pub use alert::{decode_alert, encode_alert};
pub use batch::{DecodedBatch, MAX_EVENTS, decode_batch, decode_ids, encode_batch};
pub use bucket::{decode_bucket, encode_bucket};
pub use chunk::{ChunkFigures, MAX_ROWS, RowSums, SketchColumn, decode_chunk, encode_chunks};
pub use guarded::{GuardedCall, decode_guarded};
pub use keyframe::{decode_keyframe, encode_keyframe};
pub use series::{decode_series, encode_series};
pub use zone::ZoneMap;
