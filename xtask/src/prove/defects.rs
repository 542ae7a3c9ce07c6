//! `prove defects`: mistakes are planted one at a time in a copy of the source, and the tests that guard against each must
//! fail. A gate that lets its defect pass is itself broken.
//!
//! The list is that of what an attacker would look for first. A defect is a piece of source and what stands in its place;
//! that the piece is still there, once, is an ordinary test, so that the list cannot fall behind the code unnoticed.
//!
//! Deliberately absent: defects that only a browser or a crash shows. `prove power` and the tests of kills have controls
//! of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{pg, process, ui};

/// A mistake.
struct Defect {
    name: &'static str,
    file: &'static str,
    /// Stands in the file once.
    good: &'static str,
    bad: &'static str,
    /// The package and target of the tests that must notice.
    tests: Target,
    /// Which of its tests, by a part of their path; all when empty.
    filter: &'static str,
}

/// Where tests live.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Beside the code of a package.
    Lib(&'static str),
    /// With the server as its users meet it.
    Server,
    /// A file of the database adapters' tests.
    Store(&'static str),
}

/// The order that loses: what must be told counts as told before it is sent. The control of `prove outbox`.
pub const MARKED_FIRST: &str = "a delivery is marked before it is sent";

const DEFECTS: &[Defect] = &[
    Defect {
        name: "a change without an origin is let in",
        file: "server/src/edge/origins.rs",
        good: "if need == Need::Change && site.is_none()",
        bad: "if need == Need::Change && site.is_some()",
        tests: Target::Server,
        filter: "corpora::forgeries",
    },
    Defect {
        name: "origins are compared by their beginning",
        file: "server/src/edge/origins.rs",
        good: "if origin == via.origin => {}",
        bad: "if origin.starts_with(&via.origin) => {}",
        tests: Target::Server,
        filter: "corpora::origins",
    },
    Defect {
        name: "anybody is believed about whom a request is forwarded for",
        file: "server/src/edge/origins.rs",
        good: "if !trusted(&client) {\n            return Some(client);",
        bad: "if false {\n            return Some(client);",
        tests: Target::Lib("server"),
        filter: "origins",
    },
    Defect {
        name: "keys of all tenants are listed",
        file: "crates/store-sql/src/shared/keys.rs",
        good: "WHERE tenant_id = $1 ORDER BY created, id",
        bad: "WHERE (tenant_id = $1 OR 1 = 1) ORDER BY created, id",
        tests: Target::Store("sqlite"),
        filter: "keys",
    },
    Defect {
        name: "viewers read the audit log",
        file: "server/src/http/routes.rs",
        good: "route(\"/api/v1/audit\", Policy::Admin,",
        bad: "route(\"/api/v1/audit\", Policy::Read,",
        tests: Target::Server,
        filter: "audit::",
    },
    Defect {
        name: "an admin may make owners",
        file: "server/src/http/people/mod.rs",
        good: "match role <= own {",
        bad: "match role <= Role::Owner || role <= own {",
        tests: Target::Server,
        filter: "people::",
    },
    Defect {
        name: "sessions outlive a change of password",
        file: "crates/store-sql/src/shared/accounts.rs",
        good: "            end_sessions(connection, account, keep).await?;\n            Ok(true)",
        bad: "            let _ = keep;\n            Ok(true)",
        tests: Target::Server,
        filter: "people::a_password_is_changed",
    },
    Defect {
        name: "the name of a key is HTML",
        file: "app/src/settings/keys.rs",
        good: "                {key.name.clone()}\n",
        bad: "                <span inner_html=key.name.clone()></span>\n",
        tests: Target::Server,
        filter: "settings::",
    },
    Defect {
        name: "plain pages have no content policy",
        file: "server/src/pages/plain.rs",
        good: "        (CONTENT_SECURITY_POLICY, POLICY),\n",
        bad: "        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(\"\")),\n",
        tests: Target::Server,
        filter: "settings::",
    },
    Defect {
        name: "the addresses of a host are not judged",
        file: "crates/outbound/src/guard.rs",
        good: "            self.address(target, found)?;\n",
        bad: "",
        tests: Target::Lib("outbound"),
        filter: "",
    },
    Defect {
        name: "a host that is an address is not judged",
        file: "crates/outbound/src/guard.rs",
        // Judged in two places, by one rule: what one place forgets the other one finds.
        good: "let permitted = self.allowed",
        bad: "let permitted = matches!(target.host, Host::Ipv4(_)) || self.allowed",
        tests: Target::Lib("outbound"),
        filter: "",
    },
    Defect {
        name: "redirects are followed",
        file: "crates/outbound/src/client.rs",
        good: "redirect(redirect::Policy::none())",
        bad: "redirect(redirect::Policy::limited(5))",
        tests: Target::Lib("outbound"),
        filter: "",
    },
    Defect {
        name: "the URL of the database shows its password",
        file: "server/src/config/mod.rs",
        good: "f.write_str(\"DatabaseUrl(***)\")",
        bad: "write!(f, \"DatabaseUrl({})\", self.0)",
        tests: Target::Lib("server"),
        filter: "config",
    },
    Defect {
        name: "entries of the audit log are not chained",
        file: "crates/store-sql/src/shared/audit.rs",
        good: "let sealed = seal(key, tenant, previous, entry);",
        bad: "let sealed = seal(key, tenant, previous.map(|(n, _)| (n, [0; 32])), entry);",
        tests: Target::Store("sqlite"),
        filter: "audit",
    },
    Defect {
        name: MARKED_FIRST,
        file: "crates/engine/src/notify/attempt.rs",
        good: "        let verdict = self.told(tenant, channel, &claim).await;\n        if let Err(error) = self.take(tenant, channel, &claim, verdict).await {",
        bad: "        let words = \"marked\".to_owned();\n        let verdict = Verdict::Delivered { handle: None, words };\n        let marked = self.take(tenant, channel, &claim, verdict).await;\n        self.told(tenant, channel, &claim).await;\n        if let Err(error) = marked {",
        tests: Target::Server,
        filter: "outbox::nothing_is_lost_by_one_process_on_sqlite",
    },
    Defect {
        name: "the limit of a body counts before it is unpacked",
        file: "server/src/http/body.rs",
        good: "if size > LIMIT {",
        bad: "if self.fed > LIMIT {",
        tests: Target::Lib("server"),
        filter: "body",
    },
];

/// Plants each and runs its tests; the answer counts those that were noticed.
pub fn run(names: &[String]) -> Result<String> {
    let chosen: Vec<&Defect> = DEFECTS
        .iter()
        .filter(|defect| names.is_empty() || names.iter().any(|name| defect.name.contains(name.as_str())))
        .collect();
    if chosen.is_empty() {
        bail!("no defect has such a name");
    }
    let postgres = pg::provide()?;
    let copy = Copy::make()?;
    ui::headline("without a defect");
    for (at, defect) in chosen.iter().enumerate() {
        let same = |other: &&Defect| (other.tests, other.filter) == (defect.tests, defect.filter);
        if !chosen[..at].iter().any(same) && !copy.passes(defect.tests, defect.filter, &postgres.url)? {
            bail!(
                "the tests fail without a defect ({}): they prove nothing",
                defect.name
            );
        }
    }
    let mut passed = Vec::new();
    for defect in &chosen {
        ui::headline(&format!("defect: {}", defect.name));
        let planted = copy.plant(defect)?;
        if copy.passes(defect.tests, defect.filter, &postgres.url)? {
            passed.push(defect.name);
        }
        planted.remove()?;
    }
    if !passed.is_empty() {
        bail!(
            "{} of {} defects passed unnoticed: {}",
            passed.len(),
            chosen.len(),
            passed.join("; ")
        );
    }
    Ok(format!("{} of {} defects noticed", chosen.len(), chosen.len()))
}

/// A copy of the committed source, built into a target folder of its own: cargo tells packages apart by where they are in
/// their workspace, so a build of the copy in ours would pass for a build of ours, defect and all.
struct Copy(PathBuf);

impl Copy {
    fn make() -> Result<Copy> {
        let dir = process::target_dir().join("defects");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let archive = dir.join("source.tar");
        process::run(
            process::command("git")
                .args(["archive", "--output"])
                .arg(&archive)
                .arg("HEAD"),
        )?;
        process::run(
            // As new: a build that is left from another commit is not taken for one of this.
            process::command("tar")
                .arg("-xmf")
                .arg(&archive)
                .arg("-C")
                .arg(&dir),
        )?;
        fs::remove_file(&archive)?;
        Ok(Copy(dir))
    }

    fn plant(&self, defect: &Defect) -> Result<Planted> {
        let path = self.0.join(defect.file);
        let good = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(&path, good.replacen(defect.good, defect.bad, 1))?;
        Ok(Planted { path, good })
    }

    /// Whether the tests pass. That they can be built is no question: a defect that the compiler finds is none.
    fn passes(&self, target: Target, filter: &str, postgres: &str) -> Result<bool> {
        process::run(self.cargo(target).arg("--no-run"))?;
        let mut tests = self.cargo(target);
        tests.env(pg::VARIABLE, postgres).arg("--").arg(filter);
        let status = tests.status().context("the tests cannot be started")?;
        Ok(status.success())
    }

    fn cargo(&self, target: Target) -> Command {
        let mut cargo = process::cargo();
        cargo
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", process::target_dir().join("defects-build"))
            .args(["test", "--profile", "ci", "--quiet"]);
        match target {
            Target::Lib(package) => cargo.args(["--package", package, "--lib"]),
            Target::Server => cargo.args(["--package", "server", "--test", "it"]),
            Target::Store(file) => cargo.args(["--package", "store-sql", "--test", file]),
        };
        cargo
    }
}

/// A file with a defect in it.
struct Planted {
    path: PathBuf,
    good: String,
}

impl Planted {
    fn remove(self) -> Result<()> {
        fs::write(&self.path, &self.good).with_context(|| shown(&self.path))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_can_still_be_planted() {
        for defect in DEFECTS {
            let source = fs::read_to_string(process::root().join(defect.file)).unwrap();
            assert_eq!(source.matches(defect.good).count(), 1, "{}", defect.name);
            assert_ne!(defect.good, defect.bad, "{}", defect.name);
        }
    }
}
