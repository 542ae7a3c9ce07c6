//! The JSON form for ever: each file in `golden/` is a frame as it was written when the file was made. Files are never
//! edited. When a field is added, this test fails on the writing side: make the field an `Option`, add it to
//! `json/shape.rs`, move the name from `CURRENT` to `OLDER` and add a new file; the old one must still be readable.
//!
//! `docs/PROTOCOL.md` is held to the same: its examples are read by the same code, and those marked with the name of a
//! golden file must be that file.

use std::path::PathBuf;

use protocol::frame::{Bye, ClientFrame, Delta, DeltaBody, Hello, ServerFrame, Snapshot, ViewBody};
use protocol::json;
use protocol::view::{
    Alerts, Board, BoardDelta, Breaker, BreakerDetail, CallRow, ChartPoint, Connect, Feed, InstanceRow, Kpi,
    KpiId, Level, Provider, Range, RefusalRow, SourceRow, State, Trip, Verdict,
};
use serde_json::Value;

const NOW: i64 = 1_795_185_128_000;

/// Written exactly like this today.
const CURRENT: [&str; 14] = [
    "hello",
    "snapshot-board",
    "snapshot-breaker",
    "snapshot-breaker-none",
    "snapshot-connect",
    "snapshot-alerts",
    "snapshot-alerts-none",
    "delta-beat",
    "delta-board",
    "delta-connect",
    "delta-alerts",
    "resync",
    "bye",
    "error",
];
/// Written like this once; still readable.
const OLDER: [&str; 0] = [];

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn golden(name: &str) -> String {
    let path = repository(&format!("crates/protocol/tests/golden/{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn breaker() -> Breaker {
    Breaker {
        key: 0x1f3a_5c7e_9b2d_4f60,
        id: "b_1f3a5c7e9b2d4f60".into(),
        breaker: "claude-sonnet".into(),
        environment: "prod".into(),
        service: "chat".into(),
        deployment: String::new(),
        provider: "anthropic".into(),
        model: "claude-sonnet".into(),
        state: State::Open,
        since: NOW - 42_000,
        counts: vec![(State::Open, 2), (State::Closed, 1)],
        agree: false,
        dissent: vec!["chat-7f9c".into()],
        failure_rate: Some(0.62),
        failure_threshold: Some(0.5),
        calls: 37,
        retry_at: Some(NOW + 18_000),
        trials_done: None,
        trials_needed: Some(5),
        reason: "24 × overloaded, 5 × timeout, of 50 calls".into(),
        shared: false,
        degraded: false,
        strip: "ccccccccccccccccccccccccccccho".into(),
    }
}

fn transition() -> Feed {
    Feed {
        id: 9_041,
        at: NOW - 42_000,
        breaker_key: breaker().key,
        breaker: "claude-sonnet".into(),
        provider: "anthropic".into(),
        service: "chat".into(),
        instance: "chat-5d2b".into(),
        from: Some(State::Closed),
        to: State::Open,
        cause: "24 × overloaded, 5 × timeout, of 50 calls".into(),
        lasted_ms: Some(5_400_000),
        inferred: false,
    }
}

fn point(t: i64) -> ChartPoint {
    ChartPoint {
        t,
        p50: Some(480.5),
        p95: Some(1650.0),
        p99: None,
        bands: [118.0, 1.5, 0.5, 4.25, 0.0, 0.5, 0.0, 0.0],
        heat: [0, 0, 1, 14, 160, 420, 380, 150, 40, 9, 3, 0, 0, 0],
    }
}

fn verdict() -> Verdict {
    Verdict {
        level: Level::Act,
        lead: "1 breaker open.".into(),
        rest: "anthropic is failing over to openai; users see 99.2% success.".into(),
    }
}

fn kpi() -> Kpi {
    Kpi {
        id: KpiId::Success,
        value: Some(0.9921),
        change: Some(-0.0061),
        level: Level::Attention,
        spark: vec![Some(0.998), None, Some(0.992)],
        unpriced: None,
    }
}

fn provider() -> Provider {
    Provider {
        id: 77,
        name: "anthropic".into(),
        level: Level::Act,
        rate: 188.4,
        p95_ms: Some(6_800.0),
        cost_per_call: Some(0.0031),
        success: Some(0.91),
    }
}

fn board() -> Board {
    Board {
        now: NOW,
        range: Range::M15,
        verdict: verdict(),
        kpis: vec![kpi()],
        providers: vec![provider()],
        breakers: vec![breaker()],
        feed: vec![transition()],
        points: vec![point(NOW - 18_000), point(NOW - 8_000)],
        last_event: Some(NOW - 12),
        simulated: false,
    }
}

fn detail() -> BreakerDetail {
    BreakerDetail {
        breaker: breaker(),
        instances: vec![InstanceRow {
            instance: "chat-5d2b".into(),
            state: State::Open,
            since: NOW - 42_000,
            failure_rate: Some(0.62),
            window_calls: Some(50),
            last_seen: NOW - 900,
            shared: false,
            strip: "ccccccccccccccccccccccccccccco".into(),
        }],
        transitions: vec![transition()],
        trip: Some(Trip {
            at: NOW - 42_000,
            instance: "chat-5d2b".into(),
            cause: "24 × overloaded, 5 × timeout, of 50 calls".into(),
            calls: vec![CallRow {
                at: NOW - 42_010,
                provider: "anthropic".into(),
                model: "claude-sonnet".into(),
                outcome: "overloaded".into(),
                duration_ms: Some(212.0),
                status: Some(529),
                instance: "chat-5d2b".into(),
                error: "overloaded_error".into(),
            }],
        }),
        not_permitted: Some(311),
    }
}

fn connect() -> Connect {
    Connect {
        last_event: Some(NOW - 12),
        sources: vec![SourceRow {
            id: 3,
            name: "chat".into(),
            key_name: "local".into(),
            key_prefix: "fb_3kd9".into(),
            last: Some(NOW - 12),
            events_1h: 48_211,
            refused_1h: 1,
            refusals: vec![RefusalRow {
                at: NOW - 60_000,
                index: 17,
                field: "duration_ms".into(),
                reason: "must be ≥ 0, got -1".into(),
            }],
        }],
    }
}

fn alerts() -> Alerts {
    Alerts {
        version: NOW as u64 - 4_120,
        need: 3,
        oldest: Some(NOW - 246_000),
        held: 1,
        silences: 2,
        rules: 8,
    }
}

fn snapshot(view: &str, body: ViewBody) -> ServerFrame {
    ServerFrame::Snapshot(Box::new(Snapshot {
        view: view.into(),
        seq: 120,
        now: NOW,
        body,
    }))
}

fn delta(view: &str, body: DeltaBody) -> ServerFrame {
    ServerFrame::Delta(Box::new(Delta {
        view: view.into(),
        seq: 121,
        now: NOW + 100,
        body,
    }))
}

fn frame(name: &str) -> ServerFrame {
    match name {
        "hello" => ServerFrame::Hello(Hello {
            protocol: 1,
            build: "0.1.0+3f2a91c".into(),
            now: NOW,
            tenant: "default".into(),
        }),
        "snapshot-board" => snapshot("board", ViewBody::Board(Box::new(board()))),
        "snapshot-breaker" => snapshot(
            "breaker:b_1f3a5c7e9b2d4f60",
            ViewBody::Breaker(Some(Box::new(detail()))),
        ),
        "snapshot-breaker-none" => snapshot("breaker:b_0000000000000000", ViewBody::Breaker(None)),
        "snapshot-connect" => snapshot("connect", ViewBody::Connect(connect())),
        "snapshot-alerts" => snapshot("alerts", ViewBody::Alerts(Some(alerts()))),
        "snapshot-alerts-none" => snapshot("alerts", ViewBody::Alerts(None)),
        "delta-beat" => delta("board", DeltaBody::Beat),
        "delta-board" => delta(
            "board",
            DeltaBody::Board(Box::new(BoardDelta {
                verdict: Some(verdict()),
                kpis: vec![kpi()],
                providers: vec![provider()],
                providers_gone: vec![12],
                breakers: vec![breaker()],
                breakers_gone: vec![],
                feed: vec![transition()],
                points: vec![point(NOW + 2_000)],
                points_from: Some(NOW - 898_000),
                last_event: Some(NOW + 90),
                simulated: None,
            })),
        ),
        "delta-connect" => delta("connect", DeltaBody::Connect(connect())),
        "delta-alerts" => delta(
            "alerts",
            DeltaBody::Alerts(Some(Alerts {
                version: NOW as u64 + 96,
                need: 2,
                held: 2,
                ..alerts()
            })),
        ),
        "resync" => ServerFrame::Resync { view: "board".into() },
        "bye" => ServerFrame::Bye(Bye {
            code: 1001,
            reason: "the server restarts".into(),
            retry_after_ms: 2_000,
        }),
        "error" => ServerFrame::Error {
            code: "bad_frame".into(),
            detail: "range: must be 5m, 15m or 1h, got \"2h\"".into(),
        },
        other => panic!("no frame is called {other}"),
    }
}

#[test]
fn frames_are_written_as_in_the_golden_files() {
    for name in CURRENT {
        let written: Value = serde_json::from_str(&json::encode_server(&frame(name))).unwrap();
        let expected: Value = serde_json::from_str(&golden(name)).unwrap();
        assert_eq!(written, expected, "{name}");
    }
}

#[test]
fn golden_files_are_read_as_the_same_frames() {
    for name in CURRENT {
        assert_eq!(json::decode_server(&golden(name)), Ok(frame(name)), "{name}");
    }
}

#[test]
fn every_golden_file_stays_readable() {
    let mut found: Vec<String> = std::fs::read_dir(repository("crates/protocol/tests/golden"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    found.sort();
    let mut listed: Vec<String> = CURRENT
        .iter()
        .chain(&OLDER)
        .map(|name| (*name).to_owned())
        .collect();
    listed.sort();
    assert_eq!(found, listed);
    for name in OLDER {
        json::decode_server(&golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn fields_of_a_newer_server_are_ignored() {
    for name in CURRENT {
        let mut value: Value = serde_json::from_str(&golden(name)).unwrap();
        value["from_the_future"] = Value::from("x");
        assert_eq!(json::decode_server(&value.to_string()), Ok(frame(name)), "{name}");
    }
}

/// The ```json blocks of a document, each with the golden file it claims to be.
fn examples(document: &str) -> Vec<(Option<String>, String)> {
    let mut examples = Vec::new();
    let mut claim = None;
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("<!-- golden: ") {
            claim = Some(rest.trim_end_matches(" -->").to_owned());
        } else if line == "```json" {
            let block = lines
                .by_ref()
                .take_while(|line| *line != "```")
                .collect::<Vec<_>>()
                .join("\n");
            examples.push((claim.take(), block));
        }
    }
    examples
}

#[test]
fn the_reference_shows_real_frames() {
    let document = std::fs::read_to_string(repository("docs/PROTOCOL.md")).unwrap();
    let examples = examples(&document);
    for name in CURRENT {
        assert!(
            examples.iter().any(|(claim, _)| claim.as_deref() == Some(name)),
            "docs/PROTOCOL.md shows no {name}"
        );
    }
    let mut sent = Vec::new();
    for (claim, text) in examples {
        if let Some(name) = claim {
            let shown: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let real: Value = serde_json::from_str(&golden(&name)).unwrap();
            assert_eq!(shown, real, "{name} in docs/PROTOCOL.md");
        } else {
            sent.push(json::decode_client(&text).unwrap_or_else(|error| panic!("{text}: {error}")));
        }
    }
    assert!(
        sent.iter()
            .any(|frame| matches!(frame, ClientFrame::Subscribe { .. }))
    );
    assert!(
        sent.iter()
            .any(|frame| matches!(frame, ClientFrame::Unsubscribe { .. }))
    );
    assert!(
        sent.iter()
            .any(|frame| matches!(frame, ClientFrame::Pause { .. }))
    );
}
