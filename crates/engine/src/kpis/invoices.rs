//! Invoices, held against what was counted for the same provider and the same days.
//!
//! Everything is counted here, drills and probes too: a provider asks for them like for any other call. Deliberately
//! absent: correcting what was counted by what was asked.

use domain::Millis;
use domain::alert::RuleError;
use domain::cost::{dollars, whole_days};
use domain::duty::Zone;
use protocol::civil::{civil_from_days, days_in_month};
use protocol::documents::DocumentItem;
use protocol::kpis::invoice::{InvoiceDoc, InvoiceRow};
use protocol::query::QueryAnswer;
use protocol::{Filter, Span};
use store::{DocumentKind, TenantScope};

use super::period::MONTHS;
use super::prices::{provider, words};
use crate::documents::{Document, items};
use crate::duty::Known;
use crate::{Engine, PageError, QueryRequest, Resolution};

const MAX_NUMBER: usize = 80;
const MAX_NOTE: usize = 1_024;
const DAY: Millis = 86_400_000;
const NANO: f64 = 1e9;

impl Document for InvoiceDoc {
    const KIND: DocumentKind = DocumentKind::Invoice;

    fn name(&self) -> &str {
        &self.number
    }

    fn check(&self, _: &Known, _: Option<u64>) -> Result<(), RuleError> {
        words(&self.number, "number", 1, MAX_NUMBER)?;
        provider(&self.provider, "provider", 1)?;
        words(&self.note, "note", 0, MAX_NOTE)?;
        span(self)?;
        amount(self).map(drop)
    }
}

/// The days of an invoice as moments.
fn span(doc: &InvoiceDoc) -> Result<(Millis, Millis), RuleError> {
    whole_days(&Zone::new(&doc.zone)?, &doc.from, &doc.to)
}

/// What it asks for, US dollars.
fn amount(doc: &InvoiceDoc) -> Result<f64, RuleError> {
    let nano = dollars(&doc.amount.0).map_err(|error| RuleError::new("amount", error.to_string()))?;
    match nano {
        0 => Err(RuleError::new("amount", "must be above 0")),
        nano => Ok(nano as f64 / NANO),
    }
}

impl Engine {
    /// Invoices with what was counted for the same days, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn invoices(&self, scope: &TenantScope) -> Result<Vec<InvoiceRow>, PageError> {
        rows(self, scope, usize::MAX).await
    }

    /// What the newest invoices say about what was counted, in one sentence; `None` without any that can be held against it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn reconciled(&self, scope: &TenantScope) -> Result<Option<String>, PageError> {
        reconciled(self, scope).await
    }
}

/// Those of the last so many stretches of time are held against what was counted.
async fn rows(engine: &Engine, scope: &TenantScope, most: usize) -> Result<Vec<InvoiceRow>, PageError> {
    let now = engine.clock().now();
    let all = items::<InvoiceDoc>(engine.stores().documents.as_ref(), scope).await?;
    let mut rows: Vec<InvoiceRow> = all.into_iter().filter_map(row).collect();
    together(&mut rows);
    let mut spans: Vec<(Millis, Millis)> = rows.iter().map(|row| (row.until, row.since)).collect();
    spans.retain(|(until, _)| *until <= now);
    spans.sort_unstable_by(|one, other| other.cmp(one));
    spans.dedup();
    spans.truncate(most);
    let over: Vec<usize> = (0..rows.len())
        .filter(|place| spans.contains(&(rows[*place].until, rows[*place].since)))
        .collect();
    let mut requests = Vec::with_capacity(over.len() * 2);
    for place in &over {
        let row = &rows[*place];
        let filter = Filter::default().with("provider", &row.doc.provider);
        let filter = filter.map_err(crate::QueryError::from)?.to_string();
        requests.extend(["cost", "unpriced"].map(|metric| QueryRequest {
            metric: metric.to_owned(),
            group_by: Vec::new(),
            filter: filter.clone(),
            span: Span {
                from: row.since,
                to: row.until,
            },
            resolution: Resolution::MaxPoints(1),
            compare_previous: false,
            counting: false,
        }));
    }
    let answers = engine.query_all(scope, &requests).await?;
    for (place, pair) in over.into_iter().zip(answers.chunks(2)) {
        let [cost, unpriced] = pair else {
            continue;
        };
        let row = &mut rows[place];
        row.unpriced = value(unpriced);
        row.partial = cost.partial;
        // Zero is an answer only where calls came whose cost could have been known.
        row.counted = value(cost).filter(|counted| *counted > 0.0 || row.unpriced.is_some());
        row.difference = row.counted.map(|counted| counted / row.asked - 1.0);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.until, row.id)));
    Ok(rows)
}

fn row(item: DocumentItem<InvoiceDoc>) -> Option<InvoiceRow> {
    let read = span(&item.doc).and_then(|span| Ok((span, amount(&item.doc)?)));
    let read = read.inspect_err(|error| tracing::error!(id = item.id, %error, "an invoice cannot be read"));
    let ((since, until), asked) = read.ok()?;
    Some(InvoiceRow {
        id: item.id,
        version: item.version,
        doc: item.doc,
        since,
        until,
        asked,
        together: 1,
        counted: None,
        unpriced: None,
        difference: None,
        partial: false,
    })
}

/// Invoices of one provider for the same days are one: what was counted knows no accounts.
fn together(rows: &mut [InvoiceRow]) {
    let amounts: Vec<(String, Millis, Millis, f64)> = rows
        .iter()
        .map(|row| (row.doc.provider.clone(), row.since, row.until, row.asked))
        .collect();
    for row in rows {
        let same = amounts.iter().filter(|(provider, since, until, _)| {
            *provider == row.doc.provider && (*since, *until) == (row.since, row.until)
        });
        let (count, sum) = same.fold((0, 0.0), |(count, sum), one| (count + 1, sum + one.3));
        row.together = count;
        row.asked = sum;
    }
}

fn value(answer: &QueryAnswer) -> Option<f64> {
    answer.series.first()?.points.first()?.1
}

/// One sentence about the newest invoices: how far what was counted is from what was asked. `None` without an invoice whose
/// days are over and known.
pub(crate) async fn reconciled(engine: &Engine, scope: &TenantScope) -> Result<Option<String>, PageError> {
    // The sentence is about the newest stretch that can be told.
    let rows = rows(engine, scope, 3).await?;
    let documents = engine.stores().documents.as_ref();
    let tenant = engine.tenant(scope);
    let listed = tenant.prices.of(documents, scope).await?.is_some();
    Ok(sentence(&rows, listed, engine.clock().now()))
}

/// The sentence. Rows are the newest first.
fn sentence(rows: &[InvoiceRow], listed: bool, now: Millis) -> Option<String> {
    let newest = rows.iter().find(|row| row.counted.is_some())?;
    let same = rows
        .iter()
        .filter(|row| (row.since, row.until) == (newest.since, newest.until));
    let mut seen: Vec<&str> = Vec::new();
    let (mut counted, mut asked) = (0.0, 0.0);
    for row in same {
        let Some(known) = row.counted.filter(|_| !seen.contains(&row.doc.provider.as_str())) else {
            continue;
        };
        seen.push(&row.doc.provider);
        counted += known;
        asked += row.asked;
    }
    let how = match listed {
        true => "list price × tokens where no sender says it",
        false => "what senders say",
    };
    let difference = percent(counted / asked - 1.0);
    let period = period(&newest.doc, now);
    Some(format!(
        "Cost is {how}, reconciled with {period} at {difference}."
    ))
}

/// `October’s invoices`, `the invoices of 2026-10-01 to 2026-10-15`.
fn period(doc: &InvoiceDoc, now: Millis) -> String {
    month(doc, now).map_or_else(
        || format!("the invoices of {} to {}", doc.from, doc.to),
        |month| format!("{month}’s invoices"),
    )
}

/// The month whose days an invoice has, all of them; with its year unless it is ours.
fn month(doc: &InvoiceDoc, now: Millis) -> Option<String> {
    let first = doc.from.strip_suffix("-01")?;
    let (year, month) = first.split_once('-')?;
    let (year, month): (i64, i64) = (year.parse().ok()?, month.parse().ok()?);
    let last = format!("{first}-{}", days_in_month(year, month));
    let name = MONTHS.get(usize::try_from(month - 1).ok()?)?;
    let (ours, ..) = civil_from_days(now.div_euclid(DAY));
    (doc.to == last).then(|| match year == ours {
        true => (*name).to_owned(),
        false => format!("{name} {year}"),
    })
}

/// `−1.2%`, `+0.4%`, `±0.0%`.
fn percent(difference: f64) -> String {
    let tenths = (difference * 1_000.0).round();
    let sign = match tenths {
        tenths if tenths < 0.0 => "\u{2212}",
        tenths if tenths > 0.0 => "+",
        _ => "±",
    };
    format!("{sign}{:.1}%", tenths.abs() / 10.0)
}

#[cfg(test)]
mod tests {
    use protocol::kpis::price_list::Decimal;

    use super::*;

    const NOVEMBER: Millis = 1_794_000_000_000;

    fn invoice(provider: &str, (from, to): (&str, &str), amount: &str, counted: Option<f64>) -> InvoiceRow {
        let doc = InvoiceDoc {
            number: "n".into(),
            provider: provider.into(),
            from: from.into(),
            to: to.into(),
            zone: "UTC".into(),
            amount: Decimal(amount.into()),
            note: String::new(),
        };
        let item = DocumentItem {
            id: 1,
            version: 1,
            doc,
            created: 0,
            changed: 0,
            changed_by: String::new(),
        };
        InvoiceRow {
            counted,
            ..row(item).unwrap()
        }
    }

    const OCTOBER: (&str, &str) = ("2026-10-01", "2026-10-31");

    #[test]
    fn one_sentence_about_the_newest() {
        let mut rows = vec![
            invoice("openai", OCTOBER, "600", Some(590.0)),
            invoice("openai", OCTOBER, "150", Some(590.0)),
            invoice("anthropic", OCTOBER, "250", Some(398.0)),
            invoice("mistral", OCTOBER, "9999", None),
            invoice("openai", ("2026-09-01", "2026-09-30"), "1", Some(5.0)),
        ];
        together(&mut rows);
        assert_eq!((rows[0].asked, rows[0].together), (750.0, 2));
        assert_eq!(
            sentence(&rows, true, NOVEMBER).unwrap(),
            "Cost is list price × tokens where no sender says it, reconciled with October’s invoices at −1.2%."
        );
        assert_eq!(sentence(&rows[3..4], true, NOVEMBER), None);
        let odd = [invoice("openai", ("2025-12-02", "2025-12-31"), "10", Some(10.0))];
        assert_eq!(
            sentence(&odd, false, NOVEMBER).unwrap(),
            "Cost is what senders say, reconciled with the invoices of 2025-12-02 to 2025-12-31 at ±0.0%."
        );
        let year = [invoice("openai", ("2025-12-01", "2025-12-31"), "10", Some(10.04))];
        assert!(
            sentence(&year, false, NOVEMBER)
                .unwrap()
                .ends_with("December 2025’s invoices at +0.4%.")
        );
    }
}
