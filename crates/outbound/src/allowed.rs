//! The administrator's list of targets inside: receivers on a LAN, an identity provider beside the server.
//!
//! Entries stand apart by commas or white space:
//!
//! | entry | what it opens |
//! |---|---|
//! | `receiver.lan` | this host, on any port |
//! | `idp.lan:8443` | this host on this port |
//! | `192.168.7.20`, `127.0.0.1:9093`, `[fd00::5]:443` | this address |
//! | `192.168.7.0/24`, `fd00:7::/48` | every address of the range, on any port |
//!
//! A **host** opens the loopback, private, shared and unique local addresses that the name has when it is asked, and no
//! others: whoever answers for the name must not be able to choose a link-local address, an address of a protocol, or a
//! cloud's metadata. A **range** opens what it contains, with one exception: a **metadata** address is opened only by
//! an entry that is this one address, so that `100.64.0.0/10` (Tailscale) does not give away credentials at
//! 100.100.100.200. A NAT64 address needs a range for itself, and what it leads to must be public or opened by a range as
//! well. Unspecified, multicast and reserved addresses, tunnels, and IPv4 written as IPv6 are never opened.
//!
//! A target that the list names may also be reached by `http:`: the host as it stands in the URL must be an entry, or
//! an address within one. That a name *resolves* into a range is not enough for that.
//!
//! Deliberately absent: wildcards, because a name is trusted to say where to; ports of ranges; and a way to switch the
//! check off.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use url::Host;

use crate::address::{AddressKind, Opener, behind_nat64};

/// More entries than this are not taken.
pub const MOST_ENTRIES: usize = 256;

/// The shortest prefixes of ranges. 10.0.0.0/8 and fc00::/7 are the widest networks that anybody has inside.
const SHORTEST_V4: u8 = 8;
const SHORTEST_V6: u8 = 7;

/// See the module. Nothing is on the list by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    what: What,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// In lower case, without the dot at the end.
    Host(String),
    Range(IpNet),
}

/// An entry that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the allow-list{shown}: {why}")]
pub struct AllowedError {
    /// Counted from one.
    pub number: usize,
    /// The entry, unless it may hold a secret; then nothing.
    shown: Shown,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown(Option<String>);

impl Shown {
    /// Somebody may have pasted a whole URL, with a password or a token in it.
    fn of(entry: &str) -> Shown {
        let harmless = entry.len() <= 64 && !entry.contains('@') && entry.matches('/').count() <= 1;
        Shown(harmless.then(|| entry.to_owned()))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(entry) => write!(f, " ({entry:?})"),
            None => Ok(()),
        }
    }
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Allowed, AllowedError> {
        let mut entries = Vec::new();
        let words = text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            let told = |why: String| AllowedError {
                number: index + 1,
                shown: Shown::of(word),
                why,
            };
            if index == MOST_ENTRIES {
                return Err(told(format!("there may be {MOST_ENTRIES} at most")));
            }
            entries.push(Entry::read(word).map_err(told)?);
        }
        Ok(Allowed { entries })
    }
}

impl Allowed {
    /// The empty list: public addresses by https, nothing else.
    pub fn nothing() -> Allowed {
        Allowed::default()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the host, as it is written, is on the list for this port.
    pub(crate) fn names(&self, host: &Host<String>, port: u16) -> bool {
        match host {
            Host::Domain(name) => self.has_name(name, port),
            Host::Ipv4(address) => self.has_range(IpAddr::V4(*address), port),
            Host::Ipv6(address) => self.has_range(IpAddr::V6(*address), port),
        }
    }

    /// Whether a connection to `address` is permitted that this host led to. An address in a URL is its own host.
    pub(crate) fn permits(&self, host: &Host<String>, port: u16, address: IpAddr) -> bool {
        let Some(kind) = AddressKind::of(address) else {
            return true;
        };
        let in_range = || self.has_range(address, port);
        match kind.opened_by() {
            Opener::Nothing => false,
            Opener::Address => self.has_address(address, port),
            Opener::Range => in_range() && self.permits_behind(address, port),
            Opener::NameOrRange => {
                in_range() || matches!(host, Host::Domain(name) if self.has_name(name, port))
            }
        }
    }

    fn permits_behind(&self, address: IpAddr, port: u16) -> bool {
        match address {
            IpAddr::V6(outer) if AddressKind::of(address) == Some(AddressKind::Nat64) => {
                let inner = behind_nat64(outer);
                self.permits(&Host::Ipv4(inner), port, IpAddr::V4(inner))
            }
            _ => true,
        }
    }

    fn has_name(&self, name: &str, port: u16) -> bool {
        let name = without_dot(name);
        self.at(port)
            .any(|what| matches!(what, What::Host(host) if host == name))
    }

    fn has_range(&self, address: IpAddr, port: u16) -> bool {
        self.at(port)
            .any(|what| matches!(what, What::Range(range) if range.contains(&address)))
    }

    fn has_address(&self, address: IpAddr, port: u16) -> bool {
        self.at(port)
            .any(|what| matches!(what, What::Range(range) if *range == IpNet::from(address)))
    }

    fn at(&self, port: u16) -> impl Iterator<Item = &What> {
        self.entries
            .iter()
            .filter(move |entry| entry.port.is_none_or(|only| only == port))
            .map(|entry| &entry.what)
    }
}

impl Entry {
    fn read(word: &str) -> Result<Entry, String> {
        if word.contains("://") || word.contains('@') {
            return Err("write a host, an address or a range, not a URL".into());
        }
        if word.contains('/') {
            return Ok(Entry {
                what: What::Range(range(word)?),
                port: None,
            });
        }
        let (host, port) = split_port(word)?;
        Ok(Entry {
            what: one(host)?,
            port,
        })
    }
}

fn range(word: &str) -> Result<IpNet, String> {
    let range: IpNet = word
        .parse()
        .map_err(|_| "a range is written like 192.168.7.0/24 or fd00:7::/48".to_owned())?;
    if range != range.trunc() {
        return Err(format!("the range begins elsewhere; write {}", range.trunc()));
    }
    let shortest = match range {
        IpNet::V4(_) => SHORTEST_V4,
        IpNet::V6(_) => SHORTEST_V6,
    };
    if range.prefix_len() < shortest {
        return Err(format!(
            "the range is wider than any network inside; /{shortest} is the widest that is taken"
        ));
    }
    useful(range)?;
    Ok(range)
}

fn split_port(word: &str) -> Result<(&str, Option<u16>), String> {
    if word.parse::<Ipv6Addr>().is_ok() {
        return Ok((word, None));
    }
    let (host, port) = match word.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest
                .split_once(']')
                .ok_or_else(|| "the bracket is not closed".to_owned())?;
            if address.parse::<Ipv6Addr>().is_err() {
                return Err("between brackets stands an IPv6 address".into());
            }
            match rest.strip_prefix(':') {
                Some(port) => (address, Some(port)),
                None if rest.is_empty() => (address, None),
                None => return Err("after the bracket comes nothing, or a colon and a port".into()),
            }
        }
        None => match word.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (word, None),
        },
    };
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Some(port),
            _ => return Err("a port is a number from 1 to 65535".into()),
        },
    };
    Ok((host, port))
}

/// A host or a single address.
fn one(text: &str) -> Result<What, String> {
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        let range = IpNet::from(IpAddr::V6(address));
        useful(range)?;
        return Ok(What::Range(range));
    }
    if text.contains('*') {
        return Err("there are no wildcards; name each host, or a range of addresses".into());
    }
    let plain = "a host has letters, digits, hyphens and dots";
    match Host::parse(text) {
        Ok(Host::Ipv4(address)) => {
            if text.parse::<Ipv4Addr>() != Ok(address) {
                return Err(format!("write this address as {address}"));
            }
            let range = IpNet::from(IpAddr::V4(address));
            useful(range)?;
            Ok(What::Range(range))
        }
        Ok(Host::Domain(name)) if is_host_name(&name) => Ok(What::Host(without_dot(&name).to_owned())),
        _ => Err(plain.into()),
    }
}

/// An entry that opens nothing is a misunderstanding.
fn useful(range: IpNet) -> Result<(), String> {
    let kind = |address| AddressKind::of(address).filter(|kind| kind.opened_by() == Opener::Nothing);
    match (kind(range.network()), kind(range.broadcast())) {
        (Some(AddressKind::Mapped), _) => Err("write IPv4 addresses as IPv4".into()),
        (Some(kind), Some(_)) => Err(format!("such addresses are never opened: {kind}")),
        _ => Ok(()),
    }
}

/// What a resolver can be asked for, after normalisation.
pub(crate) fn is_host_name(name: &str) -> bool {
    let name = without_dot(name);
    (1..=253).contains(&name.len())
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
#[path = "tests/allowed.rs"]
mod tests;
