//! Whether pixels look like a photo or like a drawing: the share of sampled pixels that differ from both their left and
//! their upper neighbour. Text stays below a third, photos and video are above a half.

use crate::geometry::{FrameView, Rect};
use crate::wire::Filter;

/// Every so many pixels, both ways, one is looked at.
const STEP: usize = 4;
/// Sides of the blocks into which a large rectangle is cut, to tell its photos from its text.
const BLOCK: u32 = 64;
/// Smaller rectangles are never filtered.
const SMALL: u64 = 8192;

/// Whether more than half of the pixels are unlike their neighbours.
pub(crate) fn is_busy(frame: FrameView<'_>, rect: Rect) -> bool {
    let (mut busy, mut all) = (0, 0);
    for y in (rect.y + 1..rect.bottom()).step_by(STEP) {
        let row = frame.row(y, rect.x, rect.w).as_chunks::<4>().0;
        let above = frame.row(y - 1, rect.x, rect.w).as_chunks::<4>().0;
        // Rows take turns in where they start, so that no pattern of the screen's hides between the samples.
        let start = 1 + (y as usize / STEP) % STEP;
        for x in (start..row.len()).step_by(STEP) {
            let here = &row[x][..3];
            busy += u32::from(here != &row[x - 1][..3] && here != &above[x][..3]);
            all += 1;
        }
    }
    busy * 2 > all
}

/// Appends the rectangle with the filter that suits it; a large one is cut where photo and text meet.
pub(crate) fn classify(
    frame: FrameView<'_>,
    rect: Rect,
    rows: &mut Vec<(Rect, Filter)>,
    out: &mut Vec<(Rect, Filter)>,
) {
    if rect.area() < SMALL || rect.w < 8 || rect.h < 8 {
        out.push((rect, Filter::Raw));
        return;
    }
    // The parts of the row of blocks above, which the next row's may continue.
    rows.clear();
    let mut y = rect.y;
    while y < rect.bottom() {
        let bottom = ((y / BLOCK + 1) * BLOCK).min(rect.bottom());
        let kept = rows.len();
        let mut x = rect.x;
        while x < rect.right() {
            let right = ((x / BLOCK + 1) * BLOCK).min(rect.right());
            let block = Rect::new(x, y, right - x, bottom - y);
            let filter = if is_busy(frame, block) { Filter::Up } else { Filter::Raw };
            match rows[kept..].last_mut() {
                Some((last, before)) if *before == filter => last.w += block.w,
                _ => rows.push((block, filter)),
            }
            x = right;
        }
        let same =
            |(a, b): (&(Rect, Filter), &(Rect, Filter))| a.0.x == b.0.x && a.0.w == b.0.w && a.1 == b.1;
        if kept > 0 && rows.len() == 2 * kept && rows[..kept].iter().zip(&rows[kept..]).all(same) {
            rows.truncate(kept);
            rows.iter_mut().for_each(|(part, _)| part.h += bottom - y);
        } else {
            out.extend(rows.drain(..kept));
        }
        y = bottom;
    }
    out.append(rows);
}
