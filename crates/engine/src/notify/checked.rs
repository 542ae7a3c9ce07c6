//! Whether a channel can be as somebody wrote it, and which of its secrets stay.

use channels::{Secrets, Wrong};
use domain::alert::{Severity, matchers};
use protocol::channels::ChannelRequest;
use secrecy::SecretString;

use super::ChannelError;
use super::kinds::kind_of;
use super::stored::{Body, Channel, Words};

/// The most matchers of a channel, and the longest name in characters.
const MAX_ONLY: usize = 16;
const LONGEST_NAME: usize = 100;
/// The most alerts that come one by one.
const MAX_DIGEST: u32 = 1_000;

/// What a channel will be, checked.
pub(super) struct Checked {
    pub body: Body,
    /// Secrets to be kept, and those to be removed.
    pub keep: Secrets,
    pub drop: Vec<String>,
}

/// Checks what somebody wrote. `kept` are the secrets that the channel `before` has.
///
/// # Errors
/// Names every field that is wrong.
pub(super) fn checked(
    request: &ChannelRequest,
    kept: &Secrets,
    before: Option<&Channel>,
) -> Result<Checked, ChannelError> {
    let doc = &request.doc;
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut must = |field: &str, must: String| wrong.push((field.to_owned(), must));
    let length = doc.name.chars().count();
    if doc.name.trim().is_empty() || length > LONGEST_NAME || doc.name.chars().any(char::is_control) {
        must(
            "name",
            format!("have 1 to {LONGEST_NAME} characters, none of them control characters"),
        );
    }
    if Severity::parse(&doc.least).is_none() {
        must("least", "be info, warning or critical".into());
    }
    if doc.digest_from == 1 || doc.digest_from > MAX_DIGEST {
        must("digest_from", format!("be 0 for never, or 2 to {MAX_DIGEST}"));
    }
    if doc.only.len() > MAX_ONLY {
        must("only", format!("be at most {MAX_ONLY} matchers"));
    }
    for text in &doc.only {
        if let Err(error) = matchers(text) {
            must(
                "only",
                format!("be matchers such as provider=\"openai\": {error}"),
            );
        }
    }
    if let Err(found) = Words::of(&doc.title, &doc.text) {
        for (field, why) in found {
            must(field, why);
        }
    }
    let kind = match kind_of(&doc.kind) {
        Ok(kind) => kind,
        Err(why) => {
            must("kind", why);
            return Err(ChannelError::Invalid(wrong));
        }
    };
    let same_kind = before.is_some_and(|before| before.kind == kind);
    let given: Secrets = request
        .secrets
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.clone(), SecretString::from(value.clone())))
        .collect();
    let emptied = |name: &str| request.secrets.get(name).is_some_and(String::is_empty);
    let staying = kept
        .iter()
        .filter(|(name, _)| same_kind && !given.contains_key(*name) && !emptied(name));
    let mut all = given.clone();
    all.extend(staying.map(|(name, secret)| (name.clone(), secret.clone())));
    let destination = channels::destination(kind, &doc.settings, &all);
    // Whoever may change an address does not learn what was given for the old one.
    let moved = before.is_some_and(|before| !same_kind || before.body.destination != destination);
    if moved {
        all.clone_from(&given);
        let needed = kind.fields().iter().filter(|field| field.secret);
        for field in needed.filter(|field| kept.contains_key(field.name) && same_kind) {
            if !given.contains_key(field.name) && !emptied(field.name) {
                must(
                    field.name,
                    "be given anew: what was kept is for another destination".into(),
                );
            }
        }
    }
    let named = |Wrong { field, must }: Wrong| (field, must);
    if wrong.is_empty()
        && let Err(found) = channels::check(kind, &doc.settings, &all)
    {
        wrong.extend(found.into_iter().map(named));
    }
    if !wrong.is_empty() {
        return Err(ChannelError::Invalid(wrong));
    }
    let drop = kept.keys().filter(|name| !all.contains_key(*name));
    Ok(Checked {
        drop: drop.cloned().collect(),
        body: Body::of(doc, destination, all.keys().cloned().collect()),
        keep: given,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use protocol::channels::ChannelDoc;
    use store::StoredChannel;

    use super::*;

    fn request(kind: &str, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> ChannelRequest {
        let map = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            owned.collect::<BTreeMap<_, _>>()
        };
        ChannelRequest {
            doc: ChannelDoc {
                name: "ops".into(),
                kind: kind.into(),
                settings: map(settings),
                enabled: true,
                least: "info".into(),
                only: vec![],
                acknowledged: true,
                resolved: true,
                digest_from: 12,
                title: String::new(),
                text: String::new(),
                on_call_only: false,
            },
            secrets: map(secrets),
        }
    }

    fn fields(result: Result<Checked, ChannelError>) -> Vec<String> {
        match result {
            Err(ChannelError::Invalid(wrong)) => wrong.into_iter().map(|(field, _)| field).collect(),
            Err(other) => panic!("{other}"),
            Ok(_) => vec![],
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut bad = request("slack", &[], &[("url", "https://hooks.example/x")]);
        bad.doc.name = " ".into();
        bad.doc.least = "loud".into();
        bad.doc.digest_from = 1;
        bad.doc.only = vec!["provider".into()];
        assert_eq!(
            fields(checked(&bad, &Secrets::new(), None)),
            ["name", "least", "digest_from", "only"]
        );
        let none = request("pigeon", &[], &[]);
        assert_eq!(fields(checked(&none, &Secrets::new(), None)), ["kind"]);
        let missing = request("slack", &[], &[]);
        assert_eq!(fields(checked(&missing, &Secrets::new(), None)), ["url"]);
        let mut worded = request("slack", &[], &[("url", "https://hooks.example/x")]);
        worded.doc.title = "{titel}".into();
        worded.doc.text = "{summary".into();
        assert_eq!(fields(checked(&worded, &Secrets::new(), None)), ["title", "text"]);
    }

    const SIGNING: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    #[test]
    fn a_secret_stays_unless_its_destination_changes() {
        let first = request(
            "webhook",
            &[],
            &[
                ("url", "https://one.example/hook"),
                ("secret", SIGNING),
                ("authorization", "Bearer x"),
            ],
        );
        let made = checked(&first, &Secrets::new(), None).unwrap();
        assert_eq!(made.keep.len(), 3);
        let stored = StoredChannel {
            id: 1,
            version: 1,
            name: "ops".into(),
            body: serde_json::to_string(&made.body).unwrap(),
            enabled: true,
            trouble: None,
            created: (0, String::new()),
            changed: (0, String::new()),
        };
        let before = Channel::of(stored).unwrap();

        let again = request("webhook", &[], &[]);
        let kept = checked(&again, &made.keep, Some(&before)).unwrap();
        assert_eq!(
            (kept.keep.len(), kept.drop.len(), kept.body.secrets.len()),
            (0, 0, 3)
        );
        let same_host = request("webhook", &[], &[("url", "https://one.example/other")]);
        let kept = checked(&same_host, &made.keep, Some(&before)).unwrap();
        assert_eq!((kept.keep.len(), kept.body.secrets.len()), (1, 3));

        let moved = request("webhook", &[], &[("url", "https://two.example/hook")]);
        assert_eq!(
            fields(checked(&moved, &made.keep, Some(&before))),
            ["secret", "authorization"]
        );
        let anew = request(
            "webhook",
            &[],
            &[
                ("url", "https://two.example/hook"),
                ("secret", SIGNING),
                ("authorization", ""),
            ],
        );
        let dropped = checked(&anew, &made.keep, Some(&before)).unwrap();
        assert_eq!(dropped.drop, ["authorization"]);
        assert_eq!(
            dropped.body.destination.as_deref(),
            Some("https://two.example:443")
        );
    }
}
