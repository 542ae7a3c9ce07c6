//! `POST /api/v1/events`: what is asked of the request, and what is answered. Reading events is `ingest`'s work,
//! keeping them the engine's.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use engine::{IngestError, IngestReply, IngestRequest, KeyInfo};
use serde_json::{Map, Value, json};

use super::body::{self, BodyFault, Coding, LIMIT};
use super::problem::{Problem, sentence};
use crate::auth::Access;
use crate::edge;
use crate::state::Shared;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Takes events in.
pub async fn push(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    request: Request,
) -> Result<Response, Problem> {
    let Access::Key { scope, key, .. } = access else {
        // The policy of the route lets only keys through; anything else is a fault of ours.
        return Err(Problem::unavailable(
            "The request could not be attributed to a key.",
            1,
        ));
    };
    let (parts, body) = request.into_parts();
    if let Err(problem) = shared.quotas.check(scope.tenant()) {
        edge::discard(body).await;
        return Err(problem);
    }
    let asked = match asked(&parts.headers) {
        Ok(asked) => asked,
        Err(problem) => {
            edge::discard(body).await;
            return Err(problem);
        }
    };
    let bytes = read(&shared, body, asked.coding).await?;
    let request = IngestRequest {
        key: KeyInfo {
            id: key.id.clone(),
            name: key.name.clone(),
            prefix: key.prefix.clone(),
        },
        body: bytes,
        kind: asked.kind,
        idempotency_key: asked.idempotency_key,
    };
    match shared.engine.ingest(&scope, request).await {
        Ok(reply) => {
            // A repeat of a whole request costs next to nothing.
            if !reply.replayed {
                let events = reply.accepted as u64 + reply.duplicates as u64 + reply.refused_count as u64;
                shared.quotas.charge(scope.tenant(), events);
            }
            Ok(Json(answer(&reply)).into_response())
        }
        Err(error) => {
            if let IngestError::AllRefused(reply) = &error {
                shared.quotas.charge(scope.tenant(), reply.refused_count as u64);
            }
            Err(refused(error))
        }
    }
}

/// What the headers say.
struct Asked {
    kind: ingest::Body,
    coding: Coding,
    idempotency_key: Option<String>,
}

fn asked(headers: &HeaderMap) -> Result<Asked, Problem> {
    let kind = kind(headers)?;
    let coding = coding(headers)?;
    let idempotency_key = idempotency_key(headers)?;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LIMIT as u64) {
        return Err(too_large());
    }
    Ok(Asked {
        kind,
        coding,
        idempotency_key,
    })
}

fn kind(headers: &HeaderMap) -> Result<ingest::Body, Problem> {
    let problem = |got: &str| {
        let detail = format!("Content-Type must be application/json or application/x-ndjson, {got}.");
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body's type is not supported",
            detail,
        )
    };
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(problem("there is none"));
    };
    let text = value
        .to_str()
        .map_err(|_| problem("this one is not plain text"))?;
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.eq_ignore_ascii_case("charset") && !value.trim_matches('"').eq_ignore_ascii_case("utf-8") {
            return Err(problem("and the text UTF-8"));
        }
    }
    match media.as_str() {
        "application/json" => Ok(ingest::Body::Json),
        "application/x-ndjson" | "application/ndjson" => Ok(ingest::Body::Ndjson),
        "application/x-www-form-urlencoded" => Err(problem(
            "got application/x-www-form-urlencoded (with curl add -H 'content-type: application/json')",
        )),
        other => Err(problem(&format!("got {}", shortened(other)))),
    }
}

fn coding(headers: &HeaderMap) -> Result<Coding, Problem> {
    let problem = |got: &str| {
        let detail = format!(
            "Content-Encoding must be gzip, zstd or absent, got {}.",
            shortened(got)
        );
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-encoding",
            "The body's encoding is not supported",
            detail,
        )
    };
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let Some(value) = values.next() else {
        return Ok(Coding::Identity);
    };
    if values.next().is_some() {
        return Err(problem("more than one"));
    }
    match value
        .to_str()
        .map(|text| text.trim().to_ascii_lowercase())
        .as_deref()
    {
        Ok("identity" | "") => Ok(Coding::Identity),
        Ok("gzip" | "x-gzip") => Ok(Coding::Gzip),
        Ok("zstd") => Ok(Coding::Zstd),
        Ok(other) => Err(problem(other)),
        Err(_) => Err(problem("something unreadable")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(&IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.as_bytes();
    let good =
        (1..=128).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic) && values.next().is_none();
    match value.to_str() {
        Ok(text) if good => Ok(Some(text.to_owned())),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-idempotency-key",
            "The Idempotency-Key cannot be used",
            "Idempotency-Key must be one header of 1 to 128 visible ASCII characters.",
        )),
    }
}

async fn read(shared: &Shared, body: Body, coding: Coding) -> Result<bytes::Bytes, Problem> {
    body::read(body, coding, shared.patience)
        .await
        .map_err(|fault| match fault {
            BodyFault::TooLarge => too_large(),
            BodyFault::Bomb => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The request is too large",
                "The body grows more than a hundredfold when it is decompressed; nothing was kept.",
            ),
            BodyFault::Garbled(why) => Problem::new(
                StatusCode::BAD_REQUEST,
                "bad-encoding",
                "The body cannot be decompressed",
                format!("The body is not what its Content-Encoding says: {why}."),
            ),
            BodyFault::Slow => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "too-slow",
                "The body did not arrive in time",
                "The body took too long to arrive; nothing was kept.",
            ),
            BodyFault::Gone => Problem::new(
                StatusCode::BAD_REQUEST,
                "broken-body",
                "The body did not arrive",
                "The connection broke in the middle of the body; nothing was kept.",
            ),
        })
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The request is too large",
        "A body may have 5 MiB (5,242,880 bytes) after decompression; nothing was kept. Send it in parts.",
    )
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The body of a 200.
fn answer(reply: &IngestReply) -> Value {
    let mut body = Map::new();
    body.insert("accepted".into(), reply.accepted.into());
    body.insert("duplicates".into(), reply.duplicates.into());
    body.insert("refused_count".into(), reply.refused_count.into());
    body.insert("refused".into(), refusals(reply));
    body.insert("ignored_fields".into(), json!(reply.ignored_fields));
    if reply.replayed {
        body.insert("replayed".into(), true.into());
    }
    Value::Object(body)
}

fn refusals(reply: &IngestReply) -> Value {
    let one = |refusal: &ingest::Refusal| {
        json!({
            "index": refusal.index,
            "code": refusal.code.as_str(),
            "field": refusal.field,
            "reason": refusal.reason,
        })
    };
    reply.refused.iter().map(one).collect()
}

fn refused(error: IngestError) -> Problem {
    match error {
        IngestError::Body(error) if error.is_too_large() => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The request is too large",
            sentence(&error.to_string()),
        ),
        IngestError::Body(error) => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-body",
            "The body cannot be read",
            sentence(&error.to_string()),
        )
        .with("code", error.code().into()),
        IngestError::AllRefused(reply) => Problem::new(
            StatusCode::BAD_REQUEST,
            "all-refused",
            "Every event was refused",
            match reply.refused.first() {
                Some(first) if first.field.is_empty() => format!("Event {}: {}.", first.index, first.reason),
                Some(first) => format!("Event {}: {} {}.", first.index, first.field, first.reason),
                None => "Nothing was kept.".into(),
            },
        )
        .with("refused_count", reply.refused_count.into())
        .with("errors", refusals(&reply))
        .with("ignored_fields", json!(reply.ignored_fields)),
        IngestError::InFlight => Problem::new(
            StatusCode::CONFLICT,
            "in-flight",
            "The first request with this Idempotency-Key is still being worked on",
            "Ask again in a second.",
        )
        .retry_after(1),
        IngestError::KeyReused => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            "The Idempotency-Key was used for another body",
            "A key stands for one body for 7 days; nothing was kept.",
        ),
        IngestError::Overloaded { retry_after_s } => {
            Problem::unavailable("Too much is being worked on; nothing was kept.", retry_after_s)
        }
        IngestError::Unavailable {
            retry_after_s,
            detail,
        } => {
            tracing::warn!(detail, "events could not be kept");
            Problem::unavailable(
                "The events could not be made durable; nothing was kept.",
                retry_after_s,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn content_types() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert_eq!(
                kind(&with(CONTENT_TYPE, good)).unwrap(),
                ingest::Body::Json,
                "{good}"
            );
        }
        assert_eq!(
            kind(&with(CONTENT_TYPE, "application/x-ndjson")).unwrap(),
            ingest::Body::Ndjson
        );
        for bad in [
            "text/plain",
            "application/json; charset=latin1",
            "application/jsonx",
            "json",
            "",
        ] {
            let problem = kind(&with(CONTENT_TYPE, bad)).unwrap_err();
            assert_eq!(problem.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{bad}");
        }
        assert!(kind(&HeaderMap::new()).is_err());
    }

    #[test]
    fn idempotency_keys() {
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
        assert_eq!(
            idempotency_key(&with(IDEMPOTENCY_KEY, "a-1")).unwrap().as_deref(),
            Some("a-1")
        );
        let longest = "x".repeat(128);
        assert_eq!(
            idempotency_key(&with(IDEMPOTENCY_KEY, &longest)).unwrap(),
            Some(longest)
        );
        for bad in ["", "a b", "é", &"x".repeat(129)] {
            assert!(idempotency_key(&with(IDEMPOTENCY_KEY, bad)).is_err(), "{bad}");
        }
        let mut two = with(IDEMPOTENCY_KEY, "a");
        two.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        assert!(idempotency_key(&two).is_err());
    }
}
