//! From the fields of one object to one event.

use domain::{Event, EventBody};

use super::choice::{self, Type};
use super::fault::Problem;
use super::field::{self, Field};
use super::fields::Fields;
use super::ignored::Ignored;
use super::text;
use super::time::Arrival;
use super::{breaker, call, headroom, marker};

/// Builds the event, or says what is wrong with it: the first problem, in the order of the contract.
pub(super) fn build(
    fields: &mut Fields<'_>,
    arrival: &Arrival,
    ignored: &mut Ignored,
) -> Result<Event, Problem> {
    fields.check_repeated()?;
    let kind = fields.require(Field::Type, choice::event_type)?;
    let unread = fields.limit_to(match kind {
        Type::Call => field::CALL,
        Type::Breaker => field::BREAKER,
        Type::BreakerStats => field::BREAKER_STATS,
        Type::Headroom => field::HEADROOM,
        Type::Marker => field::MARKER,
    });
    for field in unread.iter() {
        ignored.insert(field.name());
    }
    let (time, reported) = fields
        .read(Field::Time, |raw| arrival.event(raw))?
        .unwrap_or((arrival.received(), None));
    let id = fields.text(Field::Id, text::NAME)?;
    let body = match kind {
        Type::Call => EventBody::Call(Box::new(call::read(fields, ignored)?)),
        Type::Breaker => EventBody::Transition(Box::new(breaker::transition(fields, arrival)?)),
        Type::BreakerStats => EventBody::Stats(Box::new(breaker::stats(fields, arrival)?)),
        Type::Headroom => EventBody::Headroom(Box::new(headroom::read(fields, arrival)?)),
        Type::Marker => EventBody::Marker(Box::new(marker::read(fields)?)),
    };
    Ok(Event {
        id,
        time,
        reported,
        body,
    })
}
