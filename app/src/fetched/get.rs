//! One request of our own page to our own server.

use js_sys::{JSON, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use super::{Cure, Trouble};
use crate::browser::window;

/// What is read by the build that wrote it.
const POSTCARD: &str = "application/vnd.fuseboard.postcard";
/// A server that has not answered by then is not going to, milliseconds.
const PATIENCE_MS: u32 = 20_000;

/// The body of the answer.
pub(super) async fn get(url: &str) -> Result<Vec<u8>, Trouble> {
    let answer = send(url)
        .await
        .map_err(|_| again("The server cannot be reached."))?;
    if !answer.ok() {
        return Err(refused(&answer).await);
    }
    let body = async { JsFuture::from(answer.array_buffer()?).await };
    let bytes = body.await.map_err(|_| again("The answer broke off."))?;
    Ok(Uint8Array::new(&bytes).to_vec())
}

pub(super) fn again(words: &str) -> Trouble {
    Trouble {
        words: words.to_owned(),
        cure: Cure::Again,
    }
}

async fn send(url: &str) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", POSTCARD)?;
    let how = RequestInit::new();
    how.set_headers(&headers);
    how.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE_MS)));
    let answer = JsFuture::from(window().fetch_with_str_and_init(url, &how)).await?;
    answer.dyn_into()
}

/// What a problem says in its `detail`.
async fn refused(answer: &Response) -> Trouble {
    let status = answer.status();
    let detail = async {
        let text = JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
        Reflect::get(&JSON::parse(&text).ok()?, &"detail".into())
            .ok()?
            .as_string()
    };
    let cure = match status {
        404 => return Trouble::nobody(),
        409 => Cure::Reload,
        400..=499 => Cure::Other,
        _ => Cure::Again,
    };
    let words = match detail.await {
        _ if cure == Cure::Reload => "The server is of another version than this page.".to_owned(),
        Some(detail) => detail,
        None => format!("The server answered {status}."),
    };
    Trouble { words, cure }
}
