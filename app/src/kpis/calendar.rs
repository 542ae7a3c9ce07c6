//! Moments by the clocks of a zone, without knowing zones: the server says from when on which offset holds.

use crate::format;

const HOUR: i64 = 3_600_000;
/// Names on an axis that have room on a phone.
const MOST_TICKS: usize = 8;

/// The clocks of a zone during a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The zone's name.
    pub zone: String,
    /// From then on (epoch milliseconds) so many minutes east of UTC; oldest first, the first for all before it too.
    pub offsets: Vec<(i64, i32)>,
}

impl Calendar {
    /// Minutes east of UTC at a moment.
    pub(in crate::kpis) fn offset(&self, at: i64) -> i32 {
        let held = self.offsets.iter().rev().find(|(from, _)| *from <= at);
        held.or(self.offsets.first()).map_or(0, |(_, minutes)| *minutes)
    }

    /// `14:03`
    pub(in crate::kpis) fn clock(&self, at: i64) -> String {
        format::clock(at, self.offset(at)).chars().take(5).collect()
    }

    /// `3 Nov`
    pub(in crate::kpis) fn day(&self, at: i64) -> String {
        let (_, month, day) = self.date(at);
        format!("{day} {}", month_name(month))
    }

    /// `3 Nov 14:00`
    pub(in crate::kpis) fn moment(&self, at: i64) -> String {
        format!("{} {}", self.day(at), self.clock(at))
    }

    /// `2026-11-03 14:00`
    pub(in crate::kpis) fn full(&self, at: i64) -> String {
        format::date_clock(at, self.offset(at))
    }

    /// Year, month, day of the month.
    fn date(&self, at: i64) -> (i64, usize, i64) {
        let text = self.full(at);
        let date = text.split(' ').next().unwrap_or_default();
        let mut parts = date.rsplitn(3, '-').map(|part| part.parse().unwrap_or_default());
        let (day, month, year) = (parts.next(), parts.next(), parts.next());
        let month = usize::try_from(month.unwrap_or_default()).unwrap_or_default();
        (year.unwrap_or_default(), month, day.unwrap_or_default())
    }

    /// Where days begin within a span, the beginning of the span included.
    fn midnights(&self, (from, to): (i64, i64)) -> Vec<i64> {
        let mut found = vec![from];
        let mut known = self.date(from);
        let mut at = from;
        while at + HOUR <= to {
            at += HOUR;
            let date = self.date(at);
            if date != known {
                known = date;
                found.push(at);
                // No day is shorter than this.
                at += 21 * HOUR;
            }
        }
        found
    }

    /// The names of an axis: hours of a day or two, days of some weeks, months of what is longer.
    pub(in crate::kpis) fn ticks(&self, span: (i64, i64)) -> Vec<(i64, String)> {
        let length = span.1 - span.0;
        if length <= 49 * HOUR {
            let step = if length <= 25 * HOUR { 4 } else { 8 };
            let hours = (0..).map(|nth| span.0 + nth * step * HOUR);
            let hours = hours.take_while(|at| *at < span.1);
            return hours.map(|at| (at, self.clock(at))).collect();
        }
        let days = self.midnights(span);
        if days.len() > 62 {
            let first = days.iter().filter(|at| self.date(**at).2 == 1);
            let first: Vec<(i64, String)> = first
                .map(|at| (*at, month_name(self.date(*at).1).to_owned()))
                .collect();
            return thinned(first);
        }
        let named = days.iter().enumerate().map(|(nth, at)| {
            let (_, month, day) = self.date(*at);
            // The month where it begins, and first where the period is no month.
            let words = match (nth, day) {
                (0, 1) => "1".to_owned(),
                (0, _) | (_, 1) => format!("{day} {}", month_name(month)),
                _ => day.to_string(),
            };
            (*at, words)
        });
        thinned(named.collect())
    }

    /// The names of days from a moment on, one for each.
    pub(in crate::kpis) fn days(&self, from: i64, to: i64, count: usize) -> Vec<String> {
        let days = self.midnights((from, to));
        days.iter().take(count).map(|at| self.day(*at)).collect()
    }
}

fn thinned(ticks: Vec<(i64, String)>) -> Vec<(i64, String)> {
    let step = ticks.len().div_ceil(MOST_TICKS).max(1);
    ticks.into_iter().step_by(step).collect()
}

fn month_name(month: usize) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    NAMES.get(month.wrapping_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-01 00:00 UTC.
    const NOVEMBER: i64 = 1_793_491_200_000;
    const DAY: i64 = 24 * HOUR;

    fn utc() -> Calendar {
        Calendar {
            zone: "UTC".into(),
            offsets: vec![(0, 0)],
        }
    }

    #[test]
    fn clocks_follow_the_zone() {
        // Berlin: summer time ends on 25 October at 01:00 UTC.
        let ends = NOVEMBER - 7 * DAY + HOUR;
        let berlin = Calendar {
            zone: "Europe/Berlin".into(),
            offsets: vec![(NOVEMBER - 31 * DAY, 120), (ends, 60)],
        };
        assert_eq!(berlin.moment(ends - 1), "25 Oct 02:59");
        assert_eq!(berlin.moment(ends), "25 Oct 02:00");
        assert_eq!(berlin.full(NOVEMBER), "2026-11-01 01:00");
        assert_eq!(berlin.clock(0), "02:00", "the first holds before it too");
        let from = NOVEMBER - 8 * DAY - 2 * HOUR;
        assert_eq!(
            berlin.days(from, NOVEMBER, 3),
            ["24 Oct", "25 Oct", "26 Oct"],
            "the long day is one"
        );
    }

    #[test]
    fn axes_have_few_names() {
        let names = |from: i64, to: i64| -> Vec<String> {
            utc()
                .ticks((from, to))
                .into_iter()
                .map(|(_, name)| name)
                .collect()
        };
        assert_eq!(
            names(NOVEMBER, NOVEMBER + DAY),
            ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]
        );
        let month = names(NOVEMBER, NOVEMBER + 30 * DAY);
        assert_eq!(month.first().map(String::as_str), Some("1"));
        assert!((5..=8).contains(&month.len()), "{month:?}");
        let week = names(NOVEMBER - 3 * DAY, NOVEMBER + 4 * DAY - 1);
        assert_eq!(week, ["29 Oct", "30", "31", "1 Nov", "2", "3", "4"]);
        let year = names(NOVEMBER - 304 * DAY, NOVEMBER + 60 * DAY);
        assert!(year.len() <= 8 && year.contains(&"Jan".to_owned()), "{year:?}");
    }
}
