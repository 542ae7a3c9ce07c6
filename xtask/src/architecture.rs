//! `cargo xtask architecture`: who may use whom, as docs/ARCHITECTURE.md says, checked over what cargo knows of the
//! workspace and over the source text. A crate that has no rule here is a violation too.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::{process, sources};

/// What a crate may use besides crates of others: crates of ours, and more of them in its tests only.
struct Rule {
    package: &'static str,
    may_use: &'static [&'static str],
    in_tests: &'static [&'static str],
}

const RULES: [Rule; 18] = [
    Rule {
        package: "archive",
        may_use: &[],
        in_tests: &[],
    },
    Rule {
        package: "domain",
        may_use: &[],
        in_tests: &[],
    },
    Rule {
        package: "protocol",
        may_use: &[],
        in_tests: &[],
    },
    Rule {
        package: "fuseboard-client",
        may_use: &[],
        in_tests: &[],
    },
    // The one door out: whoever judges targets knows nobody's reasons for them.
    Rule {
        package: "outbound",
        may_use: &[],
        in_tests: &[],
    },
    // What people are sent, and what the answers mean. It sends nothing.
    Rule {
        package: "channels",
        may_use: &[],
        in_tests: &[],
    },
    // SMTP over a connection of the one door out. It writes no mail.
    Rule {
        package: "mailer",
        may_use: &["channels", "outbound"],
        in_tests: &[],
    },
    // What a provider is asked, and what of its answers is believed. It knows neither accounts nor sessions.
    Rule {
        package: "oidc",
        may_use: &["outbound"],
        in_tests: &[],
    },
    // Its tests read what the client writes.
    Rule {
        package: "ingest",
        may_use: &["domain"],
        in_tests: &["fuseboard-client"],
    },
    Rule {
        package: "store",
        may_use: &["domain"],
        in_tests: &[],
    },
    Rule {
        package: "store-sql",
        may_use: &["domain", "store"],
        in_tests: &[],
    },
    // Keys and ciphers. It knows the store's port, and neither databases nor files.
    Rule {
        package: "secrets",
        may_use: &["domain", "store"],
        in_tests: &[],
    },
    Rule {
        package: "engine",
        may_use: &["channels", "domain", "ingest", "protocol", "store"],
        in_tests: &[],
    },
    // `engine` only under `ssr`.
    Rule {
        package: "app",
        may_use: &["engine", "protocol"],
        in_tests: &[],
    },
    Rule {
        package: "frontend",
        may_use: &["app"],
        in_tests: &[],
    },
    Rule {
        package: "server",
        may_use: &[
            "app",
            "archive",
            "channels",
            "domain",
            "engine",
            "fuseboard-client",
            "ingest",
            "mailer",
            "oidc",
            "outbound",
            "protocol",
            "secrets",
            "store",
            "store-sql",
        ],
        in_tests: &[],
    },
    // Never shipped. Fills stores with weeks of calls through the engine on a moved clock, and reads frames; what it
    // measures it reaches over HTTP and WebSockets only.
    Rule {
        package: "bench",
        may_use: &["engine", "ingest", "protocol", "store", "store-sql"],
        in_tests: &["domain"],
    },
    Rule {
        package: "xtask",
        may_use: &[],
        in_tests: &[],
    },
];

/// Crates of others that only some of ours may use, tests excepted. A name that ends in `*` stands for all that
/// begin so.
const KEPT: [(&str, &[&str]); 8] = [
    ("sqlx*", &["store-sql"]),
    ("axum*", &["server"]),
    ("leptos*", &["app", "frontend", "server"]),
    ("charming", &["app"]),
    (
        "tokio*",
        &[
            "bench",
            "engine",
            "fuseboard-client",
            "mailer",
            "oidc",
            "outbound",
            "server",
            "store-sql",
        ],
    ),
    // `server` for the simulator, which only knows addresses of its operator's choosing.
    ("reqwest", &["fuseboard-client", "outbound", "server"]),
    ("clap", &["bench", "server"]),
    ("chacha20poly1305", &["secrets"]),
];

/// One crate of ours and what it names.
#[derive(Debug)]
struct Package {
    name: String,
    uses: Vec<Use>,
}

#[derive(Debug)]
struct Use {
    name: String,
    in_tests: bool,
    optional: bool,
}

/// Checks everything; the answer is one line for the summary.
pub fn check() -> Result<String> {
    let metadata = process::quiet(process::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let packages = read(&serde_json::from_str(&metadata)?);
    let mut violations = dependency_violations(&packages);
    let sources = sources::read(process::root())?;
    violations.extend(sources::violations(&sources));
    if !violations.is_empty() {
        bail!(
            "{} violations of docs/ARCHITECTURE.md:\n  {}",
            violations.len(),
            violations.join("\n  ")
        );
    }
    let edges: usize = packages.iter().map(|package| package.uses.len()).sum();
    Ok(format!(
        "{} crates, {edges} dependencies; {}",
        packages.len(),
        sources::longest(&sources)
    ))
}

fn read(metadata: &Value) -> Vec<Package> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            uses: list(&package["dependencies"])
                .iter()
                .map(|dependency| Use {
                    name: text(&dependency["name"]),
                    in_tests: dependency["kind"].as_str() == Some("dev"),
                    optional: dependency["optional"].as_bool() == Some(true),
                })
                .collect(),
        })
        .collect()
}

fn dependency_violations(packages: &[Package]) -> Vec<String> {
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut violations = Vec::new();
    for Package { name, uses } in packages {
        let Some(rule) = RULES.iter().find(|rule| rule.package == name) else {
            violations.push(format!("{name} has no rule in xtask/src/architecture.rs"));
            continue;
        };
        for used in uses {
            let other = used.name.as_str();
            if ours(other) {
                let allowed =
                    rule.may_use.contains(&other) || (used.in_tests && rule.in_tests.contains(&other));
                if !allowed {
                    violations.push(format!("{name} must not use {other}"));
                }
                if name == "app" && other == "engine" && !used.optional && !used.in_tests {
                    violations
                        .push("app may use engine only under `ssr`: the dependency must be optional".into());
                }
            } else if !used.in_tests {
                violations.extend(
                    KEPT.iter()
                        .filter(|(pattern, users)| matches(pattern, other) && !users.contains(&name.as_str()))
                        .map(|(_, users)| {
                            format!("{name} must not use {other}: only {} may", users.join(", "))
                        }),
                );
            }
        }
        if name == "domain" {
            // Rules are pure: no serialisation on core types, nothing that waits.
            violations.extend(
                uses.iter()
                    .filter(|used| !used.in_tests && matches("serde*", &used.name))
                    .map(|used| format!("domain must not use {}", used.name)),
            );
        }
    }
    violations.extend(cycle(packages).map(|path| format!("a cycle: {}", path.join(" → "))));
    violations
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |start| name.starts_with(start))
}

/// A cycle among our crates, tests included: cargo allows those, and they make a crate wait for itself.
fn cycle(packages: &[Package]) -> Option<Vec<String>> {
    fn visit(name: &str, packages: &[Package], path: &mut Vec<String>, done: &mut Vec<String>) -> bool {
        if done.iter().any(|other| other == name) {
            return false;
        }
        let known = path.iter().position(|other| other == name);
        path.push(name.to_owned());
        if let Some(start) = known {
            path.drain(..start);
            return true;
        }
        let uses = packages
            .iter()
            .find(|package| package.name == name)
            .map(|package| package.uses.as_slice());
        for used in uses.unwrap_or_default() {
            if visit(&used.name, packages, path, done) {
                return true;
            }
        }
        path.pop();
        done.push(name.to_owned());
        false
    }
    let mut done = Vec::new();
    packages.iter().find_map(|package| {
        let mut path = Vec::new();
        visit(&package.name, packages, &mut path, &mut done).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name: normal, ?optional, #dev`
    fn workspace(lines: &[&str]) -> Vec<Package> {
        let package = |line: &&str| {
            let (name, uses) = line.split_once(':').unwrap();
            let uses = uses.split(',').map(str::trim).filter(|used| !used.is_empty());
            Package {
                name: name.to_owned(),
                uses: uses
                    .map(|used| Use {
                        name: used.trim_start_matches(['?', '#']).to_owned(),
                        in_tests: used.starts_with('#'),
                        optional: used.starts_with('?'),
                    })
                    .collect(),
            }
        };
        lines.iter().map(package).collect()
    }

    fn told(lines: &[&str]) -> String {
        dependency_violations(&workspace(lines)).join("\n")
    }

    #[test]
    fn this_workspace_keeps_the_rules() {
        check().unwrap();
    }

    #[test]
    fn a_clean_workspace_is_silent() {
        let clean = [
            "domain: sha2",
            "store: domain",
            "ingest: domain, #fuseboard-client",
            "fuseboard-client: tokio",
            "app: ?engine",
            "engine: domain, tokio",
        ];
        assert_eq!(told(&clean), "");
    }

    #[test]
    fn each_kind_of_violation_is_found() {
        assert!(told(&["domain: protocol", "protocol:"]).contains("domain must not use protocol"));
        assert!(told(&["engine: sqlx"]).contains("engine must not use sqlx: only store-sql may"));
        assert!(told(&["engine: axum"]).contains("engine must not use axum"));
        assert!(told(&["engine: leptos_router"]).contains("engine must not use leptos_router"));
        assert!(told(&["domain: serde"]).contains("domain must not use serde"));
        assert!(told(&["domain: tokio-util"]).contains("domain must not use tokio-util"));
        assert!(told(&["app: engine", "engine:"]).contains("only under `ssr`"));
        assert!(told(&["store: server", "server:"]).contains("store must not use server"));
        assert!(told(&["ingest: fuseboard-client", "fuseboard-client:"]).contains("ingest must not use"));
        assert!(told(&["newcomer:"]).contains("newcomer has no rule"));
    }

    #[test]
    fn a_cycle_is_found_and_told() {
        let told = told(&["store: domain", "domain: #ingest", "ingest: domain"]);
        assert!(told.contains("a cycle: domain → ingest → domain"), "{told}");
    }

    #[test]
    fn what_cargo_says_is_understood() {
        let metadata = serde_json::json!({"packages": [{"name": "a", "dependencies": [
            {"name": "b", "kind": "dev", "optional": false}, {"name": "c", "kind": null, "optional": true}]}]});
        let packages = read(&metadata);
        assert_eq!(packages[0].name, "a");
        assert!(packages[0].uses[0].in_tests && !packages[0].uses[0].optional);
        assert!(!packages[0].uses[1].in_tests && packages[0].uses[1].optional);
    }
}
