//! Why a rule or a silence is refused.

/// What is wrong: the field, by its name in the API, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {must}")]
pub struct RuleError {
    /// The field, `condition.window_ms`.
    pub field: String,
    /// What it must be, and what it was.
    pub must: String,
}

impl RuleError {
    /// An error about one field.
    pub fn new(field: &str, must: impl Into<String>) -> RuleError {
        RuleError {
            field: field.to_owned(),
            must: must.into(),
        }
    }
}

/// `Err` that names the field unless `holds`.
pub(crate) fn must(holds: bool, field: &str, what: impl FnOnce() -> String) -> Result<(), RuleError> {
    if holds {
        return Ok(());
    }
    Err(RuleError::new(field, what()))
}

/// A text of so many characters without control characters; `least` is 0 or 1.
pub(crate) fn text(value: &str, field: &str, least: usize, most: usize) -> Result<(), RuleError> {
    let length = value.chars().count();
    must((least..=most).contains(&length), field, || {
        format!("must have {least} to {most} characters, got {length}")
    })?;
    must(!value.chars().any(|c| c.is_control() && c != '\n'), field, || {
        "must have no control characters".into()
    })
}
