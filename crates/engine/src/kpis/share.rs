//! What a share must be like.

use domain::Millis;
use domain::alert::RuleError;
use domain::duty::Zone;
use protocol::Filter;
use protocol::kpis::share::{HIDES, PAGES, ShareDoc};
use protocol::query::{CALL_DIMENSIONS, LABEL};
use store::DocumentKind;

use crate::PageError;
use crate::documents::Document;
use crate::duty::Known;

/// The longest name, in characters.
const MAX_NAME: usize = 80;
/// The longest filter, in characters.
const MAX_FILTER: usize = 1_024;
/// The most pages that may show a share in a frame.
const MAX_ORIGINS: usize = 20;
/// A link counts for at most so long.
pub(super) const MAX_DAYS: i64 = 400;
const DAY: Millis = 86_400_000;

impl Document for ShareDoc {
    const KIND: DocumentKind = DocumentKind::Share;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, _: &Known, _: Option<u64>) -> Result<(), RuleError> {
        plain(self)
    }
}

/// What can be said of a share without looking at the time.
fn plain(doc: &ShareDoc) -> Result<(), RuleError> {
    words(&doc.name, "name", 1, MAX_NAME)?;
    must(PAGES.contains(&doc.page.as_str()), "page", || {
        format!("must be one of {}", PAGES.join(", "))
    })?;
    period(&doc.period)?;
    filter(&doc.filter, "filter")?;
    Zone::new(&doc.zone)?;
    let unknown = doc.hide.iter().find(|what| !HIDES.contains(&what.as_str()));
    must(unknown.is_none(), "hide", || {
        format!("must be among {}", HIDES.join(", "))
    })?;
    let count = doc.embed.len();
    must(count <= MAX_ORIGINS, "embed", || {
        format!("must be at most {MAX_ORIGINS} origins, got {count}")
    })?;
    for (place, origin) in doc.embed.iter().enumerate() {
        must(is_origin(origin), &format!("embed[{place}]"), || {
            "must be an origin such as https://intranet.example: scheme, name and port, no path and no star"
                .into()
        })?;
    }
    Ok(())
}

/// A link has an end, and not one that nobody remembers.
pub(super) fn expiry(doc: &ShareDoc, now: Millis) -> Result<(), RuleError> {
    plain(doc)?;
    let ahead = doc.expires - now;
    must(ahead > 0 && ahead <= MAX_DAYS * DAY, "expires", || {
        format!("must be a moment ahead, at most {MAX_DAYS} days, in epoch milliseconds")
    })?;
    // A link to what can never be shown is none.
    let asked = super::period::read(&doc.period, &Zone::new(&doc.zone)?, now);
    asked.map(drop).map_err(|error| match error {
        PageError::Parameter { reason, .. } => RuleError::new("period", reason),
        other => RuleError::new("period", other.to_string()),
    })
}

/// The periods of the calendar; a range is judged where it is asked for.
fn period(text: &str) -> Result<(), RuleError> {
    let known = ["month", "last-month", "week", "quarter", "year"].contains(&text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-+:./".contains(c);
    let range = (1..=80).contains(&text.len()) && text.contains("..") && text.chars().all(plain);
    must(known || range, "period", || {
        "must be month, last-month, week, quarter, year or a range such as now-30d..now".into()
    })
}

pub(super) fn filter(text: &str, field: &str) -> Result<(), RuleError> {
    must(text.chars().count() <= MAX_FILTER, field, || {
        format!("must have at most {MAX_FILTER} characters")
    })?;
    let parsed = Filter::parse(text, &[CALL_DIMENSIONS, &[LABEL]].concat());
    parsed.map(drop).map_err(|error| {
        let why = error.to_string();
        let why = why.strip_prefix("filter: ").unwrap_or(&why);
        RuleError::new(field, format!("must be a filter such as provider:openai; {why}"))
    })
}

/// What `frame-ancestors` can name: one scheme, one name, perhaps a port. Nothing in it can end the directive.
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest.filter(|_| text.len() <= 255) else {
        return false;
    };
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(plain)
    };
    let is_port = |port: &str| port.len() <= 5 && port.parse::<u16>().is_ok_and(|port| port > 0);
    host.split('.').all(label) && port.is_none_or(is_port)
}

pub(super) fn must(holds: bool, field: &str, what: impl FnOnce() -> String) -> Result<(), RuleError> {
    match holds {
        true => Ok(()),
        false => Err(RuleError::new(field, what())),
    }
}

/// One line of text.
pub(super) fn words(text: &str, field: &str, least: usize, most: usize) -> Result<(), RuleError> {
    let count = text.chars().count();
    let blank = least > 0 && text.trim() != text;
    must((least..=most).contains(&count) && !blank, field, || {
        format!("must have {least} to {most} characters and no blank at its ends, got {count}")
    })?;
    must(!text.chars().any(char::is_control), field, || {
        "must have no control characters".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_origins_and_nothing_else() {
        for good in [
            "https://intranet.example",
            "http://localhost:8080",
            "https://a-b.c1.example:8443",
            "http://127.0.0.1:3000",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "https://",
            "https://*.example",
            "https://a.example/",
            "https://a.example/path",
            "https://a.example; script-src *",
            "https://a.example 'self'",
            "https://A.example",
            "ftp://a.example",
            "https://a..example",
            "https://a.example:0",
            "https://a.example:port",
            "https://user@a.example",
            "data:",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn periods_are_known_words_or_ranges() {
        for good in ["month", "last-month", "week", "now-30d..now", "now-1M/M..now"] {
            assert!(period(good).is_ok(), "{good}");
        }
        for bad in ["", "always", "now-30d\n", "now <b>"] {
            assert!(period(bad).is_err(), "{bad}");
        }
    }
}
