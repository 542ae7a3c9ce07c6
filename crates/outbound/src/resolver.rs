//! From a name to addresses: by the system's resolver, or by one that a test writes. This is the only place that looks
//! names up; what it answers is judged in [`crate::guard`] and then handed to whoever connects.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// An answer that is under way.
pub(crate) type Lookup<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Whoever can be asked for the addresses of a name.
pub(crate) trait Resolver: Send + Sync {
    /// All addresses, with this port.
    fn look_up<'a>(&'a self, name: &'a str, port: u16) -> Lookup<'a>;
}

/// `getaddrinfo`, so that /etc/hosts and the container's DNS count as they do for everything else on the machine.
#[derive(Debug)]
pub(crate) struct System;

impl Resolver for System {
    fn look_up<'a>(&'a self, name: &'a str, port: u16) -> Lookup<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

/// What reqwest is told when it asks: the addresses that were judged, for the one name they were judged for.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub name: String,
    pub addresses: Vec<SocketAddr>,
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = if name.as_str() == self.name {
            let addresses: Addrs = Box::new(self.addresses.clone().into_iter());
            Ok(addresses)
        } else {
            Err("a name was asked for that nobody judged".into())
        };
        Box::pin(std::future::ready(answer))
    }
}
