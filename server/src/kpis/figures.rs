//! `/kpis/figures`: what figures are to be, who looks after them, and figures of the tenant's own.

use app::kpis::{FigureForm, FigureRow, FiguresView, SavedFigure, Section, Wrong, figures};
use axum::extract::State;
use axum::response::Response;
use protocol::documents::DocumentItem;
use protocol::kpis::kpi::{Calendar, KpiDoc, KpiFile, KpiPreview, built_in};
use protocol::query::{CALL_DIMENSIONS, LABEL, Unit};
use protocol::view::Good;
use store::Role;

use super::frame;
use crate::auth::actor;
use crate::http::alerts::{hand, problem};
use crate::http::people::bad_field;
use crate::http::{Problem, take_in};
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

/// `GET ?new=yes` with the form for a new figure, `&template=label` with something in it; `?set=ttft` for a built-in one;
/// `?edit=3` with that of one.
pub async fn figures_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let open = match visit.person.role >= Role::Admin {
        true => asked(&shared, &visit).await?,
        false => None,
    };
    page(&shared, &visit, open, None, None).await
}

async fn asked(shared: &Shared, visit: &Visit) -> Result<Option<FigureForm>, Problem> {
    let (engine, scope, query) = (&shared.engine, &visit.person.scope, &visit.query);
    let edited = |item: DocumentItem<KpiDoc>| FigureForm {
        known: Some((item.id, item.version)),
        doc: item.doc,
    };
    if let Ok(id) = query.get("edit").parse() {
        let item = engine.document::<KpiDoc>(scope, id).await;
        return Ok(Some(edited(item.map_err(problem)?)));
    }
    let fresh = |doc| FigureForm { doc, known: None };
    if let Some(figure) = built_in(query.get("set")) {
        // Somebody may have set it since the page was opened.
        let items = engine.documents::<KpiDoc>(scope).await.map_err(problem)?;
        let there = items
            .into_iter()
            .find(|item| item.doc.key.as_deref() == Some(figure.key));
        let empty = || {
            fresh(KpiDoc {
                key: Some(figure.key.to_owned()),
                ..KpiDoc::default()
            })
        };
        return Ok(Some(there.map_or_else(empty, edited)));
    }
    let labels = engine.label_dimensions(scope);
    let new = !query.get("new").is_empty();
    Ok(new.then(|| fresh(template(query.get("template"), &labels))))
}

/// A figure to begin with.
fn template(name: &str, labels: &[String]) -> KpiDoc {
    let doc = |name: &str, formula: &str, unit: Unit, good: Good| KpiDoc {
        name: name.to_owned(),
        formula: formula.to_owned(),
        unit: Some(unit),
        good: Some(good),
        ..KpiDoc::default()
    };
    match name {
        "provider" => KpiDoc {
            about: "What an answer of one provider costs.".into(),
            ..doc(
                "Cost per answer, openai",
                "cost{provider:openai} / answers{provider:openai}",
                Unit::Usd,
                Good::Low,
            )
        },
        "label" => {
            // The team's label when it is kept, else the first that is; models where no label is.
            let team = [LABEL, "team"].concat();
            let by = labels
                .iter()
                .find(|label| **label == team)
                .or_else(|| labels.first());
            let by = by.map_or("model", String::as_str);
            KpiDoc {
                group_by: by.to_owned(),
                about: "What an answer costs whom it is for.".into(),
                ..doc(
                    &format!("Unit cost by {}", by.strip_prefix(LABEL).unwrap_or(by)),
                    "cost / answers",
                    Unit::Usd,
                    Good::Low,
                )
            }
        }
        "cached" => KpiDoc {
            about: "How much of the input came from prompt caches.".into(),
            ..doc(
                "Share of cached input tokens",
                "cached_tokens / input_tokens",
                Unit::Fraction,
                Good::High,
            )
        },
        _ => KpiDoc {
            unit: Some(Unit::Usd),
            good: Some(Good::Low),
            ..KpiDoc::default()
        },
    }
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    form: Option<FigureForm>,
    preview: Option<KpiPreview>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let items = engine.documents::<KpiDoc>(scope).await.map_err(problem)?;
    let names = names(shared, visit).await?;
    let rows = engine.kpi_lines(scope).await.map_err(problem)?.into_iter();
    let rows = rows.map(|line| {
        let is_of = |item: &&DocumentItem<KpiDoc>| match &item.doc.key {
            Some(key) => *key == line.key,
            None => line.key == format!("kpi:{}", item.id),
        };
        FigureRow {
            saved: items.iter().find(is_of).map(|item| saved(item, &names)),
            line,
        }
    });
    let named = CALL_DIMENSIONS.iter().filter(|name| **name != "outcome");
    let view = FiguresView {
        rows: rows.collect(),
        form,
        preview,
        dimensions: named
            .map(|name| (*name).to_owned())
            .chain(engine.label_dimensions(scope))
            .collect(),
        frame: frame(shared, visit, Section::Figures, wrong).await?,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), figures(&view)))
}

fn saved(item: &DocumentItem<KpiDoc>, names: &[(String, String)]) -> SavedFigure {
    let known = names.iter().find(|(actor, _)| *actor == item.changed_by);
    let by = match known {
        Some((_, name)) => name.clone(),
        None if item.changed_by.starts_with("key:") => "a key".to_owned(),
        None => "somebody who is no longer a member".to_owned(),
    };
    SavedFigure {
        id: item.id,
        version: item.version,
        changed: item.changed,
        by,
        calendar: item.doc.calendar,
        group_by: item.doc.group_by.clone(),
        worth: item.doc.value_per_answer,
    }
}

/// What to call members, by what the record calls them.
async fn names(shared: &Shared, visit: &Visit) -> Result<Vec<(String, String)>, Problem> {
    let members = shared.people.accounts.members(&visit.person.scope).await;
    let members = members.map_err(|error| {
        tracing::error!(%error, "members cannot be read");
        Problem::unavailable("The database cannot be asked right now.", 2)
    })?;
    let named = members
        .into_iter()
        .map(|member| (actor(&member.account.id), member.account.name));
    Ok(named.collect())
}

/// `POST`: `try`, `save`, `remove` or `import`.
pub async fn figures_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let back = |done: &str| {
        let to = [&visit.base, Section::Figures.path(), "?done=", done].concat();
        Ok(go(&to))
    };
    let (done, what) = match sent.get("do") {
        "try" => {
            let tried = tried(&shared, &visit, &sent).await;
            match tried {
                Ok((doc, preview)) => {
                    let form = FigureForm {
                        doc,
                        known: known(&sent),
                    };
                    return page(&shared, &visit, Some(form), Some(preview), None).await;
                }
                Err(problem) => (Err(problem), "figure"),
            }
        }
        "save" => (save(&shared, &visit, &sent).await.map(|()| "saved"), "figure"),
        "remove" => (remove(&shared, &visit, &sent).await.map(|()| "removed"), "act"),
        "import" => (
            import(&shared, &visit, &sent).await.map(|()| "imported"),
            "import",
        ),
        _ => (Err(Problem::not_found()), "act"),
    };
    match done {
        Ok(done) => back(done),
        Err(problem) => {
            let wrong = wrong(problem, what, &sent)?;
            let form = (what == "figure").then(|| FigureForm {
                doc: written(&sent),
                known: known(&sent),
            });
            page(&shared, &visit, form, None, Some(wrong)).await
        }
    }
}

fn known(sent: &Sent) -> Option<(u64, u64)> {
    Some((sent.get("kpi").parse().ok()?, sent.get("version").parse().ok()?))
}

async fn tried(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<(KpiDoc, KpiPreview), Problem> {
    let doc = read(sent)?;
    let preview = shared.engine.kpi_preview(&visit.person.scope, &doc).await;
    Ok((doc, preview.map_err(problem)?))
}

async fn save(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<(), Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let (doc, hand) = (read(sent)?, hand(&visit.access, &visit.whence));
    let saved = match known(sent) {
        Some((id, version)) => {
            engine
                .change_document(scope, id, Some(version), &doc, &hand)
                .await
        }
        None => engine.create_document(scope, &doc, &hand).await,
    };
    saved.map(drop).map_err(problem)
}

async fn remove(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<(), Problem> {
    let id = sent.get("kpi").parse().map_err(|_| Problem::not_found())?;
    let hand = hand(&visit.access, &visit.whence);
    let deleted = shared
        .engine
        .delete_document::<KpiDoc>(&visit.person.scope, id, &hand)
        .await;
    deleted.map_err(problem)
}

async fn import(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<(), Problem> {
    let file: KpiFile = serde_json::from_str(sent.get("file"))
        .map_err(|error| bad_field("file", format!("file: it cannot be used: {error}")))?;
    let hand = hand(&visit.access, &visit.whence);
    let taken = take_in(shared, &visit.person.scope, &file.definitions, false, &hand).await;
    taken.map(drop)
}

/// The definition that a form says, but for its numbers.
fn written(sent: &Sent) -> KpiDoc {
    let text = |name: &str| sent.get(name).trim().to_owned();
    let key = Some(text("key")).filter(|key| !key.is_empty());
    let own = key.is_none();
    KpiDoc {
        name: text("name"),
        formula: text("formula"),
        filter: text("filter"),
        group_by: text("group_by"),
        unit: Some(unit(sent)).filter(|_| own),
        good: Some(match sent.get("good") {
            "high" => Good::High,
            _ => Good::Low,
        })
        .filter(|_| own),
        target: None,
        owner: text("owner"),
        calendar: match sent.get("calendar") {
            "week" => Calendar::Week,
            "quarter" => Calendar::Quarter,
            _ => Calendar::Month,
        },
        about: text("about"),
        value_per_answer: None,
        key,
    }
}

fn unit(sent: &Sent) -> Unit {
    match sent.get("unit") {
        "count" => Unit::Count,
        "fraction" => Unit::Fraction,
        "milliseconds" => Unit::Milliseconds,
        "tokens" => Unit::Tokens,
        "tokens_per_second" => Unit::TokensPerSecond,
        _ => Unit::Usd,
    }
}

/// The definition that a form says.
fn read(sent: &Sent) -> Result<KpiDoc, Problem> {
    let doc = written(sent);
    let ours = doc.key.as_deref().and_then(built_in);
    let unit = ours.map_or_else(|| unit(sent), |figure| figure.unit);
    Ok(KpiDoc {
        target: amount(sent, "target", unit)?,
        value_per_answer: amount(sent, "value_per_answer", Unit::Usd)?,
        ..doc
    })
}

/// A number as people write it: `99.5%`, `0.995`, `800 ms`, `1.5 s`, `5 min`, `$0.004`. `None` for an empty field.
fn amount(sent: &Sent, name: &str, unit: Unit) -> Result<Option<f64>, Problem> {
    let text = sent.get(name).trim();
    if text.is_empty() {
        return Ok(None);
    }
    read_amount(text, unit).map(Some).ok_or_else(|| {
        let such = match unit {
            Unit::Fraction => "99.5% or 0.995",
            Unit::Milliseconds => "800 ms, 1.5 s or 5 min",
            Unit::Usd => "$0.004",
            Unit::Count | Unit::Tokens | Unit::TokensPerSecond => "1000 or 2.5",
        };
        bad_field(name, format!("{name}: must be a number, such as {such}"))
    })
}

fn read_amount(text: &str, unit: Unit) -> Option<f64> {
    let ends: &[(&str, f64, f64)] = match unit {
        Unit::Fraction => &[("%", 1.0, 100.0)],
        // The longer endings first: `ms` ends in `s`.
        Unit::Milliseconds => &[
            ("ms", 1.0, 1.0),
            ("min", 60_000.0, 1.0),
            ("s", 1_000.0, 1.0),
            ("h", 3_600_000.0, 1.0),
        ],
        _ => &[],
    };
    let text = match unit {
        Unit::Usd => text.strip_prefix('$').unwrap_or(text),
        _ => text,
    };
    let found = ends
        .iter()
        .find_map(|(end, times, by)| Some((text.strip_suffix(end)?, *times, *by)));
    let (number, times, by) = found.unwrap_or((text, 1.0, 1.0));
    let number: f64 = number.trim().parse().ok()?;
    Some(number * times / by).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, unit, expected) in [
            ("99.5%", Unit::Fraction, Some(0.995)),
            ("99.5 %", Unit::Fraction, Some(0.995)),
            ("0.995", Unit::Fraction, Some(0.995)),
            ("800 ms", Unit::Milliseconds, Some(800.0)),
            ("800", Unit::Milliseconds, Some(800.0)),
            ("1.5 s", Unit::Milliseconds, Some(1_500.0)),
            ("5 min", Unit::Milliseconds, Some(300_000.0)),
            ("2h", Unit::Milliseconds, Some(7_200_000.0)),
            ("$0.004", Unit::Usd, Some(0.004)),
            ("-2.5", Unit::Usd, Some(-2.5)),
            ("soon", Unit::Milliseconds, None),
            ("99.5%", Unit::Usd, None),
            ("inf", Unit::Count, None),
        ] {
            assert_eq!(read_amount(text, unit), expected, "{text}");
        }
    }

    #[test]
    fn templates_are_figures_that_can_be_saved() {
        let kept = ["label.product".to_owned(), "label.team".to_owned()];
        for name in ["provider", "label", "cached"] {
            for labels in [&kept[..], &[]] {
                let doc = template(name, labels);
                assert!(engine::check_definition(&doc).is_ok(), "{name}: {doc:?}");
            }
        }
        assert_eq!(template("label", &kept).group_by, "label.team");
        assert_eq!(template("label", &[]).group_by, "model");
    }
}
