//! The seam to a video codec: implemented where the codecs are, used by the encoder for regions that behave like video.

use std::ops::Range;

use crate::geometry::{FrameView, Rect};

/// The number of no codec: a [`VideoEncoder`] with it is never asked to encode.
pub const NO_CODEC: u8 = 0;

/// Compresses the one region of the screen that behaves like video. One stream: a keyframe restarts it, and whenever
/// the region's size differs from the last call's, `keyframe` is set.
pub trait VideoEncoder {
    /// Number of the codec, see `farhand_protocol::screen`; [`NO_CODEC`] while no video can be encoded.
    fn codec(&self) -> u8;

    /// Appends the compressed pixels of `region` of `frame` to `out`. The region's sides and corner are even. A codec
    /// that skips this picture appends nothing; that is an error when a keyframe was asked for.
    ///
    /// # Errors
    /// [`VideoError`]; the region is then sent exactly, and video is not tried again until the next reset.
    fn encode(
        &mut self,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError>;

    /// Says how much the codec may spend from now on.
    fn set_rate(&mut self, bits_per_second: u32);

    /// Takes a picture that needs no keyframe, to compress it while its caller goes on; [`Self::finished`] gives it
    /// later. [`Self::encode`] throws away what was begun before it.
    fn begin(&mut self, frame: FrameView<'_>, region: Rect) -> Begun {
        let _ = (frame, region);
        Begun::Never
    }

    /// Whether [`Self::finished`] would give something.
    fn is_finished(&mut self) -> bool {
        false
    }

    /// Appends what [`Self::begin`] took, once it is compressed, to `out`; a codec that left the picture out appends
    /// nothing.
    ///
    /// # Errors
    /// As [`Self::encode`].
    fn finished(&mut self, out: &mut Vec<u8>) -> Option<Result<VideoUnit, VideoError>> {
        let _ = out;
        None
    }
}

/// What a codec does with a picture that it may compress beside its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It works on it; it remembers the pixels itself.
    Taken,
    /// It still works on the one before.
    Busy,
    /// It never works beside its caller.
    Never,
}

/// One compressed picture of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoUnit {
    /// Names the unit to [`crate::Decoder::put`]; 0 on the encoder's side.
    pub ticket: VideoTicket,
    /// Where the picture belongs.
    pub region: Rect,
    /// Number of the codec, see `farhand_protocol::screen`.
    pub codec: u8,
    /// Whether it can be decoded without the units before it.
    pub keyframe: bool,
    /// Where its bytes are: in the encoder's `out`, or in the payload that the decoder was given.
    pub data: Range<usize>,
}

/// Names a video unit, unique in the life of a decoder.
pub type VideoTicket = u32;

/// Why a codec gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the video codec failed: {0}")]
pub struct VideoError(pub String);

/// No video codec: everything stays exact.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoVideo;

impl VideoEncoder for NoVideo {
    fn codec(&self) -> u8 {
        NO_CODEC
    }

    fn encode(
        &mut self,
        _: FrameView<'_>,
        _: Rect,
        _: bool,
        _: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        Err(VideoError("there is no codec".into()))
    }

    fn set_rate(&mut self, _: u32) {}
}
