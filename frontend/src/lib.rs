//! The WASM entry: makes the server's page live, and nothing else.

use app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's start script once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_body(App);
}
