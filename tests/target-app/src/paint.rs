//! Painting without a display: pixels in memory.

/// Side of the block that changes its colour with each key or button, pixels.
pub const BLOCK: u32 = 200;
/// Side of a cell of the strip that shows the number of the frame, pixels.
pub const STRIP_CELL: u32 = 16;
/// Cells of that strip: bits of the frame's number, Gray-coded, the lowest first.
pub const STRIP_BITS: u32 = 16;

/// Size of a character of the text-like content, pixels.
const CHARACTER: (u32, u32) = (9, 18);

/// A part of the picture, pixels from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

impl Part {
    /// A part by its corner and size.
    #[must_use]
    pub const fn new(x: u32, y: u32, w: u32, h: u32) -> Self {
        Self { x, y, w, h }
    }
}

/// Well-mixed bits from a number.
#[must_use]
pub fn mix(number: u64) -> u64 {
    // A multiplication by an odd constant and two folds, twice: enough that neighbours have nothing in common.
    let mut bits = number.wrapping_add(0x2545_f491_4f6c_dd1d);
    for constant in [0xd6e8_feb8_6659_fd93, 0xa076_1d64_78bd_642f_u64] {
        bits = (bits ^ (bits >> 32)).wrapping_mul(constant);
    }
    bits ^ (bits >> 29)
}

/// A picture of 32 bits a pixel: blue, green, red, 0.
#[derive(Clone, Debug)]
pub struct Canvas {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Rows from the top, without gaps; red in the third byte.
    pub pixels: Vec<u32>,
}

impl Canvas {
    /// A black picture.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, pixels: vec![0; width as usize * height as usize] }
    }

    /// The part of `part` that is in the picture.
    #[must_use]
    pub fn clip(&self, part: Part) -> Part {
        let x = part.x.min(self.width);
        let y = part.y.min(self.height);
        Part { x, y, w: part.w.min(self.width - x), h: part.h.min(self.height - y) }
    }

    /// One colour.
    pub fn fill(&mut self, part: Part, colour: u32) {
        let part = self.clip(part);
        for y in part.y..part.y + part.h {
            self.row(part, y).fill(colour);
        }
    }

    /// A part as bytes, as the display takes them.
    #[must_use]
    pub fn bytes(&self, part: Part) -> Vec<u8> {
        let part = self.clip(part);
        let mut bytes = Vec::with_capacity(part.w as usize * part.h as usize * 4);
        for y in part.y..part.y + part.h {
            let start = y as usize * self.width as usize + part.x as usize;
            bytes.extend(
                self.pixels[start..start + part.w as usize].iter().flat_map(|pixel| pixel.to_le_bytes()),
            );
        }
        bytes
    }

    /// Moves what is in a part up, leaving its last rows as they are.
    pub fn scroll(&mut self, part: Part, rows: u32) {
        let part = self.clip(part);
        for y in part.y..(part.y + part.h).saturating_sub(rows) {
            let from = (y + rows) as usize * self.width as usize + part.x as usize;
            let to = y as usize * self.width as usize + part.x as usize;
            self.pixels.copy_within(from..from + part.w as usize, to);
        }
    }

    /// A line of something like text: the same number gives the same line. Only the rows `rows` of it are painted.
    pub fn line(&mut self, number: u64, at: Part, rows: std::ops::Range<u32>) {
        let style = mix(number);
        let paper = if style.is_multiple_of(11) { 0x00dd_e8ff } else { 0x00ff_ffff };
        let ink = if style.is_multiple_of(7) { 0x0000_33aa } else { 0x0020_2020 };
        let visible = Part { y: at.y, h: rows.len() as u32, ..at };
        self.fill(visible, paper);
        let characters = ((at.w.saturating_sub(12)) / CHARACTER.0).min(40 + (style >> 8) as u32 % 100);
        for column in 0..characters {
            let character = mix(number.wrapping_mul(911).wrapping_add(column.into())) % 34;
            if character > 27 {
                continue;
            }
            let left = at.x + 6 + column * CHARACTER.0;
            self.character(character, (left, at.y), rows.clone(), paper, ink);
        }
    }

    fn character(
        &mut self,
        character: u64,
        (left, top): (u32, u32),
        rows: std::ops::Range<u32>,
        paper: u32,
        ink: u32,
    ) {
        let shape = mix(character * 77 + 5);
        for y in rows.clone() {
            // Rows without ink above and below, as in a line of text.
            if !(4..14).contains(&y) {
                continue;
            }
            for x in 0..CHARACTER.0 - 2 {
                let stroke = (shape >> ((y / 2 * 5 + x / 2) % 60)) & 1 == 1;
                // The edges of a stroke are half ink, as smooth text's are.
                let edge = (x + y) % 2 == 1;
                let colour = match (stroke, edge) {
                    (false, _) => continue,
                    (true, true) => half(paper, ink),
                    (true, false) => ink,
                };
                self.set(left + x, top + y - rows.start, colour);
            }
        }
    }

    /// The strip that shows a frame's number.
    pub fn strip(&mut self, frame: u32) -> Part {
        let gray = frame ^ (frame >> 1);
        for bit in 0..STRIP_BITS {
            let colour = if (gray >> bit) & 1 == 1 { 0x00ff_ffff } else { 0 };
            self.fill(Part::new(bit * STRIP_CELL, 0, STRIP_CELL, STRIP_CELL), colour);
        }
        self.clip(Part::new(0, 0, STRIP_BITS * STRIP_CELL, STRIP_CELL))
    }

    /// One pixel; outside the picture nothing happens.
    pub fn set(&mut self, x: u32, y: u32, colour: u32) {
        if x < self.width && y < self.height {
            self.pixels[y as usize * self.width as usize + x as usize] = colour;
        }
    }

    fn row(&mut self, part: Part, y: u32) -> &mut [u32] {
        let start = y as usize * self.width as usize + part.x as usize;
        &mut self.pixels[start..start + part.w as usize]
    }
}

fn half(a: u32, b: u32) -> u32 {
    ((a & 0x00fe_fefe) >> 1) + ((b & 0x00fe_fefe) >> 1)
}

/// The picture that belongs to a number: 0 is one grey, an odd number a page of something like text between coloured
/// bars, an even one smooth colours with noise, like a photo.
#[must_use]
pub fn pattern(number: u64, width: u32, height: u32) -> Canvas {
    let mut canvas = Canvas::new(width, height);
    let whole = Part::new(0, 0, width, height);
    if number == 0 {
        canvas.fill(whole, 0x0080_8080);
    } else if number % 2 == 1 {
        canvas.fill(whole, 0x0035_506b);
        for bar in 0..16 {
            let colour = (mix(number ^ (bar << 32)) & 0x00ff_ffff) as u32;
            canvas.fill(Part::new(bar as u32 * width / 16, 0, width / 16 + 1, 24), colour);
        }
        let lines = height.saturating_sub(48) / CHARACTER.1;
        for line in 0..lines {
            let at = Part::new(40, 40 + line * CHARACTER.1, width.saturating_sub(80), CHARACTER.1);
            canvas.line(number.wrapping_mul(1_000_003).wrapping_add(line.into()), at, 0..CHARACTER.1);
        }
    } else {
        for y in 0..height {
            for x in 0..width {
                let noise = mix(number ^ (u64::from(y) << 32 | u64::from(x))) as u32 & 0x000f_0f0f;
                let smooth = (x * 255 / width) << 16 | (y * 255 / height) << 8 | (((x + y) / 4) & 255);
                canvas.set(x, y, smooth & 0x00f0_f0f0 | noise);
            }
        }
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_the_same_each_time_and_another_for_another_number() {
        for number in 0..6 {
            assert_eq!(pattern(number, 320, 200).pixels, pattern(number, 320, 200).pixels);
            assert_ne!(pattern(number, 320, 200).pixels, pattern(number + 1, 320, 200).pixels);
        }
    }

    #[test]
    fn no_size_is_too_small() {
        for (width, height) in [(1, 1), (3, 500), (500, 3), (81, 49)] {
            for number in 0..3 {
                assert_eq!(pattern(number, width, height).pixels.len(), (width * height) as usize);
            }
        }
    }

    #[test]
    fn a_part_is_what_is_in_it() {
        let mut canvas = Canvas::new(10, 10);
        canvas.fill(Part::new(8, 8, 9, 9), 0x0001_0203);
        assert_eq!(canvas.bytes(Part::new(9, 9, 5, 5)), [3, 2, 1, 0]);
        canvas.scroll(Part::new(0, 0, 10, 10), 8);
        assert_eq!(canvas.bytes(Part::new(8, 0, 1, 1)), [3, 2, 1, 0]);
    }
}
