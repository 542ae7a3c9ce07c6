//! The two codecs of a socket behind one type, and the binary one.
//!
//! Postcard is small and quick, but neither self-describing nor able to read older bytes: it is only spoken between a
//! page and the server of the same build. JSON is for everybody else ([`crate::json`]).

use serde::{Serialize, de::DeserializeOwned};

use crate::frame::{ClientFrame, ServerFrame};
use crate::{SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD, json};

/// How frames of one socket are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Text messages, for everybody.
    Json,
    /// Binary messages, for the page of the same build.
    Postcard,
}

/// A frame as it travels: the two kinds of WebSocket messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoded {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Encoded {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Encoded::Text(text) => text.len(),
            Encoded::Binary(bytes) => bytes.len(),
        }
    }

    /// It holds nothing; no frame is ever empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why a client's frame could not be read; what the server answers in an `error` frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct FrameError {
    /// Short and stable.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl FrameError {
    /// Code `bad_frame`.
    pub fn bad(detail: impl Into<String>) -> FrameError {
        FrameError {
            code: "bad_frame",
            detail: detail.into(),
        }
    }
}

impl From<FrameError> for ServerFrame {
    fn from(error: FrameError) -> ServerFrame {
        ServerFrame::Error {
            code: error.code.to_owned(),
            detail: error.detail,
        }
    }
}

/// Why a server's frame could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A frame of a newer version; skip it.
    #[error("unknown frame {0:?}")]
    UnknownFrame(String),
    /// Not a frame.
    #[error("malformed frame: {0}")]
    Malformed(String),
}

impl Codec {
    /// The codec a subprotocol stands for.
    pub fn from_subprotocol(name: &str) -> Option<Codec> {
        match name {
            SUBPROTOCOL_JSON => Some(Codec::Json),
            SUBPROTOCOL_POSTCARD => Some(Codec::Postcard),
            _ => None,
        }
    }

    /// The subprotocol of this codec.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Codec::Json => SUBPROTOCOL_JSON,
            Codec::Postcard => SUBPROTOCOL_POSTCARD,
        }
    }

    /// A server frame, ready to send; encode once and send it to every socket of the same view, range and codec.
    pub fn encode(self, frame: &ServerFrame) -> Encoded {
        match self {
            Codec::Json => Encoded::Text(json::encode_server(frame)),
            Codec::Postcard => Encoded::Binary(encode_server(frame)),
        }
    }

    /// A client frame, ready to send.
    pub fn encode_client(self, frame: &ClientFrame) -> Encoded {
        match self {
            Codec::Json => Encoded::Text(json::encode_client(frame)),
            Codec::Postcard => Encoded::Binary(encode_client(frame)),
        }
    }
}

fn encode(frame: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(frame).expect("every sequence of a wire type knows its length")
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((frame, [])) => Ok(frame),
        Ok((_, rest)) => Err(format!("{} bytes after the frame", rest.len())),
        Err(error) => Err(error.to_string()),
    }
}

/// A server frame as postcard.
pub fn encode_server(frame: &ServerFrame) -> Vec<u8> {
    encode(frame)
}

/// A server frame from postcard.
///
/// # Errors
///
/// [`DecodeError::Malformed`] when the bytes are not exactly one frame of this build.
pub fn decode_server(bytes: &[u8]) -> Result<ServerFrame, DecodeError> {
    decode(bytes).map_err(DecodeError::Malformed)
}

/// A client frame as postcard.
pub fn encode_client(frame: &ClientFrame) -> Vec<u8> {
    encode(frame)
}

/// A client frame from postcard.
///
/// # Errors
///
/// A [`FrameError`] with code `bad_frame` when the bytes are not exactly one frame of this build.
pub fn decode_client(bytes: &[u8]) -> Result<ClientFrame, FrameError> {
    decode(bytes).map_err(|reason| FrameError::bad(format!("not a frame of this build: {reason}")))
}
