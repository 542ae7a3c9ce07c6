//! What happens to the providers, as data: incidents on a timeline that repeats.

use std::time::Duration;

use super::args::ScenarioName;

/// How a provider fails a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It says that it is overloaded.
    Overloaded,
    /// 500.
    ServerError,
    /// The answer begins and breaks off.
    BrokenStream,
}

/// What an incident does to what it hits.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Effect {
    /// This share of calls fails.
    Fail(Failure, f64),
    /// The first token takes so many times as long.
    SlowFirstToken(f64),
    /// The rate limit shrinks to this share, because somebody else uses the same account.
    Squeeze(f64),
    /// Nobody listens: connections are refused. Hits a provider.
    Refuse,
    /// A person holds the breaker open, with this reason.
    ForceOpen(&'static str),
}

/// Whom an incident hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hits {
    Provider(&'static str),
    Breaker(&'static str),
    /// A breaker's calls from one instance only.
    Instance(&'static str, &'static str),
}

/// From second to second (exclusive) within the scenario's period.
#[derive(Debug, Clone, Copy)]
struct Incident {
    from: u64,
    to: u64,
    hits: Hits,
    effect: Effect,
    /// Drawn as a marker when it begins.
    title: Option<&'static str>,
}

const fn incident(from: u64, to: u64, hits: Hits, effect: Effect) -> Incident {
    Incident {
        from,
        to,
        hits,
        effect,
        title: None,
    }
}

const fn titled(title: &'static str, from: u64, to: u64, hits: Hits, effect: Effect) -> Incident {
    Incident {
        from,
        to,
        hits,
        effect,
        title: Some(title),
    }
}

/// A scenario that can be asked what the weather is.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    period: u64,
    incidents: &'static [Incident],
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weather {
    /// How calls fail, and which share.
    pub failure: Option<(Failure, f64)>,
    /// Factor on the time to the first token (or to the answer, for what does not stream).
    pub slowness: f64,
    /// Factor on the rate limit.
    pub limit: f64,
}

/// Nothing goes wrong.
pub const FAIR: Weather = Weather {
    failure: None,
    slowness: 1.0,
    limit: 1.0,
};

const MAINTENANCE: Effect = Effect::ForceOpen("maintenance in the region, by ops-2");

use Effect::{Fail, Refuse, SlowFirstToken, Squeeze};
use Failure::{BrokenStream, Overloaded, ServerError};
use Hits::{Breaker, Instance, Provider};

const TOUR: &[Incident] = &[
    titled(
        "Simulated: anthropic overloaded",
        12,
        52,
        Breaker("claude-sonnet"),
        Fail(Overloaded, 0.8),
    ),
    incident(14, 44, Breaker("claude-haiku"), Fail(Overloaded, 0.6)),
    incident(16, 40, Breaker("claude-opus"), Fail(Overloaded, 0.25)),
    titled(
        "Simulated: openai rate limit used up",
        66,
        102,
        Breaker("gpt-5"),
        Squeeze(0.06),
    ),
    titled(
        "Simulated: gemini slow to first token",
        112,
        150,
        Breaker("gemini-pro"),
        SlowFirstToken(11.0),
    ),
    incident(112, 150, Breaker("gemini-flash"), SlowFirstToken(3.0)),
    incident(96, 226, Breaker("vertex · eu"), MAINTENANCE),
    titled(
        "Simulated: self-hosted unreachable",
        160,
        186,
        Provider("self-hosted"),
        Refuse,
    ),
    titled(
        "Simulated: gemini-flash flapping",
        196,
        203,
        Breaker("gemini-flash"),
        Fail(ServerError, 0.95),
    ),
    incident(212, 219, Breaker("gemini-flash"), Fail(ServerError, 0.95)),
    incident(228, 235, Breaker("gemini-flash"), Fail(BrokenStream, 0.95)),
    titled(
        "Simulated: bad path from api-5",
        244,
        284,
        Instance("gpt-5-mini", "api-5"),
        Fail(ServerError, 0.9),
    ),
];

const STORM: &[Incident] = &[
    titled(
        "Simulated: anthropic overloaded",
        8,
        100,
        Breaker("claude-sonnet"),
        Fail(Overloaded, 0.8),
    ),
    incident(10, 50, Breaker("claude-haiku"), Fail(Overloaded, 0.65)),
    incident(10, 90, Breaker("claude-opus"), Fail(Overloaded, 0.2)),
    titled(
        "Simulated: gemini slow to first token",
        20,
        95,
        Breaker("gemini-pro"),
        SlowFirstToken(11.0),
    ),
    titled(
        "Simulated: openai rate limit used up",
        62,
        82,
        Breaker("gpt-5"),
        Squeeze(0.06),
    ),
    incident(5, 110, Breaker("vertex · eu"), MAINTENANCE),
    incident(60, 85, Instance("gpt-5-mini", "api-5"), Fail(ServerError, 0.9)),
];

const OVERLOAD: &[Incident] = &[
    titled(
        "Simulated: anthropic overloaded",
        8,
        60,
        Breaker("claude-sonnet"),
        Fail(Overloaded, 0.8),
    ),
    incident(8, 60, Breaker("claude-haiku"), Fail(Overloaded, 0.6)),
];

const RATE_LIMIT: &[Incident] = &[titled(
    "Simulated: openai rate limit used up",
    8,
    60,
    Breaker("gpt-5"),
    Squeeze(0.06),
)];

const SLOW_FIRST_TOKEN: &[Incident] = &[
    titled(
        "Simulated: gemini slow to first token",
        8,
        60,
        Breaker("gemini-pro"),
        SlowFirstToken(11.0),
    ),
    incident(8, 60, Breaker("gemini-flash"), SlowFirstToken(3.0)),
];

const OUTAGE: &[Incident] = &[
    titled(
        "Simulated: anthropic down",
        4,
        14,
        Provider("anthropic"),
        Fail(ServerError, 0.9),
    ),
    incident(14, 55, Provider("anthropic"), Refuse),
];

const FLAPPING: &[Incident] = &[incident(4, 11, Breaker("gemini-flash"), Fail(ServerError, 0.95))];

const DISAGREE: &[Incident] = &[titled(
    "Simulated: bad path from api-5",
    8,
    70,
    Instance("gpt-5-mini", "api-5"),
    Fail(ServerError, 0.9),
)];

impl Scenario {
    /// The scenario of this name.
    pub fn named(name: ScenarioName) -> Scenario {
        let (period, incidents) = match name {
            ScenarioName::Tour => (300, TOUR),
            ScenarioName::Calm => (60, &[] as &[Incident]),
            ScenarioName::Overload => (90, OVERLOAD),
            ScenarioName::RateLimit => (90, RATE_LIMIT),
            ScenarioName::SlowFirstToken => (90, SLOW_FIRST_TOKEN),
            ScenarioName::Outage => (90, OUTAGE),
            ScenarioName::Flapping => (16, FLAPPING),
            ScenarioName::Disagree => (90, DISAGREE),
            ScenarioName::Storm => (120, STORM),
        };
        Scenario { period, incidents }
    }

    fn active(&self, time: Duration) -> impl Iterator<Item = &'static Incident> {
        let second = time.as_secs() % self.period;
        self.incidents
            .iter()
            .filter(move |incident| (incident.from..incident.to).contains(&second))
    }

    /// What a call through this breaker meets, from this instance, at this scenario time.
    pub fn weather(&self, provider: &str, breaker: &str, instance: &str, time: Duration) -> Weather {
        let mut weather = FAIR;
        for incident in self.active(time) {
            let hit = match incident.hits {
                Provider(name) => name == provider,
                Breaker(name) => name == breaker,
                Instance(name, at) => name == breaker && at == instance,
            };
            match incident.effect {
                _ if !hit => {}
                Fail(failure, share) => weather.failure = Some((failure, share)),
                SlowFirstToken(factor) => weather.slowness *= factor,
                Squeeze(factor) => weather.limit *= factor,
                Refuse | Effect::ForceOpen(_) => {}
            }
        }
        weather
    }

    /// Connections to this provider are refused.
    pub fn is_down(&self, provider: &str, time: Duration) -> bool {
        self.active(time).any(|incident| {
            incident.effect == Refuse && matches!(incident.hits, Provider(name) if name == provider)
        })
    }

    /// Why somebody holds this breaker open, if somebody does.
    pub fn forced(&self, breaker: &str, time: Duration) -> Option<&'static str> {
        self.active(time)
            .find_map(|incident| match (incident.hits, incident.effect) {
                (Breaker(name), Effect::ForceOpen(reason)) if name == breaker => Some(reason),
                _ => None,
            })
    }

    /// Titles of incidents that began after `before` and not after `now`.
    pub fn begun(&self, before: Duration, now: Duration) -> impl Iterator<Item = &'static str> {
        let period = self.period;
        let starts = move |incident: &Incident| {
            let (before, now, from) = (before.as_secs_f64(), now.as_secs_f64(), incident.from as f64);
            // The latest start of this incident that is not in the future.
            let rounds = ((now - from) / period as f64).floor();
            let latest = from + rounds * period as f64;
            rounds >= 0.0 && latest > before
        };
        self.incidents
            .iter()
            .filter(move |incident| starts(incident))
            .filter_map(|incident| incident.title)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::simulate::fleet::{BREAKERS, PROVIDERS};

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn every_incident_hits_somebody_who_exists_within_the_period() {
        for name in ScenarioName::value_variants() {
            let scenario = Scenario::named(*name);
            for incident in scenario.incidents {
                assert!(
                    incident.from < incident.to && incident.to <= scenario.period,
                    "{incident:?}"
                );
                let exists = match incident.hits {
                    Provider(name) => PROVIDERS.iter().any(|provider| provider.name == name),
                    Breaker(name) => BREAKERS.iter().any(|breaker| breaker.name == name),
                    Instance(name, at) => BREAKERS
                        .iter()
                        .any(|breaker| breaker.name == name && breaker.instances.contains(&at)),
                };
                assert!(exists, "{incident:?}");
                assert!(incident.effect != Refuse || matches!(incident.hits, Provider(_)));
            }
        }
    }

    #[test]
    fn the_tour_shows_every_kind_of_trouble_and_ends_calm() {
        let tour = Scenario::named(ScenarioName::Tour);
        assert_eq!(tour.period, 300, "five minutes");
        let anthropic = tour.weather("anthropic", "claude-sonnet", "api-3", at(30));
        assert_eq!(anthropic.failure, Some((Overloaded, 0.8)));
        assert!(tour.weather("openai", "gpt-5", "api-3", at(80)).limit < 0.5);
        assert!(tour.weather("google", "gemini-pro", "api-3", at(120)).slowness > 5.0);
        assert!(tour.is_down("self-hosted", at(170)) && !tour.is_down("openai", at(170)));
        assert!(!tour.is_down("self-hosted", at(190)));
        let mini = |instance| tour.weather("openai", "gpt-5-mini", instance, at(260));
        assert!(mini("api-5").failure.is_some() && mini("api-3") == FAIR);
        assert!(
            tour.forced("vertex · eu", at(150)).is_some() && tour.forced("gemini-pro", at(150)).is_none()
        );
        for breaker in &BREAKERS {
            let weather = tour.weather(
                breaker.provider_name(),
                breaker.name,
                breaker.instances[0],
                at(292),
            );
            assert_eq!((weather, tour.forced(breaker.name, at(292))), (FAIR, None));
        }
    }

    #[test]
    fn a_scenario_repeats_and_calm_is_calm() {
        let overload = Scenario::named(ScenarioName::Overload);
        let sonnet = |second| overload.weather("anthropic", "claude-sonnet", "api-3", at(second));
        assert_eq!(sonnet(7), FAIR);
        assert_ne!(sonnet(8), FAIR);
        assert_eq!(sonnet(60), FAIR);
        assert_eq!(sonnet(98), sonnet(8));
        let calm = Scenario::named(ScenarioName::Calm);
        assert!((0..120).all(|second| calm.weather("openai", "gpt-5", "api-3", at(second)) == FAIR));
    }

    #[test]
    fn each_title_is_told_once_per_round() {
        let overload = Scenario::named(ScenarioName::Overload);
        let count = (0..3 * 90 * 4)
            .map(|quarter| {
                let time = |quarter: u64| Duration::from_millis(quarter * 250);
                overload.begun(time(quarter), time(quarter + 1)).count()
            })
            .sum::<usize>();
        assert_eq!(count, 3);
    }
}
