//! What makes a request one of a browser on one of our own pages, and where it comes from.
//!
//! The `Host` must be ours: a name of this machine with our port, or that of `server.external_url`. A foreign name that
//! was pointed at our address (DNS rebinding) is refused. An `Origin` must be the very address that the `Host` names:
//! another page may not read from us, write to us, nor open a socket. Both are compared byte by byte with the only values
//! that a browser sends for our pages. There is no list of bad values.
//!
//! Behind a proxy "this machine" means everybody: once something says that it was forwarded, the names of this machine
//! count no more, and without `server.external_url` nothing is served. Whom it was forwarded for is believed of
//! `server.trusted_proxies` only.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use ipnet::IpNet;

use super::External;
use crate::auth::CookieKind;
use crate::base::Base;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Names a browser uses for this machine.
const NAMES: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// How much is asked of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A page or a file: others may link to it.
    Open,
    /// Data: only our own pages, or a program that is no browser.
    Own,
    /// A change: only our own pages, which always say so.
    Change,
    /// A socket: only our own pages, which always name their origin.
    Socket,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// The `Host` is none of ours.
    Host,
    /// The `Origin` is none of ours, or is missing where it is needed.
    Origin,
    /// Another site's page asks.
    Site,
    /// A proxy stands in between, and nobody said under which address. What it says the address is.
    Forwarded(Option<String>),
}

/// Where a browser sees us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// `https://board.example`, without a path.
    pub origin: String,
    /// How its session is kept.
    pub cookie: CookieKind,
    /// Whether somebody may sign in here: https, or this machine.
    pub may_sign_in: bool,
}

/// The addresses under which we are known.
#[derive(Debug, Clone)]
pub struct Origins {
    /// The port we listen on.
    port: u16,
    /// Whether we speak TLS ourselves.
    tls: bool,
    /// Where browsers see us, when it is not this machine: scheme and authority.
    external: Option<External>,
    /// Who may say whom a request is forwarded for.
    proxies: Vec<IpNet>,
    /// Signing in over http from elsewhere is allowed on purpose.
    insecure: bool,
}

impl Origins {
    /// Those of a server that listens on `port`.
    pub fn new(
        port: u16,
        tls: bool,
        external: Option<External>,
        proxies: Vec<IpNet>,
        insecure: bool,
    ) -> Origins {
        Origins {
            port,
            tls,
            external,
            proxies,
            insecure,
        }
    }

    /// Where the browser sees us, when the request is one of a browser on our own pages.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, headers: &HeaderMap, uri: &Uri, need: Need) -> Result<Via, Foreign> {
        let forwarded = was_forwarded(headers);
        if forwarded && self.external.is_none() {
            return Err(Foreign::Forwarded(told_host(headers)));
        }
        let host = only(headers, &HOST).flatten().ok_or(Foreign::Host)?;
        let other = uri
            .authority()
            .is_some_and(|authority| authority.as_str() != host);
        if other {
            return Err(Foreign::Host);
        }
        let via = self.via(host, forwarded).ok_or(Foreign::Host)?;
        match only(headers, &ORIGIN) {
            Some(Some(origin)) if origin == via.origin => {}
            None if need != Need::Socket => {}
            _ => return Err(Foreign::Origin),
        }
        let site = only(headers, &SEC_FETCH_SITE);
        if need != Need::Open {
            match site {
                None | Some(Some("same-origin" | "none")) => {}
                Some(_) => return Err(Foreign::Site),
            }
        }
        if need == Need::Change && site.is_none() && only(headers, &ORIGIN).is_none() {
            // A browser says one or the other with every change.
            return Err(Foreign::Origin);
        }
        Ok(via)
    }

    /// What a host names, if it is ours.
    fn via(&self, host: &str, forwarded: bool) -> Option<Via> {
        let external = self.external.as_ref().filter(|own| own.authority == host);
        if let Some(external) = external {
            let cookie = match external.https {
                true => CookieKind::secure(&external.base),
                false => CookieKind::Plain(self.port),
            };
            return Some(Via {
                origin: external.origin(),
                cookie,
                may_sign_in: external.https || self.insecure || is_loopback(host),
            });
        }
        if forwarded || !is_own_name(host, self.port, self.tls) {
            return None;
        }
        Some(if self.tls {
            Via {
                origin: format!("https://{host}"),
                cookie: CookieKind::Secure,
                may_sign_in: true,
            }
        } else {
            Via {
                origin: format!("http://{host}"),
                cookie: CookieKind::Plain(self.port),
                may_sign_in: true,
            }
        })
    }

    /// The address to tell people who are not here yet: `server.external_url`, or where we listen.
    pub fn told(&self, address: SocketAddr) -> String {
        External::told(self.external.as_ref(), self.tls, address)
    }

    /// Whether browsers are to be told never to come over http again. Not when they know us by a name of this machine: they
    /// would hold it against all other ports of it, where other programs speak http.
    pub fn https_only(&self, headers: &HeaderMap) -> bool {
        let https = self.tls || self.external.as_ref().is_some_and(|external| external.https);
        let host = only(headers, &HOST).flatten();
        https && host.is_some_and(|host| !is_loopback(host))
    }

    /// Where the request comes from: the other end of the connection, or, if that is a trusted proxy, whom it says it
    /// forwards for. Of several the last that is not a trusted proxy itself.
    pub fn client(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
        let trusted = |address: &IpAddr| {
            let address = address.to_canonical();
            self.proxies.iter().any(|proxies| proxies.contains(&address))
        };
        let mut client = peer?;
        if !trusted(&client) {
            return Some(client);
        }
        let told: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        for text in told.into_iter().rev() {
            let Ok(address) = text.parse::<IpAddr>() else {
                // What stands before something unreadable cannot be believed.
                return Some(client);
            };
            client = address;
            if !trusted(&client) {
                break;
            }
        }
        Some(client)
    }
}

/// Whether a request with this method may change something.
pub fn changes(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

/// Whether the request carries a cookie: then a browser may have sent it without its user's will.
pub fn has_cookie(headers: &HeaderMap) -> bool {
    headers.contains_key(COOKIE)
}

/// Whether the request says that a browser sends it for some page.
pub fn by_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE)
}

fn was_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "x-real-ip" | "via")
    })
}

/// The address that a proxy says it was asked for, for telling whoever sets it up.
fn told_host(headers: &HeaderMap) -> Option<String> {
    let text = |name: &'static str| {
        let value = headers.get(name)?.to_str().ok()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte);
        (value.len() <= 255 && !value.is_empty() && value.bytes().all(plain)).then(|| value.to_owned())
    };
    let host = text("x-forwarded-host")?;
    let scheme = text("x-forwarded-proto").filter(|scheme| scheme == "http" || scheme == "https");
    let scheme = scheme.unwrap_or_else(|| "https".into());
    // What a proxy took off before it passed the request on.
    let prefix = headers
        .get("x-forwarded-prefix")
        .and_then(|value| value.to_str().ok());
    let base = prefix
        .and_then(|prefix| Base::parse(prefix).ok())
        .unwrap_or_default();
    Some(format!("{scheme}://{host}{}", base.as_str()))
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

fn is_own_name(host: &str, port: u16, tls: bool) -> bool {
    let default = if tls { 443 } else { 80 };
    NAMES.iter().any(|name| match host.strip_prefix(name) {
        Some("") => port == default,
        Some(rest) => rest
            .strip_prefix(':')
            .is_some_and(|digits| digits == port.to_string()),
        None => false,
    })
}

fn is_loopback(host: &str) -> bool {
    NAMES.iter().any(|name| {
        let rest = host.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
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
        here().check(&headers, &Uri::from_static("/"), need).map(drop)
    }

    fn here() -> Origins {
        Origins::new(3000, false, None, Vec::new(), false)
    }

    fn behind(proxies: &[&str]) -> Origins {
        let proxies = proxies.iter().map(|range| range.parse().unwrap()).collect();
        let external = External::parse("https://board.example").unwrap();
        Origins::new(3000, false, Some(external), proxies, false)
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
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
        let check = |uri: &'static str| here().check(&headers, &Uri::from_static(uri), Need::Open);
        assert!(check("http://localhost:3000/").is_ok());
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
            let refused = ask(&[("host", "localhost:3000"), (name, "x")], Need::Open);
            assert!(
                matches!(refused, Err(Foreign::Forwarded(_))),
                "{name}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_change_says_where_it_comes_from() {
        let host = ("host", "localhost:3000");
        assert_eq!(ask(&[host], Need::Change), Err(Foreign::Origin));
        assert_eq!(
            ask(&[host, ("origin", "http://localhost:3000")], Need::Change),
            Ok(())
        );
        assert_eq!(
            ask(&[host, ("sec-fetch-site", "same-origin")], Need::Change),
            Ok(())
        );
        assert_eq!(
            ask(&[host, ("sec-fetch-site", "cross-site")], Need::Change),
            Err(Foreign::Site)
        );
        assert_eq!(
            ask(&[host, ("origin", "null")], Need::Change),
            Err(Foreign::Origin)
        );
    }

    #[test]
    fn behind_a_proxy_only_the_external_address_counts() {
        let told = ("x-forwarded-for", "203.0.113.9");
        let ask = |pairs: &[_]| {
            let found = behind(&[]).check(&headers(pairs), &Uri::from_static("/"), Need::Own);
            found.map(|via| (via.origin, via.cookie))
        };
        let there = Ok(("https://board.example".to_owned(), CookieKind::Secure));
        assert_eq!(ask(&[("host", "board.example"), told]), there);
        assert_eq!(ask(&[("host", "board.example")]), there);
        assert_eq!(ask(&[("host", "localhost:3000"), told]), Err(Foreign::Host));
        assert_eq!(ask(&[("host", "board.example:443"), told]), Err(Foreign::Host));
        assert_eq!(
            ask(&[("host", "board.example"), ("origin", "http://board.example")]),
            Err(Foreign::Origin)
        );
        let here = Ok(("http://localhost:3000".to_owned(), CookieKind::Plain(3000)));
        assert_eq!(
            ask(&[("host", "localhost:3000")]),
            here,
            "an operator on the machine itself"
        );
    }

    #[test]
    fn whoever_sets_a_proxy_up_is_told_the_address() {
        let pairs = [
            ("host", "localhost:3000"),
            ("x-forwarded-host", "board.example"),
            ("x-forwarded-proto", "https"),
        ];
        let refused = here().check(&headers(&pairs), &Uri::from_static("/"), Need::Open);
        assert_eq!(
            refused,
            Err(Foreign::Forwarded(Some("https://board.example".into())))
        );
        let below = [&pairs[..], &[("x-forwarded-prefix", "/fuseboard/")]].concat();
        let refused = here().check(&headers(&below), &Uri::from_static("/"), Need::Open);
        let told = "https://board.example/fuseboard".to_owned();
        assert_eq!(refused, Err(Foreign::Forwarded(Some(told))));
        let pairs = [("host", "localhost:3000"), ("x-forwarded-host", "<script>")];
        let refused = here().check(&headers(&pairs), &Uri::from_static("/"), Need::Open);
        assert_eq!(refused, Err(Foreign::Forwarded(None)));
    }

    #[test]
    fn http_from_elsewhere_is_for_looking_only_unless_allowed() {
        let external = External::parse("http://10.0.0.5:3000").unwrap();
        for insecure in [false, true] {
            let origins = Origins::new(3000, false, Some(external.clone()), Vec::new(), insecure);
            let via = origins.check(
                &headers(&[("host", "10.0.0.5:3000")]),
                &Uri::from_static("/"),
                Need::Open,
            );
            assert_eq!(via.unwrap().may_sign_in, insecure);
        }
    }

    #[test]
    fn only_trusted_proxies_say_who_asks() {
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let client = |proxies: &[&str], peer: &str, told: &'static str| {
            behind(proxies).client(&headers(&[("x-forwarded-for", told)]), address(peer))
        };
        let trusted = ["10.0.0.0/8"];
        assert_eq!(client(&[], "10.0.0.1", "203.0.113.9"), address("10.0.0.1"));
        assert_eq!(client(&trusted, "192.0.2.1", "203.0.113.9"), address("192.0.2.1"));
        assert_eq!(
            client(&trusted, "10.0.0.1", "203.0.113.9"),
            address("203.0.113.9")
        );
        assert_eq!(
            client(&trusted, "::ffff:10.0.0.1", "203.0.113.9"),
            address("203.0.113.9")
        );
        assert_eq!(
            client(&trusted, "10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2"),
            address("203.0.113.9"),
            "what the client itself wrote comes first and is not believed"
        );
        assert_eq!(
            client(&trusted, "10.0.0.1", "203.0.113.9, nonsense"),
            address("10.0.0.1")
        );
        assert_eq!(client(&trusted, "10.0.0.1", ""), address("10.0.0.1"));
    }

    #[test]
    fn only_names_of_elsewhere_are_https_for_good() {
        let tls = Origins::new(3000, true, None, Vec::new(), false);
        for (origins, host, told) in [
            (&tls, "board.example:3000", true),
            (&tls, "10.0.0.5:3000", true),
            (&tls, "localhost:3000", false),
            (&tls, "127.0.0.1:3000", false),
            (&tls, "[::1]", false),
            (&behind(&[]), "board.example", true),
            (&behind(&[]), "localhost:3000", false),
            (&here(), "board.example", false),
        ] {
            assert_eq!(origins.https_only(&headers(&[("host", host)])), told, "{host}");
        }
        assert!(!tls.https_only(&HeaderMap::new()));
    }

    #[test]
    fn with_tls_the_page_is_https() {
        let tls = Origins::new(3000, true, None, Vec::new(), false);
        let ask = |origin: &'static str| {
            let pairs = [("host", "localhost:3000"), ("origin", origin)];
            tls.check(&headers(&pairs), &Uri::from_static("/"), Need::Socket)
        };
        let via = ask("https://localhost:3000").unwrap();
        assert_eq!((via.cookie, via.may_sign_in), (CookieKind::Secure, true));
        assert_eq!(ask("http://localhost:3000"), Err(Foreign::Origin));
    }
}
