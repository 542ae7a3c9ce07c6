//! The page of one provider, from what was sent.

use crate::common::{House, START, scope, transition};
use engine::PageError;
use protocol::view::{ProviderPage, State};

const MINUTE: i64 = 60_000;

fn call(provider: &str, model: &str, age: i64, outcome: &str, fields: &str) -> String {
    let time = START - age;
    format!(
        r#"{{"type":"call","time":{time},"provider":"{provider}","model":"{model}","outcome":"{outcome}","duration_ms":1000{fields}}}"#
    )
}

async fn push(house: &House, events: &[String]) {
    let reply = house.push(&format!("[{}]", events.join(","))).await;
    assert_eq!(reply.accepted as usize, events.len());
}

async fn id_of(house: &House, name: &str) -> String {
    let list = house
        .engine
        .providers(&scope(), "now-1h", "now")
        .await
        .expect("a list");
    let row = list.rows.into_iter().find(|row| row.name == name);
    row.expect("a row").id
}

async fn page(house: &House, name: &str) -> ProviderPage {
    let id = id_of(house, name).await;
    let page = house.engine.provider(&scope(), &id, "now-1h", "now").await;
    page.expect("an answer").expect("a provider")
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_of_this_provider_only_and_agree_with_the_list() {
    let house = House::new().await;
    let priced = r#","ttft_ms":200,"input_tokens":100,"output_tokens":80,"cost_usd":0.5"#;
    let mut events: Vec<String> = (0..30)
        .map(|nth| call("openai", "gpt-5", 5_000 + nth * 1_000, "ok", priced))
        .collect();
    events.extend((0..10).map(|nth| call("openai", "gpt-5-mini", 5_000 + nth * 1_000, "timeout", "")));
    events.push(call(
        "openai",
        "gpt-5",
        5_000,
        "ok",
        r#","attempt":2,"deployment":"eu""#,
    ));
    events.extend((0..50).map(|nth| call("mistral", "large", 5_000 + nth * 1_000, "server_error", priced)));
    events.push(transition("guard", "api-1", "open").replace("anthropic", "openai"));
    events.push(transition("calm", "api-1", "closed").replace("anthropic", "openai"));
    events.push(format!(
        r#"{{"type":"marker","time":{},"title":"v2","kind":"deploy"}}"#,
        START - MINUTE
    ));
    push(&house, &events).await;

    let list = house
        .engine
        .providers(&scope(), "now-1h", "now")
        .await
        .expect("a list");
    let page = page(&house, "openai").await;
    let listed = list.rows.iter().find(|row| row.name == "openai").expect("a row");
    assert_eq!(&page.row, listed, "the same row");
    assert_eq!(page.row.attempts, 41);
    assert_eq!((page.retries, page.refused), (1, 0));
    assert!(page.spent.is_some_and(|spent| (spent - 15.0).abs() < 1e-9));
    assert_eq!((page.input_tokens, page.output_tokens), (3_000, 2_400));
    let models: Vec<(&str, u64)> = page
        .models
        .iter()
        .map(|part| (part.name.as_str(), part.attempts))
        .collect();
    assert_eq!(models, [("gpt-5", 31), ("gpt-5-mini", 10)]);
    assert_eq!(
        (page.models[0].success, page.models[1].success),
        (Some(1.0), Some(0.0))
    );
    assert!(page.models[0].cost.is_some_and(|cost| (cost - 15.0).abs() < 1e-9));
    assert_eq!(page.models_left_out, Some(0));
    let deployments: Vec<&str> = page.deployments.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(deployments, ["eu"], "calls that name none are no deployment");
    let breakers: Vec<(&str, State)> = page
        .breakers
        .iter()
        .map(|row| (row.name.as_str(), row.state))
        .collect();
    assert_eq!(breakers, [("guard", State::Open), ("calm", State::Closed)]);
    assert_eq!(page.markers.len(), 1);

    let steps = page.lines.success.len();
    assert!((90..=122).contains(&steps), "{steps}");
    for values in [
        &page.lines.p50_ms,
        &page.lines.p99_ms,
        &page.lines.ttft_p95_ms,
        &page.lines.input_tokens,
        &page.lines.cost,
    ] {
        assert_eq!(values.len(), steps);
    }
    let outcomes: Vec<&str> = page
        .lines
        .outcomes
        .iter()
        .map(|line| line.outcome.as_str())
        .collect();
    assert_eq!(
        outcomes,
        ["ok", "timeout"],
        "the most first, and none of another provider"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_has_an_id_that_is_safe_in_a_path() {
    let house = House::new().await;
    let odd = "meta/llama: \\\"3\\\" ü ?#";
    push(&house, &[call(odd, "m", MINUTE, "ok", "")]).await;
    let list = house
        .engine
        .providers(&scope(), "now-1h", "now")
        .await
        .expect("a list");
    let (id, name) = (&list.rows[0].id, &list.rows[0].name);
    assert!(id.len() == 18 && id.starts_with("p_") && id[2..].bytes().all(|byte| byte.is_ascii_hexdigit()));
    let page = house.engine.provider(&scope(), id, "now-1h", "now").await;
    let page = page.expect("an answer").expect("a provider");
    assert_eq!((&page.row.name, page.row.attempts), (name, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_has_no_page_and_nonsense_is_refused() {
    let house = House::new().await;
    push(&house, &[call("openai", "m", MINUTE, "ok", "")]).await;
    for id in ["p_0000000000000000", "openai", ""] {
        let none = house.engine.provider(&scope(), id, "now-1h", "now").await;
        assert!(none.expect("an answer").is_none(), "{id}");
    }
    let id = id_of(&house, "openai").await;
    let refused = house.engine.provider(&scope(), &id, "soon", "now").await;
    assert!(matches!(refused, Err(PageError::Span(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_only_a_breaker_names_has_a_page() {
    let house = House::new().await;
    house
        .push(&format!("[{}]", transition("lonely", "api-1", "closed")))
        .await;
    let page = page(&house, "anthropic").await;
    assert_eq!((page.row.attempts, page.row.breakers, page.spent), (0, 1, None));
    assert!(page.models.is_empty() && page.lines.outcomes.is_empty());
}
