//! When to ask again by itself.

use super::Cure;

/// Between two requests, milliseconds.
const EVERY_MS: f64 = 10_000.0;
/// The same when something is known to have changed.
const HURRY_MS: f64 = 900.0;

/// What is known when the question comes up, once a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Milliseconds since the last request began.
    pub since_asked: f64,
    /// A request is under way.
    pub asking: bool,
    /// Nobody can see the page, or the visitor has stopped it.
    pub resting: bool,
    /// There are figures, and they are of the range that is wanted.
    pub answered: bool,
    /// The range ends now, so that its figures change.
    pub moving: bool,
    /// Something is known to have changed.
    pub hurry: bool,
    /// What would help against the last failure.
    pub trouble: Option<Cure>,
}

impl Moment {
    /// It is time.
    pub fn is_due(self) -> bool {
        let wanted = match self.trouble {
            None => self.moving || self.hurry || !self.answered,
            Some(Cure::Again) => true,
            Some(Cure::Other | Cure::Nobody | Cure::Reload) => false,
        };
        let every = if self.hurry && self.trouble.is_none() {
            HURRY_MS
        } else {
            EVERY_MS
        };
        wanted && !self.asking && !self.resting && self.since_asked >= every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_apart_and_only_while_it_changes_something() {
        let moment = Moment {
            since_asked: 10_000.0,
            asking: false,
            resting: false,
            answered: true,
            moving: true,
            hurry: false,
            trouble: None,
        };
        assert!(moment.is_due());
        for not in [
            Moment {
                since_asked: 9_999.0,
                ..moment
            },
            Moment {
                asking: true,
                ..moment
            },
            Moment {
                resting: true,
                ..moment
            },
            Moment {
                moving: false,
                ..moment
            },
            Moment {
                trouble: Some(Cure::Other),
                ..moment
            },
            Moment {
                trouble: Some(Cure::Reload),
                ..moment
            },
        ] {
            assert!(!not.is_due(), "{not:?}");
        }
        let past = Moment {
            moving: false,
            ..moment
        };
        let soon = Moment {
            hurry: true,
            since_asked: 900.0,
            ..past
        };
        assert!(soon.is_due());
        for not in [
            Moment {
                since_asked: 899.0,
                ..soon
            },
            Moment {
                trouble: Some(Cure::Again),
                ..soon
            },
        ] {
            assert!(!not.is_due(), "{not:?}");
        }
        assert!(
            Moment {
                answered: false,
                ..past
            }
            .is_due()
        );
        assert!(
            Moment {
                trouble: Some(Cure::Again),
                ..past
            }
            .is_due()
        );
    }
}
