//! What the server sends: pages rendered from a seed, read as text. Browsers are tested elsewhere.

mod support;

use app::seed::Theme;
use protocol::view::State;
use support::{breaker, empty_seed, page, seed, themed};

/// The text between tags, for sentences that are drawn in parts.
fn text(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let body = body.split_once("<script").map_or(body, |(body, _)| body);
    let mut text = String::new();
    let mut inside = true;
    for letter in body.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}

/// The opening tag that carries this attribute.
fn tag<'a>(html: &'a str, attribute: &str) -> &'a str {
    let at = html.find(attribute).unwrap_or_else(|| panic!("no {attribute}"));
    let start = html[..at].rfind('<').expect("a tag");
    let end = html[at..].find('>').expect("an end") + at;
    &html[start..=end]
}

#[tokio::test]
async fn the_board_is_painted_with_real_numbers() {
    let html = page(seed(), "/").await;
    let text = text(&html);
    assert!(html.contains("data-page=\"board\""));
    for words in [
        "1 breaker open, 1 recovering. anthropic is failing over to openai",
        "1,284/s",
        "99.21%",
        "−0.61 pt",
        "2.41s",
        "$291",
        "14 in 4 providers · lever up = closed",
        "188/s · p95 6.8 s",
        "$0.0042/call",
        "Open62% retry in 18 s",
        "Half-open3 / 5 trial calls ok",
        "Closed4.1% of 50%",
        "54% open on 2 of 3",
        "no word for 3 min",
        "claude-sonnet opened",
        "24 × overloaded, 5 × timeout, of 50 calls",
        "4 min ago",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
}

#[tokio::test]
async fn the_parts_that_tests_and_styles_go_by_are_there() {
    let html = page(seed(), "/").await;
    for kpi in [
        "requests",
        "success",
        "latency_p95",
        "ttft_p95",
        "tokens_out",
        "spend_today",
    ] {
        assert!(html.contains(&format!("data-kpi=\"{kpi}\"")), "{kpi}");
    }
    for chart in ["latency", "outcomes", "heat"] {
        assert_eq!(
            html.matches(&format!("data-chart=\"{chart}\"")).count(),
            1,
            "{chart}"
        );
    }
    assert!(tag(&html, "data-breaker=\"claude-sonnet\"").contains("data-state=\"open\""));
    assert!(tag(&html, "data-breaker=\"claude-sonnet\"").contains("?breaker=b_0000000000000021"));
    assert!(tag(&html, "data-verdict").contains("\"act\""));
    assert!(html.contains("data-live=\"connecting\""));
    assert!(html.contains("data-range=\"15m\""));
    assert!(html.contains("data-help"));
    assert_eq!(html.matches("data-feed-item=").count(), 7);
    assert_eq!(html.matches("data-provider=").count(), 4);
}

#[tokio::test]
async fn nothing_on_a_page_breaks_its_content_security_policy() {
    for path in [
        "/",
        "/connect",
        "/providers",
        "/nowhere",
        "/?breaker=b_0000000000000021",
    ] {
        let html = page(seed(), path).await;
        assert!(!html.contains(" style="), "{path} has a style attribute");
        assert!(!html.contains("<style"), "{path} has an inline style sheet");
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap_or_default();
            assert!(
                tag.contains("nonce=\""),
                "{path} has a script without a nonce: {tag}"
            );
        }
        for handler in [" onclick=", " onload=", "javascript:"] {
            assert!(!html.contains(handler), "{path} has {handler}");
        }
    }
}

#[tokio::test]
async fn names_from_outside_stay_text() {
    let mut seed = seed();
    let evil = "</script><img src=x onerror=alert(1)>";
    seed.board
        .breakers
        .push(breaker(99, evil, evil, State::Open, "ooo"));
    seed.board.verdict.lead = evil.into();
    let html = page(seed, "/").await;
    assert!(!html.contains("<img src=x"), "a name became a tag");
    assert!(!html.contains("</script><img"), "a name ended a script");
}

#[tokio::test]
async fn the_theme_of_the_cookie_is_in_the_first_byte_and_none_is_none() {
    let html = page(themed(seed(), Theme::Dark), "/").await;
    assert!(html.contains("<html lang=\"en\" data-theme=\"dark\">"));
    let html = page(seed(), "/").await;
    assert!(html.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn an_empty_board_says_what_to_paste() {
    let html = page(empty_seed(), "/").await;
    assert!(tag(&html, "data-page=\"board\"").contains("data-waiting"));
    assert!(text(&html).contains(
        "Waiting for the first event. Paste one of these; this page turns into the board by itself."
    ));
    assert!(html.contains("fb_test_7Q2xN4mB9cT1"));
    assert!(
        !html.contains("data-kpi"),
        "no figures where there is nothing to tell"
    );
    assert!(!html.contains("data-range"));
}

#[tokio::test]
async fn a_silent_board_says_since_when() {
    let mut silent = seed();
    silent.board.last_event = Some(support::NOW - 190_000);
    assert!(text(&page(silent, "/").await).contains("No events for 3 min."));
    assert!(!page(seed(), "/").await.contains("data-silent"));
}

#[tokio::test]
async fn more_than_twelve_closed_are_folded() {
    let mut many = seed();
    for key in 100..149 {
        many.board
            .breakers
            .push(breaker(key, "openai", &format!("gpt-{key}"), State::Closed, ""));
    }
    let html = page(many, "/").await;
    assert!(
        text(&html).contains("+41 closed"),
        "4 + 49 closed, 12 of them shown"
    );
    assert!(!html.contains("data-breaker=\"gpt-148\""));
}

#[tokio::test]
async fn connect_lists_sources_with_their_refusals() {
    let html = page(seed(), "/connect").await;
    assert!(html.contains("data-page=\"connect\""));
    let text = text(&html);
    for words in [
        "checkout-api",
        "push, key fb_live_k3…",
        "41,208",
        "4 refused: duration_ms must be ≥ 0, got -1",
        "14:29:58, event 1: failure_rate is a fraction 0–1; did you mean 0.625?",
        "last event now",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
}

#[tokio::test]
async fn providers_are_painted_with_real_numbers_the_worst_first() {
    let html = page(seed(), "/providers").await;
    assert!(html.contains("data-page=\"providers\"") && html.contains("data-span=\"now-24h/now\""));
    let text = text(&html);
    for words in [
        "anthropic is failing. google is slow.",
        "Worst first",
        "anthropic3 models",
        "38% ok",
        "91.2%",
        "6.8 s",
        "1 of 3 open",
        "few calls",
        "ok in 42 of 48 parts, 4 failing, 2 shaky",
        "of the 3 providers with the most calls; 1 left out",
        "Newest: anthropic 93.00%, google 99.00%, openai 99.90%.",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
    let places: Vec<_> = ["anthropic", "google", "mistral", "openai"]
        .map(|name| {
            html.find(&format!("<tr data-provider=\"{name}\""))
                .expect("a row")
        })
        .into();
    assert!(places.is_sorted());
    assert!(html.contains("<title>anthropic is failing · Fuseboard</title>"));
    assert!(tag(&html, "data-chart=\"success\"").contains("role=\"img\""));
}

#[tokio::test]
async fn providers_without_figures_say_that_they_are_on_their_way() {
    let mut bare = seed();
    bare.providers = None;
    let html = page(bare, "/providers?from=soon").await;
    assert!(html.contains("data-providers-waiting") && html.contains("data-span=\"soon/now\""));
    assert!(text(&html).contains("soon to now"));
    let html = page(empty_seed(), "/providers").await;
    assert!(html.contains("data-providers-empty"));
}

#[tokio::test]
async fn a_link_to_a_breaker_opens_its_detail_on_the_server() {
    let html = page(seed(), "/?breaker=b_0000000000000021").await;
    let text = text(&html);
    assert!(html.contains("data-detail=\"name\""));
    assert!(
        text.contains("for 4 min 06 s, since 14:28:02"),
        "in the page's zone: {text}"
    );
    assert!(text.contains("50 calls in the last minute, limit 50%"));
    assert!(!page(seed(), "/").await.contains("data-detail=\"name\""));
}

#[tokio::test]
async fn an_address_that_leads_nowhere_offers_the_pages_there_are() {
    let html = page(seed(), "/nowhere").await;
    assert!(html.contains("data-page=\"not_found\""));
    assert!(text(&html).contains("Open the board"));
}

#[tokio::test]
async fn the_same_moment_gives_the_same_page() {
    let without_nonce = |html: String| {
        let nonce = html
            .split_once("nonce=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(nonce, _)| nonce.to_owned());
        html.replace(&nonce.expect("a nonce"), "")
    };
    assert_eq!(
        without_nonce(page(seed(), "/").await),
        without_nonce(page(seed(), "/").await)
    );
}

#[tokio::test]
async fn a_tenants_base_is_in_every_link() {
    let mut seed = seed();
    seed.site.base = "/t/acme".into();
    let html = page(seed.clone(), "/t/acme").await;
    assert!(html.contains("data-page=\"board\""), "the router knows its base");
    assert!(html.contains("href=\"/t/acme/connect\""));
    assert!(
        page(seed, "/t/acme/connect")
            .await
            .contains("data-page=\"connect\"")
    );
}
