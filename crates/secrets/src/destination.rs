//! Where a secret may be sent to.

use std::fmt;

use url::Url;

/// Scheme, host and port. A secret that was given for one is never sent to another: whoever may change an address must
/// not thereby learn what was given for the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(String);

impl Destination {
    /// The destination of a URL; `None` when it has no host or no known port.
    pub fn of(url: &Url) -> Option<Destination> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then(|| Destination(format!("{}://{host}:{port}", url.scheme())))
    }

    /// Of something that has no URL, such as a mail server: `smtp`, `mail.example.com`, 587.
    pub fn at(scheme: &str, host: &str, port: u16) -> Option<Destination> {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        (plain(scheme) && plain(&host)).then(|| Destination(format!("{scheme}://{host}:{port}")))
    }

    /// As stored: `https://hooks.example.com:443`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        Destination::of(&Url::parse(text).unwrap()).map(|destination| destination.0)
    }

    #[test]
    fn what_differs_in_the_path_only_is_the_same_destination() {
        let all = [
            "https://hooks.example.com/a/b?c=d",
            "https://HOOKS.example.com:443/",
            "https://me:secret@hooks.example.com./z#f",
        ];
        for url in all {
            assert_eq!(of(url).as_deref(), Some("https://hooks.example.com:443"), "{url}");
        }
        let others = [
            "http://hooks.example.com/a",
            "https://hooks.example.com:8443/a",
            "https://hooks.example.org/a",
            "https://a.hooks.example.com/a",
        ];
        for url in others {
            assert_ne!(of(url).as_deref(), Some("https://hooks.example.com:443"), "{url}");
        }
        assert_eq!(
            of("https://[2001:db8::7]/").as_deref(),
            Some("https://[2001:db8::7]:443")
        );
        assert_eq!(of("data:text/plain,x"), None);
    }

    #[test]
    fn what_has_no_url_has_a_destination_too() {
        let at = |scheme, host, port| Destination::at(scheme, host, port).map(|at| at.0);
        assert_eq!(
            at("smtp", "Mail.Example.com.", 587).as_deref(),
            Some("smtp://mail.example.com:587")
        );
        for (scheme, host) in [("", "a"), ("smtp", ""), ("smtp", "a b"), ("smtp", "a/b")] {
            assert_eq!(at(scheme, host, 1), None, "{scheme} {host}");
        }
    }
}
