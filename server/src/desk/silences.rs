//! `/alerts/silences`: what is hidden; a new one is shown before it is made.

use app::alerts::{LENGTHS, Section, SilencesView, Wrong, silences};
use axum::extract::State;
use axum::response::Response;
use domain::Millis;
use domain::alert::{Matcher, Repeat, matchers};
use engine::SilenceRequest;
use protocol::alerts::RepeatDoc;

use super::frame;
use crate::http::Problem;
use crate::http::alerts::{hand, problem, repeat};
use crate::http::people::bad_field;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

const MINUTE: Millis = 60_000;
/// Those that ended within this time are listed too.
const LISTED: Millis = 7 * 86_400_000;

/// `GET ?match=…`: with these matchers in the form, and what they would hide.
pub async fn silences_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let asked = visit.query.get("match").to_owned();
    page(&shared, &visit, &asked, None).await
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    asked: &str,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let preview = match read(asked) {
        Ok(matchers) if !matchers.is_empty() => {
            Some(engine.preview_silence(scope, &matchers).await.map_err(problem)?)
        }
        _ => None,
    };
    let since = visit.now - LISTED;
    let view = SilencesView {
        silences: engine.silences(scope, Some(since)).await.map_err(problem)?,
        frame: frame(shared, visit, Section::Silences, wrong).await?,
        matchers: asked.to_owned(),
        preview,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), silences(&view)))
}

/// `POST`: `preview`, `silence` or `end`.
pub async fn silences_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let asked = sent.get("matchers");
    match change(&shared, &visit, &sent).await {
        Ok(true) => Ok(go(&[&visit.base, Section::Silences.path()].concat())),
        Ok(false) => page(&shared, &visit, asked, None).await,
        Err(problem) => page(&shared, &visit, asked, Some(wrong(problem, "silence", &sent)?)).await,
    }
}

fn read(text: &str) -> Result<Vec<Matcher>, Problem> {
    matchers(text).map_err(|error| bad_field("matchers", error.to_string()))
}

/// The window that comes back, when any day is chosen.
fn window(sent: &Sent) -> Result<Option<Repeat>, Problem> {
    let days = sent.all("repeat.days");
    if days.is_empty() {
        return Ok(None);
    }
    let doc = RepeatDoc {
        days: days.into_iter().map(str::to_owned).collect(),
        from: sent.get("repeat.from").to_owned(),
        to: sent.get("repeat.to").to_owned(),
        zone: sent.get("repeat.zone").trim().to_owned(),
    };
    repeat(&doc).map(Some)
}

/// Whether something was done; a look at what would be hidden is not.
async fn change(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<bool, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    match sent.get("do") {
        "preview" => {
            read(sent.get("matchers"))?;
            Ok(false)
        }
        "silence" => {
            let minutes = sent.get("minutes");
            let offered = LENGTHS.iter().any(|(known, _)| *known == minutes);
            let minutes: Millis = minutes
                .parse()
                .ok()
                .filter(|_| offered)
                .ok_or_else(|| bad_field("minutes", "minutes: choose one of the page"))?;
            let request = SilenceRequest {
                matchers: read(sent.get("matchers"))?,
                starts: None,
                ends: engine.clock().now() + minutes * MINUTE,
                repeat: window(sent)?,
                comment: sent.get("comment").trim().to_owned(),
            };
            engine
                .create_silence(scope, request, &hand)
                .await
                .map_err(problem)?;
            Ok(true)
        }
        "end" => {
            let id = sent.get("silence").parse().map_err(|_| Problem::not_found())?;
            engine.end_silence(scope, id, &hand).await.map_err(problem)?;
            Ok(true)
        }
        _ => Err(Problem::not_found()),
    }
}
