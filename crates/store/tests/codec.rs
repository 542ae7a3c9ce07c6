//! Stored bytes: they round-trip, old ones keep their meaning for ever, and no bytes at all can do harm.

use std::collections::BTreeMap;

use domain::breaker::whatif::RecordedCall;
use domain::breaker::{BreakerKey, State};
use domain::event::{
    BreakerFigures, BreakerKind, BreakerRef, Call, CallOutcome, FallbackFrom, Headroom, Marker, MarkerKind,
    Operation, Quota, Stats, Tier, Transition,
};
use domain::rollup::{Bucket, CallClass, KeptLabels, SeriesKey};
use domain::{Event, EventBody, Outcome};
use proptest::prelude::*;
use store::codec::{
    GuardedCall, MAX_EVENTS, decode_batch, decode_bucket, decode_guarded, decode_ids, decode_series,
    encode_batch, encode_bucket, encode_series,
};
use store::contract::samples;
use store::{Refusal, StoreError};

/// Values with every extreme that a field's type can hold, from a seed (SplitMix64).
struct Any(u64);

impl Any {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| make(self))
    }

    fn u64(&mut self) -> u64 {
        let bits = self.bits();
        self.of(&[0, 1, 127, 128, bits % 1_000, bits, u64::MAX])
    }

    fn u32(&mut self) -> u32 {
        let bits = self.bits() as u32;
        self.of(&[0, 1, bits % 1_000, bits, u32::MAX])
    }

    fn i64(&mut self) -> i64 {
        let bits = self.bits() as i64;
        self.of(&[
            0,
            -1,
            bits % 1_000,
            1_772_366_400_000 + bits % 1_000_000,
            bits,
            i64::MIN,
            i64::MAX,
        ])
    }

    fn f64(&mut self) -> f64 {
        let share = self.bits() as f64 / u64::MAX as f64;
        self.of(&[0.0, 1.0, 0.5, share, f64::MIN_POSITIVE, f64::INFINITY])
    }

    fn text(&mut self) -> String {
        let length = self.of(&[0, 1, 3, 20, 128]);
        (0..length)
            .map(|_| self.of(&['a', 'b', '7', 'é', '\u{1f600}', ' ', '\0']))
            .collect()
    }

    /// Sorted, each name once, no value empty.
    fn kept_labels(&mut self) -> Box<[(String, String)]> {
        let all: BTreeMap<String, String> = self.labels().into_iter().collect();
        let kept = all.into_iter().filter(|(_, value)| !value.is_empty());
        kept.take(KeptLabels::MOST).collect()
    }

    fn labels(&mut self) -> Vec<(String, String)> {
        (0..self.below(4)).map(|_| (self.text(), self.text())).collect()
    }

    fn subject(&mut self) -> BreakerRef {
        BreakerRef {
            breaker: self.text(),
            environment: self.maybe(Self::text),
            service: self.maybe(Self::text),
            deployment: self.maybe(Self::text),
            provider: self.maybe(Self::text),
            model: self.maybe(Self::text),
            kind: self.maybe(|any| any.of(&BreakerKind::ALL)),
            instance: self.maybe(Self::text),
        }
    }

    fn figures(&mut self) -> BreakerFigures {
        BreakerFigures {
            failure_rate: self.maybe(Self::f64),
            failure_threshold: self.maybe(Self::f64),
            slow_rate: self.maybe(Self::f64),
            slow_threshold: self.maybe(Self::f64),
            window_calls: self.maybe(Self::u32),
            window_failures: self.maybe(Self::u32),
            not_permitted: self.maybe(Self::u64),
            retry_at: self.maybe(Self::i64),
            trials_done: self.maybe(Self::u32),
            trials_needed: self.maybe(Self::u32),
            degraded: self.maybe(|any| any.below(2) == 1),
        }
    }

    fn quota(&mut self) -> Quota {
        Quota {
            limit: self.maybe(Self::u64),
            remaining: self.maybe(Self::u64),
            reset_at: self.maybe(Self::i64),
        }
    }

    fn call(&mut self) -> Call {
        Call {
            provider: self.text(),
            model: self.text(),
            outcome: CallOutcome(self.of(&Outcome::ALL)),
            duration: self.maybe(Self::u64),
            ttft: self.maybe(Self::u64),
            environment: self.maybe(Self::text),
            service: self.maybe(Self::text),
            deployment: self.maybe(Self::text),
            instance: self.maybe(Self::text),
            operation: self.maybe(|any| any.of(&Operation::ALL)),
            status: self.maybe(|any| any.of(&[0, 100, 599, u16::MAX])),
            error: self.maybe(Self::text),
            trace_id: self.maybe(Self::text),
            request_id: self.maybe(Self::text),
            response_model: self.maybe(Self::text),
            breaker: self.maybe(Self::text),
            input_tokens: self.maybe(Self::u32),
            cached_tokens: self.maybe(Self::u32),
            cache_write_tokens: self.maybe(Self::u32),
            output_tokens: self.maybe(Self::u32),
            reasoning_tokens: self.maybe(Self::u32),
            tier: self.maybe(|any| any.of(&Tier::ALL)),
            cost: self.maybe(Self::i64),
            cost_estimated: self.below(2) == 1,
            usual_cost: None,
            attempt: self.of(&[0, 1, 2, 100, u8::MAX]),
            fallback_from: self.maybe(|any| FallbackFrom {
                provider: any.text(),
                model: any.maybe(Self::text),
            }),
            weight: self.u32(),
            labels: self.labels(),
        }
    }

    fn body(&mut self) -> EventBody {
        match self.below(6) {
            0 => EventBody::Transition(Box::new(Transition {
                subject: self.subject(),
                from: self.maybe(|any| any.of(&State::ALL)),
                to: self.of(&State::ALL),
                seq: self.maybe(Self::u64),
                reason: self.maybe(Self::text),
                causes: (0..self.below(4)).map(|_| (self.text(), self.u32())).collect(),
                figures: self.figures(),
                labels: self.labels(),
            })),
            1 => EventBody::Stats(Box::new(Stats {
                subject: self.subject(),
                state: self.of(&State::ALL),
                figures: self.figures(),
                labels: self.labels(),
            })),
            2 => EventBody::Headroom(Box::new(Headroom {
                provider: self.text(),
                model: self.maybe(Self::text),
                key: self.maybe(Self::text),
                service: self.maybe(Self::text),
                deployment: self.maybe(Self::text),
                requests: self.quota(),
                tokens: self.quota(),
                input_tokens: self.quota(),
                output_tokens: self.quota(),
            })),
            3 => EventBody::Marker(Box::new(Marker {
                title: self.text(),
                kind: self.of(&MarkerKind::ALL),
                url: self.maybe(Self::text),
                service: self.maybe(Self::text),
                environment: self.maybe(Self::text),
            })),
            _ => EventBody::Call(Box::new(self.call())),
        }
    }

    fn events(&mut self, count: usize) -> Vec<Event> {
        let event = |_| Event {
            id: self.maybe(Self::text),
            time: self.i64(),
            reported: self.maybe(Self::i64),
            body: self.body(),
        };
        (0..count).map(event).collect()
    }

    fn refusals(&mut self) -> Vec<Refusal> {
        let refusal = |_| Refusal {
            index: self.u32(),
            code: self.text(),
            field: self.text(),
            reason: self.text(),
        };
        (0..3).map(refusal).collect()
    }

    fn bucket(&mut self) -> Bucket {
        let mut bucket = Bucket::default();
        for _ in 0..self.below(20) {
            let mut call = self.call();
            call.weight = call.weight.min(1_000_000);
            call.duration = call.duration.map(|duration| duration % 86_400_000_000);
            call.ttft = call.ttft.map(|ttft| ttft % 86_400_000_000);
            bucket.add(&call);
        }
        if self.below(2) == 1 {
            bucket.set_count(self.of(&Outcome::ALL), self.of(&CallClass::ALL), u64::MAX);
            bucket.stream_us = u64::MAX;
            bucket.cost = self.i64();
        }
        bucket
    }
}

fn is_corrupt<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Corrupt(_)))
}

/// The call of an event, when this breaker guarded it: absent parts of its name are empty.
fn guarded(event: &Event, key: &BreakerKey) -> Option<GuardedCall> {
    let EventBody::Call(call) = &event.body else {
        return None;
    };
    let named = [&call.breaker, &call.environment, &call.service, &call.deployment];
    let named = named.map(|part| part.clone().unwrap_or_default());
    let wanted = [&key.breaker, &key.environment, &key.service, &key.deployment];
    named.iter().eq(wanted).then(|| GuardedCall {
        call: RecordedCall::of(event.time, call),
        instance: call.instance.clone().unwrap_or_default(),
    })
}

/// A name that random events seldom have.
fn some_breaker() -> BreakerKey {
    BreakerKey {
        environment: String::new(),
        service: String::new(),
        breaker: "a".into(),
        deployment: String::new(),
    }
}

proptest! {
    #[test]
    fn batches_round_trip(seed: u64, count in 0usize..60) {
        let mut any = Any(seed);
        let (events, refusals) = (any.events(count), any.refusals());
        let bytes = encode_batch(&events, &refusals).unwrap();
        let decoded = decode_batch(&bytes).unwrap();
        prop_assert_eq!(&decoded.events, &events);
        prop_assert_eq!(&decoded.refusals, &refusals);
        let ids: Vec<String> = events.into_iter().filter_map(|event| event.id).collect();
        prop_assert_eq!(decode_ids(&bytes).unwrap(), ids);
    }

    /// What is read past the other columns is what the whole events say.
    #[test]
    fn guarded_calls_are_those_of_the_whole_events(seed: u64, count in 0usize..60) {
        let mut any = Any(seed);
        let mut events = any.events(count);
        for event in &mut events {
            if let EventBody::Call(call) = &mut event.body {
                let mut name = || any.of(&[None, Some(""), Some("a"), Some("b")]).map(str::to_owned);
                (call.breaker, call.environment, call.service, call.deployment) = (name(), name(), name(), name());
            }
        }
        let bytes = encode_batch(&events, &[]).unwrap();
        let mut part = || any.of(&["", "a", "b", "never told"]).to_owned();
        let key = BreakerKey { environment: part(), service: part(), breaker: part(), deployment: part() };
        for key in [key, some_breaker()] {
            let wanted: Vec<GuardedCall> = events.iter().filter_map(|event| guarded(event, &key)).collect();
            prop_assert_eq!(decode_guarded(&bytes, &key).unwrap(), wanted);
        }
    }

    #[test]
    fn buckets_round_trip(seed: u64) {
        let bucket = Any(seed).bucket();
        prop_assert_eq!(decode_bucket(&encode_bucket(&bucket)).unwrap(), bucket);
    }

    #[test]
    fn series_round_trip(seed: u64) {
        let mut any = Any(seed);
        let key = SeriesKey {
            provider: any.text(),
            model: any.text(),
            deployment: any.text(),
            service: any.text(),
            environment: any.text(),
            operation: any.maybe(|any| any.of(&Operation::ALL)),
            labels: any.kept_labels(),
        };
        let bytes = encode_series(&key);
        prop_assert_eq!(bytes[0], if key.labels.is_empty() { 1 } else { 2 });
        prop_assert_eq!(decode_series(&bytes).unwrap(), key);
        for end in 0..bytes.len() {
            prop_assert!(is_corrupt(decode_series(&bytes[..end])), "cut at {}", end);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let versioned = |version: u8| [&[version][..], &bytes].concat();
        // A series of nobody, then its labels.
        let labels = [&[2, 0, 0, 0, 0, 0, 0][..], &bytes].concat();
        for bytes in [&bytes, &versioned(1), &versioned(2), &labels] {
            if let Ok(key) = decode_series(bytes) {
                prop_assert_eq!(&decode_series(&encode_series(&key)).unwrap(), &key);
            }
            let _ = (decode_batch(bytes), decode_ids(bytes), decode_bucket(bytes));
            let _ = decode_guarded(bytes, &some_breaker());
        }
    }

    /// Columns that decompress well but say nonsense: this gets behind the checksum.
    #[test]
    fn arbitrary_columns_never_panic(columns in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = (decode_batch(&packed(&columns)), decode_ids(&packed(&columns)));
        let _ = decode_guarded(&packed(&columns), &some_breaker());
    }

    /// Almost right columns: one byte of good ones changed.
    #[test]
    fn altered_columns_never_panic(seed: u64, at: prop::sample::Index, value: u8) {
        let good = encode_batch(&Any(seed).events(20), &[]).unwrap();
        let mut columns = zstd::bulk::decompress(&good[1..], 1 << 20).unwrap();
        let at = at.index(columns.len());
        columns[at] = value;
        let _ = (decode_batch(&packed(&columns)), decode_ids(&packed(&columns)));
        let _ = decode_guarded(&packed(&columns), &some_breaker());
    }

    #[test]
    fn a_changed_byte_is_noticed(seed: u64, at: prop::sample::Index, change in 1u8..) {
        let mut any = Any(seed);
        for mut bytes in [encode_batch(&any.events(10), &[]).unwrap(), encode_bucket(&any.bucket())] {
            let at = at.index(bytes.len());
            let good = (decode_batch(&bytes).ok(), decode_bucket(&bytes).ok());
            bytes[at] ^= change;
            // A change in the frame's unused bits may change nothing; a changed value may never come back.
            let read = (decode_batch(&bytes).ok(), decode_bucket(&bytes).ok());
            prop_assert!(read.0.is_none() || read.0 == good.0);
            prop_assert!(read.1.is_none() || read.1 == good.1);
        }
    }

    #[test]
    fn a_cut_end_is_noticed(seed: u64, keep: prop::sample::Index) {
        let bytes = encode_batch(&Any(seed).events(5), &[]).unwrap();
        prop_assert!(is_corrupt(decode_batch(&bytes[..keep.index(bytes.len())])));
        let bytes = encode_bucket(&Any(seed).bucket());
        prop_assert!(is_corrupt(decode_bucket(&bytes[..keep.index(bytes.len())])));
    }
}

fn packed(columns: &[u8]) -> Vec<u8> {
    [
        &[1][..],
        &zstd::bulk::compress(columns, 1).expect("it compresses"),
    ]
    .concat()
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let bomb = packed(&vec![0; (64 << 20) + 1]);
    assert!(bomb.len() < 10_000);
    assert!(is_corrupt(decode_batch(&bomb)));
    // Within the limit, but it names more events than a batch may have.
    let many = packed(&[&[0, 0x80, 0x80, 0x08][..], &vec![0; 1 << 20]].concat());
    assert!(is_corrupt(decode_batch(&many)));
}

#[test]
fn newer_versions_are_named() {
    let mut bytes = encode_batch(&[], &[]).unwrap();
    bytes[0] = 2;
    let error = decode_batch(&bytes).unwrap_err().to_string();
    assert!(error.contains("version 2 is unknown"), "{error}");
}

#[test]
fn more_than_fits_is_refused_when_it_is_written() {
    let events = vec![samples::event(None, 0); MAX_EVENTS + 1];
    assert!(matches!(encode_batch(&events, &[]), Err(StoreError::Conflict(_))));
    let decoded = decode_batch(&encode_batch(&events[1..], &[]).unwrap()).unwrap();
    assert_eq!(decoded.events.len(), MAX_EVENTS);
}

#[test]
fn a_thousand_calls_take_few_bytes_each() {
    let events: Vec<Event> = (0..1_000)
        .map(|n| {
            let mut call = samples::plain_call();
            call.duration = Some(800_000 + (n * 7_919) % 400_000);
            Event {
                id: None,
                time: 1_772_366_400_000 + n as i64 * 3,
                reported: None,
                body: EventBody::Call(Box::new(call)),
            }
        })
        .collect();
    let bytes = encode_batch(&events, &[]).unwrap().len();
    assert!(
        bytes < 6 * events.len(),
        "{bytes} bytes for {} events",
        events.len()
    );
}

/// The golden files are never written again. A change of a sample needs a new version of the layout and a new file.
mod golden {
    use super::*;

    const BATCH: &[u8] = include_bytes!("golden/batch-v1.bin");
    const BUCKET: &[u8] = include_bytes!("golden/bucket-v1.bin");

    #[test]
    fn batch_version_1() {
        let decoded = decode_batch(BATCH).unwrap();
        assert_eq!(decoded.events, samples::full_events(samples::NOON));
        assert_eq!(decoded.refusals, samples::refusals());
    }

    #[test]
    fn bucket_version_1() {
        assert_eq!(decode_bucket(BUCKET).unwrap(), samples::full_bucket());
        assert_eq!(encode_bucket(&samples::full_bucket()), BUCKET);
    }

    #[test]
    fn series_version_1() {
        let bytes = b"\x01\x06openai\x05gpt-5\x04eu-1\x00\x04prod\x01";
        assert_eq!(decode_series(bytes).unwrap(), samples::series("gpt-5"));
        assert_eq!(encode_series(&samples::series("gpt-5")), bytes);
    }

    #[test]
    fn series_version_2() {
        let text = "\x02\x06openai\x05gpt-5\x04eu-1\x00\x04prod\x01\x02\x06region\x0ceu-central-1\x04team\x0cGröße \u{1f600}";
        assert_eq!(
            decode_series(text.as_bytes()).unwrap(),
            samples::labelled_series("gpt-5")
        );
        assert_eq!(encode_series(&samples::labelled_series("gpt-5")), text.as_bytes());
    }

    /// Each key has one form: what would be another is refused.
    #[test]
    fn labels_that_are_not_written_so_are_refused() {
        for (labels, why) in [
            (&b"\x00"[..], "it has no labels"),
            (b"\x01\x01a\x00", "a label has no value"),
            (b"\x02\x01b\x01x\x01a\x01x", "its labels are not in order"),
            (b"\x02\x01a\x01x\x01a\x01y", "its labels are not in order"),
            (b"\x01\x01a\x01\xff", "a string is not UTF-8"),
        ] {
            let bytes = [&b"\x02\x00\x00\x00\x00\x00\x00"[..], labels].concat();
            let error = decode_series(&bytes).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        let newer = decode_series(b"\x03").unwrap_err().to_string();
        assert!(newer.contains("its version is unknown"), "{newer}");
    }

    #[test]
    #[ignore = "writes the golden files; only for a new version of the layout"]
    fn write() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let batch = encode_batch(&samples::full_events(samples::NOON), &samples::refusals()).unwrap();
        std::fs::write(folder.join("batch-v1.bin"), batch).unwrap();
        std::fs::write(
            folder.join("bucket-v1.bin"),
            encode_bucket(&samples::full_bucket()),
        )
        .unwrap();
    }
}
