//! The calls that one breaker guarded, read from a batch without building its other events.
//!
//! Most calls of a batch are another breaker's, and building an event costs many times what passing its bytes does. So
//! the columns that say whose a call is are read first, those that say how it went after that, and all others are
//! passed. A batch whose dictionary lacks the breaker's name is left at once.
//!
//! Deliberately absent: the checks that reading whole events makes of columns that are passed here. Damage is noticed by
//! the frame's checksum before a column is looked at.

use domain::breaker::BreakerKey;
use domain::breaker::whatif::RecordedCall;
use domain::{Millis, Outcome};

use super::batch::{CALL, Heads, MAX_TEXT, WHAT, unpack};
use super::fields::member;
use super::wire::{Read, Reader};
use crate::StoreError;

/// A call that a breaker guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedCall {
    /// What a replay needs of it.
    pub call: RecordedCall,
    /// Who made it; empty when it was not told.
    pub instance: String,
}

/// The calls of a batch that this breaker guarded, in their order.
///
/// # Errors
/// As [`super::decode_batch`].
pub fn decode_guarded(bytes: &[u8], breaker: &BreakerKey) -> Result<Vec<GuardedCall>, StoreError> {
    let columns = unpack(bytes)?;
    read(&columns, breaker).map_err(|error| error.of(WHAT))
}

fn read(columns: &[u8], breaker: &BreakerKey) -> Read<Vec<GuardedCall>> {
    let mut r = Reader::with_dictionary(columns, MAX_TEXT)?;
    let Some(wanted) = Wanted::of(&r, breaker) else {
        return Ok(Vec::new());
    };
    let (kinds, times) = Heads::times(&mut r)?;
    let count = kinds.iter().filter(|kind| **kind == CALL).count();
    let columns = Columns::pass(&mut r, count)?;
    let mine = columns.guarded_by(&wanted, count)?;
    if mine.is_empty() {
        return Ok(Vec::new());
    }
    let of_calls = kinds.iter().zip(times).filter(|(kind, _)| **kind == CALL);
    let times: Vec<Millis> = of_calls.map(|(_, time)| time).collect();
    columns.calls(&mine, &times)
}

/// How the parts of the breaker's name are written in an optional dictionary column: 0 is absent, anything else one more
/// than the place in the dictionary. An empty part matches both ways to say nothing.
struct Wanted {
    breaker: Part,
    environment: Part,
    service: Part,
    deployment: Part,
}

#[derive(Clone, Copy)]
struct Part {
    written: u64,
    /// An empty part may also be written as an empty string.
    also: u64,
}

impl Part {
    fn of(r: &Reader<'_>, text: &str) -> Option<Part> {
        let written = r.place(text).map(|place| place + 1);
        if text.is_empty() {
            return Some(Part {
                written: 0,
                also: written.unwrap_or(0),
            });
        }
        written.map(|written| Part {
            written,
            also: written,
        })
    }

    fn is(self, value: u64) -> bool {
        value == self.written || value == self.also
    }
}

impl Wanted {
    /// `None` when a part is not in the dictionary: then no call of the batch is the breaker's.
    fn of(r: &Reader<'_>, key: &BreakerKey) -> Option<Wanted> {
        Some(Wanted {
            breaker: Part::of(r, &key.breaker)?,
            environment: Part::of(r, &key.environment)?,
            service: Part::of(r, &key.service)?,
            deployment: Part::of(r, &key.deployment)?,
        })
    }
}

/// Where the columns of the calls begin, in the order in which [`super::events`] writes them.
struct Columns<'a> {
    outcomes: &'a [u8],
    durations: Reader<'a>,
    environments: Reader<'a>,
    services: Reader<'a>,
    deployments: Reader<'a>,
    instances: Reader<'a>,
    breakers: Reader<'a>,
    weights: Reader<'a>,
}

impl<'a> Columns<'a> {
    fn pass(r: &mut Reader<'a>, count: usize) -> Read<Columns<'a>> {
        let numbers = |r: &mut Reader<'a>| {
            let start = r.clone();
            r.pass_numbers(count).map(|()| start)
        };
        // Provider and model.
        numbers(r)?;
        numbers(r)?;
        let outcomes = r.bytes(count)?;
        let durations = numbers(r)?;
        // Time to the first token.
        numbers(r)?;
        let environments = numbers(r)?;
        let services = numbers(r)?;
        let deployments = numbers(r)?;
        let instances = numbers(r)?;
        // Operation, status, error.
        r.bytes(count)?;
        numbers(r)?;
        numbers(r)?;
        // Trace and request.
        r.pass_unique(count)?;
        r.pass_unique(count)?;
        // The model that answered.
        numbers(r)?;
        let breakers = numbers(r)?;
        // Tokens: input, cached, written to the cache, output, reasoning.
        for _ in 0..5 {
            numbers(r)?;
        }
        // Tier, cost, whether that is estimated, attempt.
        r.bytes(count)?;
        numbers(r)?;
        r.bytes(count)?;
        r.bytes(count)?;
        // The provider that was fallen back from, and the models of those calls that fell back.
        let mut fell_back = 0;
        for _ in 0..count {
            fell_back += usize::from(r.uint()? != 0);
        }
        r.pass_numbers(fell_back)?;
        let weights = numbers(r)?;
        Ok(Columns {
            outcomes,
            durations,
            environments,
            services,
            deployments,
            instances,
            breakers,
            weights,
        })
    }

    /// The places of the calls that the breaker guarded.
    fn guarded_by(&self, wanted: &Wanted, count: usize) -> Read<Vec<usize>> {
        let mut mine = Vec::new();
        let mut breakers = self.breakers.clone();
        for place in 0..count {
            if wanted.breaker.is(breakers.uint()?) {
                mine.push(place);
            }
        }
        for (column, part) in [
            (&self.environments, wanted.environment),
            (&self.services, wanted.service),
            (&self.deployments, wanted.deployment),
        ] {
            let mut picked = Picked::of(column);
            let mut kept = Vec::with_capacity(mine.len());
            for place in mine {
                if part.is(picked.at(place)?.uint()?) {
                    kept.push(place);
                }
            }
            mine = kept;
        }
        Ok(mine)
    }

    fn calls(&self, mine: &[usize], times: &[Millis]) -> Read<Vec<GuardedCall>> {
        let mut durations = Picked::of(&self.durations);
        let mut instances = Picked::of(&self.instances);
        let mut weights = Picked::of(&self.weights);
        let mut all = Vec::with_capacity(mine.len());
        for &place in mine {
            // The outcomes and times are as many as the calls, and every place is one of a call.
            let (Some(&outcome), Some(&at)) = (self.outcomes.get(place), times.get(place)) else {
                continue;
            };
            all.push(GuardedCall {
                call: RecordedCall {
                    at,
                    outcome: member(&Outcome::ALL, outcome)?,
                    duration: durations.at(place)?.opt_uint()?,
                    weight: weights.at(place)?.narrow()?,
                },
                instance: instances.at(place)?.opt_text()?.unwrap_or_default(),
            });
        }
        Ok(all)
    }
}

/// Reads a column of numbers at rising places.
struct Picked<'a> {
    reader: Reader<'a>,
    next: usize,
}

impl<'a> Picked<'a> {
    fn of(column: &Reader<'a>) -> Picked<'a> {
        Picked {
            reader: column.clone(),
            next: 0,
        }
    }

    /// The reader before the number at this place, which must be read next.
    fn at(&mut self, place: usize) -> Read<&mut Reader<'a>> {
        self.reader.pass_numbers(place.saturating_sub(self.next))?;
        self.next = place + 1;
        Ok(&mut self.reader)
    }
}
