//! The screen by GDI: the pixels of the desktop are copied, and compared with those before, since GDI tells of no change.
//!
//! It works wherever Windows shows anything to programs at all, also where there is no graphics device. What is shown is
//! looked at [`LOOKS`] times a second while it changes, and [`LOOKS_AT_REST`] times when it has stood still for a while.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ffi::c_void;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use farhand_protocol::channel::Cursor;
use windows_sys::Win32::Foundation::POINT;
use windows_sys::Win32::Graphics::Gdi::{
    BI_RGB, BITMAP, BITMAPINFO, BITMAPINFOHEADER, BitBlt, CreateCompatibleDC, CreateDIBSection,
    DIB_RGB_COLORS, DeleteDC, DeleteObject, GdiFlush, GetDC, GetDIBits, GetObjectW, HBITMAP, HDC, ReleaseDC,
    SRCCOPY, SelectObject,
};
use windows_sys::Win32::System::StationsAndDesktops::{CloseDesktop, DESKTOP_READOBJECTS, OpenInputDesktop};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CURSOR_SHOWING, CURSORINFO, GetCursorInfo, GetIconInfo, HCURSOR, ICONINFO,
};

use super::{
    Backend, CaptureError, Captured, Capturer, FrameView, Geometry, Happened, MAX_PIXELS, Rect, Waker,
    compare, cover, cursor,
};
use crate::monitors::os::Tracker;
use crate::monitors::scene::Scene;
use crate::monitors::{Area, Seen, View};
use crate::windows::{Bell, desktop, last_error};

/// Looks a second while the screen changes.
const LOOKS: u32 = 30;
/// Looks a second when it has not changed for [`RESTS_AFTER`].
const LOOKS_AT_REST: u32 = 10;
const RESTS_AFTER: Duration = Duration::from_secs(2);
/// Pixels that were taken so short a time ago are still those of now.
const FRESH: Duration = Duration::from_millis(4);
/// Bytes of a pixel.
const PIXEL: usize = 4;
/// The largest pointer that is read, pixels a side.
const MAX_CURSOR_SIDE: i32 = 256;

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Capturer>, CaptureError> {
    match preference {
        Backend::Auto => Ok(Box::new(GdiCapturer::open()?)),
        Backend::X11 => Err(CaptureError::NotHere { name: "X11" }),
        Backend::Scrap => Err(CaptureError::NotHere { name: "scrap" }),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}

/// The capturer of the desktop that this program runs on.
#[derive(Debug)]
struct GdiCapturer {
    screen: ScreenDc,
    scene: Scene,
    tracker: Tracker,
    /// What was told last.
    seen: Seen,
    cover: cover::Cover,
    /// What was handed out last, and what is looked at now.
    shown: Picture,
    fresh: Picture,
    /// When `fresh` was taken, while it is still as good as new.
    taken: Option<Instant>,
    /// The next grab takes everything.
    whole: bool,
    /// A change was told and not taken yet.
    told: bool,
    rects: Vec<Rect>,
    cursor: CursorSeen,
    /// When something changed last.
    changed: Instant,
    happened: Happened,
    bell: Bell,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CursorSeen {
    shown: bool,
    handle: usize,
    at: (i32, i32),
}

impl GdiCapturer {
    fn open() -> Result<Self, CaptureError> {
        let (mut scene, mut tracker) = (Scene::default(), Tracker::default());
        tracker.settle(&mut scene);
        check_size(scene.area())?;
        input_desktop()?;
        let screen = ScreenDc::open()?;
        let seen = scene.seen();
        let bell = Bell::new().map_err(|error| CaptureError::NoMemory { detail: error.to_string() })?;
        let (shown, fresh) = (Picture::new(&screen, scene.area())?, Picture::new(&screen, scene.area())?);
        Ok(Self {
            screen,
            scene,
            tracker,
            seen,
            cover: cover::Cover::default(),
            shown,
            fresh,
            taken: None,
            whole: true,
            told: false,
            rects: Vec::new(),
            cursor: CursorSeen::default(),
            changed: Instant::now(),
            happened: Happened {
                damage: true,
                cursor_shape: true,
                cursor_moved: true,
                desk: true,
                ..Happened::default()
            },
            bell,
        })
    }

    /// Looks at the desktop's monitors and windows.
    fn settle(&mut self) -> Result<(), CaptureError> {
        self.tracker.settle(&mut self.scene);
        let seen = self.scene.seen();
        if seen == self.seen {
            return Ok(());
        }
        let (before, after) = (self.seen.monitors.area, seen.monitors.area);
        if before != after {
            check_size(after)?;
            self.shown = Picture::new(&self.screen, after)?;
            self.fresh = Picture::new(&self.screen, after)?;
            self.cover.forget();
            self.whole = true;
            self.happened.resized |= (before.width, before.height) != (after.width, after.height);
        }
        if before != after || self.seen.blocked != seen.blocked {
            self.happened.damage = true;
        }
        // Windows are drawn together by another program, on every Windows that this one runs on.
        self.cover.linger(&self.seen, &seen, true, Instant::now());
        tracing::debug!(?seen, "the desktop is another");
        self.happened.desk = true;
        self.seen = seen;
        Ok(())
    }

    fn look_at_cursor(&mut self) {
        let now = cursor_now();
        self.happened.cursor_shape |= (now.shown, now.handle) != (self.cursor.shown, self.cursor.handle);
        self.happened.cursor_moved |= now.at != self.cursor.at;
        self.cursor = now;
    }

    /// Takes the pixels of what is shared, covers what must not be seen, and finds what is not as it was handed out.
    fn take(&mut self) -> Result<Instant, CaptureError> {
        self.settle()?;
        let area = self.seen.monitors.area;
        let mut hidden = self.cover.hidden(&self.scene, area);
        let taken = Instant::now();
        self.fresh.copy_from(&self.screen, area)?;
        // A window that came meanwhile may be in the pixels already.
        self.tracker.settle_windows(&mut self.scene);
        cover::gather(&mut hidden, self.scene.hidden(area));
        for part in &mut hidden {
            (part.x, part.y) = (part.x - area.x, part.y - area.y);
        }
        let row = area.width as usize * PIXEL;
        self.cover.put(hidden, self.fresh.pixels_mut(), row);
        if self.whole {
            self.rects.clear();
            self.rects.push(Rect { x: 0, y: 0, w: area.width, h: area.height });
        } else {
            let (old, new) = (self.shown.pixels(), self.fresh.pixels());
            compare::differences(old, new, row, area.width as usize, &mut self.rects);
        }
        self.taken = Some(taken);
        Ok(taken)
    }

    fn is_fresh(&self) -> bool {
        self.taken.is_some_and(|taken| taken.elapsed() < FRESH)
    }
}

impl Capturer for GdiCapturer {
    fn geometry(&self) -> Geometry {
        let Area { width, height, .. } = self.seen.monitors.area;
        Geometry { width, height }
    }

    fn waker(&self) -> Waker {
        let bell = self.bell.clone();
        Waker::new(move || bell.ring())
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError> {
        loop {
            self.happened.damage |= self.cover.expire(Instant::now());
            self.look_at_cursor();
            if self.told {
                self.settle()?;
            } else if !self.happened.damage {
                self.take()?;
                self.happened.damage |= !self.rects.is_empty();
            }
            self.happened.woken |= self.bell.wait(Some(Instant::now()));
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
            self.happened.woken = self.bell.wait(Some(next));
        }
    }

    fn grab(&mut self) -> Result<Captured<'_>, CaptureError> {
        let taken = match self.taken.filter(|_| self.is_fresh()) {
            Some(taken) => taken,
            None => self.take()?,
        };
        self.taken = None;
        self.told = false;
        self.happened.damage = false;
        self.whole = false;
        std::mem::swap(&mut self.shown, &mut self.fresh);
        let area = self.seen.monitors.area;
        let stride = area.width as usize * PIXEL;
        let frame = FrameView { pixels: self.shown.pixels(), stride, width: area.width, height: area.height };
        Ok(Captured { frame, area, damage: &self.rects, captured_at: taken })
    }

    fn cursor(&mut self) -> Result<Cursor, CaptureError> {
        let seen = cursor_now();
        let none = || cursor::from_premultiplied(&[], (0, 0), (0, 0));
        Ok(if seen.shown { shape(seen.handle as HCURSOR).unwrap_or_else(none) } else { none() })
    }

    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError> {
        Ok(cursor_now().at)
    }

    fn set_view(&mut self, view: View) -> Result<(), CaptureError> {
        self.scene.set_view(view);
        // What was taken was taken of something else.
        self.taken = None;
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

/// Whether this program may look at the desktop that people see now: not at the lock screen, and not at the question
/// whether a program may have an administrator's rights.
fn input_desktop() -> Result<(), CaptureError> {
    // SAFETY: plain calls; what is opened is closed.
    unsafe {
        let desktop = OpenInputDesktop(0, 0, DESKTOP_READOBJECTS);
        if desktop.is_null() {
            return Err(CaptureError::Away);
        }
        CloseDesktop(desktop);
    }
    Ok(())
}

/// The screen, to copy from.
#[derive(Debug)]
struct ScreenDc(HDC);

// SAFETY: the screen's device context belongs to no thread, unlike a window's; it is used by one thread at a time.
unsafe impl Send for ScreenDc {}

impl ScreenDc {
    fn open() -> Result<Self, CaptureError> {
        // SAFETY: a plain call.
        let dc = unsafe { GetDC(null_mut()) };
        if dc.is_null() { Err(CaptureError::Away) } else { Ok(Self(dc)) }
    }
}

impl Drop for ScreenDc {
    fn drop(&mut self) {
        // SAFETY: it was got by `GetDC` for the whole screen.
        unsafe { ReleaseDC(null_mut(), self.0) };
    }
}

/// A picture in memory, which the system can copy into. Rows from the top, without gaps: blue, green, red, nothing.
#[derive(Debug)]
struct Picture {
    dc: HDC,
    bitmap: HBITMAP,
    bits: *mut u8,
    width: u32,
    height: u32,
}

// SAFETY: all three belong to this value alone and to no thread.
unsafe impl Send for Picture {}

impl Picture {
    fn new(screen: &ScreenDc, Area { width, height, .. }: Area) -> Result<Self, CaptureError> {
        let failed = || CaptureError::NoMemory { detail: last_error().to_string() };
        let about = header(width as i32, height as i32);
        let mut bits: *mut c_void = null_mut();
        // SAFETY: each result is looked at before it is used, and given back by `drop`. Sizes are within MAX_PIXELS.
        unsafe {
            let dc = CreateCompatibleDC(screen.0);
            if dc.is_null() {
                return Err(failed());
            }
            let bitmap =
                CreateDIBSection(screen.0, &raw const about, DIB_RGB_COLORS, &raw mut bits, null_mut(), 0);
            if bitmap.is_null() || bits.is_null() {
                let error = failed();
                DeleteDC(dc);
                return Err(error);
            }
            SelectObject(dc, bitmap);
            Ok(Self { dc, bitmap, bits: bits.cast(), width, height })
        }
    }

    fn length(&self) -> usize {
        self.width as usize * self.height as usize * PIXEL
    }

    fn pixels(&self) -> &[u8] {
        // SAFETY: the section holds this many bytes for as long as the bitmap, and nobody writes while it is borrowed.
        unsafe { std::slice::from_raw_parts(self.bits, self.length()) }
    }

    fn pixels_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.bits, self.length()) }
    }

    /// Copies this part of the desktop, which is counted from the desktop's corner.
    fn copy_from(&mut self, screen: &ScreenDc, area: Area) -> Result<(), CaptureError> {
        let whole = desktop();
        let (width, height) = (self.width as i32, self.height as i32);
        let (x, y) = (area.x + whole.x, area.y + whole.y);
        // SAFETY: both contexts are open; the system writes within the bitmap, and has done so after `GdiFlush`.
        let copied = unsafe {
            let copied = BitBlt(self.dc, 0, 0, width, height, screen.0, x, y, SRCCOPY);
            GdiFlush();
            copied
        };
        if copied == 0 {
            input_desktop()?;
            return Err(CaptureError::Refused { detail: last_error().to_string() });
        }
        Ok(())
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: both were made by `new`, and nothing borrows the pixels any more.
        unsafe {
            DeleteDC(self.dc);
            DeleteObject(self.bitmap);
        }
    }
}

/// Rows from the top, 32 bits a pixel.
fn header(width: i32, height: i32) -> BITMAPINFO {
    let header = BITMAPINFOHEADER {
        biSize: size_of::<BITMAPINFOHEADER>() as u32,
        biWidth: width,
        biHeight: -height,
        biPlanes: 1,
        biBitCount: 32,
        biCompression: BI_RGB,
        ..BITMAPINFOHEADER::default()
    };
    BITMAPINFO { bmiHeader: header, ..BITMAPINFO::default() }
}

fn cursor_now() -> CursorSeen {
    let mut about = CURSORINFO {
        cbSize: size_of::<CURSORINFO>() as u32,
        flags: 0,
        hCursor: null_mut(),
        ptScreenPos: POINT { x: 0, y: 0 },
    };
    // SAFETY: the structure says how large it is.
    if unsafe { GetCursorInfo(&raw mut about) } == 0 {
        return CursorSeen::default();
    }
    let desktop = desktop();
    let at = (about.ptScreenPos.x - desktop.x, about.ptScreenPos.y - desktop.y);
    CursorSeen { shown: about.flags & CURSOR_SHOWING != 0, handle: about.hCursor as usize, at }
}

/// The pictures of a pointer, given back when they are dropped.
struct Icon(ICONINFO);

impl Drop for Icon {
    fn drop(&mut self) {
        // SAFETY: `GetIconInfo` made copies, which are ours; one may be missing.
        unsafe {
            for bitmap in [self.0.hbmMask, self.0.hbmColor] {
                if !bitmap.is_null() {
                    DeleteObject(bitmap);
                }
            }
        }
    }
}

/// A pointer's shape; nothing where it cannot be read.
fn shape(handle: HCURSOR) -> Option<Cursor> {
    let mut about = ICONINFO::default();
    // SAFETY: a handle that is no pointer any more is refused.
    if unsafe { GetIconInfo(handle, &raw mut about) } == 0 {
        return None;
    }
    let icon = Icon(about);
    let (width, mask_height) = size(icon.0.hbmMask)?;
    let mask = bits(icon.0.hbmMask, width, mask_height)?;
    let (pixels, height) = if icon.0.hbmColor.is_null() {
        // Two halves: what stays of the screen, and what is turned over on it.
        let height = mask_height / 2;
        let (stays, turns) = mask.split_at(width as usize * height as usize);
        (stays.iter().zip(turns).map(|(stays, turns)| plain(*stays, *turns)).collect(), height)
    } else {
        let (width_too, height) = size(icon.0.hbmColor)?;
        let colour = bits(icon.0.hbmColor, width_too, height)?;
        let blended = colour.iter().any(|pixel| pixel >> 24 != 0);
        let pixels: Vec<u32> = colour
            .iter()
            .enumerate()
            .map(|(at, pixel)| match mask.get(at) {
                _ if blended => premultiplied(*pixel),
                Some(mask) if mask & 0xff_ffff != 0 => 0,
                Some(_) | None => pixel | 0xff00_0000,
            })
            .collect();
        (pixels, height)
    };
    let side = |value: i32| u16::try_from(value).ok();
    let hot = |value: u32| u16::try_from(value).unwrap_or(0);
    let size = (side(width)?, side(height)?);
    Some(cursor::from_premultiplied(&pixels, size, (hot(icon.0.xHotspot), hot(icon.0.yHotspot))))
}

/// A pixel of a pointer in black and white. One that turns the screen's colours over is shown in black.
const fn plain(stays: u32, turns: u32) -> u32 {
    match (stays & 0xff_ffff != 0, turns & 0xff_ffff != 0) {
        (true, false) => 0,
        (false, true) => 0xffff_ffff,
        (false, false) | (true, true) => 0xff00_0000,
    }
}

/// Colours of a pointer are not multiplied by alpha where it has any.
fn premultiplied(pixel: u32) -> u32 {
    let alpha = pixel >> 24;
    let part = |shift: u32| ((((pixel >> shift) & 0xff) * alpha + 127) / 255) << shift;
    (alpha << 24) | part(16) | part(8) | part(0)
}

fn size(bitmap: HBITMAP) -> Option<(i32, i32)> {
    let mut about = BITMAP::default();
    // SAFETY: at most so many bytes are written.
    let read = unsafe { GetObjectW(bitmap, size_of::<BITMAP>() as i32, (&raw mut about).cast()) };
    let sides = 1..=2 * MAX_CURSOR_SIDE;
    (read != 0 && sides.contains(&about.bmWidth) && sides.contains(&about.bmHeight))
        .then_some((about.bmWidth, about.bmHeight))
}

/// A bitmap's pixels: alpha, red, green, blue from the highest byte.
fn bits(bitmap: HBITMAP, width: i32, height: i32) -> Option<Vec<u32>> {
    let mut about = header(width, height);
    let mut pixels = vec![0_u32; width as usize * height as usize];
    // SAFETY: `pixels` holds as many as the header says.
    let rows = unsafe {
        let screen = GetDC(null_mut());
        let into = pixels.as_mut_ptr().cast();
        let rows = GetDIBits(screen, bitmap, 0, height as u32, into, &raw mut about, DIB_RGB_COLORS);
        ReleaseDC(null_mut(), screen);
        rows
    };
    (rows == height).then_some(pixels)
}
