//! What a moment costs after heavy traffic: the server on a clock that the test moves, on SQLite, filled through the
//! engine. Every moment must be what live showed; the run prints how long it took and what it took in memory.
//!
//! `REPLAY_RATE` says how many calls a second (20), `REPLAY_MINUTES` for how long (30). 1,000 calls a second for half an
//! hour are 1.8 million events.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use engine::{Clock, Engine, IngestRequest, KeyInfo};
use protocol::Range;
use protocol::view::Board;
use server::auth;
use server::config::{Flag, Sources};
use server::lifecycle::{self, Options};
use store::{TenantId, TenantScope};
use tokio::time::Instant;

/// Midnight UTC.
const START: i64 = 1_761_955_200_000;
/// Events of one push, at most.
const BATCH: u64 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moments_after_heavy_traffic() {
    let rate = number("REPLAY_RATE").unwrap_or(20);
    let minutes = number("REPLAY_MINUTES").unwrap_or(30);
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(START);
    let flag = |key: &'static str, name: &'static str, value: String| Flag { key, name, value };
    let data = folder.path().join("data").display().to_string();
    let site = folder.path().join("site");
    std::fs::create_dir_all(&site).unwrap();
    let sources = Sources {
        flags: vec![
            flag("server.listen", "--listen", "127.0.0.1:0".into()),
            flag("data.dir", "--data-dir", data),
            flag("server.site_dir", "--site-dir", site.display().to_string()),
        ],
        ..Sources::default()
    };
    let options = Options {
        clock: Some(clock.clone()),
        ..Options::default()
    };
    let running = lifecycle::start(&server::config::load(&sources).unwrap(), options)
        .await
        .unwrap();
    let engine = &running.shared.engine;
    let scope = auth::by_command_line(TenantId::default_tenant());

    let mut shown: Vec<Board> = Vec::new();
    for second in 0..minutes * 60 {
        let mut left = rate;
        while left > 0 {
            let calls = left.min(BATCH);
            push(engine, &scope, calls, second).await;
            left -= calls;
        }
        clock.advance(1_000);
        if second % 300 == 290 {
            shown.push(engine.board(&scope, Range::M15));
            // What is pushed next belongs to another moment.
            clock.advance(1);
        }
        if second % 60 == 0 {
            assert!(engine.compact().await);
        }
    }
    println!("{} events, {} MiB resident", rate * minutes * 60, resident_mib());
    for live in &shown {
        let before = resident_mib();
        let timer = Instant::now();
        let past = engine.board_at(&scope, Range::M15, live.now).await.unwrap();
        let took = timer.elapsed();
        println!(
            "minute {}: {} ms, {} -> {} MiB resident",
            (live.now - START) / 60_000,
            took.as_millis(),
            before,
            resident_mib(),
        );
        assert_eq!(past, *live);
    }

    // While a viewer opens one moment after the other, intake goes on: how long the slowest push takes.
    let moments: Vec<i64> = shown.iter().map(|board| board.now).collect();
    let opening = async {
        for at in moments {
            engine.board_at(&scope, Range::M15, at).await.unwrap();
        }
    };
    let pushing = async {
        let mut slowest = Duration::ZERO;
        loop {
            let timer = Instant::now();
            push(engine, &scope, 10, 0).await;
            slowest = slowest.max(timer.elapsed());
            println!("a push took at most {} ms so far", slowest.as_millis());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = opening => {}
        () = pushing => {}
    }
    let _ = running.stop().await;
}

async fn push(engine: &Engine, scope: &TenantScope, calls: u64, second: u64) {
    let mut body = String::from("[");
    for nth in 0..calls {
        if nth > 0 {
            body.push(',');
        }
        let provider = ["openai", "anthropic", "google", "mistral"][(nth % 4) as usize];
        let outcome = if nth % 50 == 7 { "overloaded" } else { "ok" };
        let breaker = nth % 20;
        let ms = 200 + (nth * 37 + second * 13) % 3_000;
        write!(
            body,
            r#"{{"type":"call","provider":"{provider}","model":"m{}","service":"s{}","breaker":"b{breaker}","instance":"i{}","outcome":"{outcome}","duration_ms":{ms},"ttft_ms":90,"input_tokens":900,"output_tokens":150,"cost_usd":0.0042}}"#,
            nth % 3,
            breaker % 4,
            nth % 7,
        )
        .unwrap();
    }
    if second.is_multiple_of(15) {
        for breaker in 0..20 {
            let provider = ["openai", "anthropic", "google", "mistral"][breaker % 4];
            write!(
                body,
                r#",{{"type":"breaker_stats","breaker":"b{breaker}","service":"s{}","provider":"{provider}","instance":"i1","state":"closed","failure_rate":0.02,"failure_threshold":0.5}}"#,
                breaker % 4,
            )
            .unwrap();
        }
    }
    body.push(']');
    let request = IngestRequest {
        key: KeyInfo {
            id: "key0000001".into(),
            name: "local".into(),
            prefix: "fb_default_key0".into(),
        },
        body: Bytes::from(body),
        kind: ingest::Body::Json,
        idempotency_key: None,
    };
    let reply = engine.ingest(scope, request).await.unwrap();
    assert_eq!(reply.refused_count, 0, "{:?}", reply.refused);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment how much to do"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the process holds in memory.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1_024
}
