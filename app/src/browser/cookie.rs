//! The two cookies the page writes for itself, so that the server's next first paint already looks right.
//!
//! Deliberately absent: reading them (the server does) and anything about sessions (those are HttpOnly).

use crate::seed::Theme;

/// A year, in seconds.
#[cfg(any(feature = "hydrate", test))]
const YEAR: u32 = 31_536_000;

/// One cookie as `document.cookie` takes it. Values come from this module only and need no escaping. `Secure` is left
/// out because the product is also used on plain loopback, and nothing in here is a secret.
#[cfg(any(feature = "hydrate", test))]
fn cookie(name: &str, value: &str, max_age: u32) -> String {
    format!("{name}={value}; Path=/; Max-Age={max_age}; SameSite=Lax")
}

/// Shows a theme from now on, and remembers it for a year; `None` follows the system again.
pub fn set_theme(theme: Option<Theme>) {
    #[cfg(feature = "hydrate")]
    {
        let name = theme.map(|theme| match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        });
        let document = super::document();
        if let Some(root) = document.document_element() {
            // Setting an attribute with a valid name cannot fail.
            let _ = match name {
                Some(name) => root.set_attribute("data-theme", name),
                None => root.remove_attribute("data-theme"),
            };
        }
        write(&match name {
            Some(name) => cookie("fb_theme", name, YEAR),
            None => cookie("fb_theme", "", 0),
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = theme;
}

/// Tells the server's next first paint in which zone this browser shows times: minutes east of UTC.
pub fn set_utc_offset_cookie() {
    #[cfg(feature = "hydrate")]
    write(&cookie("fb_tz", &super::utc_offset_min().to_string(), YEAR));
}

#[cfg(feature = "hydrate")]
fn write(cookie: &str) {
    use wasm_bindgen::JsCast;
    if let Ok(document) = super::document().dyn_into::<web_sys::HtmlDocument>() {
        // Refused where cookies are switched off: then the choice lasts as long as the page.
        let _ = document.set_cookie(cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_reach_every_page_and_last() {
        assert_eq!(
            cookie("fb_theme", "dark", YEAR),
            "fb_theme=dark; Path=/; Max-Age=31536000; SameSite=Lax"
        );
        assert_eq!(
            cookie("fb_tz", "-210", 0),
            "fb_tz=-210; Path=/; Max-Age=0; SameSite=Lax"
        );
    }
}
