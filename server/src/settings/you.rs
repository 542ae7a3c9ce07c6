//! `/settings`: oneself.

use app::settings::{SecondFactor, Section, Wrong, YouView, you};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::sent::{Sent, SentForm};
use super::visit::{Visit, status, wrong};
use crate::http::Problem;
use crate::http::people::{identities, me, second_factor};
use crate::pages::plain;
use crate::state::Shared;

/// `GET`.
pub async fn you_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    page(&shared, &visit, None, None).await
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    second: Option<SecondFactor>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let view = YouView {
        second,
        me: me::read(shared, &visit.person).await?,
        frame: visit.frame(Section::You, wrong),
    };
    Ok(plain(status(view.frame.wrong.as_ref()), you(&view)))
}

/// `POST`: `name`, `password`, `end`, `end_others`, `link`, `unlink` or `theme`.
pub async fn you_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let (person, whence) = (&visit.person, &visit.whence);
    let what = sent.get("do");
    let done = match what {
        "name" => me::name(&shared, person, whence, sent.get("name")).await,
        "password" => {
            let passwords = (sent.get("current"), sent.get("new"));
            me::password(&shared, person, whence, passwords).await
        }
        "end" => me::end(&shared, person, whence, sent.get("session")).await,
        "end_others" => me::end_all_others(&shared, person, whence).await,
        "confirm" => match confirm(&shared, &visit, Section::You, &sent).await {
            Ok(response) => return Ok(response),
            Err(problem) => Err(problem),
        },
        "link" => {
            let back = visit.page(Section::You);
            match identities::link(&shared, &visit.access, visit.leads(), &back).await {
                Ok(response) => return Ok(response),
                Err(problem) => Err(problem),
            }
        }
        "unlink" => identities::take_away(&shared, &visit.access, whence, sent.get("issuer")).await,
        what if what.starts_with("second_") => return second(&shared, &visit, what, &sent).await,
        "theme" => return Ok(with_theme(visit.done(Section::You, what), sent.get("theme"))),
        _ => Err(Problem::not_found()),
    };
    match done {
        Ok(()) => Ok(visit.done(Section::You, what)),
        Err(problem) => {
            let form = if matches!(what, "link" | "unlink") {
                "identity"
            } else {
                what
            };
            page(&shared, &visit, None, Some(wrong(problem, form, &sent)?)).await
        }
    }
}

/// `second_begin`, `second_enable`, `second_codes` or `second_remove`.
async fn second(shared: &Shared, visit: &Visit, what: &str, sent: &Sent) -> Result<Response, Problem> {
    let done = match what {
        "second_begin" => {
            let begun = second_factor::begin(shared, &visit.access, &visit.whence, Some(&visit.via)).await;
            begun.map(|begun| {
                Some(SecondFactor::Begun {
                    secret: begun.secret,
                    qr: begun.qr,
                })
            })
        }
        "second_enable" => {
            let code = sent.get("code");
            let codes = second_factor::enable(shared, &visit.access, &visit.whence, code).await;
            codes.map(|codes| Some(SecondFactor::Codes(codes)))
        }
        "second_codes" => {
            let codes = second_factor::new_codes(shared, &visit.access, &visit.whence).await;
            codes.map(|codes| Some(SecondFactor::Codes(codes)))
        }
        "second_remove" => {
            let removed = second_factor::remove(shared, &visit.access, &visit.whence).await;
            removed.map(|()| None)
        }
        _ => Err(Problem::not_found()),
    };
    match done {
        Ok(None) => Ok(visit.done(Section::You, what)),
        Ok(shown) => page(shared, visit, shown, None).await,
        Err(problem) => {
            // The seed is in the app by now, and not told again.
            let asked = (what == "second_enable").then_some(SecondFactor::Asked);
            page(shared, visit, asked, Some(wrong(problem, "second", sent)?)).await
        }
    }
}

/// The cookie that the theme menu of the board writes too.
fn with_theme(mut response: Response, theme: &str) -> Response {
    const YEAR: u32 = 365 * 86_400;
    let cookie = match theme {
        "light" | "dark" => format!("fb_theme={theme}; Path=/; Max-Age={YEAR}; SameSite=Lax"),
        _ => "fb_theme=; Path=/; Max-Age=0; SameSite=Lax".to_owned(),
    };
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Any page's form `confirm`: the password is shown again, here or at the provider. Back to the page with the new cookie.
pub(super) async fn confirm(
    shared: &Shared,
    visit: &Visit,
    section: Section,
    sent: &Sent,
) -> Result<Response, Problem> {
    if sent.get("with") == "provider" {
        let back = visit.page(section);
        return identities::confirm_there(shared, &visit.access, visit.leads(), &back).await;
    }
    let password = sent.get("password");
    let cookie = me::show_again(shared, &visit.person, &visit.whence, &visit.via, password).await?;
    let mut response = visit.done(section, "confirm");
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}
