//! A video encoder without a codec: its pictures say only how large they are and whether they are keyframes.

use super::{FrameView, Rect, VideoEncoder, VideoError, VideoUnit};

/// Number of the codec that no viewer knows.
pub const CODEC: u8 = 0xfe;

/// Writes eight bytes a picture: `K` or `d`, three zeros, width and height as two little-endian bytes each.
#[derive(Debug, Default)]
pub struct FakeEncoder {
    size: Option<(u32, u32)>,
}

impl VideoEncoder for FakeEncoder {
    fn codec(&self) -> u8 {
        CODEC
    }

    fn encode(
        &mut self,
        _frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        let (Ok(w), Ok(h)) = (u16::try_from(region.w), u16::try_from(region.h)) else {
            return Err(VideoError(format!("a region of {} by {} pixels is too large", region.w, region.h)));
        };
        let keyframe = keyframe || self.size.replace((region.w, region.h)) != Some((region.w, region.h));
        let start = out.len();
        out.extend([if keyframe { b'K' } else { b'd' }, 0, 0, 0]);
        out.extend(w.to_le_bytes());
        out.extend(h.to_le_bytes());
        Ok(VideoUnit { ticket: 0, region, codec: CODEC, keyframe, data: start..out.len() })
    }

    fn set_rate(&mut self, _bits_per_second: u32) {}
}
