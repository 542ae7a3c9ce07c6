//! Schedules and policies between their two forms: as people write them (`protocol`) and as they are decided by
//! (`domain`).

use domain::alert::{Repeat, RuleError};
use domain::duty::{Escalation, Layer, Length, Override, Rotation, Schedule, Step, Zone};
use protocol::duty::{EscalationDoc, LayerDoc, ScheduleDoc};

/// Reads what somebody wrote, and checks all that can be checked without knowing what there is.
pub(crate) fn schedule_of(doc: &ScheduleDoc) -> Result<Schedule, RuleError> {
    let zone = Zone::new(&doc.zone)?;
    let layers = doc.layers.iter().enumerate();
    let layers: Result<Vec<Layer>, RuleError> = layers
        .map(|(place, layer)| {
            layer_of(layer, zone.name()).map_err(|error| RuleError {
                field: format!("layers[{place}].{}", error.field),
                ..error
            })
        })
        .collect();
    let overrides = doc.overrides.iter().map(|one| Override {
        who: one.responder,
        from: one.from,
        to: one.to,
    });
    let schedule = Schedule {
        zone,
        layers: layers?,
        overrides: overrides.collect(),
    };
    schedule.check()?;
    Ok(schedule)
}

fn layer_of(doc: &LayerDoc, zone: &str) -> Result<Layer, RuleError> {
    let hours: Result<Vec<Repeat>, RuleError> = doc
        .hours
        .iter()
        .map(|hours| {
            Repeat::new(&hours.days, &hours.from, &hours.to, zone).map_err(|error| RuleError {
                field: error.field.replacen("repeat", "hours", 1),
                ..error
            })
        })
        .collect();
    Ok(Layer {
        people: doc.people.clone(),
        rotation: Rotation {
            first: Rotation::first(&doc.starts)?,
            length: Length::new(doc.every, &doc.unit)?,
        },
        hours: hours?,
    })
}

/// Reads what somebody wrote, and checks all that can be checked without knowing what there is.
pub(crate) fn escalation_of(doc: &EscalationDoc) -> Result<Escalation, RuleError> {
    let step = |step: &protocol::duty::StepDoc| Step {
        after: step.after_ms,
        channels: step.tell.channels.clone(),
        schedules: step.tell.schedules.clone(),
        responders: step.tell.responders.clone(),
    };
    let ladder = Escalation {
        steps: doc.steps.iter().map(step).collect(),
        repeat: doc.repeat,
        again: doc.again_after_ms,
    };
    ladder.check()?;
    Ok(ladder)
}
