//! The crate against real sockets, all of them on this machine, and a resolver that says what a test wants.
//!
//! They stand inside the crate, because the resolver and the control without judgement must not exist outside tests.

#![expect(
    clippy::disallowed_methods,
    reason = "servers of tests are tasks of their own, and a child process is told by its environment"
)]

mod canary;
mod corpus;
mod hostile;
mod limits;
mod names;
mod proxy;
mod rebinding;
mod receiver;
mod redirects;
mod secrets;
mod time;
mod tls;

use std::sync::Arc;

use crate::allowed::Allowed;
use crate::client::Outbound;
use crate::guard::Guard;
use crate::rules::Rules;
use crate::tls::Tls;
use names::Names;

/// An outbound client that asks these names and has this allow-list.
fn outbound(allowed: &str, names: &Arc<Names>) -> Outbound {
    let guard = Guard::new(allowed.parse::<Allowed>().unwrap());
    Outbound::with(guard, Box::new(names.clone()), Tls::of_the_system())
}

/// One that asks nobody's names.
fn nameless(allowed: &str) -> Outbound {
    outbound(allowed, &Arc::new(Names::default()))
}

/// Rules under which only addresses keep a call from being made.
fn with_http() -> Rules {
    Rules {
        http: true,
        ..Rules::default()
    }
}
