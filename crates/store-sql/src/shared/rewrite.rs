//! A batch of the journal without some of its events, as both databases store it.

use domain::Millis;
use domain::erasure::Selection;
use store::StoreError;
use store::codec::{self, ZoneMap};

/// What takes the place of a batch.
pub(crate) struct Rewritten {
    pub(crate) erased: u64,
    pub(crate) events: i64,
    pub(crate) min_time: Millis,
    pub(crate) max_time: Millis,
    pub(crate) zone: i64,
    pub(crate) bytes: Vec<u8>,
}

/// `None` when nothing of it is taken. What was refused of a batch says why in words that may repeat what was sent: where
/// anything goes, they go too.
pub(crate) fn rewrite(
    bytes: &[u8],
    received: Millis,
    selection: &Selection,
) -> Result<Option<Rewritten>, StoreError> {
    let decoded = codec::decode_batch(bytes)?;
    let before = decoded.events.len();
    let mut kept = decoded.events;
    kept.retain(|event| !selection.takes_event(event));
    if kept.len() == before {
        return Ok(None);
    }
    let times = || kept.iter().map(|event| event.time);
    Ok(Some(Rewritten {
        erased: (before - kept.len()) as u64,
        events: kept.len() as i64,
        min_time: times().min().unwrap_or(received),
        max_time: times().max().unwrap_or(received),
        zone: ZoneMap::of(&kept).to_bits(),
        bytes: codec::encode_batch(&kept, &[])?,
    }))
}
