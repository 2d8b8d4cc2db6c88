//! The exact screen codec: what changed since the viewer's last frame, as moves of what it already has and rectangles
//! of pixels, through one long-lived zstd stream. Regions that behave like video go through a [`VideoEncoder`] and are
//! repaired to the exact pixels as soon as they are quiet.
//!
//! The encoder is for the agent, the decoder for every viewer; the decoder's part compiles to WebAssembly.
//! No clock, no socket, no thread: time is an argument.
#![forbid(unsafe_code)]

mod decoder;
mod encoder;
mod filter;
mod geometry;
mod stream;
mod video;
mod wire;

pub use decoder::{DecodeError, Decoder, Limits, Update};
pub use encoder::{EncodeError, Encoder, FrameInfo, Options, Pressure};
pub use geometry::{FrameView, Rect};
pub use video::{Begun, NO_CODEC, NoVideo, VideoEncoder, VideoError, VideoTicket, VideoUnit};
pub use wire::MAX_SIDE;
