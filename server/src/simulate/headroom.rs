//! Rate-limit headers of real answers, as headroom events.

use domain::Millis;
use fuseboard_client::HeadroomEvent;
use reqwest::header::HeaderMap;

use super::fleet::Breaker;

/// What one limit has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Limit {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset_at: Option<Millis>,
}

impl Limit {
    fn is_known(&self) -> bool {
        self.limit.is_some() || self.remaining.is_some()
    }
}

/// What the headers say, if they say anything.
pub fn headroom(breaker: &Breaker, headers: &HeaderMap, now: Millis) -> Option<HeadroomEvent> {
    let requests = limit(headers, "requests", now);
    let tokens = limit(headers, "tokens", now);
    if !requests.is_known() && !tokens.is_known() {
        return None;
    }
    let mut event = HeadroomEvent::new(breaker.provider_name())
        .model(breaker.model)
        .service(breaker.service)
        .at_ms(now);
    if let Some(deployment) = breaker.deployment {
        event = event.deployment(deployment);
    }
    // The setters take values, and an absent header must stay absent.
    event = some(event, requests.limit, HeadroomEvent::requests_limit);
    event = some(event, requests.remaining, HeadroomEvent::requests_remaining);
    event = some(event, requests.reset_at, HeadroomEvent::requests_reset_at_ms);
    event = some(event, tokens.limit, HeadroomEvent::tokens_limit);
    event = some(event, tokens.remaining, HeadroomEvent::tokens_remaining);
    event = some(event, tokens.reset_at, HeadroomEvent::tokens_reset_at_ms);
    Some(event)
}

fn some<E, V>(event: E, value: Option<V>, set: impl FnOnce(E, V) -> E) -> E {
    match value {
        Some(value) => set(event, value),
        None => event,
    }
}

/// Reads either family of headers; a negative number means unknown and does not parse.
fn limit(headers: &HeaderMap, what: &str, now: Millis) -> Limit {
    let text = |name: String| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: String| text(name).and_then(|value| value.trim().parse().ok());
    let openai = Limit {
        limit: number(format!("x-ratelimit-limit-{what}")),
        remaining: number(format!("x-ratelimit-remaining-{what}")),
        reset_at: text(format!("x-ratelimit-reset-{what}"))
            .and_then(go_duration_ms)
            .map(|ms| now + ms),
    };
    if openai.is_known() {
        return openai;
    }
    Limit {
        limit: number(format!("anthropic-ratelimit-{what}-limit")),
        remaining: number(format!("anthropic-ratelimit-{what}-remaining")),
        reset_at: text(format!("anthropic-ratelimit-{what}-reset"))
            .and_then(|value| value.parse::<jiff::Timestamp>().ok())
            .map(|time| time.as_millisecond()),
    }
}

/// A duration as Go prints it (`250ms`, `1.5s`, `6m0s`), in milliseconds.
fn go_duration_ms(text: &str) -> Option<Millis> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        // `ms` before `m`.
        let (unit, factor) = [("ms", 1.0), ("h", 3_600_000.0), ("m", 60_000.0), ("s", 1_000.0)]
            .into_iter()
            .find(|(u, _)| rest.starts_with(u))?;
        total += number * factor;
        rest = &rest[unit.len()..];
    }
    Some(total.round() as Millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::fleet::BREAKERS;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn go_durations() {
        for (text, ms) in [
            ("250ms", 250),
            ("1.5s", 1_500),
            ("6m0s", 360_000),
            ("1h2m3.5s", 3_723_500),
            ("0s", 0),
        ] {
            assert_eq!(go_duration_ms(text), Some(ms), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1x", "1s2"] {
            assert_eq!(go_duration_ms(text), None, "{text:?}");
        }
    }

    #[test]
    fn both_families_are_read_and_absence_stays_absence() {
        let openai = headers(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "-1"),
            ("x-ratelimit-reset-requests", "1.5s"),
            ("x-ratelimit-remaining-tokens", "900"),
        ]);
        let event = serde_json::to_value(headroom(&BREAKERS[3], &openai, 1_000).unwrap()).unwrap();
        assert_eq!(
            event,
            serde_json::json!({"type": "headroom", "provider": "openai", "model": "gpt-5", "deployment": "eu",
                "service": "chat-api", "time": 1_000, "requests_limit": 60, "requests_reset_at": 2_500,
                "tokens_remaining": 900})
        );
        let anthropic = headers(&[
            ("anthropic-ratelimit-requests-remaining", "3"),
            ("anthropic-ratelimit-requests-reset", "1970-01-01T00:00:09Z"),
        ]);
        let event = serde_json::to_value(headroom(&BREAKERS[4], &anthropic, 1_000).unwrap()).unwrap();
        assert_eq!(
            (&event["requests_remaining"], &event["requests_reset_at"]),
            (&3.into(), &9_000.into())
        );
        assert!(headroom(&BREAKERS[7], &HeaderMap::new(), 0).is_none());
    }
}
