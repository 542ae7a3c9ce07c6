//! The KPI page's figures over REST.

use crate::common::TestServer;
use protocol::query::QueryAnswer;
use protocol::view::KpiPage;

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_what_its_own_question_answers() {
    let server = TestServer::with_two_providers().await;
    let page: KpiPage = server.read("/api/v1/kpis?period=now-7d..now").await;
    let first: Vec<&str> = page
        .figures
        .iter()
        .take(4)
        .map(|figure| figure.key.as_str())
        .collect();
    assert_eq!(
        first,
        ["answered", "ttft", "cost_per_answer", "time_to_acknowledge"]
    );
    assert_eq!(page.completeness.calls, 70);
    let mut checked = 0;
    for figure in page
        .figures
        .iter()
        .filter(|figure| figure.working.queries.len() == 1)
    {
        let answer: QueryAnswer = server
            .read(&format!("/t/default/api/v1/query?{}", figure.working.queries[0]))
            .await;
        let value = answer.series.first().and_then(|series| series.points[0].1);
        assert_eq!(value, figure.value, "{}", figure.key);
        checked += usize::from(value.is_some());
    }
    assert!(checked >= 5, "{checked}");
    let names: Vec<&str> = page.providers.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names[0], "openai", "the busiest first: {names:?}");

    let own: KpiPage = server
        .read("/t/default/api/v1/kpis?period=now-7d..now&filter=provider:openai&zone=Europe/Berlin")
        .await;
    assert_eq!(
        (own.completeness.calls, own.period.zone.as_str()),
        (30, "Europe/Berlin")
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_by_its_parameter() {
    let server = TestServer::start().await;
    for (query, parameter) in [
        ("period=soon", "period"),
        ("period=now-2y..now", "period"),
        ("filter=colour:red", "filter"),
        ("zone=Mars", "zone"),
        ("from=now-1h", "from"),
    ] {
        let problem = server.refusal(&format!("/api/v1/kpis?{query}"), 400).await;
        assert_eq!(problem["parameter"], parameter, "{query}");
    }
    assert!(server.stop().await);
}
