//! What truly changed: the damage compared with what the viewer has, by rows of columns 64 pixels wide.

use crate::geometry::{FrameView, Rect};

/// Pixels of a column.
pub(crate) const COLUMN: u32 = 64;

/// One bit for each row of each column that differs, and which pixels of it.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The rows `top..bottom` have bits set, others not.
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

/// Unchanged pixels between two changed ones of a row that are rather sent than skipped.
const GAP: u32 = 24;

impl Changes {
    /// Compares the damaged pixels of `frame` with `viewer`, which has the same size and no gaps.
    pub(crate) fn find(&mut self, frame: FrameView<'_>, viewer: &[u8], damage: &[Rect]) {
        let screen = Rect::new(0, 0, frame.width, frame.height);
        self.words = frame.width.div_ceil(COLUMN).div_ceil(64) as usize;
        self.bits.clear();
        self.bits.resize(self.words * frame.height as usize, 0);
        (self.top, self.bottom) = (frame.height, 0);
        for rect in damage {
            let rect = rect.intersection(screen);
            if rect.is_empty() {
                continue;
            }
            self.top = self.top.min(rect.y);
            self.bottom = self.bottom.max(rect.bottom());
            for y in rect.y..rect.bottom() {
                self.compare_row(frame, viewer, y, rect.x, rect.right());
            }
        }
        self.find_spans(frame, viewer);
    }

    fn compare_row(&mut self, frame: FrameView<'_>, viewer: &[u8], y: u32, from: u32, to: u32) {
        let ours = frame.row(y, 0, frame.width);
        let start = y as usize * ours.len();
        let theirs = &viewer[start..start + ours.len()];
        let all = from as usize * 4..to as usize * 4;
        if ours[all.clone()] == theirs[all] {
            return;
        }
        let bits = &mut self.bits[y as usize * self.words..][..self.words];
        let mut x = from;
        while x < to {
            let column = x / COLUMN;
            let end = ((column + 1) * COLUMN).min(to);
            let part = x as usize * 4..end as usize * 4;
            if ours[part.clone()] != theirs[part] {
                bits[column as usize / 64] |= 1 << (column % 64);
            }
            x = end;
        }
    }

    fn find_spans(&mut self, frame: FrameView<'_>, viewer: &[u8]) {
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
                    let span = Span { from: span.from + x, to: span.to + x };
                    match self.spans[first..].last_mut() {
                        Some(last) if span.from - last.to <= GAP => last.to = span.to,
                        _ => self.spans.push(span),
                    }
                }
            }
        }
        self.starts.push(self.spans.len());
    }

    /// Rows with changed pixels, each with its spans from the left.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &[Span])> {
        (self.top..self.bottom)
            .zip(self.starts.array_windows())
            .map(|(y, [from, to])| (y, &self.spans[*from..*to]))
            .filter(|(_, spans)| !spans.is_empty())
    }
}

/// The first and last pixel in which the two differ, the meaningless fourth byte left out.
fn differing(ours: &[u8], theirs: &[u8]) -> Option<Span> {
    let differs = |(a, b): (&[u8; 4], &[u8; 4])| (u32::from_le_bytes(*a) ^ u32::from_le_bytes(*b)) & 0xff_ffff != 0;
    let (ours, theirs) = (ours.as_chunks::<4>().0, theirs.as_chunks::<4>().0);
    let from = ours.iter().zip(theirs).position(differs)?;
    let last = ours.iter().zip(theirs).rposition(differs)?;
    Some(Span { from: from as u32, to: last as u32 + 1 })
}
