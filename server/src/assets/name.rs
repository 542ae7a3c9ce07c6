//! From an address to a file's name: the only way in, so that nothing outside the site can be named.

/// The name of a file of the site, relative with `/`. `None` for anything that could mean something else to a file
/// system: no escapes, no dots at the start of a part, no empty parts, plain characters only.
pub fn site_name(path: &str) -> Option<String> {
    let name = path.strip_prefix('/')?;
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    // The forms a client may get are chosen by its Accept-Encoding, not by address.
    let packed = name.ends_with(".br") || name.ends_with(".gz");
    (name.len() <= 256 && !packed && name.split('/').all(plain)).then(|| name.to_owned())
}

/// The media type by the name's ending.
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webmanifest" => "application/manifest+json",
        "json" | "map" => "application/json",
        "txt" | "md" | "LICENSE" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_files() {
        for path in [
            "/pkg/fuseboard.js",
            "/pkg/fuseboard_bg.wasm",
            "/favicon.svg",
            "/fonts/inter.woff2",
        ] {
            assert_eq!(site_name(path).as_deref(), path.strip_prefix('/'));
        }
    }

    #[test]
    fn nothing_else() {
        for path in [
            "",
            "/",
            "//pkg/a.js",
            "/pkg//a.js",
            "/pkg/",
            "/pkg/../Cargo.toml",
            "/../etc/passwd",
            "/pkg/./a.js",
            "/.env",
            "/pkg/.hidden",
            "/pkg/%2e%2e/a",
            "/pkg/..%2f..%2fetc/passwd",
            "/pkg\\..\\a",
            "/pkg/a b",
            "/pkg/a\0",
            "/c:/a",
            "/pkg/é",
            "/pkg/a.js.br",
            "/pkg/a.js.gz",
            "/pkg/%252e%252e/x",
            "/pkg/;/../a",
            "pkg/a.js",
            "/~root",
        ] {
            assert_eq!(site_name(path), None, "{path}");
        }
        assert_eq!(site_name(&format!("/{}", "a".repeat(300))), None);
    }
}
