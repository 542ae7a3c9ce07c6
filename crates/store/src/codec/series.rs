//! A series key as bytes: the key of a store's series dictionary, so equal keys must have equal bytes.
//!
//! Version 1 is the five texts, each with its length, and the operation. Version 2 goes on with the number of labels, at
//! least one, and of each its name and its value, sorted by name. A key without labels is always version 1.

use domain::event::Operation;
use domain::rollup::SeriesKey;

use super::fields::opt_member;
use super::wire::{Malformed, Read, Reader, Writer};
use crate::StoreError;

const VERSION: u8 = 1;
const VERSION_LABELS: u8 = 2;
const WHAT: &str = "series key";

/// Encodes a series key; the same key always gives the same bytes.
pub fn encode_series(key: &SeriesKey) -> Vec<u8> {
    let mut w = Writer::default();
    w.byte(if key.labels.is_empty() {
        VERSION
    } else {
        VERSION_LABELS
    });
    for part in [
        &key.provider,
        &key.model,
        &key.deployment,
        &key.service,
        &key.environment,
    ] {
        put(&mut w, part);
    }
    w.byte(key.operation.map_or(0, |operation| 1 + operation as u8));
    if !key.labels.is_empty() {
        w.uint(key.labels.len() as u64);
        for (name, value) in &key.labels {
            put(&mut w, name);
            put(&mut w, value);
        }
    }
    w.into_bytes()
}

fn put(w: &mut Writer<'_>, part: &str) {
    w.uint(part.len() as u64);
    w.bytes(part.as_bytes());
}

/// Reads what [`encode_series`] wrote.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are damaged or from a newer version.
pub fn decode_series(bytes: &[u8]) -> Result<SeriesKey, StoreError> {
    read(bytes).map_err(|error| error.of(WHAT))
}

fn read(bytes: &[u8]) -> Read<SeriesKey> {
    let mut r = Reader::new(bytes, 0);
    let has_labels = match r.byte()? {
        VERSION => false,
        VERSION_LABELS => true,
        _ => return Err(Malformed("its version is unknown")),
    };
    let mut key = SeriesKey::default();
    for part in [
        &mut key.provider,
        &mut key.model,
        &mut key.deployment,
        &mut key.service,
        &mut key.environment,
    ] {
        *part = text(&mut r)?.to_owned();
    }
    key.operation = opt_member(&Operation::ALL, r.byte()?)?;
    if has_labels {
        key.labels = labels(&mut r)?;
    }
    r.end()?;
    Ok(key)
}

fn text<'b>(r: &mut Reader<'b>) -> Read<&'b str> {
    let length = r.count()?;
    r.utf8(length)
}

/// Only what is written comes back: any other order would be another key of the same series.
fn labels(r: &mut Reader<'_>) -> Read<Box<[(String, String)]>> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for _ in 0..r.count()? {
        let (name, value) = (text(r)?, text(r)?);
        if value.is_empty() {
            return Err(Malformed("a label has no value"));
        }
        if labels.last().is_some_and(|(before, _)| before.as_str() >= name) {
            return Err(Malformed("its labels are not in order"));
        }
        labels.push((name.to_owned(), value.to_owned()));
    }
    match labels.is_empty() {
        true => Err(Malformed("it has no labels")),
        false => Ok(labels.into()),
    }
}
