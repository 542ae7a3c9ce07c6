//! Reading the journal backwards: what both databases have in common.

/// A row that was looked at, without its batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub seq: i64,
    pub received: i64,
    pub events: usize,
}

/// How many rows the first statement of a page looks at. Mostly they fill it.
pub(crate) const FIRST_STEP: i64 = 256;
/// How much further each next statement looks.
pub(crate) const GROWTH: i64 = 4;
/// No statement looks at more: a few milliseconds.
pub(crate) const LARGEST_STEP: i64 = 4_096;
