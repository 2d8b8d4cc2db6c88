//! The desktop as desktop duplication hands it out: monitor by monitor, and of each only what changed. All of it that
//! needs no call of the system: where a part of a monitor's picture lies on the desktop, what is handed on of it, what
//! its pointer looks like, and when it is given up for GDI.

use super::Rect;
use super::rects;
use crate::monitors::{Area, parts};

pub mod ladder;
pub mod pointer;

/// Bytes of a pixel.
const PIXEL: usize = 4;
/// More changed parts than this are kept as one around all of them.
const MAX_CHANGED: usize = 256;
/// Pixels a side between those that are looked at to tell an empty picture.
const STEP: usize = 7;

/// How far a monitor was turned by its owner. Its pictures come as they are before that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turned {
    /// Not at all.
    #[default]
    None,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

impl Turned {
    /// `DXGI_MODE_ROTATION`; nothing where the number means none.
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            // Not given is the same as not turned.
            0 | 1 => Some(Self::None),
            2 => Some(Self::Quarter),
            3 => Some(Self::Half),
            4 => Some(Self::ThreeQuarters),
            _ => None,
        }
    }
}

/// A monitor, as its pictures are described.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Where it lies, counted from the desktop's corner.
    pub area: Area,
    /// How it is turned there.
    pub turned: Turned,
}

impl Output {
    /// How large its pictures are.
    pub const fn size(&self) -> (u32, u32) {
        let Area { width, height, .. } = self.area;
        match self.turned {
            Turned::None | Turned::Half => (width, height),
            Turned::Quarter | Turned::ThreeQuarters => (height, width),
        }
    }

    /// A rectangle of the system's in its pictures: what of it lies in one.
    pub fn part(&self, left: i32, top: i32, right: i32, bottom: i32) -> Option<Area> {
        let (width, height) = self.size();
        let length = |from: i32, to: i32| u32::try_from(to.saturating_sub(from)).unwrap_or(0);
        let part = Area { x: left, y: top, width: length(left, right), height: length(top, bottom) };
        part.overlap(Area { x: 0, y: 0, width, height })
    }

    /// The whole of a picture.
    pub const fn whole(&self) -> Area {
        let (width, height) = self.size();
        Area { x: 0, y: 0, width, height }
    }

    /// Where a part of its picture lies on the desktop.
    pub const fn place(&self, part: Area) -> Area {
        let (wide, high) = (self.area.width as i32, self.area.height as i32);
        let Area { x, y, width, height } = part;
        let (right, bottom) = (x + width as i32, y + height as i32);
        let (x, y, width, height) = match self.turned {
            Turned::None => (x, y, width, height),
            Turned::Quarter => (wide - bottom, x, height, width),
            Turned::Half => (wide - right, high - bottom, width, height),
            Turned::ThreeQuarters => (y, high - right, height, width),
        };
        Area { x: self.area.x + x, y: self.area.y + y, width, height }
    }
}

/// A monitor's picture in memory.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Blue, green, red and nothing, from the top.
    pub pixels: &'a [u8],
    /// Bytes from one row to the next.
    pub pitch: usize,
}

/// The pixels of the whole desktop, without anything covered, and what of them was not handed on yet.
#[derive(Debug)]
pub struct Desk {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
    changed: Vec<Area>,
}

impl Desk {
    /// A desktop of this size; where there is no monitor it stays black.
    pub fn new(width: u32, height: u32) -> Self {
        let length = width as usize * height as usize * PIXEL;
        Self { width, height, pixels: vec![0; length], changed: Vec::new() }
    }

    /// All pixels, row by row, without gaps.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    const fn bounds(&self) -> Area {
        Area { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// Takes over this part of a monitor's picture. Whatever lies outside either is left out.
    pub fn put(&mut self, output: &Output, picture: Picture<'_>, part: Area) {
        let Some(part) = part.overlap(output.whole()) else { return };
        let place = output.place(part);
        if place.overlap(self.bounds()) != Some(place) {
            return;
        }
        let row = self.width as usize * PIXEL;
        let (left, top) = (place.x as usize, place.y as usize);
        let (wide, high) = (place.width as usize, place.height as usize);
        for y in 0..part.height as usize {
            let from = (part.y as usize + y) * picture.pitch + part.x as usize * PIXEL;
            let Some(line) = picture.pixels.get(from..from + part.width as usize * PIXEL) else { return };
            let (at, step) = match output.turned {
                Turned::None => {
                    let to = (top + y) * row + left * PIXEL;
                    self.pixels[to..to + line.len()].copy_from_slice(line);
                    continue;
                }
                // Where the row's first pixel goes, and how far it is from each to the next.
                Turned::Quarter => (top * row + (left + wide - 1 - y) * PIXEL, row as isize),
                Turned::Half => {
                    let last = left + wide - 1;
                    ((top + high - 1 - y) * row + last * PIXEL, -(PIXEL as isize))
                }
                Turned::ThreeQuarters => ((top + high - 1) * row + (left + y) * PIXEL, -(row as isize)),
            };
            for (count, pixel) in line.chunks_exact(PIXEL).enumerate() {
                let to = at.wrapping_add_signed(step * count as isize);
                self.pixels[to..to + PIXEL].copy_from_slice(pixel);
            }
        }
        self.changed.push(place);
        if self.changed.len() > MAX_CHANGED {
            self.changed = vec![parts::around(&self.changed)];
        }
    }

    /// Whether anything of this part of the desktop was not handed on yet.
    pub fn changes(&self, area: Area) -> bool {
        self.changed.iter().any(|part| part.overlap(area).is_some())
    }

    /// Hands on what changed in this part of the desktop, and `also`, which is counted from its corner: all of that is
    /// written to `into`, a picture of this part without gaps, and told as `rects`, from its corner. Nothing of the rest
    /// of `into` is touched.
    pub fn hand_on(&mut self, area: Area, also: &[Area], into: &mut [u8], rects: &mut Vec<Rect>) {
        let from_corner = |part: Area| Area { x: part.x - area.x, y: part.y - area.y, ..part };
        let own = Area { x: 0, y: 0, ..area };
        let changed = self.changed.drain(..).map(from_corner);
        let parts = changed.chain(also.iter().copied()).filter_map(|part| part.overlap(own));
        rects.clear();
        rects.extend(parts.map(|part| Rect {
            x: part.x as u32,
            y: part.y as u32,
            w: part.width,
            h: part.height,
        }));
        rects::tidy(rects);
        for rect in rects.iter() {
            self.copy(area, *rect, into);
        }
    }

    /// Copies a rectangle of this part of the desktop into a picture of the part.
    fn copy(&self, area: Area, rect: Rect, into: &mut [u8]) {
        let place =
            Area { x: area.x + rect.x as i32, y: area.y + rect.y as i32, width: rect.w, height: rect.h };
        let Some(place) = place.overlap(self.bounds()) else { return };
        let length = place.width as usize * PIXEL;
        for line in 0..place.height as usize {
            let (x, y) = (place.x as usize, place.y as usize + line);
            let from = (y * self.width as usize + x) * PIXEL;
            let (x, y) = ((place.x - area.x) as usize, (place.y - area.y) as usize + line);
            let to = (y * area.width as usize + x) * PIXEL;
            if let Some(into) = into.get_mut(to..to + length) {
                into.copy_from_slice(&self.pixels[from..from + length]);
            }
        }
    }
}

/// Whether two lists name the same places, in whatever order: monitors that show the same lie in one.
pub fn same_places(some: &[Area], others: &[Area]) -> bool {
    let all_in = |these: &[Area], those: &[Area]| these.iter().all(|place| those.contains(place));
    all_in(some, others) && all_in(others, some)
}

/// Whether a picture of the desktop is of one colour throughout where another one of the same size, had on another way,
/// is not: then nothing arrived that could be a picture.
pub fn is_blank_beside(picture: &[u8], other: &[u8], width: u32) -> bool {
    is_plain(picture, width) && !is_plain(other, width)
}

fn is_plain(picture: &[u8], width: u32) -> bool {
    let row = width as usize * PIXEL;
    if row == 0 {
        return true;
    }
    let seen =
        |line: &[u8]| line.chunks_exact(PIXEL).step_by(STEP).map(|p| [p[0], p[1], p[2]]).collect::<Vec<_>>();
    let mut lines = picture.chunks_exact(row).step_by(STEP).map(seen);
    let Some(first) = lines.next() else { return true };
    let colour = first[0];
    first.iter().all(|pixel| *pixel == colour) && lines.all(|line| line.iter().all(|pixel| *pixel == colour))
}

#[cfg(test)]
#[path = "duplication/tests.rs"]
mod tests;
