//! The agent's end: turns captured frames into payloads.

mod diff;
mod hash;
mod moves;
mod rects;

use std::time::{Duration, Instant};

use crate::filter;
use crate::geometry::{FrameView, Rect};
use crate::stream::Compressor;
use crate::video::VideoEncoder;
use crate::wire::{self, Copy, Filter};

use diff::Changes;
use moves::Moves;
use rects::Builder;

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

/// Turns captured frames into payloads for viewers.
pub struct Encoder {
    options: Options,
    zstd: Compressor,
    /// What the viewer has: BGRX, without gaps.
    viewer: Vec<u8>,
    width: u32,
    height: u32,
    wants_reset: bool,
    changes: Changes,
    moves: Moves,
    builder: Builder,
    copies: Vec<Copy>,
    rects: Vec<(Rect, Filter)>,
    chunk: Vec<u8>,
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
            changes: Changes::default(),
            moves: Moves::default(),
            copies: Vec::new(),
            builder: Builder::default(),
            rects: Vec::new(),
            chunk: Vec::new(),
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
        let _ = self.options.repair_after;
        None
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
        let start = out.len();
        let result = self.encode_frame(frame, damage, now, pressure, video, out);
        if result.is_err() {
            self.wants_reset = true;
            out.truncate(start);
        }
        result
    }

    fn encode_frame(
        &mut self,
        frame: FrameView<'_>,
        damage: &[Rect],
        _now: Instant,
        _pressure: Pressure,
        _video: &mut dyn VideoEncoder,
        out: &mut Vec<u8>,
    ) -> Result<FrameInfo, EncodeError> {
        if !frame.is_consistent() || frame.width > wire::MAX_SIDE || frame.height > wire::MAX_SIDE {
            return Err(EncodeError::Frame);
        }
        let reset = self.wants_reset || (frame.width, frame.height) != (self.width, self.height);
        if reset {
            self.restart(frame)?;
        }
        let screen = Rect::new(0, 0, self.width, self.height);
        self.rects.clear();
        self.copies.clear();
        if reset {
            self.rects.push((screen, Filter::Raw));
            self.keep(frame, screen);
        } else {
            self.changes.find(frame, &self.viewer, damage);
            self.moves.find(frame, &mut self.viewer, &mut self.changes, &mut self.copies);
            self.changes.find_spans(frame, &self.viewer);
            self.builder.build(&self.changes, screen);
            self.rects.extend(self.builder.rects().iter().map(|r| (*r, Filter::Raw)));
            for i in 0..self.rects.len() {
                self.keep(frame, self.rects[i].0);
            }
        }
        let mut info = FrameInfo { reset, exact: true, rects: self.rects.len(), copies: self.copies.len(), ..FrameInfo::default() };
        if self.rects.is_empty() && self.copies.is_empty() {
            info.empty = true;
            return Ok(info);
        }
        out.push(wire::EXACT | wire::PIXELS | if reset { wire::RESET } else { 0 });
        if reset {
            out.extend_from_slice(&(self.width as u16).to_be_bytes());
            out.extend_from_slice(&(self.height as u16).to_be_bytes());
        }
        self.write_pixels(frame, out)?;
        self.wants_reset = false;
        Ok(info)
    }

    fn restart(&mut self, frame: FrameView<'_>) -> Result<(), EncodeError> {
        self.zstd.restart()?;
        (self.width, self.height) = (frame.width, frame.height);
        self.viewer.clear();
        self.viewer.resize(frame.width as usize * frame.height as usize * 4, 0);
        Ok(())
    }

    /// Notes that the viewer has these pixels.
    fn keep(&mut self, frame: FrameView<'_>, rect: Rect) {
        let stride = self.width as usize * 4;
        for y in rect.y..rect.bottom() {
            let start = y as usize * stride + rect.x as usize * 4;
            self.viewer[start..start + rect.w as usize * 4].copy_from_slice(frame.row(y, rect.x, rect.w));
        }
    }

    fn write_pixels(&mut self, frame: FrameView<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let Self { chunk, zstd, rects, copies, .. } = self;
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
                push_row(chunk, frame.row(y, rect.x, rect.w));
                let _ = (filter, filter::write_row);
            }
        }
        zstd.write(chunk, out)?;
        zstd.flush(out)?;
        Ok(())
    }
}

/// Appends BGRX pixels as RGBA.
fn push_row(out: &mut Vec<u8>, row: &[u8]) {
    let start = out.len();
    out.resize(start + row.len(), 0);
    for (to, from) in out[start..].as_chunks_mut::<4>().0.iter_mut().zip(row.as_chunks::<4>().0) {
        let bgrx = u32::from_le_bytes(*from);
        let rgba = (bgrx & 0xff00) | (bgrx >> 16 & 0xff) | (bgrx & 0xff) << 16 | 0xff00_0000;
        *to = rgba.to_le_bytes();
    }
}
