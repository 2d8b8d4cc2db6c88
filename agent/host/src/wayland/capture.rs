//! The screen by the portal's PipeWire streams, one for each monitor or window that the desktop gave.
//!
//! Which of them there are the customer chose in the desktop's own window; no program knows the others, nor what other
//! windows there are. So no part of a picture can be covered because of a window, and whoever needs that gets nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farhand_protocol::channel::Cursor;
use farhand_protocol::channel::monitors as told;

use super::picture::{PIXEL, Part, Shape, Shared};
use super::pipewire::remote::Remote;
use super::portal::{Desk, Given, Place, Source};
use crate::capture::{
    CaptureError, Captured, Capturer, FrameView, Geometry, Happened, MAX_PIXELS, Rect, Waker, cover, cursor,
};
use crate::monitors::scene::Scene;
use crate::monitors::{Area, Monitor, Seen, Share, View};

/// The first pictures come within this time, or it is begun anew: a compositor may pass over a screen on which nothing
/// moves, and shows it to who asks again.
const FIRST_WITHIN: Duration = Duration::from_secs(5);

/// The capturer of what the desktop agreed to show.
pub struct WaylandCapturer {
    desk: Arc<Desk>,
    given: Arc<Given>,
    shared: Arc<Shared>,
    scene: Scene,
    /// What was told last.
    seen: Seen,
    cover: cover::Cover,
    /// All sources side by side, as they are on the desktop. Rows without gaps.
    frame: Vec<u8>,
    desktop: Geometry,
    places: Vec<Area>,
    /// The next grab takes everything.
    whole: bool,
    rects: Vec<Rect>,
    at: (i32, i32),
    /// Where the pointer was when the scene was told of it.
    followed: (i32, i32),
    /// Last, so that nothing arrives any more before the rest is dropped.
    _remote: Remote,
}

impl WaylandCapturer {
    /// Begins to take the pictures of what the desktop agreed to.
    pub fn open(bus: Option<&str>) -> Result<Self, CaptureError> {
        let desk = Desk::of(bus);
        let given = desk.given()?;
        let shared = Arc::new(Shared::new(given.sources.len()));
        shared.lock().shape = given.shape().clone();
        desk.tell(&shared);
        let nodes: Vec<u32> = given.sources.iter().map(|source| source.node).collect();
        let remote = Remote::connect(given.open_remote()?, &nodes, &shared)
            .map_err(|detail| CaptureError::NoPipeWire { detail })?;
        let mut capturer = Self {
            desk,
            given,
            shared,
            scene: Scene::default(),
            seen: Scene::default().seen(),
            cover: cover::Cover::default(),
            frame: Vec::new(),
            desktop: Geometry { width: 0, height: 0 },
            places: Vec::new(),
            whole: true,
            rects: Vec::new(),
            at: (0, 0),
            followed: (0, 0),
            _remote: remote,
        };
        capturer.first()?;
        capturer.shared.lock().happened = Happened {
            damage: true,
            cursor_shape: true,
            cursor_moved: true,
            desk: true,
            ..Happened::default()
        };
        Ok(capturer)
    }

    /// Waits for the first picture of each source.
    fn first(&mut self) -> Result<(), CaptureError> {
        let until = Instant::now() + FIRST_WITHIN;
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        loop {
            self.check(state.gone.as_ref())?;
            if state.parts.iter().all(|part| !part.pixels.is_empty()) {
                break;
            }
            if until <= Instant::now() {
                let detail = "no picture came from PipeWire".to_owned();
                return Err(CaptureError::Refused { detail });
            }
            state = shared.wait(state, Some(until));
        }
        state.resized = false;
        let sizes: Vec<_> = state.parts.iter().filter_map(|part| part.size).collect();
        drop(state);
        self.lay_out(&sizes)
    }

    /// Whether pictures can still come.
    fn check(&self, gone: Option<&CaptureError>) -> Result<(), CaptureError> {
        // Why the desktop ended it says more than that a stream is gone.
        self.desk.still(&self.given)?;
        gone.map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Puts the sources side by side.
    fn lay_out(&mut self, sizes: &[Geometry]) -> Result<(), CaptureError> {
        let (desktop, places) = arrange(&self.given.sources, sizes);
        let pixels = u64::from(desktop.width) * u64::from(desktop.height);
        if pixels == 0 || pixels > MAX_PIXELS {
            let Geometry { width, height } = desktop;
            return Err(CaptureError::UnsupportedSize { width, height });
        }
        self.frame = vec![0; desktop.width as usize * desktop.height as usize * PIXEL];
        self.cover.forget();
        self.whole = true;
        self.scene.set_screen(desktop.width, desktop.height);
        self.scene.set_monitors(monitors(&self.given.sources, &places));
        self.desktop = desktop;
        *self.given.places() = where_pressed(&self.given.sources, &places);
        self.places = places;
        self.seen = self.look();
        Ok(())
    }

    /// What there is to be told of the desktop.
    fn look(&self) -> Seen {
        let mut seen = self.scene.seen();
        if self.given.sources.iter().any(|source| source.window) {
            // What is in front of a window, and whether it has the keyboard, nobody can know: it is seen, and no more.
            seen.keys = false;
            seen.blocked = vec![seen.monitors.area];
            if seen.monitors.share == told::Share::Everything {
                seen.monitors.share = told::Share::Window { here: true };
            }
            seen.monitors.list.clear();
        }
        seen.keys &= self.given.keyboard;
        seen
    }

    /// Takes in what the library's thread has told. Whether the sizes changed.
    fn settle(&mut self) -> Result<(), CaptureError> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        self.check(state.gone.as_ref())?;
        // Until every source has its new size, and a picture of it, the old picture stands.
        if state.resized && state.parts.iter().all(|part| !part.pixels.is_empty()) {
            state.resized = false;
            let sizes: Vec<_> = state.parts.iter().filter_map(|part| part.size).collect();
            state.happened.desk = true;
            state.happened.resized = true;
            state.happened.damage = true;
            state.told = false;
            drop(state);
            self.lay_out(&sizes)?;
        } else {
            drop(state);
        }
        let at = self.cursor_at()?;
        if at != self.followed && self.scene.follows_pointer() {
            self.followed = at;
            self.scene.set_pointer(at.0, at.1);
            self.compare();
        }
        Ok(())
    }

    /// Compares the desktop with what was told of it.
    fn compare(&mut self) {
        let seen = self.look();
        if seen == self.seen {
            return;
        }
        let (before, after) = (self.seen.monitors.area, seen.monitors.area);
        let mut state = self.shared.lock();
        state.happened.desk = true;
        if before != after {
            self.whole = true;
            state.happened.resized |= (before.width, before.height) != (after.width, after.height);
        }
        state.happened.damage = true;
        state.told = false;
        drop(state);
        self.seen = seen;
    }

    /// Copies what changed of one source to its place.
    fn bring(&mut self, part: &mut Part, place: Area) {
        let bounds = Rect { x: 0, y: 0, w: place.width, h: place.height };
        if self.whole {
            part.damage = vec![bounds];
        }
        let row = place.width as usize * PIXEL;
        let wide = self.desktop.width as usize * PIXEL;
        for rect in part.damage.drain(..) {
            let Some(rect) = super::picture::within(rect, bounds) else { continue };
            let (left, width) = (rect.x as usize * PIXEL, rect.w as usize * PIXEL);
            let (x, y) = (place.x.max(0) as u32 + rect.x, place.y.max(0) as u32 + rect.y);
            for line in 0..rect.h as usize {
                let from = (rect.y as usize + line) * row + left;
                let to = (y as usize + line) * wide + x as usize * PIXEL;
                self.frame[to..to + width].copy_from_slice(&part.pixels[from..from + width]);
            }
            self.rects.push(Rect { x, y, ..rect });
        }
    }
}

impl Drop for WaylandCapturer {
    fn drop(&mut self) {
        *self.given.shape() = self.shared.lock().shape.clone();
    }
}

impl Capturer for WaylandCapturer {
    fn geometry(&self) -> Geometry {
        let Area { width, height, .. } = self.seen.monitors.area;
        Geometry { width, height }
    }

    fn waker(&self) -> Waker {
        let shared = Arc::clone(&self.shared);
        Waker::new(move || shared.wake())
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError> {
        let shared = Arc::clone(&self.shared);
        loop {
            self.settle()?;
            let mut state = shared.lock();
            if state.happened.any() {
                state.told |= state.happened.damage;
                return Ok(std::mem::take(&mut state.happened));
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(Happened { timed_out: true, ..Happened::default() });
            }
            // Looked at under the lock under which it is rung: what changes from here on wakes the wait.
            if state.gone.is_none() && self.desk.still(&self.given).is_ok() {
                drop(shared.wait(state, until));
            }
        }
    }

    fn grab(&mut self) -> Result<Captured<'_>, CaptureError> {
        self.settle()?;
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        state.told = false;
        state.happened.damage = false;
        let mut captured_at = None;
        self.rects.clear();
        let area = self.seen.monitors.area;
        for (number, part) in state.parts.iter_mut().enumerate() {
            let Some(place) = self.places.get(number).copied() else { continue };
            // One that is changing its size has nothing to show yet.
            let ready = part.size == Some(Geometry { width: place.width, height: place.height });
            if ready && !part.pixels.is_empty() {
                captured_at = captured_at.max(part.at);
                self.bring(part, place);
            }
        }
        drop(state);
        let hidden = self.cover.hidden(&self.scene, area);
        let uncovered = self.cover.uncovered(&hidden);
        // What was covered is still in the sources.
        for part in uncovered {
            self.restore(part);
        }
        let row = self.desktop.width as usize * PIXEL;
        let newly = self.cover.put(hidden, &mut self.frame, row);
        self.rects.extend(newly.into_iter().map(rect_of));
        let part = rect_of(area);
        if std::mem::take(&mut self.whole) {
            self.rects = vec![part];
        }
        self.rects = self
            .rects
            .iter()
            .filter_map(|rect| overlap(*rect, part))
            .map(|rect| Rect { x: rect.x - part.x, y: rect.y - part.y, ..rect })
            .collect();
        crate::capture::rects::tidy(&mut self.rects);
        let from = (part.y as usize * self.desktop.width as usize + part.x as usize) * PIXEL;
        let frame =
            FrameView { pixels: &self.frame[from..], stride: row, width: area.width, height: area.height };
        let captured_at = captured_at.unwrap_or_else(Instant::now);
        Ok(Captured { frame, area, damage: &self.rects, captured_at })
    }

    fn cursor(&mut self) -> Result<Cursor, CaptureError> {
        let state = self.shared.lock();
        Ok(match &state.shape {
            Shape::Pixels { pixels, size, hot } => cursor::from_premultiplied(pixels, *size, *hot),
            Shape::Same | Shape::Hidden => cursor::from_premultiplied(&[], (0, 0), (0, 0)),
        })
    }

    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError> {
        if let Some((number, (x, y))) = self.shared.lock().pointer
            && let Some(place) = self.places.get(number)
        {
            self.at = (place.x.saturating_add(x), place.y.saturating_add(y));
        }
        Ok(self.at)
    }

    fn set_view(&mut self, view: View) -> Result<(), CaptureError> {
        // Windows of other programs cannot be told apart in a screen's picture: none of them could be covered.
        if !view.rules.is_empty() && self.given.sources.iter().any(|source| !source.window) {
            return Err(CaptureError::CannotHide);
        }
        if matches!(view.share, Share::Window(_)) {
            return Err(CaptureError::OnlyWhole { name: "the Wayland portal" });
        }
        self.scene.set_view(view);
        self.followed = self.at;
        self.scene.set_pointer(self.at.0, self.at.1);
        self.compare();
        Ok(())
    }

    fn seen(&self) -> Seen {
        self.seen.clone()
    }
}

impl WaylandCapturer {
    /// Brings back what the sources show of a part of the desktop.
    fn restore(&mut self, part: Area) {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        let whole = std::mem::replace(&mut self.whole, false);
        for (number, source) in state.parts.iter_mut().enumerate() {
            let Some(place) = self.places.get(number).copied() else { continue };
            let ready = source.size == Some(Geometry { width: place.width, height: place.height });
            if let Some(common) = part.overlap(place)
                && ready
                && !source.pixels.is_empty()
            {
                let rect = rect_of(Area { x: common.x - place.x, y: common.y - place.y, ..common });
                source.damage.push(rect);
                self.bring(source, place);
            }
        }
        self.whole = whole;
    }
}

fn rect_of(area: Area) -> Rect {
    Rect { x: area.x.max(0) as u32, y: area.y.max(0) as u32, w: area.width, h: area.height }
}

fn overlap(a: Rect, b: Rect) -> Option<Rect> {
    let (x, y) = (a.x.max(b.x), a.y.max(b.y));
    let (right, bottom) = ((a.x + a.w).min(b.x + b.w), (a.y + a.h).min(b.y + b.h));
    (right > x && bottom > y).then(|| Rect { x, y, w: right - x, h: bottom - y })
}

/// Where each source's pixels are in one picture of all of them. Where everything is enlarged by the same measure they lie
/// as on the desktop; where not, that has no meaning in pixels, and they lie from left to right.
pub(super) fn arrange(sources: &[Source], sizes: &[Geometry]) -> (Geometry, Vec<Area>) {
    let scale = |(source, size): (&Source, &Geometry)| match source.size {
        Some((width, _)) => f64::from(size.width) / f64::from(width),
        None => 1.0,
    };
    let scales: Vec<f64> = sources.iter().zip(sizes).map(scale).collect();
    let even = scales.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.01);
    let mut areas: Vec<Area> = sources
        .iter()
        .zip(sizes)
        .zip(&scales)
        .map(|((source, size), scale)| Area {
            x: (f64::from(source.at.0) * scale).round() as i32,
            y: (f64::from(source.at.1) * scale).round() as i32,
            width: size.width,
            height: size.height,
        })
        .collect();
    let apart = areas
        .iter()
        .enumerate()
        .all(|(at, area)| areas[at + 1..].iter().all(|other| area.overlap(*other).is_none()));
    if !(even && apart) || sources.iter().any(|source| source.window) {
        let mut order: Vec<usize> = (0..areas.len()).collect();
        order.sort_by_key(|at| sources[*at].at);
        let mut x = 0_i32;
        for at in order {
            (areas[at].x, areas[at].y) = (x, 0);
            x = x.saturating_add_unsigned(areas[at].width);
        }
    }
    let (left, top) = areas.iter().fold((i32::MAX, i32::MAX), |(x, y), area| (x.min(area.x), y.min(area.y)));
    for area in &mut areas {
        (area.x, area.y) = (area.x.saturating_sub(left), area.y.saturating_sub(top));
    }
    let end = |at: i32, length: u32| u32::try_from(at).unwrap_or(0).saturating_add(length);
    let width = areas.iter().map(|area| end(area.x, area.width)).max().unwrap_or(0);
    let height = areas.iter().map(|area| end(area.y, area.height)).max().unwrap_or(0);
    (Geometry { width, height }, areas)
}

/// Where each source's pixels are, for who presses there.
pub(super) fn where_pressed(sources: &[Source], areas: &[Area]) -> Vec<Place> {
    let place = |(source, area): (&Source, &Area)| Place {
        node: source.node,
        area: *area,
        size: source.size.unwrap_or((area.width, area.height)),
    };
    sources.iter().zip(areas).map(place).collect()
}

fn monitors(sources: &[Source], places: &[Area]) -> Vec<Monitor> {
    let monitor = |(number, (source, area)): (usize, (&Source, &Area))| Monitor {
        id: source.node,
        name: (number + 1).to_string(),
        area: *area,
        scale: source.size.map_or(100, |(width, _)| {
            (u64::from(area.width) * 100 / u64::from(width)).clamp(25, 1000) as u16
        }),
        primary: false,
    };
    sources.iter().zip(places).enumerate().map(monitor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(node: u32, at: (i32, i32), size: (u32, u32)) -> Source {
        Source { node, at, size: Some(size), window: false, said_window: false }
    }

    fn size(width: u32, height: u32) -> Geometry {
        Geometry { width, height }
    }

    #[test]
    fn monitors_lie_as_on_the_desktop_in_pixels() {
        let sources = [source(1, (-800, 100), (800, 600)), source(2, (0, 0), (1000, 700))];
        let (desktop, areas) = arrange(&sources, &[size(1600, 1200), size(2000, 1400)]);
        assert_eq!(desktop, size(3600, 1400));
        assert_eq!((areas[0].x, areas[0].y, areas[1].x, areas[1].y), (0, 200, 1600, 0));
        assert_eq!(monitors(&sources, &areas)[0].scale, 200);
    }

    #[test]
    fn monitors_of_different_measures_lie_from_left_to_right() {
        let sources = [source(1, (1000, 0), (500, 400)), source(2, (0, 0), (1000, 700))];
        let (desktop, areas) = arrange(&sources, &[size(1000, 800), size(1000, 700)]);
        assert_eq!(desktop, size(2000, 800));
        assert_eq!((areas[0].x, areas[1].x), (1000, 0));
    }

    #[test]
    fn nothing_lies_over_anything_and_no_numbers_overflow() {
        let far = source(1, (i32::MAX, i32::MIN), (1, 1));
        let other = Source { size: None, ..far.clone() };
        let (desktop, areas) = arrange(&[far, other], &[size(8000, 8000), size(8000, 8000)]);
        assert!(desktop.width >= 8000 && areas[0].overlap(areas[1]).is_none());
        assert_eq!(arrange(&[], &[]).0, size(0, 0));
    }
}
