//! One WebSocket: opened with both subprotocols, its messages turned into frames and back, closed when it is dropped.
//!
//! Deliberately absent: when to open one, and what frames mean (`socket`).

use protocol::codec::{self, Codec};
use protocol::{ClientFrame, DecodeError, SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD, ServerFrame};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::text::Text;
use crate::browser::{Listener, monotonic_ms, window};
use crate::seed::Site;

/// What is called when something happens on a socket.
pub(super) struct Handlers<O, H, C> {
    /// It is open.
    pub opened: O,
    /// A message came.
    pub heard: H,
    /// It closed, with this code, or never opened.
    pub closed: C,
}

/// One WebSocket with its listeners. Dropping it closes it, and nothing of it is heard any more.
pub(super) struct Link {
    socket: WebSocket,
    /// Known once it is open.
    pub codec: Codec,
    /// The handshake is done.
    pub open: bool,
    /// What the server was last told.
    pub paused: bool,
    /// When something last happened on it.
    pub heard_at: f64,
    _listeners: [Listener; 3],
}

impl Drop for Link {
    fn drop(&mut self) {
        // Closing twice is allowed; other failures leave nothing to do.
        let _ = self.socket.close();
    }
}

impl Link {
    /// Begins to open a socket.
    pub fn open<O, H, C>(url: &str, handlers: Handlers<O, H, C>) -> Result<Link, JsValue>
    where
        O: Fn() + 'static,
        H: Fn(&JsValue) + 'static,
        C: Fn(u16) + 'static,
    {
        let Handlers {
            opened,
            heard,
            closed,
        } = handlers;
        let protocols = js_sys::Array::of2(&SUBPROTOCOL_POSTCARD.into(), &SUBPROTOCOL_JSON.into());
        let socket = WebSocket::new_with_str_sequence(url, &protocols)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let listeners = [
            Listener::new(&socket, "open", move |_| opened()),
            Listener::new(&socket, "message", move |event| {
                heard(&event.unchecked_into::<MessageEvent>().data());
            }),
            Listener::new(&socket, "close", move |event| {
                closed(event.unchecked_into::<CloseEvent>().code());
            }),
        ];
        Ok(Link {
            socket,
            codec: Codec::Json,
            open: false,
            paused: false,
            heard_at: monotonic_ms(),
            _listeners: listeners,
        })
    }

    /// The handshake is done: from here on the codec is known. A server that chose none speaks JSON.
    pub fn opened(&mut self, at: f64) {
        self.open = true;
        self.heard_at = at;
        self.codec = Codec::from_subprotocol(&self.socket.protocol()).unwrap_or(Codec::Json);
    }

    /// Sends a frame, as text only if there is the code for it. A socket that cannot send is closing and says so by
    /// itself.
    pub fn send(&self, frame: &ClientFrame, text: Option<Text>) {
        let _ = match (self.codec, text) {
            (Codec::Postcard, _) => self.socket.send_with_u8_array(&codec::encode_client(frame)),
            (Codec::Json, Some(text)) => self.socket.send_with_str(&(text.encode)(frame)),
            (Codec::Json, None) => Ok(()),
        };
    }
}

/// The address of the socket, beside the page.
pub(super) fn url(site: &Site) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|scheme| scheme == "https:") {
        "wss"
    } else {
        "ws"
    };
    let host = location.host().unwrap_or_default();
    // As it is: the server compares it letter by letter.
    format!("{scheme}://{host}{}/ws/v1?build={}", site.base, site.build)
}

/// A frame; `None` for text without the code for it.
pub(super) fn decode(data: &JsValue, text: Option<Text>) -> Option<Result<ServerFrame, DecodeError>> {
    if let Some(words) = data.as_string() {
        return text.map(|text| (text.decode)(&words));
    }
    Some(if let Some(buffer) = data.dyn_ref::<js_sys::ArrayBuffer>() {
        codec::decode_server(&js_sys::Uint8Array::new(buffer).to_vec())
    } else {
        Err(DecodeError::Malformed("neither text nor bytes".to_owned()))
    })
}
