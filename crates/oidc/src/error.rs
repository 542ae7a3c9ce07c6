//! What can go wrong with a provider. The texts are for logs, and hold neither codes nor tokens nor secrets.

/// Why nobody can be signed in with the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not answer, or not as it should.
    #[error("the provider's {what} cannot be had: {why}")]
    Unreachable {
        /// Which of its addresses.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// What it says about itself cannot be used.
    #[error("the provider's metadata cannot be used: {field} {why}")]
    Metadata {
        /// Which field.
        field: &'static str,
        /// Why.
        why: String,
    },
    /// It did not take the code, or does not know us.
    #[error("the provider refused the code: {error}{}", .description.as_deref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// Its word for it, such as `invalid_grant`.
        error: String,
        /// Its sentence.
        description: Option<String>,
    },
    /// The ID token, or what belongs to it, cannot be believed.
    #[error("the provider's answer is not believed: {0}")]
    Token(#[from] TokenError),
    /// The system has no randomness to give.
    #[error("no randomness: {0}")]
    Random(String),
}

/// Why an ID token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no signed token.
    #[error("the ID token cannot be read: {0}")]
    Unreadable(&'static str),
    /// It is signed in a way that is not taken.
    #[error("the ID token is signed with {0:?}, which is not taken here")]
    Algorithm(String),
    /// No key of the provider fits.
    #[error("the ID token names a key that the provider does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature of the ID token is wrong")]
    Signature,
    /// It is from somebody else.
    #[error("the ID token is from another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the ID token is for another application")]
    Audience,
    /// Its time is over.
    #[error("the ID token has expired")]
    Expired,
    /// It is from the future.
    #[error("the ID token is from the future; a clock is wrong")]
    Future,
    /// It is the answer to another question.
    #[error("the ID token answers another sign-in")]
    Nonce,
    /// It does not say that somebody has just signed in, and that was asked for.
    #[error("the provider does not say that somebody has just signed in there (auth_time)")]
    Stale,
    /// The claims asked for later are somebody else's.
    #[error("the claims are those of somebody else")]
    OtherSubject,
}

/// Text of the provider as it may be shown and logged: one line, not long.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}
