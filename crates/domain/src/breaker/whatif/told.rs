//! The rules that a replay goes by: what the breaker's reports tell of them, and the core's own where they tell nothing.

use crate::Millis;
use crate::breaker::{Settings, WindowKind};

/// A report of fewer calls is of a window that has only begun to fill.
const FEWEST: u32 = 10;
/// No window of more calls is replayed: 19 limits, two worlds and every instance have one each.
const MOST: u32 = 1_000;

/// What is known of a breaker's rules from what it reported.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Told {
    /// Calls in its window.
    pub window_calls: Option<u32>,
    /// How long it stays open before trial calls.
    pub open_for: Option<Millis>,
    /// Trial calls that decide.
    pub trials: Option<u32>,
    /// `rate_limited` was among the causes of an opening.
    pub rate_limits_count: bool,
}

impl Told {
    /// The same, without what cannot be a rule.
    pub fn believed(self) -> Told {
        Told {
            window_calls: self
                .window_calls
                .filter(|calls| *calls >= FEWEST)
                .map(|calls| calls.min(MOST)),
            open_for: self.open_for.filter(|ms| (1..=86_400_000).contains(ms)),
            trials: self.trials.filter(|trials| *trials > 0),
            ..self
        }
    }

    /// Settings for a replay. The window stands in for the library's own: it is counted in calls, and judged when full.
    pub fn settings(self) -> Settings {
        let told = self.believed();
        let usual = Settings::default();
        let window = told.window_calls.unwrap_or(usual.minimum_calls);
        Settings {
            window: WindowKind::Count(window),
            minimum_calls: window,
            open_for: told.open_for.unwrap_or(usual.open_for),
            half_open_trials: told.trials.unwrap_or(usual.half_open_trials),
            rate_limits_count: told.rate_limits_count,
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Told;
    use crate::breaker::{Settings, WindowKind};

    #[test]
    fn what_is_told_replaces_what_is_usual() {
        assert_eq!(Told::default().settings(), Settings::default());
        let told = Told {
            window_calls: Some(50),
            open_for: Some(30_000),
            trials: Some(5),
            rate_limits_count: true,
        };
        let settings = told.settings();
        assert_eq!(settings.window, WindowKind::Count(50));
        assert_eq!((settings.minimum_calls, settings.open_for), (50, 30_000));
        assert_eq!((settings.half_open_trials, settings.rate_limits_count), (5, true));
        assert_eq!(settings.validate(), Ok(()));
    }

    #[test]
    fn what_cannot_be_a_rule_is_not_believed() {
        let told = Told {
            window_calls: Some(3),
            open_for: Some(0),
            trials: Some(0),
            rate_limits_count: false,
        };
        assert_eq!(told.settings(), Settings::default());
        let huge = Told {
            window_calls: Some(u32::MAX),
            ..told
        };
        assert_eq!(huge.settings().window, WindowKind::Count(1_000));
    }
}
