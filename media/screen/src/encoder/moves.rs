//! What moved: scrolled text, dragged windows. A guess only has to be good, not right: whatever a copy leaves wrong is
//! found when the pixels are compared again, and sent.

use crate::decoder::apply_copy;
use crate::geometry::{FrameView, Rect};
use crate::wire::{Copy, MAX_COPIES, MAX_COVER};

use super::diff::{COLUMN, Changes, same, same_from_left, same_from_right};
use super::hash::{Hasher, Table};

/// Changed cells below which no move is looked for: they cost less to send.
const WORTH_A_SEARCH: u32 = 40;
/// Columns of the viewer's picture whose rows are hashed.
const COLUMNS: u32 = 8;
/// Rows of the frame in which every position is looked up for moves in both directions.
const ROWS: u32 = 32;
/// Different moves that are counted in one search.
const MAX_VOTES: usize = 64;
/// Votes that make a move worth a closer look.
const ENOUGH_VOTES: u32 = 3;
/// Moves looked at closely in one search.
const CANDIDATES: usize = 3;
/// Changed cells that a copy must put right.
const WORTH_A_COPY: u32 = 4;
/// Rows, in one part of so many, that may be wrong at a copy's ragged edge.
const RAGGED: u32 = 32;

/// Where pixels come from, relative to where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Move {
    dx: i32,
    dy: i32,
}

/// Finds copies.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    hasher: Hasher,
    table: Table,
    votes: Vec<(Move, u32)>,
    /// For each cell of the bounds, row by row: whether the move gives the frame's pixels.
    fits: Vec<bool>,
    /// Cells: columns from x to right, rows from y to bottom; and how many it puts right.
    parts: Vec<(Rect, u32)>,
    /// Pixels copied in this frame.
    cover: u64,
    /// Where nothing can be taken from.
    ahead: Rect,
}

impl Moves {
    /// Finds moves, carries them out on `viewer`, and appends them to `copies`. `changes` then names the cells that
    /// may still differ. Nothing is taken from `ahead`: there the viewer does not have yet what `viewer` says.
    pub(crate) fn find(
        &mut self,
        frame: FrameView<'_>,
        viewer: &mut [u8],
        changes: &mut Changes,
        ahead: Rect,
        copies: &mut Vec<Copy>,
    ) {
        self.ahead = ahead;
        if changes.count() < WORTH_A_SEARCH {
            return;
        }
        self.cover = 0;
        self.hash_viewer(frame, viewer, changes.bounds());
        self.votes.clear();
        self.vote_vertical(frame, changes);
        self.carry_out(frame, viewer, changes, copies);
        if changes.count() < WORTH_A_SEARCH {
            return;
        }
        self.votes.clear();
        self.vote_anywhere(frame, changes);
        self.carry_out(frame, viewer, changes, copies);
    }

    fn step(bounds: Rect) -> u32 {
        (bounds.w / COLUMNS).max(1)
    }

    fn hash_viewer(&mut self, frame: FrameView<'_>, viewer: &[u8], bounds: Rect) {
        self.table.clear();
        let stride = frame.width as usize * 4;
        for column in (bounds.x..bounds.right()).step_by(Self::step(bounds) as usize) {
            if (column + 1) * COLUMN > frame.width {
                continue;
            }
            for y in bounds.y..bounds.bottom() {
                let start = y as usize * stride + (column * COLUMN) as usize * 4;
                let Some(hash) = self.hasher.hash(&viewer[start..start + COLUMN as usize * 4]) else {
                    continue;
                };
                self.table.insert(hash, column * COLUMN, y);
            }
        }
    }

    fn vote_vertical(&mut self, frame: FrameView<'_>, changes: &Changes) {
        let bounds = changes.bounds();
        for column in (bounds.x..bounds.right()).step_by(Self::step(bounds) as usize) {
            if (column + 1) * COLUMN > frame.width {
                continue;
            }
            let x = column * COLUMN;
            for y in (bounds.y..bounds.bottom()).filter(|y| changes.differs(column, *y)) {
                let Some(hash) = self.hasher.hash(frame.row(y, x, COLUMN)) else { continue };
                match self.table.get(hash) {
                    Some((from_x, from_y)) if from_x == x && from_y != y => {
                        self.vote(Move { dx: 0, dy: from_y.cast_signed() - y.cast_signed() });
                    }
                    _ => {}
                }
            }
        }
    }

    fn vote_anywhere(&mut self, frame: FrameView<'_>, changes: &Changes) {
        let bounds = changes.bounds();
        let step = (bounds.h / ROWS).max(1);
        for y in (bounds.y..bounds.bottom()).step_by(step as usize) {
            // A run of changed columns, and one more at each side: the moved thing's edge is somewhere within.
            let mut column = bounds.x;
            while column < bounds.right() {
                if !changes.differs(column, y) {
                    column += 1;
                    continue;
                }
                let first = column.saturating_sub(1);
                while column < bounds.right() && changes.differs(column, y) {
                    column += 1;
                }
                let from = first * COLUMN;
                let to = ((column + 1) * COLUMN).min(frame.width);
                let Self { hasher, table, votes, .. } = self;
                hasher.roll(frame.row(y, from, to - from), |offset, hash| {
                    let x = from + offset as u32;
                    if let Some((from_x, from_y)) = table.get(hash)
                        && (from_x, from_y) != (x, y)
                    {
                        let dx = from_x.cast_signed() - x.cast_signed();
                        count(votes, Move { dx, dy: from_y.cast_signed() - y.cast_signed() });
                    }
                });
            }
        }
    }

    fn vote(&mut self, which: Move) {
        count(&mut self.votes, which);
    }

    fn carry_out(
        &mut self,
        frame: FrameView<'_>,
        viewer: &mut [u8],
        changes: &mut Changes,
        copies: &mut Vec<Copy>,
    ) {
        self.votes.sort_unstable_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        for i in 0..self.votes.len().min(CANDIDATES) {
            let (which, votes) = self.votes[i];
            if votes < ENOUGH_VOTES || changes.count() < WORTH_A_SEARCH {
                return;
            }
            let bounds = changes.bounds();
            self.find_fits(frame, viewer, bounds, which);
            self.find_parts(changes, bounds);
            self.order(which);
            let first = copies.len();
            for i in 0..self.parts.len() {
                let (part, gain) = self.parts[i];
                let pixels = Rect::new(part.x * COLUMN, part.y, part.w * COLUMN, part.h);
                let done = copies[first..].iter().any(|earlier| earlier.to.contains(pixels));
                if gain >= WORTH_A_COPY && !done && copies.len() < MAX_COPIES {
                    let later = &self.parts[i + 1..];
                    let copy = with_edges(frame, viewer, changes, part, later, which, self.ahead);
                    self.cover += copy.to.area();
                    if self.cover > frame.area() * MAX_COVER {
                        return;
                    }
                    let from = copy.from(frame.width, frame.height).unwrap_or(frame.all());
                    let certain = !copies[first..].iter().any(|earlier| earlier.to.overlaps(from));
                    apply_copy(viewer, frame.width, frame.height, &copy);
                    note(changes, part, &copy, certain);
                    copies.push(copy);
                }
            }
        }
    }

    fn find_fits(&mut self, frame: FrameView<'_>, viewer: &[u8], bounds: Rect, Move { dx, dy }: Move) {
        self.fits.clear();
        let stride = frame.width as usize * 4;
        for y in bounds.y..bounds.bottom() {
            let from_y = y.checked_add_signed(dy).filter(|y| *y < frame.height);
            for column in bounds.x..bounds.right() {
                let x = column * COLUMN;
                let whole = x + COLUMN <= frame.width;
                let from_x = x.checked_add_signed(dx).filter(|x| whole && x + COLUMN <= frame.width);
                self.fits.push(match (from_x, from_y) {
                    (Some(from_x), Some(from_y))
                        if !self.ahead.overlaps(Rect::new(from_x, from_y, COLUMN, 1)) =>
                    {
                        let start = from_y as usize * stride + from_x as usize * 4;
                        same(frame.row(y, x, COLUMN), &viewer[start..start + COLUMN as usize * 4])
                    }
                    _ => false,
                });
            }
        }
    }

    /// Gathers the changed cells that fit into few rectangles. Unchanged ones that fit may be inside: that harms not.
    fn find_parts(&mut self, changes: &Changes, bounds: Rect) {
        self.parts.clear();
        for column in bounds.x..bounds.right() {
            let before = self.parts.len();
            let mut y = bounds.y;
            while y < bounds.bottom() {
                if !(changes.differs(column, y) && self.fits(bounds, column, y)) {
                    y += 1;
                    continue;
                }
                let (top, mut end, mut gain) = (y, y + 1, 0);
                while y < bounds.bottom() && self.fits(bounds, column, y) {
                    if changes.differs(column, y) {
                        (end, gain) = (y + 1, gain + 1);
                    }
                    y += 1;
                }
                let part = Rect::new(column, top, 1, end - top);
                self.add_part(part, gain, bounds, before);
            }
        }
    }

    /// Joins the part with one that ends at its column, when everything that joining adds fits too.
    fn add_part(&mut self, part: Rect, gain: u32, bounds: Rect, before: usize) {
        let joined = self.parts[..before].iter().position(|(other, _)| {
            other.right() == part.x && {
                let all = other.union(part);
                (all.y..all.bottom()).all(|y| (all.x..all.right()).all(|column| self.fits(bounds, column, y)))
            }
        });
        match joined {
            Some(at) => self.parts[at] = (self.parts[at].0.union(part), self.parts[at].1 + gain),
            None => self.parts.push((part, gain)),
        }
    }

    fn fits(&self, bounds: Rect, column: u32, y: u32) -> bool {
        self.fits[((y - bounds.y) * bounds.w + column - bounds.x) as usize]
    }

    /// So that no copy overwrites what a later one reads.
    fn order(&mut self, Move { dx, dy }: Move) {
        let signs = (dx < 0, dy < 0);
        self.parts.sort_unstable_by_key(|(part, _)| {
            let (x, y) = (i64::from(part.x), i64::from(part.y));
            (if signs.1 { -y } else { y }, if signs.0 { -x } else { x })
        });
    }
}

fn count(votes: &mut Vec<(Move, u32)>, which: Move) {
    if let Some((_, count)) = votes.iter_mut().find(|(m, _)| *m == which) {
        *count += 1;
        return;
    }
    if votes.len() == MAX_VOTES {
        votes.retain(|(_, count)| *count > 1);
    }
    if votes.len() < MAX_VOTES {
        votes.push((which, 1));
    }
}

/// The part in pixels, grown to the left and right as far as its rows go on to fit.
fn with_edges(
    frame: FrameView<'_>,
    viewer: &[u8],
    changes: &Changes,
    part: Rect,
    later: &[(Rect, u32)],
    which: Move,
    ahead: Rect,
) -> Copy {
    let mut to = Rect::new(part.x * COLUMN, part.y, part.w * COLUMN, part.h);
    let stride = frame.width as usize * 4;
    let theirs = |x: u32, y: u32, w: u32| {
        let y = y.checked_add_signed(which.dy)?;
        let x = x.checked_add_signed(which.dx)?;
        let start = y as usize * stride + x as usize * 4;
        let there = x + w <= frame.width && !ahead.overlaps(Rect::new(x, y, w, 1));
        there.then(|| &viewer[start..start + w as usize * 4])
    };
    // A column that mostly has parts of its own is left to them: growing into it would overwrite what they read.
    let taken = |column: u32| {
        let rows = |other: Rect| other.intersection(Rect::new(column, part.y, 1, part.h)).area();
        later.iter().map(|(other, _)| rows(*other)).sum::<u64>() * 5 > u64::from(part.h) * 2
    };
    let changed = |column: u32| (part.y..part.bottom()).any(|y| changes.differs(column, y)) && !taken(column);
    let space = frame.width.min(frame.width.saturating_add_signed(-which.dx)) - to.right().min(frame.width);
    let room = COLUMN.min(space.min(frame.width - to.right()));
    if room > 0 && changed(part.right()) {
        let rows = (to.y..to.bottom()).map(|y| {
            let ours = frame.row(y, to.right(), room);
            theirs(to.right(), y, room).map_or(0, |theirs| same_from_left(ours, theirs))
        });
        to.w += most(rows, part.h);
    }
    let room = COLUMN.min(to.x.min(to.x.saturating_add_signed(which.dx)));
    if room > 0 && changed(part.x - 1) {
        let rows = (to.y..to.bottom()).map(|y| {
            let ours = frame.row(y, to.x - room, room);
            theirs(to.x - room, y, room).map_or(0, |theirs| same_from_right(ours, theirs))
        });
        let more = most(rows, part.h);
        to.x -= more;
        to.w += more;
    }
    Copy { to, dx: which.dx, dy: which.dy }
}

/// The largest width that all but a few rows have.
fn most(rows: impl Iterator<Item = usize>, count: u32) -> u32 {
    let mut widths = [0_u32; COLUMN as usize + 1];
    for width in rows {
        widths[width.min(COLUMN as usize)] += 1;
    }
    let mut narrower = 0;
    for (width, rows) in widths.iter().enumerate() {
        narrower += rows;
        if narrower > count / RAGGED {
            return width as u32;
        }
    }
    0
}

/// Notes which cells a copy put right and which have to be compared again. It is certain that the copy does what was
/// seen to fit when no earlier one overwrote its source.
fn note(changes: &mut Changes, part: Rect, copy: &Copy, certain: bool) {
    let columns = copy.to.x / COLUMN..copy.to.right().div_ceil(COLUMN);
    for y in copy.to.y..copy.to.bottom() {
        for column in columns.clone() {
            let inside = (part.x..part.right()).contains(&column);
            changes.set(column, y, !(inside && certain));
        }
    }
}
