//! When a page of an older build may replace itself. Until then it goes on in JSON, so there is no hurry: never under
//! somebody's hands, and not again and again while servers of both builds run side by side.

/// Not sooner after the last reload for this reason, milliseconds.
const AGAIN_MS: i64 = 600_000;
/// Without a touch for so long a visible page counts as idle, milliseconds.
const IDLE_MS: f64 = 60_000.0;

/// What is known about the page when the question is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Wall clock, epoch milliseconds: it must survive the reload.
    pub now: i64,
    /// The wall clock at the last reload of this tab for this reason.
    pub last_reload: Option<i64>,
    /// Nobody can see the page.
    pub hidden: bool,
    /// Milliseconds since the visitor last did something.
    pub untouched: f64,
}

impl Moment {
    /// The page may be reloaded now.
    pub fn allows_reload(self) -> bool {
        // A wall clock that was set back does not lock the page out for ever.
        let recent = self
            .last_reload
            .is_some_and(|last| (0..AGAIN_MS).contains(&(self.now - last)));
        !recent && (self.hidden || self.untouched >= IDLE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unseen_or_untouched_and_not_twice_in_ten_minutes() {
        let idle = Moment {
            now: 5_000_000,
            last_reload: None,
            hidden: false,
            untouched: 60_000.0,
        };
        assert!(idle.allows_reload());
        assert!(
            !Moment {
                untouched: 59_999.0,
                ..idle
            }
            .allows_reload()
        );
        assert!(
            Moment {
                untouched: 0.0,
                hidden: true,
                ..idle
            }
            .allows_reload()
        );
        assert!(
            !Moment {
                last_reload: Some(4_400_001),
                ..idle
            }
            .allows_reload()
        );
        assert!(
            Moment {
                last_reload: Some(4_400_000),
                ..idle
            }
            .allows_reload()
        );
        assert!(
            Moment {
                last_reload: Some(9_000_000),
                ..idle
            }
            .allows_reload()
        );
    }
}
