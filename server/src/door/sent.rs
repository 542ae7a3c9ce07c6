//! A form of the door that somebody sent: over a connection that a password may travel, and complete.

use app::door::Door;
use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::show;
use crate::auth::Whence;
use crate::edge::Via;
use crate::http::Problem;
use crate::state::Shared;

/// A connection that signing in is possible over. Over http from elsewhere a password could be read on its way.
pub struct Safe {
    /// As what the browser sees us.
    pub via: Via,
    /// Of the request.
    pub headers: HeaderMap,
}

/// A form over such a connection.
pub struct Sent<T> {
    /// What it says.
    pub form: T,
    /// As what the browser sees us.
    pub via: Via,
    /// From where it came.
    pub whence: Whence,
    /// Of the request.
    pub headers: HeaderMap,
}

impl FromRequestParts<Shared> for Safe {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Safe, Response> {
        let via = put::<Via>(parts).ok_or_else(not_let_in)?;
        if via.may_sign_in {
            return Ok(Safe {
                via,
                headers: parts.headers.clone(),
            });
        }
        let page = Door {
            title: "Not over http",
            lead: "Signing in is possible over https, or on the machine that Fuseboard runs on. Put a proxy with a \
                   certificate in front and set server.external_url, or use an SSH tunnel."
                .into(),
            ..Door::default()
        };
        Err(show(shared, StatusCode::FORBIDDEN, &parts.headers, page))
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Sent<T>, Response> {
        let (mut parts, body) = request.into_parts();
        let Safe { via, headers } = Safe::from_request_parts(&mut parts, shared).await?;
        let whence = put::<Whence>(&parts).ok_or_else(not_let_in)?;
        match Form::from_request(Request::from_parts(parts, body), shared).await {
            Ok(Form(form)) => Ok(Sent {
                form,
                via,
                whence,
                headers,
            }),
            Err(rejection) => {
                let page = Door {
                    title: "That did not work",
                    lead: "What was sent is not the form of this page. Go back and try again.".into(),
                    ..Door::default()
                };
                Err(show(shared, rejection.status(), &headers, page))
            }
        }
    }
}

/// What the edge put into every request that it let through.
fn put<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Option<T> {
    parts.extensions.get::<T>().cloned()
}

fn not_let_in() -> Response {
    Problem::people_only().into_response()
}
