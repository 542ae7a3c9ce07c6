//! A change that a page sends: JSON there, JSON back.

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use crate::browser::window;

/// A server that has not answered by then is not going to, milliseconds.
const PATIENCE_MS: u32 = 20_000;

/// Why a change was not made.
pub struct Refusal {
    /// A sentence.
    pub words: String,
    /// The password was not shown for a while.
    pub wants_password: bool,
}

impl Refusal {
    fn new(words: &str) -> Refusal {
        Refusal {
            words: words.to_owned(),
            wants_password: false,
        }
    }
}

/// Makes a key that may send events; returns its text.
///
/// # Errors
/// In words, why not.
pub async fn make_key(url: &str, name: &str) -> Result<String, Refusal> {
    let lost = |_| Refusal::new("The server cannot be reached. Try again.");
    let answer = send(url, name).await.map_err(lost)?;
    let text = async { JsFuture::from(answer.text()?).await };
    let text = text.await.map_err(lost)?.as_string().unwrap_or_default();
    let body = JSON::parse(&text).unwrap_or(JsValue::NULL);
    let member = |name: &str| Reflect::get(&body, &name.into()).ok()?.as_string();
    if answer.ok() {
        return member("text").ok_or_else(|| Refusal::new("The answer cannot be read."));
    }
    let kind = member("type").unwrap_or_default();
    if kind.ends_with(":confirm-password") {
        return Err(Refusal {
            words: "Your password was shown a while ago.".to_owned(),
            wants_password: true,
        });
    }
    let words = member("detail");
    Err(Refusal::new(words.as_deref().unwrap_or("The server refused.")))
}

async fn send(url: &str, name: &str) -> Result<Response, JsValue> {
    let body = Object::new();
    Reflect::set(&body, &"name".into(), &name.into())?;
    Reflect::set(
        &body,
        &"scopes".into(),
        &js_sys::Array::of1(&"ingest:write".into()),
    )?;
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    let how = RequestInit::new();
    how.set_method("POST");
    how.set_headers(&headers);
    how.set_body(&JSON::stringify(&body)?.into());
    how.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE_MS)));
    let answer = JsFuture::from(window().fetch_with_str_and_init(url, &how)).await?;
    answer.dyn_into()
}
