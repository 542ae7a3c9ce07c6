//! What a period was like, for people who do not operate: figures with targets, what is left of a promise, what
//! unreliability cost, how much is known.
//!
//! Everything here is arithmetic on answers of [`crate::query`], stored transitions and alerts: `period` says which
//! stretch, `ask` asks for it, and one file each makes a part of the page. What is asked for together is read together:
//! one reading for the whole, one for its days, one for the period before, one for its hours.
//!
//! Deliberately absent: reading chunks, any cache, and HTML.

mod alerts;
mod ask;
mod breakers;
pub(crate) mod budget;
mod built_in;
mod completeness;
mod definitions;
mod figures;
mod formula;
pub(crate) mod invoices;
mod lines;
mod meaning;
mod parse;
mod period;
mod preview;
pub(crate) mod prices;
mod providers;
mod sentence;
mod share;
mod sharing;
mod slo;
mod status;
mod status_check;
mod unreliability;

use domain::duty::Zone;
use protocol::query::{CALL_DIMENSIONS, LABEL};
use protocol::view::{KpiPage, KpiProvider, OpenHours};
use protocol::{Filter, Span};
use store::TenantScope;

use self::alerts::Times;
use self::ask::{Ask, Part, Sheet};
use self::breakers::Opened;
use self::completeness::Hours;
use self::definitions::Definitions;
use self::figures::Sheets;
use crate::pages::PageError;
use crate::{Engine, QueryError};

pub use self::meaning::check_definition;
pub use self::slo::SloRuled;

/// What a KPI page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KpiQuestion {
    /// `month` (which an empty one means), `last-month`, `week`, `last-week`, `quarter`, `year`, `day`, or `from..to` in
    /// the grammar of ranges.
    pub period: String,
    /// Of which calls, in the filter grammar; empty for all.
    pub filter: String,
    /// Whose calendar, by its IANA name; the tenant's where it is empty.
    pub zone: String,
}

impl Engine {
    /// A period in figures, for people who do not operate.
    ///
    /// # Errors
    /// See [`PageError`]: the period, the zone or the filter cannot be read, or the store cannot.
    pub async fn kpi_page(&self, scope: &TenantScope, question: &KpiQuestion) -> Result<KpiPage, PageError> {
        let now = self.clock().now();
        let zone = zone(&question.zone, self.utc_offset_min())?;
        let period = period::read(&question.period, &zone, now)?;
        let known = [CALL_DIMENSIONS, &[LABEL]].concat();
        let filter = Filter::parse(&question.filter, &known).map_err(QueryError::from)?;
        let definitions = Definitions::read(self.stores().documents.as_ref(), scope).await?;
        let ask = Ask {
            engine: self,
            scope,
            filter: &question.filter,
            now,
        };
        let span = (period.from, period.until);
        let before = (period.before_from, period.before_to);
        let days = ask.days(&zone, span);
        let marked = self.uncounted(
            scope,
            Span {
                from: span.0,
                to: span.1,
            },
        )?;

        let (whole, by_day, earlier, custom, hours) = tokio::try_join!(
            ask.whole(whole_parts(), span),
            ask.between(day_parts(), &days.edges),
            ask.whole(figures::parts(), before),
            figures::custom(&ask, definitions.custom(), span, &days.edges, before),
            Hours::read(&ask, &zone, span),
        )?;
        let sheets = Sheets {
            whole: &whole,
            days: &by_day,
            before: &earlier,
            custom: &custom,
            day_count: days.midnights.len().saturating_sub(1),
        };
        let (fired, fired_before, opened) = tokio::try_join!(
            Times::read(self, scope, &filter, span),
            Times::read(self, scope, &filter, before),
            Opened::read(self, scope, &filter, span),
        )?;
        let times = (&fired, &fired_before);
        let figures = figures::all(&ask, &period, &definitions, &sheets, times, &days.midnights);

        let providers = providers::rows(&sheets, &opened);
        let breakers = open_hours(&providers, &opened);
        let reconciled = invoices::reconciled(self, scope).await?.unwrap_or_default();
        let completeness = completeness::of(&ask, &period, &whole, &hours, &marked, reconciled);
        let target = definitions.target("answered");
        let budget = budget::burndown(self, scope, &period, &question.filter, target).await?;
        let sentence = sentence::of(&sentence::Facts {
            ever: self.first_event(scope).is_some(),
            words: &period.words,
            calls: completeness.calls,
            requests: figures::judged(&whole),
            answered: whole.one("answered", ""),
            target,
            saved: ask::count(whole.one("saved_by_fallback", "")),
            missing_hours: hours.missing_hours(&marked),
        });
        Ok(KpiPage {
            as_of: now,
            filter: question.filter.clone(),
            sentence,
            figures,
            budget,
            unreliability: unreliability::of(&ask, &period, &whole),
            breakers,
            providers,
            completeness,
            // A row of breakers of which a part is not known would look calm there.
            partial: whole.partial() || by_day.partial() || !opened.complete,
            period,
        })
    }
}

/// What is asked of the whole period.
fn whole_parts() -> Vec<Part> {
    let mut parts = figures::parts();
    parts.extend(providers::parts());
    parts.extend(unreliability::parts());
    parts.extend(completeness::parts());
    parts
}

/// What is asked of its days.
fn day_parts() -> Vec<Part> {
    let mut parts = figures::parts();
    parts.extend(providers::day_parts());
    parts
}

/// Every provider of the table, and breakers of nobody where there are any.
fn open_hours(providers: &[KpiProvider], opened: &Opened) -> Vec<OpenHours> {
    let named = providers.iter().map(|row| row.name.as_str());
    let nobody = opened.of("").map(|_| "");
    let row = |provider: &str| OpenHours {
        provider: provider.to_owned(),
        hours: opened.of(provider).map_or_else(Vec::new, |opened| {
            opened.hours.iter().map(|(hour, ms)| (*hour, *ms)).collect()
        }),
    };
    named.chain(nobody).map(row).collect()
}

/// The zone of a name; without one, the tenant's, which is so many minutes ahead of UTC.
fn zone(name: &str, utc_offset_min: i32) -> Result<Zone, PageError> {
    let usual = match utc_offset_min {
        0 => "UTC".to_owned(),
        // In these names the sign says how far UTC is ahead. Zones between whole hours have none.
        offset if offset % 60 == 0 => format!("Etc/GMT{:+}", -offset / 60),
        _ => "UTC".to_owned(),
    };
    let name = match name.trim() {
        "" => usual.as_str(),
        name => name,
    };
    Zone::new(name).map_err(|_| PageError::Parameter {
        field: "zone",
        reason: format!(
            "must be a time zone such as UTC or Europe/Berlin, got `{}`",
            protocol::filter::echo(name)
        ),
    })
}

/// The sheets that a custom figure is computed from.
type CustomSheets = (Sheet, Sheet, Sheet);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenants_zone_is_the_usual_one() {
        let name = |asked: &str, offset| zone(asked, offset).map(|zone| zone.name().to_owned());
        assert_eq!(name("", 0).unwrap(), "UTC");
        assert_eq!(name("", 120).unwrap(), "Etc/GMT-2");
        assert_eq!(name(" Europe/Berlin ", 120).unwrap(), "Europe/Berlin");
        let wrong = name("Mars", 0).unwrap_err().to_string();
        assert_eq!(
            wrong,
            "zone: must be a time zone such as UTC or Europe/Berlin, got `Mars`"
        );
    }
}
