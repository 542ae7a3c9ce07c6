//! What the server sends: pages rendered from a seed, read as text. Browsers are tested elsewhere.

mod support;

use app::features::replay;
use app::fetched::Day;
use app::live::Live;
use app::seed::{Seed, Theme};
use leptos::prelude::*;
use protocol::view::{ProviderLines, Providers, State};
use support::{
    NOW, breaker, empty_seed, explored, limits, one_provider, page, painted, providers, seed, themed,
    with_breaker, with_breakers,
};

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

/// What the bar of time holds, which no page is painted with.
fn bar_of_time(seed: Seed) -> String {
    let owner = Owner::new();
    owner.with(|| {
        let live = Live::seeded(&seed);
        provide_context(Day::seeded(seed.activity));
        provide_context(seed.site);
        replay::bar(replay::provide(live)).to_html()
    })
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
        "/explore",
        "/breakers",
        "/breakers/b_0000000000000021?limit=35&trip=9",
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
    let html = page(painted(seed(), &providers()), "/providers").await;
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
    let html = page(seed(), "/providers?from=soon").await;
    assert!(html.contains("data-providers-waiting") && html.contains("data-span=\"soon/now\""));
    assert!(text(&html).contains("soon to now"));
    let none = Providers {
        rows: Vec::new(),
        lines: ProviderLines::default(),
        ..providers()
    };
    let html = page(painted(empty_seed(), &none), "/providers").await;
    assert!(html.contains("data-providers-empty"));
}

#[tokio::test]
async fn one_provider_is_painted_with_real_numbers() {
    let html = page(
        painted(seed(), &one_provider()),
        "/providers/p_anthropic?from=now-24h&to=now",
    )
    .await;
    assert!(html.contains("data-page=\"provider\"") && html.contains("data-span=\"now-24h/now\""));
    let text = text(&html);
    for words in [
        "anthropic is failing. 1 of its breakers is open.",
        "16,243,200 attempts, 3 models",
        "93.10%",
        "6.80 s",
        "48,120, 0.3%",
        "$1,284",
        "claude-sonnet9,000,000",
        "62.00%",
        "1 left out",
        "62% of 50%",
        "Newest: success 40.00%.",
        "server error",
        "deploy checkout 4.12",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
    for chart in ["success", "outcomes", "latency", "first_token", "tokens", "cost"] {
        assert_eq!(
            html.matches(&format!("data-chart=\"{chart}\"")).count(),
            1,
            "{chart}"
        );
    }
    assert!(html.contains("href=\"/breakers/b_0000000000000021\""));
    assert!(html.contains("<title>anthropic is failing · Fuseboard</title>"));
    assert!(!html.contains("data-parts=\"deployments\""));
    let other = page(painted(seed(), &one_provider()), "/providers/p_other").await;
    assert!(other.contains("data-provider-waiting") && !other.contains("data-provider-head"));
}

#[tokio::test]
async fn rows_of_providers_lead_to_their_pages() {
    let html = page(painted(seed(), &providers()), "/providers").await;
    assert!(html.contains("href=\"/providers/p_anthropic?from=now-24h&amp;to=now\""));
}

#[tokio::test]
async fn limits_are_painted_with_what_is_near() {
    let html = page(painted(seed(), &limits()), "/limits").await;
    let text = text(&html);
    for words in [
        "Journal at 88% of the cap.",
        "1,284 of 20,000, 6.4%",
        "900 MiB of 1 GiB, 88%",
        "reaches back 5 d, kept for 7 d",
        "Since the server started: retention has freed 48 MiB, no call was folded into __other__.",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
    assert!(tag(&html, "value=\"0.8789\"").starts_with("<meter"));
    assert!(page(seed(), "/limits").await.contains("data-limits-waiting"));
}

const COST: &str = "/explore?metric=cost&group_by=model&from=now-24h&to=now";

#[tokio::test]
async fn explore_is_painted_with_real_numbers() {
    let html = page(painted(seed(), &explored()), COST).await;
    assert!(html.contains("data-page=\"explore\"") && html.contains("data-span=\"now-24h/now\""));
    let text = text(&html);
    for words in [
        "Cost by model. $572 in total, most of claude-sonnet.",
        "10 min steps from minute buckets, as of 14:32:08",
        "The sum of known costs. Unit: US dollars.",
        "claude-sonnet$",
        "$230",
        "1 more",
        "06:12:08 deploy checkout 4.12 checkout, prod",
        "Copy link",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
    assert_eq!(html.matches("<tr data-series=").count(), 6);
    assert!(!html.contains("data-series=\"text-embedding\""), "it is folded");
    assert!(tag(&html, "data-chart=\"explore\"").contains("role=\"img\""));
    assert!(tag(&html, "value=\"cost\"").contains("selected"));
    assert!(tag(&html, "data-download=\"csv\"").contains("/api/v1/query?metric=cost&amp;group_by=model"));
    assert!(!tag(&html, "data-look=\"stacked\"").contains("hidden"));
}

#[tokio::test]
async fn explore_as_a_table_has_every_step_and_says_which_is_not_over() {
    let html = page(painted(seed(), &explored()), &[COST, "&as=table"].concat()).await;
    assert!(!html.contains("data-chart=\"explore\""));
    let steps = html
        .split_once("data-steps")
        .map(|(_, rest)| rest.matches("<tr>").count());
    assert!(steps.is_some_and(|steps| steps > 100), "{steps:?}");
    let text = text(&html);
    assert!(text.contains("14:30:00 so far"), "{text}");
    assert!(text.contains("The newest 120 of 144 steps; CSV has all of them."));
}

#[tokio::test]
async fn explore_says_what_to_do_when_there_is_nothing() {
    let html = page(seed(), "/explore?metric=cost").await;
    assert!(html.contains("data-explore-waiting"));
    let mut none = explored();
    none.rows.clear();
    let html = page(painted(seed(), &none), COST).await;
    assert!(text(&html).contains("Nothing was counted in this range.Look at the last 30 days"));
    none.asked.filter = "model:x".into();
    let html = page(painted(seed(), &none), &[COST, "&filter=model:x"].concat()).await;
    assert!(text(&html).contains("Nothing passes this filter in this range.Clear the filter"));
    assert!(html.contains("value=\"model:x\""));
}

#[tokio::test]
async fn breakers_are_painted_with_their_history_the_worst_first() {
    let html = page(with_breakers(seed()), "/breakers").await;
    assert!(html.contains("data-page=\"breakers\"") && html.contains("data-span=\"now-7d/now\""));
    let text = text(&html);
    for words in [
        "1 breaker open, 1 recovering.",
        "Worst first14, as they are now and what they did",
        "open on 2 of 3",
        "62% of 50%",
        "7×41 min12 minrate limited",
        "open in 2 of 48 parts",
        "closed in all of 48 parts",
        "they disagree on 1 breaker",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
    let place = |name: &str| {
        html.find(&format!("<tr data-row=\"{name}\""))
            .unwrap_or_else(|| panic!("no {name}"))
    };
    assert!(place("claude-sonnet") < place("claude-haiku"));
    let matrix = |name: &str| html.find(&format!("data-matrix-row=\"{name}\"")).expect("a row");
    assert!(
        matrix("gemini-pro") < matrix("claude-sonnet"),
        "who disagrees comes first"
    );
    assert!(html.contains("href=\"/breakers/b_0000000000000021?from=now-7d&amp;to=now\""));
}

#[tokio::test]
async fn rows_are_filtered_by_what_the_address_says() {
    let html = page(with_breakers(seed()), "/breakers?q=sonnet&state=open").await;
    assert_eq!(html.matches("<tr data-row=").count(), 1);
    assert!(text(&html).contains("1 of 14"));
    let html = page(with_breakers(seed()), "/breakers?q=nothing-like-this").await;
    assert!(html.contains("data-filtered-out"));
    let html = page(with_breakers(seed()), "/breakers?state=nonsense").await;
    assert_eq!(html.matches("<tr data-row=").count(), 14);
    let html = page(with_breakers(empty_seed()), "/breakers").await;
    assert!(html.contains("data-breakers-empty"));
}

#[tokio::test]
async fn a_breaker_is_painted_with_its_week_its_instances_and_its_causes() {
    let html = page(with_breaker(seed()), "/breakers/b_0000000000000021").await;
    assert!(html.contains("data-page=\"breaker\"") && html.contains("data-strips=\"worst\""));
    let text = text(&html);
    for words in [
        "Breakers / claude-sonnet",
        "Open for 4 min 06 s. Trial calls start in 18 s.",
        "Failure rate62%50 calls in the last minute, limit 50%",
        "Turned away1,204",
        "Opened, 7 d7×41 min in all, longest 12 min",
        "Top causerate limitedof 5 instance openings",
        "Last 7 daysone row a day, each cell 10 min, worst instance",
        "Last 7 days: opened 7×, 41 min in all, longest 12 min, opened again by failed trials 2×.",
        "they disagree: 2 open, 1 closed",
        "The recorded calls are being replayed.",
        "closed → open",
        "24 × overloaded, 5 × timeout, of 50 calls",
        "4 min 06 s, so far",
        "Today",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
    assert_eq!(html.matches("class=\"day\"").count(), 8);
    assert!(
        tag(&html, "data-export").contains("/api/v1/breakers/b_0000000000000021/transitions?from=now-7d")
    );
    assert!(html.contains("<title>claude-sonnet open · Fuseboard</title>"));
    assert!(!html.contains("data-around"));
    let html = page(with_breaker(seed()), "/breakers/b_0000000000000021?trip=9").await;
    assert!(html.contains("data-around"), "a trip is looked at");
}

#[tokio::test]
async fn a_breaker_that_is_not_painted_yet_says_so() {
    let bare = seed();
    let html = page(bare.clone(), "/breakers/b_0000000000000021").await;
    assert!(html.contains("data-breaker-waiting") && html.contains("data-breaker-head"));
    let html = page(bare, "/breakers/b_00000000000000ff").await;
    assert!(html.contains("data-breaker-waiting") && !html.contains("data-breaker-head"));
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

#[tokio::test]
async fn the_bar_of_time_is_an_empty_place_at_first_and_only_the_boards() {
    let html = page(seed(), "/").await;
    assert!(tag(&html, "data-replay=\"off\"").starts_with("<section"));
    assert!(!html.contains("data-replay-note"));
    assert!(!html.contains("data-scrub"), "what it holds comes later");
    let other = page(seed(), "/providers").await;
    assert!(!other.contains("data-replay="), "only the board has it");
}

#[tokio::test]
async fn the_bar_of_time_shows_a_day_and_begins_live() {
    let html = bar_of_time(seed());
    let words = text(&html);
    assert!(words.contains("now 14:32:08"), "{words}");
    let slider = tag(&html, "role=\"slider\"");
    assert!(slider.contains("aria-valuetext=\"Live\""), "{slider}");
    assert!(
        slider.contains("The last day: 2 trips, 30 min with alarming success."),
        "{slider}"
    );
    let bars = tag(&html, "class=\"scrub-calm\"").matches('M').count();
    assert_eq!(bars, 288 - 6);
    assert_eq!(tag(&html, "class=\"scrub-act\"").matches('M').count(), 6);
    assert_eq!(tag(&html, "class=\"scrub-trips\"").matches('M').count(), 2);
}

#[tokio::test]
async fn a_moment_says_that_it_is_not_now() {
    let mut seed = seed();
    let at = NOW - 4 * 3_600_000;
    seed.board.now = at;
    seed.replay = Some(at);
    let html = page(seed.clone(), "/?at=1").await;
    let words = text(&html);
    assert!(words.contains("You are looking at 10:32, today."), "{words}");
    assert!(words.contains("Back to live"), "{words}");
    assert!(tag(&html, "data-live=").contains("data-live=\"replay\""));
    assert!(tag(&html, "data-replay=\"on\"").starts_with("<section"));
    assert!(!html.contains("data-stale"));
    let html = bar_of_time(seed.clone());
    assert!(text(&html).contains("10:32:08"));
    assert!(tag(&html, "role=\"slider\"").contains("aria-valuetext=\"10:32, today\""));
    seed.present = NOW + 86_400_000;
    let words = text(&page(seed, "/?at=1").await);
    assert!(words.contains("You are looking at 10:32, yesterday."), "{words}");
}

#[tokio::test]
async fn a_moment_that_cannot_be_shown_is_told_above_the_board() {
    let mut seed = seed();
    seed.refused = Some("at: <long> ago".into());
    let html = page(seed, "/?at=1").await;
    assert!(html.contains("&lt;long&gt; ago"), "escaped");
    let words = text(&html);
    assert!(words.contains("That moment cannot be shown."), "{words}");
    assert!(!words.contains("at: "), "{words}");
    assert!(tag(&html, "data-live=").contains("data-live=\"connecting\""));
}
