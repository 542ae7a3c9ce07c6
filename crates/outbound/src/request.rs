//! What is sent. Everything is given as text, because that is what settings are, and judged when it is sent.

use std::fmt;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, REFERER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};

use crate::error::Refusal;

/// Headers of a request; more are refused.
pub const MOST_HEADERS: usize = 32;
/// Bytes of names and values of a request's headers together; more are refused.
pub const MOST_HEADER_BYTES: usize = 16 * 1024;
/// Bytes of a request's body; more are refused.
pub const MOST_BODY: usize = 1024 * 1024;

/// Methods that are sent. CONNECT would ask for a tunnel; TRACE gives headers back.
const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Headers that the client decides about: how the message is framed, whom it is for, what may come back.
const KEPT: [HeaderName; 14] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    COOKIE,
    EXPECT,
    HOST,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    REFERER,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    USER_AGENT,
];

/// Names of the same sort that have no constant.
const KEPT_BY_NAME: [&str; 3] = ["keep-alive", "proxy-connection", "http2-settings"];

/// A request to be sent by [`crate::Outbound::send`].
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

impl Request {
    /// Any method, without a body.
    pub fn new(method: &str, url: &str) -> Request {
        Request {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// Asks for what is there.
    pub fn get(url: &str) -> Request {
        Request::new("GET", url)
    }

    /// Sends a body. Its type is given as a header.
    pub fn post(url: &str, body: impl Into<Bytes>) -> Request {
        Request::new("POST", url).body(body)
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Request {
        self.body = body.into();
        self
    }

    /// With one more header. Every value is treated as a secret.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Method, headers and body, when they may be sent.
    pub(crate) fn judged(&self) -> Result<(Method, HeaderMap, Bytes), Refusal> {
        let method = METHODS
            .into_iter()
            .find(|method| method.as_str() == self.method)
            .ok_or(Refusal::Method)?;
        let bytes: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if self.headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
            return Err(Refusal::Headers);
        }
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Refusal::HeaderName)?;
            let told = name.as_str();
            if KEPT.contains(&name) || KEPT_BY_NAME.contains(&told) {
                return Err(Refusal::HeaderKept { name: told.into() });
            }
            let mut value =
                HeaderValue::from_bytes(value).map_err(|_| Refusal::HeaderValue { name: told.into() })?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        if self.body.len() > MOST_BODY {
            return Err(Refusal::Body);
        }
        Ok((method, headers, self.body.clone()))
    }
}

/// Without URL, values and body: each may hold a secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(request: Request) -> Refusal {
        request.judged().unwrap_err()
    }

    fn get() -> Request {
        Request::get("https://example.com/")
    }

    #[test]
    fn an_ordinary_request_is_sent_as_it_is() {
        let (method, headers, body) = Request::post("https://example.com/", "{}")
            .header("Content-Type", "application/json")
            .header("X-Twice", "1")
            .header("x-twice", "2")
            .judged()
            .unwrap();
        assert_eq!((method, &body[..]), (Method::POST, &b"{}"[..]));
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers.get_all("x-twice").iter().count(), 2);
        assert!(headers.values().all(HeaderValue::is_sensitive));
    }

    #[test]
    fn methods_are_those_six_as_they_are_written() {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            Request::new(method, "").judged().unwrap();
        }
        for method in [
            "",
            "get",
            "CONNECT",
            "TRACE",
            "OPTIONS",
            "GET ",
            "GET / HTTP/1.1\r\nX: y\r\n\r\nGET",
            "GET\n",
        ] {
            assert_eq!(refused(Request::new(method, "")), Refusal::Method, "{method:?}");
        }
    }

    #[test]
    fn headers_cannot_break_out_of_their_line() {
        for name in ["", "a b", "a:b", "a\r\nb", "x\n", "é", "a\0"] {
            assert_eq!(refused(get().header(name, "v")), Refusal::HeaderName, "{name:?}");
        }
        for value in ["a\r\nX: y", "a\n", "\r", "a\0b", "a\u{7f}"] {
            let name = "x-a".to_owned();
            assert_eq!(
                refused(get().header("X-A", value)),
                Refusal::HeaderValue { name },
                "{value:?}"
            );
        }
        get().header("X-A", "Zoë").judged().unwrap();
    }

    #[test]
    fn what_the_client_decides_cannot_be_set() {
        for name in [
            "Host",
            "Content-Length",
            "Transfer-Encoding",
            "Connection",
            "Keep-Alive",
            "Upgrade",
            "TE",
            "Trailer",
            "Expect",
            "Proxy-Authorization",
            "Proxy-Connection",
            "Proxy-Authenticate",
            "Cookie",
            "Referer",
            "User-Agent",
            "Accept-Encoding",
            "HTTP2-Settings",
        ] {
            let kept = Refusal::HeaderKept {
                name: name.to_ascii_lowercase(),
            };
            assert_eq!(refused(get().header(name, "v")), kept);
        }
    }

    #[test]
    fn there_is_a_most_of_everything() {
        let many = |n: usize| (0..n).fold(get(), |request, i| request.header(&format!("x-{i}"), "v"));
        many(MOST_HEADERS).judged().unwrap();
        assert_eq!(refused(many(MOST_HEADERS + 1)), Refusal::Headers);
        let long = |n: usize| get().header("x-a", vec![b'v'; n]);
        long(MOST_HEADER_BYTES - 3).judged().unwrap();
        assert_eq!(refused(long(MOST_HEADER_BYTES - 2)), Refusal::Headers);
        get().body(vec![0; MOST_BODY]).judged().unwrap();
        assert_eq!(refused(get().body(vec![0; MOST_BODY + 1])), Refusal::Body);
    }
}
