//! A page for the public: what works now, 90 days of each part, what happened.

use leptos::prelude::*;
use protocol::kpis::status::{ComponentView, DayView, IncidentDoc, Standing, StatusView};

use super::shared::{around, themes};
use crate::components::brand;
use crate::format::{date_clock, percent_fine};
use crate::seed::Theme;

/// Around a page for the public.
#[derive(Debug, Clone)]
pub struct StatusFrame {
    /// What stands before our paths: empty, or `/fuseboard`.
    pub root: String,
    /// `light` or `dark` when the viewer chose one.
    pub theme: Option<Theme>,
    /// Whether the data are a demonstration's.
    pub demo: bool,
}

/// The page's HTML.
pub fn public_status(frame: &StatusFrame, view: &StatusView) -> String {
    let address = [&frame.root, "/status/", &view.slug].concat();
    let (verdict, level) = verdict(view);
    let open: Vec<&IncidentDoc> = view.open().collect();
    let over: Vec<&IncidentDoc> = view.incidents.iter().filter(|one| one.is_over()).collect();
    let now = (!open.is_empty()).then(|| {
        view! {
            <section aria-label="Now">{open.iter().map(|one| incident(one)).collect_view()}</section>
        }
    });
    let before = match over.is_empty() {
        true => view! { <p class="quiet">"None."</p> }.into_any(),
        false => over.iter().map(|one| incident(one)).collect_view().into_any(),
    };
    let intro =
        (!view.intro.trim().is_empty()).then(|| view! { <p class="status-intro">{view.intro.clone()}</p> });
    let content = view! {
        <header class="bar shared-bar">
            <h1>{view.title.clone()}</h1>
            <div class="bar-end">{themes(&address)}</div>
        </header>
        <p class="status-verdict" data-standing=level role="status">{verdict}</p>
        {intro}
        {now}
        <section class="card pad status-parts" aria-label="Parts">
            {view.components.iter().map(component).collect_view()}
            <p class="quiet status-key">
                "Each bar is a day, today at the right. Grey: too few calls, nobody can tell."
            </p>
        </section>
        <section class="status-before">
            <h2>"Past incidents"</h2>
            {before}
        </section>
        <footer class="shared-foot">
            <p>
                <a href=format!("{address}/feed.rss")>"RSS"</a> " "
                <a href=format!("{address}/feed.json")>"JSON Feed"</a> " "
                <a href=format!("{address}/api/v2/summary.json")>"API"</a>
            </p>
            <p class="quiet">"As of " {date_clock(view.as_of, 0)} " UTC. " {brand()} " Fuseboard"</p>
        </footer>
    };
    let title = format!("{} · status", view.title);
    around(
        &frame.root,
        title,
        (frame.theme, "shared status"),
        frame.demo,
        content.into_any(),
    )
}

/// One sentence, and what it is. No data is never good.
fn verdict(view: &StatusView) -> (String, &'static str) {
    let named = |standing: Standing| -> Vec<&str> {
        let those = view.components.iter().filter(|one| one.standing == standing);
        those.map(|one| one.name.as_str()).collect()
    };
    let unknown = named(Standing::Unknown);
    for (standing, words) in [
        (Standing::Down, "down"),
        (Standing::Partial, "partly down"),
        (Standing::Degraded, "degraded"),
    ] {
        let names = named(standing);
        if !names.is_empty() {
            let verb = if names.len() == 1 { "is" } else { "are" };
            return (format!("{} {verb} {words}.", names.join(", ")), key(standing));
        }
    }
    if view.open().next().is_some() {
        return (
            "There is an open incident; all parts answer.".into(),
            key(Standing::Degraded),
        );
    }
    match unknown.len() {
        0 if !view.components.is_empty() => ("All parts work.".into(), key(Standing::Operational)),
        known if known == view.components.len() => (
            "No data: nobody can tell how it is.".into(),
            key(Standing::Unknown),
        ),
        _ => (
            format!("No trouble is known. No data: {}.", unknown.join(", ")),
            key(Standing::Unknown),
        ),
    }
}

fn key(standing: Standing) -> &'static str {
    match standing {
        Standing::Unknown => "unknown",
        Standing::Operational => "operational",
        Standing::Degraded => "degraded",
        Standing::Partial => "partial",
        Standing::Down => "down",
    }
}

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Unknown => "No data",
        Standing::Operational => "Works",
        Standing::Degraded => "Degraded",
        Standing::Partial => "Partly down",
        Standing::Down => "Down",
    }
}

fn component(one: &ComponentView) -> AnyView {
    let uptime = match one.uptime {
        Some(_) => format!("{} in 90 days", percent_fine(one.uptime).text()),
        None => "No data in 90 days".to_owned(),
    };
    let width = one.days.len() * 6;
    let known = one.days.iter().filter(|day| day.standing != Standing::Unknown);
    let bad = known.clone().filter(|day| day.standing != Standing::Operational);
    let label = format!(
        "{}: {uptime}; {} of {} days are known, {} of them not as they should be",
        one.name,
        known.count(),
        one.days.len(),
        bad.count()
    );
    let bars = one.days.iter().enumerate().map(bar);
    view! {
        <article class="status-part" data-component=one.name.clone() data-standing=key(one.standing)>
            <h2>{one.name.clone()}</h2>
            <p class="status-now">
                <i class="status-mark" aria-hidden="true"></i>
                {words(one.standing)}
            </p>
            <svg class="status-bars" viewBox=format!("0 0 {width} 28") preserveAspectRatio="none" role="img" aria-label=label>
                {bars.collect_view()}
            </svg>
            <p class="quiet">{uptime} " · judged by " {one.window_min} " min"</p>
        </article>
    }
    .into_any()
}

/// Colour is not all: a worse day is a shorter bar, one without data lies low.
fn bar((place, day): (usize, &DayView)) -> AnyView {
    let height = match day.standing {
        Standing::Operational => 28,
        Standing::Degraded => 20,
        Standing::Partial | Standing::Down => 12,
        Standing::Unknown => 4,
    };
    let said = match day.value {
        Some(_) => percent_fine(day.value).text(),
        None => "no data".to_owned(),
    };
    let title = format!(
        "{}: {said}",
        date_clock(day.at, 0).chars().take(10).collect::<String>()
    );
    view! {
        <rect x=place * 6 y=28 - height width="5" height=height data-standing=key(day.standing)>
            <title>{title}</title>
        </rect>
    }
    .into_any()
}

fn incident(one: &IncidentDoc) -> AnyView {
    let about =
        (!one.components.is_empty()).then(|| view! { <p class="quiet">{one.components.join(", ")}</p> });
    let said = one.updates.iter().rev().map(|update| {
        view! {
            <li>
                <b>{capital(&update.state)}</b>
                " "
                <span class="quiet">{date_clock(update.at, 0)} " UTC"</span>
                <p>{update.text.clone()}</p>
            </li>
        }
    });
    view! {
        <article class="card pad status-incident" id=format!("incident-{}", one.id) data-state=one.state().to_owned()>
            <h3>{one.title.clone()}</h3>
            <p class="quiet">"Impact: " {one.impact.clone()}</p>
            {about}
            <ol>{said.collect_view()}</ol>
        </article>
    }
    .into_any()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    [&first, chars.as_str()].concat()
}

#[cfg(test)]
mod tests {
    use protocol::kpis::status::UpdateDoc;

    use super::*;

    const EVIL: &str = "<script>x</script>\"&'";

    fn view(standing: Standing) -> StatusView {
        StatusView {
            slug: "acme".into(),
            title: EVIL.into(),
            intro: EVIL.into(),
            created: 0,
            changed: 0,
            as_of: 0,
            components: vec![ComponentView {
                name: EVIL.into(),
                standing,
                window_min: 15,
                days: vec![DayView {
                    at: 0,
                    standing,
                    value: None,
                }],
                uptime: None,
            }],
            incidents: vec![IncidentDoc {
                id: 1,
                title: EVIL.into(),
                impact: "none".into(),
                components: vec![EVIL.into()],
                updates: vec![UpdateDoc {
                    at: 0,
                    state: "resolved".into(),
                    text: EVIL.into(),
                }],
            }],
        }
    }

    #[test]
    fn no_data_is_never_good_and_text_stays_text() {
        let frame = StatusFrame {
            root: "/ops".into(),
            theme: None,
            demo: false,
        };
        let html = public_status(&frame, &view(Standing::Unknown));
        assert!(html.contains("No data: nobody can tell how it is."), "{html}");
        assert!(!html.contains("data-standing=\"operational\""), "{html}");
        assert!(!html.contains("<script>x") && !html.contains("style="), "{html}");
        assert!(html.contains("/ops/status/acme/feed.rss"), "{html}");
        let html = public_status(&frame, &view(Standing::Operational));
        assert!(html.contains("All parts work."), "{html}");
    }
}
