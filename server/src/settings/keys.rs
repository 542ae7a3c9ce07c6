//! `/settings/keys`: the tenant's API keys.

use app::settings::{EXPIRES, KeysView, Section, Wrong, keys};
use axum::extract::State;
use axum::response::Response;
use domain::Millis;
use protocol::view::MadeKey;

use super::sent::{Sent, SentForm};
use super::visit::{Visit, status, wrong};
use super::you::confirm;
use crate::http::Problem;
use crate::http::people::keys as people;
use crate::pages::plain;
use crate::state::Shared;

const DAY: Millis = 86_400_000;

/// `GET`.
pub async fn keys_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None, None).await
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    made: Option<MadeKey>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let view = KeysView {
        keys: people::read(shared, &visit.access).await?,
        frame: visit.frame(Section::Keys, wrong),
        made,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), keys(&view)))
}

/// `POST`: `make`, `replace`, `revoke` or `confirm`.
pub async fn keys_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let what = sent.get("do");
    let form = match what {
        "confirm" | "make" => what,
        _ => "key",
    };
    match change(&shared, &visit, what, &sent).await {
        Ok(response) => Ok(response),
        Err(problem) => page(&shared, &visit, None, Some(wrong(problem, form, &sent)?)).await,
    }
}

async fn change(shared: &Shared, visit: &Visit, what: &str, sent: &Sent) -> Result<Response, Problem> {
    let (access, whence, key) = (&visit.access, &visit.whence, sent.get("key"));
    let made = match what {
        "confirm" => return confirm(shared, visit, Section::Keys, sent).await,
        "make" => {
            let days = sent.get("expires");
            // Only what the page offers; anything else is no form of ours.
            let offered = EXPIRES.iter().any(|(known, _)| *known == days);
            let days = days.parse::<i64>().ok().filter(|_| offered);
            let addresses = sent.get("addresses").split(',').map(str::trim);
            let wanted = people::Wanted {
                name: sent.get("name").trim(),
                scopes: sent.all("scope"),
                expires: days.map(|days| shared.engine.clock().now() + days * DAY),
                addresses: addresses.filter(|range| !range.is_empty()).collect(),
            };
            people::make(shared, access, whence, wanted).await?
        }
        "replace" => people::replace(shared, access, whence, key, DAY).await?,
        "revoke" => {
            people::end(shared, access, whence, key).await?;
            return Ok(visit.done(Section::Keys, what));
        }
        _ => return Err(Problem::not_found()),
    };
    page(shared, visit, Some(made), None).await
}
