//! The page's address, where something is told in it that is no navigation.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Keeps a parameter of the address at what is told, until the current owner goes: also when a link has taken it out.
///
/// It is written in the next frame, as it is then: by that time the router has written its own address.
pub fn keep_query(name: &'static str, told: Memo<Option<String>>) {
    let search = use_location().search;
    Effect::new(move |_| {
        search.track();
        told.track();
        request_animation_frame(move || {
            if let Some(value) = told.try_get_untracked() {
                set_query(name, value.as_deref());
            }
        });
    });
}

/// Sets a parameter of the address, or removes it, without a step in the page's history. A browser that refuses keeps
/// the address it has; nothing else depends on it.
#[cfg(feature = "hydrate")]
pub fn set_query(name: &str, value: Option<&str>) {
    write(name, value, false);
}

/// The same, as a step in the page's history: Back takes it back.
#[cfg(feature = "hydrate")]
pub fn push_query(name: &str, value: Option<&str>) {
    write(name, value, true);
}

#[cfg(feature = "hydrate")]
fn write(name: &str, value: Option<&str>, step: bool) {
    let window = super::window();
    let Ok(url) = window.location().href().and_then(|href| web_sys::Url::new(&href)) else {
        return;
    };
    let query = url.search_params();
    if query.get(name).as_deref() == value {
        return;
    }
    match value {
        Some(value) => query.set(name, value),
        None => query.delete(name),
    }
    if let Ok(history) = window.history() {
        let state = history.state().unwrap_or_default();
        let _ = if step {
            history.push_state_with_url(&state, "", Some(&url.href()))
        } else {
            history.replace_state_with_url(&state, "", Some(&url.href()))
        };
    }
}

/// What stands behind the address's question mark, with it.
#[cfg(feature = "hydrate")]
pub fn search() -> String {
    super::window().location().search().unwrap_or_default()
}

/// Calls `run` after Back and Forward, until the current owner goes.
#[cfg(feature = "hydrate")]
pub fn on_back(run: impl FnMut() + 'static) {
    let mut run = run;
    super::keep(super::Listener::new(&super::window(), "popstate", move |_| run()));
}

/// The server has no address bar.
#[cfg(not(feature = "hydrate"))]
pub fn set_query(_name: &str, _value: Option<&str>) {}

/// The server has no history.
#[cfg(not(feature = "hydrate"))]
pub fn push_query(_name: &str, _value: Option<&str>) {}

/// The server has no address bar.
#[cfg(not(feature = "hydrate"))]
pub fn search() -> String {
    String::new()
}

/// Nobody goes back on the server.
#[cfg(not(feature = "hydrate"))]
pub fn on_back(_run: impl FnMut() + 'static) {}

/// A value as it stands in the query part of an address: what has a meaning there is escaped, the rest can be read.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b':' | b',' | b'/' | b'!' => out.push(char::from(byte)),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn what_means_something_in_an_address_is_escaped() {
        assert_eq!(
            encode("provider:openai model:~meta/llama"),
            "provider:openai%20model:~meta/llama"
        );
        assert_eq!(encode("a&b=c+d%#\"é\""), "a%26b%3Dc%2Bd%25%23%22%C3%A9%22");
    }
}
