//! What strangers say: the token of a link, 43 base-62 characters with 256 bits of randomness, and the name of a page for the
//! public. Both are looked up by their SHA-256 alone, so that comparing them tells nothing.

use store::ShareHash;

use super::key::{BASE62, random_text, sha256};

/// Characters of a token.
const LENGTH: usize = 43;

/// A new token, which is shown once, and what is stored of it.
///
/// # Errors
/// The system has no randomness to give.
pub fn fresh_share() -> Result<(String, ShareHash), getrandom::Error> {
    let token = random_text(BASE62, LENGTH)?;
    let hash = sha256(&token);
    Ok((token, hash))
}

/// What a token is found by; `None` for what can be none.
pub fn share_hash(token: &str) -> Option<ShareHash> {
    let is_one = token.len() == LENGTH && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_one.then(|| sha256(token))
}

/// What a page for the public is found by. No token has a slash.
pub fn status_hash(slug: &str) -> ShareHash {
    sha256(&["status/", slug].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_by_their_hash_and_never_by_that_of_a_page() {
        let (token, hash) = fresh_share().unwrap();
        assert_eq!(share_hash(&token), Some(hash));
        assert_ne!(fresh_share().unwrap().0, token);
        assert_ne!(status_hash(&token), hash);
        for bad in [
            "",
            "x",
            &token[1..],
            &format!("{token}0"),
            &format!("{}/", &token[1..]),
        ] {
            assert_eq!(share_hash(bad), None, "{bad}");
        }
    }
}
