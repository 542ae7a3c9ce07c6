//! Nothing that must be told is lost: alerts through six kinds of channels to receivers that answer 500 and 429, send
//! elsewhere, say nothing, reset the connection or show a certificate of a stranger, while processes are killed and paused
//! and sessions of the database are cut; on SQLite and on Postgres. Kills come at any time, and when a request was
//! connected, received or answered: between claim, send and record.
//!
//! `OUTBOX_ALERTS` says how many alerts (12), `OUTBOX_FAULTS` how many faults (4); `cargo xtask prove outbox` asks for 500
//! and 100, and then plants the mistake of marking before sending, which these tests must notice. What it cannot show:
//! services themselves; each has its own receiver's judgement in the tests of `channels`.

#![expect(clippy::print_stdout, reason = "the figures of the run are part of the proof")]

mod place;
mod receivers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, sleep};

use place::{Place, Process};
use receivers::{KINDS, Moment, Receivers};

use crate::common::postgres;

/// What is done to a process, or to what it talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// SIGKILL, and a new start.
    Kill,
    /// The same when a request has come so far.
    KillAt(Moment),
    /// SIGSTOP for longer than a claim lasts.
    Pause,
    /// Every session of the database is cut.
    Cut,
}

/// Six kills.
const KILLS: [Fault; 6] = [
    Fault::Kill,
    Fault::Kill,
    Fault::Kill,
    Fault::KillAt(Moment::Connected),
    Fault::KillAt(Moment::Received),
    Fault::KillAt(Moment::Answered),
];
/// When no request comes for so long, a kill is one like any other.
const COMES: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_by_one_process_on_sqlite() {
    prove("sqlite", None, &KILLS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_by_one_process_on_postgres() {
    let Some(database) = postgres::create().await else {
        eprintln!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
        return;
    };
    // Of ten faults six are kills, two pauses, two cuts.
    let mut faults = KILLS.to_vec();
    faults.extend([Fault::Pause, Fault::Pause, Fault::Cut, Fault::Cut]);
    prove("postgres", Some(database.url.clone()), &faults).await;
    database.drop().await;
}

async fn prove(name: &str, database: Option<String>, faults: &[Fault]) {
    let alerts = number("OUTBOX_ALERTS").unwrap_or(12);
    let count = number("OUTBOX_FAULTS").unwrap_or(4);
    let seed = number("OUTBOX_SEED").unwrap_or_else(|| rand::rng().random());
    eprintln!("{name}: {alerts} alerts, {count} faults, OUTBOX_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed.into());
    let receivers = Receivers::start(seed.into()).await;
    let place = Place::new(database, &receivers);
    let mut process = Process::start(&place).await;
    place.channels(&process, &receivers).await;
    place.trip(&process, alerts as usize).await;

    let since = Instant::now();
    let pause = Duration::from_secs(if alerts > 100 { 48 } else { 3 });
    let mut done: BTreeMap<Fault, u32> = BTreeMap::new();
    for _ in 0..count {
        sleep(Duration::from_millis(random.random_range(300..2_500))).await;
        let fault = *faults.choose(&mut random).unwrap();
        match fault {
            Fault::Kill => process.kill_and_start(&place).await,
            Fault::KillAt(moment) => {
                let _ = tokio::time::timeout(COMES, receivers.next(moment)).await;
                process.kill_and_start(&place).await;
            }
            Fault::Pause => process.pause(pause).await,
            Fault::Cut => {
                place.cut_sessions().await;
                // The writer's own session was among them: the process may end by itself rather than write beside another.
                process.start_if_ended(&place).await;
            }
        }
        *done.entry(fault).or_default() += 1;
    }
    let total = alerts as usize * KINDS.len();
    let told = place.all_told(&mut process, total).await;

    let (mut twice, mut lost) = (0, Vec::new());
    for kind in KINDS {
        let taken = receivers.taken(kind);
        for n in 0..alerts as usize {
            let breaker = place::breaker(n);
            let count = taken.iter().filter(|one| one.about == breaker).count();
            if count == 0 {
                lost.push(format!("{kind} {breaker}"));
                continue;
            }
            twice += count - 1;
            if count > 1 {
                assert!(
                    told.unsure.contains(&(kind.to_owned(), breaker.clone())),
                    "{kind} {breaker} came {count} times"
                );
            }
        }
        // Over all attempts, also those that failed, a notification has one name.
        for (breaker, names) in receivers.names(kind) {
            assert_eq!(names.len(), 1, "{kind} {breaker}: {names:?}");
        }
    }
    assert!(
        lost.is_empty(),
        "{} of {total} were lost after {done:?}, seed {seed}: {}",
        lost.len(),
        lost.join(", ")
    );
    let kills = done.values().sum::<u32>() as usize;
    let bound = kills * KINDS.len() * 4;
    assert!(
        twice <= bound,
        "{twice} came twice, at most {bound} can have been under way"
    );
    let names: BTreeSet<String> = told.names.iter().cloned().collect();
    assert_eq!(names.len(), total, "each has a name of its own");
    println!(
        "{name}: {alerts} alerts through {} channels, {total} notifications, requests {:?}, {done:?} in {:.0} s: 0 lost, \
         {total} names, {} given up and tried again by hand, {twice} taken twice (webhook and PagerDuty can tell: {} of \
         them), {} said to be unsure; seed {seed}",
        KINDS.len(),
        receivers.ways(),
        since.elapsed().as_secs_f64(),
        told.replayed,
        receivers.repeats(&["webhook", "pagerduty"]),
        told.unsure.len(),
    );
    process.stop();
}

/// A number from the environment of the test run.
fn number(variable: &str) -> Option<u32> {
    std::env::var_os(variable)?.to_str()?.parse().ok()
}
