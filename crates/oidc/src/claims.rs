//! Who has signed in, as far as the provider says it.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::error::plain;
use crate::token::seconds;

/// Values of a claim; more are not looked at.
const MOST_VALUES: usize = 1_000;

/// Somebody, as the ID token says, and the claims that were asked for later.
pub struct Who {
    /// The provider.
    pub issuer: String,
    /// Who there, for ever.
    pub subject: String,
    pub(crate) claims: Map<String, Value>,
    /// Opens what the provider says of them, and nothing else.
    pub(crate) access_token: SecretString,
}

impl Who {
    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// The address that the provider knows, whether or not it has been proved.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// The address, if the provider says that it has proved that it is theirs.
    pub fn verified_email(&self) -> Option<&str> {
        let verified = match self.claims.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            // Some write their booleans as text.
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        self.email().filter(|_| verified)
    }

    /// What they are called.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// What they are recognised by: address, or the name they sign in with there, or the subject. One line.
    pub fn shown(&self) -> String {
        let shown = self.email().or_else(|| self.text("preferred_username"));
        plain(shown.unwrap_or(&self.subject))
    }

    /// When they signed in there last, epoch milliseconds.
    pub fn signed_in_at(&self) -> Option<i64> {
        Some(seconds(self.claims.get("auth_time")?)? * 1_000)
    }

    /// The texts of a claim: one, or a list. A name that no claim has is a path with dots, `realm_access.roles`.
    pub fn values(&self, claim: &str) -> Vec<&str> {
        let mut found = self.claims.get(claim);
        if found.is_none() {
            let mut steps = claim.split('.');
            let first = steps.next().and_then(|step| self.claims.get(step));
            found = steps.fold(first, |value, step| value?.get(step));
        }
        match found {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().take(MOST_VALUES).filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether there is such a claim at all.
    pub fn has(&self, claim: &str) -> bool {
        self.claims.contains_key(claim) || !self.values(claim).is_empty()
    }

    /// Adds what was not said before. What the ID token says stays: that is signed.
    pub(crate) fn add(&mut self, more: Map<String, Value>) {
        // Address and proof belong together.
        let had_address = self.claims.contains_key("email");
        for (name, value) in more {
            if name == "email_verified" && had_address {
                continue;
            }
            self.claims.entry(name).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn who(claims: Value) -> Who {
        let Value::Object(claims) = claims else {
            panic!("no object")
        };
        Who {
            issuer: "https://a".into(),
            subject: "1".into(),
            claims,
            access_token: SecretString::from("t"),
        }
    }

    #[test]
    fn an_address_counts_when_it_was_proved() {
        let verified = |value: Value| {
            let who = who(json!({ "email": "a@b", "email_verified": value }));
            who.verified_email().is_some()
        };
        assert!(verified(json!(true)) && verified(json!("true")));
        for not in [
            json!(false),
            json!("false"),
            json!(1),
            json!("TRUE "),
            json!(null),
            json!([true]),
        ] {
            assert!(!verified(not.clone()), "{not}");
        }
        assert_eq!(who(json!({ "email": "a@b" })).verified_email(), None);
        assert_eq!(who(json!({ "email_verified": true })).verified_email(), None);
        assert_eq!(
            who(json!({ "email": "", "email_verified": true })).verified_email(),
            None
        );
    }

    #[test]
    fn a_claim_is_found_by_name_and_by_path() {
        let who = who(json!({
            "groups": ["a", 7, "b"], "role": "c", "realm_access": { "roles": ["d"] }, "x.y": "whole name", "x": { "y": "path" },
        }));
        assert_eq!(who.values("groups"), ["a", "b"]);
        assert_eq!(who.values("role"), ["c"]);
        assert_eq!(who.values("realm_access.roles"), ["d"]);
        assert_eq!(who.values("x.y"), ["whole name"]);
        for nothing in [
            "",
            ".",
            "groups.0",
            "realm_access",
            "realm_access.roles.d",
            "nothing",
        ] {
            assert_eq!(who.values(nothing), Vec::<&str>::new(), "{nothing}");
        }
        assert!(who.has("groups") && who.has("realm_access") && !who.has("nothing"));
    }

    #[test]
    fn what_is_asked_for_later_overrides_nothing() {
        let more = |claims: Value| claims.as_object().unwrap().clone();
        let mut somebody = who(json!({ "email": "a@b" }));
        somebody.add(more(
            json!({ "email": "c@d", "email_verified": true, "name": "N" }),
        ));
        assert_eq!(somebody.email(), Some("a@b"));
        assert_eq!(
            somebody.verified_email(),
            None,
            "the proof was of another address"
        );
        assert_eq!(somebody.name(), Some("N"));
        let mut somebody = who(json!({}));
        somebody.add(more(json!({ "email": "c@d", "email_verified": true })));
        assert_eq!(somebody.verified_email(), Some("c@d"));
    }

    #[test]
    fn somebody_is_shown_on_one_line() {
        assert_eq!(who(json!({ "email": "a\n@b" })).shown(), "a @b");
        assert_eq!(who(json!({ "preferred_username": "ada" })).shown(), "ada");
        assert_eq!(who(json!({})).shown(), "1");
    }
}
