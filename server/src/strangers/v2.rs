//! A page for the public as Statuspage's API v2 tells it, so that whatever reads such pages reads ours.
//!
//! Its enums know no "nobody can tell". A component without data is told as `under_maintenance`: neither good nor an alarm; the
//! description says what it is (ADR 0044). Maintenances there are none.

use jiff::Timestamp;
use protocol::kpis::status::{ComponentView, IMPACTS, IncidentDoc, Standing, StatusView, UpdateDoc};
use serde_json::{Value, json};

use crate::auth::status_hash;

/// Incidents that are told.
const MOST: usize = 50;

/// `summary.json`: all that is open.
pub(super) fn summary(view: &StatusView, address: &str) -> Value {
    let open: Vec<Value> = view
        .open()
        .take(MOST)
        .map(|one| incident(view, one, address))
        .collect();
    json!({
        "page": page(view, address),
        "components": all(view),
        "incidents": open,
        "scheduled_maintenances": [],
        "status": indicator(view),
    })
}

/// `status.json`
pub(super) fn status(view: &StatusView, address: &str) -> Value {
    json!({ "page": page(view, address), "status": indicator(view) })
}

/// `components.json`
pub(super) fn components(view: &StatusView, address: &str) -> Value {
    json!({ "page": page(view, address), "components": all(view) })
}

/// `incidents.json`: the latest.
pub(super) fn incidents(view: &StatusView, address: &str) -> Value {
    let latest = view.incidents.iter().take(MOST);
    let latest: Vec<Value> = latest.map(|one| incident(view, one, address)).collect();
    json!({ "page": page(view, address), "incidents": latest })
}

/// `2026-11-23T08:00:00.000Z`
pub(super) fn moment(at: i64) -> String {
    Timestamp::from_millisecond(at)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

/// Twelve characters that stay the same as long as the name does.
fn id(of: &str) -> String {
    status_hash(of)
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn page(view: &StatusView, address: &str) -> Value {
    json!({
        "id": id(&view.slug),
        "name": view.title,
        "url": address,
        "time_zone": "Etc/UTC",
        "updated_at": moment(view.as_of),
    })
}

fn indicator(view: &StatusView) -> Value {
    let count = |standing| {
        view.components
            .iter()
            .filter(|one| one.standing == standing)
            .count()
    };
    let (down, unknown) = (count(Standing::Down), count(Standing::Unknown));
    let all = view.components.len();
    let of_components = match view.components.iter().map(|one| one.standing).max() {
        Some(Standing::Down) if down == all => "critical",
        Some(Standing::Down | Standing::Partial) => "major",
        Some(Standing::Degraded) => "minor",
        _ => "none",
    };
    let rank = |impact: &str| IMPACTS.iter().position(|known| *known == impact).unwrap_or(0);
    let of_incidents = view.open().map(|incident| incident.impact.as_str());
    let worst = of_incidents.fold(of_components, |worst, impact| {
        if rank(impact) > rank(worst) {
            IMPACTS[rank(impact)]
        } else {
            worst
        }
    });
    let (indicator, description) = match worst {
        "critical" => ("critical", "Major service outage".to_owned()),
        "major" => ("major", "Partial service outage".to_owned()),
        "minor" => ("minor", "Degraded performance".to_owned()),
        _ if unknown == all => ("maintenance", "No data".to_owned()),
        _ if unknown > 0 => (
            "none",
            format!("No trouble is known; {unknown} of {all} without data"),
        ),
        _ => ("none", "All systems operational".to_owned()),
    };
    json!({ "indicator": indicator, "description": description })
}

fn all(view: &StatusView) -> Vec<Value> {
    let places = view.components.iter().enumerate();
    places.map(|(place, one)| component(view, place, one)).collect()
}

fn component(view: &StatusView, place: usize, one: &ComponentView) -> Value {
    let status = match one.standing {
        Standing::Unknown => "under_maintenance",
        Standing::Operational => "operational",
        Standing::Degraded => "degraded_performance",
        Standing::Partial => "partial_outage",
        Standing::Down => "major_outage",
    };
    let description = (one.standing == Standing::Unknown).then_some("No data");
    json!({
        "id": id(&[&view.slug, "/", &one.name].concat()),
        "name": one.name,
        "status": status,
        "created_at": moment(view.created),
        "updated_at": moment(view.as_of),
        "position": place + 1,
        "description": description,
        "showcase": false,
        "start_date": null,
        "group_id": null,
        "page_id": id(&view.slug),
        "group": false,
        "only_show_if_degraded": false,
    })
}

fn incident(view: &StatusView, one: &IncidentDoc, address: &str) -> Value {
    let own = format!("{}/incidents/{}", view.slug, one.id);
    let since = |state: &str| one.updates.iter().find(|update| update.state == state);
    let when = |update: Option<&UpdateDoc>| update.map(|update| moment(update.at));
    let touched = view.components.iter().enumerate();
    let touched = touched.filter(|(_, component)| one.components.contains(&component.name));
    let components: Vec<Value> = touched.map(|(place, one)| component(view, place, one)).collect();
    let updates = one.updates.iter().enumerate().rev();
    let updates: Vec<Value> = updates
        .map(|(place, update)| {
            json!({
                "id": id(&format!("{own}/{place}")),
                "status": update.state,
                "body": update.text,
                "incident_id": id(&own),
                "created_at": moment(update.at),
                "updated_at": moment(update.at),
                "display_at": moment(update.at),
                "affected_components": [],
            })
        })
        .collect();
    json!({
        "id": id(&own),
        "name": one.title,
        "status": one.state(),
        "created_at": moment(one.began()),
        "updated_at": moment(one.changed()),
        "monitoring_at": when(since("monitoring")),
        "resolved_at": one.is_over().then(|| moment(one.changed())),
        "impact": one.impact,
        "shortlink": format!("{address}#incident-{}", one.id),
        "started_at": moment(one.began()),
        "page_id": id(&view.slug),
        "incident_updates": updates,
        "components": components,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(standings: &[Standing], impact: Option<&str>) -> StatusView {
        let component = |(place, standing): (usize, &Standing)| ComponentView {
            name: format!("c{place}"),
            standing: *standing,
            window_min: 15,
            days: Vec::new(),
            uptime: None,
        };
        let incident = impact.map(|impact| IncidentDoc {
            id: 1,
            title: "Slow".into(),
            impact: impact.into(),
            components: vec!["c0".into()],
            updates: vec![
                UpdateDoc {
                    at: 0,
                    state: "investigating".into(),
                    text: "we look".into(),
                },
                UpdateDoc {
                    at: 60_000,
                    state: "monitoring".into(),
                    text: "better".into(),
                },
            ],
        });
        StatusView {
            slug: "acme".into(),
            title: "Acme".into(),
            intro: String::new(),
            created: 0,
            changed: 0,
            as_of: 0,
            components: standings.iter().enumerate().map(component).collect(),
            incidents: incident.into_iter().collect(),
        }
    }

    #[test]
    fn the_indicator_is_the_worst_of_components_and_incidents() {
        use Standing::{Degraded, Down, Operational, Partial, Unknown};
        let told = |standings: &[Standing], impact| {
            let told = indicator(&view(standings, impact));
            told["indicator"].as_str().unwrap().to_owned()
        };
        assert_eq!(told(&[Operational, Operational], None), "none");
        assert_eq!(told(&[Operational, Degraded], None), "minor");
        assert_eq!(told(&[Operational, Partial], None), "major");
        assert_eq!(told(&[Operational, Down], None), "major");
        assert_eq!(told(&[Down, Down], None), "critical");
        assert_eq!(told(&[Operational], Some("critical")), "critical");
        assert_eq!(told(&[Down, Operational], Some("minor")), "major");
        assert_eq!(told(&[Unknown, Unknown], None), "maintenance", "never good");
        assert_eq!(told(&[], None), "maintenance");
        let some = indicator(&view(&[Operational, Unknown], None));
        assert_eq!(some["description"], "No trouble is known; 1 of 2 without data");
    }

    #[test]
    fn incidents_have_the_fields_of_the_api_and_the_newest_words_first() {
        let told = incidents(
            &view(&[Standing::Unknown], Some("minor")),
            "https://x/status/acme",
        );
        let one = &told["incidents"][0];
        assert_eq!(one["status"], "monitoring");
        assert_eq!(one["started_at"], "1970-01-01T00:00:00.000Z");
        assert_eq!(one["monitoring_at"], "1970-01-01T00:01:00.000Z");
        assert_eq!(one["resolved_at"], Value::Null);
        assert_eq!(one["shortlink"], "https://x/status/acme#incident-1");
        assert_eq!(one["incident_updates"][0]["body"], "better");
        assert_eq!(one["components"][0]["status"], "under_maintenance");
        assert_eq!(one["components"][0]["description"], "No data");
    }
}
