//! Rotations that are killed: after each step in turn, and at any moment beside a running server.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use secrets::{Step, Vault};
use server::lifecycle::{self, Options};
use store::{Holder, TenantId};
use tokio::time::Instant;

use super::home::{self, Home, check, fill, logged, place, put};
use super::{database, number};

/// Secrets of each of three holders for the kills at each step.
const FEW: u64 = 15;
/// Secrets sealed anew in one step of those.
const AT_ONCE: usize = 2;
const SIGKILL: i32 = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_killed_after_any_step_loses_nothing_on_sqlite() {
    each_step(Home::new(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_killed_after_any_step_loses_nothing_on_postgres() {
    if let Some(database) = database().await {
        each_step(Home::new(Some(database.url.clone()))).await;
        database.drop().await;
    }
}

async fn each_step(home: Home) {
    let (opened, vault) = home.open().await;
    fill(&opened, &vault, FEW).await;
    let mut points = 0;
    let mut masters = Vec::new();
    loop {
        let output = killed_after(&home, points + 1);
        // As it was left, with keys that are remembered and with none.
        check(&opened, &vault, FEW, 1).await;
        let (also, fresh) = home.open().await;
        check(&also, &fresh, FEW, 1).await;
        if output.status.success() {
            break;
        }
        assert_eq!(output.status.signal(), Some(SIGKILL), "{output:?}");
        points += 1;
        // Somebody gives a secret anew before anybody finishes.
        let [own, ..] = home::holders(&also);
        let n = u64::from(points) % FEW;
        put(&fresh, &own, n).await;
        let done = home.ask(&["secrets", "rotate", "--json"]);
        masters.push(done["master_key"].as_str().unwrap().to_owned());
        let verified = home.ask(&["secrets", "verify", "--json"]);
        assert_eq!(
            verified["opened"],
            FEW * 3,
            "after a kill at {points}: {verified}"
        );
        check(&opened, &vault, FEW, 1).await;
        drop(fresh);
        also.close().await;
    }
    masters.dedup();
    assert!(points >= 30, "{points} points are too few");
    assert!(masters.len() as u32 >= points, "each began anew");
    let verified = home.ask(&["secrets", "verify", "--json"]);
    assert_eq!(verified["faults"], serde_json::json!([]));
    println!(
        "{points} kills after {points} different steps, {} secrets, none lost",
        FEW * 3
    );
    drop(vault);
    opened.close().await;
}

/// Runs [`rotates_and_is_killed`] in a process of its own.
fn killed_after(home: &Home, step: u32) -> std::process::Output {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "secrets::kills::rotates_and_is_killed",
        "--ignored",
        "--nocapture",
    ]);
    child.env("SECRETS_KILL_AFTER", step.to_string());
    child.env("SECRETS_KILL_DATA", home.data());
    child.env("SECRETS_KILL_URL", home.url.as_deref().unwrap_or_default());
    child.stdout(Stdio::piped()).stderr(Stdio::piped());
    child.output().unwrap()
}

#[tokio::test]
#[ignore = "the process that the tests above kill"]
async fn rotates_and_is_killed() {
    let variable = |name| std::env::var_os(name).map(|value| value.into_string().unwrap());
    let Some(data) = variable("SECRETS_KILL_DATA") else {
        return;
    };
    let after = number("SECRETS_KILL_AFTER").unwrap();
    let url = variable("SECRETS_KILL_URL").filter(|url| !url.is_empty());
    let config = home::config(data.as_ref(), url.as_deref());
    let opened = server::stores::open_keys(&config).await.unwrap();
    let vault = server::secrets::vault(&config, opened.secrets.clone(), opened.system());
    let mut steps = 0;
    let told = |_: &Step| {
        steps += 1;
        if steps == after {
            // No handler runs, nothing is flushed; std cannot send a signal to its own process.
            let own = std::process::id().to_string();
            Command::new("kill").args(["-KILL", &own]).status().unwrap();
            std::thread::sleep(Duration::from_secs(60));
        }
    };
    secrets::rotate(&vault, 3, "cli:test", AT_ONCE, told)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotations_killed_at_any_moment_beside_a_server_lose_nothing_on_sqlite() {
    any_moment(Home::new(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotations_killed_at_any_moment_beside_a_server_lose_nothing_on_postgres() {
    if let Some(database) = database().await {
        any_moment(Home::new(Some(database.url.clone()))).await;
        database.drop().await;
    }
}

const KILLS: u32 = 30;

async fn any_moment(home: Home) {
    let count = number("SECRETS").unwrap_or(400) / 3 + 1;
    let seed = number("SECRETS_SEED").unwrap_or_else(|| rand::rng().random());
    eprintln!("{} secrets, {KILLS} kills, SECRETS_SEED={seed}", count * 3);
    let mut random = StdRng::seed_from_u64(seed);
    let running = lifecycle::start(&home.config(), Options::default())
        .await
        .unwrap();
    let (opened, vault) = home.open().await;
    fill(&opened, &vault, count).await;
    let since = Instant::now();
    home.ask(&["secrets", "rotate", "--json"]);
    let whole = since.elapsed();

    let (stop, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let helper = engine::Supervisor::new();
    let (shared, over, counted) = (running.shared.clone(), stop.clone(), rounds.clone());
    helper.spawn("busy", async move {
        let own = Holder::tenant(&server::auth::by_command_line(TenantId::default_tenant()));
        while !over.load(Ordering::Relaxed) {
            busy(&shared.vault, &own, counted.fetch_add(1, Ordering::Relaxed)).await;
        }
    });
    let (mut killed, mut finished) = (0, 0);
    while killed < KILLS {
        let mut child = home.command(&["secrets", "rotate", "--json"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(whole.mul_f64(random.random_range(0.05..1.0))).await;
        child.kill().unwrap();
        match child.wait().unwrap().signal() {
            Some(SIGKILL) => killed += 1,
            _ => finished += 1,
        }
        let (also, fresh) = home.open().await;
        check(&also, &fresh, count, 23).await;
        drop(fresh);
        also.close().await;
        check(&opened, &running.shared.vault, count, 23).await;
    }
    stop.store(true, Ordering::Relaxed);
    assert!(helper.shutdown(Duration::from_secs(20)).await);
    let done = home.ask(&["secrets", "rotate", "--json"]);
    assert!(done["master_key"].is_string());
    check(&opened, &vault, count, 1).await;
    check(&opened, &running.shared.vault, count, 1).await;
    let verified = home.ask(&["secrets", "verify", "--json"]);
    let rounds = rounds.load(Ordering::Relaxed);
    assert_eq!(verified["opened"], count * 3 + rounds.min(5), "{verified}");
    assert!(rounds > u64::from(KILLS), "{rounds} puts beside {KILLS} kills");
    println!(
        "{killed} kills at random ({finished} were too late), {} secrets, {rounds} put and opened meanwhile, none lost; a \
         whole rotation takes {} ms; seed {seed}",
        count * 3,
        whole.as_millis()
    );
    drop(vault);
    opened.close().await;
    assert!(running.stop().await);
}

/// The server's own vault goes on.
async fn busy(vault: &Vault, own: &Holder, round: u64) {
    let at = store::Place {
        kind: "busy".into(),
        ..place(round % 5)
    };
    let text = format!("round {round}");
    let put = vault.put(own, &at, text.as_bytes(), None, 2, logged("secret.put"));
    put.await.unwrap();
    let opened = vault.open(own, &at, None).await.unwrap().unwrap();
    assert_eq!(secrets::ExposeSecret::expose_secret(&opened), text.as_bytes());
    tokio::time::sleep(Duration::from_millis(5)).await;
}
