//! The cookies that the page writes for itself. They hold a taste, never a right.

use app::seed::Theme;
use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// The theme that the visitor chose (`fb_theme`).
pub fn theme(headers: &HeaderMap) -> Option<Theme> {
    match cookie(headers, "fb_theme")? {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        _ => None,
    }
}

/// Minutes east of UTC in which the visitor sees times (`fb_tz`).
pub fn utc_offset_min(headers: &HeaderMap) -> Option<i32> {
    cookie(headers, "fb_tz")?
        .parse()
        .ok()
        .filter(|minutes| (-14 * 60..=14 * 60).contains(minutes))
}

/// The name of the zone whose clocks the visitor's browser goes by (`fb_zone`); whether there is one is for others to say.
pub fn zone(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, "fb_zone").filter(|name| !name.is_empty() && name.len() <= 64)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(value))])
    }

    #[test]
    fn cookies_are_found_among_others() {
        let headers = with("a=b; fb_theme=dark; fb_tz=-210");
        assert_eq!(theme(&headers), Some(Theme::Dark));
        assert_eq!(utc_offset_min(&headers), Some(-210));
    }

    #[test]
    fn a_zone_is_taken_as_it_is_written() {
        assert_eq!(zone(&with("a=b; fb_zone=Europe/Berlin")), Some("Europe/Berlin"));
        assert_eq!(zone(&with("fb_zone=")), None);
    }

    #[test]
    fn nonsense_counts_as_absent() {
        assert_eq!(theme(&with("fb_theme=blue; xfb_theme=dark")), None);
        for value in ["fb_tz=99999", "fb_tz=east", "fb_tz=", "fb_tz"] {
            assert_eq!(utc_offset_min(&with(value)), None, "{value}");
        }
        assert_eq!(theme(&HeaderMap::new()), None);
    }
}
