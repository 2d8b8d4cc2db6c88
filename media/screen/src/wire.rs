//! The layout of a frame's payload.
//!
//! `flags u8`; with [`RESET`] `width u16 | height u16`; with [`VIDEO`] `count u8`, then a unit each:
//! `x u16 | y u16 | w u16 | h u16 | codec u8 | keyframe u8 | length u32 | bytes`; with [`PIXELS`] the rest is what the
//! zstd stream grew by. Big endian. In the stream, numbers as LEB128 ("v"): `copies v | rectangles v`, then a copy each
//! (`x y w h v`, then source minus target `dx dy` zigzag), then a rectangle each (`x y w h v | filter u8`), then the
//! pixels of all rectangles in their order. Copies are carried out one after the other, each as if its source were read
//! whole before its target is written; then the rectangles; then the video units.

use crate::decoder::DecodeError;
use crate::geometry::Rect;

/// The largest width and height of a screen.
pub const MAX_SIDE: u32 = 16_384;
/// Payload flag: a new zstd stream and the size that follows; the frame writes every pixel, or its video units do.
pub(crate) const RESET: u8 = 1;
/// Payload flag: after this frame nothing lossy is on the screen.
pub(crate) const EXACT: u8 = 2;
/// Payload flag: video units follow.
pub(crate) const VIDEO: u8 = 4;
/// Payload flag: the rest of the payload continues the zstd stream.
pub(crate) const PIXELS: u8 = 8;
/// Every flag.
pub(crate) const ALL_FLAGS: u8 = RESET | EXACT | VIDEO | PIXELS;

/// The zstd window: 4 MB, the cache of everything seen.
pub(crate) const WINDOW_LOG: u32 = 22;
/// Video units a frame.
pub(crate) const MAX_UNITS: usize = 4;
/// Copies a frame.
pub(crate) const MAX_COPIES: usize = 256;
/// Rectangles a frame.
pub(crate) const MAX_RECTS: usize = 4096;
/// All rectangles of a frame together have at most this many times the screen's pixels, and all copies likewise.
pub(crate) const MAX_COVER: u64 = 4;

/// How a rectangle's pixels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Filter {
    /// RGBA as they are.
    Raw = 0,
    /// Red minus green, green, blue minus green, 3 bytes a pixel in planes of a row, each less its left neighbour.
    Left = 1,
    /// The same, less its upper neighbour (in the first row less its left one).
    Up = 2,
}

impl Filter {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Raw),
            1 => Some(Self::Left),
            2 => Some(Self::Up),
            _ => None,
        }
    }

    /// Bytes of a pixel in the stream.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Raw => 4,
            Self::Left | Self::Up => 3,
        }
    }
}

/// A move: the pixels of `to`'s size at `to + (dx, dy)` go to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) to: Rect,
    pub(crate) dx: i32,
    pub(crate) dy: i32,
}

impl Copy {
    /// Where the pixels come from, when that is inside of a screen of this size.
    pub(crate) fn from(&self, width: u32, height: u32) -> Option<Rect> {
        let x = self.to.x.checked_add_signed(self.dx)?;
        let y = self.to.y.checked_add_signed(self.dy)?;
        let from = Rect { x, y, ..self.to };
        (from.right() <= width && from.bottom() <= height).then_some(from)
    }
}

pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_signed(out: &mut Vec<u8>, value: i32) {
    put_number(out, ((value << 1) ^ (value >> 31)) as u32);
}

pub(crate) fn put_rect(out: &mut Vec<u8>, rect: Rect) {
    for value in [rect.x, rect.y, rect.w, rect.h] {
        put_number(out, value);
    }
}

/// The clear part of a payload, read from its start.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(crate) fn skip(&mut self, length: usize) -> Result<(), DecodeError> {
        if self.bytes.len() - self.at < length {
            return Err(DecodeError::Short);
        }
        self.at += length;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let found = self.rest().first_chunk::<N>().ok_or(DecodeError::Short)?;
        self.at += N;
        Ok(*found)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from(u16::from_be_bytes(self.array()?)))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn rect(&mut self) -> Result<Rect, DecodeError> {
        Ok(Rect { x: self.u16()?, y: self.u16()?, w: self.u16()?, h: self.u16()? })
    }
}
