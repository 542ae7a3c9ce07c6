//! The address under which browsers see us, when it is not this machine.

use std::net::SocketAddr;

use axum::http::Uri;

use crate::base::Base;

/// `server.external_url`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// `https`, not `http`.
    pub https: bool,
    /// `board.example` or `board.example:8443`, as a browser writes it into `Host`.
    pub authority: String,
    /// What stands before our paths there.
    pub base: Base,
}

impl External {
    /// Reads `https://board.example` or `https://example.org/fuseboard`. Scheme and host in lower case, no default port: as a
    /// browser writes it.
    ///
    /// # Errors
    /// In words what is wrong.
    pub fn parse(text: &str) -> Result<External, String> {
        let (https, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("it begins with https:// or http://".into()),
        };
        let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
        let base = Base::parse(path)?;
        let default = if https { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default).unwrap_or(authority);
        let uri: Uri = authority
            .parse()
            .map_err(|_| "after the scheme comes a host, and a port if need be".to_owned())?;
        let plain = uri.path().is_empty() || uri.path() == "/";
        let has_user = authority.contains('@');
        match uri.authority() {
            Some(found) if found.as_str() == authority && plain && !has_user && !authority.is_empty() => {
                Ok(External {
                    https,
                    authority: authority.to_ascii_lowercase(),
                    base,
                })
            }
            _ => Err("it is scheme, host, port and path alone: no user, no query".into()),
        }
    }
}

impl External {
    /// The host without its port.
    pub fn host(&self) -> &str {
        let port = self.authority.rfind(':');
        // Within brackets a colon belongs to the address.
        match port.filter(|at| !self.authority[*at..].contains(']')) {
            Some(at) => &self.authority[..at],
            None => &self.authority,
        }
    }

    /// `https://board.example`
    pub fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// The address to tell people of: `server.external_url`, or where we listen, over TLS of our own or without.
    pub fn told(external: Option<&External>, tls: bool, listening: SocketAddr) -> String {
        let scheme = if tls { "https" } else { "http" };
        external.map_or_else(|| format!("{scheme}://{listening}"), External::url)
    }

    /// `https://example.org/fuseboard`
    pub fn url(&self) -> String {
        [&self.origin(), self.base.as_str()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_addresses_are_read_as_browsers_write_them() {
        let read = |text: &str| External::parse(text).map(|external| (external.https, external.authority));
        assert_eq!(read("https://Board.Example/"), Ok((true, "board.example".into())));
        assert_eq!(
            read("https://board.example:443"),
            Ok((true, "board.example".into()))
        );
        assert_eq!(
            read("https://board.example:8443"),
            Ok((true, "board.example:8443".into()))
        );
        assert_eq!(
            read("http://[2001:db8::1]:3000"),
            Ok((false, "[2001:db8::1]:3000".into()))
        );
        let host = |text: &str| External::parse(text).unwrap().host().to_owned();
        assert_eq!(host("https://board.example:8443"), "board.example");
        assert_eq!(host("https://[2001:db8::1]:3000"), "[2001:db8::1]");
        assert_eq!(host("https://[2001:db8::1]"), "[2001:db8::1]");
        let url = |text: &str| External::parse(text).unwrap().url();
        assert_eq!(
            url("https://Board.Example/Ops/fuse/"),
            "https://board.example/Ops/fuse"
        );
        assert_eq!(url("http://board.example:80"), "http://board.example");
        for bad in [
            "",
            "board.example",
            "ftp://x",
            "https://",
            "https://a//b",
            "https://a/b?c",
            "https://a/alerts",
            "https://a@b/c",
            "https://a@b",
            "https://a b",
            "https://a?b",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
