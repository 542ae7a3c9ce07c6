//! The address under which browsers see us, when it is not this machine.

use std::net::SocketAddr;

use axum::http::Uri;

/// `server.external_url`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// `https`, not `http`.
    pub https: bool,
    /// `board.example` or `board.example:8443`, as a browser writes it into `Host`.
    pub authority: String,
}

impl External {
    /// Reads `https://board.example`. Lower case, no path, no default port: as a browser writes it.
    ///
    /// # Errors
    /// In words what is wrong.
    pub fn parse(text: &str) -> Result<External, String> {
        let (https, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("it begins with https:// or http://".into()),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
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
                })
            }
            _ => Err("it is scheme, host and port alone: no path, no user".into()),
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

    /// The origin to tell people of: that of `server.external_url`, or where we listen, over TLS of our own or without.
    pub fn told(external: Option<&External>, tls: bool, listening: SocketAddr) -> String {
        let scheme = if tls { "https" } else { "http" };
        external.map_or_else(|| format!("{scheme}://{listening}"), External::origin)
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
        for bad in [
            "",
            "board.example",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://a@b",
            "https://a b",
            "https://a?b",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
