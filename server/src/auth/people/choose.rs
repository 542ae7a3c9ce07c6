//! What people choose: an address, a name, a password. Checked, and hashed on a thread of its own.

use store::Account;

use super::PeopleError;
use crate::auth::password;
use crate::auth::turns::Turn;

/// The longest address of an account, characters (RFC 5321).
pub const LONGEST_EMAIL: usize = 254;
/// The longest name, characters.
const LONGEST_NAME: usize = 80;

/// An address as accounts have it.
pub fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A checked address, as accounts have it.
///
/// # Errors
/// `Field`.
pub fn checked_email(email: &str) -> Result<String, PeopleError> {
    let email = folded(email);
    let good = email.chars().count() <= LONGEST_EMAIL
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    if good {
        return Ok(email);
    }
    Err(PeopleError::Field {
        field: "email",
        why: format!(
            "This is no email address. It reads name@host and has at most {LONGEST_EMAIL} characters."
        ),
    })
}

/// A checked name; the part of the address before the `@` when it is empty.
///
/// # Errors
/// `Field`.
pub fn checked_name(name: &str, email: &str) -> Result<String, PeopleError> {
    let name = name.trim();
    if name.is_empty() {
        let local = email.split('@').next().unwrap_or_default();
        return Ok(local.chars().take(LONGEST_NAME).collect());
    }
    if name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(PeopleError::Field {
        field: "name",
        why: format!("A name has at most {LONGEST_NAME} characters on one line."),
    })
}

/// Whether a password is good enough for its owner.
///
/// # Errors
/// `Field`.
pub fn check_password(password: &str, account: &Account) -> Result<(), PeopleError> {
    password::check(password, &[&account.email, &account.name]).map_err(|weak| PeopleError::Field {
        field: "password",
        why: weak.to_string(),
    })
}

/// The hash of a password.
///
/// # Errors
/// `Unavailable`.
pub async fn hashed(turn: Option<Turn>, password: &str) -> Result<String, PeopleError> {
    let password = password.to_owned();
    let hashed = off(turn, move || password::hash(&password)).await?;
    hashed.map_err(|error| PeopleError::Unavailable(error.to_string()))
}

/// Computes on a thread that serves nobody else meanwhile; the turn is kept until it is done, whoever waits.
///
/// # Errors
/// `Unavailable`.
pub async fn off<T: Send + 'static>(
    turn: impl Send + 'static,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PeopleError> {
    let work = move || {
        let _turn = turn;
        work()
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| PeopleError::Unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded_and_checked() {
        assert_eq!(checked_email(" Ada@Example.COM ").unwrap(), "ada@example.com");
        let long = format!("{}@b", "a".repeat(254));
        for bad in ["", "ada", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\u{7}c", &long] {
            assert!(
                matches!(checked_email(bad), Err(PeopleError::Field { field: "email", .. })),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_name_comes_from_the_address_when_there_is_none() {
        assert_eq!(checked_name("  ", "ada@example.com").unwrap(), "ada");
        assert_eq!(checked_name(" Ada L. ", "x@y").unwrap(), "Ada L.");
        assert!(checked_name("a\nb", "x@y").is_err());
        assert!(checked_name(&"a".repeat(81), "x@y").is_err());
    }
}
