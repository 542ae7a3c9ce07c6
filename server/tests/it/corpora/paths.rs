//! 80 ways out of a folder × every place in an address that names something: files, pages, ids, tenants.

use std::path::{Path, PathBuf};

use super::traversals::traversals;
use crate::common::TestServer;

const CANARY: &str = "canary-7f3a90c1";

/// Where an address names something.
const PLACES: [&str; 10] = [
    "/pkg/{}",
    "/{}",
    "/fonts/{}",
    "/api/v1/breakers/{}",
    "/api/v1/breakers/{}/transitions",
    "/api/v1/providers/{}",
    "/breakers/{}",
    "/providers/{}",
    "/t/{}",
    "/t/{}/api/v1/board",
];

/// Files beside the site, and two above it: what gets out finds one.
fn plant(folder: &Path) {
    for place in ["canary.txt", "site/../data/canary.txt"] {
        std::fs::write(folder.join(place), CANARY).unwrap();
    }
}

/// Whether an answer holds what lies outside.
fn leaks(body: &str, secret: &str) -> bool {
    body.contains(CANARY) || body.contains(secret) || body.contains("SQLite format 3")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_leads_out_of_the_site() {
    let server = TestServer::start().await;
    plant(server.folder());
    let mut asked = 0;
    for target in ["canary.txt", "data/local.key"] {
        for traversal in traversals(target) {
            for place in PLACES {
                let path = place.replace("{}", &traversal);
                let answer = server
                    .raw(&format!(
                        "GET {path} HTTP/1.1\r\nconnection: close\r\nhost: {}\r\ncookie: {}\r\n\r\n",
                        server.address, server.cookie
                    ))
                    .await;
                asked += 1;
                assert!(!leaks(&answer.body, &server.key), "{path}: {answer:?}");
                // 200 would be a page or a file; nothing of that name exists.
                assert!(
                    matches!(answer.status, 400 | 401 | 403 | 404),
                    "{path}: {} {}",
                    answer.status,
                    answer.head
                );
            }
        }
    }
    println!("{asked} addresses, none leads out");
    // And what is meant to be there is there.
    assert_eq!(
        server.get("/pkg/fuseboard.js").send().await.unwrap().status(),
        200
    );
    assert!(server.stop().await);
}

/// The control: a server as they were once written. What it gives away is what the corpus is good for.
#[test]
fn the_paths_lead_out_of_a_careless_server() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
    std::fs::create_dir_all(folder.path().join("data")).unwrap();
    plant(folder.path());
    let careless = |path: &str, rounds: usize| -> Option<String> {
        let mut path = path.to_owned();
        for _ in 0..rounds {
            path = decoded(&path);
        }
        let path = path.replace('\\', "/").replace("..;", "..").replace("\0", "");
        let file: PathBuf = folder.path().join("site").join(path);
        std::fs::read_to_string(file).ok()
    };
    let leak = |rounds| {
        let all = traversals("canary.txt");
        let found = all
            .iter()
            .filter(|path| careless(path, rounds).is_some_and(|body| leaks(&body, "no key is here")));
        found.count()
    };
    let found = [leak(0), leak(1), leak(2)];
    println!("of 80, a careless server follows {found:?} (not decoding, decoding once, twice)");
    assert!(
        found[0] >= 5 && found[1] >= 15 && found[2] > found[1],
        "{found:?}"
    );
}

/// Percent signs, undone once, also where that gives no UTF-8.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits
            .filter(|_| *first == b'%')
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
