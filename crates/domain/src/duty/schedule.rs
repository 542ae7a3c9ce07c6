//! Who is on call: layers of rotations, the later above the earlier, and above all of them who took a shift over.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Rotation;
use crate::Millis;
use crate::alert::error::must;
use crate::alert::{Repeat, RuleError};

const DAY: Millis = 86_400_000;
const MAX_LAYERS: usize = 8;
const MAX_PEOPLE: usize = 50;
const MAX_HOURS: usize = 7;
/// The most overrides of a schedule.
pub const MAX_OVERRIDES: usize = 200;
/// The longest override.
const LONGEST: Millis = 92 * DAY;
/// So far ahead it is looked for the end of a shift.
const AHEAD: Millis = 35 * DAY;

/// A time zone of the IANA's database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    clock: TimeZone,
}

impl Zone {
    /// The zone of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn new(name: &str) -> Result<Zone, RuleError> {
        let found = (name.len() <= 64).then(|| TimeZone::get(name).ok()).flatten();
        let clock = found
            .ok_or_else(|| RuleError::new("zone", "must be a time zone such as UTC or Europe/Berlin"))?;
        Ok(Zone {
            name: name.to_owned(),
            clock,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its clocks show.
    pub fn clock(&self) -> &TimeZone {
        &self.clock
    }

    /// The moment at which its clocks show `2026-11-23T09:00`, for the first time where they do so twice.
    ///
    /// # Errors
    /// It is no such moment.
    pub fn moment(&self, text: &str) -> Result<Millis, RuleError> {
        let shown = Rotation::first(text)?;
        let at = self.clock.to_ambiguous_timestamp(shown).compatible();
        let at = at.map_err(|_| RuleError::new("starts", "must be within the calendar"))?;
        Ok(at.as_millisecond())
    }

    /// What its clocks show at a moment.
    pub fn shown(&self, at: Millis) -> DateTime {
        let at = Timestamp::from_millisecond(at).unwrap_or_default();
        self.clock.to_datetime(at)
    }
}

/// One rotation, perhaps at certain hours only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Responders in the order of their turns.
    pub people: Vec<u64>,
    /// When they hand over.
    pub rotation: Rotation,
    /// Only then; empty for always.
    pub hours: Vec<Repeat>,
}

/// Somebody took a shift over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The responder.
    pub who: u64,
    /// From then.
    pub from: Millis,
    /// Until then.
    pub to: Millis,
}

/// Why somebody is on call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// It is their turn in the layer of this place.
    Layer(usize),
    /// They took it over, by the override of this place.
    Override(usize),
}

/// Somebody is on call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duty {
    /// The responder.
    pub who: u64,
    /// Why.
    pub source: Source,
}

/// A span of time with one person on call, or nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// From then.
    pub from: Millis,
    /// Until then.
    pub to: Millis,
    /// Who; `None` for nobody.
    pub duty: Option<Duty>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Whose clocks its layers go by.
    pub zone: Zone,
    /// The later wins.
    pub layers: Vec<Layer>,
    /// They win over all layers; of two the later.
    pub overrides: Vec<Override>,
}

impl Schedule {
    /// Who is on call at a moment.
    pub fn on_call(&self, at: Millis) -> Option<Duty> {
        let taken = self.overrides.iter().enumerate().rev();
        let taken = taken
            .filter(|(_, one)| (one.from..one.to).contains(&at))
            .map(|(place, one)| Duty {
                who: one.who,
                source: Source::Override(place),
            });
        let layers = self.layers.iter().enumerate().rev();
        let turns = layers.filter_map(|(place, layer)| {
            Some(Duty {
                who: layer.on_call(at, &self.zone)?,
                source: Source::Layer(place),
            })
        });
        taken.chain(turns).next()
    }

    /// Until when whoever is on call at a moment is; `None` when that is farther away than five weeks.
    pub fn until(&self, at: Millis) -> Option<Millis> {
        let who = self.on_call(at).map(|duty| duty.who);
        let mut edge = at;
        while edge < at + AHEAD {
            edge = self.next_edge(edge)?;
            if self.on_call(edge).map(|duty| duty.who) != who {
                return Some(edge);
            }
        }
        None
    }

    /// Who is on call from a moment to another: shifts that follow each other without a gap.
    pub fn shifts(&self, from: Millis, to: Millis) -> Vec<Shift> {
        tiles(from, to, |at| self.on_call(at), |at| self.next_edge(at))
    }

    /// Whose turn it is in one layer, from a moment to another, whatever lies above it.
    pub fn turns(&self, place: usize, from: Millis, to: Millis) -> Vec<Shift> {
        let Some(layer) = self.layers.get(place) else {
            return Vec::new();
        };
        let duty = |at| {
            Some(Duty {
                who: layer.on_call(at, &self.zone)?,
                source: Source::Layer(place),
            })
        };
        tiles(from, to, duty, |at| layer.next_edge(at, &self.zone))
    }

    /// When it may be somebody else's turn next.
    fn next_edge(&self, at: Millis) -> Option<Millis> {
        let layers = self.layers.iter();
        let layers = layers.filter_map(|layer| layer.next_edge(at, &self.zone));
        let taken = self.overrides.iter().flat_map(|one| [one.from, one.to]);
        layers.chain(taken.filter(|edge| *edge > at)).min()
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is wrong, and its limit.
    pub fn check(&self) -> Result<(), RuleError> {
        let count = self.layers.len();
        must((1..=MAX_LAYERS).contains(&count), "layers", || {
            format!("must be 1 to {MAX_LAYERS}, got {count}")
        })?;
        for (place, layer) in self.layers.iter().enumerate() {
            let people = layer.people.len();
            must(
                (1..=MAX_PEOPLE).contains(&people),
                &format!("layers[{place}].people"),
                || format!("must be 1 to {MAX_PEOPLE} responders, got {people}"),
            )?;
            let hours = layer.hours.len();
            must(hours <= MAX_HOURS, &format!("layers[{place}].hours"), || {
                format!("must be at most {MAX_HOURS} windows, got {hours}")
            })?;
        }
        let count = self.overrides.len();
        must(count <= MAX_OVERRIDES, "overrides", || {
            format!("must be at most {MAX_OVERRIDES}, got {count}")
        })?;
        for (place, one) in self.overrides.iter().enumerate() {
            let length = one.to.saturating_sub(one.from);
            must(
                (1..=LONGEST).contains(&length),
                &format!("overrides[{place}].to"),
                || "must be after from and at most 92 days later".into(),
            )?;
        }
        Ok(())
    }
}

impl Layer {
    /// Whose turn it is; `None` before the first, and outside its hours.
    fn on_call(&self, at: Millis, zone: &Zone) -> Option<u64> {
        let open = self.hours.is_empty() || self.hours.iter().any(|window| window.covers(at));
        let turn = self.rotation.turn(at, zone.clock()).filter(|_| open)?;
        let count = u64::try_from(self.people.len()).ok().filter(|count| *count > 0)?;
        self.people.get(usize::try_from(turn % count).ok()?).copied()
    }

    fn next_edge(&self, at: Millis, zone: &Zone) -> Option<Millis> {
        let hours = self.hours.iter().filter_map(|window| window.changes_after(at));
        hours.chain(self.rotation.next(at, zone.clock())).min()
    }
}

/// Shifts from edge to edge; neighbours with the same duty are one.
fn tiles(
    from: Millis,
    to: Millis,
    duty: impl Fn(Millis) -> Option<Duty>,
    next: impl Fn(Millis) -> Option<Millis>,
) -> Vec<Shift> {
    let mut shifts: Vec<Shift> = Vec::new();
    let mut at = from;
    while at < to {
        let end = next(at).filter(|edge| *edge > at).map_or(to, |edge| edge.min(to));
        let duty = duty(at);
        match shifts.last_mut() {
            Some(last) if last.duty == duty => last.to = end,
            _ => shifts.push(Shift {
                from: at,
                to: end,
                duty,
            }),
        }
        at = end;
    }
    shifts
}
