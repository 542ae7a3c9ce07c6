//! Whether the server finds everything in what a power cut left, and goes on from there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

use domain::Millis;
use engine::Clock;
use server::cli::verify;
use server::lifecycle::{self, Options};
use server::stores::{self, OpenStores};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use store::{Offset, day};

use crate::child::Place;
use crate::load::{self, Batch};

/// What must be in a state.
#[derive(Debug)]
pub struct Expected<'a> {
    /// Answered with 200 before the cut, but for those that retention may have dropped.
    pub acknowledged: BTreeSet<&'a str>,
    /// Everything that was ever sent.
    pub sent: &'a BTreeSet<String>,
    /// Batches that the senders send again: acknowledged ones, and ones that had no answer yet.
    pub again: Vec<&'a Batch>,
    /// The key that the senders have, once something was acknowledged with it.
    pub key: Option<&'a str>,
    /// The wall clock when the server starts on it.
    pub now: Millis,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Acknowledged events that are not stored.
    pub lost: usize,
    /// A database that SQLite finds damaged, or that cannot be opened.
    pub corrupt: Vec<String>,
    /// Anything else that must not be.
    pub wrong: Vec<String>,
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        self.lost == 0 && self.corrupt.is_empty() && self.wrong.is_empty()
    }
}

/// Starts on the state as a server does, asks, sends again, stops, asks again.
pub async fn check(place: &Place, expected: &Expected<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    as_left(place, expected, &mut verdict).await;
    if !verdict.corrupt.is_empty() {
        return verdict;
    }
    match go_on(place, expected).await {
        Ok(complaints) => verdict.wrong.extend(complaints),
        Err(error) => {
            verdict.corrupt.push(format!("it does not start: {error}"));
            return verdict;
        }
    }
    after_all(place, expected, &mut verdict).await;
    verdict
}

/// Before a start could mend anything.
async fn as_left(place: &Place, expected: &Expected<'_>, verdict: &mut Verdict) {
    match stores::open(&place.config(0)).await {
        Ok(opened) => {
            look(&opened, expected, verdict).await;
            opened.close().await;
        }
        Err(error) => {
            let error = lifecycle::chain(&error);
            verdict.corrupt.push(format!("it cannot be opened: {error}"));
        }
    }
}

async fn look(opened: &OpenStores, expected: &Expected<'_>, verdict: &mut Verdict) {
    let stored = match stored(opened).await {
        Ok(stored) => stored,
        Err(error) => {
            let error = lifecycle::chain(&error);
            return verdict
                .corrupt
                .push(format!("the journal cannot be read: {error}"));
        }
    };
    let is_stored = |id: &&&str| stored.ids.contains_key(**id);
    verdict.lost = expected.acknowledged.len() - expected.acknowledged.iter().filter(is_stored).count();
    let wrong = &mut verdict.wrong;
    wrong.extend(
        stored
            .gaps
            .iter()
            .map(|gap| format!("the sequence has a gap: {gap}")),
    );
    for (id, times) in &stored.ids {
        if *times > 1 {
            wrong.push(format!("{id} is stored {times} times"));
        }
        if !expected.sent.contains(id) {
            wrong.push(format!("{id} was never sent"));
        }
    }
    match verify::verify(opened).await {
        Ok(report) if report.ok() => {}
        Ok(report) => wrong.push(format!("rollups and journal differ: {}", report.json())),
        Err(error) => wrong.push(format!("rollups cannot be read: {error}")),
    }
}

/// What the journal holds.
#[derive(Default)]
struct Stored {
    /// How often.
    ids: HashMap<String, usize>,
    gaps: Vec<String>,
}

async fn stored(opened: &OpenStores) -> Result<Stored, store::StoreError> {
    let mut stored = Stored::default();
    each_batch(opened, |batch, before| {
        if before.is_some_and(|before| before + 1 != batch.offset.seq) {
            stored.gaps.push(format!("{before:?} to {}", batch.offset.seq));
        }
        for id in batch.events.iter().filter_map(|event| event.id.clone()) {
            *stored.ids.entry(id).or_default() += 1;
        }
    })
    .await?;
    Ok(stored)
}

async fn each_batch(
    opened: &OpenStores,
    mut each: impl FnMut(&store::StoredBatch, Option<u64>),
) -> Result<(), store::StoreError> {
    let system = opened.system();
    let journal = &opened.stores.journal;
    let mut from = Offset {
        writer: journal.head(&system).await?.writer,
        seq: 0,
    };
    let mut before = None;
    loop {
        let batches = journal.read_after(&system, from, 500).await?;
        let Some(last) = batches.last() else {
            return Ok(());
        };
        from = last.offset;
        for batch in &batches {
            each(batch, before);
            before = Some(batch.offset.seq);
        }
    }
}

/// When each event arrived by the server's clock.
pub async fn arrivals(place: &Place) -> HashMap<String, Millis> {
    let opened = stores::open(&place.config(0)).await.unwrap();
    let mut arrivals = HashMap::new();
    let note = |batch: &store::StoredBatch, _| {
        for id in batch.events.iter().filter_map(|event| event.id.clone()) {
            arrivals.insert(id, batch.received);
        }
    };
    each_batch(&opened, note).await.unwrap();
    opened.close().await;
    arrivals
}

/// Whether retention may have dropped what arrived then; the journal keeps 7 days.
pub fn may_be_dropped(arrival: Millis, now: Millis) -> bool {
    day::end(day::of(arrival)) <= now - 7 * day::LENGTH
}

/// A whole life of the server on it: start, batches sent again, a clean stop.
async fn go_on(place: &Place, expected: &Expected<'_>) -> Result<Vec<String>, lifecycle::StartError> {
    let options = Options {
        local_key: true,
        clock: Some(Clock::manual(expected.now)),
        ..Options::default()
    };
    let running = lifecycle::start(&place.config(0), options).await?;
    let mut complaints = Vec::new();
    let url = format!("http://{}/api/v1/events", running.address);
    let made = running.shared.local_key.clone().unwrap_or_default();
    let key = expected.key.unwrap_or(&made);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for batch in &expected.again {
        let known = |id: &String| expected.acknowledged.contains(id.as_str());
        let acknowledged = batch.ids.iter().filter(|id| known(id)).count();
        let (status, _, answer) = load::send(&client, &url, key, batch).await.unwrap();
        let number = |name: &str| answer[name].as_u64().unwrap_or_default() as usize;
        let stored = number("accepted") + number("duplicates");
        // The answer to a key that is known says what was answered then, so only batches without a key are counted new.
        let anew = if batch.key.is_none() {
            number("accepted")
        } else {
            0
        };
        if status != 200 || stored != batch.ids.len() || anew + acknowledged > batch.ids.len() {
            let count = batch.ids.len();
            complaints.push(format!(
                "a batch of {count}, {acknowledged} of them acknowledged, was answered with {status}: {answer}"
            ));
        }
    }
    if !running.stop().await {
        complaints.push("it did not stop cleanly".into());
    }
    Ok(complaints)
}

/// After a clean stop everything is in the rollups, and all files are sound.
async fn after_all(place: &Place, expected: &Expected<'_>, verdict: &mut Verdict) {
    let mut acknowledged = expected.acknowledged.clone();
    acknowledged.extend(
        expected
            .again
            .iter()
            .flat_map(|batch| batch.ids.iter().map(String::as_str)),
    );
    let all = Expected {
        acknowledged,
        sent: expected.sent,
        again: Vec::new(),
        key: None,
        now: expected.now,
    };
    let lost = verdict.lost;
    as_left(place, &all, verdict).await;
    // Sent again, what was lost is there; what is missing now was lost meanwhile.
    if verdict.lost > lost {
        let more = verdict.lost - lost;
        verdict
            .wrong
            .push(format!("{more} events went missing after the start"));
    }
    verdict.lost = lost;
    for path in databases(&place.data()) {
        match integrity(&path).await {
            Ok(told) if told == "ok" => {}
            Ok(told) => verdict.corrupt.push(format!("{}: {told}", path.display())),
            Err(error) => verdict.corrupt.push(format!("{}: {error}", path.display())),
        }
    }
}

fn databases(data: &Path) -> Vec<std::path::PathBuf> {
    let files = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let kept = paths.filter(|path| path.extension().is_some_and(|kind| kind == "db"));
        kept.collect::<Vec<_>>()
    };
    [files(data), files(&data.join("journal"))].concat()
}

async fn integrity(path: &Path) -> Result<String, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let told = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(told)
}

/// How many states were good, by what.
#[derive(Debug, Default)]
pub struct Tally {
    pub states: usize,
    pub losing: usize,
    pub lost: usize,
    pub worst: usize,
    pub corrupt: usize,
    pub wrong: usize,
    /// The first complaints, with the state they are about.
    pub complaints: Vec<String>,
    /// States by what was going on.
    pub kinds: BTreeMap<String, usize>,
    pub seconds: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self
            .kinds
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        write!(
            f,
            "{} states in {} s ({}): {} lost acknowledged events ({} in all, {} in the worst), {} were corrupt, {} were wrong",
            self.states,
            self.seconds,
            kinds.join(", "),
            self.losing,
            self.lost,
            self.worst,
            self.corrupt,
            self.wrong,
        )?;
        self.complaints
            .iter()
            .try_for_each(|complaint| write!(f, "\n  {complaint}"))
    }
}

impl Tally {
    pub fn assert_good(&self) {
        assert!(
            self.states > 0 && self.losing + self.corrupt + self.wrong == 0,
            "{self}"
        );
    }

    pub fn add(&mut self, state: &str, kind: &str, verdict: &Verdict) {
        self.states += 1;
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        self.losing += usize::from(verdict.lost > 0);
        self.lost += verdict.lost;
        self.worst = self.worst.max(verdict.lost);
        self.corrupt += usize::from(!verdict.corrupt.is_empty());
        self.wrong += usize::from(!verdict.wrong.is_empty());
        let lost = (verdict.lost > 0).then(|| format!("{} acknowledged events are lost", verdict.lost));
        let complaints = verdict.corrupt.iter().chain(&verdict.wrong).cloned();
        // What follows in a state is mostly due to what came first.
        for complaint in lost.into_iter().chain(complaints).take(2) {
            if self.complaints.len() < 20 {
                let short: String = complaint.chars().take(600).collect();
                self.complaints.push(format!("{state}: {short}"));
            }
        }
    }
}
