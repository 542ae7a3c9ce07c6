//! What every channel tells, in words: the heading, what is known, the links, and how urgent it looks.

use jiff::Timestamp;
use url::Url;

use crate::message::{Message, Notice, Severity};
use crate::text::{line_of, lines_of};

/// Labels that are told in another place already.
const TOLD: [&str; 2] = ["rule", "severity"];
/// The most facts of a message, and characters of one.
const MOST_FACTS: usize = 20;
const LONGEST_FACT: usize = 300;
/// Of a name, and of another alert's title.
const LONGEST_NAME: usize = 80;
/// Characters of title and summary. No service takes more.
const LONGEST_TITLE: usize = 1_000;
const LONGEST_SUMMARY: usize = 16_000;
/// Titles of further alerts that are named.
const MOST_GROUPED: usize = 10;
/// A longer address is no link.
const LONGEST_URL: usize = 2_000;

/// How urgent it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Critical,
    Warning,
    Info,
    Taken,
    Over,
}

impl Tone {
    pub fn of(message: &Message) -> Tone {
        match (message.notice, message.severity) {
            (Notice::Resolved, _) => Tone::Over,
            (Notice::Acknowledged, _) => Tone::Taken,
            (_, Severity::Critical) => Tone::Critical,
            (_, Severity::Warning) => Tone::Warning,
            (_, Severity::Info) => Tone::Info,
        }
    }

    /// `#rrggbb`, dark enough for white text.
    pub const fn color(self) -> &'static str {
        match self {
            Tone::Critical => "#c62828",
            Tone::Warning => "#b26a00",
            Tone::Info => "#1d5fd0",
            Tone::Taken => "#5b6370",
            Tone::Over => "#0f7b4f",
        }
    }

    /// The same as a number.
    pub fn rgb(self) -> u32 {
        u32::from_str_radix(self.color().trim_start_matches('#'), 16).unwrap_or(0)
    }
}

/// A message in words. All of it is clean: no control characters, lines only in the summary.
pub(crate) struct Facts {
    pub tone: Tone,
    /// `[simulated] Resolved: Breaker open: claude-sonnet`.
    pub heading: String,
    /// What the heading says before the title, in one word: `critical`, `resolved`.
    pub state: &'static str,
    /// The title alone.
    pub title: String,
    /// May be empty.
    pub summary: String,
    /// Names and values that people read.
    pub list: Vec<(String, String)>,
    /// All there are, for services that keep them.
    pub details: Vec<(String, String)>,
    /// Names and addresses, http(s) only: Acknowledge, Open, Runbook.
    pub links: Vec<(&'static str, String)>,
}

impl Facts {
    pub fn of(message: &Message) -> Facts {
        let own = message.headline.as_deref().map(|own| line_of(own, LONGEST_TITLE));
        let title = match own.filter(|own| !own.is_empty()) {
            Some(own) => own,
            None => match line_of(&message.title, LONGEST_TITLE) {
                empty if empty.is_empty() => "Untitled".to_owned(),
                title => title,
            },
        };
        let details = list(message);
        let summary = message.text.as_deref().unwrap_or(&message.summary);
        let before = match message.notice {
            Notice::Fired => "",
            Notice::Refired => "Again: ",
            Notice::Acknowledged => "Acknowledged: ",
            Notice::Resolved => "Resolved: ",
            Notice::Trouble => "Trouble: ",
            Notice::Test => "Test: ",
        };
        Facts {
            tone: Tone::of(message),
            heading: format!("{}{before}{title}", mark(message)),
            state: message.state(),
            title,
            summary: lines_of(summary, LONGEST_SUMMARY),
            list: match message.text {
                // Own words say what there is to say, but not who did what.
                Some(_) => deeds(message),
                None => details.clone(),
            },
            details,
            links: links(message),
        }
    }

    /// The address of this name.
    pub fn link(&self, name: &str) -> Option<&str> {
        let named = self.links.iter().find(|(other, _)| *other == name);
        named.map(|(_, url)| url.as_str())
    }

    /// All of it as lines, for people who read plain text.
    pub fn plain(&self) -> String {
        let mut text = format!("{}\n", self.heading);
        if !self.summary.is_empty() {
            text.push_str(&format!("\n{}\n", self.summary));
        }
        if !self.list.is_empty() {
            text.push('\n');
        }
        for (name, value) in &self.list {
            text.push_str(&format!("{name}: {value}\n"));
        }
        if !self.links.is_empty() {
            text.push('\n');
        }
        for (name, url) in &self.links {
            text.push_str(&format!("{name}: {url}\n"));
        }
        text
    }

    /// What people see where links are buttons.
    pub fn card(&self) -> String {
        let mut text = format!("{}\n", self.heading);
        if !self.summary.is_empty() {
            text.push_str(&format!("{}\n", self.summary));
        }
        for (name, value) in &self.list {
            text.push_str(&format!("{name}: {value}\n"));
        }
        let buttons: Vec<String> = self.links.iter().map(|(name, _)| format!("[{name}]")).collect();
        text.push_str(&buttons.join(" "));
        text.trim_end().to_owned()
    }
}

/// In front of everything that is no real trouble.
pub(crate) fn mark(message: &Message) -> &'static str {
    if message.simulated { "[simulated] " } else { "" }
}

/// Who did something about it, and what they said.
fn deeds(message: &Message) -> Vec<(String, String)> {
    let by = message.by.as_deref().unwrap_or_default();
    let note = message.note.as_deref().unwrap_or_default();
    let who = match message.notice {
        Notice::Acknowledged => "Acknowledged by",
        Notice::Resolved => "Resolved by",
        _ => "By",
    };
    let said = match message.notice {
        Notice::Resolved if by.is_empty() => "Why",
        _ => "Note",
    };
    let deeds =
        [(who, by), (said, note)].map(|(name, value)| (name.to_owned(), line_of(value, LONGEST_FACT)));
    deeds.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn list(message: &Message) -> Vec<(String, String)> {
    let mut list = deeds(message);
    let mut tell = |name: &str, value: &str| {
        let value = line_of(value, LONGEST_FACT);
        if !value.is_empty() && list.len() < MOST_FACTS {
            list.push((line_of(name, LONGEST_NAME), value));
        }
    };
    tell("Severity", message.severity.as_str());
    tell("Rule", &message.rule);
    let from = if message.since > 0 {
        message.since
    } else {
        message.fired
    };
    match message.notice {
        Notice::Resolved if from > 0 => tell("Lasted", &lasted(message.at.saturating_sub(from))),
        Notice::Test => {}
        _ if from > 0 => tell("Since", &moment(from)),
        _ => {}
    }
    if !message.grouped.is_empty() {
        tell("Also", &grouped(&message.grouped));
    }
    for (name, value) in &message.labels {
        if !TOLD.contains(&name.as_str()) {
            tell(name, value);
        }
    }
    list
}

/// `3 more: a; b; c`.
fn grouped(titles: &[String]) -> String {
    let named: Vec<String> = titles
        .iter()
        .take(MOST_GROUPED)
        .map(|title| line_of(title, LONGEST_NAME))
        .collect();
    let more = if titles.len() > named.len() { "; …" } else { "" };
    format!("{} more: {}{more}", titles.len(), named.join("; "))
}

fn links(message: &Message) -> Vec<(&'static str, String)> {
    let ack = message.ack_link.as_ref().filter(|_| message.notice.calls());
    [
        ("Acknowledge", ack),
        ("Open", message.link.as_ref()),
        ("Runbook", message.runbook.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, url)| Some((name, web_address(url?)?)))
    .collect()
}

/// An http(s) address with nothing in it that ends a link in any of the services' markups.
fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return None;
    }
    let mut out = String::new();
    for c in url.as_str().chars() {
        match c {
            '|' | '(' | ')' | '\'' | '"' | '<' | '>' | '`' | '\\' | '*' | '[' | ']' | '{' | '}' | '^'
                if !in_host(&url, c) =>
            {
                out.push_str(&format!("%{:02X}", c as u32));
            }
            c if c.is_ascii_graphic() => out.push(c),
            _ => return None,
        }
    }
    (out.len() <= LONGEST_URL).then_some(out)
}

/// Brackets stand around addresses of IPv6.
fn in_host(url: &Url, c: char) -> bool {
    url.host_str().is_some_and(|host| host.contains(c))
}

/// `2026-11-20 08:41:07 UTC`.
pub(crate) fn moment(ms: i64) -> String {
    time(ms).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-11-20T08:41:07.123Z`.
pub(crate) fn iso(ms: i64) -> String {
    format!("{:.3}", time(ms))
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A length of time in milliseconds for people: `38 min`, `2 h 5 min`, `3 d 4 h`.
pub fn lasted(ms: i64) -> String {
    let s = ms.max(0) / 1_000;
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} min", s / 60),
        3_600..86_400 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_for_people() {
        assert_eq!(moment(1_763_628_067_123), "2025-11-20 08:41:07 UTC");
        assert_eq!(iso(1_763_628_067_123), "2025-11-20T08:41:07.123Z");
        assert_eq!(iso(i64::MAX), "1970-01-01T00:00:00.000Z");
        let told = [59_999, 60_000, 7_500_000, 273_600_000, -5].map(lasted);
        assert_eq!(told, ["59 s", "1 min", "2 h 5 min", "3 d 4 h", "0 s"]);
    }

    #[test]
    fn links_go_to_the_web_and_end_where_they_end() {
        assert_eq!(
            web_address("https://a.example/x?y=1#z").as_deref(),
            Some("https://a.example/x?y=1#z")
        );
        assert_eq!(
            web_address("https://a.example/(x)|y'<b>").as_deref(),
            Some("https://a.example/%28x%29%7Cy%27%3Cb%3E")
        );
        assert_eq!(
            web_address("http://[::1]:3000/a").as_deref(),
            Some("http://[::1]:3000/a")
        );
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/alerts/1",
            "ftp://a.example",
            "https://",
            "",
        ] {
            assert_eq!(web_address(bad), None, "{bad}");
        }
        assert_eq!(
            web_address(&format!("https://a.example/{}", "x".repeat(2_000))),
            None
        );
    }
}
