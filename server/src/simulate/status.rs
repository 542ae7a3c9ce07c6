//! The status line: what happens, and what became of the reports.

use std::io::Write;
use std::time::Duration;

use domain::breaker::State;
use fuseboard_client::{Health, Link};

use super::world::World;

/// How often a line is printed.
pub const EVERY: Duration = Duration::from_secs(5);

/// Prints a line to standard output. Nobody reading it any more is no reason to stop.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints what happened since the last line, `over` this long.
pub fn print(world: &World, over: Duration) {
    let [requests, answered, rejected, saved] = world.counts.take();
    say(&line(
        world.clock.elapsed(),
        over,
        [requests, answered, rejected, saved],
        &world.trouble(),
        &world.client.health(),
    ));
}

fn line(
    elapsed: Duration,
    over: Duration,
    [requests, answered, rejected, saved]: [u64; 4],
    trouble: &[(&str, State, Vec<&str>)],
    health: &Health,
) -> String {
    let seconds = elapsed.as_secs();
    let per_second = requests as f64 / over.as_secs_f64().max(0.001);
    let mut line = format!(
        "{:02}:{:02}  {per_second:.1} requests/s",
        seconds / 60,
        seconds % 60
    );
    if requests > 0 {
        line += &format!(", {:.1}% answered", answered as f64 / requests as f64 * 100.0);
    }
    for (count, what) in [(saved, "by fallback"), (rejected, "rejected by breakers")] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    for (breaker, state, instances) in trouble {
        line += &format!(" · {breaker} {} ({})", words(*state), instances.join(", "));
    }
    line += &format!(" · reported {}", health.accepted + health.duplicates);
    for (count, what) in [
        (health.queued, "waiting"),
        (health.refused, "refused"),
        (health.dropped, "dropped"),
    ] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    if let (Link::Down, Some(error)) = (health.link, &health.last_error) {
        line += &format!(" · Fuseboard does not answer: {error}");
    } else if let (true, Some(error)) = (health.refused > 0, &health.last_error) {
        line += &format!(" ({error})");
    }
    line
}

fn words(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half-open",
        State::ForcedOpen => "forced open",
        State::Disabled => "disabled",
        State::MetricsOnly => "metrics only",
        State::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_only_what_there_is_to_say() {
        let health = Health {
            accepted: 410,
            link: Link::Up,
            ..Health::default()
        };
        let over = Duration::from_secs(5);
        let calm = line(Duration::from_secs(65), over, [200, 200, 0, 0], &[], &health);
        assert_eq!(calm, "01:05  40.0 requests/s, 100.0% answered · reported 410");
        let health = Health {
            queued: 12,
            dropped: 3,
            link: Link::Down,
            last_error: Some("connection refused".into()),
            ..health
        };
        let trouble = [
            ("claude-sonnet", State::Open, vec!["api-3", "api-5"]),
            ("vertex · eu", State::ForcedOpen, vec!["api-5"]),
        ];
        let storm = line(
            Duration::from_secs(65),
            over,
            [200, 198, 17, 9],
            &trouble,
            &health,
        );
        assert_eq!(
            storm,
            "01:05  40.0 requests/s, 99.0% answered, 9 by fallback, 17 rejected by breakers \
             · claude-sonnet open (api-3, api-5) · vertex · eu forced open (api-5) \
             · reported 410, 12 waiting, 3 dropped · Fuseboard does not answer: connection refused"
        );
    }
}
