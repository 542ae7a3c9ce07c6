//! What makes a request "a browser on this machine, on one of our own pages".
//!
//! The `Host` must be a name of this machine with our port: a foreign name that was pointed at 127.0.0.1 (DNS
//! rebinding) is refused. An `Origin` must be our own: another page may not read from us, nor open a socket. Nothing
//! may have been forwarded: behind a proxy "this machine" means everybody.
//!
//! Both are compared byte by byte with the only values a browser sends for our pages. There is no list of bad values.

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Uri};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Names a browser uses for this machine.
const NAMES: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// How much is asked of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A page or a file: others may link to it.
    Open,
    /// Data: only our own pages, or a program that is no browser.
    Own,
    /// A socket: only our own pages, which always say so.
    Socket,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// The `Host` is none of ours.
    Host,
    /// The `Origin` is none of ours, or is missing where it is needed.
    Origin,
    /// Another site's page asks.
    Site,
    /// A proxy stands in between.
    Forwarded,
}

/// Whether the request is one of a browser on this machine; `port` is the one we listen on.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(headers: &HeaderMap, uri: &Uri, port: u16, need: Need) -> Result<(), Foreign> {
    if was_forwarded(headers) {
        return Err(Foreign::Forwarded);
    }
    let host = only(headers, &HOST).flatten().ok_or(Foreign::Host)?;
    if !is_ours(host, port)
        || uri
            .authority()
            .is_some_and(|authority| authority.as_str() != host)
    {
        return Err(Foreign::Host);
    }
    match only(headers, &ORIGIN) {
        Some(Some(origin)) if origin.strip_prefix("http://") == Some(host) => {}
        None if need != Need::Socket => {}
        _ => return Err(Foreign::Origin),
    }
    if need != Need::Open {
        match only(headers, &SEC_FETCH_SITE) {
            None | Some(Some("same-origin" | "none")) => {}
            Some(_) => return Err(Foreign::Site),
        }
    }
    Ok(())
}

/// Whether the request carries a cookie: then a browser may have sent it without its user's will.
pub fn has_cookie(headers: &HeaderMap) -> bool {
    headers.contains_key(COOKIE)
}

fn was_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "x-real-ip" | "via")
    })
}

/// `None` without the header; `Some(None)` when it is there twice or is not plain text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    Some(if values.next().is_some() {
        None
    } else {
        first.to_str().ok()
    })
}

fn is_ours(host: &str, port: u16) -> bool {
    NAMES.iter().any(|name| match host.strip_prefix(name) {
        Some("") => port == 80,
        Some(rest) => rest
            .strip_prefix(':')
            .is_some_and(|digits| digits == port.to_string()),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ask(pairs: &[(&'static str, &'static str)], need: Need) -> Result<(), Foreign> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check(&headers, &Uri::from_static("/"), 3000, need)
    }

    #[test]
    fn our_own_names_are_let_in() {
        for host in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"] {
            assert_eq!(ask(&[("host", host)], Need::Own), Ok(()), "{host}");
        }
        assert_eq!(
            ask(
                &[("host", "localhost:3000"), ("origin", "http://localhost:3000")],
                Need::Socket
            ),
            Ok(())
        );
    }

    #[test]
    fn other_hosts_are_not() {
        for host in [
            "evil.example:3000",
            "127.0.0.1",
            "127.0.0.1:3001",
            "127.0.0.1:03000",
            "localhost.:3000",
            "LOCALHOST:3000",
            "127.0.0.1:3000.evil.example",
            "user@127.0.0.1:3000",
            "2130706433:3000",
            "0.0.0.0:3000",
            "127.1:3000",
            "",
            "localhost:3000@evil.example",
            "[::ffff:127.0.0.1]:3000",
            "127.0.0.1:3000 ",
        ] {
            assert_eq!(ask(&[("host", host)], Need::Open), Err(Foreign::Host), "{host}");
        }
        assert_eq!(ask(&[], Need::Open), Err(Foreign::Host));
        assert_eq!(
            ask(
                &[("host", "localhost:3000"), ("host", "localhost:3000")],
                Need::Open
            ),
            Err(Foreign::Host)
        );
    }

    #[test]
    fn an_absolute_address_must_name_the_same_host() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("localhost:3000"));
        let check = |uri: &'static str| check(&headers, &Uri::from_static(uri), 3000, Need::Open);
        assert_eq!(check("http://localhost:3000/"), Ok(()));
        assert_eq!(check("http://evil.example/"), Err(Foreign::Host));
    }

    #[test]
    fn a_socket_needs_an_origin_and_a_page_does_not() {
        assert_eq!(
            ask(&[("host", "localhost:3000")], Need::Socket),
            Err(Foreign::Origin)
        );
        assert_eq!(ask(&[("host", "localhost:3000")], Need::Open), Ok(()));
    }

    #[test]
    fn another_sites_page_may_link_but_not_read() {
        for site in ["cross-site", "same-site", "SAME-ORIGIN"] {
            let pairs = [("host", "localhost:3000"), ("sec-fetch-site", site)];
            assert_eq!(ask(&pairs, Need::Open), Ok(()));
            assert_eq!(ask(&pairs, Need::Own), Err(Foreign::Site), "{site}");
        }
        assert_eq!(
            ask(
                &[("host", "localhost:3000"), ("sec-fetch-site", "same-origin")],
                Need::Own
            ),
            Ok(())
        );
    }

    #[test]
    fn behind_a_proxy_nobody_is_on_this_machine() {
        for name in [
            "x-forwarded-for",
            "x-forwarded-host",
            "forwarded",
            "x-real-ip",
            "via",
        ] {
            assert_eq!(
                ask(&[("host", "localhost:3000"), (name, "x")], Need::Open),
                Err(Foreign::Forwarded),
                "{name}"
            );
        }
    }
}
