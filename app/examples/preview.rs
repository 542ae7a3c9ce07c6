//! Draws the pages of a sample board without a server: `cargo run -p app --features ssr --example preview -- DIR` writes
//! one HTML file per page and theme into DIR. Serve DIR with the bundled style sheet at `pkg/fuseboard.css` and the
//! fonts at `fonts/` to look at them; they stay as first painted, because there is no WASM to wake them.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{fs, path::PathBuf};

use app::seed::Theme;
use protocol::view::State;
use support::{
    breaker, empty_seed, explored, limits, one_provider, page, painted, providers, seed, themed,
    with_breaker, with_breakers,
};

const PROVIDER: &str = "/providers/p_anthropic?from=now-24h&to=now";
const BREAKER: &str = "/breakers/b_0000000000000021";
const EXPLORE: &str = "/explore?metric=cost&group_by=model&from=now-24h&to=now";

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let directory = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "target/preview".to_owned()),
    );
    fs::create_dir_all(&directory)?;
    let mut many = seed();
    for key in 100..149 {
        many.board
            .breakers
            .push(breaker(key, "openai", &format!("gpt-{key}"), State::Closed, ""));
    }
    many.board.last_event = Some(support::NOW - 200_000);
    many.board.simulated = true;
    for (name, seed, path) in [
        ("board-light", themed(seed(), Theme::Light), "/"),
        ("board-dark", themed(seed(), Theme::Dark), "/"),
        ("many", many, "/"),
        ("detail", seed(), "/?breaker=b_0000000000000021"),
        ("empty", empty_seed(), "/"),
        ("providers", painted(seed(), &providers()), "/providers"),
        (
            "providers-dark",
            painted(themed(seed(), Theme::Dark), &providers()),
            "/providers",
        ),
        ("explore", painted(seed(), &explored()), EXPLORE),
        (
            "explore-dark",
            painted(themed(seed(), Theme::Dark), &explored()),
            EXPLORE,
        ),
        ("provider", painted(seed(), &one_provider()), PROVIDER),
        (
            "provider-dark",
            painted(themed(seed(), Theme::Dark), &one_provider()),
            PROVIDER,
        ),
        ("breakers", with_breakers(seed()), "/breakers"),
        (
            "breakers-dark",
            with_breakers(themed(seed(), Theme::Dark)),
            "/breakers",
        ),
        ("breaker", with_breaker(seed()), BREAKER),
        ("breaker-dark", with_breaker(themed(seed(), Theme::Dark)), BREAKER),
        ("limits", painted(seed(), &limits()), "/limits"),
        (
            "limits-dark",
            painted(themed(seed(), Theme::Dark), &limits()),
            "/limits",
        ),
        ("connect", seed(), "/connect"),
        ("connect-dark", themed(seed(), Theme::Dark), "/connect"),
        ("lost", seed(), "/nowhere"),
    ] {
        fs::write(directory.join([name, ".html"].concat()), page(seed, path).await)?;
    }
    Ok(())
}
