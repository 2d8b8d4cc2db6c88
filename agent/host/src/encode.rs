//! Video encoders for the regions of the screen that move like video.

use std::ops::Range;
use std::time::Duration;

pub mod fake;

/// A rectangle of the screen, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

/// A picture: blue, green, red and a byte without meaning for each pixel.
#[derive(Clone, Copy, Debug)]
pub struct FrameView<'a> {
    /// Rows from the top, `stride` bytes each.
    pub pixels: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What a video encoder made of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoUnit {
    /// The part of the screen it shows.
    pub region: Rect,
    /// Number of the codec, see `farhand_protocol::screen`.
    pub codec: u8,
    /// Whether a decoder can begin here.
    pub keyframe: bool,
    /// Where in the output it lies. Empty if the encoder left the picture out.
    pub data: Range<usize>,
}

/// A video encoder.
pub trait VideoEncoder: Send {
    /// Number of the codec.
    fn codec(&self) -> u8;

    /// Encodes a region of a frame, appending to `out`. A region of another size starts with a keyframe.
    ///
    /// # Errors
    /// [`EncodeError`]; the encoder starts anew with the next picture.
    fn encode(
        &mut self,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, EncodeError>;

    /// Sets the rate to keep to, bits a second.
    fn set_rate(&mut self, bits_per_second: u32);
}

/// Which codec to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodecChoice {
    /// H.264, and AV1 where this machine turns out to encode it in time.
    #[default]
    Auto,
    /// H.264 by openh264.
    H264,
    /// AV1 by libaom.
    Av1,
    /// Not a codec at all, see [`fake`].
    Fake,
}

/// How to encode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EncoderOptions {
    /// Pictures expected in a second.
    pub frames_per_second: f32,
    /// The rate to begin with.
    pub bits_per_second: u32,
    /// Time that one picture may take, on the average.
    pub budget: Duration,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self { frames_per_second: 30.0, bits_per_second: 4_000_000, budget: Duration::from_millis(16) }
    }
}

/// Why a picture could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The region does not lie in the frame, or is too small or too large for the codec.
    #[error("a region of {w} by {h} pixels cannot be encoded")]
    Region {
        /// Pixels.
        w: u32,
        /// Pixels.
        h: u32,
    },
    /// The codec is not in this program.
    #[error("this program has no encoder for {name}")]
    NotHere {
        /// Name of the codec.
        name: &'static str,
    },
    /// The codec failed.
    #[error("the encoder failed: {detail}")]
    Codec {
        /// What it said.
        detail: String,
    },
}

/// Opens a video encoder.
///
/// # Errors
/// [`EncodeError::NotHere`] if the codec was left out of this program.
pub fn open_video_encoder(
    choice: CodecChoice,
    options: EncoderOptions,
) -> Result<Box<dyn VideoEncoder>, EncodeError> {
    let _ = options;
    match choice {
        CodecChoice::Fake => Ok(Box::new(fake::FakeEncoder::default())),
        CodecChoice::Auto | CodecChoice::H264 => Err(EncodeError::NotHere { name: "H.264" }),
        CodecChoice::Av1 => Err(EncodeError::NotHere { name: "AV1" }),
    }
}
