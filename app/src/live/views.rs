//! Which views the page wants, and the frames that get it there from what it has.

use protocol::view::Range;
use protocol::{ClientFrame, Moment, VIEW_BOARD, VIEW_CONNECT, breaker_view};

/// What the page wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The board over this range: on every page, for the verdict on top.
    pub range: Range,
    /// The moment that the board is to show; `None` is live.
    pub replay: Option<Moment>,
    /// The Connect view.
    pub connect: bool,
    /// The breaker whose detail is open, by its `b_…` id.
    pub breaker: Option<String>,
}

/// What one socket is subscribed to.
#[derive(Debug, Clone, Default)]
pub(super) struct Subscriptions {
    views: Vec<View>,
}

type View = (String, Range, Option<Moment>);

/// A breaker follows the board: it is asked for anew when a replay begins or ends, not with each of its moments.
const WITH_THE_BOARD: Moment = Moment { at: 0, speed: 0 };

impl Wanted {
    fn views(&self) -> Vec<View> {
        // The board first: it is what a breaker follows.
        let mut views = vec![(VIEW_BOARD.to_owned(), self.range, self.replay)];
        // Only the board has ranges; the others carry the default.
        if self.connect {
            views.push((VIEW_CONNECT.to_owned(), Range::default(), None));
        }
        if let Some(id) = &self.breaker {
            let replay = self.replay.map(|_| WITH_THE_BOARD);
            views.push((breaker_view(id), Range::default(), replay));
        }
        views
    }
}

fn subscribe((view, range, replay): &View) -> ClientFrame {
    ClientFrame::Subscribe {
        view: view.clone(),
        range: *range,
        replay: *replay,
    }
}

impl Subscriptions {
    /// The frames from here to there; what ends is ended first.
    pub fn follow(&mut self, wanted: &Wanted) -> Vec<ClientFrame> {
        let views = wanted.views();
        let gone = self
            .views
            .iter()
            .filter(|(view, ..)| views.iter().all(|(wanted, ..)| wanted != view));
        let mut frames: Vec<ClientFrame> = gone
            .map(|(view, ..)| ClientFrame::Unsubscribe { view: view.clone() })
            .collect();
        frames.extend(
            views
                .iter()
                .filter(|view| !self.views.contains(view))
                .map(subscribe),
        );
        self.views = views;
        frames
    }

    /// The frame that repairs a view with a gap; `None` when nobody wants it any more.
    pub fn again(&self, view: &str) -> Option<ClientFrame> {
        self.views.iter().find(|(held, ..)| held == view).map(subscribe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(range: Range, connect: bool, breaker: Option<&str>) -> Wanted {
        Wanted {
            range,
            replay: None,
            connect,
            breaker: breaker.map(str::to_owned),
        }
    }

    fn sub(view: &str, range: Range) -> ClientFrame {
        ClientFrame::Subscribe {
            view: view.to_owned(),
            range,
            replay: None,
        }
    }

    fn unsub(view: &str) -> ClientFrame {
        ClientFrame::Unsubscribe {
            view: view.to_owned(),
        }
    }

    #[test]
    fn frames_lead_from_one_wish_to_the_next() {
        let mut held = Subscriptions::default();
        assert_eq!(
            held.follow(&wanted(Range::M15, true, None)),
            [sub("board", Range::M15), sub("connect", Range::M15)]
        );
        assert_eq!(held.follow(&wanted(Range::M15, true, None)), []);
        assert_eq!(
            held.follow(&wanted(Range::H1, false, Some("b_1"))),
            [
                unsub("connect"),
                sub("board", Range::H1),
                sub("breaker:b_1", Range::M15)
            ]
        );
        assert_eq!(
            held.follow(&wanted(Range::H1, false, Some("b_2"))),
            [unsub("breaker:b_1"), sub("breaker:b_2", Range::M15)]
        );
    }

    #[test]
    fn a_breaker_is_asked_for_again_only_when_a_replay_begins_or_ends() {
        let mut held = Subscriptions::default();
        let live = wanted(Range::M15, false, Some("b_1"));
        let at = |at| Wanted {
            replay: Some(Moment { at, speed: 5 }),
            ..live.clone()
        };
        held.follow(&live);
        let past = |view: &str, replay| ClientFrame::Subscribe {
            view: view.to_owned(),
            range: Range::M15,
            replay: Some(replay),
        };
        let moment = |at| Moment { at, speed: 5 };
        assert_eq!(
            held.follow(&at(7)),
            [past("board", moment(7)), past("breaker:b_1", WITH_THE_BOARD)]
        );
        assert_eq!(held.follow(&at(8)), [past("board", moment(8))]);
        assert_eq!(held.again("board"), Some(past("board", moment(8))));
        assert_eq!(
            held.follow(&live),
            [sub("board", Range::M15), sub("breaker:b_1", Range::M15)]
        );
    }

    #[test]
    fn only_wanted_views_are_repaired() {
        let mut held = Subscriptions::default();
        held.follow(&wanted(Range::M5, false, None));
        assert_eq!(held.again("board"), Some(sub("board", Range::M5)));
        assert_eq!(held.again("connect"), None);
    }
}
