//! A PostgreSQL for the tests: the one named by `FUSEBOARD_TEST_POSTGRES`, else a private cluster started from the
//! installed binaries, else one that trusts us on 127.0.0.1:5432, else those binaries from Debian. Tests make databases of
//! their own in it, so whoever we are there must be allowed to.
//!
//! A private one goes before one that is there, because it need not wait for the disk: hundreds of tests make and drop a
//! database each, which takes a second where every one is synced. It also leaves what is there alone.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::children::{self, Guarded, TempDir};
use crate::{process, ui};

/// The variable that tests read: a URL of a database in which they may create others.
pub const VARIABLE: &str = "FUSEBOARD_TEST_POSTGRES";

/// The oldest version the product supports.
const OLDEST: u32 = 15;

/// A server to test on; a private one ends when this is dropped.
pub struct Postgres {
    /// `postgres://user@127.0.0.1:port/postgres`.
    pub url: String,
    cluster: Option<(Guarded, TempDir)>,
}

/// Finds or starts one.
pub fn provide() -> Result<Postgres> {
    if let Some(url) = std::env::var_os(VARIABLE) {
        let url = url
            .into_string()
            .map_err(|_| anyhow!("{VARIABLE} is not UTF-8"))?;
        ui::note(&format!("the one that {VARIABLE} names"));
        return Ok(Postgres { url, cluster: None });
    }
    if let Some(bin) = installed_binaries() {
        return start(&bin, false);
    }
    let standard = SocketAddr::from(([127, 0, 0, 1], 5432));
    for user in users() {
        if let Ok(version) = probe(standard, &user) {
            ui::note(&format!("PostgreSQL {version} on {standard}, as {user}"));
            return Ok(Postgres {
                url: format!("postgres://{user}@{standard}/postgres"),
                cluster: None,
            });
        }
    }
    start(&find_binaries()?, false)
}

/// Starts one that waits for the disk as in production, for measuring: of any other we would not know. It is reached by
/// its local socket, as the goal says.
pub fn provide_durable() -> Result<Postgres> {
    let mut postgres = start(&find_binaries()?, true)?;
    if let Some((_, dir)) = &postgres.cluster {
        let host = dir.path().display().to_string().replace('/', "%2F");
        postgres.url = postgres.url.replace("127.0.0.1", &host);
    }
    Ok(postgres)
}

impl Postgres {
    /// The process that all others of a private one come from.
    pub fn pid(&mut self) -> Option<u32> {
        self.cluster.as_mut().map(|(process, _)| process.child().id())
    }
}

fn users() -> Vec<String> {
    let me = std::env::var_os("USER").and_then(|user| user.into_string().ok());
    let mut users: Vec<String> = me
        .into_iter()
        .chain(["postgres".to_owned(), "root".to_owned()])
        .collect();
    users.dedup();
    users
}

/// The folder with `initdb` and `postgres`, newest version first.
fn find_binaries() -> Result<PathBuf> {
    if let Some(dir) = installed_binaries() {
        return Ok(dir);
    }
    if process::can_apt() {
        ui::step("apt-get install postgresql", || {
            process::apt_install("postgresql")
        })?;
        if let Some(dir) = installed_binaries() {
            return Ok(dir);
        }
    }
    bail!(
        "no PostgreSQL {OLDEST} or newer here: install it (Debian: apt-get install postgresql) or set {VARIABLE} to a URL"
    )
}

fn installed_binaries() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(version, bin)| *version >= OLDEST && bin.join("initdb").is_file())
        .collect();
    found.sort();
    let elsewhere = || process::on_path("initdb").and_then(|file| file.parent().map(Path::to_owned));
    found.pop().map(|(_, bin)| bin).or_else(elsewhere)
}

fn start(bin: &Path, durable: bool) -> Result<Postgres> {
    // PostgreSQL refuses to run as root.
    let identity = match rustix::process::geteuid().is_root() {
        true => Some(account("postgres").context("there is no user `postgres` to run PostgreSQL as")?),
        false => None,
    };
    let dir = TempDir::new("postgres")?;
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700))?;
    if let Some((uid, gid)) = identity {
        chown(dir.path(), Some(uid), Some(gid))?;
    }
    let program = |name: &str| -> Command {
        let mut command = process::command(bin.join(name));
        command.current_dir(dir.path());
        if let Some((uid, gid)) = identity {
            command.uid(uid).gid(gid);
        }
        command
    };
    let data = dir.path().join("data");
    process::quiet(
        program("initdb")
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .arg("-D")
            .arg(&data),
    )?;
    let port = free_port()?;
    // No test pulls the plug of this server, so for tests it need not wait for the disk.
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        format!("unix_socket_directories={}", dir.path().display()),
        format!("fsync={}", if durable { "on" } else { "off" }),
        "max_connections=200".to_owned(),
        "logging_collector=off".to_owned(),
    ];
    let log = fs::File::create(dir.path().join("log"))?;
    let mut postgres = program("postgres");
    postgres.arg("-D").arg(&data).stdout(log.try_clone()?).stderr(log);
    for setting in settings {
        postgres.args(["-c", &setting]);
    }
    let mut cluster = children::spawn(&mut postgres)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let timer = ui::Timer::start();
    loop {
        match probe(address, "postgres") {
            Ok(version) => {
                ui::note(&format!("PostgreSQL {version}, private, on {address}"));
                let url = format!("postgres://postgres@{address}/postgres");
                return Ok(Postgres {
                    url,
                    cluster: Some((cluster, dir)),
                });
            }
            Err(error) if cluster.ended() || timer.elapsed() > Duration::from_secs(30) => {
                let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
                return Err(error.context(format!("the private PostgreSQL did not start:\n{log}")));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// A port nobody listens on right now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// User and group id of a local account.
fn account(name: &str) -> Result<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let ids = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name))
            .then(|| Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?)))?
    });
    ids.ok_or_else(|| anyhow!("no account `{name}`"))
}

/// Connects without a password and asks whether we may create databases. Returns the version.
fn probe(address: SocketAddr, user: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut start = 196_608_u32.to_be_bytes().to_vec();
    start.extend_from_slice(format!("user\0{user}\0database\0postgres\0\0").as_bytes());
    send(&mut stream, None, &start)?;
    let mut version = String::new();
    let mut allowed = false;
    let mut asked = false;
    loop {
        let (kind, body) = receive(&mut stream)?;
        match kind {
            b'R' if body.get(..4) != Some([0; 4].as_slice()) => bail!("it wants a password"),
            b'E' => bail!("it says: {}", String::from_utf8_lossy(&body).replace('\0', " ")),
            b'S' => {
                let text = String::from_utf8_lossy(&body);
                if let Some(value) = text.strip_prefix("server_version\0") {
                    version = value.trim_end_matches('\0').to_owned();
                }
            }
            // One row, one column: its length stands in front of the value.
            b'D' => allowed = body.ends_with(b"t"),
            b'Z' if asked => break,
            b'Z' => {
                asked = true;
                let query = b"select rolsuper or rolcreatedb from pg_roles where rolname = current_user\0";
                send(&mut stream, Some(b'Q'), query)?;
            }
            _ => {}
        }
    }
    let major: u32 = version
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or(0);
    if major < OLDEST {
        bail!("PostgreSQL {version} is too old: {OLDEST} or newer is needed");
    }
    if !allowed {
        bail!("{user} may not create databases there");
    }
    Ok(version)
}

fn send(stream: &mut TcpStream, kind: Option<u8>, body: &[u8]) -> Result<()> {
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend_from_slice(&u32::try_from(body.len() + 4)?.to_be_bytes());
    message.extend_from_slice(body);
    Ok(stream.write_all(&message)?)
}

fn receive(stream: &mut TcpStream) -> Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length)
        .checked_sub(4)
        .filter(|length| *length < 1 << 20);
    let mut body = vec![0; length.ok_or_else(|| anyhow!("this is no PostgreSQL"))? as usize];
    stream.read_exact(&mut body)?;
    Ok((kind, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read() {
        assert_eq!(account("root").unwrap(), (0, 0));
        assert!(account("nobody-of-this-name").is_err());
    }

    #[test]
    fn a_private_cluster_starts_and_ends() {
        let Some(bin) = installed_binaries() else {
            eprintln!("SKIPPED: no PostgreSQL is installed");
            return;
        };
        let cluster = start(&bin, false).unwrap();
        let address = cluster.url.split(['@', '/']).nth(3).unwrap().parse().unwrap();
        assert!(probe(address, "postgres").is_ok());
        assert!(probe(address, "a_stranger").is_err());
        let dir = cluster.cluster.as_ref().unwrap().1.path().to_owned();
        drop(cluster);
        assert!(probe(address, "postgres").is_err());
        assert!(!dir.exists());
    }

    #[test]
    fn something_else_on_the_port_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        assert!(probe(address, "postgres").is_err());
        server.join().unwrap();
    }
}
