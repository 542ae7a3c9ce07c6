//! A series key as bytes: the key of a store's series dictionary, so equal keys must have equal bytes.

use domain::event::Operation;
use domain::rollup::SeriesKey;

use super::fields::opt_member;
use super::wire::{Malformed, Read, Reader, Writer};
use crate::StoreError;

const VERSION: u8 = 1;
const WHAT: &str = "series key";

/// Encodes a series key; the same key always gives the same bytes.
pub fn encode_series(key: &SeriesKey) -> Vec<u8> {
    let mut w = Writer::default();
    w.byte(VERSION);
    for part in [
        &key.provider,
        &key.model,
        &key.deployment,
        &key.service,
        &key.environment,
    ] {
        w.uint(part.len() as u64);
        w.bytes(part.as_bytes());
    }
    w.byte(key.operation.map_or(0, |operation| 1 + operation as u8));
    w.into_bytes()
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
    if r.byte()? != VERSION {
        return Err(Malformed("its version is unknown"));
    }
    let mut part = || -> Read<String> {
        let length = r.count()?;
        r.utf8(length).map(str::to_owned)
    };
    let (provider, model, deployment, service, environment) = (part()?, part()?, part()?, part()?, part()?);
    let operation = opt_member(&Operation::ALL, r.byte()?)?;
    r.end()?;
    Ok(SeriesKey {
        provider,
        model,
        deployment,
        service,
        environment,
        operation,
    })
}
