//! Pictures as Windows' programs have them on the clipboard (`CF_DIB`, `CF_DIBV5`), from and to PNG.
//!
//! What other programs of this computer put there, and what the far side sent, is taken as what it is: bytes that may say
//! anything about themselves. Whatever does not fit together is no picture.

use std::io::Cursor;

use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Limits, Transformations};

/// The most pixels of a picture that is changed from one form into the other. A larger PNG is put there as it is.
pub const MAX_PIXELS: u64 = 16 * 1024 * 1024;
/// The most bytes of a picture in Windows' form: four for a pixel, and what is in front of them.
pub const MAX_DIB: usize = MAX_PIXELS as usize * 4 + 4096;
/// What a decoder of PNG may keep for itself, in bytes.
const MAX_SCRATCH: usize = 16 * 1024 * 1024;

/// Lengths of headers: the oldest that is read, two with masks, and the newest.
const INFO: usize = 40;
const V3: usize = 56;
const V5: usize = 124;
/// How pixels are kept: plainly, by masks for three colours, by masks for four.
const RGB: u32 = 0;
const BIT_FIELDS: u32 = 3;
const ALPHA_BIT_FIELDS: u32 = 6;
/// Ordinary colours (`LCS_sRGB`), shown as pictures are (`LCS_GM_IMAGES`).
const SRGB: u32 = 0x7352_4742;
const IMAGES: u32 = 4;

/// A picture in both of Windows' forms.
#[derive(Debug, PartialEq, Eq)]
pub struct Dibs {
    /// With what shines through, `CF_DIBV5`.
    pub v5: Vec<u8>,
    /// Without, on white, `CF_DIB`.
    pub plain: Vec<u8>,
}

/// Where a colour lies in a pixel, and how finely it is told.
#[derive(Clone, Copy)]
struct Mask {
    shift: u32,
    most: u32,
}

impl Mask {
    /// None where it has holes.
    fn new(mask: u32) -> Option<Self> {
        let shift = if mask == 0 { 0 } else { mask.trailing_zeros() };
        let most = mask >> shift;
        (most & most.wrapping_add(1) == 0).then_some(Self { shift, most })
    }

    /// From 0 to 255; nothing where the picture has none of it.
    fn of(self, pixel: u32) -> Option<u8> {
        let value = u64::from(pixel >> self.shift & self.most);
        let most = u64::from(self.most);
        (most > 0).then(|| ((value * 255 + most / 2) / most) as u8)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A picture of the clipboard as a PNG file; none where it is of a kind that is not read (compressed, or with holes in its
/// colours) or not whole.
#[must_use]
pub fn to_png(dib: &[u8]) -> Option<Vec<u8>> {
    let (size, width, height) = (u32_at(dib, 0)? as usize, u32_at(dib, 4)?, u32_at(dib, 8)?.cast_signed());
    // Rows stand on their heads unless the height is negative.
    let (upright, height) = (height < 0, height.unsigned_abs());
    if dib.len() > MAX_DIB
        || size < INFO
        || u64::from(width) * u64::from(height) > MAX_PIXELS
        || width == 0
        || height == 0
    {
        return None;
    }
    let (bits, kind) = (u16_at(dib, 14)?, u32_at(dib, 16)?);
    let colours = u32_at(dib, 32)? as usize;
    let (masks, behind) = masks(dib, size, bits, kind)?;
    let palette = match bits {
        1 | 4 | 8 if colours == 0 => 1 << bits,
        1 | 4 | 8 if colours > 1 << bits => return None,
        // Also where none is needed there may be one, for screens of few colours.
        _ if colours > 256 => return None,
        _ => colours,
    };
    let table = dib.get(behind..behind.checked_add(palette * 4)?)?;
    let pixels = dib.get(behind + palette * 4..)?;
    let stride = (usize::try_from(width).ok()? * usize::from(bits)).div_ceil(32) * 4;
    let (width_, height_) = (width as usize, height as usize);
    let mut rgba = Vec::with_capacity(width_ * height_ * 4);
    for row in 0..height_ {
        let row = if upright { row } else { height_ - 1 - row };
        let line = pixels.get(row * stride..(row + 1).checked_mul(stride)?)?;
        for x in 0..width_ {
            let [red, green, blue, alpha] = match bits {
                1 | 4 | 8 => {
                    let bits = usize::from(bits);
                    let at = x * bits;
                    let index = usize::from(line[at / 8] >> (8 - bits - at % 8)) & ((1 << bits) - 1);
                    let colour = table.get(index * 4..index * 4 + 3).unwrap_or(&[0; 3]);
                    [colour[2], colour[1], colour[0], 255]
                }
                16 => picked(&masks, u32::from(u16_at(line, x * 2)?)),
                24 => [line[x * 3 + 2], line[x * 3 + 1], line[x * 3], 255],
                32 => picked(&masks, u32_at(line, x * 4)?),
                _ => return None,
            };
            rgba.extend_from_slice(&[red, green, blue, alpha]);
        }
    }
    let alphas = || rgba.iter().skip(3).step_by(4);
    // Where nothing at all can be seen, nobody meant what is in the fourth byte.
    if alphas().all(|alpha| *alpha == 0) || alphas().all(|alpha| *alpha == 255) {
        let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        encoded(width, height, ColorType::Rgb, &rgb)
    } else {
        encoded(width, height, ColorType::Rgba, &rgba)
    }
}

fn picked(masks: &[Mask; 4], pixel: u32) -> [u8; 4] {
    let [red, green, blue, alpha] = masks.map(|mask| mask.of(pixel));
    [red.unwrap_or(0), green.unwrap_or(0), blue.unwrap_or(0), alpha.unwrap_or(255)]
}

/// Where red, green, blue and what shines through lie in a pixel, and where the header ends with all that belongs to it.
fn masks(dib: &[u8], size: usize, bits: u16, kind: u32) -> Option<([Mask; 4], usize)> {
    let all = |masks: [u32; 4]| -> Option<[Mask; 4]> {
        let [red, green, blue, alpha] = masks.map(Mask::new);
        Some([red?, green?, blue?, alpha?])
    };
    match (kind, bits) {
        (RGB, 16) => Some((all([0x7c00, 0x03e0, 0x001f, 0])?, size)),
        (RGB, 1 | 4 | 8 | 24 | 32) => Some((all([0xff_0000, 0xff00, 0xff, 0])?, size)),
        (BIT_FIELDS | ALPHA_BIT_FIELDS, 16 | 32) => {
            let [red, green, blue] = [u32_at(dib, INFO)?, u32_at(dib, INFO + 4)?, u32_at(dib, INFO + 8)?];
            let behind = if kind == BIT_FIELDS { 12 } else { 16 };
            let inside = size >= V3;
            let alpha = if inside || kind == ALPHA_BIT_FIELDS { u32_at(dib, INFO + 12)? } else { 0 };
            let end = if inside { size } else { (INFO + behind).max(size) };
            Some((all([red, green, blue, alpha])?, end))
        }
        _ => None,
    }
}

fn encoded(width: u32, height: u32, colours: ColorType, pixels: &[u8]) -> Option<Vec<u8>> {
    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, width, height);
    encoder.set_color(colours);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(png)
}

/// A PNG file in Windows' forms; none where it is none, or too large.
#[must_use]
pub fn from_png(png: &[u8]) -> Option<Dibs> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), Limits { bytes: MAX_SCRATCH });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16 | Transformations::ALPHA);
    let (width, height) = decoder.read_header_info().ok()?.size();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return None;
    }
    let mut reader = decoder.read_info().ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let shown = reader.next_frame(&mut pixels).ok()?;
    let each = match (shown.color_type, shown.bit_depth) {
        (ColorType::Rgba, BitDepth::Eight) => 4,
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => 2,
        _ => return None,
    };
    if (shown.width, shown.height) != (width, height) {
        return None;
    }
    let (wide, high) = (width as usize, height as usize);
    let stride = (wide * 3).div_ceil(4) * 4;
    let mut v5 = header(V5, width, height, 32);
    let mut plain = header(INFO, width, height, 24);
    v5.reserve(wide * high * 4);
    plain.reserve(stride * high);
    for row in (0..high).rev() {
        let line = pixels.get(row * shown.line_size..row * shown.line_size + wide * each)?;
        for pixel in line.chunks_exact(each) {
            let [red, green, blue, alpha] = match *pixel {
                [red, green, blue, alpha] => [red, green, blue, alpha],
                [grey, alpha] => [grey, grey, grey, alpha],
                _ => return None,
            };
            v5.extend_from_slice(&[blue, green, red, alpha]);
            plain.extend([blue, green, red].map(|colour| on_white(colour, alpha)));
        }
        plain.resize(INFO + (high - row) * stride, 0);
    }
    Some(Dibs { v5, plain })
}

fn on_white(colour: u8, alpha: u8) -> u8 {
    let (colour, alpha) = (u32::from(colour), u32::from(alpha));
    ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

fn header(size: usize, width: u32, height: u32, bits: u32) -> Vec<u8> {
    let kind = if size == V5 { BIT_FIELDS } else { RGB };
    let length = (width * bits).div_ceil(32) * 4 * height;
    // One plane; no measure of it, and no table of colours.
    let mut words = vec![size as u32, width, height, 1 | bits << 16, kind, length, 0, 0, 0, 0];
    if size == V5 {
        words.extend([0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0xff00_0000, SRGB]);
        // What the colours are is said already.
        words.extend([0; 12]);
        words.extend([IMAGES, 0, 0, 0]);
    }
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of 40 bytes, and what is behind it.
    fn dib(width: i32, height: i32, bits: u16, kind: u32, colours: u32, behind: &[&[u8]]) -> Vec<u8> {
        let mut all = Vec::new();
        for word in [40, width, height, 1 | i32::from(bits) << 16, kind as i32, 0, 0, 0, colours as i32, 0] {
            all.extend(word.to_le_bytes());
        }
        all.extend(behind.concat());
        all
    }

    /// By the decoder alone: width, height, bytes for a pixel, pixels.
    fn seen(png: &[u8]) -> (u32, u32, usize, Vec<u8>) {
        let mut reader = Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let shown = reader.next_frame(&mut pixels).unwrap();
        (shown.width, shown.height, shown.color_type.samples(), pixels)
    }

    const RED: [u8; 3] = [255, 0, 0];
    const GREEN: [u8; 3] = [0, 255, 0];
    const BLUE: [u8; 3] = [0, 0, 255];
    const BLACK: [u8; 3] = [0, 0, 0];

    #[test]
    fn every_kind_of_picture_comes_out_as_its_pixels() {
        let four = [RED, GREEN, BLUE, BLACK].concat();
        // The lowest row first, each filled up to four bytes.
        let plain = dib(2, 2, 24, RGB, 0, &[&[255, 0, 0, 0, 0, 0, 9, 9], &[0, 0, 255, 0, 255, 0, 9, 9]]);
        let upright = dib(2, -2, 32, RGB, 0, &[&[0, 0, 255, 7, 0, 255, 0, 7, 255, 0, 0, 7, 0, 0, 0, 7]]);
        let words = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let few = dib(2, 2, 16, RGB, 0, &[&words(&[0x001f, 0, 0x7c00, 0x03e0])]);
        let masks: Vec<u8> =
            [0xf800_u32, 0x07e0, 0x001f].iter().flat_map(|mask| mask.to_le_bytes()).collect();
        let more = dib(2, 2, 16, BIT_FIELDS, 0, &[&masks, &words(&[0x001f, 0, 0xf800, 0x07e0])]);
        let table = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0];
        let eight = dib(2, 2, 8, RGB, 4, &[&table, &[2, 3, 9, 9, 0, 1, 9, 9]]);
        let nibbles = dib(2, 2, 4, RGB, 4, &[&table, &[0x23, 0, 0, 0, 0x01, 0, 0, 0]]);
        for picture in [plain, upright, few, more, eight, nibbles] {
            assert_eq!(seen(&to_png(&picture).unwrap()), (2, 2, 3, four.clone()));
        }
        let ones = dib(3, 1, 1, RGB, 0, &[&[0, 0, 255, 0, 255, 0, 0, 0], &[0b0100_0000, 0, 0, 0]]);
        assert_eq!(seen(&to_png(&ones).unwrap()), (3, 1, 3, [RED, BLUE, RED].concat()));
    }

    #[test]
    fn what_shines_through_comes_and_goes_with_it() {
        let rgba = [255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 0];
        let png = encoded(3, 1, ColorType::Rgba, &rgba).unwrap();
        let Dibs { v5, plain } = from_png(&png).unwrap();
        assert_eq!((v5.len(), plain.len()), (124 + 12, 40 + 12));
        assert_eq!(v5[124..], [0, 0, 255, 255, 0, 255, 0, 128, 255, 0, 0, 0]);
        assert_eq!(plain[40..], [0, 0, 255, 127, 255, 127, 255, 255, 255, 0, 0, 0]);
        assert_eq!(seen(&to_png(&v5).unwrap()), (3, 1, 4, rgba.to_vec()));
        let (.., pixels) = seen(&to_png(&plain).unwrap());
        assert_eq!(pixels, [255, 0, 0, 127, 255, 127, 255, 255, 255]);
        // Where all of it would be invisible, it is not.
        let mut none = v5;
        none.iter_mut().skip(124 + 3).step_by(4).for_each(|alpha| *alpha = 0);
        assert_eq!(seen(&to_png(&none).unwrap()).2, 3);
    }

    #[test]
    fn grey_and_small_pngs_are_pictures_too() {
        let png = encoded(2, 2, ColorType::Grayscale, &[0, 100, 200, 255]).unwrap();
        let Dibs { plain, .. } = from_png(&png).unwrap();
        assert_eq!(plain[40..], [200, 200, 200, 255, 255, 255, 0, 0, 0, 0, 0, 100, 100, 100, 0, 0]);
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_none() {
        let whole = dib(2, 2, 24, RGB, 0, &[&[0; 16]]);
        assert!(to_png(&whole).is_some());
        for length in 0..whole.len() {
            assert_eq!(to_png(&whole[..length]), None, "{length} bytes");
        }
        for (width, height, bits, kind, colours) in [
            (0, 2, 24, RGB, 0),
            (2, 0, 24, RGB, 0),
            (-2, 2, 24, RGB, 0),
            (i32::MAX, i32::MIN, 32, RGB, 0),
            (65536, 65536, 1, RGB, 0),
            (2, 2, 24, 1, 0),
            (2, 2, 24, BIT_FIELDS, 0),
            (2, 2, 13, RGB, 0),
            (2, 2, 8, RGB, 257),
            (2, 2, 32, RGB, u32::MAX),
        ] {
            let picture = dib(width, height, bits, kind, colours, &[&[0; 2048]]);
            assert_eq!(to_png(&picture), None, "{width} {height} {bits} {kind} {colours}");
        }
        // Masks with holes.
        assert_eq!(to_png(&dib(1, 1, 32, BIT_FIELDS, 0, &[&[0x55; 16]])), None);
        let png = encoded(5, 4, ColorType::Rgb, &[7; 60]).unwrap();
        assert!(from_png(&png).is_some());
        assert_eq!(from_png(b"\x89PNG\r\n\x1a\nno picture"), None);
        // Its header takes 33 bytes, and pixels begin after another eight.
        for length in 0..png.len() {
            let read = from_png(&png[..length]);
            assert!(length > 41 || read.is_none(), "{length} bytes");
        }
        // Says that it is larger than may be unfolded; its header's sum is of no matter then.
        for at in 16..24 {
            let mut large = png.clone();
            large[at] = 0x7f;
            let _ = from_png(&large);
        }
    }
}
