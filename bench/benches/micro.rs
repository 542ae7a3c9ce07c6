//! How long the steps of an event's way take by themselves, on one thread: parse, encode and decode, apply, and the
//! sketch below it all. A batch is 2,000 calls of 100 series and 10 instances; divide by 2,000 for one. Run by
//! `cargo xtask bench micro`; `--save-baseline` and `--baseline` of criterion compare two states of the source.

#![expect(clippy::unwrap_used, reason = "a bench fails where it stands")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use domain::event::Call;
use domain::rollup::{Bucket, Rung, SeriesKey};
use domain::sketch::{DenseSketch, Sketch};
use engine::live::TenantLive;
use protocol::query::QuerySeries;
use store::codec::{ChunkFigures, SketchColumn, decode_batch, encode_batch, encode_chunks};
use store::{NewChunk, Offset, PartialRow, StoredBatch, TenantId};

const NOW: i64 = 1_763_640_000_000;
const CALLS: u64 = 2_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    parse(&mut criterion);
    codec(&mut criterion);
    apply(&mut criterion);
    sketch(&mut criterion);
    history(&mut criterion);
    criterion.final_summary();
}

/// A stretch of numbers that looks random and is always the same.
fn noise(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// As the load generator sends them.
fn body(ids: bool) -> String {
    let mut text = String::from("[");
    for event in 0..CALLS {
        let bits = noise(event);
        let comma = if event > 0 { "," } else { "" };
        let id = if ids {
            format!(r#""id":"{bits:016x}","#)
        } else {
            String::new()
        };
        let duration = 1 + bits % 9_000;
        write!(
            text,
            r#"{comma}{{"type":"call",{id}"time":{},"provider":"provider-{}","model":"model-{}","service":"service-{}","instance":"host-{:02}","outcome":"ok","duration_ms":{duration},"ttft_ms":{},"input_tokens":{},"output_tokens":{},"cost_usd":0.{:09}}}"#,
            NOW - (bits % 2_000) as i64,
            bits % 5,
            bits / 5 % 5,
            bits / 25 % 4,
            bits / 100 % 10,
            duration / 4,
            bits % 1_200,
            bits % 600,
            bits % 540_000,
        )
        .unwrap();
    }
    text.push(']');
    text
}

fn parsed(ids: bool) -> ingest::Parsed {
    let parsed = ingest::parse(
        body(ids).as_bytes(),
        ingest::Body::Json,
        NOW,
        &ingest::Limits::default(),
    )
    .unwrap();
    assert_eq!(parsed.events.len() as u64, CALLS);
    parsed
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(CALLS));
    for (name, ids) in [("without ids", false), ("with ids", true)] {
        let body = body(ids);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                ingest::parse(
                    black_box(body.as_bytes()),
                    ingest::Body::Json,
                    NOW,
                    &ingest::Limits::default(),
                )
                .unwrap()
            });
        });
    }
    group.finish();
}

fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(CALLS));
    let events = parsed(false).events;
    let bytes = encode_batch(&events, &[]).unwrap();
    group.bench_function("encode", |bencher| {
        bencher.iter(|| encode_batch(black_box(&events), &[]).unwrap())
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| decode_batch(black_box(&bytes)).unwrap())
    });
    group.finish();
}

fn apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply");
    group.throughput(Throughput::Elements(CALLS));
    let batch = StoredBatch {
        offset: Offset { writer: 1, seq: 1 },
        tenant: TenantId::default_tenant(),
        key_id: "bench".into(),
        received: NOW,
        events: parsed(false).events,
        refused: 0,
        refusals: Vec::new(),
    };
    let fresh = || {
        let mut live = TenantLive::new(TenantId::default_tenant(), 2_000, 0);
        // Series and instances are known on a running server.
        live.apply(&batch);
        live
    };
    group.bench_function("live state and rollups", |bencher| {
        bencher.iter_batched_ref(fresh, |live| live.apply(black_box(&batch)), BatchSize::LargeInput);
    });
    group.finish();
}

fn sketch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sketch");
    let filled = |seed: u64| {
        let mut sketch = Sketch::default();
        (0..1_000).for_each(|n| sketch.add(1_000 + noise(seed + n) % 5_000_000, 1));
        sketch
    };
    let (one, other) = (filled(1), filled(5_000));
    group.bench_function("add", |bencher| {
        let mut sketch = one.clone();
        let mut n = 0;
        bencher.iter(|| {
            n += 1;
            sketch.add(black_box(1_000 + noise(n) % 5_000_000), 1);
        });
    });
    group.bench_function("merge", |bencher| {
        bencher.iter_batched_ref(
            || one.clone(),
            |sketch| sketch.merge(black_box(&other)),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("quantile", |bencher| {
        bencher.iter(|| black_box(&one).quantile(0.99))
    });
    group.finish();
}

/// A month of hours of 100 series, 60 calls in each: what a chart of p99 by series reads.
fn month() -> NewChunk {
    const HOUR: i64 = 3_600_000;
    let row = |hour: i64, number: u64| {
        let mut stats = Bucket::default();
        for minute in 0..60 {
            let spread =
                0.2 + 0.8 * noise(number << 32 | (hour * 60 + minute) as u64) as f64 / u64::MAX as f64;
            stats.add(&Call {
                weight: 1,
                duration: Some(((120.0 + 15.0 * number as f64) * 1_000.0 / spread / spread) as u64),
                ..Call::default()
            });
        }
        PartialRow {
            bucket: hour * HOUR,
            series: SeriesKey {
                provider: format!("provider-{}", number % 8),
                model: format!("model-{number:02}"),
                ..SeriesKey::default()
            },
            stats,
        }
    };
    // One chunk takes 65,536 rows.
    let rows = (0..650).flat_map(|hour| (0..100).map(move |number| row(hour, number)));
    encode_chunks(Rung::Day, rows.collect()).unwrap().remove(0)
}

fn history(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("history");
    let chunk = month();
    group.throughput(Throughput::Elements(chunk.rows));
    group.bench_function("open figures", |bencher| {
        bencher.iter(|| ChunkFigures::open(black_box(&chunk.figures)).unwrap())
    });
    group.bench_function("open sketches", |bencher| {
        bencher.iter(|| SketchColumn::open(black_box(&chunk.latency)).unwrap())
    });
    group.bench_function("add sketches, a quantile of each", |bencher| {
        let mut sum = DenseSketch::default();
        bencher.iter_batched_ref(
            || SketchColumn::open(&chunk.latency).unwrap(),
            |column| {
                for _ in 0..chunk.rows {
                    column.add_to(&mut sum).unwrap();
                    black_box(sum.quantile(0.99));
                    sum.clear();
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("add sketches", |bencher| {
        let mut sum = DenseSketch::default();
        bencher.iter_batched_ref(
            || SketchColumn::open(&chunk.latency).unwrap(),
            |column| {
                for _ in 0..chunk.rows {
                    column.add_to(&mut sum).unwrap();
                }
            },
            BatchSize::LargeInput,
        );
    });
    let answer: Vec<QuerySeries> = (0..100)
        .map(|number| QuerySeries {
            group: [("model".to_owned(), format!("model-{number:02}"))].into(),
            points: (0..chunk.rows as i64 / 100)
                .map(|hour| {
                    let millis = noise(number << 32 | hour as u64) as f64 / u64::MAX as f64 * 5_000.0;
                    (NOW + hour * 3_600_000, Some(millis))
                })
                .collect(),
        })
        .collect();
    group.bench_function("write the answer", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&answer)).unwrap())
    });
    group.finish();
}
