//! How a figure is computed: words, the formula, and the questions that give its parts.

use leptos::prelude::*;
use protocol::view::Working;

/// Below a figure, closed; `key` keeps it open while the page is put anew, `further` is what else is told there.
pub(super) fn working(base: &str, key: &str, title: &str, working: &Working, further: AnyView) -> AnyView {
    let formula = (!working.formula.is_empty())
        .then(|| view! { <p class="kpis-formula"><code>{working.formula.clone()}</code></p> });
    let many = working.queries.len() > 1;
    let queries = working.queries.iter().enumerate().map(|(nth, query)| {
        let explore = format!("{base}/explore?{}", explored(query));
        let api = format!("{base}/api/v1/query?{query}");
        let name = metric(query);
        let place = many.then(|| format!(" ({})", nth + 1));
        view! {
            <li>
                {name} {place} ": " <a href=explore rel="external">"Explore"</a> " · " <a href=api>"query"</a>
            </li>
        }
    });
    let queries = (!working.queries.is_empty()).then(|| view! { <ul>{queries.collect_view()}</ul> });
    let says = format!(": {title}");
    view! {
        <details class="kpis-working" data-keep=key.to_owned()>
            <summary>"How it is computed" <span class="vh">{says}</span></summary>
            <p>{working.words.clone()}</p>
            {formula}
            {queries}
            {further}
        </details>
    }
    .into_any()
}

/// The metric of a question.
fn metric(query: &str) -> String {
    let found = query.split('&').find_map(|pair| pair.strip_prefix("metric="));
    found.unwrap_or("figure").to_owned()
}

/// The same question for the Explore page, which knows fewer parameters.
fn explored(query: &str) -> String {
    let known = ["metric", "group_by", "filter", "from", "to"];
    let mut kept: Vec<&str> = query
        .split('&')
        .filter(|pair| known.contains(&pair.split('=').next().unwrap_or_default()))
        .collect();
    // Left out, it would be grouped as the page thinks best.
    if !kept.iter().any(|pair| pair.starts_with("group_by=")) {
        kept.push("group_by=");
    }
    kept.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_leads_to_explore_and_to_the_interface() {
        let html = working(
            "/t/acme",
            "answered",
            "Answered",
            &Working {
                words: "Answers <of> requests.".into(),
                formula: "answers / (requests - neutral)".into(),
                queries: vec![
                    "metric=answers&from=1&to=2&step=1d&counting=1".into(),
                    "metric=requests&from=1&to=2".into(),
                ],
            },
            ().into_any(),
        )
        .to_html();
        for part in [
            "/t/acme/explore?metric=answers&amp;from=1&amp;to=2&amp;group_by=",
            "/t/acme/api/v1/query?metric=answers&amp;from=1&amp;to=2&amp;step=1d&amp;counting=1",
            "Answers &lt;of&gt; requests.",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("<details open"), "{html}");
    }
}
