//! Where a call goes: scheme, host, port. Read from text once; everything after that uses what was read.

use std::fmt;
use std::net::Ipv6Addr;

use url::{Host, Url};

use crate::allowed::is_host_name;
use crate::error::Refusal;

/// Longer URLs are refused, as they are given and as they would be sent.
pub const LONGEST_URL: usize = 2_048;

/// Where a call goes. Shown as `https://example.com:8443`, or `example.com:25` for a connection without HTTP: the rest
/// of a URL may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) scheme: Option<Scheme>,
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Target {
    /// The host as it is looked up: a name in lower case and ASCII, or an address.
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The port, also when the URL does not say it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Reads a URL. What is not about the host's form is left to [`crate::guard::Guard`].
    pub(crate) fn of_url(url: &Url) -> Result<Target, Refusal> {
        let (scheme, usual_port) = match url.scheme() {
            "https" => (Scheme::Https, 443),
            "http" => (Scheme::Http, 80),
            _ => return Err(Refusal::Scheme),
        };
        Ok(Target {
            scheme: Some(scheme),
            host: url.host().ok_or(Refusal::Host)?.to_owned(),
            port: url.port().unwrap_or(usual_port),
        })
    }

    /// Reads a host as somebody types it into a field of its own: a name, an IPv4 address in any spelling, an IPv6
    /// address with or without brackets.
    pub(crate) fn of_host(text: &str, port: u16) -> Result<Target, Refusal> {
        let host = match text.parse::<Ipv6Addr>() {
            Ok(address) => Host::Ipv6(address),
            // `Host` undoes percent signs; in a field for a host there are none.
            Err(_) if text.contains('%') => return Err(Refusal::Host),
            Err(_) => Host::parse(text).map_err(|_| Refusal::Host)?,
        };
        Ok(Target {
            scheme: None,
            host,
            port,
        })
    }

    /// Whether the host is something that can be looked up or connected to.
    pub(crate) fn check_form(&self) -> Result<(), Refusal> {
        match &self.host {
            Host::Domain(name) if !is_host_name(name) => Err(Refusal::Host),
            _ if self.port == 0 => Err(Refusal::Port),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.scheme, self.port) {
            (Some(Scheme::Https), 443) => write!(f, "https://{}", self.host),
            (Some(Scheme::Http), 80) => write!(f, "http://{}", self.host),
            (Some(Scheme::Https), port) => write!(f, "https://{}:{port}", self.host),
            (Some(Scheme::Http), port) => write!(f, "http://{}:{port}", self.host),
            (None, port) => write!(f, "{}:{port}", self.host),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether characters stand in a target that parsers drop, or read differently from each other.
pub(crate) fn has_odd_characters(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
}

/// Whether a stored target now leads to another scheme, host or port, so that the secret that is stored with it must be
/// dropped: else whoever may edit the target, but not read the secret, would have it sent to a place of their own.
///
/// What cannot be read leads elsewhere. Path and query are not compared.
pub fn changed_target(old_url: &str, new_url: &str) -> bool {
    fn place(text: &str) -> Option<(String, Host<String>, u16)> {
        let url = Url::parse(text).ok()?;
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        Some((url.scheme().to_owned(), host, port))
    }
    match (place(old_url), place(new_url)) {
        (Some(old), Some(new)) => old != new,
        _ => old_url != new_url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Target::of_url(&Url::parse(text).unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_target_is_shown_without_what_may_be_secret() {
        for (url, expected) in [
            ("https://u:p@example.com/T000/s3cret?k=v#f", "https://example.com"),
            ("https://example.com:443/", "https://example.com"),
            ("http://example.com:8080/", "http://example.com:8080"),
            ("http://[::1]:80/", "http://[::1]"),
            ("https://BÜCHER.example:444/", "https://xn--bcher-kva.example:444"),
        ] {
            assert_eq!(shown(url), expected);
        }
        let raw = Target::of_host("MAIL.example", 25).unwrap();
        assert_eq!(format!("{raw} {raw:?}"), "mail.example:25 mail.example:25");
        assert_eq!((raw.host(), raw.port()), ("mail.example".to_owned(), 25));
    }

    #[test]
    fn a_host_in_a_field_of_its_own_is_read_in_every_spelling() {
        for (text, expected) in [
            ("::1", "[::1]:25"),
            ("[::1]", "[::1]:25"),
            ("0x7f.1", "127.0.0.1:25"),
            ("2130706433", "127.0.0.1:25"),
            ("①②⑦.⓪.⓪.①", "127.0.0.1:25"),
            ("127.0.0.1.", "127.0.0.1:25"),
        ] {
            assert_eq!(Target::of_host(text, 25).unwrap().to_string(), expected, "{text}");
        }
        for text in [
            "",
            "::1%lo",
            "fe80::1%25lo",
            "127%2e0.0.1",
            "a@b",
            "a/b",
            "a:25",
            "a#b",
            "1.2.3.4.5",
        ] {
            assert_eq!(Target::of_host(text, 25), Err(Refusal::Host), "{text}");
        }
    }

    #[test]
    fn a_secret_is_dropped_when_scheme_host_or_port_change() {
        let old = "https://hooks.example.com/a";
        for same in [
            "https://hooks.example.com/b?c=d",
            "https://hooks.example.com:443/a",
            "HTTPS://HOOKS.example.com/a",
            "https://ho\u{ad}oks.example.com/a",
        ] {
            assert!(!changed_target(old, same), "{same}");
        }
        for other in [
            "http://hooks.example.com/a",
            "https://hooks.example.com:444/a",
            "https://hooks.example.org/a",
            "https://hooks.example.com./a",
            "https://hooks.example.com@evil.example/a",
            "https://evil.example/https://hooks.example.com/a",
            "https://evil.example\\@hooks.example.com/a",
            "https://hooks.example.com%2eevil.example/a",
            "file:///etc/passwd",
            "",
            "not a url",
        ] {
            assert!(changed_target(old, other), "{other}");
            assert!(changed_target(other, old), "{other}");
        }
    }

    #[test]
    fn targets_that_are_no_urls_are_compared_as_text() {
        assert!(!changed_target("", ""));
        assert!(!changed_target("mail.example:25", "mail.example:25"));
        assert!(changed_target("mail.example:25", "mail.example:26"));
        assert!(
            !changed_target("https://127.0.0.1/", "https://0x7f.1/x"),
            "one place"
        );
    }
}
