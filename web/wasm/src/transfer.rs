//! The console's list of files for the page, and the hash of what a page reads and writes.

use farhand_protocol::channel;
use farhand_protocol::channel::files::Files;
use farhand_protocol::envelope::{Head, MAX_FILES_MESSAGE, Stream, TO_HEAD_LEN};
use farhand_protocol::transfer::{Console, ConsoleOutput, Said};
use js_sys::{Object, Reflect, Uint8Array, Uint32Array};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

/// Bytes of bodies that are handed out together, and no more begun behind them.
const AT_ONCE: usize = 256 * 1024;

fn serializer() -> Serializer {
    Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true)
}

/// See `farhand_protocol::transfer::Console`. Times are milliseconds of a clock that never goes back.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Transfers {
    inner: Console,
    /// Taken from the list, and not handed out yet.
    next: Option<ConsoleOutput>,
}

#[wasm_bindgen]
impl Transfers {
    /// No files yet, and nobody to reach.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers a file to the customer's computer; says whether the list took it.
    pub fn put(&mut self, transfer: u32, steps: Vec<String>, size: f64, now: f64) -> bool {
        self.inner.put(transfer, steps, whole(size), whole(now))
    }

    /// Asks for a file of the customer's computer; says whether the list took it.
    pub fn fetch(&mut self, transfer: u32, from: String, steps: Vec<String>, size: f64, now: f64) -> bool {
        self.inner.fetch(transfer, from, steps, whole(size), whole(now))
    }

    /// Goes on with a file of the customer's computer of which the first `had` bytes are here.
    #[wasm_bindgen(js_name = fetchOn)]
    pub fn fetch_on(
        &mut self,
        transfer: u32,
        from: String,
        steps: Vec<String>,
        size: f64,
        had: f64,
        now: f64,
    ) -> bool {
        self.inner.fetch_on(transfer, from, steps, (whole(size), whole(had)), whole(now))
    }

    /// Files that are over without the agent having been told.
    #[must_use]
    pub fn untold(&self) -> Vec<u32> {
        self.inner.untold().collect()
    }

    /// Stops a file, or takes one that is over from the list.
    pub fn stop(&mut self, transfer: u32, now: f64) {
        self.inner.stop(transfer, whole(now));
    }

    /// The agent can be reached, anew or again; or not any more.
    pub fn reach(&mut self, up: bool, now: f64) {
        self.inner.handle_reach(up, whole(now));
    }

    /// A message of the agent, an object of the generated type `Files`.
    ///
    /// # Errors
    /// When it is none.
    pub fn message(&mut self, message: JsValue, now: f64) -> Result<(), JsError> {
        let message: Files = serde_wasm_bindgen::from_value(message)?;
        self.inner.handle_message(message, whole(now));
        Ok(())
    }

    /// A whole message of the agent, head included, as it was opened. Gives it back as an object where it is not about a
    /// file but about a folder.
    ///
    /// # Errors
    /// When it is none.
    pub fn take(&mut self, message: &[u8], now: f64) -> Result<JsValue, JsError> {
        if Head::read_clear(message)?.stream != Stream::Files {
            return Err(JsError::new("the message is of another stream"));
        }
        let message = Files::decode(message.get(TO_HEAD_LEN..).unwrap_or_default())?;
        match message {
            Files::Listing { .. } | Files::ListAsking { .. } | Files::ListRefused { .. } => {
                Ok(message.serialize(&serializer())?)
            }
            Files::Offer { .. }
            | Files::Fetch { .. }
            | Files::Asking { .. }
            | Files::Ready { .. }
            | Files::Chunk { .. }
            | Files::Grant { .. }
            | Files::Done { .. }
            | Files::Finished { .. }
            | Files::Stop { .. }
            | Files::List { .. }
            | Files::Unknown => {
                self.inner.handle_message(message, whole(now));
                Ok(JsValue::UNDEFINED)
            }
        }
    }

    /// The disk has read: the bytes, and with the last of them the hash of the whole file.
    pub fn read(&mut self, transfer: u32, turn: u32, bytes: Vec<u8>, hash: Option<Vec<u8>>, now: f64) {
        self.inner.handle_said(transfer, Said::Read { turn, bytes, hash }, whole(now));
    }

    /// The disk's answer, an object of the generated type `TransferSaid`.
    ///
    /// # Errors
    /// When it is none.
    pub fn said(&mut self, transfer: u32, said: JsValue, now: f64) -> Result<(), JsError> {
        let said: Said = serde_wasm_bindgen::from_value(said)?;
        self.inner.handle_said(transfer, said, whole(now));
        Ok(())
    }

    /// Some time has passed; call it every second while `busy`.
    pub fn tick(&mut self, now: f64) {
        self.inner.handle_timeout(whole(now));
    }

    /// Whether a file is under way or waits.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.inner.is_busy()
    }

    /// What to do next, an object of the generated type `TransferOutput`; nothing when there is nothing.
    ///
    /// # Errors
    /// Never, with the types that there are.
    #[wasm_bindgen(js_name = next)]
    pub fn poll_output(&mut self) -> Result<JsValue, JsError> {
        match self.next.take().or_else(|| self.inner.poll_output()) {
            Some(output) => Ok(output.serialize(&serializer())?),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// The same, but messages that carry bytes of a file come as many as there are, as `{ type: "bodies", bytes, lengths }`:
    /// their bodies one behind another, and the length of each.
    ///
    /// # Errors
    /// Never, with the types that there are.
    #[wasm_bindgen(js_name = nextBodies)]
    pub fn poll_bodies(&mut self) -> Result<JsValue, JsError> {
        let (mut bytes, mut lengths) = (Vec::new(), Vec::new());
        while let Some(output) = self.next.take().or_else(|| self.inner.poll_output()) {
            match output {
                ConsoleOutput::Send { message: message @ Files::Chunk { .. } } if bytes.len() < AT_ONCE => {
                    let before = bytes.len();
                    if before == 0 {
                        bytes.reserve(AT_ONCE + MAX_FILES_MESSAGE);
                    }
                    channel::encode(&message, &mut bytes);
                    lengths.push((bytes.len() - before) as u32);
                }
                output if lengths.is_empty() => return Ok(output.serialize(&serializer())?),
                output => {
                    self.next = Some(output);
                    break;
                }
            }
        }
        if lengths.is_empty() {
            return Ok(JsValue::UNDEFINED);
        }
        let object = Object::new();
        let _ = Reflect::set(&object, &"type".into(), &"bodies".into());
        let _ = Reflect::set(&object, &"bytes".into(), &Uint8Array::from(bytes.as_slice()));
        let _ = Reflect::set(&object, &"lengths".into(), &Uint32Array::from(lengths.as_slice()));
        Ok(object.into())
    }

    /// The list, objects of the generated type `TransferItem`.
    ///
    /// # Errors
    /// Never, with the types that there are.
    pub fn items(&self) -> Result<JsValue, JsError> {
        let items: Vec<_> = self.inner.items().collect();
        Ok(items.serialize(&serializer())?)
    }
}

/// A number of JavaScript that counts.
fn whole(number: f64) -> u64 {
    number.clamp(0.0, 9_007_199_254_740_991.0) as u64
}

/// BLAKE3.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Hasher {
    inner: blake3::Hasher,
}

#[wasm_bindgen]
impl Hasher {
    /// Of nothing yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// More of it.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// The hash of what came so far: 32 bytes.
    #[must_use]
    pub fn finish(&self) -> Vec<u8> {
        self.inner.finalize().as_bytes().to_vec()
    }
}

/// The name that a file of the far side gets here; nothing when it cannot be used.
#[wasm_bindgen(js_name = confinedName)]
#[must_use]
pub fn confined_name(name: &str) -> Option<String> {
    farhand_protocol::transfer::names::confined(name).ok()
}
