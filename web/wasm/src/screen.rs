//! Screen messages to a framebuffer.

use farhand_protocol::screen::{Assembler, FrameMeta, Pushed};
use farhand_screen::{Decoder, Limits, Rect, VideoUnit};
use wasm_bindgen::prelude::*;

/// The message was taken; its frame is not whole yet, or it was of no use.
const NEED_MORE: u32 = 0;
/// A frame is whole and applied.
const FRAME: u32 = 1;
/// Something is missing: ask the agent for a reset.
const GAP: u32 = 2;

/// Turns the agent's screen messages into a picture.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ScreenDecoder {
    assembler: Assembler,
    decoder: Decoder,
    meta: FrameMeta,
    units: Vec<(VideoUnit, Vec<u8>)>,
}

#[wasm_bindgen]
impl ScreenDecoder {
    /// A decoder that waits for a frame with a reset.
    ///
    /// # Errors
    /// When memory is short.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Result<Self, JsError> {
        Ok(Self {
            assembler: Assembler::new(),
            decoder: Decoder::new(Limits::default())?,
            meta: FrameMeta { frame: 0, captured_us: 0, reset: false, exact: false },
            units: Vec::new(),
        })
    }

    /// Takes one message of the screen stream, head included. 0: needs more. 1: a frame is whole and applied. 2:
    /// something is missing, ask for a reset (said once; messages up to the reset give 0).
    ///
    /// # Errors
    /// When the message breaks the protocol. Ask for a reset; the decoder goes on from there.
    pub fn push(&mut self, message: &[u8]) -> Result<u32, JsError> {
        let (meta, payload) = match self.assembler.push(message)? {
            Pushed::More | Pushed::Dropped => return Ok(NEED_MORE),
            Pushed::Gap => return Ok(GAP),
            Pushed::Frame(meta, payload) => (meta, payload),
        };
        self.meta = meta;
        self.units.clear();
        match self.decoder.decode(payload) {
            Ok(update) => {
                for unit in &update.video {
                    self.units.push((unit.clone(), payload[unit.data.clone()].to_vec()));
                }
                Ok(FRAME)
            }
            Err(error) => {
                self.assembler = Assembler::new();
                Err(error.into())
            }
        }
    }

    /// Number of the last frame.
    #[must_use]
    pub fn frame(&self) -> u32 {
        self.meta.frame
    }

    /// When the last frame was captured, microseconds on the agent's clock.
    #[wasm_bindgen(js_name = capturedUs)]
    #[must_use]
    pub fn captured_us(&self) -> f64 {
        self.meta.captured_us as f64
    }

    /// Whether nothing lossy is on the screen after the last frame.
    #[must_use]
    pub fn exact(&self) -> bool {
        self.decoder.update().exact
    }

    /// Whether the last frame started anew.
    #[must_use]
    pub fn reset(&self) -> bool {
        self.decoder.update().reset
    }

    /// Pixels a row; 0 before the first frame.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.decoder.size().0
    }

    /// Rows; 0 before the first frame.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.decoder.size().1
    }

    /// Whether the last frame has another size than the one before.
    #[wasm_bindgen(js_name = sizeChanged)]
    #[must_use]
    pub fn size_changed(&self) -> bool {
        self.decoder.update().size_changed
    }

    /// What the last frame changed, video regions left out: x, y, width, height, and so on.
    #[must_use]
    pub fn dirty(&self) -> Vec<u32> {
        self.decoder.update().dirty.iter().flat_map(|r| numbers(*r)).collect()
    }

    /// Where the framebuffer (RGBA, opaque, rows without gaps) begins in this module's memory. Ask again after every
    /// call here: memory moves when it grows.
    #[wasm_bindgen(js_name = framebufferPtr)]
    #[must_use]
    pub fn framebuffer_ptr(&self) -> usize {
        self.decoder.framebuffer().as_ptr() as usize
    }

    /// Bytes of the framebuffer.
    #[wasm_bindgen(js_name = framebufferLen)]
    #[must_use]
    pub fn framebuffer_len(&self) -> usize {
        self.decoder.framebuffer().len()
    }

    /// How many video pictures the last frame holds.
    #[must_use]
    pub fn video(&self) -> usize {
        self.units.len()
    }

    /// Where the picture belongs: x, y, width, height.
    #[wasm_bindgen(js_name = videoRegion)]
    #[must_use]
    pub fn video_region(&self, index: usize) -> Option<Vec<u32>> {
        self.units.get(index).map(|(unit, _)| numbers(unit.region).to_vec())
    }

    /// Number of the picture's codec: 1 H.264 (Annex B), 2 AV1 (low-overhead OBU).
    #[wasm_bindgen(js_name = videoCodec)]
    #[must_use]
    pub fn video_codec(&self, index: usize) -> u8 {
        self.units.get(index).map_or(0, |(unit, _)| unit.codec)
    }

    /// Whether the picture can be decoded without the ones before it.
    #[wasm_bindgen(js_name = videoKeyframe)]
    #[must_use]
    pub fn video_keyframe(&self, index: usize) -> bool {
        self.units.get(index).is_some_and(|(unit, _)| unit.keyframe)
    }

    /// The picture's compressed bytes.
    #[wasm_bindgen(js_name = videoData)]
    #[must_use]
    pub fn video_data(&self, index: usize) -> Option<Vec<u8>> {
        self.units.get(index).map(|(_, data)| data.clone())
    }

    /// Names the picture to `putVideo`, also after further frames.
    #[wasm_bindgen(js_name = videoTicket)]
    #[must_use]
    pub fn video_ticket(&self, index: usize) -> u32 {
        self.units.get(index).map_or(0, |(unit, _)| unit.ticket)
    }

    /// Puts a decoded picture (RGBA of its region's size) into the framebuffer. What newer frames wrote there stays.
    /// False when the picture comes too late to matter or has a wrong length.
    #[wasm_bindgen(js_name = putVideo)]
    pub fn put_video(&mut self, ticket: u32, rgba: &[u8]) -> bool {
        self.decoder.put(ticket, rgba)
    }
}

fn numbers(rect: Rect) -> [u32; 4] {
    [rect.x, rect.y, rect.w, rect.h]
}
