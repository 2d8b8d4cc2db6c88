//! The agent's end: turns captured frames into payloads.

mod busy;
mod diff;
mod hash;
mod lossy;
mod moves;
mod pictures;
mod rects;
mod regions;

use std::time::{Duration, Instant};

use crate::filter;
use crate::geometry::{FrameView, Rect};
use crate::stream::Compressor;
use crate::video::{NO_CODEC, VideoEncoder};
use crate::wire::{self, Copy, Filter};

use diff::Changes;
use lossy::Lossy;
use moves::Moves;
use pictures::Picture;
use rects::Builder;
use regions::Tracker;

/// How the encoder works.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Level of the zstd stream.
    pub level: i32,
    /// A lossy region is repaired when it was quiet for this long.
    pub repair_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { level: 1, repair_after: Duration::from_millis(300) }
    }
}

/// How the way to the viewer is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// How long what is queued already will take to leave.
    pub backlog: Duration,
}

impl Pressure {
    /// Nothing is queued.
    pub const NONE: Self = Self { backlog: Duration::ZERO };
}

/// What [`Encoder::encode`] made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameInfo {
    /// The frame needs no earlier one.
    pub reset: bool,
    /// After it nothing lossy is on the viewer's screen.
    pub exact: bool,
    /// Nothing changed: nothing was appended, there is nothing to send.
    pub empty: bool,
    /// Regions that went through the video codec.
    pub video_regions: usize,
    /// Moves of what the viewer has.
    pub copies: usize,
    /// Rectangles of pixels.
    pub rects: usize,
}

/// Why a frame could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Stride, size and bytes do not fit together, or a side is zero or over [`wire::MAX_SIDE`].
    #[error("the captured frame's size does not fit its pixels")]
    Frame,
    /// The compressor failed.
    #[error("the frame cannot be compressed: {0}")]
    Zstd(#[from] std::io::Error),
}

/// Bytes gathered before they are compressed: stays in the cache.
const CHUNK: usize = 64 * 1024;
/// The way to the viewer is jammed when its backlog is longer.
const JAM: Duration = Duration::from_millis(15);
/// While it is jammed, repairs wait so long and look again.
const JAM_WAIT: Duration = Duration::from_millis(50);
/// Pixels repaired in one frame: what is typed meanwhile must not wait for all of a video.
const REPAIR_AT_ONCE: u64 = 1 << 16;

/// Turns captured frames into payloads for viewers.
pub struct Encoder {
    options: Options,
    zstd: Compressor,
    /// What the viewer has: BGRX, without gaps. Where it is lossy, the pixels that the codec was given.
    viewer: Vec<u8>,
    width: u32,
    height: u32,
    wants_reset: bool,
    /// Times inside are measured from the first frame on.
    epoch: Option<Instant>,
    lossy: Lossy,
    tracker: Tracker,
    /// The codec failed; not tried again until the next reset.
    video_failed: bool,
    /// The codec has a picture of the region: the viewer does not have yet what `viewer` says there.
    begun: bool,
    /// Something else reached into the region meanwhile, and will be covered by that picture.
    covered: bool,
    repair_not_before: Option<Duration>,
    changes: Changes,
    moves: Moves,
    builder: Builder,
    copies: Vec<Copy>,
    plain: Vec<Rect>,
    rects: Vec<(Rect, Filter)>,
    blocks: Vec<(Rect, Filter)>,
    chunk: Vec<u8>,
    row: Vec<u8>,
    above: Vec<u8>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("wants_reset", &self.wants_reset)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder whose first frame is whole.
    ///
    /// # Errors
    /// [`EncodeError::Zstd`] when memory is short.
    pub fn new(options: Options) -> Result<Self, EncodeError> {
        Ok(Self {
            options,
            zstd: Compressor::new(options.level)?,
            viewer: Vec::new(),
            width: 0,
            height: 0,
            wants_reset: true,
            epoch: None,
            lossy: Lossy::default(),
            tracker: Tracker::default(),
            video_failed: false,
            begun: false,
            covered: false,
            repair_not_before: None,
            changes: Changes::default(),
            moves: Moves::default(),
            builder: Builder::default(),
            copies: Vec::new(),
            plain: Vec::new(),
            rects: Vec::new(),
            blocks: Vec::new(),
            chunk: Vec::new(),
            row: Vec::new(),
            above: Vec::new(),
        })
    }

    /// Makes the next frame whole: a new stream and every pixel. For a new viewer, a reconnect or a gap.
    pub fn request_reset(&mut self) {
        self.wants_reset = true;
    }

    /// When [`Self::encode`] wants to be called although nothing changed (with no damage): lossy regions are to be
    /// repaired then.
    #[must_use]
    pub fn wants_at(&self) -> Option<Instant> {
        let quiet = self.options.repair_after;
        let region = self.tracker.region().map(|region| region.rect);
        let repair = self.lossy.oldest(region).map(|since| since + quiet);
        let ends = if self.lossy.is_exact() { None } else { self.tracker.quiet_at(quiet) };
        let at = [repair, ends].into_iter().flatten().min()?;
        self.epoch.map(|epoch| epoch + at.max(self.repair_not_before.unwrap_or_default()))
    }

    /// Appends the payload of one frame to `out`. `damage` names at least what changed since the last call; more is
    /// allowed. A frame of another size is whole. When [`FrameInfo::empty`] is set nothing was appended and nothing is
    /// to be sent; a payload that was appended must reach the decoder, or [`Self::request_reset`] be called.
    ///
    /// # Errors
    /// [`EncodeError`]; the next frame is then whole.
    pub fn encode(
        &mut self,
        frame: FrameView<'_>,
        damage: &[Rect],
        now: Instant,
        pressure: Pressure,
        video: &mut dyn VideoEncoder,
        out: &mut Vec<u8>,
    ) -> Result<FrameInfo, EncodeError> {
        if !frame.is_consistent() || frame.width > wire::MAX_SIDE || frame.height > wire::MAX_SIDE {
            self.wants_reset = true;
            return Err(EncodeError::Frame);
        }
        let now = now.saturating_duration_since(*self.epoch.get_or_insert(now));
        let jammed = pressure.backlog > JAM;
        let start = out.len();
        let reset = self.wants_reset || (frame.width, frame.height) != (self.width, self.height);
        let result = if reset {
            self.encode_whole(frame, now, video, out)
        } else {
            self.encode_changes(frame, damage, now, jammed, video, out)
        };
        match result {
            Ok(info) => {
                self.wants_reset = false;
                if info.empty {
                    out.truncate(start);
                } else if info.exact {
                    out[start] |= wire::EXACT;
                }
                Ok(info)
            }
            Err(error) => {
                self.wants_reset = true;
                out.truncate(start);
                Err(error)
            }
        }
    }

    fn encode_whole(
        &mut self,
        frame: FrameView<'_>,
        now: Duration,
        video: &mut dyn VideoEncoder,
        out: &mut Vec<u8>,
    ) -> Result<FrameInfo, EncodeError> {
        self.zstd.restart()?;
        self.video_failed = false;
        self.discard(video, out);
        (self.width, self.height) = (frame.width, frame.height);
        self.viewer.resize(frame.width as usize * frame.height as usize * 4, 0);
        self.keep(frame, frame.all());
        self.lossy.restart(frame.width, frame.height);
        self.tracker.restart(frame.width, frame.height);
        let start = out.len();
        out.push(wire::RESET);
        out.extend_from_slice(&(self.width as u16).to_be_bytes());
        out.extend_from_slice(&(self.height as u16).to_be_bytes());
        // A keyframe of a running video is far smaller than its pixels; but it takes its time, so not at every reset.
        let mut picture = Picture::None;
        if self.tracker.may_key(now) {
            self.tracker.ask_key();
            picture = self.encode_region(frame, now, video, start, out);
        }
        if picture != Picture::Made {
            self.tracker.give_up();
        }
        let hole = self.tracker.region().map_or(Rect::default(), |region| region.rect);
        self.copies.clear();
        self.rects.clear();
        for part in around(frame.all(), hole) {
            busy::classify(frame, part, &mut self.blocks, &mut self.rects);
        }
        if self.rects.len() > wire::MAX_RECTS {
            self.rects.clear();
            self.rects.extend(around(frame.all(), hole).map(|part| (part, Filter::Raw)));
        }
        self.write_pixels(frame, start, out)?;
        Ok(self.info(true, picture))
    }

    fn encode_changes(
        &mut self,
        frame: FrameView<'_>,
        damage: &[Rect],
        now: Duration,
        jammed: bool,
        video: &mut dyn VideoEncoder,
        out: &mut Vec<u8>,
    ) -> Result<FrameInfo, EncodeError> {
        let start = out.len();
        out.push(0);
        self.changes.find(frame, &self.viewer, damage);
        // Over a slow way the next picture may come late: a region is quiet only if nothing in it has changed since.
        let region = self.tracker.region().map(|region| region.rect);
        let moved = region.is_some_and(|rect| self.changes.any_in(frame, &self.viewer, rect));
        if !moved {
            self.tracker.handle_quiet(now, self.options.repair_after);
        }
        let mut hole = Rect::default();
        let mut made = None;
        let films = video.codec() != NO_CODEC && !self.video_failed;
        let mut picture = Picture::None;
        let mut came = Picture::None;
        let mut ahead = self.begun;
        if films {
            self.tracker.observe_inside(frame, &self.changes);
            came = self.collect(now, video, start, out);
            let stale = came == Picture::Made && std::mem::take(&mut self.covered);
            if let Some(region) = self.tracker.region().filter(|_| (moved || stale) && !self.video_failed) {
                picture = self.begin_region(frame, now, video, came);
                if picture == Picture::None {
                    picture = self.encode_region(frame, now, video, start, out);
                }
                made = Some(region);
                match picture {
                    Picture::Made | Picture::Begun => {
                        self.keep(frame, region.rect);
                        self.changes.settle(region.rect);
                        self.covered = false;
                    }
                    Picture::Skipped => hole = region.rect,
                    Picture::None => {}
                }
            }
        } else {
            self.tracker.give_up();
            self.discard(video, out);
        }
        self.copies.clear();
        // The picture goes over the viewer's region after the copies are done.
        ahead |= self.begun || picture == Picture::Made;
        let ahead = region.filter(|_| ahead).unwrap_or_default();
        self.moves.find(frame, &mut self.viewer, &mut self.changes, ahead, &mut self.copies);
        self.changes.find_spans(frame, &self.viewer, hole);
        for i in 0..self.copies.len() {
            self.lossy.copy(&self.copies[i]);
        }
        if films && !self.video_failed {
            self.tracker.observe_outside(frame, &self.changes, now, jammed);
        }
        self.builder.build(&self.changes, frame.all());
        self.plain.clear();
        self.plain.extend_from_slice(self.builder.rects());
        self.add_repairs(now, jammed);
        self.rects.clear();
        for rect in &self.plain {
            busy::classify(frame, *rect, &mut self.blocks, &mut self.rects);
        }
        if self.rects.len() > wire::MAX_RECTS {
            self.rects.clear();
            self.rects.extend(self.plain.iter().map(|rect| (*rect, Filter::Raw)));
        }
        for i in 0..self.plain.len() {
            self.keep(frame, self.plain[i]);
            self.lossy.clear(self.plain[i]);
        }
        if let Some(region) = self.tracker.region().map(|region| region.rect) {
            self.covered |= self
                .plain
                .iter()
                .chain(self.copies.iter().map(|copy| &copy.to))
                .any(|to| to.overlaps(region));
        }
        // The viewer puts the picture over whatever rectangle reaches into its region, now or when it comes.
        if let (Picture::Made | Picture::Begun, Some(region)) = (picture, made) {
            self.lossy.mark(region.rect, now);
        }
        if came == Picture::Made {
            picture = came;
            if let Some(region) = self.tracker.region() {
                self.lossy.mark(region.rect, now);
            }
        }
        if !(self.rects.is_empty() && self.copies.is_empty()) {
            self.write_pixels(frame, start, out)?;
        }
        Ok(self.info(false, picture))
    }

    fn info(&self, reset: bool, picture: Picture) -> FrameInfo {
        let units = usize::from(picture == Picture::Made);
        let (copies, rects) = (self.copies.len(), self.rects.len());
        let empty = copies + rects + units == 0;
        FrameInfo { reset, exact: self.lossy.is_exact(), empty, video_regions: units, copies, rects }
    }

    fn add_repairs(&mut self, now: Duration, jammed: bool) {
        self.repair_not_before = jammed.then_some(now + JAM_WAIT);
        if jammed || now < self.options.repair_after {
            return;
        }
        let region = self.tracker.region().map(|region| region.rect);
        self.lossy.due(now - self.options.repair_after, region, REPAIR_AT_ONCE, &mut self.plain);
    }

    /// Notes that the viewer has these pixels.
    fn keep(&mut self, frame: FrameView<'_>, rect: Rect) {
        let stride = self.width as usize * 4;
        for y in rect.y..rect.bottom() {
            let start = y as usize * stride + rect.x as usize * 4;
            self.viewer[start..start + rect.w as usize * 4].copy_from_slice(frame.row(y, rect.x, rect.w));
        }
    }

    /// Appends copies and rectangles as the next piece of the zstd stream.
    fn write_pixels(
        &mut self,
        frame: FrameView<'_>,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        out[start] |= wire::PIXELS;
        let Self { chunk, zstd, rects, copies, row, above, .. } = self;
        chunk.clear();
        wire::put_number(chunk, copies.len() as u32);
        wire::put_number(chunk, rects.len() as u32);
        for copy in copies.iter() {
            wire::put_rect(chunk, copy.to);
            wire::put_signed(chunk, copy.dx);
            wire::put_signed(chunk, copy.dy);
        }
        for (rect, filter) in rects.iter() {
            wire::put_rect(chunk, *rect);
            chunk.push(*filter as u8);
        }
        for (rect, filter) in rects.iter() {
            for y in rect.y..rect.bottom() {
                if chunk.len() >= CHUNK {
                    zstd.write(chunk, out)?;
                    chunk.clear();
                }
                let at = chunk.len();
                chunk.resize(at + rect.w as usize * filter.bytes(), 0);
                let pixels = frame.row(y, rect.x, rect.w);
                match filter {
                    Filter::Raw => filter::rgba(pixels, &mut chunk[at..]),
                    Filter::Left | Filter::Up => {
                        std::mem::swap(row, above);
                        row.resize(pixels.len(), 0);
                        filter::rgba(pixels, row);
                        filter::write_row(
                            *filter,
                            row,
                            (y > rect.y).then_some(above.as_slice()),
                            &mut chunk[at..],
                        );
                    }
                }
            }
        }
        zstd.write(chunk, out)?;
        zstd.flush(out)?;
        Ok(())
    }
}

/// The up to four parts of `all` that are not in `hole`.
fn around(all: Rect, hole: Rect) -> impl Iterator<Item = Rect> {
    let parts = if hole.is_empty() {
        [all, Rect::default(), Rect::default(), Rect::default()]
    } else {
        [
            Rect::new(all.x, all.y, all.w, hole.y - all.y),
            Rect::new(all.x, hole.y, hole.x - all.x, hole.h),
            Rect::new(hole.right(), hole.y, all.right() - hole.right(), hole.h),
            Rect::new(all.x, hole.bottom(), all.w, all.bottom() - hole.bottom()),
        ]
    };
    parts.into_iter().filter(|part| !part.is_empty())
}
