//! The judgement on a target: on its text, and on every address that its host has.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use crate::address::AddressKind;
use crate::allowed::Allowed;
use crate::error::{OutboundError, Refusal};
use crate::resolver::Resolver;
use crate::rules::Rules;
use crate::target::{LONGEST_URL, Scheme, Target, has_odd_characters};

/// Of the addresses of a host, no more than these are tried.
const MOST_ADDRESSES: usize = 8;

/// See the module.
#[derive(Debug)]
pub(crate) struct Guard {
    allowed: Allowed,
    /// For the control that shows that the tests' targets would be reached: nothing but this machine then, and no
    /// judgement. Does not exist outside tests.
    #[cfg(test)]
    pub off: bool,
}

impl Guard {
    pub fn new(allowed: Allowed) -> Guard {
        Guard {
            allowed,
            #[cfg(test)]
            off: false,
        }
    }

    #[cfg(not(test))]
    fn is_off(&self) -> bool {
        false
    }

    #[cfg(test)]
    fn is_off(&self) -> bool {
        self.off
    }

    /// Reads and judges the text of a URL, and its host where that is an address.
    pub fn url(&self, text: &str, rules: &Rules) -> Result<(Url, Target), Refusal> {
        if !self.is_off() {
            plain(text)?;
        }
        let url = Url::parse(text).map_err(Refusal::Url)?;
        let target = Target::of_url(&url)?;
        if !self.is_off() {
            target.check_form()?;
            // What was short may have grown: é is sent as %C3%A9.
            if url.as_str().len() > LONGEST_URL {
                return Err(Refusal::UrlTooLong);
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Err(Refusal::UserInfo { target });
            }
            if url.fragment().is_some() {
                return Err(Refusal::Fragment { target });
            }
            let plain_http = target.scheme == Some(Scheme::Http);
            if plain_http && !rules.http && !self.allowed.names(&target.host, target.port) {
                return Err(Refusal::Http { target });
            }
        }
        self.literal(&target)?;
        Ok((url, target))
    }

    /// Reads and judges a host and a port, and the host where it is an address.
    pub fn host(&self, host: &str, port: u16) -> Result<Target, Refusal> {
        if !self.is_off() {
            plain(host)?;
        }
        let target = Target::of_host(host, port)?;
        if !self.is_off() {
            target.check_form()?;
        }
        self.literal(&target)?;
        Ok(target)
    }

    /// Asks once for the addresses of the target's host and judges each.
    ///
    /// One that is not permitted refuses them all. To leave it out would make it a matter of luck whether a host that
    /// points inside is noticed, and a host that has public and private addresses belongs on the allow-list.
    pub async fn addresses(
        &self,
        resolver: &dyn Resolver,
        target: &Target,
    ) -> Result<Vec<SocketAddr>, OutboundError> {
        let found = match &target.host {
            Host::Ipv4(address) => vec![SocketAddr::from((*address, target.port))],
            Host::Ipv6(address) => vec![SocketAddr::from((*address, target.port))],
            Host::Domain(name) => {
                resolver
                    .look_up(name, target.port)
                    .await
                    .map_err(|error| OutboundError::LookUp {
                        target: target.clone(),
                        cause: error.to_string(),
                    })?
            }
        };
        let mut judged: Vec<SocketAddr> = Vec::with_capacity(found.len().min(MOST_ADDRESSES));
        for found in found {
            self.address(target, found)?;
            let address = SocketAddr::new(found.ip(), target.port);
            if judged.len() < MOST_ADDRESSES && !judged.contains(&address) {
                judged.push(address);
            }
        }
        if judged.is_empty() {
            return Err(OutboundError::LookUp {
                target: target.clone(),
                cause: "it has no address".into(),
            });
        }
        Ok(judged)
    }

    /// Whether a connection that was made leads to one of the addresses that were judged.
    pub fn is_judged(&self, peer: Option<SocketAddr>, judged: &[SocketAddr]) -> bool {
        let same = |peer: SocketAddr| {
            judged
                .iter()
                .any(|one| one.ip() == peer.ip().to_canonical() && one.port() == peer.port())
        };
        // Who asks for 0.0.0.0 is connected to 127.0.0.1: without judgement there is nothing to compare.
        self.is_off() || peer.is_some_and(same)
    }

    /// reqwest asks no resolver for a host that is an address, so this is where such a host is judged first.
    fn literal(&self, target: &Target) -> Result<(), Refusal> {
        match target.host {
            Host::Domain(_) => Ok(()),
            Host::Ipv4(address) => self.address(target, SocketAddr::from((address, target.port))),
            Host::Ipv6(address) => self.address(target, SocketAddr::from((address, target.port))),
        }
    }

    fn address(&self, target: &Target, found: SocketAddr) -> Result<(), Refusal> {
        let address = found.ip();
        if self.is_off() {
            // Even a test without judgement stays on this machine.
            return if is_this_machine(address) {
                Ok(())
            } else {
                Err(Refusal::Host)
            };
        }
        if matches!(found, SocketAddr::V6(found) if found.scope_id() != 0) {
            return Err(Refusal::Zone {
                target: target.clone(),
                address,
            });
        }
        let permitted = self.allowed.permits(&target.host, target.port, address);
        match AddressKind::of(address) {
            Some(kind) if !permitted => Err(Refusal::Address {
                target: target.clone(),
                address,
                kind,
            }),
            _ => Ok(()),
        }
    }
}

fn plain(text: &str) -> Result<(), Refusal> {
    if text.len() > LONGEST_URL {
        return Err(Refusal::UrlTooLong);
    }
    if has_odd_characters(text) {
        return Err(Refusal::Character);
    }
    Ok(())
}

/// Tests stay on this machine, also when the judgement is broken: they end before anything is sent.
#[cfg(test)]
pub(crate) fn must_be_this_machine(addresses: &[SocketAddr]) {
    for address in addresses {
        assert!(is_this_machine(address.ip()), "a test would connect to {address}");
    }
}

fn is_this_machine(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified()
}
