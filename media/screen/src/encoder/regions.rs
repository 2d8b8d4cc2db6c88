//! Which part of the screen behaves like video. One region at a time; it stays where it is as long as it can, for each
//! new size costs a keyframe.

use std::time::Duration;

use crate::geometry::{FrameView, Rect};

use super::busy::is_busy;
use super::diff::{COLUMN, Changes};

/// Sides of a tile, pixels: a column's width.
const TILE: u32 = COLUMN;
/// Rows of a tile that change at least when it moves.
const MOVING: u32 = TILE / 4;
/// Of the last eight frames, how many a tile must have moved in.
const OFTEN: u32 = 4;
/// The same while the way to the viewer is jammed.
const OFTEN_UNDER_PRESSURE: u32 = 1;
/// Smaller regions are not worth a codec, pixels.
const SMALLEST: u64 = 20_000;
/// Between two keyframes that nothing but our own choice asks for.
const BETWEEN_KEYFRAMES: Duration = Duration::from_secs(1);
/// Pictures in a row with few moving tiles after which a region is no video any more.
const STILL: u32 = 16;

/// The region that goes through the codec.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) rect: Rect,
    /// The next picture must be a keyframe.
    pub(crate) needs_key: bool,
    /// When its pixels changed last.
    changed: Duration,
    /// Pictures in a row with few moving tiles.
    still: u32,
}

/// Watches tiles and decides on the region.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    screen: Rect,
    columns: u32,
    /// For each tile, a bit for each of the last eight frames in which it moved.
    history: Vec<u8>,
    region: Option<Region>,
    last_key: Option<Duration>,
    found: Vec<bool>,
    queue: Vec<(u32, u32)>,
}

impl Tracker {
    pub(crate) fn restart(&mut self, width: u32, height: u32) {
        let screen = Rect::new(0, 0, width, height);
        if screen != self.screen {
            *self =
                Self { screen, columns: width.div_ceil(TILE), last_key: self.last_key, ..Self::default() };
            self.history.resize((self.columns * height.div_ceil(TILE)) as usize, 0);
        }
    }

    pub(crate) fn region(&self) -> Option<Region> {
        self.region
    }

    /// Gives the region up: what is in it counts as lossy, and is compared and repaired like everything else.
    pub(crate) fn give_up(&mut self) {
        self.region = None;
    }

    /// Whether a keyframe may be made now.
    pub(crate) fn may_key(&self, now: Duration) -> bool {
        self.last_key.is_none_or(|last| now.saturating_sub(last) >= BETWEEN_KEYFRAMES)
    }

    /// The region's next picture must be a keyframe.
    pub(crate) fn ask_key(&mut self) {
        if let Some(region) = &mut self.region {
            region.needs_key = true;
        }
    }

    /// A picture of the region was made.
    pub(crate) fn handle_made(&mut self, key: bool, now: Duration) {
        if key {
            self.last_key = Some(now);
        }
        if let Some(region) = &mut self.region {
            region.needs_key &= !key;
            region.changed = now;
        }
    }

    /// Ends the region when it was quiet for so long.
    pub(crate) fn handle_quiet(&mut self, now: Duration, quiet: Duration) {
        if self.region.is_some_and(|region| now.saturating_sub(region.changed) >= quiet) {
            self.region = None;
        }
    }

    /// When the region will be quiet for so long.
    pub(crate) fn quiet_at(&self, quiet: Duration) -> Option<Duration> {
        self.region.map(|region| region.changed + quiet)
    }

    /// Counts a frame: what changed inside of the region. Before anything of it is known to be sent.
    pub(crate) fn observe_inside(&mut self, frame: FrameView<'_>, changes: &Changes) {
        self.history.iter_mut().for_each(|bits| *bits <<= 1);
        let Some(mut region) = self.region else { return };
        let (moving, all) = self.observe(frame, changes, region.rect);
        region.still = if moving * 4 >= all { 0 } else { region.still + u32::from(moving < all) };
        self.region = (region.still < STILL).then_some(region);
    }

    /// Counts what changed elsewhere and was not moved there, and decides where the region is from the next frame on.
    pub(crate) fn observe_outside(
        &mut self,
        frame: FrameView<'_>,
        changes: &Changes,
        now: Duration,
        jammed: bool,
    ) {
        let bounds = changes.bounds();
        let pixels = Rect::new(bounds.x * COLUMN, bounds.y, bounds.w * COLUMN, bounds.h);
        self.observe(frame, changes, pixels.intersection(self.screen));
        let hot = self.hottest(if jammed { OFTEN_UNDER_PRESSURE } else { OFTEN });
        match self.region {
            None => {
                let rect = even(changes.extent(hot.intersection(self.screen)), self.screen);
                if rect.area() > SMALLEST && self.may_key(now) {
                    self.region = Some(Region { rect, needs_key: true, changed: now, still: 0 });
                }
            }
            Some(region) => {
                let rect = even(hot.intersection(self.screen), self.screen);
                let outgrown = rect.area() > SMALLEST && !covers(region.rect, rect);
                let shrunk = rect.area() > SMALLEST && rect.area() * 3 < region.rect.area();
                if (outgrown || shrunk) && self.may_key(now) {
                    let around = Rect::new(
                        rect.x.saturating_sub(TILE),
                        rect.y.saturating_sub(TILE),
                        rect.w + 2 * TILE,
                        rect.h + 2 * TILE,
                    );
                    let rect =
                        if shrunk { around.intersection(region.rect) } else { rect.union(region.rect) };
                    let rect = even(rect, self.screen);
                    self.region = Some(Region { rect, needs_key: true, ..region });
                }
            }
        }
    }

    /// Marks the tiles of `rect` that move; how many they are, and how many there are.
    fn observe(&mut self, frame: FrameView<'_>, changes: &Changes, rect: Rect) -> (u32, u32) {
        let (mut moving, mut all) = (0, 0);
        for row in rect.y / TILE..rect.bottom().div_ceil(TILE) {
            for column in rect.x / TILE..rect.right().div_ceil(TILE) {
                let tile = Rect::new(column * TILE, row * TILE, TILE, TILE).intersection(self.screen);
                let rows = (tile.y..tile.bottom()).filter(|y| changes.differs(column, *y)).count() as u32;
                all += 1;
                if rows >= MOVING && is_busy(frame, tile) {
                    self.history[(row * self.columns + column) as usize] |= 1;
                    moving += 1;
                }
            }
        }
        (moving, all)
    }

    /// The pixels around the largest group of neighbouring tiles that moved often.
    fn hottest(&mut self, often: u32) -> Rect {
        let columns = self.columns;
        self.found.clear();
        self.found.resize(self.history.len(), false);
        let mut best = (0, Rect::default());
        for start in 0..self.history.len() {
            if self.found[start] || self.history[start].count_ones() < often {
                continue;
            }
            let (mut tiles, mut around) = (0, Rect::default());
            self.found[start] = true;
            self.queue.push((start as u32 % columns, start as u32 / columns));
            while let Some((column, row)) = self.queue.pop() {
                tiles += 1;
                around = around.union(Rect::new(column * TILE, row * TILE, TILE, TILE));
                let left = column.checked_sub(1).map(|column| (column, row));
                let right = (column + 1 < columns).then_some((column + 1, row));
                let up = row.checked_sub(1).map(|row| (column, row));
                for (column, row) in [left, right, up, Some((column, row + 1))].into_iter().flatten() {
                    let at = (row * columns + column) as usize;
                    if at < self.history.len() && !self.found[at] && self.history[at].count_ones() >= often {
                        self.found[at] = true;
                        self.queue.push((column, row));
                    }
                }
            }
            if tiles > best.0 {
                best = (tiles, around);
            }
        }
        best.1
    }
}

/// Whether `region` reaches into every tile of `tiles`: its edges may be within the outermost ones.
fn covers(region: Rect, tiles: Rect) -> bool {
    region.x < tiles.x + TILE
        && region.y < tiles.y + TILE
        && region.right() + TILE > tiles.right()
        && region.bottom() + TILE > tiles.bottom()
}

/// The rectangle grown to even sides and corners, as chroma planes of half the size want them.
fn even(rect: Rect, screen: Rect) -> Rect {
    if rect.is_empty() {
        return Rect::default();
    }
    let (x, y) = (rect.x & !1, rect.y & !1);
    let right = rect.right().next_multiple_of(2).min(screen.right() & !1);
    let bottom = rect.bottom().next_multiple_of(2).min(screen.bottom() & !1);
    Rect::new(x, y, right.saturating_sub(x), bottom.saturating_sub(y))
}
