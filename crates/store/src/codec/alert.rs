//! An alert as bytes: what its row holds besides the columns that are searched.
//!
//! Layout: version, a dictionary of its texts, its fields in order, CRC-32 (IEEE) of all before, little-endian. An alert
//! from elsewhere has a newer version, with what was sent after the fields of all.

use domain::alert::{Ack, Alert, Holds, Labels, Origin, Part, Resolved, Severity, Snooze, Source, Who};

use super::fields::member;
use super::wire::{Malformed, Read, Reader, Writer};
use crate::StoreError;

const VERSION: u8 = 1;
/// Of an alert that others have found.
const WITH_ORIGIN: u8 = 2;
const WHAT: &str = "alert";
const CHECKSUM: usize = 4;
/// What the texts of an alert may take when they are read: several times what its limits allow.
const BUDGET: usize = 2 << 20;
const PARTS: [Part; 3] = [Part::Cause, Part::Symptom, Part::Alone];

/// Encodes an alert.
pub fn encode_alert(alert: &Alert) -> Vec<u8> {
    let mut w = Writer::default();
    w.uint(alert.rule);
    w.text(&alert.rule_name);
    w.bytes(&alert.fingerprint.to_le_bytes());
    w.byte(alert.severity as u8);
    w.byte(PARTS.iter().position(|part| *part == alert.part).unwrap_or(0) as u8);
    put_labels(&mut w, &alert.labels);
    w.text(&alert.title);
    w.text(&alert.summary);
    w.opt_text(alert.runbook.as_deref());
    w.flag(alert.simulated);
    for time in [alert.since, alert.fired, alert.changed] {
        w.int(time);
    }
    put_who(&mut w, alert.owner.as_ref());
    let ack = alert.ack.as_ref();
    put_who(&mut w, ack.map(|ack| &ack.by));
    if let Some(ack) = ack {
        w.int(ack.at);
        w.text(&ack.note);
        w.opt_int(ack.until);
    }
    let snooze = alert.snooze.as_ref();
    put_who(&mut w, snooze.map(|snooze| &snooze.by));
    if let Some(snooze) = snooze {
        w.int(snooze.at);
        w.int(snooze.until);
    }
    w.opt_uint(alert.holds.silence);
    w.opt_uint(alert.holds.cause);
    w.opt_text(alert.holds.flapping.as_deref());
    w.opt_int(alert.holds.quiet);
    w.opt_uint(alert.incident);
    w.flag(alert.told);
    w.flag(alert.resolved.is_some());
    if let Some(resolved) = &alert.resolved {
        w.int(resolved.at);
        put_who(&mut w, resolved.by.as_ref());
        w.text(&resolved.why);
    }
    if let Some(origin) = &alert.origin {
        w.byte(origin.source as u8);
        w.opt_text(origin.link.as_deref());
        put_labels(&mut w, &origin.annotations);
        w.opt_int(origin.ends);
    }
    let mut bytes = vec![alert.origin.as_ref().map_or(VERSION, |_| WITH_ORIGIN)];
    bytes.extend(w.finish());
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

fn put_labels<'a>(w: &mut Writer<'a>, labels: &'a Labels) {
    w.uint(labels.len() as u64);
    for (name, value) in labels {
        w.text(name);
        w.text(value);
    }
}

fn put_who<'a>(w: &mut Writer<'a>, who: Option<&'a Who>) {
    w.opt_text(who.map(|who| who.id.as_str()));
    if let Some(who) = who {
        w.text(&who.name);
    }
}

/// Reads what [`encode_alert`] wrote.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are damaged or from a newer version.
pub fn decode_alert(bytes: &[u8]) -> Result<Alert, StoreError> {
    read(bytes).map_err(|error| error.of(WHAT))
}

fn read(bytes: &[u8]) -> Read<Alert> {
    let (content, checksum) = bytes
        .split_last_chunk::<CHECKSUM>()
        .ok_or(Malformed("it ends too early"))?;
    let (version, columns) = content.split_first().ok_or(Malformed("it ends too early"))?;
    if ![VERSION, WITH_ORIGIN].contains(version) {
        return Err(Malformed("its version is unknown"));
    }
    if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
        return Err(Malformed("its checksum is wrong"));
    }
    let mut r = Reader::with_dictionary(columns, BUDGET)?;
    let mut alert = fields(&mut r)?;
    if *version == WITH_ORIGIN {
        alert.origin = Some(Origin {
            source: member(&Source::ALL, r.byte()?)?,
            link: r.opt_text()?,
            annotations: labels(&mut r)?,
            ends: r.opt_int()?,
        });
    }
    r.end()?;
    Ok(alert)
}

/// In the order in which they were written.
fn fields(r: &mut Reader<'_>) -> Read<Alert> {
    let rule = r.uint()?;
    let rule_name = r.text()?;
    let mut fingerprint = [0u8; 8];
    fingerprint.copy_from_slice(r.bytes(8)?);
    let severity = member(&Severity::ALL, r.byte()?)?;
    let part = member(&PARTS, r.byte()?)?;
    let labels = labels(r)?;
    let (title, summary, runbook) = (r.text()?, r.text()?, r.opt_text()?);
    let simulated = r.flag()?;
    let (since, fired, changed) = (r.int()?, r.int()?, r.int()?);
    let owner = who(r)?;
    let ack = match who(r)? {
        Some(by) => Some(Ack {
            by,
            at: r.int()?,
            note: r.text()?,
            until: r.opt_int()?,
        }),
        None => None,
    };
    let snooze = match who(r)? {
        Some(by) => Some(Snooze {
            by,
            at: r.int()?,
            until: r.int()?,
        }),
        None => None,
    };
    let holds = Holds {
        silence: r.opt_uint()?,
        cause: r.opt_uint()?,
        flapping: r.opt_text()?,
        quiet: r.opt_int()?,
    };
    let (incident, told) = (r.opt_uint()?, r.flag()?);
    let resolved = match r.flag()? {
        true => Some(Resolved {
            at: r.int()?,
            by: who(r)?,
            why: r.text()?,
        }),
        false => None,
    };
    Ok(Alert {
        rule,
        rule_name,
        origin: None,
        fingerprint: u64::from_le_bytes(fingerprint),
        severity,
        part,
        labels,
        title,
        summary,
        runbook,
        simulated,
        since,
        fired,
        changed,
        owner,
        ack,
        snooze,
        holds,
        incident,
        told,
        resolved,
    })
}

fn labels(r: &mut Reader<'_>) -> Read<Labels> {
    let mut labels = Labels::new();
    for _ in 0..r.count()? {
        labels.insert(r.text()?, r.text()?);
    }
    Ok(labels)
}

fn who(r: &mut Reader<'_>) -> Read<Option<Who>> {
    match r.opt_text()? {
        Some(id) => Ok(Some(Who { id, name: r.text()? })),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::alerts::{full_alert, sent_alert};

    #[test]
    fn an_alert_comes_back_exactly() {
        let full = full_alert();
        assert_eq!(decode_alert(&encode_alert(&full)).unwrap(), full);
        let plain = Alert {
            owner: None,
            ack: None,
            snooze: None,
            holds: Holds::default(),
            incident: None,
            resolved: None,
            runbook: None,
            labels: Labels::new(),
            ..full
        };
        assert_eq!(decode_alert(&encode_alert(&plain)).unwrap(), plain);
        let sent = sent_alert();
        assert_eq!(decode_alert(&encode_alert(&sent)).unwrap(), sent);
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = encode_alert(&sent_alert());
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(decode_alert(&damaged).is_err(), "byte {at}");
            assert!(decode_alert(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    /// Written once, and read for ever.
    #[test]
    fn the_bytes_keep_their_meaning() {
        let golden = include_bytes!("../../tests/golden/alert-v1.bin");
        assert_eq!(decode_alert(golden).unwrap(), full_alert());
        let golden = include_bytes!("../../tests/golden/alert-v2.bin");
        assert_eq!(decode_alert(golden).unwrap(), sent_alert());
    }
}
