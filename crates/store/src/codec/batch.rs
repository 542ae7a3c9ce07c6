//! The journal's bytes: the kept events of a batch and its first refusals.

use domain::event::{Call, Headroom, Marker, Stats, Transition};
use domain::{Event, EventBody, Millis};

use super::wire::{Malformed, Read, Reader, Writer};
use super::{events, frame};
use crate::{Refusal, StoreError};

/// The most events a stored batch may hold; intake takes far fewer.
pub const MAX_EVENTS: usize = 65_536;

/// The most refusals a stored batch may hold.
const MAX_REFUSALS: usize = 1_024;

/// What a frame may unpack to: an order of magnitude above what intake lets through.
const MAX_UNPACKED: usize = 64 << 20;

/// What the strings and lists of a decoded batch may take.
pub(super) const MAX_TEXT: usize = 128 << 20;

/// The version of the layout.
const VERSION: u8 = 1;

/// Goes on, behind all the rest, with what calls would have cost where they were wanted. Written only where a call has
/// that: other batches are version 1, byte for byte as ever.
const VERSION_USUAL: u8 = 2;

/// zstd's level: higher ones gain little on columns and cost the commit time.
const LEVEL: i32 = 3;

pub(super) const WHAT: &str = "journal batch";

/// What the bytes of a batch say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecodedBatch {
    /// In order.
    pub events: Vec<Event>,
    /// The first refusals.
    pub refusals: Vec<Refusal>,
}

/// The kinds of event; the numbers are part of the stored format.
pub(super) const CALL: u8 = 0;
const TRANSITION: u8 = 1;
const STATS: u8 = 2;
const HEADROOM: u8 = 3;
const MARKER: u8 = 4;

/// Encodes the events and refusals of a batch.
///
/// # Errors
/// [`StoreError::Conflict`] when there is more than a stored batch may hold: [`MAX_EVENTS`], 1,024 refusals or 64 MiB.
pub fn encode_batch(events: &[Event], refusals: &[Refusal]) -> Result<Vec<u8>, StoreError> {
    if events.len() > MAX_EVENTS || refusals.len() > MAX_REFUSALS {
        return Err(StoreError::Conflict(format!(
            "a batch of {} events and {} refusals is too large to store",
            events.len(),
            refusals.len()
        )));
    }
    let mut w = Writer::default();
    let calls = put_events(&mut w, events);
    put_refusals(&mut w, refusals);
    let has_usual = calls.iter().any(|call| call.usual_cost.is_some());
    if has_usual {
        events::put_usual_costs(&mut w, &calls);
    }
    let columns = w.finish();
    if columns.len() > MAX_UNPACKED {
        return Err(StoreError::Conflict(format!(
            "a batch of {} bytes is too large to store",
            columns.len()
        )));
    }
    let version = if has_usual { VERSION_USUAL } else { VERSION };
    frame::compress(version, &columns, LEVEL).map_err(|error| StoreError::Unavailable(Box::new(error)))
}

/// Reads what [`encode_batch`] wrote. Total: any bytes give a value or an error, in bounded memory.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are damaged or from a newer version.
pub fn decode_batch(bytes: &[u8]) -> Result<DecodedBatch, StoreError> {
    let columns = unpack(bytes)?;
    let has_usual = bytes.first() == Some(&VERSION_USUAL);
    decode_columns(&columns, has_usual).map_err(|error| error.of(WHAT))
}

/// Reads only the ids of the events, which is all that is needed to remember them after a restart. In the order of the
/// events; those without an id are left out.
///
/// # Errors
/// As [`decode_batch`].
pub fn decode_ids(bytes: &[u8]) -> Result<Vec<String>, StoreError> {
    let columns = unpack(bytes)?;
    let read = || {
        let mut r = Reader::with_dictionary(&columns, MAX_TEXT)?;
        Ok(Heads::read(&mut r)?.ids.into_iter().flatten().collect())
    };
    read().map_err(|error: Malformed| error.of(WHAT))
}

/// Checks the version and decompresses.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let Some((&version, frame)) = bytes.split_first() else {
        return Err(Malformed("it is empty").of(WHAT));
    };
    if !(VERSION..=VERSION_USUAL).contains(&version) {
        return Err(StoreError::Corrupt(format!(
            "{WHAT}: version {version} is unknown, {VERSION_USUAL} is the newest"
        )));
    }
    frame::decompress(frame, MAX_UNPACKED).map_err(|error| error.of(WHAT))
}

fn decode_columns(columns: &[u8], has_usual: bool) -> Read<DecodedBatch> {
    let mut r = Reader::with_dictionary(columns, MAX_TEXT)?;
    let mut events = read_events(&mut r)?;
    let refusals = read_refusals(&mut r)?;
    if has_usual {
        let calls = events.iter_mut().filter_map(|event| match &mut event.body {
            EventBody::Call(call) => Some(&mut **call),
            _ => None,
        });
        events::usual_costs(&mut r, calls)?;
    }
    r.end()?;
    Ok(DecodedBatch { events, refusals })
}

/// Returns the calls, in order.
fn put_events<'a>(w: &mut Writer<'a>, events: &'a [Event]) -> Vec<&'a Call> {
    let base = events.first().map_or(0, |event| event.time);
    let mut calls: Vec<&'a Call> = Vec::new();
    let mut transitions: Vec<&'a Transition> = Vec::new();
    let mut stats: Vec<&'a Stats> = Vec::new();
    let mut headrooms: Vec<&'a Headroom> = Vec::new();
    let mut markers: Vec<&'a Marker> = Vec::new();
    w.uint(events.len() as u64);
    for event in events {
        let kind = match &event.body {
            EventBody::Call(body) => {
                calls.push(body);
                CALL
            }
            EventBody::Transition(body) => {
                transitions.push(body);
                TRANSITION
            }
            EventBody::Stats(body) => {
                stats.push(body);
                STATS
            }
            EventBody::Headroom(body) => {
                headrooms.push(body);
                HEADROOM
            }
            EventBody::Marker(body) => {
                markers.push(body);
                MARKER
            }
        };
        w.byte(kind);
    }
    w.int(base);
    let mut previous = base;
    for event in events {
        w.int(event.time.wrapping_sub(previous));
        previous = event.time;
    }
    for event in events {
        w.opt_int(event.reported.map(|reported| reported.wrapping_sub(event.time)));
    }
    for event in events {
        w.opt_unique(event.id.as_deref());
    }
    events::put_calls(w, &calls);
    events::put_transitions(w, &transitions, base);
    events::put_stats(w, &stats, base);
    events::put_headrooms(w, &headrooms, base);
    events::put_markers(w, &markers);
    calls
}

/// The columns that every event has.
pub(super) struct Heads<'a> {
    kinds: &'a [u8],
    base: Millis,
    times: Vec<Millis>,
    reported: Vec<Option<Millis>>,
    ids: Vec<Option<String>>,
}

impl<'a> Heads<'a> {
    /// The kinds and times alone; ids are passed.
    pub(super) fn times(r: &mut Reader<'a>) -> Read<(&'a [u8], Vec<Millis>)> {
        let (kinds, _, times) = Heads::begin(r)?;
        r.pass_numbers(kinds.len())?;
        r.pass_unique(kinds.len())?;
        Ok((kinds, times))
    }

    fn begin(r: &mut Reader<'a>) -> Read<(&'a [u8], Millis, Vec<Millis>)> {
        let count = r.count()?;
        if count > MAX_EVENTS {
            return Err(Malformed("it has too many events"));
        }
        let kinds = r.bytes(count)?;
        let base: Millis = r.int()?;
        let mut times = Vec::with_capacity(count);
        let mut previous = base;
        for _ in 0..count {
            previous = previous.wrapping_add(r.int()?);
            times.push(previous);
        }
        Ok((kinds, base, times))
    }

    fn read(r: &mut Reader<'a>) -> Read<Heads<'a>> {
        let (kinds, base, times) = Heads::begin(r)?;
        let count = kinds.len();
        let mut reported = Vec::with_capacity(count);
        for time in &times {
            reported.push(r.opt_int()?.map(|difference| time.wrapping_add(difference)));
        }
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            ids.push(r.opt_unique()?);
        }
        Ok(Heads {
            kinds,
            base,
            times,
            reported,
            ids,
        })
    }
}

fn read_events(r: &mut Reader<'_>) -> Read<Vec<Event>> {
    let Heads {
        kinds,
        base,
        times,
        reported,
        ids,
    } = Heads::read(r)?;
    let of = |kind: u8| kinds.iter().filter(|other| **other == kind).count();
    let mut calls = events::calls(r, of(CALL))?.into_iter();
    let mut transitions = events::transitions(r, of(TRANSITION), base)?.into_iter();
    let mut stats = events::stats(r, of(STATS), base)?.into_iter();
    let mut headrooms = events::headrooms(r, of(HEADROOM), base)?.into_iter();
    let mut markers = events::markers(r, of(MARKER))?.into_iter();
    let mut all = Vec::with_capacity(kinds.len());
    for (((kind, time), reported), id) in kinds.iter().zip(times).zip(reported).zip(ids) {
        let body = match *kind {
            CALL => calls.next().map(|body| EventBody::Call(Box::new(body))),
            TRANSITION => transitions
                .next()
                .map(|body| EventBody::Transition(Box::new(body))),
            STATS => stats.next().map(|body| EventBody::Stats(Box::new(body))),
            HEADROOM => headrooms.next().map(|body| EventBody::Headroom(Box::new(body))),
            MARKER => markers.next().map(|body| EventBody::Marker(Box::new(body))),
            _ => None,
        };
        all.push(Event {
            id,
            time,
            reported,
            body: body.ok_or(Malformed("it has an unknown kind of event"))?,
        });
    }
    Ok(all)
}

fn put_refusals<'a>(w: &mut Writer<'a>, refusals: &'a [Refusal]) {
    w.uint(refusals.len() as u64);
    for refusal in refusals {
        w.uint(u64::from(refusal.index));
        w.text(&refusal.code);
        w.text(&refusal.field);
        w.text(&refusal.reason);
    }
}

fn read_refusals(r: &mut Reader<'_>) -> Read<Vec<Refusal>> {
    let count = r.count()?;
    if count > MAX_REFUSALS {
        return Err(Malformed("it has too many refusals"));
    }
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(Refusal {
            index: r.narrow()?,
            code: r.text()?,
            field: r.text()?,
            reason: r.text()?,
        });
    }
    Ok(all)
}
