//! The WASM entry: makes the server's page live, and nothing else.

use app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's start script once the module is loaded. A page off the board is made live when its own chunk
/// has come; until then it shows what the server painted.
#[wasm_bindgen]
pub async fn hydrate() {
    app::pages::off_board::preload().await;
    leptos::mount::hydrate_body(App);
}
