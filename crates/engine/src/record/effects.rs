//! What a correction that is in force does, and that it does it again after a start.

use domain::Millis;
use domain::breaker::BreakerId;
use store::corrections::FORGOTTEN_AFTER;
use store::{CorrectionKind, StoreError, StoredCorrection, SystemScope};

use super::{Body, Mark, Rename, marks, renames};
use crate::config::Stores;
use crate::live::HiddenRow;
use crate::tenants::{Tenant, Tenants};

/// What a correction that is in force does to what is read.
pub(super) enum Effect {
    Hides(HiddenRow),
    Marks(Mark),
    Renames(Rename),
}

/// What a correction does; `None` for an erasure, and for one that names nothing any more.
pub(super) fn effect_of(stored: &StoredCorrection) -> Result<Option<Effect>, StoreError> {
    let body = Body::read(&stored.body)?;
    let hides = |unheard_since| {
        let breaker = body.breaker.as_deref().and_then(BreakerId::parse)?;
        Some(Effect::Hides(HiddenRow {
            id: stored.id,
            breaker,
            instance: body.instance.clone(),
            unheard_since,
        }))
    };
    Ok(match stored.kind {
        CorrectionKind::Hide => hides(None),
        CorrectionKind::Forget => hides(Some(stored.made)),
        CorrectionKind::Erase => None,
        CorrectionKind::Uncount => Some(Effect::Marks(mark_of(stored, &body)?)),
        CorrectionKind::Rename => Some(Effect::Renames(rename_of(stored, &body)?)),
    })
}

fn mark_of(stored: &StoredCorrection, body: &Body) -> Result<Mark, StoreError> {
    let corrupt = |why: &str| StoreError::Corrupt(format!("the correction {}: {why}", stored.id));
    let (Some(from), Some(to)) = (body.from, body.to) else {
        return Err(corrupt("its range has no end"));
    };
    let filter = body.filter.as_deref().unwrap_or_default();
    Ok(Mark {
        id: stored.id,
        from,
        to,
        filter: marks::filter(filter).map_err(|error| corrupt(&error))?,
        words: format!("marked by {}: {}", stored.made_by.name, stored.words),
    })
}

fn rename_of(stored: &StoredCorrection, body: &Body) -> Result<Rename, StoreError> {
    let rename = body.rename.as_ref();
    let named = rename.and_then(|doc| Some((doc, renames::Dimension::parse(&doc.dimension)?)));
    let (doc, dimension) =
        named.ok_or_else(|| StoreError::Corrupt(format!("the correction {}: no name", stored.id)))?;
    Ok(Rename {
        id: stored.id,
        dimension,
        old: doc.old.clone(),
        new: doc.new.clone(),
    })
}

impl Effect {
    /// From now on it holds.
    pub fn apply(self, tenant: &Tenant) {
        match self {
            Effect::Hides(row) => tenant.live().hide(row),
            Effect::Marks(mark) => tenant.marks.put(mark),
            Effect::Renames(rename) => tenant.live().rename(rename),
        }
    }
}

/// What is in force holds from the start.
pub(crate) async fn hold_again(
    stores: &Stores,
    system: &SystemScope,
    tenants: &Tenants,
    now: Millis,
) -> Result<(), StoreError> {
    let holds = |stored: &StoredCorrection| {
        stored.kind != CorrectionKind::Forget || now < stored.made.saturating_add(FORGOTTEN_AFTER)
    };
    for (tenant, stored) in stores.corrections.open_corrections(system).await? {
        if holds(&stored)
            && let Some(effect) = effect_of(&stored)?
        {
            effect.apply(&tenants.get(&tenant));
        }
    }
    Ok(())
}
