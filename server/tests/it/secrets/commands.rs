//! `fuseboard secrets`, a start without the key, and what a restore says about it.

use server::lifecycle::{self, Options};

use super::home::{Home, check, fill, holders, logged, place};
use crate::common::cli;

#[tokio::test(flavor = "multi_thread")]
async fn commands_tell_names_and_never_secrets() {
    let home = Home::new(None);
    assert_eq!(home.ask(&["secrets", "list", "--json"]), serde_json::json!([]));
    assert!(home.ask(&["secrets", "rotate", "--json"])["master_key"].is_null());
    assert!(!home.key_file().exists(), "no key before there is a secret");
    let (opened, vault) = home.open().await;
    fill(&opened, &vault, 2).await;
    let [own, ..] = holders(&opened);
    let to = secrets::Destination::at("smtp", "mail.example.com", 587).unwrap();
    let at = place(7);
    let put = vault.put(&own, &at, b"x", Some(&to), 1, logged("secret.put"));
    put.await.unwrap();
    assert_eq!(cli::mode(&home.key_file()), 0o600);

    let listed = home.ask(&["secrets", "list", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 7);
    assert_eq!(listed[0]["tenant"], serde_json::Value::Null);
    assert_eq!(listed[4]["destination"], "smtp://mail.example.com:587");
    let text = cli::text(&home.run(&["secrets", "list"]).stdout);
    assert!(
        text.contains("channel 000001 token") && !text.contains("the secret"),
        "{text}"
    );
    let before = std::fs::read_to_string(home.key_file()).unwrap();
    let rotated = home.ask(&["secrets", "rotate", "--json"]);
    assert_eq!(
        (&rotated["secrets"], &rotated["resumed"]),
        (&7.into(), &false.into())
    );
    let after = std::fs::read_to_string(home.key_file()).unwrap();
    assert!(after.starts_with(before.trim_end()) && after.len() > before.len());
    check(&opened, &vault, 2, 1).await;
    let pruned = home.ask(&["secrets", "prune", "--json"]);
    assert_eq!(pruned["pruned"], rotated["retired"]);
    assert!(std::fs::read_to_string(home.key_file()).unwrap().len() == before.len());
    assert_eq!(home.ask(&["secrets", "verify", "--json"])["opened"], 7);
    let log = cli::text(
        &home
            .run(&["audit", "list", "--action", "secrets", "--json"])
            .stdout,
    );
    for action in [
        "secrets.begin",
        "secrets.rotate",
        "secrets.retire",
        "secrets.prune",
    ] {
        assert!(log.contains(action), "{action} in {log}");
    }

    // One that was changed behind the program's back is told by name.
    drop(vault);
    opened.close().await;
    let file = home.data().join("fuseboard.db");
    // It makes itself a runtime.
    let edit = std::thread::spawn(move || {
        let sql = "UPDATE secret SET sealed = x'00' WHERE owner = '000001' AND tenant_id = 'other'";
        cli::edit(&file, sql);
    });
    edit.join().unwrap();
    let output = home.run(&["secrets", "verify"]);
    let told = cli::text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("token of channel 000001") && told.contains("Give it anew"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_the_key_is_refused_and_makes_none() {
    let home = Home::new(None);
    let (opened, vault) = home.open().await;
    fill(&opened, &vault, 1).await;
    drop(vault);
    opened.close().await;
    let aside = home.folder.path().join("aside");
    std::fs::rename(home.key_file(), &aside).unwrap();
    let named = home.key_file().display().to_string();
    for words in [
        &["secrets", "verify"][..],
        &["secrets", "rotate"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let output = home.run(words);
        let told = cli::text(&output.stderr);
        assert_eq!(output.status.code(), Some(69), "{words:?}: {told}");
        assert!(
            told.contains(&named) && told.contains("forget"),
            "{words:?}: {told}"
        );
        assert!(!home.key_file().exists(), "{words:?} made a key");
    }
    // Another key is as good as none.
    std::fs::write(home.key_file(), format!("{}\n", "5a".repeat(32))).unwrap();
    assert_eq!(home.run(&["secrets", "verify"]).status.code(), Some(69));
    std::fs::write(home.key_file(), "not a key\n").unwrap();
    let told = cli::text(&home.run(&["secrets", "verify"]).stderr);
    assert!(told.contains(&named) && told.contains("line 1"), "{told}");
    // Elsewhere, where the setting points.
    std::fs::remove_file(home.key_file()).unwrap();
    let mut verify = home.command(&["secrets", "verify", "--json"]);
    let output = verify
        .env("FUSEBOARD__SECRETS__KEY_FILE", &aside)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", cli::text(&output.stderr));
    // Lost for good: what it sealed goes, and the server starts.
    let output = home.run(&["secrets", "forget", "--the-key-is-lost"]);
    assert!(
        cli::text(&output.stdout).contains("removed 3 secrets"),
        "{output:?}"
    );
    let running = lifecycle::start(&home.config(), Options::default())
        .await
        .unwrap();
    assert!(running.stop().await);
    let output = home.run(&["secrets", "forget", "--the-key-is-lost"]);
    assert_eq!(output.status.code(), Some(1), "nothing is lost any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_says_which_key_is_needed_on_sqlite() {
    restored(&Home::new(None), &Home::new(None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_says_which_key_is_needed_on_postgres() {
    if let (Some(one), Some(two)) = (super::database().await, super::database().await) {
        restored(
            &Home::new(Some(one.url.clone())),
            &Home::new(Some(two.url.clone())),
        )
        .await;
        one.drop().await;
        two.drop().await;
    }
}

async fn restored(home: &Home, elsewhere: &Home) {
    let (opened, vault) = home.open().await;
    fill(&opened, &vault, 3).await;
    drop(vault);
    opened.close().await;
    let file = home.folder.path().join("one.fbbackup").display().to_string();
    let output = home.run(&["backup", "--to", &file]);
    assert!(output.status.success(), "{}", cli::text(&output.stderr));
    assert!(cli::text(&output.stderr).contains("not in a backup: the master key"));

    let output = elsewhere.run(&["restore", "--from", &file]);
    let told = cli::text(&output.stderr);
    assert!(output.status.success(), "{told}");
    let listed = home.ask(&["secrets", "list", "--json"]);
    let id = listed[0]["master_key"].as_str().unwrap();
    assert!(told.contains(id), "{id} in {told}");
    assert!(
        told.contains(&elsewhere.key_file().display().to_string()),
        "{told}"
    );
    // With its keys it is whole.
    std::fs::create_dir_all(elsewhere.data()).unwrap();
    for name in ["master.key", "audit.key"] {
        std::fs::copy(home.data().join(name), elsewhere.data().join(name)).unwrap();
    }
    assert_eq!(elsewhere.ask(&["secrets", "verify", "--json"])["opened"], 9);
    let (opened, vault) = elsewhere.open().await;
    check(&opened, &vault, 3, 1).await;
    drop(vault);
    opened.close().await;
}
