//! The console's list of files for the page, and the hash of what a page reads and writes.

use farhand_protocol::channel::files::Files;
use farhand_protocol::transfer::{Console, Said};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

fn serializer() -> Serializer {
    Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true)
}

/// See `farhand_protocol::transfer::Console`. Times are milliseconds of a clock that never goes back.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Transfers {
    inner: Console,
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
        match self.inner.poll_output() {
            Some(output) => Ok(output.serialize(&serializer())?),
            None => Ok(JsValue::UNDEFINED),
        }
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
