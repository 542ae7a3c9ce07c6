//! The page's address, where something is told in it that is no navigation.

/// Sets a parameter of the address, or removes it, without a step in the page's history. A browser that refuses keeps
/// the address it has; nothing else depends on it.
#[cfg(feature = "hydrate")]
pub fn set_query(name: &str, value: Option<&str>) {
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
        let _ = history.replace_state_with_url(&state, "", Some(&url.href()));
    }
}

/// The server has no address bar.
#[cfg(not(feature = "hydrate"))]
pub fn set_query(_name: &str, _value: Option<&str>) {}
