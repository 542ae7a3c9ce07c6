//! `/kpis/objectives` and `/kpis/objectives/{slo}`: what is promised, how it stands, the form, the rule with one click.

use app::kpis::{
    ObjectiveForm, ObjectiveRow, ObjectiveView, ObjectivesView, Section, Wrong, objective, objectives,
};
use axum::extract::{Path, State};
use axum::response::Response;
use protocol::kpis::slo::{SloDoc, SloIndicator, SloWindow};
use store::Role;

use super::frame;
use crate::http::Problem;
use crate::http::alerts::{hand, numbered, problem};
use crate::http::people::bad_field;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

/// `GET`, with `?new=yes` and the form for a new one.
pub async fn objectives_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let new = !visit.query.get("new").is_empty() && visit.person.role >= Role::Admin;
    let form = new.then(|| ObjectiveForm {
        doc: fresh(),
        known: None,
        preview: None,
    });
    list(&shared, &visit, form, None).await
}

/// An objective to begin with.
fn fresh() -> SloDoc {
    SloDoc {
        name: String::new(),
        about: String::new(),
        indicator: "answered".into(),
        limit: None,
        filter: String::new(),
        objective: 0.995,
        window: SloWindow::Rolling { days: 30 },
        owner: String::new(),
    }
}

async fn list(
    shared: &Shared,
    visit: &Visit,
    form: Option<ObjectiveForm>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let found = shared.engine.slo_statuses(&visit.person.scope).await;
    let mut items: Vec<ObjectiveRow> = found
        .map_err(problem)?
        .into_iter()
        .map(|(item, status)| ObjectiveRow { item, status })
        .collect();
    // Worst first: the least that is left; of what nothing is known, last.
    items.sort_by(|one, other| {
        let left = |row: &ObjectiveRow| row.status.left.unwrap_or(f64::INFINITY);
        left(one)
            .total_cmp(&left(other))
            .then(one.item.id.cmp(&other.item.id))
    });
    let view = ObjectivesView {
        frame: frame(shared, visit, Section::Objectives, wrong).await?,
        items,
        form,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), objectives(&view)))
}

/// `POST`: `save`, `preview` or `remove`.
pub async fn objectives_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    match change(&shared, &visit, &sent).await {
        Ok(Done::Go(to)) => Ok(go(&[visit.base.as_str(), &to].concat())),
        Ok(Done::Show(form)) => list(&shared, &visit, Some(*form), None).await,
        Err(problem) => {
            let is_form = sent.get("do") != "remove";
            let what = if is_form { "objective" } else { "act" };
            let mut wrong = wrong(problem, what, &sent)?;
            wrong.field = field(&wrong.field).to_owned();
            // What was sent is shown again, whatever it is; the rest is as for a new one.
            let form = is_form.then(|| ObjectiveForm {
                doc: fresh(),
                known: known(&sent),
                preview: None,
            });
            list(&shared, &visit, form, Some(wrong)).await
        }
    }
}

enum Done {
    Go(String),
    Show(Box<ObjectiveForm>),
}

/// A field of the document as the form calls it.
fn field(name: &str) -> &str {
    match name {
        "window.rolling.days" => "days",
        "window.calendar.unit" => "window",
        "window.calendar.zone" => "zone",
        other => other,
    }
}

/// Number and version of what a form changes.
fn known(sent: &Sent) -> Option<(u64, u64)> {
    Some((sent.get("slo").parse().ok()?, sent.get("version").parse().ok()?))
}

async fn change(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<Done, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    let list = Section::Objectives.path();
    match sent.get("do") {
        "preview" => {
            let doc = read(sent)?;
            let preview = engine.slo_preview(scope, &doc).await.map_err(problem)?;
            Ok(Done::Show(Box::new(ObjectiveForm {
                doc,
                known: known(sent),
                preview: Some(preview),
            })))
        }
        "save" => {
            let doc = read(sent)?;
            engine.check_slo(scope, &doc).map_err(problem)?;
            let saved = match known(sent) {
                Some((id, version)) => {
                    engine
                        .change_document(scope, id, Some(version), &doc, &hand)
                        .await
                }
                None => engine.create_document(scope, &doc, &hand).await,
            };
            let saved = saved.map_err(problem)?;
            Ok(Done::Go(format!("{list}/{}?done=saved", saved.id)))
        }
        "remove" => {
            let id = sent.get("slo").parse().map_err(|_| Problem::not_found())?;
            let rule = engine.rule_of_slo(scope, id).await.map_err(problem)?;
            let removed = engine.delete_document::<SloDoc>(scope, id, &hand).await;
            removed.map_err(problem)?;
            let done = if rule.is_some() {
                "removed-not-rule"
            } else {
                "removed"
            };
            Ok(Done::Go(format!("{list}?done={done}")))
        }
        _ => Err(Problem::not_found()),
    }
}

/// The objective that a form says. Shares are written in percent.
fn read(sent: &Sent) -> Result<SloDoc, Problem> {
    let get = |name: &str| sent.get(name).trim();
    let number = |name: &str, text: &str, such: &str| {
        let number = text.trim_end_matches('%').trim().replace(',', ".").parse::<f64>();
        number.map_err(|_| bad_field(name, format!("{name}: must be a number, such as {such}")))
    };
    let indicator = get("indicator").to_owned();
    let unit = SloIndicator::of(&indicator).map_or("", |known| known.limit);
    // A field that does not belong to what is chosen stays in the form and says nothing.
    let limit = match (unit, get("limit")) {
        ("", _) | (_, "") => None,
        ("of answers", text) => Some(number("limit", text, "5%")? / 100.0),
        (_, text) => Some(number("limit", text, "800")?),
    };
    let window = match get("window") {
        "rolling" => SloWindow::Rolling {
            days: get("days")
                .parse()
                .map_err(|_| bad_field("days", "days: must be a whole number, 1 to 90"))?,
        },
        unit => SloWindow::Calendar {
            unit: unit.to_owned(),
            zone: get("zone").to_owned(),
        },
    };
    let promised = number("objective", get("objective"), "99.5%")?;
    // Whoever writes 0.995 does not mean so little.
    if promised <= 1.0 && !get("objective").ends_with('%') {
        return Err(bad_field(
            "objective",
            "objective: must be percent, such as 99.5%",
        ));
    }
    let objective = percent(promised);
    Ok(SloDoc {
        name: get("name").to_owned(),
        about: get("about").to_owned(),
        indicator,
        limit,
        filter: get("filter").to_owned(),
        objective,
        window,
        owner: get("owner").to_owned(),
    })
}

/// `99.9` as 0.999, without the last digits that a division leaves.
fn percent(value: f64) -> f64 {
    (value * 1e6).round() / 1e8
}

/// `GET /kpis/objectives/{slo}`, with `?change=yes` and the form.
pub async fn objective_page(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    one(&shared, &visit, numbered(&path, "slo")?, None).await
}

async fn one(shared: &Shared, visit: &Visit, id: u64, wrong: Option<Wrong>) -> Result<Response, Problem> {
    let found = shared.engine.slo_status(&visit.person.scope, id).await;
    let (item, stands) = found.map_err(problem)?;
    let open = !visit.query.get("change").is_empty() && visit.person.role >= Role::Admin;
    let form = open.then(|| ObjectiveForm {
        doc: item.doc.clone(),
        known: Some((item.id, item.version)),
        preview: None,
    });
    let view = ObjectiveView {
        frame: frame(shared, visit, Section::Objectives, wrong).await?,
        row: ObjectiveRow { item, status: stands },
        form,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), objective(&view)))
}

/// `POST /kpis/objectives/{slo}`: `rule`, which makes the one that watches it, or makes it follow.
pub async fn objective_form(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
    form: SentForm,
) -> Result<Response, Problem> {
    let id = numbered(&path, "slo")?;
    let sent = Sent::of_form(form)?;
    let hand = hand(&visit.access, &visit.whence);
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let ruled = match sent.get("do") {
        "rule" => engine.slo_rule(scope, id, &hand).await.map_err(problem),
        _ => Err(Problem::not_found()),
    };
    match ruled {
        Ok(ruled) => {
            let done = if ruled.made { "rule-made" } else { "rule-there" };
            let page = Section::Objectives.path();
            Ok(go(&format!("{}{page}/{id}?done={done}", visit.base)))
        }
        Err(problem) => one(&shared, &visit, id, Some(wrong(problem, "rule", &sent)?)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_written_in_percent_are_what_one_means() {
        assert_eq!(percent(99.9), 0.999);
        assert_eq!(percent(99.95), 0.9995);
        assert_eq!(percent(99.999), 0.99999);
        assert_eq!(percent(50.0), 0.5);
    }
}
