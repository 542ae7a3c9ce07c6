//! Weeks of calls in minutes: the server on a clock that the test moves, filled through the engine, then asked over
//! HTTP. Every sum must be what was sent, quantiles within 1%, and the server must answer at once.
//!
//! `HISTORY_HOURS` says how much time (6), `HISTORY_CALLS` how many calls (60,000). `cargo xtask prove history` asks
//! for 30 days of 100 million.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![expect(clippy::print_stdout, reason = "the figures of the run are part of the proof")]

mod ask;
mod fill;

use std::time::Duration;

use ask::Asker;
use engine::Clock;
use fill::{Fill, START};
use server::config::{Flag, Sources};
use server::lifecycle::{self, Options, Running};

/// What every page may take on the server over the whole history, in the proof.
const AT_ONCE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_what_was_sent_and_answers_at_once() {
    let hours = number("HISTORY_HOURS").unwrap_or(6);
    let calls = number("HISTORY_CALLS").unwrap_or(60_000);
    let proof = number("HISTORY_HOURS").is_some();
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(START);
    let running = start(folder.path(), &clock).await;
    let mut fill = Fill::new(hours, calls);
    let timer = tokio::time::Instant::now();
    let mut resident = Vec::new();
    let mut rest = Vec::new();
    let measure = || {
        resident.push(resident_mib());
        rest.push(kept_mib());
    };
    fill.run(&running.shared.engine, &clock, measure).await;
    let took = timer.elapsed();
    println!("resident after each tenth: {resident:?} MiB, of it not backed by files: {rest:?} MiB");
    let sent = fill.finish();
    println!(
        "{} calls of {hours} h in {:.0} s ({:.0} calls/s, {:.0} times real time), {} MiB resident",
        sent.calls,
        took.as_secs_f64(),
        sent.calls as f64 / took.as_secs_f64(),
        hours as f64 * 3_600.0 / took.as_secs_f64(),
        resident_mib(),
    );

    let asker = Asker::new(running.address, &running.shared, folder.path());
    asker.everything_is_there(&sent, hours).await;
    let slowest = asker.answers_over(hours).await;
    println!(
        "{} MiB on disk, {} MiB resident",
        asker.disk_mib(),
        resident_mib()
    );
    if proof {
        // The journal keeps 7 days and the finest rung 14: after half of the time nothing is left that grows but what is on
        // the disk alone. Until then each turn has more to look at.
        let (half, end) = (resident[4], resident.last().copied().unwrap_or_default());
        assert!(end <= half + half / 4, "memory grew from {half} to {end} MiB");
        assert!(
            slowest < AT_ONCE,
            "the slowest answer took {} ms",
            slowest.as_millis()
        );
    }

    // What is compacted, and what is not, survives a restart.
    assert!(running.stop().await, "not a clean stop");
    let timer = tokio::time::Instant::now();
    let running = start(folder.path(), &clock).await;
    println!("ready again after {} ms", timer.elapsed().as_millis());
    Asker::new(running.address, &running.shared, folder.path())
        .everything_is_there(&sent, hours)
        .await;
    assert!(running.stop().await, "not a clean stop");
}

async fn start(folder: &std::path::Path, clock: &Clock) -> Running {
    let site = folder.join("site");
    std::fs::create_dir_all(&site).unwrap();
    let flag = |key: &'static str, name: &'static str, value: String| Flag { key, name, value };
    let sources = Sources {
        flags: vec![
            flag("server.listen", "--listen", "127.0.0.1:0".into()),
            flag(
                "data.dir",
                "--data-dir",
                folder.join("data").display().to_string(),
            ),
            flag("server.site_dir", "--site-dir", site.display().to_string()),
        ],
        ..Sources::default()
    };
    let config = server::config::load(&sources).unwrap();
    let options = Options {
        local_key: true,
        clock: Some(clock.clone()),
        ..Options::default()
    };
    lifecycle::start(&config, options).await.unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment how much to do"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the process holds, this test's own bookkeeping included.
fn resident_mib() -> u64 {
    status_mib("VmRSS:")
}

/// Of it, what is in no file.
fn kept_mib() -> u64 {
    status_mib("RssAnon:")
}

fn status_mib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1_024
}
