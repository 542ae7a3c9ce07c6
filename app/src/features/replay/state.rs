//! What can be done with time.

use leptos::prelude::*;
use protocol::Moment;
use protocol::view::Activity;

use crate::lasting::Lasting;
use crate::live::Live;
use crate::part::See;

/// `r` begins so long ago, milliseconds.
const BEGIN_AGO: i64 = 15 * 60_000;
/// Nearer to now than this is live, milliseconds.
const NEAR: i64 = 2_000;
/// A step from trip to trip arrives so long before it, so that it is seen to happen, milliseconds.
const BEFORE_TRIP: i64 = 3_000;
/// A frame this close to the moment that was asked for shows it, milliseconds.
const SAME: i64 = 1_000;

/// The controls of a replay, as a context of the board page.
#[derive(Clone, Copy)]
pub struct Replay {
    pub(super) live: Live,
    /// The last day; `None` before it is known.
    pub day: Lasting<Option<Activity>>,
    /// The day was asked for, however that went.
    tried: Lasting<bool>,
    /// How fast it plays, when it plays.
    pub speed: RwSignal<u8>,
    /// The moment that was asked for, until a frame shows it.
    pub(super) asked: RwSignal<Option<i64>>,
    /// The trip that was stepped to.
    reached: RwSignal<Option<i64>>,
    /// The thumb is held.
    pub(super) held: RwSignal<bool>,
    /// It begins as soon as it is known how far back there is anything.
    wanted: RwSignal<bool>,
}

pub(super) fn make(live: Live) -> Replay {
    let crate::fetched::Day {
        shown: day, tried, ..
    } = expect_context();
    let replay = Replay {
        live,
        day,
        tried,
        speed: RwSignal::new(1),
        asked: RwSignal::new(None),
        reached: RwSignal::new(None),
        held: RwSignal::new(false),
        wanted: RwSignal::new(false),
    };
    Effect::new(move |_| {
        if replay.wanted.get() && (replay.day.see(Option::is_some) || replay.tried.get()) {
            replay.wanted.set(false);
            replay.begin();
        }
    });
    Effect::new(move |_| {
        let now = live.frame_now.get();
        let asked = replay.asked.get_untracked();
        if asked.is_some_and(|asked| (asked - now).abs() <= SAME) && !replay.held.get_untracked() {
            replay.asked.set(None);
        }
        let plays = live
            .replay
            .with_untracked(|moment| moment.is_some_and(|moment| moment.speed > 0));
        // It has caught up with the present.
        if plays && asked.is_none() && now >= live.present.get_untracked() - NEAR {
            replay.end();
        }
    });
    Effect::new(move |_| {
        // What cannot be shown is not waited for.
        if live.refused.see(Option::is_some) && live.replay.with_untracked(Option::is_some) {
            replay.end_quietly();
        }
    });
    replay
}

impl Replay {
    /// The moment on screen, or the one that is coming; live, the server's time.
    pub(super) fn shown(self) -> i64 {
        match self.live.replay.get() {
            Some(_) => self.asked.get().unwrap_or_else(|| self.live.frame_now.get()),
            None => self.live.present.get(),
        }
    }

    fn shown_untracked(self) -> i64 {
        untrack(|| self.shown())
    }

    /// The earliest moment there is.
    fn reaches(self) -> i64 {
        let present = self.live.present.get_untracked();
        self.day
            .with_untracked(|day| day.as_ref().and_then(|day| day.reaches))
            .unwrap_or(present - 86_400_000)
    }

    /// Shows a moment and stands there; what is not kept any more is the nearest that is, what has not been is live.
    pub fn stand_at(self, at: i64) {
        if at >= self.live.present.get_untracked() - NEAR {
            self.end();
        } else {
            self.show(at.max(self.reaches()), 0);
        }
    }

    /// Shows a moment; one that is on stays at its speed.
    pub(super) fn seek(self, at: i64) {
        let speed = self
            .live
            .replay
            .with_untracked(|moment| moment.map_or(0, |moment| moment.speed));
        let end = self.live.present.get_untracked() - NEAR;
        self.show(at.clamp(self.reaches().min(end), end), speed);
    }

    fn show(self, at: i64, speed: u8) {
        self.live.refused.set(None);
        self.live.paused.set(false);
        self.asked.set(Some(at));
        self.live.replay.set(Some(Moment { at, speed }));
    }

    /// What `r` does. Before the day is known, which comes with the bar, it is remembered; or forgotten again. A day that
    /// cannot be had holds nobody up: then the server says how far back it reaches.
    pub fn toggle(self) {
        if self.live.replay.with_untracked(Option::is_some) {
            self.end();
        } else if self.day.with_untracked(Option::is_some) || self.tried.get_untracked() {
            self.begin();
        } else {
            self.wanted.update(|wanted| *wanted = !*wanted);
        }
    }

    fn begin(self) {
        self.stand_at(self.live.present.get_untracked() - BEGIN_AGO);
    }

    /// What Space does; live, nothing.
    pub fn play_or_pause(self) -> bool {
        let Some(moment) = self.live.replay.get_untracked() else {
            return false;
        };
        self.go_on(if moment.speed > 0 {
            0
        } else {
            self.speed.get_untracked()
        });
        true
    }

    /// Chooses a speed; what plays goes on with it.
    pub(super) fn set_speed(self, speed: u8) {
        self.speed.set(speed);
        let plays = self
            .live
            .replay
            .with_untracked(|moment| moment.is_some_and(|moment| moment.speed > 0));
        if plays {
            self.go_on(speed);
        }
    }

    fn go_on(self, speed: u8) {
        let at = self.shown_untracked();
        self.live.replay.set(Some(Moment { at, speed }));
    }

    /// The next trip after the moment on screen, or the one before it.
    pub(super) fn trip(self, on: bool) -> Option<i64> {
        let shown = self.shown();
        // Who was brought to the moments before a trip stands at that trip.
        let here = self
            .reached
            .get()
            .filter(|trip| (trip - BEFORE_TRIP - SAME..=*trip).contains(&shown))
            .unwrap_or(shown);
        self.day.see(|day| {
            let trips = day.as_ref().map_or(&[][..], |day| &day.trips[..]);
            let mut times = trips.iter().map(|trip| trip.at);
            if on {
                times.find(|at| *at > here)
            } else {
                times.rfind(|at| *at < here)
            }
        })
    }

    pub(super) fn to_trip(self, at: i64) {
        self.reached.set(Some(at));
        self.seek(at - BEFORE_TRIP);
    }

    /// Back to live.
    pub fn end(self) {
        self.live.refused.set(None);
        self.end_quietly();
    }

    /// What `Esc` does; `false` when there is nothing to end or to close.
    pub fn escape(self) -> bool {
        let on = self.live.replay.with_untracked(Option::is_some);
        let any = on || self.wanted.get_untracked() || self.live.refused.with_untracked(Option::is_some);
        if any {
            self.end();
        }
        any
    }

    /// The same, and a refusal stays.
    pub(super) fn end_quietly(self) {
        self.wanted.set(false);
        // Whoever lets go of the thumb afterwards does not begin anew.
        self.held.set(false);
        self.asked.set(None);
        self.live.replay.set(None);
    }
}

#[cfg(test)]
mod tests {
    use protocol::testkit::Gen;

    use super::*;
    use crate::fetched::Day;
    use crate::live::tests::seed;

    const PRESENT: i64 = 100_000_000;

    fn replay() -> (Owner, Day, Replay) {
        let owner = Owner::new();
        owner.set();
        let live = Live::seeded(&seed(Gen::new(1).board()));
        live.present.set(PRESENT);
        let day = Day::seeded(None);
        provide_context(day);
        (owner, day, make(live))
    }

    #[test]
    fn escape_ends_everything_there_is_of_a_replay() {
        let (_owner, _, replay) = replay();
        assert!(!replay.escape(), "live there is nothing to end");
        replay.stand_at(PRESENT - 60_000);
        replay.held.set(true);
        assert!(replay.escape());
        assert_eq!(replay.live.replay.get_untracked(), None);
        assert_eq!(
            replay.asked.get_untracked(),
            None,
            "no frame is waited for any more"
        );
        assert!(
            !replay.held.get_untracked(),
            "letting go of the thumb begins nothing"
        );
        replay.live.refused.set(Some("too long ago".to_owned()));
        assert!(replay.escape(), "a refusal is closed");
        assert_eq!(replay.live.refused.get_untracked(), None);
        assert!(!replay.escape());
    }

    #[test]
    fn what_begins_later_can_be_called_off() {
        let (_owner, _, replay) = replay();
        replay.toggle();
        assert_eq!(
            replay.live.replay.get_untracked(),
            None,
            "how far back is not known yet"
        );
        assert!(replay.escape() && !replay.wanted.get_untracked());
    }

    #[test]
    fn a_day_that_cannot_be_had_holds_nobody_up() {
        let (_owner, day, replay) = replay();
        day.tried.set(true);
        replay.toggle();
        let shown = replay.live.replay.get_untracked().map(|moment| moment.at);
        assert_eq!(shown, Some(PRESENT - BEGIN_AGO));
    }
}
