//! `marker`: a vertical line for every chart.

use domain::event::Marker;

use super::fault::Problem;
use super::field::Field;
use super::fields::Fields;
use super::{choice, text};

pub(super) fn read(fields: &Fields<'_>) -> Result<Marker, Problem> {
    Ok(Marker {
        title: fields.require_text(Field::Title, text::FREE)?,
        kind: fields.read(Field::Kind, choice::marker_kind)?.unwrap_or_default(),
        url: match fields.get(Field::Url) {
            // Empty counts as absent, as in every optional text.
            None | Some("\"\"") => None,
            Some(raw) => Some(text::url(raw).map_err(|fault| fault.at(Field::Url.name()))?),
        },
        service: fields.text(Field::Service, text::NAME)?,
        environment: fields.text(Field::Environment, text::NAME)?,
    })
}
