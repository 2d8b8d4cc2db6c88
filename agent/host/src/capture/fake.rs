//! A screen that exists in memory only: a test paints on a [`FakeScreen`], its [`FakeCapturer`] reports it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use farhand_protocol::channel::Cursor;

use super::cover::Cover;
use super::{CaptureError, Captured, Capturer, FrameView, Geometry, Happened, Rect, Waker};
use crate::monitors::fake::FakeDesktop;
use crate::monitors::scene::Scene;
use crate::monitors::{Area, Seen, View};

/// The screen, as the test sees it. Cheap to clone; all clones are one screen.
#[derive(Clone, Debug)]
pub struct FakeScreen(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    geometry: Geometry,
    desktop: FakeDesktop,
    pixels: Vec<u8>,
    damage: Vec<Rect>,
    cursor: Cursor,
    at: (i32, i32),
    happened: Happened,
    /// Damage was told and not taken since.
    told: bool,
    failure: Option<CaptureError>,
    grabs: u64,
}

impl FakeScreen {
    /// A black screen with an empty pointer at the top left.
    #[must_use]
    pub fn new(geometry: Geometry) -> Self {
        let state = State {
            geometry,
            desktop: FakeDesktop::default(),
            pixels: black(geometry),
            damage: vec![geometry.bounds()],
            cursor: Cursor { width: 0, height: 0, hot_x: 0, hot_y: 0, rgba: Vec::new() },
            at: (0, 0),
            happened: Happened {
                damage: true,
                cursor_shape: true,
                cursor_moved: true,
                desk: true,
                ..Happened::default()
            },
            told: false,
            failure: None,
            grabs: 0,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))
    }

    /// A capturer of this screen.
    #[must_use]
    pub fn capturer(&self) -> FakeCapturer {
        let mut scene = Scene::default();
        let pixels = {
            let state = self.lock();
            state.put_into(&mut scene);
            state.pixels.clone()
        };
        let seen = scene.seen();
        FakeCapturer {
            screen: self.clone(),
            scene,
            seen,
            cover: Cover::default(),
            shown: Area::default(),
            pixels,
            damage: Vec::new(),
        }
    }

    /// Fills a rectangle with one colour, blue first. What lies outside the screen is left out.
    pub fn fill(&self, rect: Rect, bgrx: [u8; 4]) {
        self.paint(rect, |_, _| bgrx);
    }

    /// Paints a rectangle pixel by pixel; the coordinates given to `colour` are the screen's.
    pub fn paint(&self, rect: Rect, mut colour: impl FnMut(u32, u32) -> [u8; 4]) {
        let mut state = self.lock();
        let Geometry { width, height } = state.geometry;
        let right = rect.x.saturating_add(rect.w).min(width);
        let bottom = rect.y.saturating_add(rect.h).min(height);
        if rect.x >= right || rect.y >= bottom {
            return;
        }
        for y in rect.y..bottom {
            for x in rect.x..right {
                let at = (y as usize * width as usize + x as usize) * 4;
                state.pixels[at..at + 4].copy_from_slice(&colour(x, y));
            }
        }
        state.damage.push(Rect { x: rect.x, y: rect.y, w: right - rect.x, h: bottom - rect.y });
        state.happened.damage = !state.told;
        self.0.changed.notify_all();
    }

    /// Another size; the screen is black then.
    pub fn resize(&self, geometry: Geometry) {
        let mut state = self.lock();
        state.geometry = geometry;
        state.pixels = black(geometry);
        state.damage = vec![geometry.bounds()];
        state.happened.resized = true;
        state.happened.damage = true;
        self.0.changed.notify_all();
    }

    /// Other monitors and windows.
    pub fn set_desktop(&self, desktop: FakeDesktop) {
        let mut state = self.lock();
        state.desktop = desktop;
        state.happened.desk = true;
        self.0.changed.notify_all();
    }

    /// Gives the pointer a shape.
    pub fn set_cursor(&self, cursor: Cursor) {
        let mut state = self.lock();
        state.cursor = cursor;
        state.happened.cursor_shape = true;
        self.0.changed.notify_all();
    }

    /// Moves the pointer.
    pub fn move_cursor(&self, x: i32, y: i32) {
        let mut state = self.lock();
        state.at = (x, y);
        state.happened.cursor_moved = true;
        self.0.changed.notify_all();
    }

    /// Makes every further call of the capturer fail.
    pub fn fail(&self, error: CaptureError) {
        self.lock().failure = Some(error);
        self.0.changed.notify_all();
    }

    /// How often the screen was grabbed.
    #[must_use]
    pub fn grabs(&self) -> u64 {
        self.lock().grabs
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put_into(&self, scene: &mut Scene) {
        scene.set_screen(self.geometry.width, self.geometry.height);
        self.desktop.put_into(scene);
        scene.set_pointer(self.at.0, self.at.1);
    }
}

fn black(geometry: Geometry) -> Vec<u8> {
    vec![0; geometry.width as usize * geometry.height as usize * 4]
}

/// The capturer of a [`FakeScreen`].
#[derive(Debug)]
pub struct FakeCapturer {
    screen: FakeScreen,
    scene: Scene,
    seen: Seen,
    cover: Cover,
    /// The part of the desktop that the last frame shows.
    shown: Area,
    pixels: Vec<u8>,
    damage: Vec<Rect>,
}

impl Capturer for FakeCapturer {
    fn geometry(&self) -> Geometry {
        let Area { width, height, .. } = self.seen.monitors.area;
        Geometry { width, height }
    }

    fn waker(&self) -> Waker {
        let screen = self.screen.clone();
        Waker::new(move || {
            screen.lock().happened.woken = true;
            screen.0.changed.notify_all();
        })
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError> {
        let mut state = self.screen.lock();
        loop {
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            if state.happened.any() {
                state.put_into(&mut self.scene);
                let seen = self.scene.seen();
                if seen != self.seen {
                    state.happened.desk = true;
                    state.happened.damage = !state.told;
                    self.seen = seen;
                }
                state.told |= state.happened.damage;
                return Ok(std::mem::take(&mut state.happened));
            }
            state = match until {
                None => self.screen.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(Happened { timed_out: true, ..Happened::default() });
                    }
                    self.screen.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn grab(&mut self) -> Result<Captured<'_>, CaptureError> {
        let captured_at = Instant::now();
        let stride;
        {
            let mut state = self.screen.lock();
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            state.grabs += 1;
            state.happened.damage = false;
            state.told = false;
            state.put_into(&mut self.scene);
            self.seen = self.scene.seen();
            self.damage.clear();
            self.damage.append(&mut state.damage);
            self.pixels.clone_from(&state.pixels);
            stride = state.geometry.width as usize * 4;
        }
        let area = self.seen.monitors.area;
        let moved = std::mem::replace(&mut self.shown, area) != area;
        let hidden = self.seen.blocked.clone();
        let uncovered = self.cover.uncovered(&hidden);
        let newly = self.cover.put(hidden, &mut self.pixels, stride);
        let as_area =
            |rect: &Rect| Area { x: rect.x as i32, y: rect.y as i32, width: rect.w, height: rect.h };
        let mut changed: Vec<Area> = self.damage.iter().map(as_area).chain(uncovered).chain(newly).collect();
        if moved {
            changed = vec![area];
        }
        let in_frame = |part: Area| Rect {
            x: (part.x - area.x) as u32,
            y: (part.y - area.y) as u32,
            w: part.width,
            h: part.height,
        };
        self.damage = changed.into_iter().filter_map(|part| part.overlap(area)).map(in_frame).collect();
        let start = area.y as usize * stride + area.x as usize * 4;
        let (width, height) = (area.width, area.height);
        let frame = FrameView { pixels: &self.pixels[start..], stride, width, height };
        Ok(Captured { frame, area, damage: &self.damage, captured_at })
    }

    fn cursor(&mut self) -> Result<Cursor, CaptureError> {
        let state = self.screen.lock();
        state.failure.clone().map_or_else(|| Ok(state.cursor.clone()), Err)
    }

    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError> {
        let state = self.screen.lock();
        state.failure.clone().map_or(Ok(state.at), Err)
    }

    fn set_view(&mut self, view: View) -> Result<(), CaptureError> {
        self.scene.set_view(view);
        let mut state = self.screen.lock();
        state.happened.desk = true;
        state.happened.damage = true;
        drop(state);
        self.seen = self.scene.seen();
        self.screen.0.changed.notify_all();
        Ok(())
    }

    fn seen(&self) -> Seen {
        self.seen.clone()
    }
}
