//! What a form of the settings, or the address of its page, says.

use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::FormRejection;
use axum::http::Uri;

use crate::http::Problem;

/// Fields by name; one that is given more than once is a list.
#[derive(Debug, Clone, Default)]
pub struct Sent(Vec<(String, String)>);

/// A form as it arrives.
pub type SentForm = Result<Form<Vec<(String, String)>>, FormRejection>;

impl Sent {
    /// Of an address; what cannot be decoded counts as absent.
    pub fn of_query(uri: &Uri) -> Sent {
        Sent(Query::try_from_uri(uri).map_or_else(|_| Vec::new(), |Query(pairs)| pairs))
    }

    /// Of a form.
    ///
    /// # Errors
    /// 400 or 413 for what is no form of ours.
    pub fn of_form(form: SentForm) -> Result<Sent, Problem> {
        let form = form.map_err(|rejection| {
            Problem::new(
                rejection.status(),
                "no-form",
                "This is not a form of this page",
                "Go back, and try again.",
            )
        });
        form.map(|Form(pairs)| Sent(pairs))
    }

    /// The first value of a field; empty when it is left out.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// All but what no page may show again.
    pub fn without_passwords(&self) -> Vec<(String, String)> {
        let shown = |name: &str| !["password", "current", "new", "code"].contains(&name);
        let kept = self.0.iter().filter(|(name, _)| shown(name));
        kept.cloned().collect()
    }
}
