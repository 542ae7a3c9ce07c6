//! Rules that only the source text can show: where the few dangerous calls are made, and how long files get.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::stage::files_below;

/// A file longer than this is two files.
const LONGEST: usize = 600;

/// Folders with source of ours.
const FOLDERS: [&str; 9] = [
    "app", "bench", "crates", "end2end", "frontend", "public", "server", "style", "xtask",
];

/// Addresses of ours that are written for browsers without what stands before them (ADR 0036): below a path they would lead
/// to whoever has the root of that host. A `Frame` of a page, `Base` of the server and `Site` of the board's program know it,
/// and scripts and styles know where they themselves are.
const BARE: [&str; 8] = [
    "href=\"/",
    "src=\"/",
    "action=\"/",
    "go(\"/",
    "fetch(\"/",
    "fetch(`/",
    "url(\"/",
    "Redirect::",
];

/// Where such addresses are written.
const WRITTEN: [&str; 6] = [
    "app/",
    "frontend/",
    "public/",
    "server/src/",
    "style/",
    "crates/channels/",
];

/// Calls with one place each: the text, and the paths in which it may stand. Tests are free.
const PLACES: [(&str, &[&str]); 4] = [
    // At start the engine restores each tenant's state, before there is anybody to ask for it. The bench fills stores of
    // its own, behind no door at all.
    (
        "TenantScope::assume(",
        &[
            "server/src/auth",
            "crates/engine/src/start.rs",
            "bench/src/load/weeks.rs",
            SCOPE,
            CONTRACT,
        ],
    ),
    (
        "SystemScope::assume(",
        &["crates/engine/src/supervisor", SCOPE, CONTRACT],
    ),
    // The SDK lives in a stranger's process, and the simulator stands for one: nobody hands them a clock or a task.
    (
        "SystemTime::now(",
        &[
            "crates/engine/src/clock",
            "crates/client/src/outside.rs",
            "server/src/simulate/clock.rs",
        ],
    ),
    (
        "tokio::spawn(",
        &["crates/engine/src/supervisor", "crates/client/src/outside.rs"],
    ),
];

/// Where the two proofs are defined.
const SCOPE: &str = "crates/store/src/scope.rs";

/// The suite that every store must pass: test code that is compiled as a library.
const CONTRACT: &str = "crates/store/src/contract/";

/// A source file.
pub struct Source {
    /// From the top of the checkout, with `/`.
    path: String,
    text: String,
}

/// Reads every source file of ours.
pub fn read(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for folder in FOLDERS {
        for file in files_below(&root.join(folder))? {
            let path = file.strip_prefix(root)?.to_string_lossy().into_owned();
            let kind = file
                .extension()
                .and_then(|ending| ending.to_str())
                .unwrap_or_default();
            if ["rs", "ts", "js", "mjs", "css", "sql"].contains(&kind) && !path.contains("node_modules/") {
                let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))?;
                sources.push(Source { path, text });
            }
        }
    }
    Ok(sources)
}

/// Calls out of place, and files that are too long.
pub fn violations(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        for (call, places) in PLACES {
            let allowed = places.iter().any(|place| source.path.starts_with(place));
            if !allowed && source.path.ends_with(".rs") && !source.path.starts_with("xtask/") {
                violations.extend(lines_with(source, call).map(|line| {
                    format!(
                        "{}:{line}: {call}) belongs to {}",
                        source.path,
                        places.join(" or ")
                    )
                }));
            }
        }
        if WRITTEN.iter().any(|place| source.path.starts_with(place)) {
            for bare in BARE {
                violations.extend(lines_with(source, bare).map(|line| {
                    format!(
                        "{}:{line}: {bare} is written without the base (ADR 0036)",
                        source.path
                    )
                }));
            }
        }
        let lines = source.text.lines().count();
        if lines > LONGEST {
            violations.push(format!(
                "{} has {lines} lines; {LONGEST} is the most",
                source.path
            ));
        }
    }
    violations
}

/// `longest file app/src/x.rs, 402 lines`.
pub fn longest(sources: &[Source]) -> String {
    let lines = |source: &Source| source.text.lines().count();
    match sources.iter().max_by_key(|source| lines(source)) {
        Some(source) => format!("longest file {}, {} lines", source.path, lines(source)),
        None => "no files".into(),
    }
}

/// Numbers of the lines outside tests and comments that contain `call`.
fn lines_with<'a>(source: &'a Source, call: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_test_file = source
        .path
        .split('/')
        .any(|part| ["tests", "tests.rs", "testkit.rs", "benches"].contains(&part));
    source
        .text
        .lines()
        // By the habit of the house a file's tests stand at its end.
        .take_while(move |line| !is_test_file && line.trim() != "#[cfg(test)]")
        .enumerate()
        .filter(move |(_, line)| line.contains(call) && !line.trim_start().starts_with("//"))
        .map(|(number, _)| number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        violations(&[Source {
            path: path.into(),
            text: text.into(),
        }])
    }

    #[test]
    fn a_call_out_of_place_is_found() {
        let told = told(
            "server/src/http/events.rs",
            "fn f() {\n    let s = TenantScope::assume(t);\n}",
        );
        assert!(
            told[0].starts_with("server/src/http/events.rs:2: TenantScope::assume()"),
            "{told:?}"
        );
    }

    #[test]
    fn the_right_place_tests_and_comments_are_free() {
        assert!(told("server/src/auth/keys.rs", "TenantScope::assume(t)").is_empty());
        assert!(
            told(
                "crates/engine/src/hub.rs",
                "#[cfg(test)]\nmod tests { SystemScope::assume() }"
            )
            .is_empty()
        );
        assert!(told("crates/store-sql/tests/contract.rs", "SystemScope::assume()").is_empty());
        assert!(told("crates/engine/src/hub.rs", "/// [`SystemScope::assume()`]").is_empty());
    }

    #[test]
    fn an_address_without_the_base_is_found() {
        for (path, text) in [
            (
                "app/src/settings/you.rs",
                "view! { <a href=\"/logout\">\"Sign out\"</a> }",
            ),
            ("server/src/door/enter.rs", "    return go(\"/login\");"),
            ("public/watch.js", "await fetch(\"/alerts/rail\");"),
            ("style/fonts.css", "src: url(\"/fonts/inter.woff2\");"),
        ] {
            assert!(told(path, text)[0].contains("without the base"), "{path}");
        }
        for (path, text) in [
            (
                "app/src/settings/you.rs",
                "view! { <a href=frame.ours(\"/logout\")>\"Sign out\"</a> }",
            ),
            (
                "server/src/door/enter.rs",
                "    return go_to(&shared, \"/login\");",
            ),
            (
                "app/tests/render.rs",
                "assert!(html.contains(\"href=\\\"/connect\"))",
            ),
            ("end2end/specs/door.spec.ts", "page.locator('a[href=\"/\"]')"),
        ] {
            assert_eq!(told(path, text), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn a_long_file_is_found() {
        assert!(told("app/src/x.rs", &"\n".repeat(601))[0].contains("601 lines"));
        assert!(told("app/src/x.rs", &"\n".repeat(600)).is_empty());
    }
}
