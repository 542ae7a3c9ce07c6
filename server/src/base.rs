//! Where the server is below its origin, and where a tenant's pages are: what stands before the path of every address that
//! is written for others (ADR 0036).
//!
//! Inside, paths are without it: it is taken off before anything is routed, and put on by [`Base`] alone. Deliberately
//! absent: believing what a proxy says of it. The setting says it.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use store::TenantId;

/// The longest base, in bytes.
pub const LONGEST: usize = 64;

/// Folders of the site's files, which are no routes.
const FOLDERS: [&str; 2] = ["fonts", "licenses"];

/// The path of `server.external_url`: empty, or `/fuseboard`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// Reads `/fuseboard` or `/ops/fuseboard`; empty and `/` are no base. A slash at the end is left out.
    ///
    /// # Errors
    /// In words what is wrong.
    pub fn parse(text: &str) -> Result<Base, String> {
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.is_empty() {
            return Ok(Base::default());
        }
        if path.len() > LONGEST {
            return Err(format!("its path has at most {LONGEST} characters"));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let mut parts = path.split('/');
        let begins = parts.next() == Some("");
        if !begins || !parts.all(|part| !part.is_empty() && part.bytes().all(plain)) {
            return Err("the parts of its path are letters, digits, - and _".into());
        }
        let first = first_part(path);
        // An address without the base would be taken for one with it.
        let own = crate::http::ROUTES.iter().map(|route| first_part(route.path));
        if own.chain(FOLDERS).any(|own| own == first) {
            return Err(format!(
                "its path does not begin with /{first}, where something of ours is"
            ));
        }
        Ok(Base(path.to_owned()))
    }

    /// Empty, or `/fuseboard`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An address of ours as it is written for others: `/login` is `/fuseboard/login`.
    pub fn to(&self, path: &str) -> String {
        [self.0.as_str(), path].concat()
    }

    /// What stands before the pages of a tenant, for links from elsewhere.
    pub fn of(&self, tenant: &TenantId) -> String {
        self.to(&below(tenant))
    }

    /// The same for links of a page: as the address of the page has it, which may name any tenant.
    pub fn at(&self, uri: &Uri, tenant: &TenantId) -> String {
        match uri.path().starts_with("/t/") {
            true => format!("{}/t/{tenant}", self.0),
            false => self.0.clone(),
        }
    }

    /// An address without the base, where it has it. Proxies pass it on or take it off.
    pub fn taken_off(&self, uri: &Uri) -> Option<Uri> {
        if self.0.is_empty() {
            return None;
        }
        let rest = uri.path().strip_prefix(self.0.as_str())?;
        match rest {
            "" => with_path(uri, "/"),
            _ if rest.starts_with('/') => with_path(uri, rest),
            // Of another name that begins alike.
            _ => None,
        }
    }

    /// An address of a request as browsers see it.
    pub fn put_on(&self, uri: &Uri) -> Option<Uri> {
        with_path(uri, &self.to(uri.path()))
    }
}

/// What names a tenant in a path, below the base: empty for the one that needs no name in the address, else `/t/{slug}`.
pub fn below(tenant: &TenantId) -> String {
    match *tenant == TenantId::default_tenant() {
        true => String::new(),
        false => format!("/t/{tenant}"),
    }
}

/// The path of a page within its tenant: `/breakers` of `/t/acme/breakers`.
pub fn page_of<'a>(uri: &'a Uri, tenant: &TenantId) -> Option<&'a str> {
    uri.path().strip_prefix(Base::default().at(uri, tenant).as_str())
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let whole = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(whole).ok()?);
    Uri::from_parts(parts).ok()
}

fn first_part(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_plain_paths() {
        let read = |text: &str| Base::parse(text).map(|base| base.0);
        for (text, base) in [
            ("", ""),
            ("/", ""),
            ("/fuseboard", "/fuseboard"),
            ("/fuseboard/", "/fuseboard"),
            ("/ops/Fuse_board-2", "/ops/Fuse_board-2"),
            ("/ops/alerts", "/ops/alerts"),
        ] {
            assert_eq!(read(text), Ok(base.to_owned()), "{text}");
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for text in [
            "fuseboard",
            "//",
            "//a",
            "/a//b",
            "/a/..",
            "/.",
            "/a b",
            "/a?b",
            "/a#b",
            "/a%2f",
            "/ä",
            "/a;b",
            "/a\\b",
            "/t",
            "/api",
            "/pkg/x",
            "/fonts",
            "/alerts",
            "/login",
            &long,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_base_is_taken_off_once_and_put_on_again() {
        let base = Base::parse("/fuse").unwrap();
        let off = |text: &str| base.taken_off(&text.parse().unwrap()).map(|uri| uri.to_string());
        for (with, without) in [
            ("/fuse", "/"),
            ("/fuse/", "/"),
            ("/fuse?a=b", "/?a=b"),
            (
                "/fuse/t/acme/breakers?from=now-7d",
                "/t/acme/breakers?from=now-7d",
            ),
            ("http://board.example/fuse/login", "http://board.example/login"),
            ("/fuse/fuse/x", "/fuse/x"),
        ] {
            assert_eq!(off(with).as_deref(), Some(without));
        }
        for other in ["/", "/fuses", "/login", "/x/fuse/"] {
            assert_eq!(off(other), None, "{other}");
        }
        let on = |text: &str| base.put_on(&text.parse().unwrap()).unwrap().to_string();
        assert_eq!(on("/?a=b"), "/fuse/?a=b");
        assert_eq!(on("/t/acme"), "/fuse/t/acme");
        assert_eq!(Base::default().taken_off(&Uri::from_static("/x")), None);
    }

    #[test]
    fn tenants_are_below_it() {
        let base = Base::parse("/fuse").unwrap();
        let (acme, usual) = (TenantId::parse("acme").unwrap(), TenantId::default_tenant());
        assert_eq!(
            (base.of(&acme), base.of(&usual)),
            ("/fuse/t/acme".into(), "/fuse".into())
        );
        let named = Uri::from_static("/t/default/limits");
        assert_eq!(base.at(&named, &usual), "/fuse/t/default");
        assert_eq!(page_of(&named, &usual), Some("/limits"));
        assert_eq!(page_of(&Uri::from_static("/"), &usual), Some("/"));
        assert_eq!(base.to("/ack#t=x"), "/fuse/ack#t=x");
    }
}
