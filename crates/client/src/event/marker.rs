//! `marker`: a vertical line on every chart.

use serde::Serialize;

use super::{Defaults, Lane, MarkerKind, Report, free_text, setters};

/// A vertical line on every chart: a deployment, a change of configuration, an incident.
///
/// Service and environment are *not* taken from the client: a marker without them applies everywhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "marker")]
pub struct MarkerEvent {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<MarkerKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl MarkerEvent {
    /// A marker with this title; cut to 256 characters.
    pub fn new(title: impl Into<String>) -> MarkerEvent {
        MarkerEvent {
            title: free_text(title),
            kind: None,
            url: None,
            service: None,
            environment: None,
            time: None,
            id: None,
        }
    }

    setters!(time);
    setters!(text {
        /// Where to read more; http or https.
        url
        /// The service that it applies to.
        service
        /// The environment that it applies to.
        environment
    });
    setters!(value {
        /// What it marks. Default: other.
        kind: MarkerKind
    });
}

impl Report for MarkerEvent {
    const LANE: Lane = Lane::States;
    const URGENT: bool = true;

    fn complete(&mut self, now_ms: i64, id: String, _: &Defaults) {
        self.time.get_or_insert(now_ms);
        self.id.get_or_insert(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_public_name() {
        let event = MarkerEvent::new("v2.1\nout")
            .kind(MarkerKind::Deploy)
            .url("https://ci.example/42")
            .service("checkout")
            .environment("prod")
            .at_ms(3)
            .id("m-1");
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            serde_json::json!({
                "type": "marker", "title": "v2.1 out", "kind": "deploy", "url": "https://ci.example/42",
                "service": "checkout", "environment": "prod", "time": 3, "id": "m-1"
            })
        );
    }
}
