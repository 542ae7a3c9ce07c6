//! Facts about the browser and its clocks. On the server: zero, false, nothing.

/// The window.
#[cfg(feature = "hydrate")]
#[expect(clippy::missing_panics_doc, reason = "a page always has a window")]
pub fn window() -> web_sys::Window {
    web_sys::window().expect("the page runs in a window")
}

/// The document.
#[cfg(feature = "hydrate")]
#[expect(clippy::missing_panics_doc, reason = "a page always has a document")]
pub fn document() -> web_sys::Document {
    window().document().expect("a window holds a document")
}

/// The page as the server painted it: the `data-page` of its main part.
pub fn painted_page() -> String {
    #[cfg(feature = "hydrate")]
    {
        let main = document().get_element_by_id("main");
        main.and_then(|main| main.get_attribute("data-page"))
            .unwrap_or_default()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        String::new()
    }
}

/// Something that the selector names is on the page.
pub fn is_painted(selector: &str) -> bool {
    #[cfg(feature = "hydrate")]
    {
        document()
            .query_selector(selector)
            .is_ok_and(|found| found.is_some())
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = selector;
        false
    }
}

/// This machine's wall clock, epoch milliseconds. Not the server's: see `Live::now`.
pub fn now_ms() -> i64 {
    #[cfg(feature = "hydrate")]
    {
        js_sys::Date::now() as i64
    }
    #[cfg(not(feature = "hydrate"))]
    {
        0
    }
}

/// Milliseconds since the page was opened; never jumps back. May stand still while the machine sleeps.
pub fn monotonic_ms() -> f64 {
    #[cfg(feature = "hydrate")]
    {
        window()
            .performance()
            .map_or_else(js_sys::Date::now, |performance| performance.now())
    }
    #[cfg(not(feature = "hydrate"))]
    {
        0.0
    }
}

/// Minutes east of UTC that this browser shows times in, now.
pub fn utc_offset_min() -> i32 {
    #[cfg(feature = "hydrate")]
    {
        // JavaScript counts minutes west.
        -(js_sys::Date::new_0().get_timezone_offset() as i32)
    }
    #[cfg(not(feature = "hydrate"))]
    {
        0
    }
}

/// The system asks for a dark theme.
pub fn prefers_dark() -> bool {
    #[cfg(feature = "hydrate")]
    {
        let query = window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten();
        query.is_some_and(|query| query.matches())
    }
    #[cfg(not(feature = "hydrate"))]
    {
        false
    }
}

/// A number from 0 up to but without 1, for jitter; not for secrets.
pub fn random() -> f64 {
    #[cfg(feature = "hydrate")]
    {
        js_sys::Math::random()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        0.5
    }
}

/// Puts a text on the clipboard; `false` when the browser refuses (no permission, not a secure context).
pub async fn copy(text: String) -> bool {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsValue;
        // `navigator.clipboard` does not exist outside secure contexts, though the binding believes it always does.
        let navigator: JsValue = window().navigator().into();
        let there = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"))
            .is_ok_and(|clipboard| clipboard.is_object());
        if !there {
            return false;
        }
        let promise = window().navigator().clipboard().write_text(&text);
        wasm_bindgen_futures::JsFuture::from(promise).await.is_ok()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = text;
        false
    }
}
