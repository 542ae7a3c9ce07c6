//! 80 ways out of a folder as names within a backup: nothing outside the target is written, and nothing in it is kept.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use server::backup;

use super::traversals::traversals;
use crate::common::{TestServer, config};

const BLOCK: usize = 512;

/// A backup taken apart: heads as they were, and what follows them.
struct Entries(Vec<([u8; BLOCK], Vec<u8>)>);

impl Entries {
    fn read(path: &Path) -> Entries {
        let bytes = std::fs::read(path).unwrap();
        let mut entries = Vec::new();
        let mut at = 0;
        while bytes[at] != 0 {
            let head: [u8; BLOCK] = bytes[at..at + BLOCK].try_into().unwrap();
            let size = usize::from_str_radix(std::str::from_utf8(&head[124..135]).unwrap(), 8).unwrap();
            at += BLOCK;
            entries.push((head, bytes[at..at + size].to_vec()));
            at += size.next_multiple_of(BLOCK);
        }
        Entries(entries)
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(head, _)| name(head)).collect()
    }

    /// Calls one of the parts something else, in its head and in the manifest, with all sums as they should be.
    fn rename(&mut self, from: &str, to: &str) {
        for (head, content) in &mut self.0 {
            if name(head) == from {
                head[..100].fill(0);
                let short = &to.as_bytes()[..to.len().min(100)];
                head[..short.len()].copy_from_slice(short);
            }
            if name(head) == "manifest.json" {
                let mut manifest: Value = serde_json::from_slice(content).unwrap();
                for part in manifest["parts"].as_array_mut().unwrap() {
                    if part["name"] == from {
                        part["name"] = to.into();
                    }
                }
                // As it is written: what is not renamed must come back as it was.
                let text = match std::str::from_utf8(content).unwrap() {
                    text if from == to => text.to_owned(),
                    text => text.replace(&Value::from(from).to_string(), &Value::from(to).to_string()),
                };
                *content = text.into_bytes();
            }
        }
        let manifest = self.content("manifest.json");
        let sum = blake3_of(&manifest);
        for (head, content) in &mut self.0 {
            if name(head) == "manifest.blake3" {
                *content = sum.clone();
            }
            let size = format!("{:011o}\0", content.len());
            head[124..136].copy_from_slice(size.as_bytes());
            head[148..156].fill(b' ');
            let sum: u64 = head.iter().map(|byte| u64::from(*byte)).sum();
            head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }

    fn content(&self, of: &str) -> Vec<u8> {
        let found = self.0.iter().find(|(head, _)| name(head) == of);
        found.unwrap().1.clone()
    }

    fn write(&self, path: &Path) {
        let mut bytes = Vec::new();
        for (head, content) in &self.0 {
            bytes.extend_from_slice(head);
            bytes.extend_from_slice(content);
            bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        }
        bytes.resize(bytes.len() + 2 * BLOCK, 0);
        std::fs::write(path, bytes).unwrap();
    }
}

fn name(head: &[u8; BLOCK]) -> String {
    let name = head[..100].split(|byte| *byte == 0).next().unwrap();
    String::from_utf8_lossy(name).into_owned()
}

fn blake3_of(text: &[u8]) -> Vec<u8> {
    blake3::hash(text).to_hex().as_bytes().to_vec()
}

/// Every file below a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_in_a_backup_leads_out_of_the_target() {
    let server = TestServer::with_two_providers().await;
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good.fbbackup");
    let own = config(server.folder());
    backup::make(&own, &good, false, crate::common::now())
        .await
        .unwrap();
    assert!(server.stop().await);
    let place = home.path().join("a/b/c/d/e/f/g/target");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(home.path().join("canary.db.zst"), "canary").unwrap();
    let day = Entries::read(&good)
        .names()
        .into_iter()
        .find(|name| name.starts_with("sqlite/journal/"))
        .unwrap();

    // The control: taken apart and put together again, it is the same, and it can be put back.
    let mut same = Entries::read(&good);
    same.rename(&day, &day);
    let again = home.path().join("again.fbbackup");
    same.write(&again);
    assert!(
        std::fs::read(&again).unwrap() == std::fs::read(&good).unwrap(),
        "not byte for byte"
    );
    let control = config(&home.path().join("control"));
    backup::restore(&control, &again, false, 0).await.unwrap();
    // A name of the right form is taken: that names are judged, not sums, refuses the others.
    let mut moved = Entries::read(&good);
    moved.rename(&day, "sqlite/journal/20200102.db.zst");
    moved.write(&again);
    let control = config(&home.path().join("moved"));
    backup::restore(&control, &again, false, 0).await.unwrap();
    assert!(home.path().join("moved/data/journal/20200102.db").exists());

    let before = files(home.path());
    let target = config(&place);
    let evil = tempfile::tempdir().unwrap();
    let evil = evil.path().join("evil.fbbackup");
    let mut tried = 0;
    for traversal in traversals("canary") {
        for form in ["sqlite/journal/{}.db.zst", "sqlite/{}.zst", "{}", "/{}"] {
            let mut entries = Entries::read(&good);
            entries.rename(&day, &form.replace("{}", &traversal));
            entries.write(&evil);
            let restored = backup::restore(&target, &evil, true, 0).await;
            assert!(restored.is_err(), "{traversal} as {form} was put somewhere");
            tried += 1;
        }
    }
    assert!(files(home.path()) == before, "something was written");
    println!("{tried} names in a backup, none was taken");
}
