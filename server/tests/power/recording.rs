//! A server's life under load, recorded, and the states that power cuts leave of it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Millis;
use engine::Clock;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use store::day;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::check::{self, Expected, Tally, Verdict};
use crate::child::{self, Kind, Place, Server};
use crate::cuts;
use crate::disk::Disk;
use crate::load::{Batch, History, Load};
use crate::state::{self, Mode};
use crate::strace::Moment;

/// Events a second.
const PACE: u32 = 1_000;
/// States checked at the same time.
const AT_ONCE: usize = 2;
/// A Monday in March 2026, half an hour before midnight UTC.
const MONDAY: Millis = 1_772_494_200_000;

/// What is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// The product: first start in an empty folder, load, SIGKILL, start with logs in place, load, SIGTERM, start, load,
    /// SIGTERM.
    Product,
    /// On a fast clock: load over some midnights, SIGKILL; nine days after it began a start that drops the old days.
    Days,
    /// The first part of [`Story::Product`], but commits do not wait for the disk.
    Hasty,
}

/// It.
pub struct Recording {
    story: Story,
    disk: Disk,
    history: History,
    sent: BTreeSet<String>,
    /// The senders' API key.
    key: String,
    /// Batches by the moment at which a 200 for them was on its way.
    answered: Vec<(Moment, usize)>,
    /// When each process ended, by the server's clock.
    ended: Vec<Millis>,
    /// Arrivals by the server's clock, where retention is part of the story.
    arrivals: HashMap<String, Millis>,
}

/// Whether there is an strace that may trace.
pub fn can_record() -> bool {
    let mut command = Command::new("strace");
    command.args(["-f", "--seccomp-bpf", "-o", "/dev/null", "true"]);
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

impl Recording {
    pub async fn make(story: Story, length: Duration, seed: u64) -> Recording {
        let home = tempfile::tempdir().unwrap();
        // The recording has the paths that the kernel sees.
        let place = Place::new(&home.path().canonicalize().unwrap());
        let trace = home.path().join("trace");
        let mut recording = Recording {
            story,
            disk: Disk::new(&place.disk()),
            history: History::default(),
            sent: BTreeSet::new(),
            key: String::new(),
            answered: Vec::new(),
            ended: Vec::new(),
            arrivals: HashMap::new(),
        };
        let mut load = None;
        for (index, part) in story.parts(length).into_iter().enumerate() {
            if index > 0 && story == Story::Days {
                recording.arrivals.extend(arrivals_of_copy(&place).await);
            }
            let port = child::free_port();
            let server = Server::record(part.kind, &place, port, &trace).await;
            let load = load.get_or_insert_with(|| {
                let key = std::fs::read_to_string(place.data().join("local.key")).unwrap();
                recording.key = key.trim().to_owned();
                Load::start(&recording.key, PACE, seed)
            });
            load.go_on(&format!("http://127.0.0.1:{port}"));
            sleep(part.length).await;
            if part.quiet {
                load.pause();
                sleep(Duration::from_millis(500)).await;
            }
            if part.kill {
                server.kill().await;
            } else {
                server.stop().await;
            }
            load.pause();
            recording.ended.push(part.ended());
            recording.disk.add(BufReader::new(File::open(&trace).unwrap()));
            let differences = recording.disk.differences();
            assert!(
                differences.is_empty(),
                "the model is not what was recorded: {differences:#?}"
            );
        }
        recording.history = load.expect("something was recorded").finish().await;
        if story == Story::Days {
            recording.arrivals.extend(arrivals_of_copy(&place).await);
        }
        recording.know_answers();
        recording
    }

    fn know_answers(&mut self) {
        let batches = self.history.batches.values();
        self.sent = batches.flat_map(|batch| batch.ids.iter().cloned()).collect();
        let answers = &self.history.answers;
        let known = self.disk.answers.iter();
        self.answered = known
            .filter_map(|(at, id)| Some((*at, *answers.get(id)?)))
            .collect();
        assert_eq!(
            self.answered.len(),
            answers.len(),
            "an answer came that was not seen going out"
        );
    }

    /// What must be in a state after this cut.
    fn expected(&self, cut: Moment) -> Expected<'_> {
        let process = self.disk.begins.iter().filter(|begin| **begin <= cut).count() - 1;
        let now = self.ended[process];
        let before = self.answered.partition_point(|(at, _)| *at <= cut);
        let batch = |&(_, number): &(Moment, usize)| &self.history.batches[&number];
        let acknowledged: BTreeSet<&str> = self.answered[..before]
            .iter()
            .flat_map(|answer| &batch(answer).ids)
            .filter(|id| {
                !self
                    .arrivals
                    .get(*id)
                    .is_some_and(|at| check::may_be_dropped(*at, now))
            })
            .map(String::as_str)
            .collect();
        // Ids are known for an hour, which is no time on a fast clock.
        let again: Vec<&Batch> = match self.story {
            Story::Days => Vec::new(),
            _ => {
                let end = (before + 2).min(self.answered.len());
                self.answered[before.saturating_sub(2)..end]
                    .iter()
                    .map(batch)
                    .collect()
            }
        };
        Expected {
            acknowledged,
            sent: &self.sent,
            again,
            key: (before > 0).then_some(self.key.as_str()),
            now,
        }
    }

    /// The state after a cut, always the same for a seed.
    fn image(&self, cut: Moment, mode: Mode, seed: u64) -> state::Image {
        let mut random = StdRng::seed_from_u64(seed ^ (cut as u64) << 20);
        state::after(&self.disk, cut, mode, &mut random)
    }

    /// Checks so many cuts, in both modes.
    pub async fn check(self: &Arc<Self>, count: usize, seed: u64) -> Tally {
        let cuts = cuts::choose(&self.disk, count, &mut StdRng::seed_from_u64(seed));
        let states: Vec<_> = cuts
            .into_iter()
            .flat_map(|(cut, kind)| [Mode::Synced, Mode::Some].map(|mode| (cut, kind, mode)))
            .collect();
        let since = Instant::now();
        let queue = Arc::new(Mutex::new(states.into_iter()));
        let tally = Arc::new(Mutex::new(Tally::default()));
        let mut workers = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (this, queue, tally) = (Arc::clone(self), Arc::clone(&queue), Arc::clone(&tally));
            workers.spawn(async move {
                loop {
                    let Some((cut, kind, mode)) = queue.lock().unwrap().next() else {
                        return;
                    };
                    let verdict = this.check_one(cut, mode, seed).await;
                    let name = format!("cut {cut} of {}, {mode:?}, seed {seed}", this.disk.end);
                    tally.lock().unwrap().add(&name, &format!("{kind:?}"), &verdict);
                }
            });
        }
        while let Some(ended) = workers.join_next().await {
            ended.unwrap();
        }
        let mut tally = std::mem::take(&mut *tally.lock().unwrap());
        tally.seconds = since.elapsed().as_secs();
        tally
    }

    async fn check_one(&self, cut: Moment, mode: Mode, seed: u64) -> Verdict {
        let home = scratch();
        let place = Place::new(home.path());
        state::write(&self.image(cut, mode, seed), &place.disk());
        check::check(&place, &self.expected(cut)).await
    }

    /// Starts the built binary on some of the states, as an operator would, and looks at what it leaves.
    pub async fn start_the_product(&self, count: usize, seed: u64) {
        let mut random = StdRng::seed_from_u64(seed + 1);
        for cut in cuts::choose(&self.disk, count, &mut random).into_keys() {
            let mode = if random.random() { Mode::Some } else { Mode::Synced };
            let home = scratch();
            let place = Place::new(home.path());
            state::write(&self.image(cut, mode, seed), &place.disk());
            Server::start(&place, child::free_port()).await.stop().await;
            let verdict = check::check(&place, &self.expected(cut)).await;
            assert!(
                verdict.is_good(),
                "after a start of the product at cut {cut}, {mode:?}, seed {seed}: {verdict:#?}"
            );
        }
    }
}

/// One process of a story.
struct Part {
    kind: Kind,
    length: Duration,
    kill: bool,
    /// Nothing is under way when it ends.
    quiet: bool,
}

impl Part {
    /// The server's clock at its end.
    fn ended(&self) -> Millis {
        match self.kind {
            // A little later than it was: the start that follows a power cut is later, too.
            Kind::Clock { start, times } => start + (self.length.as_millis() as i64 + 1_000) * times,
            Kind::Product | Kind::Hasty => Clock::system().now(),
        }
    }
}

impl Story {
    fn parts(self, length: Duration) -> Vec<Part> {
        let part = |kind, share: f64, kill| Part {
            kind,
            length: length.mul_f64(share),
            kill,
            quiet: false,
        };
        match self {
            Story::Product => vec![
                part(Kind::Product, 0.4, true),
                part(Kind::Product, 0.5, false),
                part(Kind::Product, 0.1, false),
            ],
            Story::Days => {
                let first = length.mul_f64(0.5);
                // Four days pass in the first part, and a few hours in the second.
                let times = 4 * day::LENGTH / first.as_millis() as i64;
                let clock = |start, times| Kind::Clock { start, times };
                vec![
                    Part {
                        quiet: true,
                        ..part(clock(MONDAY, times), 0.5, true)
                    },
                    part(clock(MONDAY + 9 * day::LENGTH, times / 20), 0.25, false),
                ]
            }
            Story::Hasty => vec![part(Kind::Hasty, 0.4, true)],
        }
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.disk.nodes.iter().filter(|file| !file.folder);
        let (mut changes, mut syncs) = (0, 0);
        for file in files {
            changes += file.changes.len();
            syncs += file.syncs.len();
        }
        write!(
            f,
            "recorded {:?}: {} processes, {} events in {} batches, {} answers, {changes} changes of {} files, {syncs} fsyncs; \
             moments to cut at: {}",
            self.story,
            self.disk.begins.len(),
            self.history.events(),
            self.history.batches.len(),
            self.answered.len(),
            self.disk.nodes.iter().filter(|file| !file.folder).count(),
            cuts::kinds(&self.disk)
                .iter()
                .map(|(kind, moments)| format!("{} {kind:?}", moments.len()))
                .collect::<Vec<_>>()
                .join(", "),
        )
    }
}

/// Reads arrivals from a copy: opening the folder itself would change it, unseen by the recorder.
async fn arrivals_of_copy(place: &Place) -> HashMap<String, Millis> {
    let home = scratch();
    let copy = Place::new(home.path());
    copy_all(&place.disk(), &copy.disk());
    check::arrivals(&copy).await
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// A folder for a state: in memory where there is such a place, because nothing has to last.
fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}
