//! The JSON form of frames, for a page whose server is of another build.
//!
//! A page speaks postcard with the server it came from; its program does not bring the code for JSON along. That is a
//! chunk of its own, fetched when the page has been live for a while: once the server is replaced, the chunk of the old
//! build is gone from it.
//!
//! Deliberately absent: when to fetch it (`socket`).

use protocol::{ClientFrame, DecodeError, ServerFrame, json};

/// The functions of the chunk.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// [`json::decode_server`]
    pub decode: fn(&str) -> Result<ServerFrame, DecodeError>,
    /// [`json::encode_client`]
    pub encode: fn(&ClientFrame) -> String,
}

const TEXT: Text = Text {
    decode: json::decode_server,
    encode: json::encode_client,
};

/// Fetches the chunk. A page that cannot get it waits, and is reloaded when the server has another (`chunks.js`).
#[cfg(feature = "split")]
#[leptos::lazy]
pub(super) fn fetch_text() -> Text {
    TEXT
}

/// It is in the program.
#[cfg(not(feature = "split"))]
pub(super) async fn fetch_text() -> Text {
    TEXT
}
