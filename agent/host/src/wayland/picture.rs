//! What the streams have brought so far: each one's pixels, what changed of them, and the pointer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::capture::{CaptureError, Geometry, Happened, MAX_PIXELS, Rect, compare, rects};

/// Bytes of a pixel.
pub const PIXEL: usize = 4;

/// The pointer, as a stream tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Where it is, in the stream's pixels; none while it is elsewhere.
    pub at: Option<(i32, i32)>,
    /// Its picture.
    pub shape: Shape,
}

/// The pointer's picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// As before.
    Same,
    /// None is to be seen.
    #[default]
    Hidden,
    /// Another.
    Pixels {
        /// Alpha, red, green, blue from the highest byte; colours multiplied by alpha.
        pixels: Vec<u32>,
        /// Pixels.
        size: (u16, u16),
        /// The point that it points with.
        hot: (u16, u16),
    },
}

/// One stream's picture.
#[derive(Debug, Default)]
pub struct Part {
    /// Its size, once that is agreed.
    pub size: Option<Geometry>,
    /// Rows without gaps: blue, green, red, nothing. Empty before the first picture of this size.
    pub pixels: Vec<u8>,
    /// What changed and was not taken yet.
    pub damage: Vec<Rect>,
    /// When the newest picture came.
    pub at: Option<Instant>,
}

/// What waits to be taken.
#[derive(Debug, Default)]
pub struct State {
    /// A part for each stream.
    pub parts: Vec<Part>,
    /// Which stream the pointer is on, and where.
    pub pointer: Option<(usize, (i32, i32))>,
    /// Its picture.
    pub shape: Shape,
    /// What `wait` has to tell. A change of the picture is told only once for each time that it is taken.
    pub happened: Happened,
    /// It was told.
    pub told: bool,
    /// A stream has another size.
    pub resized: bool,
    /// Nothing more will come.
    pub gone: Option<CaptureError>,
}

/// The same for the library's thread and the one that captures.
#[derive(Debug, Default)]
pub struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    /// For so many streams.
    pub fn new(streams: usize) -> Self {
        let shared = Self::default();
        shared.lock().parts.resize_with(streams, Part::default);
        shared
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is told that is not known yet, or until the time has come.
    pub fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Option<Instant>) -> MutexGuard<'a, State> {
        match until {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Somebody wants the one who waits.
    pub fn wake(&self) {
        self.lock().happened.woken = true;
        self.changed.notify_all();
    }

    /// Something changed elsewhere that the one who waits looks at.
    pub fn ring(&self) {
        // Under the lock, so that it is not rung between a look and the wait that follows.
        let _state = self.lock();
        self.changed.notify_all();
    }

    /// No more pictures.
    pub fn end(&self, error: CaptureError) {
        self.lock().gone.get_or_insert(error);
        self.changed.notify_all();
    }

    /// A stream failed or was taken away.
    pub fn gone(&self, detail: String) {
        tracing::debug!(detail, "a stream of the screen ended");
        self.end(CaptureError::Gone);
    }

    /// A stream has this size from now on.
    pub fn sized(&self, number: usize, width: u32, height: u32) {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || pixels > MAX_PIXELS {
            return self.end(CaptureError::UnsupportedSize { width, height });
        }
        let mut state = self.lock();
        let Some(part) = state.parts.get_mut(number) else { return };
        let size = Some(Geometry { width, height });
        if part.size != size {
            *part = Part { size, ..Part::default() };
            state.resized = true;
            self.changed.notify_all();
        }
    }

    /// A stream's newest picture; `damage` where that is told.
    pub fn picture(
        &self,
        number: usize,
        pixels: &[u8],
        stride: usize,
        swap: bool,
        damage: Option<Vec<Rect>>,
    ) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(part) = state.parts.get_mut(number) else { return };
        let Some(size) = part.size else { return };
        let row = size.width as usize * PIXEL;
        let swapped: Vec<u8>;
        let (pixels, stride) = if swap {
            swapped = pixels
                .chunks(stride)
                .flat_map(|line| line[..row.min(line.len())].chunks_exact(PIXEL))
                .flat_map(|pixel| [pixel[2], pixel[1], pixel[0], pixel[3]])
                .collect();
            (swapped.as_slice(), row)
        } else {
            (pixels, stride)
        };
        let bounds = size.bounds();
        let mut changed = Vec::new();
        if part.pixels.is_empty() {
            part.pixels = vec![0; row * size.height as usize];
            changed.push(bounds);
        } else if let Some(damage) = damage {
            changed.extend(damage.into_iter().filter_map(|rect| within(rect, bounds)));
        } else {
            compare::differences(&part.pixels, pixels, stride, size.width as usize, &mut changed);
        }
        for rect in &changed {
            let (from, to) = (rect.x as usize * PIXEL, (rect.x + rect.w) as usize * PIXEL);
            for y in rect.y as usize..(rect.y + rect.h) as usize {
                part.pixels[y * row + from..y * row + to]
                    .copy_from_slice(&pixels[y * stride + from..y * stride + to]);
            }
        }
        part.at = Some(Instant::now());
        if changed.is_empty() {
            return;
        }
        part.damage.append(&mut changed);
        rects::tidy(&mut part.damage);
        state.happened.damage |= !state.told;
        drop(guard);
        self.changed.notify_all();
    }

    /// What a stream tells of the pointer.
    pub fn pointer(&self, number: usize, pointer: Pointer) {
        let mut state = self.lock();
        let before = state.pointer;
        match pointer.at {
            Some(at) => state.pointer = Some((number, at)),
            // Another stream may have it by now. Where none has, it stays where it was seen last.
            None => return,
        }
        state.happened.cursor_moved |= state.pointer != before;
        if pointer.shape != Shape::Same && pointer.shape != state.shape {
            state.shape = pointer.shape;
            state.happened.cursor_shape = true;
        }
        if state.happened.any() {
            drop(state);
            self.changed.notify_all();
        }
    }
}

/// The part of a rectangle that is within the picture.
pub fn within(rect: Rect, bounds: Rect) -> Option<Rect> {
    let (x, y) = (rect.x.min(bounds.w), rect.y.min(bounds.h));
    let (w, h) = (rect.w.min(bounds.w - x), rect.h.min(bounds.h - y));
    (w > 0 && h > 0).then_some(Rect { x, y, w, h })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_as_changed_is_taken_and_nothing_beyond_the_picture() {
        let shared = Shared::new(1);
        shared.sized(0, 4, 2);
        shared.picture(0, &[1; 32], 16, false, None);
        assert_eq!(shared.lock().parts[0].damage, [Rect { x: 0, y: 0, w: 4, h: 2 }]);
        shared.lock().parts[0].damage.clear();
        let huge = Rect { x: 3, y: 1, w: u32::MAX, h: u32::MAX };
        shared.picture(0, &[2; 32], 16, false, Some(vec![huge, Rect { x: 9, y: 9, w: 1, h: 1 }]));
        let state = shared.lock();
        assert_eq!(state.parts[0].damage, [Rect { x: 3, y: 1, w: 1, h: 1 }]);
        assert_eq!((state.parts[0].pixels[27], state.parts[0].pixels[28]), (1, 2));
    }

    #[test]
    fn red_first_becomes_blue_first_and_gaps_are_left_out() {
        let shared = Shared::new(1);
        shared.sized(0, 1, 2);
        shared.picture(0, &[1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8], 8, true, None);
        assert_eq!(shared.lock().parts[0].pixels, [3, 2, 1, 4, 7, 6, 5, 8]);
    }

    #[test]
    fn another_size_begins_anew_and_an_impossible_one_ends_it() {
        let shared = Shared::new(1);
        shared.sized(0, 1, 1);
        shared.picture(0, &[1; 4], 4, false, None);
        shared.sized(0, 2, 1);
        assert!(shared.lock().parts[0].pixels.is_empty() && shared.lock().resized);
        shared.sized(0, 16_000, 16_000);
        assert_eq!(shared.lock().gone, Some(CaptureError::UnsupportedSize { width: 16_000, height: 16_000 }));
    }
}
