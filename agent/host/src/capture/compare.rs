//! What changed between two frames, for back ends that report no damage.

use super::Rect;

/// Height of the bands that are told apart.
const BAND: usize = 32;
/// Bytes of a pixel.
const PIXEL: usize = 4;

/// The smallest rectangle around each run of bands in which `old` and `new` differ. Both are frames of `width` pixels
/// a row, the new one with `stride` bytes a row, the old one without gaps.
pub fn differences(old: &[u8], new: &[u8], stride: usize, width: usize, out: &mut Vec<Rect>) {
    out.clear();
    let row = width * PIXEL;
    if row == 0 {
        return;
    }
    let rows = old.chunks_exact(row).zip(new.chunks(stride).map(|line| &line[..row.min(line.len())]));
    let mut band: Option<Rect> = None;
    for (y, (old, new)) in rows.enumerate() {
        if y % BAND == 0 {
            out.extend(band.take());
        }
        if old == new {
            continue;
        }
        let differs = |pair: &(&[u8], &[u8])| pair.0 != pair.1;
        let pixels = || old.chunks_exact(PIXEL).zip(new.chunks_exact(PIXEL));
        let left = pixels().position(|pair| differs(&pair)).unwrap_or(0);
        let right = width - pixels().rev().position(|pair| differs(&pair)).unwrap_or(0);
        let line = Rect { x: left as u32, y: y as u32, w: (right - left) as u32, h: 1 };
        band = Some(band.map_or(line, |band| band.union(line)));
    }
    out.extend(band);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let old = vec![0; 100 * 100 * PIXEL];
        let mut new = old.clone();
        let mut out = vec![Rect::default()];
        differences(&old, &new, 400, 100, &mut out);
        assert!(out.is_empty());
        for (x, y) in [(10, 3), (20, 5), (99, 99), (0, 99)] {
            new[(y * 100 + x) * PIXEL] = 1;
        }
        differences(&old, &new, 400, 100, &mut out);
        assert_eq!(out, [Rect::new(10, 3, 11, 3), Rect::new(0, 99, 100, 1)]);
    }

    #[test]
    fn gaps_between_rows_do_not_count() {
        let old = vec![0; 2 * 2 * PIXEL];
        let new = [[0; 8], [9; 8], [0; 8], [9; 8]].concat();
        let mut out = Vec::new();
        differences(&old, &new, 16, 2, &mut out);
        assert!(out.is_empty());
    }
}
