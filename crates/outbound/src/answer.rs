//! What came back: as it was sent, never decompressed, and of a size that the caller chose.

use std::fmt;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// Headers of an answer; more are an error.
pub const MOST_ANSWER_HEADERS: usize = 64;
/// Bytes of names and values of an answer's headers together; more are an error.
pub const MOST_ANSWER_HEADER_BYTES: usize = 16 * 1024;

/// An answer, whatever its status. Redirects are answers like others: nobody follows them.
#[derive(Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as it was sent. Nothing but plain bytes is asked for; who sends compressed ones all the same says so in
    /// `content-encoding`, and they are not unpacked.
    pub body: Bytes,
}

/// Without headers and body: an identity provider's answer holds tokens.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish()
    }
}
