//! Messages of the tools (chat, clipboard, files, diagnostics) as JavaScript objects, either way.

use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::clipboard::Clipboard;
use farhand_protocol::channel::diagnostics::Diagnostics;
use farhand_protocol::channel::files::Files;
use farhand_protocol::envelope::{HEAD_LEN, Head, Stream, TO_HEAD_LEN};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::composer::Composer;

/// Reads an agent's message of a tool's stream, head included: an object of the generated type of that stream.
///
/// # Errors
/// When the far side breaks the protocol, or the stream is no tool's.
#[wasm_bindgen(js_name = readTool)]
pub fn read_tool(message: &[u8]) -> Result<JsValue, JsError> {
    let stream = Head::read_clear(message)?.stream;
    let start = if stream.is_addressed() { TO_HEAD_LEN } else { HEAD_LEN };
    let body = message.get(start..).ok_or_else(|| JsError::new("the message ends before its head does"))?;
    let serializer = Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true);
    let object = match stream {
        Stream::Chat => Chat::decode(body)?.serialize(&serializer)?,
        Stream::Clipboard => Clipboard::decode(body)?.serialize(&serializer)?,
        Stream::Files => Files::decode(body)?.serialize(&serializer)?,
        Stream::Diagnostics => Diagnostics::decode(body)?.serialize(&serializer)?,
        Stream::Control | Stream::Input | Stream::Screen | Stream::Pointer => return Err(not_a_tool()),
    };
    Ok(object)
}

fn not_a_tool() -> JsError {
    JsError::new("the stream is no tool's")
}

#[wasm_bindgen]
impl Composer {
    /// A message of the files' stream whose body the list of transfers has written.
    #[wasm_bindgen(js_name = fileBody)]
    pub fn file_body(&mut self, body: &[u8]) -> Vec<u8> {
        self.with_body(Stream::Files, body)
    }

    /// A message of a tool's stream, from an object of the generated type of that stream.
    ///
    /// # Errors
    /// When the object is not of that type, or the stream is no tool's.
    pub fn tool(&mut self, stream: u8, message: JsValue) -> Result<Vec<u8>, JsError> {
        let stream = Stream::from_byte(stream).ok_or_else(not_a_tool)?;
        match stream {
            Stream::Chat => Ok(self.message(stream, &serde_wasm_bindgen::from_value::<Chat>(message)?)),
            Stream::Clipboard => {
                Ok(self.message(stream, &serde_wasm_bindgen::from_value::<Clipboard>(message)?))
            }
            Stream::Files => Ok(self.message(stream, &serde_wasm_bindgen::from_value::<Files>(message)?)),
            Stream::Diagnostics => {
                Ok(self.message(stream, &serde_wasm_bindgen::from_value::<Diagnostics>(message)?))
            }
            Stream::Control | Stream::Input | Stream::Screen | Stream::Pointer => Err(not_a_tool()),
        }
    }
}
