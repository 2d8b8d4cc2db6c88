//! What truly changed: the damage compared with what the viewer has, by rows of columns 64 pixels wide.

use crate::geometry::{FrameView, Rect};

/// Pixels of a column.
pub(crate) const COLUMN: u32 = 64;
/// Bits of a pixel that mean something.
const COLOUR: u32 = 0xff_ffff;
/// Unchanged pixels between two changed ones of a row that are rather sent than skipped.
const GAP: u32 = 24;

/// One bit for each cell (a row of a column) that differs, and then which pixels of it.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    width: u32,
    /// Only the rows `top..bottom` have bits set.
    top: u32,
    bottom: u32,
    /// Words of bits a row.
    words: usize,
    bits: Vec<u64>,
    spans: Vec<Span>,
    /// Index of a row's first span in `spans`, from `top` on; one more entry than rows.
    starts: Vec<usize>,
}

/// Pixels `from..to` of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl Changes {
    /// Compares the damaged pixels of `frame` with `viewer`, which has the same size and no gaps.
    pub(crate) fn find(&mut self, frame: FrameView<'_>, viewer: &[u8], damage: &[Rect]) {
        self.width = frame.width;
        self.words = frame.width.div_ceil(COLUMN).div_ceil(64) as usize;
        self.bits.clear();
        self.bits.resize(self.words * frame.height as usize, 0);
        (self.top, self.bottom) = (frame.height, 0);
        for rect in damage {
            let rect = rect.intersection(Rect::new(0, 0, frame.width, frame.height));
            if rect.is_empty() {
                continue;
            }
            for y in rect.y..rect.bottom() {
                if self.compare_row(frame, viewer, y, rect.x, rect.right()) {
                    self.top = self.top.min(y);
                    self.bottom = self.bottom.max(y + 1);
                }
            }
        }
    }

    fn compare_row(&mut self, frame: FrameView<'_>, viewer: &[u8], y: u32, from: u32, to: u32) -> bool {
        let ours = frame.row(y, 0, frame.width);
        let start = y as usize * ours.len();
        let theirs = &viewer[start..start + ours.len()];
        let all = from as usize * 4..to as usize * 4;
        if ours[all.clone()] == theirs[all] {
            return false;
        }
        let bits = &mut self.bits[y as usize * self.words..][..self.words];
        let mut any = false;
        let mut x = from;
        while x < to {
            let column = x / COLUMN;
            let end = ((column + 1) * COLUMN).min(to);
            let part = x as usize * 4..end as usize * 4;
            if !same(&ours[part.clone()], &theirs[part]) {
                bits[column as usize / 64] |= 1 << (column % 64);
                any = true;
            }
            x = end;
        }
        any
    }

    /// How many cells differ.
    pub(crate) fn count(&self) -> u32 {
        self.rows_of_words().map(|word| word.count_ones()).sum()
    }

    fn rows_of_words(&self) -> impl Iterator<Item = &u64> {
        let (top, bottom) = (self.top.min(self.bottom) as usize, self.bottom as usize);
        self.bits[top * self.words..bottom * self.words].iter()
    }

    /// The cells around everything that differs: columns from x to right, rows from y to bottom.
    pub(crate) fn bounds(&self) -> Rect {
        let mut all = vec_or(self.rows_of_words(), self.words);
        let (mut first, mut last) = (u32::MAX, 0);
        for (i, word) in all.by_ref().enumerate().filter(|(_, word)| *word != 0) {
            first = first.min(i as u32 * 64 + word.trailing_zeros());
            last = i as u32 * 64 + 64 - word.leading_zeros();
        }
        Rect::new(first.min(last), self.top, last.saturating_sub(first), self.bottom.saturating_sub(self.top))
    }

    /// Whether this cell differs.
    pub(crate) fn differs(&self, column: u32, y: u32) -> bool {
        self.bits[y as usize * self.words + column as usize / 64] >> (column % 64) & 1 != 0
    }

    /// Notes that a cell has to be compared again, or is known to be equal.
    pub(crate) fn set(&mut self, column: u32, y: u32, differs: bool) {
        let word = &mut self.bits[y as usize * self.words + column as usize / 64];
        let bit = 1 << (column % 64);
        if differs {
            *word |= bit;
            self.top = self.top.min(y);
            self.bottom = self.bottom.max(y + 1);
        } else {
            *word &= !bit;
        }
    }

    /// Finds which pixels differ in the cells that are noted. Those in `hole` do not count.
    pub(crate) fn find_spans(&mut self, frame: FrameView<'_>, viewer: &[u8], hole: Rect) {
        self.settle(hole);
        self.spans.clear();
        self.starts.clear();
        for y in self.top..self.bottom {
            let first = self.spans.len();
            self.starts.push(first);
            for (i, word) in self.bits[y as usize * self.words..][..self.words].iter().enumerate() {
                let mut word = *word;
                while word != 0 {
                    let column = i as u32 * 64 + word.trailing_zeros();
                    word &= word - 1;
                    let x = column * COLUMN;
                    let w = COLUMN.min(frame.width - x);
                    let ours = frame.row(y, x, w);
                    let start = (y as usize * frame.width as usize + x as usize) * 4;
                    let Some(span) = differing(ours, &viewer[start..start + ours.len()]) else { continue };
                    let mut span = Span { from: span.from + x, to: span.to + x };
                    if !hole.is_empty() && (hole.y..hole.bottom()).contains(&y) {
                        // Settled cells are gone: this one lies across an edge of the hole.
                        if x < hole.x {
                            span.to = span.to.min(hole.x.max(span.from));
                        } else {
                            span.from = span.from.max(hole.right().min(span.to));
                        }
                        if span.from == span.to {
                            continue;
                        }
                    }
                    match self.spans[first..].last_mut() {
                        Some(last) if span.from - last.to <= GAP => last.to = span.to,
                        _ => self.spans.push(span),
                    }
                }
            }
        }
        self.starts.push(self.spans.len());
    }

    /// Around the pixels that differ within `core` and go on from it without a gap for at most a column's width, as
    /// the last [`Self::find_spans`] found them.
    pub(crate) fn extent(&self, core: Rect) -> Rect {
        let mut extent = Rect::default();
        if core.is_empty() {
            return extent;
        }
        let (left, right) = (core.x.saturating_sub(COLUMN), core.right() + COLUMN);
        let (top, bottom) = (core.y.saturating_sub(COLUMN), core.bottom() + COLUMN);
        let mut above = Rect::default();
        for (y, spans) in self.rows().filter(|(y, _)| (top..bottom).contains(y)) {
            let touching = spans.iter().filter(|span| span.from < core.right() && span.to > core.x);
            let row = touching
                .map(|span| Rect::new(span.from.max(left), y, span.to.min(right) - span.from.max(left), 1))
                .fold(Rect::default(), Rect::union);
            let wide = row.w * 2 >= core.w;
            if (core.y..core.bottom()).contains(&y) {
                // What led up to the core belongs to it, if it did so without a gap.
                let leads = above.bottom() == y && extent.is_empty();
                extent = extent.union(row).union(if leads { above } else { Rect::default() });
            } else if y < core.y {
                above = match (wide, above.bottom() == y) {
                    (true, true) => above.union(row),
                    (true, false) => row,
                    (false, _) => Rect::default(),
                };
            } else if wide && extent.bottom() == y {
                extent = extent.union(row);
            }
        }
        extent
    }

    /// Whether a pixel of `rect` differs, given that every cell which does is noted.
    pub(crate) fn any_in(&self, frame: FrameView<'_>, viewer: &[u8], rect: Rect) -> bool {
        (rect.y.max(self.top)..rect.bottom().min(self.bottom)).any(|y| {
            let start = (y as usize * self.width as usize + rect.x as usize) * 4;
            let noted =
                (rect.x / COLUMN..rect.right().div_ceil(COLUMN)).any(|column| self.differs(column, y));
            noted && !same(frame.row(y, rect.x, rect.w), &viewer[start..start + rect.w as usize * 4])
        })
    }

    /// Notes that the cells which lie wholly in `rect` are equal.
    pub(crate) fn settle(&mut self, rect: Rect) {
        for y in rect.y.max(self.top)..rect.bottom().min(self.bottom) {
            for column in rect.x.div_ceil(COLUMN)..rect.right() / COLUMN {
                self.set(column, y, false);
            }
        }
    }

    /// Rows with changed pixels, each with its spans from the left.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &[Span])> {
        (self.top..self.bottom)
            .zip(self.starts.array_windows())
            .map(|(y, [from, to])| (y, &self.spans[*from..*to]))
            .filter(|(_, spans)| !spans.is_empty())
    }
}

/// The columns that have a bit in any row, as words.
fn vec_or<'a>(words: impl Iterator<Item = &'a u64>, a_row: usize) -> impl Iterator<Item = u64> {
    /// A screen of [`crate::MAX_SIDE`] has 256 columns.
    const MOST: usize = (crate::MAX_SIDE / COLUMN / 64) as usize;
    let mut all = [0; MOST];
    for (i, word) in words.enumerate() {
        all[i % a_row] |= word;
    }
    all.into_iter()
}

/// Whether the two rows of pixels look the same: the fourth byte of a pixel means nothing.
pub(crate) fn same(ours: &[u8], theirs: &[u8]) -> bool {
    ours == theirs
        || ours
            .as_chunks::<64>()
            .0
            .iter()
            .zip(theirs.as_chunks::<64>().0)
            .all(|(a, b)| difference(a, b) & COLOUR == 0)
            && difference(ours.as_chunks::<64>().1, theirs.as_chunks::<64>().1) & COLOUR == 0
}

fn difference(ours: &[u8], theirs: &[u8]) -> u32 {
    let (ours, theirs) = (ours.as_chunks::<4>().0, theirs.as_chunks::<4>().0);
    ours.iter().zip(theirs).fold(0, |all, (a, b)| all | (u32::from_le_bytes(*a) ^ u32::from_le_bytes(*b)))
}

/// How many pixels from the left look the same.
pub(crate) fn same_from_left(ours: &[u8], theirs: &[u8]) -> usize {
    let (ours, theirs) = (ours.as_chunks::<4>().0, theirs.as_chunks::<4>().0);
    ours.iter().zip(theirs).position(|(a, b)| difference(a, b) & COLOUR != 0).unwrap_or(ours.len())
}

/// How many pixels from the right look the same.
pub(crate) fn same_from_right(ours: &[u8], theirs: &[u8]) -> usize {
    let (ours, theirs) = (ours.as_chunks::<4>().0, theirs.as_chunks::<4>().0);
    let last = ours.iter().zip(theirs).rposition(|(a, b)| difference(a, b) & COLOUR != 0);
    last.map_or(ours.len(), |last| ours.len() - 1 - last)
}

/// From the first to the last pixel in which the two differ.
fn differing(ours: &[u8], theirs: &[u8]) -> Option<Span> {
    if ours == theirs {
        return None;
    }
    let from = same_from_left(ours, theirs);
    let to = ours.len() / 4 - same_from_right(ours, theirs);
    (from < to).then_some(Span { from: from as u32, to: to as u32 })
}
