//! Times that do not count: a load test, a drill, an hour in which the senders were broken.
//!
//! A mark changes nothing that is kept and nothing that is shown of now. Questions that ask for what counts
//! (`QueryRequest::counting`) leave its time out; the plan of such a question is cut by it (`query::plan`). Marks are kept
//! in memory, so a tenant that has none pays nothing.
//!
//! Deliberately absent: alerts and the live board, which marks do not change.

use std::sync::Arc;

use domain::Millis;
use parking_lot::RwLock;
use protocol::record::CorrectionDoc;
use protocol::{Filter, Span};
use store::{StoreError, TenantScope};

use super::wrong;
use crate::{AlertError, Engine};

/// By what a mark can choose: what calls and breakers both have.
const DIMENSIONS: &[&str] = &["provider", "service", "environment"];
/// The most marks of a tenant that are in force: each may cost a question a few more readings.
const MOST: usize = 200;
/// The longest time that one mark can take.
const LONGEST: Millis = 366 * 86_400_000;

/// One time that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number of the correction.
    pub id: u64,
    pub from: Millis,
    /// Exclusive.
    pub to: Millis,
    /// What is left out; empty is everything.
    pub filter: Filter,
    /// Who and why.
    pub words: String,
}

/// The marks of a tenant that are in force.
#[derive(Default)]
pub(crate) struct Marks(RwLock<Arc<Vec<Mark>>>);

impl Marks {
    pub fn now(&self) -> Arc<Vec<Mark>> {
        Arc::clone(&self.0.read())
    }

    pub fn put(&self, mark: Mark) {
        let mut marks = self.0.write();
        let others = marks.iter().filter(|known| known.id != mark.id).cloned();
        *marks = Arc::new(others.chain([mark.clone()]).collect());
    }

    pub fn take(&self, id: u64) {
        let mut marks = self.0.write();
        if marks.iter().any(|known| known.id == id) {
            *marks = Arc::new(marks.iter().filter(|known| known.id != id).cloned().collect());
        }
    }
}

/// A filter as a mark may have it.
pub(super) fn filter(text: &str) -> Result<Filter, String> {
    let filter = Filter::parse(text, DIMENSIONS).map_err(|error| error.to_string())?;
    match filter.terms().iter().find(|term| term.key().is_none()) {
        Some(term) => Err(format!(
            "names what does not count by {}, got the text `{}`",
            DIMENSIONS.join(", "),
            protocol::filter::echo(term.value())
        )),
        None => Ok(filter),
    }
}

/// The range of a mark, and its filter.
pub(super) fn read(doc: &CorrectionDoc) -> Result<(Millis, Millis, Filter), AlertError> {
    let from = doc
        .from
        .ok_or_else(|| wrong("from", "is missing: from when on it does not count"))?;
    let to = doc
        .to
        .ok_or_else(|| wrong("to", "is missing: until when it does not count"))?;
    if from < 0 {
        return Err(wrong("from", "must not be before 1970"));
    }
    if from >= to {
        return Err(wrong("to", "must be after `from`"));
    }
    if to - from > LONGEST {
        return Err(wrong("to", "must be at most 366 days after `from`"));
    }
    let filter = filter(doc.filter.as_deref().unwrap_or_default()).map_err(|must| wrong("filter", must))?;
    Ok((from, to, filter))
}

impl Engine {
    /// Whether one more mark can be in force.
    pub(super) fn room_for_a_mark(&self, scope: &TenantScope) -> Result<(), AlertError> {
        match self.tenant(scope).marks.now().len() {
            there if there >= MOST => Err(wrong(
                "kind",
                format!("{MOST} ranges do not count, and that is the most"),
            )),
            _ => Ok(()),
        }
    }

    /// The times of a range that somebody marked as not counting, in order of time: from, to (exclusive) and who says why.
    /// As they were marked; figures leave out whole buckets around them.
    ///
    /// # Errors
    /// None now: marks are in memory.
    pub fn uncounted(
        &self,
        scope: &TenantScope,
        span: Span,
    ) -> Result<Vec<(Millis, Millis, String)>, StoreError> {
        let marks = self.tenant(scope).marks.now();
        let within = marks
            .iter()
            .filter(|mark| mark.from < span.to && span.from < mark.to);
        let told = |mark: &Mark| {
            let of = match mark.filter.is_empty() {
                true => String::new(),
                false => format!(" ({})", mark.filter),
            };
            (mark.from, mark.to, [mark.words.as_str(), &of].concat())
        };
        let mut told: Vec<_> = within.map(told).collect();
        told.sort();
        Ok(told)
    }
}
