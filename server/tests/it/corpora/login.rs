//! 200 wrong passwords a second from everywhere, for one account: its owner still gets in, at once where they have signed in
//! before, and memory stays where it was.
//! Against the real program, whose memory can be measured.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::common::cli::fuseboard;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "an umbrella in march";
const HOST: &str = "board.example";
const RATE: u64 = 200;
const LASTS: Duration = Duration::from_secs(8);
/// How long the owner may have to try.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of hashes there are as many at a time as cores, 19 MiB each; the rest is what a busy server takes.
const ROOM_KIB: u64 = 256 << 10;

struct Server {
    child: Child,
    url: String,
    client: reqwest::Client,
    _home: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("site/pkg")).unwrap();
        let toml = format!(
            "[server]\nexternal_url = \"https://{HOST}\"\ntrusted_proxies = [\"127.0.0.0/8\"]\n[admin]\nemail = \"{EMAIL}\"\n\
             password = \"{PASSWORD}\"\n"
        );
        std::fs::write(home.path().join("fuseboard.toml"), toml).unwrap();
        let mut child = fuseboard(home.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--site-dir", "site"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Server {
            child,
            url,
            client,
            _home: home,
        }
    }

    /// A try through the proxy, from this address.
    async fn sign_in(&self, from: &str, password: &str) -> u16 {
        sign_in(&self.client, &self.url, from, password).await
    }

    /// Signs in; returns the cookie by which the browser is known from then on.
    async fn become_known(&self, from: &str) -> String {
        let answer = request(&self.client, &self.url, from, PASSWORD)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
        let set = answer.headers().get_all("set-cookie").iter();
        let mut set = set.map(|value| value.to_str().unwrap());
        let known = set.find(|value| value.starts_with("__Host-fb_known=")).unwrap();
        assert!(known.contains("; HttpOnly; SameSite=Lax; Secure"), "{known}");
        known.split(';').next().unwrap().to_owned()
    }

    /// A try of a browser that is known.
    async fn sign_in_known(&self, from: &str, cookie: &str, password: &str) -> u16 {
        let request = request(&self.client, &self.url, from, password).header("cookie", cookie);
        request.send().await.unwrap().status().as_u16()
    }

    /// KiB that the process has, and the most it ever had.
    fn memory(&self) -> (u64, u64) {
        memory(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn sign_in(client: &reqwest::Client, url: &str, from: &str, password: &str) -> u16 {
    let answer = request(client, url, from, password).send().await;
    answer.unwrap().status().as_u16()
}

fn request(client: &reqwest::Client, url: &str, from: &str, password: &str) -> reqwest::RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", EMAIL), ("password", password), ("next", "/")])
        .finish();
    client
        .post(format!("{url}/login"))
        .header("host", HOST)
        .header("origin", format!("https://{HOST}"))
        .header("x-forwarded-for", from)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

fn memory(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (value("VmRSS:"), value("VmHWM:"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_passwords_keeps_nobody_out() {
    let server = Server::start();
    let known = server.become_known("203.0.113.9").await;
    // The control: whoever tries too often waits, with the right password as well. Being let in below means something.
    let mut waits = 0;
    for _ in 0..8 {
        waits += u32::from(server.sign_in("192.0.2.1", "wrong, wrong and wrong").await == 429);
    }
    assert!(waits > 0, "wrong passwords make nobody wait");
    assert_eq!(server.sign_in("192.0.2.1", PASSWORD).await, 429);
    // Not for the browser in which the owner has signed in, though it is at the very same address.
    assert_eq!(server.sign_in_known("192.0.2.1", &known, PASSWORD).await, 303);

    let (before, _) = server.memory();
    let answers: Arc<[AtomicU32; 600]> = Arc::new([const { AtomicU32::new(0) }; 600]);
    let mut flood = JoinSet::new();
    let begun = Instant::now();
    let (client, url, counts) = (server.client.clone(), server.url.clone(), Arc::clone(&answers));
    flood.spawn(async move {
        let mut tries = JoinSet::new();
        let mut ticks = interval(Duration::from_micros(1_000_000 / RATE));
        let mut number = 0_u32;
        while begun.elapsed() < LASTS {
            ticks.tick().await;
            number += 1;
            // 500 addresses in as many networks.
            let from = format!("10.{}.{}.7", number % 500 / 250, number % 250);
            let (client, url, counts) = (client.clone(), url.clone(), Arc::clone(&counts));
            tries.spawn(async move {
                let status = sign_in(&client, &url, &from, &format!("a wrong password {number}")).await;
                counts[usize::from(status)].fetch_add(1, Ordering::Relaxed);
            });
        }
        tries.join_all().await;
    });
    sleep(Duration::from_secs(1)).await;
    let mut took = Vec::new();
    for _ in 0..4 {
        // The first try of a browser that is known, wherever it is, finds a place that no stranger can take.
        let from = ["203.0.113.9", "192.0.2.1", "10.1.7.7"][took.len() % 3];
        assert_eq!(server.sign_in_known(from, &known, PASSWORD).await, 303, "{from}");
        let asked = Instant::now();
        let mut tried = 1;
        while server.sign_in("203.0.113.9", PASSWORD).await != 303 {
            assert!(asked.elapsed() < PATIENCE, "the owner does not get in");
            tried += 1;
            sleep(Duration::from_millis(250)).await;
        }
        took.push((asked.elapsed(), tried));
        sleep(Duration::from_millis(500)).await;
    }
    flood.join_all().await;
    let (after, most) = server.memory();
    let count = |status: usize| answers[status].load(Ordering::Relaxed);
    let all: u32 = answers.iter().map(|count| count.load(Ordering::Relaxed)).sum();
    println!(
        "{all} wrong passwords in {:?} (422: {}, 429: {}); the owner got in after {took:?} (time, tries); memory {before} KiB \
         before, {after} after, {most} at most",
        begun.elapsed(),
        count(422),
        count(429),
    );
    assert!(all >= 1_000, "no flood");
    assert_eq!(count(422) + count(429), all, "every answer is one of these");
    assert!(count(422) > 20, "hardly a password was looked at");
    // Whoever took such a cookie has no more tries than anybody.
    let mut waits = 0;
    for _ in 0..8 {
        waits += u32::from(
            server
                .sign_in_known("192.0.2.9", &known, "a wrong password")
                .await
                == 429,
        );
    }
    assert!(waits > 0, "a browser that is known may try without end");
    assert!(most < before + ROOM_KIB, "{most} KiB");
}

/// The control of the measure: memory that is taken is seen.
#[test]
fn memory_that_is_taken_is_measured() {
    let (before, _) = memory(std::process::id());
    let taken = vec![1_u8; 300 << 20];
    let (now, most) = memory(std::process::id());
    assert!(taken.iter().step_by(4_096).all(|byte| *byte == 1));
    assert!(now > before + ROOM_KIB && most >= now, "{before} {now} {most}");
}
