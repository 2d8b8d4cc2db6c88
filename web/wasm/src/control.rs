//! Control messages as JavaScript objects.

use farhand_protocol::channel::{ChannelError, Control};
use farhand_protocol::envelope::{EnvelopeError, HEAD_LEN, Head, Stream};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

/// Reads a message of the control stream, head included: an object of the generated type `Control`.
///
/// # Errors
/// When the far side breaks the protocol.
#[wasm_bindgen(js_name = readControl)]
pub fn read_control(message: &[u8]) -> Result<JsValue, JsError> {
    let control = read(message)?;
    let serializer = Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true);
    Ok(control.serialize(&serializer)?)
}

/// Reads a message of the control stream, head included.
pub(crate) fn read(message: &[u8]) -> Result<Control, ReadError> {
    let head = Head::read_clear(message)?;
    if head.stream != Stream::Control {
        return Err(ReadError::Stream);
    }
    Ok(Control::decode(&message[HEAD_LEN..])?)
}

/// Why a message could not be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Envelope(EnvelopeError),
    Channel(ChannelError),
    Stream,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Envelope(error) => error.fmt(f),
            Self::Channel(error) => error.fmt(f),
            Self::Stream => f.write_str("the message is not of the control stream"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<EnvelopeError> for ReadError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

impl From<ChannelError> for ReadError {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error)
    }
}
