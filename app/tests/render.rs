//! What the server sends: pages rendered from a seed, read as text. Browsers are tested elsewhere.

mod support;

use app::seed::Theme;
use support::{breaker, empty_seed, page, seed, themed};

use protocol::view::State;

#[tokio::test]
async fn the_board_is_painted_with_real_numbers() {
    let html = page(seed(), "/").await;
    assert!(html.contains("data-page=\"board\""));
    println!("{html}");
}
