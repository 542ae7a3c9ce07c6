//! What a page for the public shows: what its parts are now, and 90 days of each.
//!
//! All of it is asked in one go: parts share two readings of the store. Only what counts is counted. Too few calls are
//! nobody's good day: they are unknown, never operational. Deliberately absent: any memory of answers (the server keeps them
//! for some seconds, so that a crowd costs one question).

use domain::Millis;
use protocol::Span;
use protocol::documents::DocumentItem;
use protocol::kpis::status::{
    ComponentDoc, ComponentView, DayView, IncidentDoc, Standing, StatusPageDoc, StatusView,
};
use protocol::query::QueryAnswer;
use store::TenantScope;

use crate::Engine;
use crate::query::{QueryError, QueryRequest, Resolution};

const DAY: Millis = 86_400_000;
/// Days that are shown.
const DAYS: i64 = 90;

impl Engine {
    /// A page as the public sees it, at this moment.
    ///
    /// # Errors
    /// A filter cannot be asked any more, such as one by a label that is not kept, or the store cannot be read.
    pub async fn status_view(
        &self,
        scope: &TenantScope,
        item: &DocumentItem<StatusPageDoc>,
    ) -> Result<StatusView, QueryError> {
        let now = self.clock().now();
        let doc = &item.doc;
        let mut requests = Vec::with_capacity(doc.components.len() * 4);
        for component in &doc.components {
            requests.extend(questions(component, now));
        }
        let answers = self.query_all(scope, &requests).await?;
        let components = doc.components.iter().zip(answers.chunks(4));
        let components = components.map(|(component, answers)| ComponentView {
            standing: touched(now_of(component, answers), component, &doc.incidents),
            ..shown(component, answers)
        });
        let mut incidents = doc.incidents.clone();
        incidents.sort_by_key(|incident| std::cmp::Reverse((incident.began(), incident.id)));
        Ok(StatusView {
            slug: doc.slug.clone(),
            title: doc.title.clone(),
            intro: doc.intro.clone(),
            created: item.created,
            changed: item.changed,
            as_of: now,
            components: components.collect(),
            incidents,
        })
    }
}

/// Of a component: the share and the calls lately, the shares and the calls of each day.
fn questions(component: &ComponentDoc, now: Millis) -> [QueryRequest; 4] {
    let calls = match component.metric.as_str() {
        "availability" => "attempts",
        _ => "requests",
    };
    let ask = |metric: &str, from: Millis, resolution| QueryRequest {
        metric: metric.to_owned(),
        group_by: Vec::new(),
        filter: component.filter.clone(),
        span: Span { from, to: now },
        resolution,
        compare_previous: false,
        counting: true,
    };
    let lately = now - Millis::from(component.window_min) * 60_000;
    let days = now - (DAYS - 1) * DAY;
    [
        ask(&component.metric, lately, Resolution::MaxPoints(1)),
        ask(calls, lately, Resolution::MaxPoints(1)),
        ask(&component.metric, days, Resolution::Step(DAY)),
        ask(calls, days, Resolution::Step(DAY)),
    ]
}

fn points(answers: &[QueryAnswer], place: usize) -> &[(i64, Option<f64>)] {
    let series = answers.get(place).and_then(|answer| answer.series.first());
    series.map_or(&[], |series| series.points.as_slice())
}

/// A share as it is judged by a component's limits.
fn judged(component: &ComponentDoc, value: Option<f64>, calls: f64) -> Standing {
    match value.filter(|_| calls >= component.min_samples as f64) {
        None => Standing::Unknown,
        Some(value) if value < component.down_below => Standing::Down,
        Some(value) if value < component.degraded_below => Standing::Degraded,
        Some(_) => Standing::Operational,
    }
}

fn now_of(component: &ComponentDoc, answers: &[QueryAnswer]) -> Standing {
    let last = |place| points(answers, place).last().and_then(|(_, value)| *value);
    judged(component, last(0), last(1).unwrap_or(0.0))
}

/// What an open incident says is at least so.
fn touched(standing: Standing, component: &ComponentDoc, incidents: &[IncidentDoc]) -> Standing {
    let open = incidents.iter().filter(|incident| !incident.is_over());
    let about = open.filter(|incident| incident.components.contains(&component.name));
    let least = about.filter_map(|incident| match incident.impact.as_str() {
        "minor" => Some(Standing::Degraded),
        "major" => Some(Standing::Partial),
        "critical" => Some(Standing::Down),
        _ => None,
    });
    least.fold(standing, Standing::max)
}

/// The days. The reading has every day of the span; days that no rung has any more are unknown.
fn shown(component: &ComponentDoc, answers: &[QueryAnswer]) -> ComponentView {
    let (from, to) = answers.get(2).map_or((0, 0), |answer| (answer.from, answer.to));
    let at = |place: usize, day: Millis| {
        let found = points(answers, place).iter().find(|(at, _)| *at == day);
        found.and_then(|(_, value)| *value)
    };
    let mut days = Vec::new();
    let (mut good, mut all) = (0.0, 0.0);
    let mut day = from;
    while day < to {
        let (value, calls) = (at(2, day), at(3, day).unwrap_or(0.0));
        let standing = judged(component, value, calls);
        let known = value.filter(|_| standing != Standing::Unknown);
        if let Some(value) = known {
            good += value * calls;
            all += calls;
        }
        days.push(DayView {
            at: day,
            standing,
            value: known,
        });
        day += DAY;
    }
    let surplus = days.len().saturating_sub(DAYS.unsigned_abs() as usize);
    days.drain(..surplus);
    ComponentView {
        name: component.name.clone(),
        standing: Standing::Unknown,
        window_min: component.window_min,
        days,
        uptime: (all > 0.0).then(|| good / all),
    }
}

#[cfg(test)]
mod tests {
    use protocol::kpis::status::UpdateDoc;

    use super::*;

    fn component() -> ComponentDoc {
        ComponentDoc {
            name: "Chat".into(),
            filter: String::new(),
            metric: "answered".into(),
            window_min: 15,
            degraded_below: 0.99,
            down_below: 0.9,
            min_samples: 20,
        }
    }

    #[test]
    fn too_few_calls_are_never_good() {
        for (value, calls, standing) in [
            (Some(1.0), 19.0, Standing::Unknown),
            (None, 500.0, Standing::Unknown),
            (Some(1.0), 20.0, Standing::Operational),
            (Some(0.99), 20.0, Standing::Operational),
            (Some(0.989), 20.0, Standing::Degraded),
            (Some(0.9), 20.0, Standing::Degraded),
            (Some(0.899), 20.0, Standing::Down),
        ] {
            assert_eq!(
                judged(&component(), value, calls),
                standing,
                "{value:?} of {calls}"
            );
        }
    }

    #[test]
    fn an_incident_makes_it_no_better() {
        let incident = |impact: &str, state: &str, about: &str| IncidentDoc {
            id: 1,
            title: "Slow".into(),
            impact: impact.into(),
            components: vec![about.into()],
            updates: vec![UpdateDoc {
                at: 1,
                state: state.into(),
                text: "x".into(),
            }],
        };
        let standing = |incident| touched(Standing::Operational, &component(), &[incident]);
        assert_eq!(
            standing(incident("minor", "identified", "Chat")),
            Standing::Degraded
        );
        assert_eq!(
            standing(incident("major", "monitoring", "Chat")),
            Standing::Partial
        );
        assert_eq!(
            standing(incident("critical", "identified", "Chat")),
            Standing::Down
        );
        assert_eq!(
            standing(incident("none", "identified", "Chat")),
            Standing::Operational
        );
        assert_eq!(
            standing(incident("critical", "resolved", "Chat")),
            Standing::Operational
        );
        assert_eq!(
            standing(incident("critical", "identified", "Search")),
            Standing::Operational
        );
        let worse = touched(
            Standing::Down,
            &component(),
            &[incident("minor", "identified", "Chat")],
        );
        assert_eq!(worse, Standing::Down);
    }
}
