//! The crate `scrap`: the baseline that the other back ends are measured against.
//!
//! It reports neither damage nor the pointer nor a change of the screen's size, and it does not tell when the display
//! server is gone. So the screen is looked at [`LOOKS`] times a second and compared; a screen that changes its size
//! must be opened anew.
#![allow(unsafe_code)]

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farhand_protocol::channel::Cursor;

use super::{
    CaptureError, Captured, Capturer, FrameView, Geometry, Happened, MAX_PIXELS, Rect, Waker, compare,
};
use crate::monitors::scene::Scene;
use crate::monitors::{Area, Seen, Share, View};

/// Looks at the screen a second while somebody waits for a change.
const LOOKS: u32 = 30;

/// The capturer of whatever display `scrap` finds.
pub struct ScrapCapturer {
    capturer: Owned,
    geometry: Geometry,
    /// The frame that was handed out last.
    frame: Vec<u8>,
    rects: Vec<Rect>,
    /// Whether anything was handed out yet.
    whole: bool,
    /// A change was told and not yet taken.
    told: bool,
    happened: Happened,
    bell: Arc<Bell>,
}

#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<bool>,
    ringing: Condvar,
}

struct Owned(scrap::Capturer);

// SAFETY: what keeps `scrap::Capturer` from being sent is an `Rc` of its connection, all clones of which are inside this
// one value, and a pointer into shared memory that belongs to it; none of them is tied to a thread.
unsafe impl Send for Owned {}

impl ScrapCapturer {
    /// Opens the environment's display.
    pub fn open() -> Result<Self, CaptureError> {
        let name = || std::env::var("DISPLAY").unwrap_or_default();
        if name().is_empty() {
            return Err(CaptureError::NoDisplay);
        }
        let display = scrap::Display::primary().map_err(|_| CaptureError::Unreachable { display: name() })?;
        let geometry = Geometry {
            width: u32::try_from(display.width()).unwrap_or(0),
            height: u32::try_from(display.height()).unwrap_or(0),
        };
        let pixels = u64::from(geometry.width) * u64::from(geometry.height);
        if pixels == 0 || pixels > MAX_PIXELS {
            return Err(CaptureError::UnsupportedSize { width: geometry.width, height: geometry.height });
        }
        let capturer = scrap::Capturer::new(display)
            .map_err(|error| CaptureError::NoMemory { detail: error.to_string() })?;
        Ok(Self {
            capturer: Owned(capturer),
            geometry,
            frame: vec![0; geometry.width as usize * geometry.height as usize * 4],
            rects: Vec::new(),
            whole: true,
            told: false,
            happened: Happened {
                damage: true,
                cursor_shape: true,
                cursor_moved: true,
                ..Happened::default()
            },
            bell: Arc::default(),
        })
    }

    /// Sleeps until the time or the bell. Whether it rang.
    fn sleep(&self, until: Instant) -> bool {
        let rung = self.bell.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.saturating_duration_since(Instant::now());
        let (mut rung, _) = self
            .bell
            .ringing
            .wait_timeout_while(rung, left, |rung| !*rung)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *rung)
    }
}

impl Capturer for ScrapCapturer {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn waker(&self) -> Waker {
        let bell = Arc::clone(&self.bell);
        Waker::new(move || {
            *bell.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
            bell.ringing.notify_all();
        })
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError> {
        loop {
            self.happened.woken |= self.sleep(Instant::now());
            if self.happened.any() {
                self.told |= self.happened.damage;
                return Ok(std::mem::take(&mut self.happened));
            }
            if !self.told {
                let (frame, stride) = fresh(&mut self.capturer, self.geometry)?;
                compare::differences(
                    &self.frame,
                    &frame,
                    stride,
                    self.geometry.width as usize,
                    &mut self.rects,
                );
                self.happened.damage = !self.rects.is_empty();
                if self.happened.damage {
                    continue;
                }
            }
            let now = Instant::now();
            if until.is_some_and(|until| until <= now) {
                return Ok(Happened { timed_out: true, ..Happened::default() });
            }
            let next = now + Duration::from_secs(1) / LOOKS;
            self.happened.woken = self.sleep(until.map_or(next, |until| until.min(next)));
        }
    }

    fn grab(&mut self) -> Result<Captured<'_>, CaptureError> {
        let captured_at = Instant::now();
        self.told = false;
        self.happened.damage = false;
        let Geometry { width, height } = self.geometry;
        let row = width as usize * 4;
        let (fresh, stride) = fresh(&mut self.capturer, self.geometry)?;
        if std::mem::take(&mut self.whole) {
            self.rects = vec![self.geometry.bounds()];
        } else {
            compare::differences(&self.frame, &fresh, stride, width as usize, &mut self.rects);
        }
        for (old, new) in self.frame.chunks_exact_mut(row).zip(fresh.chunks(stride)) {
            old.copy_from_slice(&new[..row]);
        }
        let frame = FrameView { pixels: &self.frame, stride: row, width, height };
        let area = Area { x: 0, y: 0, width, height };
        Ok(Captured { frame, area, damage: &self.rects, captured_at })
    }

    fn cursor(&mut self) -> Result<Cursor, CaptureError> {
        Ok(Cursor { width: 0, height: 0, hot_x: 0, hot_y: 0, rgba: Vec::new() })
    }

    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError> {
        Ok((0, 0))
    }

    fn set_view(&mut self, view: View) -> Result<(), CaptureError> {
        // It knows no windows: it could keep none out of the picture.
        match view.share {
            Share::Everything if view.rules.is_empty() => Ok(()),
            Share::Everything | Share::Monitor(_) | Share::Window(_) => {
                Err(CaptureError::OnlyWhole { name: "scrap" })
            }
        }
    }

    fn seen(&self) -> Seen {
        let Geometry { width, height } = self.geometry;
        let mut scene = Scene::default();
        scene.set_screen(width, height);
        scene.seen()
    }
}

/// The screen now, and the bytes from one row to the next.
fn fresh(capturer: &mut Owned, geometry: Geometry) -> Result<(scrap::Frame<'_>, usize), CaptureError> {
    let refused = |error: std::io::Error| CaptureError::Refused { detail: error.to_string() };
    // A frame is the answer to the request before the last: the first one is old.
    let _ = capturer.0.frame().map_err(refused)?;
    let frame = capturer.0.frame().map_err(refused)?;
    let stride = frame.len() / geometry.height as usize;
    Ok((frame, stride))
}
