//! What became of the events: counted, so that nothing is lost silently.

/// What became of the events handed to a client. All counts are since it was built, and one look is consistent:
/// `reported = queued + accepted + duplicates + refused + dropped`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Events handed to the client.
    pub reported: u64,
    /// Events that wait or are under way now.
    pub queued: u64,
    /// Events that went over the wire at least once.
    pub sent: u64,
    /// Events that the server has made durable.
    pub accepted: u64,
    /// Events that the server knew already.
    pub duplicates: u64,
    /// Events that the server would not take, one by one or with their batch. [`Health::last_error`] says why.
    pub refused: u64,
    /// Events given up on this side: the queue was full, one was larger than the queue, or the client closed before
    /// the server answered. In the last case the server may have them.
    pub dropped: u64,
    /// Requests that repeated an earlier one.
    pub retried: u64,
    /// Whether the server answers.
    pub link: Link,
    /// The latest thing that went wrong, in words. It stays when all is well again; `link` says what is true now.
    pub last_error: Option<String>,
}

/// Whether the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// Nothing was sent yet.
    #[default]
    Untried,
    /// The latest request was answered.
    Up,
    /// The latest request was not answered, or with "later".
    Down,
}
