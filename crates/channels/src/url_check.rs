//! Addresses that somebody enters: whether they can be meant. Whether they may be talked to is the one door out's to say.

use std::net::Ipv4Addr;

use url::{Host, Url};

/// As long as a request's address may be.
const LONGEST: usize = 2_048;

/// What is wrong with an address, or its reading.
pub(crate) fn read(text: &str) -> Result<Url, &'static str> {
    if text.len() > LONGEST {
        return Err("be at most 2048 characters");
    }
    let url = Url::parse(text).map_err(|_| "be a web address, such as https://example.com/hook")?;
    let host = url
        .host()
        .ok_or("be a web address, such as https://example.com/hook")?;
    match url.scheme() {
        "https" => {}
        "http" if is_near(&host) => {}
        _ => return Err("begin with https://; http:// is only for a network of your own"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("hold no user name or password");
    }
    if url.fragment().is_some() {
        return Err("hold no #");
    }
    if url.as_str().len() > LONGEST {
        return Err("be at most 2048 characters");
    }
    Ok(url)
}

/// `https://host:port`, the port also when it is the usual one.
pub(crate) fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    Some(format!(
        "{}://{}:{}",
        url.scheme(),
        url.host_str()?,
        url.port_or_known_default()?
    ))
}

/// A host of one's own: this machine, private addresses, and names that the public does not have.
fn is_near(host: &Host<&str>) -> bool {
    const ENDINGS: [&str; 7] = [
        ".home.arpa",
        ".internal",
        ".intranet",
        ".lan",
        ".local",
        ".localdomain",
        ".localhost",
    ];
    let near = |address: Ipv4Addr| address.is_loopback() || address.is_private() || address.is_link_local();
    match host {
        Host::Ipv4(address) => near(*address),
        Host::Ipv6(address) => address.is_loopback() || address.is_unique_local(),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            !name.contains('.') || ENDINGS.iter().any(|ending| name.ends_with(ending))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_for_the_public_and_http_for_neighbours() {
        for good in [
            "https://hooks.slack.com/services/T/B/x",
            "https://1.2.3.4/x?y=z",
            "http://localhost:8080/",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080/",
            "http://192.168.1.9/hook",
            "http://n8n:5678/hook",
            "http://ntfy.lan/x",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "hooks.slack.com/x",
            "http://hooks.slack.com/x",
            "http://8.8.8.8/x",
            "ftp://localhost/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://",
            "https://user:pw@example.com/",
            "https://user@example.com/",
            "https://example.com/#x",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("https://example.com/{}", "x".repeat(2_048))).is_err());
    }

    #[test]
    fn an_origin_names_its_port() {
        assert_eq!(
            origin("https://Example.com/x").as_deref(),
            Some("https://example.com:443")
        );
        assert_eq!(origin("http://[::1]:99/x").as_deref(), Some("http://[::1]:99"));
        assert_eq!(origin("nonsense"), None);
    }
}
