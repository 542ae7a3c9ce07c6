//! What is left of the promise, for the page of a period: of the first objective on *answered*, else of the target of that
//! figure.

use protocol::kpis::slo::{SloDoc, SloWindow};
use protocol::view::{Burndown, Period};
use store::TenantScope;

use super::slo::{Asker, statuses};
use crate::documents::items;
use crate::{Engine, PageError};

/// The window of a promise that only follows from a target, days.
const DAYS: u16 = 30;

/// The way down of a budget, as it was at the period's end, or is now. `None` where nothing is promised, or what is promised
/// cannot be asked.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn burndown(
    engine: &Engine,
    scope: &TenantScope,
    period: &Period,
    filter: &str,
    target: Option<f64>,
) -> Result<Option<Burndown>, PageError> {
    let kept = items::<SloDoc>(engine.stores().documents.as_ref(), scope).await?;
    // An objective with calls of its own says nothing about a page of others.
    let fits = |doc: &SloDoc| doc.indicator == "answered" && (filter.is_empty() || doc.filter == filter);
    let first = kept.into_iter().find(|item| fits(&item.doc));
    let (slo, doc) = match (first, target) {
        (Some(item), _) => (Some(item.id), item.doc),
        (None, Some(objective)) if objective > 0.0 && objective < 1.0 => (None, of_target(objective, filter)),
        (None, _) => return Ok(None),
    };
    let asker = Asker {
        engine,
        scope,
        at: period.until,
    };
    let Some(status) = statuses(asker, &[&doc]).await?.pop() else {
        return Ok(None);
    };
    if status.problem.is_some() {
        return Ok(None);
    }
    let projection = match status.exhausted {
        Some(_) => status.projection,
        None => String::new(),
    };
    Ok(Some(Burndown {
        slo,
        title: doc.name,
        about: status.about,
        objective: doc.objective,
        left: status.left_over_time,
        exhausted: status.exhausted,
        projection,
        working: status.working,
    }))
}

fn of_target(objective: f64, filter: &str) -> SloDoc {
    SloDoc {
        name: "answered".to_owned(),
        about: String::new(),
        indicator: "answered".to_owned(),
        limit: None,
        filter: filter.to_owned(),
        objective,
        window: SloWindow::Rolling { days: DAYS },
        owner: String::new(),
    }
}
