//! The viewer's end: turns payloads into a framebuffer. Every byte comes from the far side; whatever does not fit is an
//! error, after which only a frame with a reset can go on.

use zstd::stream::raw::InBuffer;

use crate::filter;
use crate::geometry::Rect;
use crate::stream::Decompressor;
use crate::video::{VideoTicket, VideoUnit};
use crate::wire::{self, Copy, Filter, Reader};

/// What a decoder accepts at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Pixels of a screen. The framebuffer takes four bytes for each.
    pub max_pixels: u64,
    /// Rectangles of a frame.
    pub max_rects: usize,
    /// Copies of a frame.
    pub max_copies: usize,
    /// Bytes of all video units of a frame.
    pub max_video_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 8192 * 8192,
            max_rects: wire::MAX_RECTS,
            max_copies: wire::MAX_COPIES,
            max_video_bytes: 8 << 20,
        }
    }
}

/// What a frame changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The frame started anew, whole.
    pub reset: bool,
    /// The screen has another size than before.
    pub size_changed: bool,
    /// Where pixels of the framebuffer changed, video regions left out. Rectangles may overlap.
    pub dirty: Vec<Rect>,
    /// Pictures to hand to a video decoder, and then to [`Decoder::put`].
    pub video: Vec<VideoUnit>,
    /// Nothing lossy is on the screen.
    pub exact: bool,
}

/// Why a payload was refused.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It ends too early.
    #[error("the frame ends too early")]
    Short,
    /// It goes on after its end.
    #[error("the frame goes on after its end")]
    Long,
    /// A number has no meaning; the word says which.
    #[error("the frame has an invalid {0}")]
    Invalid(&'static str),
    /// A size is over a limit; the word says which.
    #[error("the frame has more {0} than allowed")]
    Limit(&'static str),
    /// The compressed bytes are broken.
    #[error("the frame cannot be decompressed: {0}")]
    Zstd(#[from] std::io::Error),
    /// An earlier frame was refused, or none with a reset has come yet.
    #[error("the frame needs an earlier one that this decoder does not have")]
    NeedsReset,
}

/// Video units that may still be put after newer frames came.
const MAX_PENDING: usize = 64;
/// Rectangles remembered that were written over a pending unit; with more, the unit is given up.
const MAX_COVERS: usize = 64;
/// Bytes decompressed at a time: stays in the cache between zstd and the framebuffer.
const CHUNK: usize = 64 * 1024;

/// A video unit whose picture has not been put yet.
struct Pending {
    ticket: VideoTicket,
    region: Rect,
    /// Parts of the region that newer frames wrote.
    covers: Vec<Rect>,
}

/// Holds what the viewer sees.
pub struct Decoder {
    limits: Limits,
    zstd: Decompressor,
    /// RGBA, rows from the top, without gaps.
    pixels: Vec<u8>,
    width: u32,
    height: u32,
    /// Whether the stream stands; false until a reset and after an error.
    whole: bool,
    update: Update,
    copies: Vec<Copy>,
    rects: Vec<(Rect, Filter)>,
    chunk: Vec<u8>,
    pending: Vec<Pending>,
    next_ticket: VideoTicket,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder without a picture.
    ///
    /// # Errors
    /// [`DecodeError::Zstd`] when memory is short.
    pub fn new(limits: Limits) -> Result<Self, DecodeError> {
        Ok(Self {
            limits,
            zstd: Decompressor::new()?,
            pixels: Vec::new(),
            width: 0,
            height: 0,
            whole: false,
            update: Update::default(),
            copies: Vec::new(),
            rects: Vec::new(),
            chunk: vec![0; CHUNK],
            pending: Vec::new(),
            next_ticket: 1,
        })
    }

    /// Applies one frame's payload.
    ///
    /// # Errors
    /// [`DecodeError`]; the framebuffer may then hold parts of the frame, and every further payload is refused until
    /// one with a reset comes.
    pub fn decode(&mut self, payload: &[u8]) -> Result<&Update, DecodeError> {
        let was_whole = std::mem::replace(&mut self.whole, false);
        self.update.dirty.clear();
        self.update.video.clear();
        let mut reader = Reader::new(payload);
        let flags = reader.u8()?;
        if flags & !wire::ALL_FLAGS != 0 {
            return Err(DecodeError::Invalid("flag"));
        }
        self.update.exact = flags & wire::EXACT != 0;
        self.update.reset = flags & wire::RESET != 0;
        self.update.size_changed = false;
        if self.update.reset {
            let (width, height) = (reader.u16()?, reader.u16()?);
            self.restart(width, height)?;
        } else if !was_whole {
            return Err(DecodeError::NeedsReset);
        }
        if flags & wire::VIDEO != 0 {
            self.read_units(&mut reader)?;
        }
        if flags & wire::PIXELS != 0 {
            self.read_pixels(reader.rest())?;
        } else if !reader.rest().is_empty() {
            return Err(DecodeError::Long);
        }
        self.whole = true;
        self.note_pending();
        Ok(&self.update)
    }

    /// What the last frame changed.
    #[must_use]
    pub fn update(&self) -> &Update {
        &self.update
    }

    /// The picture: RGBA with opaque alpha, rows from the top, without gaps.
    #[must_use]
    pub fn framebuffer(&self) -> &[u8] {
        &self.pixels
    }

    /// Width and height in pixels; zero before the first frame.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Puts the decoded picture of a video unit, RGBA of its region's size, into the framebuffer. Where newer frames
    /// wrote the region meanwhile, theirs stay. Returns whether anything was put; false when the unit is too old or
    /// `rgba` has another length than the region.
    pub fn put(&mut self, ticket: VideoTicket, rgba: &[u8]) -> bool {
        let Some(at) = self.pending.iter().position(|p| p.ticket == ticket) else {
            return false;
        };
        // Units are decoded in their order: the ones before this will never come.
        let unit = self.pending.drain(..=at).next_back().expect("the range has at least one unit");
        let region = unit.region;
        let row = region.w as usize * 4;
        if rgba.len() != row * region.h as usize {
            return false;
        }
        for (y, source) in (region.y..region.bottom()).zip(rgba.chunks_exact(row)) {
            let mut x = region.x;
            while x < region.right() {
                let here = Rect::new(x, y, 1, 1);
                let covered = unit.covers.iter().filter(|c| c.overlaps(here)).map(|c| c.right()).max();
                if let Some(end) = covered {
                    x = end;
                    continue;
                }
                let line = Rect::new(x, y, region.right() - x, 1);
                let end = unit
                    .covers
                    .iter()
                    .filter(|c| c.overlaps(line))
                    .map(|c| c.x)
                    .min()
                    .unwrap_or(region.right());
                let target = self.offset(x, y);
                let bytes = (end - x) as usize * 4;
                let from = (x - region.x) as usize * 4;
                self.pixels[target..target + bytes].copy_from_slice(&source[from..from + bytes]);
                x = end;
            }
        }
        true
    }

    fn offset(&self, x: u32, y: u32) -> usize {
        (y as usize * self.width as usize + x as usize) * 4
    }

    fn restart(&mut self, width: u32, height: u32) -> Result<(), DecodeError> {
        if width == 0 || height == 0 || width > wire::MAX_SIDE || height > wire::MAX_SIDE {
            return Err(DecodeError::Invalid("size"));
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.limits.max_pixels {
            return Err(DecodeError::Limit("pixels"));
        }
        self.zstd.restart()?;
        self.pending.clear();
        self.update.size_changed = (width, height) != (self.width, self.height);
        (self.width, self.height) = (width, height);
        let bytes = usize::try_from(pixels * 4).map_err(|_| DecodeError::Limit("pixels"))?;
        if self.update.size_changed {
            self.pixels = Vec::new();
            self.pixels.try_reserve_exact(bytes).map_err(|_| DecodeError::Limit("pixels"))?;
            self.pixels.resize(bytes, 255);
        }
        self.update.dirty.push(Rect::new(0, 0, width, height));
        Ok(())
    }

    fn read_units(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let count = reader.u8()?;
        if usize::from(count) > wire::MAX_UNITS {
            return Err(DecodeError::Limit("video units"));
        }
        let screen = Rect::new(0, 0, self.width, self.height);
        let mut all = 0;
        for _ in 0..count {
            let region = reader.rect()?;
            if region.is_empty() || !screen.contains(region) {
                return Err(DecodeError::Invalid("video region"));
            }
            let codec = reader.u8()?;
            let keyframe = match reader.u8()? {
                0 => false,
                1 => true,
                _ => return Err(DecodeError::Invalid("video flag")),
            };
            let length = reader.u32()? as usize;
            all += length;
            if all > self.limits.max_video_bytes {
                return Err(DecodeError::Limit("video bytes"));
            }
            let start = reader.at();
            reader.skip(length)?;
            let ticket = self.next_ticket;
            self.next_ticket = self.next_ticket.wrapping_add(1).max(1);
            self.update.video.push(VideoUnit {
                ticket,
                region,
                codec,
                keyframe,
                data: start..start + length,
            });
        }
        Ok(())
    }

    fn read_pixels(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut source = Source {
            zstd: &mut self.zstd,
            input: InBuffer::around(bytes),
            chunk: &mut self.chunk,
            from: 0,
            to: 0,
        };
        let screen = Rect::new(0, 0, self.width, self.height);
        let most = screen.area() * wire::MAX_COVER;
        let copies = source.number()? as usize;
        let rects = source.number()? as usize;
        if copies > self.limits.max_copies {
            return Err(DecodeError::Limit("copies"));
        }
        if rects > self.limits.max_rects {
            return Err(DecodeError::Limit("rectangles"));
        }
        self.copies.clear();
        let mut cover = 0;
        for _ in 0..copies {
            let to = source.rect()?;
            let copy = Copy { to, dx: source.signed()?, dy: source.signed()? };
            if to.is_empty() || !screen.contains(to) || copy.from(self.width, self.height).is_none() {
                return Err(DecodeError::Invalid("copy"));
            }
            cover += to.area();
            self.copies.push(copy);
        }
        if cover > most {
            return Err(DecodeError::Limit("copied pixels"));
        }
        self.rects.clear();
        cover = 0;
        for _ in 0..rects {
            let rect = source.rect()?;
            let filter = Filter::from_byte(source.byte()?).ok_or(DecodeError::Invalid("filter"))?;
            if rect.is_empty() || !screen.contains(rect) {
                return Err(DecodeError::Invalid("rectangle"));
            }
            cover += rect.area();
            self.rects.push((rect, filter));
        }
        if cover > most {
            return Err(DecodeError::Limit("pixels in rectangles"));
        }
        for copy in &self.copies {
            apply_copy(&mut self.pixels, self.width, self.height, copy);
            self.update.dirty.push(copy.to);
        }
        let width = self.width as usize * 4;
        for (rect, filter) in &self.rects {
            let row = rect.w as usize * 4;
            let length = rect.w as usize * filter.bytes();
            for y in rect.y..rect.bottom() {
                let start = y as usize * width + rect.x as usize * 4;
                let (before, here) = self.pixels.split_at_mut(start);
                let above = (y > rect.y).then(|| &before[start - width..start - width + row]);
                filter::read_row(*filter, source.bytes(length)?, above, &mut here[..row]);
            }
            self.update.dirty.push(*rect);
        }
        source.finish()
    }

    /// Remembers this frame's units, and for older ones what this frame wrote over them.
    fn note_pending(&mut self) {
        let Self { pending, update, .. } = self;
        pending.retain_mut(|unit| {
            unit.covers
                .extend(update.dirty.iter().map(|d| d.intersection(unit.region)).filter(|d| !d.is_empty()));
            unit.covers.len() <= MAX_COVERS
        });
        pending.extend(update.video.iter().map(|u| Pending {
            ticket: u.ticket,
            region: u.region,
            covers: Vec::new(),
        }));
        let surplus = pending.len().saturating_sub(MAX_PENDING);
        pending.drain(..surplus);
    }
}

/// Moves pixels within a framebuffer as [`crate::wire`] says. The copy was checked before.
pub(crate) fn apply_copy(pixels: &mut [u8], width: u32, height: u32, copy: &Copy) {
    let Some(from) = copy.from(width, height) else { return };
    let stride = width as usize * 4;
    let row = copy.to.w as usize * 4;
    let mut move_row = |i: u32| {
        let source = (from.y + i) as usize * stride + from.x as usize * 4;
        let target = (copy.to.y + i) as usize * stride + copy.to.x as usize * 4;
        pixels.copy_within(source..source + row, target);
    };
    if copy.dy >= 0 {
        (0..copy.to.h).for_each(&mut move_row);
    } else {
        (0..copy.to.h).rev().for_each(&mut move_row);
    }
}

/// The decompressed bytes of one frame, a chunk at a time.
struct Source<'a> {
    zstd: &'a mut Decompressor,
    input: InBuffer<'a>,
    chunk: &'a mut Vec<u8>,
    from: usize,
    to: usize,
}

impl Source<'_> {
    /// The next `length` bytes, at most [`CHUNK`] (a row of the widest screen).
    fn bytes(&mut self, length: usize) -> Result<&[u8], DecodeError> {
        if self.to - self.from < length {
            self.chunk.copy_within(self.from..self.to, 0);
            self.to -= self.from;
            self.from = 0;
            self.to += self.zstd.read(&mut self.input, &mut self.chunk[self.to..])?;
            if self.to < length {
                return Err(DecodeError::Short);
            }
        }
        let start = self.from;
        self.from += length;
        Ok(&self.chunk[start..self.from])
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.bytes(1)?[0])
    }

    fn number(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            let part = u32::from(byte & 0x7f);
            value |= part
                .checked_shl(shift)
                .filter(|v| v >> shift == part)
                .ok_or(DecodeError::Invalid("number"))?;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Invalid("number"))
    }

    fn signed(&mut self) -> Result<i32, DecodeError> {
        let value = self.number()?;
        Ok((value >> 1) as i32 ^ -((value & 1) as i32))
    }

    fn rect(&mut self) -> Result<Rect, DecodeError> {
        Ok(Rect { x: self.number()?, y: self.number()?, w: self.number()?, h: self.number()? })
    }

    /// Checks that nothing is left: a stream that yields more than was declared is refused.
    fn finish(mut self) -> Result<(), DecodeError> {
        if self.from != self.to {
            return Err(DecodeError::Long);
        }
        let mut one = [0];
        if self.zstd.read(&mut self.input, &mut one)? != 0 || self.input.pos() != self.input.src.len() {
            return Err(DecodeError::Long);
        }
        Ok(())
    }
}
