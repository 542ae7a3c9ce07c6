//! People over JSON: one's own account, those who belong to a tenant, who is invited, its keys, and the tenants. What the
//! settings pages show and change; programs with `api:admin` may do the same, as an admin.
//!
//! What lets others in (keys, members, invitations, tenants) asks for the password again when it was not shown for a
//! while: a browser that somebody left open must not hand out more than a look.
//!
//! Deliberately absent: signing in and out, which is in [`crate::door`].

pub(crate) mod identities;
mod input;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod me;
pub(crate) mod members;
pub(crate) mod second_factor;
pub(crate) mod tenants;

use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use domain::Millis;
use store::{Role, StoreError};

use super::problem::{Problem, sentence};
use crate::auth::{Access, By, PeopleError, Person, Whence};
use crate::edge::Via;
use crate::state::Shared;

pub use identities::unlink;
pub use input::bad as bad_field;
pub use invitations::{invite, withdraw};
pub use keys::{keys, make_key, replace_key, revoke};
pub use me::{change_password, confirm, end_others, end_session, me, rename};
pub use members::{change_role, members, send_away};
pub use second_factor::{
    begin_second_factor, enable_second_factor, new_recovery_codes, remove_second_factor, second_factor,
};
pub use tenants::{change_quota, make_tenant, tenants};

/// For so long after the password was shown changes that ask for it need no other, milliseconds.
pub const CONFIRMED_FOR: Millis = 15 * 60_000;

/// The largest body of a change.
pub fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(input::LARGEST)
}

/// Somebody who is signed in. Routes of one's own account let nobody else in.
fn person(access: &Access) -> Result<&Person, Problem> {
    match access {
        Access::Person(person) => Ok(person),
        Access::Key { .. } | Access::Anyone => Err(Problem::people_only()),
    }
}

/// A path that has a tenant and one thing of it, or the thing alone.
fn last(params: &[(String, String)]) -> Result<&str, Problem> {
    params
        .last()
        .map(|(_, value)| value.as_str())
        .ok_or_else(|| input::bad("", "the address names nothing"))
}

/// The role that a request acts with; a key is never more than an admin.
fn role(access: &Access) -> Role {
    match access {
        Access::Person(person) => person.role,
        Access::Key { .. } => Role::Admin,
        Access::Anyone => Role::Viewer,
    }
}

/// Whether the password was shown lately. Whoever has a key shows it with each request.
pub(crate) fn is_confirmed(shared: &Shared, access: &Access) -> bool {
    let Access::Person(person) = access else {
        return true;
    };
    shared.engine.clock().now() < person.signed_in.session.confirmed + CONFIRMED_FOR
}

/// What lets others in goes on only while the password was shown lately.
///
/// # Errors
/// 403 that says how to show it.
pub(crate) fn confirmed(shared: &Shared, access: &Access) -> Result<(), Problem> {
    if is_confirmed(shared, access) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "confirm-password",
        "Show your password again",
        "This lets others in or is for good, and your password was shown a while ago. Send it to /api/v1/me/confirm and try again.",
    ))
}

/// Who changes something, for the audit log.
fn by(shared: &Shared, access: &Access, whence: &Whence) -> By {
    By {
        actor: access.actor(),
        address: whence.text(),
        at: shared.engine.clock().now(),
    }
}

/// What a link for somebody else begins with.
fn url(shared: &Shared, via: Option<&Via>) -> String {
    match via {
        Some(via) => [&via.origin, shared.base.as_str()].concat(),
        None => {
            let here = SocketAddr::from((Ipv4Addr::LOCALHOST, shared.port));
            shared.origins.told(here)
        }
    }
}

/// A role by name, which whoever asks may give.
fn given_role(name: &str, own: Role) -> Result<Role, Problem> {
    let role = Role::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        input::bad("role", format!("role: must be one of {}", names.join(", ")))
    })?;
    above(role, own)?;
    Ok(role)
}

/// Nobody makes or unmakes what is above them.
fn above(role: Role, own: Role) -> Result<(), Problem> {
    match role <= own {
        true => Ok(()),
        false => Err(Problem::lacks_role(role.as_str())),
    }
}

/// What the store says about a change.
fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict(why) => conflict(&why),
        error => {
            tracing::error!(%error, "a change of people or keys could not be stored");
            Problem::unavailable("The database cannot be written right now.", 2)
        }
    }
}

/// 409: it stands against something that is there.
fn conflict(why: &str) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "conflict",
        "It does not go together with what is there",
        sentence(why),
    )
}

/// Why somebody may not, as an answer to a program.
fn not_let(error: PeopleError) -> Problem {
    let words = error.to_string();
    match error {
        PeopleError::Field { field, why } => input::bad(field, why),
        PeopleError::Wrong => Problem::new(
            StatusCode::FORBIDDEN,
            "wrong-password",
            "The password is wrong",
            "This is not the password of the account.",
        ),
        PeopleError::WrongCode => {
            Problem::new(StatusCode::FORBIDDEN, "wrong-code", "The code is wrong", words)
        }
        PeopleError::Wait(wait) => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-tries",
            "Too many wrong tries",
            words,
        )
        .retry_after(u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX)),
        PeopleError::Busy => Problem::unavailable(words, 1),
        PeopleError::Only(_) | PeopleError::Refused(_) => {
            Problem::new(StatusCode::FORBIDDEN, "not-let-in", "This way is closed", words)
        }
        PeopleError::Away(_) => Problem::new(
            StatusCode::FAILED_DEPENDENCY,
            "provider-away",
            "The provider cannot be asked",
            words,
        ),
        PeopleError::Gone => Problem::not_found(),
        PeopleError::Unavailable(detail) => {
            tracing::error!(detail, "people cannot be asked about");
            Problem::unavailable(words, 2)
        }
    }
}
