//! Which parts of the viewer's picture only resemble the screen, because a video codec made them, and since when.

use std::time::Duration;

use crate::geometry::Rect;
use crate::wire::Copy;

/// Sides of a block, pixels.
const BLOCK: u32 = 16;

/// A time for each block that is lossy.
#[derive(Debug, Default)]
pub(crate) struct Lossy {
    width: u32,
    height: u32,
    columns: u32,
    /// When the block was last made lossy, `None` while it is exact.
    since: Vec<Option<Duration>>,
    count: usize,
    /// Blocks that a copy's source has lossy, in its own coordinates.
    moved: Vec<Option<Duration>>,
}

impl Lossy {
    /// A screen of this size, all exact.
    pub(crate) fn restart(&mut self, width: u32, height: u32) {
        (self.width, self.height) = (width, height);
        self.columns = width.div_ceil(BLOCK);
        self.since.clear();
        self.since.resize((self.columns * height.div_ceil(BLOCK)) as usize, None);
        self.count = 0;
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.count == 0
    }

    /// Every block that the rectangle touches is lossy from now on.
    pub(crate) fn mark(&mut self, rect: Rect, now: Duration) {
        for row in rect.y / BLOCK..rect.bottom().div_ceil(BLOCK) {
            for column in rect.x / BLOCK..rect.right().div_ceil(BLOCK) {
                self.put(column, row, Some(now));
            }
        }
    }

    /// The viewer got the exact pixels of the rectangle.
    pub(crate) fn clear(&mut self, rect: Rect) {
        if self.is_exact() {
            return;
        }
        // Blocks at the screen's right and lower edge are smaller.
        let right =
            if rect.right() == self.width { rect.right().div_ceil(BLOCK) } else { rect.right() / BLOCK };
        let bottom =
            if rect.bottom() == self.height { rect.bottom().div_ceil(BLOCK) } else { rect.bottom() / BLOCK };
        for row in rect.y.div_ceil(BLOCK)..bottom {
            for column in rect.x.div_ceil(BLOCK)..right {
                self.put(column, row, None);
            }
        }
    }

    /// The viewer carried out a copy: what is lossy there goes along.
    pub(crate) fn copy(&mut self, copy: &Copy) {
        if self.is_exact() {
            return;
        }
        let Some(from) = copy.from(self.width, self.height) else { return };
        let (columns, rows) = (
            copy.to.x / BLOCK..copy.to.right().div_ceil(BLOCK),
            copy.to.y / BLOCK..copy.to.bottom().div_ceil(BLOCK),
        );
        self.moved.clear();
        for row in rows.clone() {
            for column in columns.clone() {
                let block = Rect::new(column * BLOCK, row * BLOCK, BLOCK, BLOCK).intersection(copy.to);
                let x = block.x - copy.to.x + from.x;
                let y = block.y - copy.to.y + from.y;
                let source = self.newest(Rect { x, y, ..block });
                self.moved.push(source);
            }
        }
        self.clear(copy.to);
        let mut at = 0;
        for row in rows {
            for column in columns.clone() {
                if let Some(since) = self.moved[at] {
                    self.put(column, row, Some(since));
                }
                at += 1;
            }
        }
    }

    fn newest(&self, rect: Rect) -> Option<Duration> {
        let rows = rect.y / BLOCK..rect.bottom().div_ceil(BLOCK);
        let columns = rect.x / BLOCK..rect.right().div_ceil(BLOCK);
        rows.flat_map(|row| columns.clone().filter_map(move |column| self.since[self.at(column, row)])).max()
    }

    fn at(&self, column: u32, row: u32) -> usize {
        (row * self.columns + column) as usize
    }

    fn put(&mut self, column: u32, row: u32, since: Option<Duration>) {
        let at = self.at(column, row);
        self.count -= usize::from(self.since[at].is_some());
        self.count += usize::from(since.is_some());
        self.since[at] = since;
    }

    /// The oldest lossy block's time, `region` left out.
    pub(crate) fn oldest(&self, region: Option<Rect>) -> Option<Duration> {
        if self.is_exact() {
            return None;
        }
        self.blocks(region).map(|(_, since)| since).min()
    }

    /// Lossy blocks and their times, those in `region` left out.
    fn blocks(&self, region: Option<Rect>) -> impl Iterator<Item = (Rect, Duration)> {
        let screen = Rect::new(0, 0, self.width, self.height);
        self.since.iter().enumerate().filter_map(move |(at, since)| {
            let (column, row) = (at as u32 % self.columns, at as u32 / self.columns);
            let block = Rect::new(column * BLOCK, row * BLOCK, BLOCK, BLOCK).intersection(screen);
            (*since)
                .filter(|_| !region.is_some_and(|region| region.overlaps(block)))
                .map(|since| (block, since))
        })
    }

    /// Appends rectangles around blocks that are lossy since `before` or longer, `region` left out, up to about `most`
    /// pixels; from the top.
    pub(crate) fn due(&self, before: Duration, region: Option<Rect>, most: u64, out: &mut Vec<Rect>) {
        if self.is_exact() {
            return;
        }
        let start = out.len();
        let mut pixels = 0;
        for (block, _) in self.blocks(region).filter(|(_, since)| *since <= before) {
            if pixels >= most {
                return;
            }
            pixels += block.area();
            let new = &mut out[start..];
            // The run to the left first; a run that ended joins the one above it when they are as wide.
            match new.last_mut() {
                Some(last) if last.right() == block.x && last.y == block.y && last.h == block.h => {
                    last.w += block.w
                }
                _ => {
                    join_last(out, start);
                    out.push(block);
                }
            }
        }
        join_last(out, start);
    }
}

/// Joins the last rectangle with one that ends where it begins and is as wide.
fn join_last(out: &mut Vec<Rect>, start: usize) {
    let Some((last, others)) = out[start..].split_last_mut() else { return };
    let last = *last;
    let above = others.iter_mut().find(|o| o.x == last.x && o.w == last.w && o.bottom() == last.y);
    if let Some(above) = above {
        above.h += last.h;
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Rect = Rect::new(0, 0, 100, 70);

    fn due(lossy: &Lossy) -> Vec<Rect> {
        let mut out = Vec::new();
        lossy.due(Duration::from_secs(9), None, u64::MAX, &mut out);
        out
    }

    #[test]
    fn marks_grow_to_blocks_and_clearing_shrinks_to_them() {
        let mut lossy = Lossy::default();
        lossy.restart(SCREEN.w, SCREEN.h);
        lossy.mark(Rect::new(20, 20, 20, 20), Duration::from_secs(1));
        assert_eq!(due(&lossy), [Rect::new(16, 16, 32, 32)]);
        lossy.clear(Rect::new(16, 16, 31, 31));
        assert_eq!(due(&lossy).iter().map(|r| r.area()).sum::<u64>(), 3 * 256);
        lossy.clear(SCREEN);
        assert!(lossy.is_exact());
    }

    #[test]
    fn the_edges_of_the_screen_are_cleared_too() {
        let mut lossy = Lossy::default();
        lossy.restart(SCREEN.w, SCREEN.h);
        lossy.mark(SCREEN, Duration::ZERO);
        assert_eq!(due(&lossy), [SCREEN]);
        lossy.clear(Rect::new(96, 64, 4, 6));
        lossy.clear(Rect::new(0, 0, 100, 64));
        lossy.clear(Rect::new(0, 64, 96, 6));
        assert!(lossy.is_exact());
    }

    #[test]
    fn a_copy_takes_what_is_lossy_along() {
        let mut lossy = Lossy::default();
        lossy.restart(SCREEN.w, SCREEN.h);
        lossy.mark(Rect::new(0, 0, 16, 16), Duration::from_secs(2));
        lossy.copy(&Copy { to: Rect::new(40, 40, 16, 16), dx: -40, dy: -40 });
        let there = Rect::new(32, 32, 32, 32);
        assert_eq!(lossy.newest(there), Some(Duration::from_secs(2)));
        lossy.copy(&Copy { to: there, dx: 32, dy: 0 });
        assert_eq!(lossy.newest(there), None);
        assert_eq!(lossy.oldest(None), Some(Duration::from_secs(2)));
        assert_eq!(lossy.oldest(Some(Rect::new(0, 0, 1, 1))), None);
    }
}
