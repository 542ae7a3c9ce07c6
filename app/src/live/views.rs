//! Which views the page wants, and the frames that get it there from what it has.

use protocol::view::Range;
use protocol::{ClientFrame, VIEW_BOARD, VIEW_CONNECT, breaker_view};

/// What the page wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The board over this range: on every page, for the verdict on top.
    pub range: Range,
    /// The Connect view.
    pub connect: bool,
    /// The breaker whose detail is open, by its `b_…` id.
    pub breaker: Option<String>,
}

/// What one socket is subscribed to.
#[derive(Debug, Clone, Default)]
pub(super) struct Subscriptions {
    views: Vec<(String, Range)>,
}

impl Wanted {
    fn views(&self) -> Vec<(String, Range)> {
        let mut views = vec![(VIEW_BOARD.to_owned(), self.range)];
        // Only the board has ranges; the others carry the default.
        if self.connect {
            views.push((VIEW_CONNECT.to_owned(), Range::default()));
        }
        if let Some(id) = &self.breaker {
            views.push((breaker_view(id), Range::default()));
        }
        views
    }
}

fn subscribe((view, range): &(String, Range)) -> ClientFrame {
    ClientFrame::Subscribe {
        view: view.clone(),
        range: *range,
    }
}

impl Subscriptions {
    /// The frames from here to there; what ends is ended first.
    pub fn follow(&mut self, wanted: &Wanted) -> Vec<ClientFrame> {
        let views = wanted.views();
        let gone = self
            .views
            .iter()
            .filter(|(view, _)| views.iter().all(|(wanted, _)| wanted != view));
        let mut frames: Vec<ClientFrame> = gone
            .map(|(view, _)| ClientFrame::Unsubscribe { view: view.clone() })
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
        self.views.iter().find(|(held, _)| held == view).map(subscribe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(range: Range, connect: bool, breaker: Option<&str>) -> Wanted {
        Wanted {
            range,
            connect,
            breaker: breaker.map(str::to_owned),
        }
    }

    fn sub(view: &str, range: Range) -> ClientFrame {
        ClientFrame::Subscribe {
            view: view.to_owned(),
            range,
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
    fn only_wanted_views_are_repaired() {
        let mut held = Subscriptions::default();
        held.follow(&wanted(Range::M5, false, None));
        assert_eq!(held.again("board"), Some(sub("board", Range::M5)));
        assert_eq!(held.again("connect"), None);
    }
}
