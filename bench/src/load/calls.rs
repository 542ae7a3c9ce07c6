//! Calls in our own format: about 220 bytes of JSON each. A few batches are written once; before a batch is sent only
//! its times and ids are overwritten, so a core of the generator can make several million events a second.

use std::fmt::Write as _;

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{INSTANCES, SERIES, series};

/// How a repetition of a batch is recognised by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once {
    /// An `Idempotency-Key` for each batch.
    Key,
    /// An id in each event.
    Ids,
}

/// Batches prepared of each sender; their figures differ.
const BATCHES: usize = 8;

/// One sender's calls.
pub struct Calls {
    once: Once,
    size: usize,
    batches: Vec<Batch>,
    /// Different for each sender and run, so that no id is ever sent twice.
    tag: u32,
    sent: u64,
}

struct Batch {
    bytes: Vec<u8>,
    times: Vec<usize>,
    ids: Vec<usize>,
}

const TIME: &str = "0000000000000";
const ID: &str = "0000000000000000";

impl Calls {
    /// `size` calls a batch, of one of up to four senders. What they say depends on the sender alone; their keys and ids
    /// were never used before.
    pub fn new(sender: u32, size: usize, once: Once) -> Calls {
        let tag = (engine::Clock::system().now() / 10) as u32;
        Calls::tagged(tag << 2 | sender, sender, size, once)
    }

    fn tagged(tag: u32, sender: u32, size: usize, once: Once) -> Calls {
        let mut random = StdRng::seed_from_u64(u64::from(sender));
        let batches = (0..BATCHES)
            .map(|_| Batch::new(&mut random, size, once))
            .collect();
        Calls {
            once,
            size,
            batches,
            tag,
            sent: 0,
        }
    }

    /// Calls in each batch.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The next batch: its key, if it has one, and its body. All calls ended `now`.
    pub fn next(&mut self, now: i64) -> Result<(Option<String>, &[u8])> {
        let number = self.sent;
        self.sent += 1;
        let key = match self.once {
            Once::Key => Some(format!("bench-{:08x}-{number:012x}", self.tag)),
            Once::Ids => None,
        };
        let index = (number % BATCHES as u64) as usize;
        let (tag, size) = (self.tag, self.size as u64);
        let Some(batch) = self.batches.get_mut(index) else {
            anyhow::bail!("no batch was prepared");
        };
        let time = format!("{now:013}");
        for at in &batch.times {
            overwrite(&mut batch.bytes, *at, time.as_bytes());
        }
        let mut id = *b"0000000000000000";
        for (event, at) in batch.ids.iter().enumerate() {
            hex(&mut id, u64::from(tag) << 32 | (number * size + event as u64));
            overwrite(&mut batch.bytes, *at, &id);
        }
        Ok((key, &batch.bytes))
    }
}

impl Batch {
    fn new(random: &mut StdRng, size: usize, once: Once) -> Batch {
        let mut text = String::with_capacity(size * 260);
        let (mut times, mut ids) = (Vec::with_capacity(size), Vec::new());
        text.push('[');
        for event in 0..size {
            if event > 0 {
                text.push(',');
            }
            text.push_str(r#"{"type":"call","#);
            if once == Once::Ids {
                text.push_str(r#""id":""#);
                ids.push(text.len());
                text.push_str(ID);
                text.push_str(r#"","#);
            }
            text.push_str(r#""time":"#);
            times.push(text.len());
            text.push_str(TIME);
            call(&mut text, random);
        }
        text.push(']');
        Batch {
            bytes: text.into_bytes(),
            times,
            ids,
        }
    }
}

/// What follows the time of a call.
fn call(text: &mut String, random: &mut StdRng) {
    let (provider, model, service) = series(random.random_range(0..SERIES));
    let instance = random.random_range(0..INSTANCES);
    let outcome = if random.random_ratio(1, 250) {
        "overloaded"
    } else {
        "ok"
    };
    let spread: f64 = random.random_range(0.25..1.0);
    let duration = (600.0 / spread / spread) as u64 + 1;
    let output: u64 = random.random_range(20..600);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        r#","provider":"{provider}","model":"{model}","service":"{service}","instance":"host-{instance:02}","outcome":"{outcome}","duration_ms":{duration},"ttft_ms":{},"input_tokens":{},"output_tokens":{output},"cost_usd":0.{:09}}}"#,
        duration / 4,
        output * 2,
        output * 900,
    );
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + with.len()) {
        place.copy_from_slice(with);
    }
}

fn hex(out: &mut [u8; 16], mut value: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"
            .get((value & 15) as usize)
            .copied()
            .unwrap_or(b'0');
        value >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const NOW: i64 = 1_763_640_000_000;

    #[test]
    fn what_is_sent_is_what_the_server_takes() {
        for once in [Once::Key, Once::Ids] {
            let mut calls = Calls::new(3, 500, once);
            let (_, body) = calls.next(NOW).unwrap();
            let parsed =
                ingest::parse(body, ingest::Body::Json, NOW + 5, &ingest::Limits::default()).unwrap();
            assert_eq!(
                (parsed.events.len(), parsed.refused_count),
                (500, 0),
                "{:?}",
                parsed.refused
            );
            assert!(parsed.ignored_fields.is_empty(), "{:?}", parsed.ignored_fields);
            let each = body.len() / 500;
            assert!((200..260).contains(&each), "{each} bytes a call");
        }
    }

    #[test]
    fn no_id_and_no_key_comes_twice() {
        let mut ids = BTreeSet::new();
        for tag in [1, 2] {
            let mut calls = Calls::tagged(tag, 0, 10, Once::Ids);
            for _ in 0..3 * BATCHES {
                let (key, body) = calls.next(NOW).unwrap();
                assert!(key.is_none());
                let list: serde_json::Value = serde_json::from_slice(body).unwrap();
                for event in list.as_array().unwrap() {
                    assert!(ids.insert(event["id"].as_str().unwrap().to_owned()));
                }
            }
        }
        let mut calls = Calls::new(1, 10, Once::Key);
        let keys: BTreeSet<_> = (0..20).map(|_| calls.next(NOW).unwrap().0).collect();
        assert_eq!(keys.len(), 20);
    }
}
