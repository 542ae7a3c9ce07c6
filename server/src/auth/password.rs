//! Passwords: which are good enough, and what is stored of them.
//!
//! Stored is argon2id with 19 MiB, two passes and one lane, as a PHC string (OWASP Password Storage Cheat Sheet; ASVS 5.0,
//! appendix C). There are no rules about kinds of characters: a password is long enough, and not one that is guessed
//! early (ASVS 5.0, 6.2.1, 6.2.4, 6.2.11), which zxcvbn estimates from lists of passwords, words, dates and patterns, and
//! from what is known about its owner.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use zxcvbn::{Score, zxcvbn};

/// The fewest characters.
pub const SHORTEST: usize = 12;
/// The most.
pub const LONGEST: usize = 128;

/// Compared with when there is no account, so that an answer takes as long as when there is one. No password has it.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$ZnVzZWJvYXJkIG5vYm9keQ$2NCOq1lQTGpwZDJ1hAFX3x5Vf6uG9p8J3L8S2Z8F0Xk";

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too few characters.
    #[error("The password has {0} characters; at least {SHORTEST} are needed.")]
    Short(usize),
    /// Too many.
    #[error("The password has {0} characters; at most {LONGEST} are taken.")]
    Long(usize),
    /// Guessed early.
    #[error("This password would be guessed soon{}. A few unrelated words make a good one.", .0.as_deref().unwrap_or_default())]
    Guessable(Option<String>),
}

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(String);

/// Whether a password is good enough for somebody of whom this is known: name, address.
///
/// # Errors
/// In words for its owner.
pub fn check(password: &str, about: &[&str]) -> Result<(), WeakPassword> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(WeakPassword::Short(length));
    }
    if length > LONGEST {
        return Err(WeakPassword::Long(length));
    }
    let mut known = vec!["fuseboard"];
    for text in about {
        known.push(text);
        known.extend(
            text.split(['@', '.', ' ', '-', '_'])
                .filter(|part| part.len() > 2),
        );
    }
    let estimate = zxcvbn(password, &known);
    if estimate.score() >= Score::Three {
        return Ok(());
    }
    let why = estimate.feedback().and_then(|feedback| feedback.warning());
    let why = why.map(|why| format!(" ({})", why.to_string().trim_end_matches('.')));
    Err(WeakPassword::Guessable(why))
}

/// What is stored. Takes about 30 ms of a core and 19 MiB.
///
/// # Errors
/// No randomness or no memory.
pub fn hash(password: &str) -> Result<String, HashError> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed
        .map(|hashed| hashed.to_string())
        .map_err(|error| HashError(error.to_string()))
}

/// Whether this is the password. Takes as long when there is none.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    let Ok(hash) = PasswordHash::new(stored.unwrap_or(NOBODY)) else {
        return false;
    };
    let same = Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok();
    same && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_another_is_not() {
        let stored = hash("an umbrella in march").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, hash("an umbrella in march").unwrap(), "salted");
        assert!(verify("an umbrella in march", Some(&stored)));
        assert!(!verify("an umbrella in March", Some(&stored)));
        assert!(!verify("", Some(&stored)));
        assert!(!verify("x", Some("not a hash")));
        assert!(!verify("fuseboard nobody", None));
        assert!(PasswordHash::new(NOBODY).is_ok(), "it must take its time");
    }

    #[test]
    fn length_counts_in_characters() {
        assert_eq!(check("größe größe", &[]), Err(WeakPassword::Short(11)));
        assert_eq!(check(&"x y".repeat(43), &[]), Err(WeakPassword::Long(129)));
        assert_eq!(check("größe mauer 7 hering", &[]), Ok(()));
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for weak in [
            "password1234",
            "123456789012",
            "qwertyuiop[]",
            "aaaaaaaaaaaa",
            "ada@lovelace",
            "fuseboard2026",
            "administrator",
            "Passw0rd!2026",
        ] {
            let refused = check(weak, &["ada@lovelace.example", "Ada Lovelace"]);
            assert!(
                matches!(refused, Err(WeakPassword::Guessable(_))),
                "{weak}: {refused:?}"
            );
        }
        for good in ["an umbrella in march", "vK9#tq-Lw2zR", "horse mauer 7 hering"] {
            assert_eq!(check(good, &["ada@lovelace.example"]), Ok(()), "{good}");
        }
    }
}
