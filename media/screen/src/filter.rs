//! What busy rectangles (photos, noise) go through before zstd: planes of a row, green taken from red and blue, and each
//! byte less its neighbour's. Everything else goes as RGBA, which zstd's matches like best.

use crate::wire::Filter;

/// BGRX pixels as opaque RGBA.
pub(crate) fn rgba(bgrx: &[u8], out: &mut [u8]) {
    for (to, from) in out.as_chunks_mut::<4>().0.iter_mut().zip(bgrx.as_chunks::<4>().0) {
        let bgrx = u32::from_le_bytes(*from);
        let rgba = (bgrx & 0xff00) | (bgrx >> 16 & 0xff) | (bgrx & 0xff) << 16 | 0xff00_0000;
        *to = rgba.to_le_bytes();
    }
}

/// Writes one row of RGBA pixels through a filter. `above` is the row before it in the same rectangle, `None` in the
/// first row.
pub(crate) fn write_row(filter: Filter, row: &[u8], above: Option<&[u8]>, out: &mut [u8]) {
    match (filter, above) {
        (Filter::Raw, _) => out.copy_from_slice(row),
        (Filter::Up, Some(above)) => split(row, out, above.as_chunks::<4>().0.iter().copied()),
        (Filter::Left | Filter::Up, _) => {
            let pixels = row.as_chunks::<4>().0;
            split(row, out, std::iter::once([0; 4]).chain(pixels.iter().copied()));
        }
    }
}

fn split(row: &[u8], out: &mut [u8], before: impl Iterator<Item = [u8; 4]>) {
    let pixels = row.as_chunks::<4>().0;
    let (red, rest) = out.split_at_mut(pixels.len());
    let (green, blue) = rest.split_at_mut(pixels.len());
    let outputs = red.iter_mut().zip(green).zip(blue);
    for ((pixel, before), ((red, green), blue)) in pixels.iter().zip(before).zip(outputs) {
        let [r, g, b, _] = planes(*pixel);
        let [r0, g0, b0, _] = planes(before);
        (*red, *green, *blue) = (r.wrapping_sub(r0), g.wrapping_sub(g0), b.wrapping_sub(b0));
    }
}

fn planes([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    [r.wrapping_sub(g), g, b.wrapping_sub(g), a]
}

/// Reads one row that [`write_row`] wrote. `above` as there.
pub(crate) fn read_row(filter: Filter, data: &[u8], above: Option<&[u8]>, out: &mut [u8]) {
    match (filter, above) {
        (Filter::Raw, _) => out.copy_from_slice(data),
        (Filter::Up, Some(above)) => {
            let pixels = out.as_chunks_mut::<4>().0;
            let (red, rest) = data.split_at(pixels.len());
            let (green, blue) = rest.split_at(pixels.len());
            let above = above.as_chunks::<4>().0;
            for ((pixel, above), ((red, green), blue)) in
                pixels.iter_mut().zip(above).zip(red.iter().zip(green).zip(blue))
            {
                let [r, g, b, _] = planes(*above);
                *pixel = joined(r.wrapping_add(*red), g.wrapping_add(*green), b.wrapping_add(*blue));
            }
        }
        (Filter::Left | Filter::Up, _) => {
            let pixels = out.as_chunks_mut::<4>().0;
            let (red, rest) = data.split_at(pixels.len());
            let (green, blue) = rest.split_at(pixels.len());
            let (mut r, mut g, mut b) = (0_u8, 0_u8, 0_u8);
            for (pixel, ((red, green), blue)) in pixels.iter_mut().zip(red.iter().zip(green).zip(blue)) {
                (r, g, b) = (r.wrapping_add(*red), g.wrapping_add(*green), b.wrapping_add(*blue));
                *pixel = joined(r, g, b);
            }
        }
    }
}

fn joined(r: u8, g: u8, b: u8) -> [u8; 4] {
    [r.wrapping_add(g), g, b.wrapping_add(g), 255]
}
