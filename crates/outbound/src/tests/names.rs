//! A resolver that says what a test wants, and counts how often it was asked.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use crate::resolver::{Lookup, Resolver};

/// Names and what they answer: the first time, the second time, …; the last answer stays.
#[derive(Debug, Default)]
pub struct Names {
    answers: HashMap<String, Vec<Vec<SocketAddr>>>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Names {
    /// Each name with its one answer: addresses apart by spaces.
    pub fn of(names: &[(&str, &str)]) -> Arc<Names> {
        let each: Vec<(&str, &[&str])> = names
            .iter()
            .map(|(name, answer)| (*name, std::slice::from_ref(answer)))
            .collect();
        Names::changing(&each)
    }

    /// Each name with its answers.
    pub fn changing(names: &[(&str, &[&str])]) -> Arc<Names> {
        let answers = names
            .iter()
            .map(|(name, answers)| {
                (
                    (*name).to_owned(),
                    answers.iter().map(|answer| read(answer)).collect(),
                )
            })
            .collect();
        Arc::new(Names {
            answers,
            asked: Mutex::default(),
        })
    }

    /// How often this name was asked for.
    pub fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().get(name).copied().unwrap_or_default()
    }
}

impl Resolver for Arc<Names> {
    fn look_up<'a>(&'a self, name: &'a str, port: u16) -> Lookup<'a> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(name.to_owned()).or_default();
        let answer = self
            .answers
            .get(name)
            .map(|answers| answers[(*times).min(answers.len() - 1)].clone());
        *times += 1;
        Box::pin(async move {
            let mut addresses = answer.ok_or_else(|| io::Error::other("no such name"))?;
            for address in &mut addresses {
                address.set_port(port);
            }
            Ok(addresses)
        })
    }
}

/// The same answers for reqwest itself, for controls that do without this crate.
impl reqwest::dns::Resolve for Names {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let times = self.asked(name.as_str());
        let answers = &self.answers[name.as_str()];
        let answer = answers[times.min(answers.len() - 1)].clone();
        let addresses: reqwest::dns::Addrs = Box::new(answer.into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// `::1%2` is an address with a zone.
fn read(answer: &str) -> Vec<SocketAddr> {
    let one = |text: &str| match text.split_once('%') {
        Some((address, zone)) => {
            std::net::SocketAddrV6::new(address.parse().unwrap(), 0, 0, zone.parse().unwrap()).into()
        }
        None => SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0),
    };
    answer.split_whitespace().map(one).collect()
}
