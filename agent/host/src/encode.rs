//! Video encoders for the regions of the screen that move like video.
//!
//! The seam is `farhand-screen`'s [`VideoEncoder`]: the screen codec asks for one region at a time and needs to know
//! nothing of codecs. Pictures are BT.709, limited range, and say so in their headers.

use std::time::Duration;

use farhand_protocol::screen::CodecId;
pub use farhand_screen::{Begun, FrameView, NO_CODEC, NoVideo, Rect, VideoEncoder, VideoError, VideoUnit};

mod adaptive;
#[cfg(feature = "av1")]
mod av1;
mod beside;
pub mod fake;
#[cfg(feature = "h264")]
mod h264;
#[cfg(any(feature = "av1", feature = "h264"))]
mod i420;

pub use beside::Beside;

/// The smallest side of a region, pixels: what both codecs take.
pub const MIN_SIDE: u32 = 16;

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

/// The codec is not in this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this program has no encoder for {name}")]
pub struct NoSuchEncoder {
    /// Name of the codec.
    pub name: &'static str,
}

/// Opens a video encoder. A viewer that refused a codec is served by opening another.
///
/// # Errors
/// [`NoSuchEncoder`] if the codec was left out of this program.
pub fn open_video_encoder(
    choice: CodecChoice,
    options: EncoderOptions,
) -> Result<Box<dyn VideoEncoder + Send>, NoSuchEncoder> {
    match choice {
        CodecChoice::Fake => Ok(Box::new(fake::FakeEncoder::default())),
        CodecChoice::H264 => open(CodecId::H264, options),
        CodecChoice::Av1 => open(CodecId::Av1, options),
        CodecChoice::Auto => match (open(CodecId::H264, options), open(CodecId::Av1, options)) {
            (Ok(first), Ok(second)) => {
                Ok(Box::new(adaptive::Adaptive::new(first, second, options, std::time::Instant::now)))
            }
            (Ok(only), Err(_)) | (Err(_), Ok(only)) => Ok(only),
            (Err(error), Err(_)) => Err(error),
        },
    }
}

fn open(codec: CodecId, options: EncoderOptions) -> Result<Box<dyn VideoEncoder + Send>, NoSuchEncoder> {
    let _ = options;
    match codec {
        #[cfg(feature = "h264")]
        CodecId::H264 => Ok(Box::new(h264::H264Encoder::new(options))),
        #[cfg(not(feature = "h264"))]
        CodecId::H264 => Err(NoSuchEncoder { name: "H.264" }),
        #[cfg(feature = "av1")]
        CodecId::Av1 => Ok(Box::new(av1::Av1Encoder::new(options))),
        #[cfg(not(feature = "av1"))]
        CodecId::Av1 => Err(NoSuchEncoder { name: "AV1" }),
    }
}
