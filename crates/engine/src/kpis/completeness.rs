//! How much of a period is known.
//!
//! An hour is missing when nothing at all came in it, drills and probes included, though calls are usual: by the same hour of
//! the same weekday in the four weeks before the silence, or where those are not there by the 24 hours around it. Figures
//! are ratios over calls that were there, so a missing hour makes none of them better; it lowers this one.
//!
//! A silence that goes on is judged by what was before it, however long it lasts. The running hour is not judged before
//! something came in it.

use std::ops::Range;

use domain::Millis;
use domain::calendar;
use domain::duty::Zone;
use protocol::Span;
use protocol::view::{Completeness, Gap, Period, Working};

use super::ask::{Ask, HOUR, Part, Sheet, count};
use super::figures::question;
use super::providers;
use crate::QueryError;

/// So many calls an hour are usual where silence says something.
const USUAL: f64 = 20.0;
/// Hours of a week.
const WEEK: usize = 168;
/// Weeks before a silence that are looked at.
const WEEKS: i32 = 4;
/// Hours on each side of a silence that are looked at where there are no weeks.
const AROUND: usize = 12;
/// The most gaps that are told.
const MOST: usize = 20;
/// Calls that do not count.
const LEFT_OUT: &str = "kind:drill kind:probe kind:simulated";

fn left_out(metric: &str) -> Part {
    Part {
        filter: LEFT_OUT.to_owned(),
        counting: false,
        ..Part::of(metric)
    }
}

/// What is asked of the whole period.
pub(super) fn parts() -> Vec<Part> {
    vec![
        Part::of("rejected"),
        Part::of("estimated_cost"),
        left_out("attempts"),
        left_out("rejected"),
    ]
}

/// An hour of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Missing {
    at: Millis,
    /// Calls that are usual in it.
    usual: f64,
}

/// The hours of a period.
#[derive(Debug, Default)]
pub(super) struct Hours {
    /// How many could be judged.
    judged: usize,
    /// In order of time.
    missing: Vec<Missing>,
    /// Something came in the period or in the weeks before, and hours are kept that far back.
    known: bool,
}

impl Hours {
    pub async fn read(
        ask: &Ask<'_>,
        zone: &Zone,
        (from, until): (Millis, Millis),
    ) -> Result<Hours, QueryError> {
        let first_event = match ask.engine.first_event(ask.scope) {
            Some(first) if first < until && from < until => first,
            _ => return Ok(Hours::default()),
        };
        let span = Span {
            // An hour more where clocks were changed in between.
            from: calendar::days_later(zone, from, -7 * WEEKS) - HOUR,
            to: until,
        };
        let all = ["attempts", "rejected"].map(|metric| Part {
            counting: false,
            ..Part::of(metric)
        });
        let sheet = ask.hourly(all.to_vec(), span).await?;
        let Some((origin, step, end)) = sheet
            .answers
            .first()
            .map(|answer| (answer.from, answer.step, answer.to))
        else {
            return Ok(Hours::default());
        };
        if step != HOUR {
            return Ok(Hours::default());
        }
        let hours = usize::try_from((end - origin) / HOUR).unwrap_or_default();
        let start = |hour: usize| origin + hour as Millis * HOUR;
        let calls: Vec<Option<f64>> = (0..hours)
            .map(|hour| {
                let possible = start(hour) + HOUR > first_event;
                let came = all.iter().filter_map(|part| sheet.value(hour, part)).sum();
                possible.then_some(came)
            })
            .collect();
        // Hours that have passed, and the running one when something came in it.
        let over = |hour: usize| start(hour) + HOUR <= until || calls[hour].is_some_and(|came| came > 0.0);
        let first = usize::try_from((from - origin).div_euclid(HOUR)).unwrap_or_default();
        let judged: Vec<usize> = (first..hours)
            .filter(|hour| calls[*hour].is_some() && over(*hour))
            .collect();
        let week_before = |hour: usize, weeks: i32| {
            let at = calendar::days_later(zone, start(hour), -7 * weeks);
            usize::try_from((at - origin).div_euclid(HOUR)).ok()
        };
        let silences = silences(&calls);
        let missing = judged
            .iter()
            .filter_map(|hour| {
                Some((
                    *hour,
                    usual(&calls, *hour, silences[*hour].as_ref()?, &week_before)?,
                ))
            })
            .filter(|(_, usual)| *usual >= USUAL)
            .map(|(hour, usual)| Missing {
                at: start(hour),
                usual,
            })
            .collect();
        Ok(Hours {
            judged: judged.len(),
            missing,
            known: calls.iter().flatten().any(|came| *came > 0.0),
        })
    }

    /// How many are missing and not marked.
    pub fn missing_hours(&self, marked: &[(Millis, Millis, String)]) -> u64 {
        self.unmarked(marked).count() as u64
    }

    fn unmarked<'a>(
        &'a self,
        marked: &'a [(Millis, Millis, String)],
    ) -> impl Iterator<Item = &'a Missing> + 'a {
        let is_marked = |at: Millis| marked.iter().any(|(from, to, _)| *from < at + HOUR && at < *to);
        self.missing.iter().filter(move |hour| !is_marked(hour.at))
    }

    fn complete(&self, missing: u64) -> Option<f64> {
        let share = 1.0 - missing as f64 / self.judged as f64;
        (self.known && self.judged > 0).then_some(share)
    }

    /// Stretches of missing hours that follow each other.
    fn gaps(&self, period: &Period, marked: &[(Millis, Millis, String)]) -> Vec<Gap> {
        let mut stretches: Vec<(Millis, Vec<f64>)> = Vec::new();
        for hour in self.unmarked(marked) {
            match stretches.last_mut() {
                Some((from, usual)) if *from + usual.len() as Millis * HOUR == hour.at => {
                    usual.push(hour.usual)
                }
                _ => stretches.push((hour.at, vec![hour.usual])),
            }
        }
        let silent = stretches.into_iter().map(|(from, usual)| {
            let mean = usual.iter().sum::<f64>() / usual.len() as f64;
            Gap {
                from: from.max(period.from),
                to: (from + usual.len() as Millis * HOUR).min(period.until),
                why: format!(
                    "nothing came though about {} calls an hour are usual",
                    rounded(mean)
                ),
                marked: false,
            }
        });
        let inside = marked
            .iter()
            .filter(|(from, to, _)| *from < period.until && *to > period.from);
        let marked = inside.map(|(from, to, why)| Gap {
            from: (*from).max(period.from),
            to: (*to).min(period.until),
            why: why.clone(),
            marked: true,
        });
        let mut gaps: Vec<Gap> = silent.chain(marked).collect();
        gaps.sort_by_key(|gap| (gap.from - gap.to, gap.from));
        gaps.truncate(MOST);
        gaps
    }
}

/// The silence that each hour lies in; `None` for hours in which something came, or nothing could.
fn silences(calls: &[Option<f64>]) -> Vec<Option<Range<usize>>> {
    let mut silences = vec![None; calls.len()];
    let mut begin = 0;
    for end in 1..=calls.len() {
        let silent = calls[begin] == Some(0.0);
        if calls.get(end).is_some_and(|came| (*came == Some(0.0)) == silent) {
            continue;
        }
        if silent {
            silences[begin..end].fill(Some(begin..end));
        }
        begin = end;
    }
    silences
}

/// The calls that are usual in an hour of a silence; `None` when nothing says it.
fn usual(
    calls: &[Option<f64>],
    hour: usize,
    silence: &Range<usize>,
    week_before: &dyn Fn(usize, i32) -> Option<usize>,
) -> Option<f64> {
    // The first week before the silence, or, where clocks were changed in between, the last of it.
    let first = i32::try_from((hour - silence.start) / WEEK).unwrap_or_default() + 1;
    let mut weeks: Vec<f64> = (first..=first + WEEKS)
        .map_while(|weeks| week_before(hour, weeks))
        .filter(|week| *week < silence.start)
        .take(WEEKS as usize)
        .filter_map(|week| calls[week])
        .collect();
    if !weeks.is_empty() {
        weeks.sort_by(f64::total_cmp);
        return weeks.get(weeks.len() / 2).copied();
    }
    let before = calls[silence.start.saturating_sub(AROUND)..silence.start].iter();
    let after = calls[silence.end..(silence.end + AROUND).min(calls.len())].iter();
    let around: Vec<f64> = before.chain(after).copied().flatten().collect();
    (!around.is_empty()).then(|| around.iter().sum::<f64>() / around.len() as f64)
}

/// To two digits: "about 300".
fn rounded(value: f64) -> u64 {
    let unit = 10f64.powf((value.max(1.0).log10().floor() - 1.0).max(0.0));
    ((value / unit).round() * unit) as u64
}

/// What is known of the period.
pub(super) fn of(
    ask: &Ask<'_>,
    period: &Period,
    whole: &Sheet,
    hours: &Hours,
    marked: &[(Millis, Millis, String)],
    reconciled: String,
) -> Completeness {
    let both = |of: &dyn Fn(&str) -> Part| {
        let values = ["attempts", "rejected"].map(|metric| count(whole.value(0, &of(metric))));
        values.iter().sum()
    };
    Completeness {
        calls: both(&Part::of),
        complete: hours.complete(hours.missing_hours(marked)),
        gaps: hours.gaps(period, marked),
        left_out: both(&left_out),
        unpriced: whole.one("unpriced", ""),
        estimated: whole
            .one("estimated_cost", "")
            .zip(whole.one("cost", ""))
            .and_then(|(estimated, cost)| (cost > 0.0).then_some(estimated / cost)),
        reconciled,
        working: Working {
            words: format!(
                "The share of hours, since the first call, of which something is known. An hour is missing when nothing at \
                 all came in it though 20 calls or more are usual, by the same hour of the four weeks before or by the day \
                 around. {}",
                providers::ATE
            ),
            formula: "1 - missing hours / hours".to_owned(),
            queries: vec![question(
                ask,
                period,
                &Part {
                    counting: false,
                    ..Part::of("attempts")
                },
            )],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(hour: usize, weeks: i32) -> Option<usize> {
        hour.checked_sub(WEEK * usize::try_from(weeks).unwrap())
    }

    fn judge(calls: &[f64], hour: usize) -> Option<f64> {
        let calls: Vec<Option<f64>> = calls.iter().map(|came| Some(*came)).collect();
        let silences = silences(&calls);
        usual(&calls, hour, silences[hour].as_ref()?, &weeks)
    }

    #[test]
    fn silence_is_held_against_the_same_hour_of_weeks_before() {
        let mut calls = vec![90.0; 2 * WEEK + 4];
        calls[1] = 0.0;
        calls[3] = 110.0;
        for silent in [WEEK + 1, 2 * WEEK, 2 * WEEK + 1, 2 * WEEK + 3] {
            calls[silent] = 0.0;
        }
        assert_eq!(judge(&calls, 2 * WEEK), Some(90.0));
        assert_eq!(judge(&calls, 2 * WEEK + 1), Some(0.0), "it is silent every week");
        assert_eq!(judge(&calls, 2 * WEEK + 2), None, "something came");
        assert_eq!(judge(&calls, 2 * WEEK + 3), Some(110.0), "of two the higher");
    }

    #[test]
    fn a_silence_of_weeks_is_judged_by_what_was_before_it() {
        let mut calls = vec![50.0; WEEK];
        calls.extend(vec![0.0; 5 * WEEK]);
        for hour in [WEEK, 3 * WEEK + 7, 6 * WEEK - 1] {
            assert_eq!(judge(&calls, hour), Some(50.0), "{hour}");
        }
    }

    #[test]
    fn without_weeks_the_day_around_says_what_is_usual() {
        assert_eq!(judge(&[40.0, 0.0, 20.0], 1), Some(30.0));
        assert_eq!(judge(&[0.0, 0.0], 1), None);
    }

    #[test]
    fn hours_that_follow_each_other_are_one_gap_and_marks_take_hours_out() {
        let period = Period {
            asked: String::new(),
            words: String::new(),
            from: 0,
            to: 40 * HOUR,
            until: 40 * HOUR,
            before_words: String::new(),
            before_from: 0,
            before_to: 0,
            zone: "UTC".into(),
        };
        let missing = [3, 4, 9].map(|hour| Missing {
            at: hour * HOUR,
            usual: 304.0,
        });
        let hours = Hours {
            judged: 40,
            missing: missing.to_vec(),
            known: true,
        };
        let gaps = hours.gaps(&period, &[]);
        assert_eq!((gaps[0].from, gaps[0].to), (3 * HOUR, 5 * HOUR));
        assert_eq!(
            gaps[1].why,
            "nothing came though about 300 calls an hour are usual"
        );
        assert_eq!(hours.complete(hours.missing_hours(&[])), Some(1.0 - 3.0 / 40.0));
        let marked = [(9 * HOUR, 10 * HOUR, "marked by Ada: load test".to_owned())];
        assert_eq!(hours.missing_hours(&marked), 2);
        let gaps = hours.gaps(&period, &marked);
        assert!(gaps.len() == 2 && gaps[1].marked, "{gaps:?}");
    }
}
