//! `/settings/members`: who belongs to the tenant, and who is invited.

use app::settings::{MembersView, Section, Wrong, members};
use axum::extract::State;
use axum::response::Response;
use protocol::view::Invited;

use super::sent::{Sent, SentForm};
use super::visit::{Visit, status, wrong};
use super::you::confirm;
use crate::http::Problem;
use crate::http::people::{invitations, members as people};
use crate::pages::{go, plain};
use crate::state::Shared;

/// `GET`.
pub async fn members_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None, None).await
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    invited: Option<Invited>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let view = MembersView {
        members: people::read(shared, &visit.access).await?,
        frame: visit.frame(Section::Members, wrong),
        invited,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), members(&view)))
}

/// `POST`: `invite`, `withdraw`, `role`, `remove` or `confirm`.
pub async fn members_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let (access, whence) = (&visit.access, &visit.whence);
    let account = sent.get("account");
    let what = sent.get("do");
    let done = match what {
        "confirm" => match confirm(&shared, &visit, Section::Members, &sent).await {
            Ok(response) => return Ok(response),
            Err(problem) => Err(problem),
        },
        "invite" => {
            let whom = (sent.get("email"), sent.get("role"));
            match invitations::make(&shared, access, whence, Some(&visit.via), whom).await {
                Ok(invited) => return page(&shared, &visit, Some(invited), None).await,
                Err(problem) => Err(problem),
            }
        }
        "withdraw" => invitations::take_back(&shared, access, whence, sent.get("invitation")).await,
        "role" => people::set(&shared, access, whence, account, Some(sent.get("role"))).await,
        "remove" => people::set(&shared, access, whence, account, None).await,
        _ => Err(Problem::not_found()),
    };
    let form = match what {
        "confirm" | "invite" => what,
        _ => "member",
    };
    match done {
        // Who has removed themselves cannot see this page any more.
        Ok(()) if what == "remove" && account == visit.person.signed_in.account.id => {
            Ok(go(&shared.base.to("/")))
        }
        Ok(()) => Ok(visit.done(Section::Members, what)),
        Err(problem) => page(&shared, &visit, None, Some(wrong(problem, form, &sent)?)).await,
    }
}
