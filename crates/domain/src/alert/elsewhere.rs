//! Alerts that others have found: Prometheus, an Alertmanager, Grafana. They have no rule here; what raises, extends and
//! ends them is what is sent.
//!
//! Who sends decides that people shall hear of it, so such an alert is put into the incident that explains it, and told
//! all the same: only [`Silence`](super::Silence)s and people hold it back.
//!
//! Deliberately absent: the formats in which they come (the server reads those).

use super::error::{RuleError, must, text};
use super::{Labels, MINUTE, Part, SEVERITY_LABEL, Severity, fingerprint};
use crate::Millis;

/// What is sent without an end is over when it is not sent again within so long. So much is also what a sender has after a
/// start of ours, whose memory of the newest sending ended with the process before.
pub const SENT_LASTS: Millis = 5 * MINUTE;
/// The most alerts from elsewhere that are open at a time; the rest is for the rules.
pub const MAX_ELSEWHERE: usize = super::MAX_OPEN - 1_000;
/// The most alerts from elsewhere that are raised in a minute: each is stored for long, and may be told.
pub const MAX_RAISED: usize = 2_000;
/// The label that others know an alert by.
pub const NAME_LABEL: &str = "alertname";

/// The most labels.
const MAX_LABELS: usize = 64;
/// The most annotations.
const MAX_ANNOTATIONS: usize = 32;
/// The longest name of a label, in characters.
const MAX_NAME: usize = 128;
/// The longest value of a label, in characters.
const MAX_VALUE: usize = 1_024;
/// Of a longer annotation the beginning is kept: nobody's prose keeps an alert out.
const MAX_ANNOTATION: usize = 2_048;
/// The most bytes of all labels, and of all annotations, their names included.
const MAX_BYTES: usize = 8_192;
/// The annotations that are read here. When not all have room, these are kept first.
const READ: [&str; 5] = ["summary", "message", "description", "runbook_url", "runbook"];
/// The sign that something was cut.
const CUT: char = '…';
/// The longest summary, in characters.
const MAX_SUMMARY: usize = 1_024;
/// The longest address.
const MAX_LINK: usize = 2_048;

/// Who found an alert. The order is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A rule of ours.
    Rule,
    /// Whoever speaks the Alertmanager's API: Prometheus, `amtool`.
    Prometheus,
    /// An Alertmanager, by its webhook.
    Alertmanager,
    /// Grafana, by its webhook.
    Grafana,
}

impl Source {
    /// All of them.
    pub const ALL: [Source; 4] = [
        Source::Rule,
        Source::Prometheus,
        Source::Alertmanager,
        Source::Grafana,
    ];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Rule => "rule",
            Source::Prometheus => "prometheus",
            Source::Alertmanager => "alertmanager",
            Source::Grafana => "grafana",
        }
    }

    /// The source of this name.
    pub fn parse(name: &str) -> Option<Source> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

/// What is kept of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who sent it; never a rule.
    pub source: Source,
    /// Where it was found, http(s).
    pub link: Option<String>,
    /// As they were sent.
    pub annotations: Labels,
    /// It is over then, unless it is sent again; `None` until its sender says that it is over.
    pub ends: Option<Millis>,
}

/// An alert as it was sent, made tidy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it is known by, together with the source.
    pub labels: Labels,
    /// Since when it is bad, as its sender says.
    pub since: Option<Millis>,
    /// What is kept of it. An `ends` that has passed says that it is over.
    pub origin: Origin,
}

impl Sent {
    /// Makes what was sent tidy: labels without a value are none, an address that no browser should be led to is none.
    ///
    /// # Errors
    /// Names the first field that is beyond its limit. Its labels are an alert's identity, so nothing of them is cut.
    pub fn new(
        source: Source,
        (mut labels, annotations): (Labels, Labels),
        (since, ends): (Option<Millis>, Option<Millis>),
        link: &str,
    ) -> Result<Sent, RuleError> {
        labels.retain(|_, value| !value.is_empty());
        let count = labels.len();
        must((1..=MAX_LABELS).contains(&count), "labels", || {
            format!("must be 1 to {MAX_LABELS}, got {count}")
        })?;
        for (name, value) in &labels {
            text(name, "labels", 1, MAX_NAME)?;
            text(value, &["labels.", name].concat(), 1, MAX_VALUE)?;
        }
        let bytes: usize = labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        must(bytes <= MAX_BYTES, "labels", || {
            format!("must have at most {MAX_BYTES} bytes together, got {bytes}")
        })?;
        let count = annotations.len();
        must(count <= MAX_ANNOTATIONS, "annotations", || {
            format!("must be at most {MAX_ANNOTATIONS}, got {count}")
        })?;
        for name in annotations.keys() {
            text(name, "annotations", 1, MAX_NAME)?;
        }
        Ok(Sent {
            labels,
            since,
            origin: Origin {
                source,
                link: web(link),
                annotations: tidy(annotations),
                ends,
            },
        })
    }

    /// What it is known by for ever: no rule has such a number.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(u64::MAX - self.origin.source as u64, &self.labels)
    }

    /// Whether its sender says that it is over.
    pub fn is_over(&self, now: Millis) -> bool {
        self.origin.ends.is_some_and(|ends| ends <= now)
    }

    /// What others call it.
    pub fn name(&self) -> String {
        let name = self.labels.get(NAME_LABEL).map_or("Alert", String::as_str);
        cut(name, MAX_NAME)
    }

    /// From its label. Whoever does not say how urgent it is means it: such an alert is no mere note.
    pub fn severity(&self) -> Severity {
        let Some(word) = self.labels.get(SEVERITY_LABEL) else {
            return Severity::Warning;
        };
        match word.to_lowercase().as_str() {
            "critical" | "page" | "emergency" | "fatal" => Severity::Critical,
            "warning" | "warn" | "error" | "high" | "major" => Severity::Warning,
            _ => Severity::Info,
        }
    }

    /// What was found, in its sender's words.
    pub fn summary(&self) -> String {
        cut(self.said(&["summary", "message", "description"]), MAX_SUMMARY)
    }

    /// What to do.
    pub fn runbook(&self) -> Option<String> {
        web(self.said(&["runbook_url", "runbook"]))
    }

    /// An open breaker explains what names its provider, and nothing else of what others find.
    pub fn part(&self) -> Part {
        match self.labels.contains_key("provider") {
            true => Part::Symptom,
            false => Part::Alone,
        }
    }

    fn said(&self, names: &[&str]) -> &str {
        let mut found = names.iter().filter_map(|name| self.origin.annotations.get(*name));
        found
            .find(|text| !text.trim().is_empty())
            .map_or("", |text| text.trim())
    }
}

/// An address that a browser may be led to.
fn web(link: &str) -> Option<String> {
    let web = link.starts_with("https://") || link.starts_with("http://");
    let plain = !link.chars().any(|c| c.is_whitespace() || c.is_control());
    (web && plain && link.len() <= MAX_LINK).then(|| link.to_owned())
}

fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c.is_control() && !matches!(c, '\n' | '\t') {
            true => '\u{fffd}',
            false => c,
        })
        .collect()
}

/// Annotations that can be shown, cut where they are too long, and where all of them together are. What is read here finds
/// room before what is not; what finds none is left out.
fn tidy(annotations: Labels) -> Labels {
    let mut all: Vec<(String, String)> = annotations.into_iter().collect();
    all.sort_by_key(|(name, _)| {
        READ.iter()
            .position(|read| *read == name.as_str())
            .unwrap_or(READ.len())
    });
    let mut left = MAX_BYTES;
    let mut kept = Labels::new();
    for (name, value) in all {
        let Some(room) = left.checked_sub(name.len()) else {
            continue;
        };
        let value = fit(cut(&printable(&value), MAX_ANNOTATION), room);
        left = room - value.len();
        kept.insert(name, value);
    }
    kept
}

/// The beginning of a text that has too many bytes, and a sign that it is, if there is room for one.
fn fit(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let Some(room) = most.checked_sub(CUT.len_utf8()) else {
        return String::new();
    };
    let mut kept = String::with_capacity(most);
    for c in text.chars() {
        if kept.len() + c.len_utf8() > room {
            break;
        }
        kept.push(c);
    }
    kept.push(CUT);
    kept
}

/// The beginning of a text that is too long, and a sign that it is.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain([CUT]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
    }

    fn sent(labels: &[(&str, &str)], annotations: &[(&str, &str)], link: &str) -> Result<Sent, RuleError> {
        let texts = (pairs(labels), pairs(annotations));
        Sent::new(Source::Grafana, texts, (None, None), link)
    }

    #[test]
    fn the_label_says_how_urgent_it_is() {
        let of = |severity: &str| {
            sent(&[("a", "b"), ("severity", severity)], &[], "")
                .unwrap()
                .severity()
        };
        for (word, severity) in [
            ("critical", Severity::Critical),
            ("Page", Severity::Critical),
            ("warning", Severity::Warning),
            ("info", Severity::Info),
            ("none", Severity::Info),
            ("", Severity::Warning),
        ] {
            assert_eq!(of(word), severity, "{word}");
        }
    }

    #[test]
    fn its_labels_and_its_source_are_its_identity() {
        let one = sent(&[("alertname", "Slow"), ("empty", "")], &[("summary", "a")], "").unwrap();
        let again = sent(&[("alertname", "Slow")], &[("summary", "b")], "http://g/").unwrap();
        assert_eq!(one.fingerprint(), again.fingerprint());
        let other = Sent {
            origin: Origin {
                source: Source::Prometheus,
                ..one.origin.clone()
            },
            ..one.clone()
        };
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_eq!(one.name(), "Slow");
    }

    #[test]
    fn no_browser_is_led_to_what_is_no_web_address() {
        for (link, kept) in [
            ("https://g/x?y=1", true),
            ("http://prom:9090/graph", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("http://a b", false),
            ("", false),
        ] {
            let sent = sent(&[("a", "b")], &[("runbook_url", link)], link).unwrap();
            assert_eq!(sent.origin.link.is_some(), kept, "{link}");
            assert_eq!(sent.runbook().is_some(), kept, "{link}");
        }
        assert_eq!(web(&["http://", &"x".repeat(MAX_LINK)].concat()), None);
    }

    #[test]
    fn all_of_them_together_have_a_limit_too() {
        let value = "x".repeat(MAX_VALUE);
        let of = |count: usize| {
            let names: Vec<String> = (0..count).map(|n| format!("l{n}")).collect();
            let labels: Vec<(&str, &str)> =
                names.iter().map(|name| (name.as_str(), value.as_str())).collect();
            sent(&labels, &[], "")
        };
        assert!(of(7).is_ok());
        assert_eq!(
            of(8).unwrap_err().to_string(),
            "labels: must have at most 8192 bytes together, got 8208"
        );
        // Two bytes each: 4 KiB of one annotation.
        let long = "ä".repeat(MAX_ANNOTATION);
        let many = [
            ("a", &*long),
            ("b", &*long),
            ("c", "c"),
            ("summary", "it is slow"),
        ];
        let kept = sent(&[("a", "b")], &many, "").unwrap().origin.annotations;
        let bytes: usize = kept.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(bytes <= MAX_BYTES, "{bytes}");
        assert_eq!(kept["summary"], "it is slow", "it is read here");
        assert_eq!(kept["a"], long);
        assert!(kept["b"].ends_with("ä…"), "{}", kept["b"]);
        assert_eq!(fit("äää".into(), 5), "ä…");
        assert_eq!(fit("äää".into(), 2), "");
        assert_eq!(fit("äää".into(), 6), "äää");
    }

    #[test]
    fn limits_name_the_field() {
        let long = "x".repeat(MAX_VALUE + 1);
        let many: Vec<(String, String)> = (0..=MAX_LABELS).map(|n| (format!("l{n}"), "x".into())).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let cases: [(&[(&str, &str)], &str); 4] = [
            (&[], "labels: must be 1 to 64, got 0"),
            (&many, "labels: must be 1 to 64, got 65"),
            (
                &[("team", long.as_str())],
                "labels.team: must have 1 to 1024 characters, got 1025",
            ),
            (&[("te\u{1}am", "x")], "labels: must have no control characters"),
        ];
        for (labels, must) in cases {
            assert_eq!(sent(labels, &[], "").unwrap_err().to_string(), must);
        }
        let long = "y".repeat(MAX_ANNOTATION + 1);
        let sent = sent(&[("a", "b")], &[("description", &long)], "").unwrap();
        assert_eq!(
            sent.origin.annotations["description"].chars().count(),
            MAX_ANNOTATION,
            "prose is cut, and the alert is kept"
        );
        assert_eq!(sent.summary().chars().count(), MAX_SUMMARY);
    }
}
