//! Old bytes and what they mean, for ever.
//!
//! The golden files are never written again. A change of a sample needs a new version of the layout and a new file.

use super::*;

const BATCH: &[u8] = include_bytes!("batch-v1.bin");
const BATCH_USUAL: &[u8] = include_bytes!("batch-v2.bin");
const BUCKET: &[u8] = include_bytes!("bucket-v1.bin");
const BUCKET_SPENT: &[u8] = include_bytes!("bucket-v2.bin");

#[test]
fn batch_version_1() {
    let decoded = decode_batch(BATCH).unwrap();
    assert_eq!(decoded.events, samples::full_events(samples::NOON));
    assert_eq!(decoded.refusals, samples::refusals());
}

/// Made of version 1 by another program: only what the first call would have cost is new.
#[test]
fn batch_version_2() {
    let mut events = samples::full_events(samples::NOON);
    let EventBody::Call(first) = &mut events[0].body else {
        panic!("the first event is a call")
    };
    first.usual_cost = Some(987_654);
    let decoded = decode_batch(BATCH_USUAL).unwrap();
    assert_eq!(decoded.events, events);
    assert_eq!(decoded.refusals, samples::refusals());
    assert_eq!(decode_ids(BATCH_USUAL).unwrap(), decode_ids(BATCH).unwrap());
}

#[test]
fn bucket_version_1() {
    assert_eq!(decode_bucket(BUCKET).unwrap(), samples::old_bucket());
    assert_eq!(encode_bucket(&samples::old_bucket()), BUCKET);
}

/// Made of version 1 by another program: only what the cost went to is new.
#[test]
fn bucket_version_2() {
    let mut bucket = samples::old_bucket();
    for (amount, nth) in bucket.spent_mut().into_iter().zip(1..) {
        *amount = nth * 1_000_000_007;
    }
    assert_eq!(decode_bucket(BUCKET_SPENT).unwrap(), bucket);
    assert_eq!(encode_bucket(&bucket), BUCKET_SPENT);
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
        encode_bucket(&samples::old_bucket()),
    )
    .unwrap();
}
