//! Whole messages from a console to the agent.

use farhand_protocol::channel::{self, Button, Control, Input, MAX_TEXT, Pointer, ScreenFeedback};
use farhand_protocol::envelope::{HEAD_LEN, Head, Stream};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::{Right, Rights};
use serde::Serialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use wasm_bindgen::prelude::*;

/// Composes the messages of one participant, and counts them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Composer {
    participant: u8,
    sequences: [u32; Stream::ALL.len()],
}

#[wasm_bindgen]
impl Composer {
    /// For the participant that the service named.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(participant: u8) -> Self {
        Self { participant, sequences: [0; Stream::ALL.len()] }
    }

    /// Control: asks the customer for rights, by their names.
    ///
    /// # Errors
    /// When a name is no right.
    pub fn ask(&mut self, rights: Vec<String>) -> Result<Vec<u8>, JsError> {
        Ok(self.message(Stream::Control, &Control::Ask { rights: read_rights(&rights)? }))
    }

    /// Control: gives rights back, by their names.
    ///
    /// # Errors
    /// When a name is no right.
    #[wasm_bindgen(js_name = giveUp)]
    pub fn give_up(&mut self, rights: Vec<String>) -> Result<Vec<u8>, JsError> {
        Ok(self.message(Stream::Control, &Control::GiveUp { rights: read_rights(&rights)? }))
    }

    /// Control: ends the session.
    pub fn end(&mut self) -> Vec<u8> {
        self.message(Stream::Control, &Control::End)
    }

    /// Control: this console's signature of the receipt, as `nextReceipt` gave it.
    #[wasm_bindgen(js_name = receiptSigned)]
    pub fn receipt_signed(&mut self, signed: Vec<u8>) -> Vec<u8> {
        self.message(Stream::Control, &Control::ReceiptSigned { signed })
    }

    /// Control: measures the round trip; the answer has the same number.
    pub fn ping(&mut self, nonce: u32) -> Vec<u8> {
        self.message(Stream::Control, &Control::Ping { nonce: nonce.into() })
    }

    /// Control: the answer to a ping, given the ping's message; nothing when it is none.
    #[must_use]
    pub fn pong(&mut self, ping: &[u8]) -> Option<Vec<u8>> {
        match crate::control::read(ping).ok()? {
            Control::Ping { nonce } => Some(self.message(Stream::Control, &Control::Pong { nonce })),
            Control::Together { .. }
            | Control::Wish { .. }
            | Control::ScreenLock { .. }
            | Control::Restart { .. }
            | Control::Ask { .. }
            | Control::GiveUp { .. }
            | Control::End
            | Control::Consent { .. }
            | Control::Cursor { .. }
            | Control::CursorAt { .. }
            | Control::Monitors { .. }
            | Control::ShowMonitor { .. }
            | Control::Notice { .. }
            | Control::Receipt { .. }
            | Control::ReceiptSigned { .. }
            | Control::Pong { .. }
            | Control::Unknown => None,
        }
    }

    /// Control: of a session with several technicians; an object of the generated type `Together`.
    ///
    /// # Errors
    /// When it is none.
    pub fn together(&mut self, message: JsValue) -> Result<Vec<u8>, JsError> {
        let message = serde_wasm_bindgen::from_value(message)?;
        Ok(self.message(Stream::Control, &Control::Together { message }))
    }

    /// Control: which monitors the technician would like to see; an object of the generated type `Choice`.
    ///
    /// # Errors
    /// When it is none.
    #[wasm_bindgen(js_name = showMonitor)]
    pub fn show_monitor(&mut self, choice: JsValue) -> Result<Vec<u8>, JsError> {
        let choice = serde_wasm_bindgen::from_value(choice)?;
        Ok(self.message(Stream::Control, &Control::ShowMonitor { choice }))
    }

    /// Control: what the technician would like; an object of the generated type `Wish`.
    ///
    /// # Errors
    /// When it is none.
    pub fn wish(&mut self, wish: JsValue) -> Result<Vec<u8>, JsError> {
        let wish = serde_wasm_bindgen::from_value(wish)?;
        Ok(self.message(Stream::Control, &Control::Wish { wish }))
    }

    /// Input: a key by its `KeyboardEvent.code`; nothing when it has no place on a keyboard.
    pub fn key(&mut self, code: &str, down: bool) -> Option<Vec<u8>> {
        let usage = Usage::from_code(code)?;
        Some(self.message(Stream::Input, &Input::Key { usage, down }))
    }

    /// Input: a button by its `MouseEvent.button`, at a pixel of the shared screen, or without one wherever the pointer
    /// is; nothing for an unknown button.
    pub fn button(&mut self, button: i16, down: bool, x: Option<i32>, y: Option<i32>) -> Option<Vec<u8>> {
        let button = match button {
            0 => Button::Left,
            1 => Button::Middle,
            2 => Button::Right,
            3 => Button::Back,
            4 => Button::Forward,
            _ => return None,
        };
        let input = match (x, y) {
            (Some(x), Some(y)) => Input::Button { button, down, x, y },
            (None, _) | (_, None) => Input::ButtonHere { button, down },
        };
        Some(self.message(Stream::Input, &input))
    }

    /// Input: the wheel turned at a pixel of the shared screen, or without one wherever the pointer is; 120 is a notch,
    /// positive is up and right.
    pub fn wheel(&mut self, dx: i32, dy: i32, x: Option<i32>, y: Option<i32>) -> Vec<u8> {
        let input = match (x, y) {
            (Some(x), Some(y)) => Input::Wheel { dx, dy, x, y },
            (None, _) | (_, None) => Input::WheelHere { dx, dy },
        };
        self.message(Stream::Input, &input)
    }

    /// Input: text to type as it stands. Longer text than one message holds is cut into several; send all, in order.
    pub fn text(&mut self, text: &str) -> Vec<js_sys::Uint8Array> {
        let mut messages = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, later) = rest.split_at(rest.floor_char_boundary(MAX_TEXT));
            let message = self.message(Stream::Input, &Input::Text { text: part.to_owned() });
            messages.push(js_sys::Uint8Array::from(message.as_slice()));
            rest = later;
        }
        messages
    }

    /// Input: one character by whichever key makes it, with the modifiers that are held; nothing for more than one.
    pub fn letter(&mut self, letter: &str) -> Option<Vec<u8>> {
        let mut characters = letter.chars();
        let one = characters.next().is_some() && characters.next().is_none();
        one.then(|| self.message(Stream::Input, &Input::Letter { letter: letter.to_owned() }))
    }

    /// Input: what is left of the texts before is not typed any more.
    #[wasm_bindgen(js_name = stopText)]
    pub fn stop_text(&mut self) -> Vec<u8> {
        self.message(Stream::Input, &Input::StopText)
    }

    /// Input: the pointer moves by this from where it is, right and down.
    #[wasm_bindgen(js_name = pointerBy)]
    pub fn pointer_by(&mut self, dx: i32, dy: i32) -> Vec<u8> {
        self.message(Stream::Input, &Input::PointerBy { dx, dy })
    }

    /// Input: every key and button that this viewer holds is released.
    #[wasm_bindgen(js_name = releaseAll)]
    pub fn release_all(&mut self) -> Vec<u8> {
        self.message(Stream::Input, &Input::ReleaseAll)
    }

    /// Pointer: where the technician's pointer is, in pixels of the shared screen.
    pub fn pointer(&mut self, x: i32, y: i32) -> Vec<u8> {
        self.message(Stream::Pointer, &Pointer { x, y })
    }

    /// Screen: every frame up to this one is drawn; the time from its last piece to its drawing, microseconds.
    pub fn drawn(&mut self, frame: u32, draw_us: u32) -> Vec<u8> {
        self.message(Stream::Screen, &ScreenFeedback::Drawn { frame, draw_us })
    }

    /// Screen: asks for a whole frame.
    pub fn reset(&mut self) -> Vec<u8> {
        self.message(Stream::Screen, &ScreenFeedback::Reset)
    }

    /// Screen: this viewer cannot decode the codec with this number.
    #[wasm_bindgen(js_name = codecRefused)]
    pub fn codec_refused(&mut self, codec: u8) -> Vec<u8> {
        self.message(Stream::Screen, &ScreenFeedback::CodecRefused { codec })
    }
}

impl Composer {
    pub(crate) fn message<T: Serialize>(&mut self, stream: Stream, body: &T) -> Vec<u8> {
        let mut out = self.head(stream, 64);
        channel::encode(body, &mut out);
        out
    }

    pub(crate) fn with_body(&mut self, stream: Stream, body: &[u8]) -> Vec<u8> {
        let mut out = self.head(stream, HEAD_LEN + body.len());
        out.extend_from_slice(body);
        out
    }

    /// What `with_body` would give, and does not count it: it may have to be made once more.
    pub(crate) fn uncounted(&mut self, stream: Stream, body: &[u8]) -> Vec<u8> {
        let before = self.sequences[stream as usize];
        let message = self.with_body(stream, body);
        self.sequences[stream as usize] = before;
        message
    }

    /// What `uncounted` gave goes.
    pub(crate) const fn count(&mut self, stream: Stream) {
        let sequence = &mut self.sequences[stream as usize];
        *sequence = sequence.wrapping_add(1);
    }

    /// The next message's head, with room for so many bytes in all.
    fn head(&mut self, stream: Stream, room: usize) -> Vec<u8> {
        let sequence = &mut self.sequences[stream as usize];
        let mut out = Vec::with_capacity(room);
        Head { stream, flags: 0, sender: self.participant, sequence: *sequence }.write(&mut out);
        *sequence = sequence.wrapping_add(1);
        out
    }
}

fn read_rights(names: &[String]) -> Result<Rights, JsError> {
    names
        .iter()
        .map(|name| {
            let name: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
            serde::Deserialize::deserialize(name)
        })
        .collect::<Result<Vec<Right>, Error>>()
        .map(|rights| Rights::of(&rights))
        .map_err(JsError::from)
}
