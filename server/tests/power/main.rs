//! Power cuts: everything the server does to its files is recorded with strace, and then played back up to a moment,
//! with only what had reached the disk by then, or with any part of what had not. On each such state the server must find
//! every event that it had acknowledged, once, and nothing that was never sent; its rollups must be what the journal adds
//! up to; every file must be sound; and it must go on from there.
//!
//! `POWER_STATES` says how many moments (30; each is checked in two modes), `POWER_SEED` which random choices.
//! `cargo xtask prove power` asks for 1,000. Without strace the tests say so and pass.
//!
//! What the model leaves out: a disk that acknowledges an fsync and forgets, a sector that is neither old nor new, an
//! fsync that fails, stale bytes in a file that grew (a hole reads as zeros), file modes, and a second cut while the first
//! is mended (a start after SIGKILL is among what is cut). Not compared with the journal are stored transitions, and
//! rollups once retention has dropped a day. Of Postgres nothing is recorded: what it syncs is its own.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![expect(clippy::print_stdout, reason = "the figures of the run are part of the proof")]

mod check;
mod child;
mod cuts;
mod disk;
mod load;
mod process;
mod recording;
mod state;
mod strace;

use std::sync::Arc;
use std::time::Duration;

use child::number;
use recording::{Recording, Story};

/// Moments, two states each, when nobody asks for more.
const FEW: usize = 30;
/// States on which the product itself is started, as a process.
const STARTED: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cuts_lose_nothing() {
    let Some(size) = size() else { return };
    let recording = record(Story::Product, &size).await;
    let tally = recording.check(size.cuts * 2 / 3, size.seed).await;
    println!("power cuts under load: {tally}");
    tally.assert_good();
    let started = if size.whole { STARTED } else { 2 };
    recording.start_the_product(started, size.seed).await;
    println!("the product started on {started} of these states and found everything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cuts_at_midnight_and_during_retention_lose_nothing() {
    let Some(size) = size() else { return };
    let recording = record(Story::Days, &size).await;
    let tally = recording.check(size.cuts - size.cuts * 2 / 3, size.seed).await;
    println!("power cuts over days: {tally}");
    tally.assert_good();
}

/// The same without waiting for the disk must be seen to lose: a check that finds nothing there finds nothing anywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_waiting_for_the_disk_power_cuts_are_seen_to_lose() {
    let Some(size) = size() else { return };
    let recording = record(Story::Hasty, &size).await;
    let tally = recording.check((size.cuts / 5).max(10), size.seed).await;
    println!("power cuts without waiting for the disk: {tally}");
    assert!(
        tally.losing > 0,
        "no loss was seen: this proof proves nothing\n{tally}"
    );
    assert_eq!(tally.corrupt, 0, "{tally}");
}

/// How much to do.
struct Size {
    cuts: usize,
    seed: u64,
    whole: bool,
}

fn size() -> Option<Size> {
    let asked = number("POWER_STATES");
    if !recording::can_record() {
        assert!(asked.is_none(), "strace cannot trace here, so nothing is proved");
        eprintln!("SKIPPED: strace cannot trace here (Debian: apt-get install strace)");
        return None;
    }
    let seed = number("POWER_SEED").unwrap_or_else(|| rand::random_range(0..1_000_000));
    eprintln!("POWER_SEED={seed}");
    Some(Size {
        cuts: asked.map_or(FEW, |cuts| cuts as usize),
        seed: seed as u64,
        whole: asked.is_some(),
    })
}

async fn record(story: Story, size: &Size) -> Arc<Recording> {
    let length = if size.whole {
        Duration::from_secs(30)
    } else {
        Duration::from_secs(4)
    };
    let recording = Recording::make(story, length, size.seed).await;
    println!("{recording}");
    Arc::new(recording)
}
