//! The screen by ScreenCaptureKit: a stream a display, which hands over pictures when something changed, and says where.
//! The pointer is left out of them; its shape and place are asked for by themselves.
//!
//! Pictures come on threads of the system's. They are copied into one picture of the whole desktop, from which a grab takes
//! what changed. What must not be seen is covered there, by the windows as they lie then: pictures show what was a moment
//! ago, so what was covered stays covered for a while.
#![allow(unsafe_code, reason = "the system's calls")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use farhand_protocol::channel::Cursor;
use objc2_app_kit::NSApplication;
use objc2_core_graphics::{CGEvent, CGPreflightScreenCaptureAccess};

use super::{
    Backend, CaptureError, Captured, Capturer, FrameView, Geometry, Happened, MAX_PIXELS, Rect, Waker, cover,
    rects,
};
use crate::macos::Bell;
use crate::macos::layout::Layout;
use crate::monitors::os::Tracker;
use crate::monitors::scene::Scene;
use crate::monitors::{Area, Seen, View};

#[path = "cursor.rs"]
mod shape;
#[path = "stream.rs"]
mod stream;

use stream::{Desk, PIXEL, Streams};

/// How often pointer and windows are looked at: the system tells of neither.
const LOOKS: u32 = 30;
/// The same when nothing has changed for [`RESTS_AFTER`].
const LOOKS_AT_REST: u32 = 10;
const RESTS_AFTER: Duration = Duration::from_secs(2);

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Capturer>, CaptureError> {
    let name = match preference {
        Backend::Auto => return Ok(Box::new(MacCapturer::open()?)),
        Backend::X11 => "X11",
        Backend::Wayland => "Wayland",
        Backend::Scrap => "scrap",
        Backend::Fake => "fake",
    };
    Err(CaptureError::NotHere { name })
}

/// The capturer of the desktop that this program runs on.
#[derive(Debug)]
struct MacCapturer {
    layout: Layout,
    streams: Streams,
    scene: Scene,
    tracker: Tracker,
    /// What was told last.
    seen: Seen,
    cover: cover::Cover,
    /// The whole desktop as it was handed out.
    frame: Vec<u8>,
    rects: Vec<Rect>,
    /// The next grab takes everything.
    whole: bool,
    /// A change was told and not taken yet.
    told: bool,
    cursor: CursorSeen,
    changed: Instant,
    happened: Happened,
    woken: Arc<AtomicBool>,
    bell: Bell,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CursorSeen {
    shape: u64,
    at: (i32, i32),
}

impl MacCapturer {
    fn open() -> Result<Self, CaptureError> {
        if !CGPreflightScreenCaptureAccess() {
            return Err(CaptureError::NotAllowed);
        }
        // The pointer's shape is told only to a program that the window server knows.
        NSApplication::load();
        let (mut scene, mut tracker) = (Scene::default(), Tracker::default());
        let layout = tracker.settle(&mut scene);
        check_size(scene.area())?;
        let bell = Bell::default();
        let streams = Streams::start(&layout, &bell)?;
        Ok(Self {
            frame: vec![0; length(&layout)],
            layout,
            streams,
            seen: scene.seen(),
            scene,
            tracker,
            cover: cover::Cover::default(),
            rects: Vec::new(),
            whole: true,
            told: false,
            cursor: CursorSeen::default(),
            changed: Instant::now(),
            happened: Happened {
                damage: true,
                cursor_shape: true,
                cursor_moved: true,
                desk: true,
                ..Happened::default()
            },
            woken: Arc::default(),
            bell,
        })
    }

    /// Looks at the desktop's displays and windows.
    fn settle(&mut self) -> Result<(), CaptureError> {
        let layout = self.tracker.settle(&mut self.scene);
        if layout != self.layout {
            check_size(Area { x: 0, y: 0, width: layout.width, height: layout.height })?;
            self.streams = Streams::start(&layout, &self.bell)?;
            self.frame = vec![0; length(&layout)];
            self.layout = layout;
            self.cover.forget();
            self.whole = true;
            self.happened.damage = true;
        }
        let seen = self.scene.seen();
        if seen == self.seen {
            return Ok(());
        }
        let (before, after) = (self.seen.monitors.area, seen.monitors.area);
        if before != after {
            self.whole = true;
            self.happened.resized |= (before.width, before.height) != (after.width, after.height);
        }
        if before != after || self.seen.blocked != seen.blocked {
            self.happened.damage = true;
        }
        // Windows are drawn together by another program.
        self.cover.linger(&self.seen, &seen, true, Instant::now());
        tracing::debug!(?seen, "the desktop is another");
        self.happened.desk = true;
        self.seen = seen;
        Ok(())
    }

    fn look_at_cursor(&mut self) {
        let at = self.pointer();
        let now = CursorSeen { shape: shape::fingerprint(), at };
        self.happened.cursor_shape |= now.shape != self.cursor.shape;
        self.happened.cursor_moved |= now.at != self.cursor.at;
        self.cursor = now;
        self.scene.set_pointer(at.0, at.1);
    }

    fn pointer(&self) -> (i32, i32) {
        let event = CGEvent::new(None);
        let at = CGEvent::location(event.as_deref());
        self.layout.to_picture(at.x, at.y)
    }

    /// Takes what changed, and covers what must not be seen.
    fn take(&mut self) -> Result<Instant, CaptureError> {
        self.settle()?;
        let area = self.seen.monitors.area;
        let row = self.layout.width as usize * PIXEL;
        let mut hidden = self.cover.hidden(&self.scene, area);
        let uncovered = self.cover.uncovered(&hidden);
        let taken = {
            let mut desk = self.streams.desk();
            let Desk { pixels, damage, arrived, .. } = &mut *desk;
            self.rects.clear();
            if self.whole {
                damage.clear();
                self.rects.push(rect_of(area));
            } else {
                self.rects.extend(damage.drain(..).filter_map(|part| part.overlap(area)).map(rect_of));
                self.rects.extend(uncovered.into_iter().filter_map(|part| part.overlap(area)).map(rect_of));
                rects::tidy(&mut self.rects);
            }
            for rect in &self.rects {
                copy(pixels, &mut self.frame, row, *rect);
            }
            arrived.unwrap_or_else(Instant::now)
        };
        // A window that came meanwhile may be in the pixels already.
        let layout = self.layout.clone();
        self.tracker.settle_windows(&mut self.scene, &layout);
        cover::gather(&mut hidden, self.scene.hidden(area));
        if self.whole {
            self.cover.forget();
        }
        // What was copied anew over a covered part is covered again with the rest.
        let newly = self.cover.put(hidden, &mut self.frame, row);
        self.rects.extend(newly.into_iter().map(rect_of));
        let (x, y) = (rect_of(area).x, rect_of(area).y);
        for rect in &mut self.rects {
            (rect.x, rect.y) = (rect.x - x, rect.y - y);
        }
        self.whole = false;
        Ok(taken)
    }
}

impl Capturer for MacCapturer {
    fn geometry(&self) -> Geometry {
        let Area { width, height, .. } = self.seen.monitors.area;
        Geometry { width, height }
    }

    fn waker(&self) -> Waker {
        let (woken, bell) = (Arc::clone(&self.woken), self.bell.clone());
        Waker::new(move || {
            woken.store(true, Ordering::SeqCst);
            bell.ring();
        })
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError> {
        loop {
            self.happened.damage |= self.cover.expire(Instant::now());
            self.look_at_cursor();
            self.settle()?;
            self.happened.woken |= self.woken.swap(false, Ordering::SeqCst);
            let area = self.seen.monitors.area;
            {
                let desk = self.streams.desk();
                if let Some(detail) = desk.stopped.clone() {
                    // The person stopped it in the menu bar, took the permission back, or the displays went to sleep.
                    drop(desk);
                    let allowed = CGPreflightScreenCaptureAccess();
                    return Err(if allowed {
                        CaptureError::Refused { detail }
                    } else {
                        CaptureError::NotAllowed
                    });
                }
                if !self.told {
                    self.happened.damage |= desk.damage.iter().any(|part| part.overlap(area).is_some());
                }
            }
            let now = Instant::now();
            if self.happened.any() {
                if self.happened.damage || self.happened.cursor_moved {
                    self.changed = now;
                }
                self.told |= self.happened.damage;
                return Ok(std::mem::take(&mut self.happened));
            }
            if until.is_some_and(|until| until <= now) {
                return Ok(Happened { timed_out: true, ..Happened::default() });
            }
            let resting = now.saturating_duration_since(self.changed) > RESTS_AFTER;
            let next = now + Duration::from_secs(1) / if resting { LOOKS_AT_REST } else { LOOKS };
            let next = [until, self.cover.until()].into_iter().flatten().fold(next, Instant::min);
            self.bell.wait(Some(next));
        }
    }

    fn grab(&mut self) -> Result<Captured<'_>, CaptureError> {
        let captured_at = self.take()?;
        self.told = false;
        self.happened.damage = false;
        let area = self.seen.monitors.area;
        let stride = self.layout.width as usize * PIXEL;
        let corner = rect_of(area);
        let start = corner.y as usize * stride + corner.x as usize * PIXEL;
        let pixels = self.frame.get(start..).unwrap_or_default();
        let frame = FrameView { pixels, stride, width: area.width, height: area.height };
        Ok(Captured { frame, area, damage: &self.rects, captured_at })
    }

    fn cursor(&mut self) -> Result<Cursor, CaptureError> {
        Ok(shape::read())
    }

    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError> {
        Ok(self.pointer())
    }

    fn set_view(&mut self, view: View) -> Result<(), CaptureError> {
        self.scene.set_view(view);
        self.whole = true;
        self.settle()
    }

    fn seen(&self) -> Seen {
        self.seen.clone()
    }
}

fn check_size(area: Area) -> Result<(), CaptureError> {
    let Area { width, height, .. } = area;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(CaptureError::UnsupportedSize { width, height });
    }
    Ok(())
}

fn length(layout: &Layout) -> usize {
    layout.width as usize * layout.height as usize * PIXEL
}

/// A part that lies on the desktop.
fn rect_of(Area { x, y, width, height }: Area) -> Rect {
    Rect { x: x.max(0).unsigned_abs(), y: y.max(0).unsigned_abs(), w: width, h: height }
}

/// Copies a part of one picture of the desktop to the same place of another; `row` bytes a row in both.
fn copy(from: &[u8], to: &mut [u8], row: usize, rect: Rect) {
    let (left, length) = (rect.x as usize * PIXEL, rect.w as usize * PIXEL);
    for y in rect.y as usize..(rect.y + rect.h) as usize {
        let place = y * row + left..y * row + left + length;
        if let (Some(from), Some(to)) = (from.get(place.clone()), to.get_mut(place)) {
            to.copy_from_slice(from);
        }
    }
}
