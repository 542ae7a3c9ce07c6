//! `/settings/record`: what was hidden, forgotten, erased, not counted or called otherwise, and by whom; what takes much with
//! it is looked at before it is made.

use app::settings::{Preview, RecordView, Section, Wrong, record};
use axum::extract::State;
use axum::response::Response;
use protocol::Span;
use protocol::record::{CorrectionDoc, LabelDoc, RenameDoc};

use super::sent::{Sent, SentForm};
use super::visit::{Visit, status, wrong};
use super::you::confirm;
use crate::http::Problem;
use crate::http::alerts::{hand, problem};
use crate::http::corrections::make;
use crate::http::people::bad_field;
use crate::pages::plain;
use crate::state::Shared;

/// Corrections of one page.
const LISTED: usize = 100;

/// `GET ?breaker=b_…`: with this breaker in the form.
pub async fn record_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None, None).await
}

/// What was looked at before it is made: what was sent, and what it would do.
type Looked = (Vec<(String, String)>, Preview);

async fn page(
    shared: &Shared,
    visit: &Visit,
    looked: Option<Looked>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let items = engine.corrections(scope, None, LISTED).await.map_err(problem)?;
    let breakers = engine.known_breakers(scope).into_iter();
    let view = RecordView {
        frame: visit.frame(Section::Record, wrong),
        items,
        breakers: breakers.collect(),
        chosen: visit.query.get("breaker").to_owned(),
        looked,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), record(&view)))
}

/// `POST`: `hide`, `preview`, `erase`, `look`, `correct`, `undo` or `confirm`.
pub async fn record_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let what = sent.get("do");
    match change(&shared, &visit, &sent).await {
        Ok(response) => Ok(response),
        Err(problem) => {
            // What is wrong with an erasure is shown where it was written.
            let form = match what {
                "erase" => "preview",
                "look" | "correct" => sent.get("kind"),
                other => other,
            };
            page(&shared, &visit, None, Some(wrong(problem, form, &sent)?)).await
        }
    }
}

async fn change(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<Response, Problem> {
    let (access, whence) = (&visit.access, &visit.whence);
    match sent.get("do") {
        "confirm" => confirm(shared, visit, Section::Record, sent).await,
        "hide" => {
            let kind = match sent.get("kind") {
                "forget" => "forget",
                _ => "hide",
            };
            let doc = CorrectionDoc {
                kind: kind.into(),
                breaker: Some(sent.get("breaker").trim().to_owned()),
                instance: filled(sent, "instance"),
                note: sent.get("note").trim().to_owned(),
                ..CorrectionDoc::default()
            };
            make(shared, access, whence, &doc).await?;
            Ok(visit.done(Section::Record, kind))
        }
        "preview" => {
            let doc = erasure(shared, visit, sent)?;
            let scope = &visit.person.scope;
            let preview = shared.engine.preview_erasure(scope, &doc).await;
            let looked = (
                sent.without_passwords(),
                Preview::Erasure(preview.map_err(problem)?),
            );
            page(shared, visit, Some(looked), None).await
        }
        "erase" => {
            let doc = erasure(shared, visit, sent)?;
            make(shared, access, whence, &doc).await?;
            Ok(visit.done(Section::Record, "erase"))
        }
        "look" => {
            let doc = reaching(shared, visit, sent)?;
            let preview = shared.engine.preview_reach(&visit.person.scope, &doc).await;
            // As moments, so that what is made is what was looked at.
            let mut fields = sent.without_passwords();
            for (name, at) in [("from", doc.from), ("to", doc.to)] {
                if let (Some(at), Some((_, value))) = (at, fields.iter_mut().find(|(known, _)| known == name))
                {
                    *value = at.to_string();
                }
            }
            let looked = (fields, Preview::Reach(preview.map_err(problem)?));
            page(shared, visit, Some(looked), None).await
        }
        "correct" => {
            let doc = reaching(shared, visit, sent)?;
            make(shared, access, whence, &doc).await?;
            let done = match doc.rename {
                Some(_) => "rename",
                None => "uncount",
            };
            Ok(visit.done(Section::Record, done))
        }
        "undo" => {
            let id = sent.get("correction").parse().map_err(|_| Problem::not_found())?;
            let version = sent.get("version").parse().ok();
            let (scope, hand) = (&visit.person.scope, hand(access, whence));
            let undone = shared.engine.undo_correction(scope, id, version, &hand).await;
            undone.map_err(problem)?;
            Ok(visit.done(Section::Record, "undo"))
        }
        _ => Err(Problem::not_found()),
    }
}

fn filled(sent: &Sent, name: &str) -> Option<String> {
    Some(sent.get(name).trim().to_owned()).filter(|text| !text.is_empty())
}

/// A moment that was written into a field, if one was.
fn moment(shared: &Shared, visit: &Visit, sent: &Sent, name: &str) -> Result<Option<i64>, Problem> {
    let now = shared.engine.clock().now();
    let read = |text: String| {
        Span::moment(&text, now, visit.utc_offset_min)
            .map_err(|error| bad_field(name, format!("{name}: {error}")))
    };
    filled(sent, name).map(read).transpose()
}

/// A range that does not count, or a renaming.
fn reaching(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<CorrectionDoc, Problem> {
    let note = sent.get("note").trim().to_owned();
    match sent.get("kind") {
        "uncount" => Ok(CorrectionDoc {
            kind: "uncount".into(),
            from: moment(shared, visit, sent, "from")?,
            to: moment(shared, visit, sent, "to")?,
            filter: filled(sent, "filter"),
            note,
            ..CorrectionDoc::default()
        }),
        "rename" => Ok(CorrectionDoc {
            kind: "rename".into(),
            rename: Some(RenameDoc {
                dimension: sent.get("rename.dimension").to_owned(),
                old: sent.get("rename.old").trim().to_owned(),
                new: sent.get("rename.new").trim().to_owned(),
            }),
            note,
            ..CorrectionDoc::default()
        }),
        _ => Err(Problem::not_found()),
    }
}

fn erasure(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<CorrectionDoc, Problem> {
    let moment = |name: &str| moment(shared, visit, sent, name);
    let label = match (filled(sent, "label.name"), filled(sent, "label.value")) {
        (None, None) => None,
        (name, value) => Some(LabelDoc {
            name: name.unwrap_or_default(),
            value: value.unwrap_or_default(),
        }),
    };
    Ok(CorrectionDoc {
        kind: "erase".into(),
        service: filled(sent, "service"),
        label,
        from: moment("from")?,
        to: moment("to")?,
        note: sent.get("note").trim().to_owned(),
        ..CorrectionDoc::default()
    })
}
