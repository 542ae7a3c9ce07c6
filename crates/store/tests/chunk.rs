//! The bytes of chunks: they come back as they were, and no bytes do harm.

use std::collections::BTreeMap;

use domain::event::{Call, CallOutcome, FallbackFrom};
use domain::rollup::{Bucket, Rung, SeriesKey};
use domain::sketch::{DenseSketch, Sketch};
use domain::{Millis, Outcome};
use proptest::prelude::*;
use store::codec::{ChunkFigures, MAX_ROWS, RowSums, SketchColumn, decode_chunk, encode_chunks};
use store::contract::samples;
use store::{NewChunk, PartialRow, StoreError};

fn series() -> impl Strategy<Value = SeriesKey> {
    (0u8..4, 0u8..3, 0u8..3).prop_map(|(model, service, team)| SeriesKey {
        labels: match team {
            0 => Box::default(),
            team => Box::new([("team".into(), team.to_string())]),
        },
        provider: "openai".into(),
        model: format!("gpt-{model}"),
        service: ["", "checkout", "search"][usize::from(service)].into(),
        ..SeriesKey::default()
    })
}

fn bucket() -> impl Strategy<Value = Bucket> {
    let call = (
        0usize..Outcome::COUNT,
        1u8..4,
        0u64..90_000_000,
        1u32..5_000,
        (any::<bool>(), any::<bool>()),
    );
    proptest::collection::vec(call, 0..8).prop_map(|calls| {
        let mut bucket = Bucket::default();
        for (outcome, attempt, duration, weight, (stream, stands_in)) in calls {
            bucket.add(&Call {
                outcome: CallOutcome(Outcome::from_index(outcome).unwrap_or(Outcome::Ok)),
                attempt,
                weight,
                duration: Some(duration),
                ttft: stream.then_some(duration / 2),
                output_tokens: stream.then_some(weight),
                cost: Some(i64::from(weight) * 31),
                cost_estimated: duration % 2 == 0,
                usual_cost: stands_in.then_some(i64::from(weight) * 17),
                fallback_from: stands_in.then(|| FallbackFrom {
                    provider: "anthropic".into(),
                    model: None,
                }),
                ..Call::default()
            });
        }
        bucket
    })
}

/// Rows of any bucket and series, some of them twice; times before 1970 too.
fn rows() -> impl Strategy<Value = Vec<PartialRow>> {
    let row = (-50i64..900, series(), bucket()).prop_map(|(step, series, stats)| PartialRow {
        bucket: step * 10_000,
        series,
        stats,
    });
    proptest::collection::vec(row, 0..40)
}

fn merged(rows: &[PartialRow]) -> BTreeMap<(Millis, SeriesKey), Bucket> {
    let mut map: BTreeMap<_, Bucket> = BTreeMap::new();
    for row in rows {
        let place = map.entry((row.bucket, row.series.clone())).or_default();
        place.merge(&row.stats);
    }
    map
}

fn decode(chunk: &NewChunk) -> Result<Vec<PartialRow>, StoreError> {
    decode_chunk(&chunk.figures, &chunk.latency, &chunk.ttft)
}

proptest! {
    #[test]
    fn rows_come_back_merged_and_sorted(rows in rows()) {
        let chunks = encode_chunks(Rung::TenSeconds, rows.clone()).unwrap();
        let mut back = Vec::new();
        for chunk in &chunks {
            let part = decode(chunk).unwrap();
            prop_assert_eq!(chunk.rows, part.len() as u64);
            prop_assert_eq!(chunk.from, part[0].bucket);
            prop_assert_eq!(chunk.to, part[part.len() - 1].bucket + 10_000);
            prop_assert!(part.iter().all(|row| Rung::TenSeconds.span(row.bucket) == chunk.span));
            back.extend(part);
        }
        let keys: Vec<_> = back.iter().map(|row| (row.bucket, row.series.clone())).collect();
        prop_assert!(keys.is_sorted());
        prop_assert_eq!(keys.len(), merged(&rows).len());
        prop_assert_eq!(merged(&back), merged(&rows));
    }

    #[test]
    fn columns_say_the_same_as_rows(rows in rows(), wanted in 0usize..4) {
        for chunk in encode_chunks(Rung::TenSeconds, rows).unwrap() {
            let whole = decode(&chunk).unwrap();
            let counts = ChunkFigures::open(&chunk.figures).unwrap();
            let figures = ChunkFigures::with_sums(&chunk.figures).unwrap();
            let mut column = SketchColumn::open(&chunk.latency).unwrap();
            let (mut sum, mut expected) = (DenseSketch::default(), Sketch::new());
            for (row, of) in whole.iter().enumerate() {
                prop_assert_eq!(counts.counts(row).collect::<Vec<_>>(), of.stats.nonzero().collect::<Vec<_>>());
                prop_assert_eq!(figures.sums(row), RowSums::of(&of.stats));
                prop_assert_eq!(&figures.all_series()[figures.series_index(row)], &of.series);
                if row % 4 == wanted {
                    column.add_to(&mut sum).unwrap();
                    expected.merge(&of.stats.latency);
                } else {
                    column.skip().unwrap();
                }
            }
            prop_assert_eq!(sum.to_sketch(), expected);
            prop_assert!(column.skip().is_err(), "there is no row after the last");
        }
    }

    /// Almost right sums of either version: one byte of good ones changed, behind the checksum.
    #[test]
    fn altered_sums_never_panic(rows in rows(), at: prop::sample::Index, value: u8, version in 1u8..3) {
        for chunk in encode_chunks(Rung::TenSeconds, rows).unwrap() {
            let [rows, sums] = sections(&chunk.figures);
            let mut content = zstd::bulk::decompress(&sums[1..], 1 << 20).unwrap();
            let at = at.index(content.len());
            content[at] = value;
            let altered = [&[version][..], &zstd::bulk::compress(&content, 1).unwrap()].concat();
            let mut figures = Vec::new();
            for section in [rows, &altered] {
                figures.extend(varint(section.len()));
                figures.extend_from_slice(section);
            }
            let _ = decode_chunk(&figures, &chunk.latency, &chunk.ttft);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let packed = [&[1][..], &zstd::bulk::compress(&bytes, 1).unwrap()].concat();
        let mut framed = vec![packed.len() as u8 | 0x80, (packed.len() >> 7) as u8];
        framed.extend_from_slice(&packed);
        framed.extend_from_slice(&framed.clone());
        for bytes in [&bytes, &packed, &framed] {
            let _ = (decode_chunk(bytes, bytes, bytes), ChunkFigures::open(bytes));
            if let Ok(mut column) = SketchColumn::open(bytes) {
                while column.add_to(&mut DenseSketch::default()).is_ok() && column.end().is_err() {}
            }
        }
    }

    /// Almost right columns: one byte of good ones changed, behind the checksum.
    #[test]
    fn altered_columns_never_panic(rows in rows(), at: prop::sample::Index, value: u8) {
        for chunk in encode_chunks(Rung::TenSeconds, rows).unwrap() {
            let mut content = zstd::bulk::decompress(&chunk.latency[1..], 1 << 20).unwrap();
            let at = at.index(content.len());
            content[at] = value;
            let altered = [&[1][..], &zstd::bulk::compress(&content, 1).unwrap()].concat();
            let _ = decode_chunk(&chunk.figures, &altered, &chunk.ttft);
        }
    }

    #[test]
    fn a_changed_byte_is_noticed(rows in rows(), part in 0usize..3, at: prop::sample::Index, change in 1u8..) {
        for mut chunk in encode_chunks(Rung::TenSeconds, rows).unwrap() {
            let good = decode(&chunk).unwrap();
            let bytes = [&mut chunk.figures, &mut chunk.latency, &mut chunk.ttft].into_iter().nth(part).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            // A change in the frame's unused bits may change nothing; a changed value may never come back.
            if let Ok(read) = decode(&chunk) {
                prop_assert_eq!(read, good);
            }
        }
    }
}

/// The two frames of a chunk's figures: rows, sums.
fn sections(figures: &[u8]) -> [&[u8]; 2] {
    let mut rest = figures;
    let mut next = || {
        let mut length = 0;
        for shift in (0..).step_by(7) {
            let (first, more) = rest.split_first().expect("a length");
            rest = more;
            length |= usize::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        let (section, more) = rest.split_at(length);
        rest = more;
        section
    };
    [next(), next()]
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[test]
fn what_the_cost_went_to_takes_room_only_where_it_is_something() {
    let bucket = |n: u64, estimated: bool, attempt: u8| {
        let mut bucket = Bucket::default();
        bucket.add(&Call {
            weight: 1,
            attempt,
            duration: Some(300_000 + n * 977),
            output_tokens: Some(100 + n as u32 % 400),
            cost: Some(1_000_000 + n as i64 * 7_919),
            cost_estimated: estimated,
            ..Call::default()
        });
        bucket
    };
    let chunk = |estimated: bool, retries: u64| {
        let row = |n: u64| PartialRow {
            bucket: (n / 20) as i64 * 10_000,
            series: samples::series(&format!("model-{}", n % 20)),
            stats: bucket(n, estimated, if n < retries { 2 } else { 1 }),
        };
        let rows = (0..2_000).map(row).collect();
        let mut chunks = encode_chunks(Rung::TenSeconds, rows).unwrap();
        assert_eq!(chunks.len(), 1);
        chunks.remove(0)
    };
    let size = |chunk: &NewChunk| chunk.figures.len() + chunk.latency.len() + chunk.ttft.len();
    let version = |chunk: &NewChunk| sections(&chunk.figures)[1][0];
    let plain = chunk(false, 0);
    assert_eq!(version(&plain), 1, "no byte more than ever");
    // One retry among two thousand calls: five columns of zeros, all but one.
    let (one, before) = (chunk(false, 1), size(&plain));
    assert_eq!(version(&one), 2);
    assert!(size(&one) * 100 < before * 102, "{} and {before}", size(&one));
    // A column that repeats the cost is paid for, and not twice.
    let all = chunk(true, 0);
    assert!(size(&all) < before * 2, "{} and {before}", size(&all));
    assert_eq!(decode(&all).unwrap().len(), 2_000);
}

#[test]
fn chunks_do_not_cross_spans_and_have_an_end() {
    let row = |n: usize| PartialRow {
        bucket: (n / 100) as i64 * 10_000,
        series: samples::series(&format!("model-{:03}", n % 100)),
        stats: Bucket::default(),
    };
    let rows: Vec<PartialRow> = (0..80_000).map(row).collect();
    let chunks = encode_chunks(Rung::TenSeconds, rows.clone()).unwrap();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.rows == 36_000 || chunk.rows == 8_000),
        "an hour each"
    );
    assert_eq!(chunks.iter().map(|chunk| chunk.rows).sum::<u64>(), 80_000);
    let chunks = encode_chunks(Rung::Minute, rows).unwrap();
    let counts: Vec<u64> = chunks.iter().map(|chunk| chunk.rows).collect();
    assert_eq!(counts, [MAX_ROWS as u64, 80_000 - MAX_ROWS as u64]);
}

#[test]
fn newer_versions_are_named() {
    let mut chunk = encode_chunks(Rung::Hour, vec![samples::partial(0, "a")])
        .unwrap()
        .remove(0);
    chunk.latency[0] = 9;
    let error = decode(&chunk).unwrap_err().to_string();
    assert!(error.contains("version 9 is unknown"), "{error}");
}

/// The golden files are never written again.
mod golden {
    use super::*;

    const PARTS: [&[u8]; 3] = [
        include_bytes!("golden/chunk-figures-v1.bin"),
        include_bytes!("golden/chunk-latency-v1.bin"),
        include_bytes!("golden/chunk-ttft-v1.bin"),
    ];

    fn rows() -> Vec<PartialRow> {
        let full = |bucket, model| PartialRow {
            bucket,
            series: samples::series(model),
            stats: samples::old_bucket(),
        };
        vec![
            full(samples::NOON, "a"),
            full(samples::NOON, "b"),
            full(samples::NOON + 60_000, "a"),
        ]
    }

    #[test]
    fn chunk_version_1() {
        assert_eq!(decode_chunk(PARTS[0], PARTS[1], PARTS[2]).unwrap(), rows());
    }

    const SPENT: &[u8] = include_bytes!("golden/chunk-figures-v2.bin");

    /// Made of version 1 by another program: only what the cost went to is new.
    #[test]
    fn chunk_version_2() {
        let mut rows = rows();
        for (row, nth) in rows.iter_mut().zip(0..) {
            for (amount, column) in row.stats.spent_mut().into_iter().zip(0..) {
                *amount = nth * 1_000_000_007 + column;
            }
        }
        assert_eq!(decode_chunk(SPENT, PARTS[1], PARTS[2]).unwrap(), rows);
        let written = encode_chunks(Rung::TenSeconds, rows).unwrap().remove(0);
        let frames = [SPENT, &written.figures].map(|figures| sections(figures)[1]);
        let [golden, ours] =
            frames.map(|frame| (frame[0], zstd::bulk::decompress(&frame[1..], 1 << 20).unwrap()));
        assert_eq!(ours, golden);
    }

    #[test]
    fn newer_sums_are_refused_by_name() {
        let [rows, sums] = sections(SPENT);
        let mut figures = [&varint(rows.len())[..], rows, &varint(sums.len()), sums].concat();
        let place = figures.len() - sums.len();
        figures[place] = 3;
        let error = ChunkFigures::with_sums(&figures).unwrap_err().to_string();
        assert!(error.contains("version 3 is unknown, 2 is the newest"), "{error}");
        assert!(ChunkFigures::open(&figures).is_ok(), "the rows alone are as ever");
    }

    /// The layout is the same; what a series looks like is not.
    const LABELLED: &[u8] = include_bytes!("golden/chunk-figures-v1-labels.bin");

    fn labelled() -> Vec<PartialRow> {
        let rows = rows().into_iter();
        let labelled = rows.clone().map(|row| PartialRow {
            series: samples::labelled_series(&row.series.model),
            ..row
        });
        let mut all: Vec<PartialRow> = rows.chain(labelled).collect();
        all.sort_by(|a, b| (a.bucket, &a.series).cmp(&(b.bucket, &b.series)));
        all
    }

    #[test]
    fn chunk_version_1_with_labels() {
        let figures = ChunkFigures::with_sums(LABELLED).unwrap();
        assert_eq!(figures.len(), 6);
        for (row, of) in labelled().iter().enumerate() {
            assert_eq!(
                (figures.bucket(row), figures.series(row)),
                (of.bucket, &of.series)
            );
            assert_eq!(figures.sums(row), RowSums::of(&of.stats));
        }
    }

    #[test]
    #[ignore = "writes the golden file; only for a new version of the layout"]
    fn write_labelled() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let chunk = encode_chunks(Rung::TenSeconds, labelled()).unwrap().remove(0);
        std::fs::write(folder.join("chunk-figures-v1-labels.bin"), chunk.figures).unwrap();
    }

    #[test]
    #[ignore = "writes the golden files; only for a new version of the layout"]
    fn write() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let chunk = encode_chunks(Rung::TenSeconds, rows()).unwrap().remove(0);
        for (name, bytes) in [
            ("figures", chunk.figures),
            ("latency", chunk.latency),
            ("ttft", chunk.ttft),
        ] {
            std::fs::write(folder.join(format!("chunk-{name}-v1.bin")), bytes).unwrap();
        }
    }
}
