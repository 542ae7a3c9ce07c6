//! The day as paths: one bar for each step, as high as its traffic; what went wrong stands out in colour and height of
//! its own mark, trips are diamonds.

use protocol::view::Activity;

/// Units of the drawing. One step is [`PITCH`] wide.
pub(super) const HEIGHT: i64 = 30;
const PITCH: i64 = 10;
const WIDTH: i64 = 7;
/// Bars stand on this line; below is the track.
const GROUND: i64 = 20;
/// The highest bar.
const HIGHEST: i64 = 15;
/// The lowest bar that can be seen.
const LOWEST: i64 = 2;

/// What is drawn of a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Paths {
    /// Bars of steps that went well, or that nobody can judge.
    pub calm: String,
    /// Bars of steps worth a look.
    pub attention: String,
    /// Bars of steps worth acting on.
    pub act: String,
    /// Trips.
    pub trips: String,
}

/// How wide the drawing is.
pub(super) fn width(day: &Activity) -> i64 {
    day.requests.len() as i64 * PITCH
}

pub(super) fn paths(day: &Activity) -> Paths {
    let mut paths = Paths::default();
    let most = day.requests.iter().copied().max().unwrap_or(0).max(1);
    for ((place, requests), level) in day.requests.iter().enumerate().zip(day.levels.chars()) {
        if *requests == 0 {
            continue;
        }
        let path = match level {
            'a' => &mut paths.attention,
            'x' => &mut paths.act,
            _ => &mut paths.calm,
        };
        // Roots: a night is seen beside a noon that has a hundred times its traffic.
        let share = (f64::from(*requests) / f64::from(most)).sqrt();
        let height = ((share * HIGHEST as f64) as i64).max(LOWEST);
        push(path, 'M', place as i64 * PITCH + 1);
        push(path, ' ', GROUND - height);
        push(path, 'h', WIDTH);
        push(path, 'v', height);
        push(path, 'h', -WIDTH);
        path.push('z');
    }
    for trip in &day.trips {
        // Drawn once where several lie in one place.
        let x = (trip.at - day.from) * PITCH / day.step.max(1);
        let mut mark = String::new();
        push(&mut mark, 'M', x);
        mark.push_str(" 0l14 4l-14 4l-14 -4z");
        if !paths.trips.ends_with(&mark) {
            paths.trips.push_str(&mark);
        }
    }
    paths
}

fn push(path: &mut String, command: char, value: i64) {
    path.push(command);
    path.push_str(&value.to_string());
}

/// The day in one sentence.
pub(super) fn summary(day: &Activity) -> String {
    let bad = day.levels.chars().filter(|level| *level == 'x').count() as i64 * day.step / 60_000;
    let trips = match day.trips.len() {
        0 => "no trip".to_owned(),
        1 => "1 trip".to_owned(),
        trips => format!("{trips} trips"),
    };
    match bad {
        0 => format!("The last day: {trips}."),
        bad => format!("The last day: {trips}, {bad} min with alarming success."),
    }
}

#[cfg(test)]
mod tests {
    use protocol::view::ActivityTrip;

    use super::*;

    fn day() -> Activity {
        let trip = |at| ActivityTrip {
            at,
            breaker: "b".into(),
            provider: String::new(),
        };
        Activity {
            from: 1_000,
            step: 300_000,
            requests: vec![0, 30, 300, 1, 60],
            levels: "-kxua".into(),
            trips: vec![trip(1_000 + 450_000), trip(1_000 + 450_001)],
            ..Activity::default()
        }
    }

    #[test]
    fn each_step_has_its_place_height_and_kind() {
        let paths = paths(&day());
        assert_eq!(paths.calm, "M11 16h7v4h-7zM31 18h7v2h-7z");
        assert_eq!(paths.act, "M21 5h7v15h-7z");
        assert_eq!(paths.attention, "M41 14h7v6h-7z");
        assert_eq!(
            paths.trips, "M15 0l14 4l-14 4l-14 -4z",
            "two in one place are one mark"
        );
        assert_eq!(width(&day()), 50);
    }

    #[test]
    fn a_day_is_told_in_a_sentence() {
        assert_eq!(
            summary(&day()),
            "The last day: 2 trips, 5 min with alarming success."
        );
        assert_eq!(summary(&Activity::default()), "The last day: no trip.");
        assert_eq!(super::paths(&Activity::default()), Paths::default());
    }
}
