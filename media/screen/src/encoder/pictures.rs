//! The one region that goes through the video codec: its pictures, made at once or beside us.

use std::time::Duration;

use crate::geometry::FrameView;
use crate::video::{Begun, NO_CODEC, VideoEncoder, VideoError, VideoUnit};
use crate::wire;

use super::Encoder;

/// Bytes before a video unit: how many units, the region's corner and sides, codec, keyframe, length.
const UNIT_HEADER: usize = 1 + 8 + 2 + 4;

/// What became of the region in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// There is no region, it did not change, or the codec failed.
    None,
    /// Its picture is in the payload.
    Made,
    /// The codec left this picture out, or has not finished the one before.
    Skipped,
    /// The codec compresses it; it comes with a later frame.
    Begun,
}

impl Encoder {
    /// Appends the region's picture. On failure there is no region any more.
    pub(super) fn encode_region(
        &mut self,
        frame: FrameView<'_>,
        now: Duration,
        video: &mut dyn VideoEncoder,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Picture {
        let Some(region) = self.tracker.region() else { return Picture::None };
        if video.codec() == NO_CODEC {
            return Picture::None;
        }
        let before = out.len();
        out.extend_from_slice(&[0; UNIT_HEADER]);
        self.begun = false;
        let unit = video.encode(frame, region.rect, region.needs_key, out);
        self.write_unit(unit, now, start, before, out)
    }

    /// Lets the codec compress the region beside us, if it does that. [`Picture::None`]: it does not.
    pub(super) fn begin_region(
        &mut self,
        frame: FrameView<'_>,
        now: Duration,
        video: &mut dyn VideoEncoder,
        came: Picture,
    ) -> Picture {
        let Some(region) = self.tracker.region().filter(|region| !region.needs_key) else {
            return Picture::None;
        };
        match video.begin(frame, region.rect) {
            Begun::Taken => {
                self.begun = true;
                self.tracker.handle_made(false, now);
                Picture::Begun
            }
            Begun::Busy => {
                self.tracker.handle_made(false, now);
                self.lossy.mark(region.rect, now);
                Picture::Skipped
            }
            // One frame has room for one picture.
            Begun::Never if came == Picture::Made => Picture::Skipped,
            Begun::Never => Picture::None,
        }
    }

    /// Appends the picture that was begun in an earlier frame, if it has become ready and its region is still there.
    pub(super) fn collect(
        &mut self,
        now: Duration,
        video: &mut dyn VideoEncoder,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Picture {
        if !video.is_finished() {
            return Picture::None;
        }
        self.begun = false;
        let before = out.len();
        out.extend_from_slice(&[0; UNIT_HEADER]);
        let region = self.tracker.region().filter(|region| !region.needs_key).map(|region| region.rect);
        match video.finished(out) {
            Some(Ok(unit)) if region != Some(unit.region) => {
                out.truncate(before);
                Picture::None
            }
            Some(unit) => self.write_unit(unit, now, start, before, out),
            None => {
                out.truncate(before);
                Picture::None
            }
        }
    }

    /// Takes what the codec has ready, and throws it away: nobody waits for it any more.
    pub(super) fn discard(&mut self, video: &mut dyn VideoEncoder, out: &mut Vec<u8>) {
        let before = out.len();
        if video.is_finished() {
            video.finished(out);
            out.truncate(before);
        }
        (self.begun, self.covered) = (false, false);
    }

    /// Fills the header before the unit's bytes, for which there is room from `before` on.
    fn write_unit(
        &mut self,
        unit: Result<VideoUnit, VideoError>,
        now: Duration,
        start: usize,
        before: usize,
        out: &mut Vec<u8>,
    ) -> Picture {
        let length = out.len().saturating_sub(before + UNIT_HEADER);
        let needs_key = self.tracker.region().is_some_and(|region| region.needs_key);
        match unit {
            // What changed comes with the next picture, or when the region is repaired.
            Ok(unit) if length == 0 && !needs_key => {
                out.truncate(before);
                self.tracker.handle_made(false, now);
                self.lossy.mark(unit.region, now);
                Picture::Skipped
            }
            Ok(unit) if length > 0 && (unit.keyframe || !needs_key) => {
                let header = &mut out[before..before + UNIT_HEADER];
                header[0] = 1;
                let rect = unit.region;
                for (to, side) in header[1..9].chunks_exact_mut(2).zip([rect.x, rect.y, rect.w, rect.h]) {
                    to.copy_from_slice(&(side as u16).to_be_bytes());
                }
                header[9] = unit.codec;
                header[10] = u8::from(unit.keyframe);
                header[11..].copy_from_slice(&(length as u32).to_be_bytes());
                out[start] |= wire::VIDEO;
                self.tracker.handle_made(unit.keyframe, now);
                self.lossy.mark(unit.region, now);
                Picture::Made
            }
            Ok(_) | Err(_) => {
                out.truncate(before);
                self.video_failed = true;
                self.tracker.give_up();
                Picture::None
            }
        }
    }
}
