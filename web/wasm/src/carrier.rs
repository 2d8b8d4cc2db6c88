//! How messages lie on WebTransport: frames of a stream, doubled messages.

use std::time::Duration;

use bytes::Bytes;
use farhand_protocol::envelope::Stream;
use farhand_protocol::framing;
use wasm_bindgen::prelude::*;

/// Takes messages out of the bytes of a stream.
#[wasm_bindgen]
#[derive(Debug)]
pub struct FrameReader {
    inner: framing::FrameReader,
}

#[wasm_bindgen]
impl FrameReader {
    /// A reader at the start of a message of the stream with this number.
    ///
    /// # Errors
    /// When there is no such stream.
    #[wasm_bindgen(constructor)]
    pub fn new(stream: u8) -> Result<Self, JsError> {
        let stream = Stream::from_byte(stream).ok_or(framing::FrameError::Stream(stream))?;
        Ok(Self { inner: framing::FrameReader::of(stream) })
    }

    /// Takes bytes. Call `next` until it gives nothing.
    pub fn push(&mut self, bytes: &[u8]) {
        self.inner.push(bytes);
    }

    /// The next whole message.
    ///
    /// # Errors
    /// When the far side breaks the protocol: close the connection.
    #[wasm_bindgen(js_name = next)]
    pub fn poll_frame(&mut self) -> Result<Option<Vec<u8>>, JsError> {
        Ok(self.inner.poll_frame()?.map(Vec::from))
    }

    /// A message as a frame of a stream, length first.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn frame(message: &[u8]) -> Result<Vec<u8>, JsError> {
        let mut out = Vec::with_capacity(message.len() + 2);
        framing::write_frame(message, &mut out)?;
        Ok(out)
    }
}

/// The receiving end of one ordered stream whose small messages come twice: gives each once, in order.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Reorder {
    inner: framing::Reorder,
}

#[wasm_bindgen]
impl Reorder {
    /// The start of a stream.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next message of the stream. Call `next` until it gives nothing.
    #[wasm_bindgen(js_name = fromStream)]
    pub fn from_stream(&mut self, message: Vec<u8>) {
        self.inner.handle_stream(Bytes::from(message));
    }

    /// The same for a message too long to come twice, which the caller keeps: says whether it is to be delivered, before
    /// what `next` gives from now on. That must have been drained.
    pub fn kept(&mut self) -> bool {
        self.inner.handle_kept()
    }

    /// Takes a copy that came as a datagram. Call `next` until it gives nothing.
    #[wasm_bindgen(js_name = fromDatagram)]
    pub fn from_datagram(&mut self, index: u32, message: Vec<u8>) {
        self.inner.handle_copy(index, Bytes::from(message));
    }

    /// The next message.
    #[wasm_bindgen(js_name = next)]
    pub fn poll_message(&mut self) -> Option<Vec<u8>> {
        self.inner.poll_message().map(Vec::from)
    }
}

/// The sending end of one ordered stream: says which messages go again as datagrams, and when. Times are milliseconds
/// of `performance.now()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Doubler {
    stream: Stream,
    /// Position of the next message in the stream.
    index: u32,
    inner: framing::Doubler<Duration>,
}

#[wasm_bindgen]
impl Doubler {
    /// The start of the ordered stream with this number.
    ///
    /// # Errors
    /// When there is no such stream.
    #[wasm_bindgen(constructor)]
    pub fn new(stream: u8) -> Result<Self, JsError> {
        let stream = Stream::from_byte(stream).ok_or(framing::FrameError::Stream(stream))?;
        Ok(Self { stream, index: 0, inner: framing::Doubler::new() })
    }

    /// A message was written to the stream. Call it for each one, the ticket left out.
    pub fn sent(&mut self, message: Vec<u8>, now: f64) {
        self.inner.handle_sent(self.index, Bytes::from(message), time(now));
        self.index = self.index.wrapping_add(1);
    }

    /// A message was written to the stream that is too long to be doubled.
    pub fn passed(&mut self) {
        self.index = self.index.wrapping_add(1);
    }

    /// From this many bytes on a message is too long to be doubled.
    #[wasm_bindgen(js_name = tooLong)]
    #[must_use]
    pub fn too_long() -> u32 {
        framing::DOUBLE_UP_TO as u32 + 1
    }

    /// When `due` will give something; nothing waits when undefined.
    #[wasm_bindgen(js_name = dueAt)]
    #[must_use]
    pub fn due_at(&self) -> Option<f64> {
        self.inner.poll_timeout().map(|at| at.as_secs_f64() * 1000.0)
    }

    /// The next whole datagram to send now. Call it until it gives nothing.
    pub fn due(&mut self, now: f64) -> Option<Vec<u8>> {
        self.inner.handle_timeout(time(now));
        let (index, message) = self.inner.poll_output()?;
        Some(framing::Datagram::Copy { stream: self.stream, index, message }.write())
    }
}

/// Rounded up to microseconds, so that the time which `dueAt` gave is never too early for `due`.
fn time(milliseconds: f64) -> Duration {
    Duration::from_micros((milliseconds.clamp(0.0, 1e15) * 1000.0).ceil() as u64)
}
