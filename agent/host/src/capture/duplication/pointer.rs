//! What pointers look like, as Windows describes them, and who of several monitors knows whether there is one.

use farhand_protocol::channel::Cursor;

use super::super::cursor;

/// The largest side of a pointer that is read, pixels.
pub const MAX_SIDE: u32 = 512;
/// Bytes of a pixel with colour.
const PIXEL: usize = 4;

/// How the pixels of a pointer are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One bit each, twice: what stays of the screen, and below it what is turned over on it.
    Plain,
    /// Colours with alpha.
    Colour,
    /// Colours that take the screen's place, and others that are turned over on it.
    Masked,
}

impl Kind {
    /// `DXGI_OUTDUPL_POINTER_SHAPE_TYPE`; nothing where the number means none.
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Plain),
            2 => Some(Self::Colour),
            4 => Some(Self::Masked),
            _ => None,
        }
    }
}

/// A pointer's pixels in memory.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// How they are meant.
    pub kind: Kind,
    /// Pixels a row.
    pub width: u32,
    /// Rows; those of both halves of [`Kind::Plain`].
    pub height: u32,
    /// Bytes from one row to the next.
    pub pitch: usize,
    /// The pixel that points.
    pub hot: (i32, i32),
    /// All of them.
    pub bytes: &'a [u8],
}

impl Shape<'_> {
    /// As the protocol wants it; nothing where size and pixels do not fit together.
    pub fn cursor(&self) -> Option<Cursor> {
        let height = match self.kind {
            Kind::Plain => self.height / 2,
            Kind::Colour | Kind::Masked => self.height,
        };
        let sides = 1..=MAX_SIDE;
        if !sides.contains(&self.width) || !sides.contains(&height) {
            return None;
        }
        let mut pixels = Vec::with_capacity(self.width as usize * height as usize);
        for y in 0..height as usize {
            match self.kind {
                Kind::Plain => {
                    let stays = self.row(y, (self.width as usize).div_ceil(8))?;
                    let turns = self.row(y + height as usize, (self.width as usize).div_ceil(8))?;
                    let bit = |row: &[u8], x: usize| row[x / 8] & (0x80 >> (x % 8)) != 0;
                    pixels.extend(
                        (0..self.width as usize).map(|x| in_black_and_white(bit(stays, x), bit(turns, x))),
                    );
                }
                Kind::Colour => pixels.extend(self.colours(y)?.map(premultiplied)),
                Kind::Masked => pixels.extend(self.colours(y)?.map(masked)),
            }
        }
        let side = |value: u32| u16::try_from(value).ok();
        let hot = |value: i32| u16::try_from(value).unwrap_or(0);
        let size = (side(self.width)?, side(height)?);
        Some(cursor::from_premultiplied(&pixels, size, (hot(self.hot.0), hot(self.hot.1))))
    }

    fn row(&self, y: usize, length: usize) -> Option<&[u8]> {
        let from = y.checked_mul(self.pitch)?;
        self.bytes.get(from..from.checked_add(length)?)
    }

    fn colours(&self, y: usize) -> Option<impl Iterator<Item = u32>> {
        let row = self.row(y, self.width as usize * PIXEL)?;
        Some(row.chunks_exact(PIXEL).map(|p| u32::from_le_bytes([p[0], p[1], p[2], p[3]])))
    }
}

/// A pixel of a pointer in black and white. One that turns the screen's colours over is shown in black.
pub const fn in_black_and_white(stays: bool, turns: bool) -> u32 {
    match (stays, turns) {
        (true, false) => 0,
        (false, true) => 0xffff_ffff,
        (false, false) | (true, true) => 0xff00_0000,
    }
}

/// Colours that are not multiplied by alpha yet: alpha, red, green, blue from the highest byte.
pub fn premultiplied(pixel: u32) -> u32 {
    let alpha = pixel >> 24;
    let part = |shift: u32| ((((pixel >> shift) & 0xff) * alpha + 127) / 255) << shift;
    (alpha << 24) | part(16) | part(8) | part(0)
}

/// With a mask in place of alpha: where it is not set the colour is shown; where it is, the screen is turned over by it,
/// which is shown in black, and nothing where it is black.
const fn masked(pixel: u32) -> u32 {
    match (pixel >> 24 == 0, pixel & 0xff_ffff == 0) {
        (true, _) => pixel | 0xff00_0000,
        (false, true) => 0,
        (false, false) => 0xff00_0000,
    }
}

/// Whether there is a pointer to be drawn: each monitor says so of itself only, and one that has just lost it may say so
/// after the one that got it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Who said it last, when, and what.
    said: Option<(usize, i64, bool)>,
}

impl Shown {
    /// A monitor says whether it has the pointer; the time is its own. Whether that changed anything.
    pub fn say(&mut self, monitor: usize, time: i64, shown: bool) -> bool {
        let before = self.is_hidden();
        let counts = match self.said {
            None => true,
            // Who has it may lose it; another one only tells that it has got it.
            Some((whose, when, there)) => whose == monitor || !there || (shown && time >= when),
        };
        if counts {
            self.said = Some((monitor, time, shown));
        }
        self.is_hidden() != before
    }

    /// Whether it is known that none is drawn: then it is in the picture, if anywhere.
    pub fn is_hidden(&self) -> bool {
        matches!(self.said, Some((_, _, false)))
    }
}
