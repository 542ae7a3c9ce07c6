//! An objective as it is computed with: its indicator, its window, and the clock that its moments are told by.

use domain::Millis;
use domain::alert::RuleError;
use domain::duty::Zone;
use domain::objective::{Step, Unit, Window};
use protocol::kpis::slo::{SloDoc, SloIndicator, SloWindow};

use super::check;

/// Windows up to so long are drawn by the hour.
const BY_HOUR: Millis = 7 * 86_400_000;

/// An objective that makes sense.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub indicator: SloIndicator,
    pub window: Window,
    /// Whose clocks tell its moments: those of its calendar, or the tenant's.
    zone: Zone,
    /// How far the tenant's clocks are ahead of that zone's.
    ahead: Millis,
}

/// The window of a document.
pub(super) fn window_of(doc: &SloDoc) -> Result<Window, RuleError> {
    match &doc.window {
        SloWindow::Rolling { days } => Window::rolling(*days),
        SloWindow::Calendar { unit, zone } => Window::calendar(unit, zone),
    }
}

impl Shape {
    /// Of a document. `utc_offset_min` is the tenant's.
    pub fn of(doc: &SloDoc, utc_offset_min: i32) -> Result<Shape, RuleError> {
        let window = window_of(doc)?;
        let (zone, ahead) = match &window {
            Window::Rolling(_) => (Zone::new("UTC")?, Millis::from(utc_offset_min) * 60_000),
            Window::Calendar(_, zone) => (zone.clone(), 0),
        };
        Ok(Shape {
            indicator: check::indicator(&doc.indicator)?,
            window,
            zone,
            ahead,
        })
    }

    /// A moment, in jiff's words for formats.
    pub fn shown(&self, at: Millis, format: &str) -> String {
        self.zone.shown(at + self.ahead).strftime(format).to_string()
    }

    /// `24 Nov about 14:00`: to the hour, as nobody can tell minutes.
    pub fn about(&self, at: Millis) -> String {
        self.shown(at, "%-d %b about %H:00")
    }

    /// `24 Nov 14:00`
    pub fn moment(&self, at: Millis) -> String {
        self.shown(at, "%-d %b %H:%M")
    }

    /// `24 Nov`
    pub fn day(&self, at: Millis) -> String {
        self.shown(at, "%-d %b")
    }

    /// Its periods are months, which have names of their own.
    pub fn is_month(&self) -> bool {
        matches!(self.window, Window::Calendar(Unit::Month, _))
    }

    /// It is drawn by the hour.
    pub fn by_hour(&self) -> bool {
        self.window.usual() <= BY_HOUR
    }

    /// Hours as they are drawn: as hours, or as the days of its calendar.
    pub fn drawn(&self, hours: Vec<Step>) -> Vec<Step> {
        if self.by_hour() {
            return hours;
        }
        self.days(hours)
    }

    /// Hours as days.
    pub fn days(&self, hours: Vec<Step>) -> Vec<Step> {
        let mut days: Vec<(String, Step)> = Vec::new();
        for hour in hours {
            let date = self.shown(hour.from, "%Y-%m-%d");
            match days.last_mut() {
                Some((last, day)) if *last == date => {
                    day.to = hour.to;
                    day.tally = day.tally.and(hour.tally);
                }
                _ => days.push((date, hour)),
            }
        }
        days.into_iter().map(|(_, day)| day).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::objective::Tally;

    use super::*;

    const HOUR: Millis = 3_600_000;

    fn doc(window: SloWindow) -> SloDoc {
        SloDoc {
            name: "Chat".into(),
            about: String::new(),
            indicator: "answered".into(),
            limit: None,
            filter: String::new(),
            objective: 0.995,
            window,
            owner: String::new(),
        }
    }

    #[test]
    fn days_are_those_of_the_calendar_also_when_clocks_change() {
        let window = SloWindow::Calendar {
            unit: "month".into(),
            zone: "Europe/Berlin".into(),
        };
        let shape = Shape::of(&doc(window), 0).unwrap();
        // 2026-03-28T00:00 in Berlin; the 29th has 23 hours.
        let from = 1_774_652_400_000;
        let hours: Vec<Step> = (0..71)
            .map(|nth| Step {
                from: from + nth * HOUR,
                to: from + (nth + 1) * HOUR,
                tally: Tally { good: 1, valid: 1 },
            })
            .collect();
        let days = shape.drawn(hours);
        let lengths: Vec<Millis> = days.iter().map(|day| (day.to - day.from) / HOUR).collect();
        assert_eq!(lengths, [24, 23, 24]);
        assert_eq!(days[1].tally, Tally { good: 23, valid: 23 });
        assert_eq!(shape.moment(days[1].from), "29 Mar 00:00");
        assert_eq!(shape.about(days[1].from + 90 * 60_000), "29 Mar about 01:00");
    }

    #[test]
    fn rolling_windows_go_by_the_clock_of_the_tenant() {
        let shape = Shape::of(&doc(SloWindow::Rolling { days: 30 }), 120).unwrap();
        assert_eq!(shape.moment(1_774_652_400_000), "28 Mar 01:00");
        assert!(!shape.by_hour());
        assert!(
            Shape::of(&doc(SloWindow::Rolling { days: 7 }), 0)
                .unwrap()
                .by_hour()
        );
    }
}
