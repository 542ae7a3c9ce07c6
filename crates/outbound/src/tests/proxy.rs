//! Proxies that the environment names are not used. The environment belongs to a process, so a child is asked.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::canary::Canary;
use super::nameless;
use super::receiver::Receiver;
use crate::rules::Rules;

const VARIABLES: [&str; 8] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "FTP_PROXY",
    "SOCKS_PROXY",
];

/// Tells the child where the receiver is, and that it is one.
const RECEIVER: &str = "OUTBOUND_TEST_RECEIVER";

/// Runs one of the ignored tests below in a process whose environment names the canary as a proxy for everything.
async fn child(test: &str, receiver: &Receiver, canary: &Canary) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            &format!("tests::proxy::{test}"),
            "--ignored",
            "--nocapture",
        ])
        .env(RECEIVER, receiver.address.to_string())
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for variable in VARIABLES {
        command.env(variable, format!("http://127.0.0.1:{}", canary.port));
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_are_passed_by() {
    let (canary, receiver) = (Canary::start().await, Receiver::start().await);
    child("calls_of_ours", &receiver, &canary).await;
    let accepted = canary.accepted().await;
    assert!(accepted.is_empty(), "{accepted:#?}");
    assert!(!receiver.requests().is_empty());
}

/// The control: in that environment an ordinary client does use the proxy.
#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_client_would_use_them() {
    let (canary, receiver) = (Canary::start().await, Receiver::start().await);
    child("call_of_an_ordinary_client", &receiver, &canary).await;
    assert_eq!(canary.accepted().await.len(), 1);
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn calls_of_ours() {
    let receiver = std::env::var(RECEIVER).unwrap();
    let outbound = nameless(&receiver);
    let answer = outbound
        .get(&format!("http://{receiver}/"), &Rules::default())
        .await
        .unwrap();
    assert_eq!(&answer.body[..], b"ok");
    // No TLS is spoken there; the connection must have gone there all the same.
    let soon = Rules {
        connect: Duration::from_secs(1),
        ..Rules::default()
    };
    outbound
        .get(&format!("https://{receiver}/"), &soon)
        .await
        .unwrap_err();
    let (host, port) = receiver.split_once(':').unwrap();
    outbound.connect(host, port.parse().unwrap()).await.unwrap();
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn call_of_an_ordinary_client() {
    let receiver = std::env::var(RECEIVER).unwrap();
    let answer = reqwest::get(format!("http://{receiver}/")).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "canary");
}
