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
    let day = expect_context::<crate::fetched::Day>().shown;
    let replay = Replay {
        live,
        day,
        speed: RwSignal::new(1),
        asked: RwSignal::new(None),
        reached: RwSignal::new(None),
        held: RwSignal::new(false),
        wanted: RwSignal::new(false),
    };
    Effect::new(move |_| {
        if replay.wanted.get() && replay.day.see(Option::is_some) {
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

    /// What `r` does. Before the day is known, which comes with the bar, it is remembered; or forgotten again.
    pub fn toggle(self) {
        if self.live.replay.with_untracked(Option::is_some) {
            self.end();
        } else if self.day.with_untracked(Option::is_some) {
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

    fn end_quietly(self) {
        self.asked.set(None);
        self.live.replay.set(None);
    }
}
