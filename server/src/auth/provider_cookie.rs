//! The cookie of a browser that is at the provider: 256 random bits that tie what comes back to the browser that began,
//! or anybody could have somebody else finish a sign-in of theirs. It opens nothing, and goes after ten minutes.

use axum::http::{HeaderMap, HeaderValue};

use super::key::{BASE62, random_text};
use super::session::CookieKind;

/// In the cookie's name.
const STEM: &str = "fb_oidc";
/// 256 bits.
const LENGTH: usize = 43;
/// Ten minutes.
const SECONDS: i64 = 600;

/// A new cookie's text.
///
/// # Errors
/// The system has no randomness to give.
pub fn fresh() -> Result<String, getrandom::Error> {
    random_text(BASE62, LENGTH)
}

/// The header that gives it to a browser.
pub fn set(kind: CookieKind, text: &str) -> HeaderValue {
    kind.header_of(STEM, text, SECONDS)
}

/// The header that takes it away.
pub fn clear(kind: CookieKind) -> HeaderValue {
    kind.header_of(STEM, "", 0)
}

/// What it holds, if there is exactly one and it can be one of ours.
pub fn read(kind: CookieKind, headers: &HeaderMap) -> Option<&str> {
    kind.text_of(STEM, headers)
}
