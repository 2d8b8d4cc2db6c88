//! Rectangles and frames.

/// A rectangle of pixels, from the top left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Pixels from the left.
    pub x: u32,
    /// Pixels from the top.
    pub y: u32,
    /// Width in pixels.
    pub w: u32,
    /// Height in pixels.
    pub h: u32,
}

impl Rect {
    /// A rectangle by its corner and size.
    #[must_use]
    pub const fn new(x: u32, y: u32, w: u32, h: u32) -> Self {
        Self { x, y, w, h }
    }

    /// The column after the last one.
    #[must_use]
    pub const fn right(self) -> u32 {
        self.x.saturating_add(self.w)
    }

    /// The row after the last one.
    #[must_use]
    pub const fn bottom(self) -> u32 {
        self.y.saturating_add(self.h)
    }

    /// Pixels inside.
    #[must_use]
    pub const fn area(self) -> u64 {
        self.w as u64 * self.h as u64
    }

    /// Whether no pixel is inside.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.w == 0 || self.h == 0
    }

    /// Whether the two have a pixel in common.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
            && !self.is_empty()
            && !other.is_empty()
    }

    /// Whether every pixel of `other` is inside.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// What the two have in common; empty when nothing.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        Self { x, y, w: right.saturating_sub(x), h: bottom.saturating_sub(y) }
    }

    /// The smallest rectangle around both; an empty one does not count.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self { x, y, w: self.right().max(other.right()) - x, h: self.bottom().max(other.bottom()) - y }
    }
}

/// A captured frame: BGRX, 4 bytes a pixel, rows from the top. The fourth byte of a pixel means nothing.
#[derive(Clone, Copy, Debug)]
pub struct FrameView<'a> {
    /// The rows.
    pub pixels: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl<'a> FrameView<'a> {
    /// Whether `pixels` holds what `stride`, `width` and `height` say.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let row = self.width as usize * 4;
        self.width > 0
            && self.height > 0
            && self.stride >= row
            && (self.height as usize - 1)
                .checked_mul(self.stride)
                .and_then(|all| all.checked_add(row))
                .is_some_and(|needed| self.pixels.len() >= needed)
    }

    /// The whole frame.
    #[must_use]
    pub const fn all(&self) -> Rect {
        Rect::new(0, 0, self.width, self.height)
    }

    /// Pixels of the frame.
    #[must_use]
    pub const fn area(&self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The bytes of the pixels `x..x + w` of row `y`.
    ///
    /// # Panics
    /// When they lie outside of the frame.
    #[must_use]
    pub fn row(&self, y: u32, x: u32, w: u32) -> &'a [u8] {
        let start = y as usize * self.stride + x as usize * 4;
        &self.pixels[start..start + w as usize * 4]
    }
}
