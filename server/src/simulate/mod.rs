//! `fuseboard simulate`: a separate process that makes real HTTP calls to fake providers on this machine, through real
//! breakers, and reports them through the SDK like any service would.
//!
//! Nothing here knows the server: the simulator is a client, and what it shows on the board went the way of every
//! event. All chance comes from the seed; what is not from the seed is the machine's own timing. Every call and breaker
//! event carries the label `fuseboard.kind=simulated`, so that figures can leave it out.
//!
//! Deliberately absent: a mode that writes history directly, and anything that leaves this machine but the reports.

mod args;
mod attempt;
mod caller;
mod clock;
mod fleet;
mod headroom;
mod provider;
mod random;
mod report;
mod scenario;
mod status;
mod world;

pub use args::{ScenarioName, SimulateArgs};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fuseboard_client::{BuildError, CheckError, Client};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::caller::{Caller, Users};
use self::clock::Clock;
use self::fleet::{BREAKERS, PROVIDERS};
use self::provider::{Fake, Weatherman};
use self::scenario::Scenario;
use self::world::World;
use crate::cli::{CliError, Exit, KeySource, Trust};

/// Requests under way at once. More than this means that the machine cannot keep up; the users then wait.
const MOST_UNDER_WAY: usize = 4_000;
/// How long the last calls may take after `--for` has passed: longer than any timeout of an attempt.
const LAST_CALLS: Duration = Duration::from_secs(9);
/// How long the last reports may take.
const LAST_REPORTS: Duration = Duration::from_secs(5);

/// Why a simulation could not run.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The address or key cannot be used.
    #[error(transparent)]
    Usage(#[from] BuildError),
    /// Fuseboard does not answer.
    #[error(
        "Fuseboard at {url} does not answer: {detail}. Is it running? Start it with `fuseboard serve`, or give its address with --url"
    )]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What happened instead.
        detail: String,
    },
    /// Fuseboard answers, and takes no events from us.
    #[error(
        "Fuseboard at {url} takes no events with this key: {detail}. Make one with `fuseboard keys create --name simulate --scope ingest:write`"
    )]
    Refused {
        /// Where it is.
        url: String,
        /// What it said.
        detail: String,
    },
    /// The machine gives no port or no HTTP client.
    #[error("cannot start the fake providers: {0}")]
    Machine(String),
}

impl From<SimulateError> for CliError {
    fn from(error: SimulateError) -> CliError {
        let exit = match error {
            SimulateError::Usage(_) => Exit::Usage,
            SimulateError::Unreachable { .. } => Exit::Unavailable,
            SimulateError::Refused { .. } | SimulateError::Machine(_) => Exit::Failed,
        };
        CliError::new(exit, error.to_string())
    }
}

/// `fuseboard simulate`.
///
/// # Errors
/// See [`simulate`].
pub async fn run(args: SimulateArgs) -> Result<Exit, CliError> {
    let key = args.key.read()?;
    let authorities = args.trust.pem()?;
    simulate(args, &key, authorities, Ends::WhenAsked).await?;
    Ok(Exit::Done)
}

/// The traffic of `fuseboard serve --demo`: the tour, until the token is cancelled. Says nothing.
///
/// # Errors
/// When the server does not take its reports.
pub async fn demonstrate(url: String, key: &str, stop: CancellationToken) -> Result<(), SimulateError> {
    let args = SimulateArgs {
        url,
        key: KeySource::default(),
        trust: Trust::default(),
        scenario: ScenarioName::Tour,
        seed: 7,
        rate: 40.0,
        length: None,
        environment: "demo".into(),
    };
    simulate(args, key, None, Ends::Quietly(stop)).await
}

/// What ends a simulation before its time.
enum Ends {
    /// Ctrl-C or SIGTERM.
    WhenAsked,
    /// This; and nothing is printed meanwhile.
    Quietly(CancellationToken),
}

impl Ends {
    async fn come(&self) {
        match self {
            Ends::WhenAsked => asked_to_stop().await,
            Ends::Quietly(stop) => stop.cancelled().await,
        }
    }

    fn say(&self, line: &str) {
        if matches!(self, Ends::WhenAsked) {
            status::say(line);
        }
    }
}

/// Runs until `--for` has passed, or until its end comes otherwise; both are a regular end.
///
/// # Errors
/// When Fuseboard cannot be reached or refuses the key at the start. Later troubles are waited out and shown.
async fn simulate(
    args: SimulateArgs,
    key: &str,
    authorities: Option<Vec<u8>>,
    ends: Ends,
) -> Result<(), SimulateError> {
    let mut builder = Client::builder(&args.url, key)
        .environment(&args.environment)
        .label("fuseboard.kind", "simulated")
        .flush_every(Duration::from_millis(250));
    if let Some(pem) = authorities {
        builder = builder.ca_certificates(pem);
    }
    let client = builder.build()?;
    client.check().await.map_err(|error| match error {
        CheckError::Unreachable(detail) => SimulateError::Unreachable {
            url: args.url.clone(),
            detail,
        },
        CheckError::Refused(detail) => SimulateError::Refused {
            url: args.url.clone(),
            detail,
        },
    })?;

    let clock = Clock::start();
    let scenario = Scenario::named(args.scenario);
    let mut tasks = JoinSet::new();
    let addresses = open_providers(
        &mut tasks,
        Weatherman {
            clock,
            scenario,
            seed: args.seed,
            rate: args.rate,
        },
    )
    .await?;
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .map_err(|error| SimulateError::Machine(error.to_string()))?;
    let world = Arc::new(World::new(
        client.clone(),
        clock,
        scenario,
        args.rate,
        args.environment.clone(),
    ));
    tasks.spawn(tick(world.clone()));
    if matches!(ends, Ends::WhenAsked) {
        tasks.spawn(tell(world.clone()));
    }
    ends.say(&format!(
        "{} breakers at {} fake providers on 127.0.0.1 · scenario {} · seed {} · {} requests/s → {} · Ctrl-C ends it",
        BREAKERS.len(),
        PROVIDERS.len(),
        args.scenario.as_str(),
        args.seed,
        args.rate,
        args.url,
    ));

    let mut calls = JoinSet::new();
    let caller = Caller { http, addresses };
    let ended_by_itself = tokio::select! {
        () = send(&mut calls, &world, caller, Users::new(args.seed, args.rate)) => true,
        () = after(args.length) => true,
        () = ends.come() => false,
    };
    if ended_by_itself {
        let last = async { while calls.join_next().await.is_some() {} };
        tokio::select! {
            _ = timeout(LAST_CALLS, last) => {}
            () = ends.come() => {}
        }
    }
    calls.shutdown().await;
    tasks.shutdown().await;
    finish(&client, &ends).await;
    Ok(())
}

/// Sends what waits and says what became of everything.
async fn finish(client: &Client, ends: &Ends) {
    let sent = client.shutdown(LAST_REPORTS).await;
    let health = client.health();
    let mut line = format!(
        "{} events reported, {} accepted",
        health.reported,
        health.accepted + health.duplicates
    );
    for (count, what) in [(health.refused, "refused"), (health.dropped, "dropped")] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    if let (Err(_), Some(error)) = (sent, health.last_error) {
        line += &format!(" ({error})");
    }
    ends.say(&line);
}

async fn open_providers(
    tasks: &mut JoinSet<()>,
    world: Weatherman,
) -> Result<[SocketAddr; 4], SimulateError> {
    let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); PROVIDERS.len()];
    for (index, address) in addresses.iter_mut().enumerate() {
        let (fake, listener) = Fake::bind(index, world)
            .await
            .map_err(|error| SimulateError::Machine(error.to_string()))?;
        *address = fake.address;
        tasks.spawn(fake.serve(listener));
    }
    Ok(addresses)
}

/// Starts each request at its moment, whether or not earlier ones have ended: users do not wait for each other.
async fn send(calls: &mut JoinSet<()>, world: &Arc<World>, caller: Caller, users: Users) {
    let mut at = Instant::now();
    for request in users {
        at += request.after;
        sleep_until(at).await;
        while calls.try_join_next().is_some() {}
        if calls.len() >= MOST_UNDER_WAY {
            calls.join_next().await;
        }
        let (world, caller) = (world.clone(), caller.clone());
        calls.spawn(async move { caller.serve(&world, request).await });
    }
}

async fn tick(world: Arc<World>) {
    let mut ticks = interval(Duration::from_millis(100));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Duration::ZERO;
    loop {
        ticks.tick().await;
        last = world.tick(last);
    }
}

async fn tell(world: Arc<World>) {
    loop {
        let begun = Instant::now();
        sleep(status::EVERY).await;
        status::print(&world, begun.elapsed());
    }
}

async fn after(length: Option<Duration>) {
    match length {
        Some(length) => sleep(length).await,
        None => std::future::pending().await,
    }
}

/// Ctrl-C, or SIGTERM where that exists.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

#[cfg(test)]
mod tests;
