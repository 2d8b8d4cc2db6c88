//! Pointer shapes as the protocol wants them.

use farhand_protocol::channel::{Cursor, MAX_CURSOR};

/// The largest shape that is read at all, pixels a side.
const MAX_SHAPE: u16 = 2048;

/// A shape from pixels of alpha, red, green and blue (from the highest byte), colours multiplied by alpha. A shape over
/// [`MAX_CURSOR`] is made smaller by a whole factor; one whose size and pixels do not fit together is empty.
pub fn from_premultiplied(pixels: &[u32], (width, height): (u16, u16), (hot_x, hot_y): (u16, u16)) -> Cursor {
    let empty = Cursor { width: 0, height: 0, hot_x: 0, hot_y: 0, rgba: Vec::new() };
    if width == 0 || height == 0 || width.max(height) > MAX_SHAPE {
        return empty;
    }
    if pixels.len() != usize::from(width) * usize::from(height) || pixels.iter().all(|pixel| pixel >> 24 == 0)
    {
        return empty;
    }
    let factor = width.max(height).div_ceil(MAX_CURSOR);
    let (small_width, small_height) = (width.div_ceil(factor), height.div_ceil(factor));
    let mut rgba = Vec::with_capacity(usize::from(small_width) * usize::from(small_height) * 4);
    for y in 0..small_height {
        for x in 0..small_width {
            rgba.extend(average(pixels, (width, height), (x * factor, y * factor), factor));
        }
    }
    Cursor {
        width: small_width,
        height: small_height,
        hot_x: (hot_x / factor).min(small_width - 1),
        hot_y: (hot_y / factor).min(small_height - 1),
        rgba,
    }
}

/// The straight colour of a square of pixels.
fn average(pixels: &[u32], (width, height): (u16, u16), (left, top): (u16, u16), side: u16) -> [u8; 4] {
    let mut sum = [0_u32; 4];
    for y in top..(top + side).min(height) {
        for x in left..(left + side).min(width) {
            let [blue, green, red, alpha] =
                pixels[usize::from(y) * usize::from(width) + usize::from(x)].to_le_bytes();
            for (sum, part) in sum.iter_mut().zip([red, green, blue, alpha]) {
                *sum += u32::from(part);
            }
        }
    }
    let [red, green, blue, alpha] = sum;
    if alpha == 0 {
        return [0; 4];
    }
    // Colour over alpha undoes the multiplication; both are sums over the same pixels.
    let straight =
        |colour: u32| ((u64::from(colour) * 255 + u64::from(alpha) / 2) / u64::from(alpha)).min(255) as u8;
    let count = u32::from(side) * u32::from(side);
    [straight(red), straight(green), straight(blue), ((alpha + count / 2) / count).min(255) as u8]
}

#[cfg(test)]
mod tests {
    use super::from_premultiplied;

    #[test]
    fn colours_are_no_longer_multiplied_by_alpha() {
        let cursor = from_premultiplied(&[0xff10_2030, 0x8040_0000, 0, 0x0100_0001], (2, 2), (1, 0));
        assert_eq!((cursor.width, cursor.height, cursor.hot_x, cursor.hot_y), (2, 2, 1, 0));
        assert_eq!(cursor.rgba[0..4], [0x10, 0x20, 0x30, 0xff]);
        assert_eq!(cursor.rgba[4..8], [0x80, 0, 0, 0x80]);
        assert_eq!(cursor.rgba[8..12], [0; 4]);
        assert_eq!(cursor.rgba[12..16], [0, 0, 255, 1]);
    }

    #[test]
    fn a_large_shape_is_made_smaller() {
        let cursor = from_premultiplied(&vec![0xffff_ffff; 200 * 130], (200, 130), (199, 129));
        assert_eq!((cursor.width, cursor.height, cursor.hot_x, cursor.hot_y), (100, 65, 99, 64));
        assert_eq!(cursor.rgba.len(), 100 * 65 * 4);
        assert!(cursor.rgba.iter().all(|byte| *byte == 255));
    }

    #[test]
    fn what_is_invisible_or_makes_no_sense_is_empty() {
        for (pixels, size) in
            [(vec![0; 4], (2, 2)), (vec![!0; 3], (2, 2)), (vec![], (0, 0)), (vec![!0; 9], (9, 0))]
        {
            assert_eq!(from_premultiplied(&pixels, size, (5, 5)).rgba.len(), 0);
        }
    }
}
