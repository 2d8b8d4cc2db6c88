//! Windows above all others that take neither the pointer nor the keyboard, each cut to what it shows.
#![allow(unsafe_code, reason = "the system's calls")]

use std::fmt;
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::JoinHandle;

use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Colour, Mark, Place};
use windows_sys::Win32::Foundation::{HWND, RECT};
use windows_sys::Win32::Graphics::Gdi::{
    CreateSolidBrush, DeleteObject, ExtCreateRegion, RDH_RECTANGLES, RGNDATAHEADER, SetWindowRgn,
};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DestroyWindow, HWND_TOPMOST, LWA_ALPHA, RegisterClassExW,
    SW_SHOWNOACTIVATE, SWP_NOACTIVATE, SWP_NOSIZE, SetLayeredWindowAttributes, SetWindowPos, ShowWindow,
    WNDCLASSEXW, WS_EX_LAYERED, WS_EX_NOACTIVATE, WS_EX_TOOLWINDOW, WS_EX_TOPMOST, WS_EX_TRANSPARENT,
    WS_POPUP,
};

use super::lines::{Span, around, covered, strokes};
use super::{Overlay, OverlayError, Picture};
use crate::monitors::os::OVERLAY_CLASS;
use crate::windows::{Bell, desktop, wide};

/// Width of the border, in pixels.
const BORDER: i32 = 4;
/// Half the width of a mark's line, and of its edge.
const RADIUS: i32 = 2;
const EDGE: i32 = 4;
/// Half the width of a light, and of its edge.
const LIGHT: i32 = 8;
const LIGHT_EDGE: i32 = 11;
/// Red, green, blue.
const CONTROLS: u32 = 0xe0_6a_00;
const WHITE: u32 = 0xff_ff_ff;
const RED: u32 = 0xe5_1c_23;
const YELLOW: u32 = 0xff_c1_07;
const GREEN: u32 = 0x1f_9d_3a;
const BLUE: u32 = 0x15_65_d8;
const DARK: u32 = 0x20_20_20;
/// A window's colour is its class's: so there is a class for each.
const COLOURS: [u32; 7] = [CONTROLS, WHITE, RED, YELLOW, GREEN, BLUE, DARK];

pub fn open(_display: Option<&str>) -> Result<Box<dyn Overlay>, OverlayError> {
    let refused = |error: std::io::Error| OverlayError::Refused { detail: error.to_string() };
    let (orders, bell) = (Arc::new(Mutex::new(Orders::default())), Bell::new().map_err(refused)?);
    let (theirs, ring) = (Arc::clone(&orders), bell.clone());
    let thread = std::thread::Builder::new()
        .name("overlay".into())
        .spawn(move || Painter::default().run(&theirs, &ring))
        .map_err(refused)?;
    Ok(Box::new(WindowsOverlay { orders, bell, thread: Some(thread) }))
}

#[derive(Debug, Default)]
struct Orders {
    picture: Option<Picture>,
    quit: bool,
}

struct WindowsOverlay {
    orders: Arc<Mutex<Orders>>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl WindowsOverlay {
    fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.ring();
    }
}

impl fmt::Debug for WindowsOverlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WindowsOverlay")
    }
}

impl Overlay for WindowsOverlay {
    fn show(&self, picture: Picture) {
        self.order(|orders| orders.picture = Some(picture));
    }
}

impl Drop for WindowsOverlay {
    fn drop(&mut self) {
        self.order(|orders| orders.quit = true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A window of ours, which goes when this is dropped. Only for the thread that made it.
struct Drawn(HWND);

impl Drop for Drawn {
    fn drop(&mut self) {
        // SAFETY: made by this thread.
        unsafe { DestroyWindow(self.0) };
    }
}

struct Shown {
    mark: Arc<Mark>,
    _windows: Vec<Drawn>,
}

#[derive(Default)]
struct Painter {
    bordered: Option<Area>,
    border: Vec<Drawn>,
    marks: Vec<Shown>,
    lights: Vec<(Place, Vec<Drawn>)>,
    size: (i32, i32),
}

impl Painter {
    fn run(mut self, orders: &Mutex<Orders>, bell: &Bell) {
        register();
        let mut last = Picture::default();
        loop {
            let (picture, quit) = {
                let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
                (orders.picture.take(), orders.quit)
            };
            if quit {
                return;
            }
            let whole = desktop();
            let size = (whole.width as i32, whole.height as i32);
            let resized = std::mem::replace(&mut self.size, size) != size;
            if resized {
                self.paint(&Picture::default());
            }
            if let Some(picture) = picture {
                last = picture;
                self.paint(&last);
            } else if resized {
                self.paint(&last);
            }
            bell.wait_with_windows(None);
        }
    }

    fn paint(&mut self, picture: &Picture) {
        self.paint_border(picture.border);
        let mut old = std::mem::take(&mut self.marks);
        for mark in &picture.marks {
            let same = old.iter().position(|shown| Arc::ptr_eq(&shown.mark, mark));
            let shown = match same {
                Some(at) => old.remove(at),
                None => Shown { mark: Arc::clone(mark), _windows: self.draw(mark) },
            };
            self.marks.push(shown);
        }
        self.lights.truncate(picture.lights.len());
        for (at, place) in picture.lights.iter().enumerate() {
            match self.lights.get_mut(at) {
                Some((old, _)) if old == place => {}
                Some((old, windows)) => {
                    *old = *place;
                    for (window, radius) in windows.iter().zip([LIGHT_EDGE, LIGHT]) {
                        put(window, place.x - radius, place.y - radius);
                    }
                }
                None => self.lights.push((*place, light(*place))),
            }
        }
    }

    fn paint_border(&mut self, wanted: Option<Area>) {
        if wanted == self.bordered {
            return;
        }
        self.bordered = wanted;
        self.border.clear();
        let Some(area) = wanted else { return };
        let length = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let (x, y, width, height) = match area {
            Area { width: 0, .. } | Area { height: 0, .. } => (0, 0, self.size.0, self.size.1),
            Area { x, y, width, height } => (x, y, length(width), length(height)),
        };
        let edges = [
            (x, y, width, BORDER),
            (x, y.saturating_add(height - BORDER), width, BORDER),
            (x, y.saturating_add(BORDER), BORDER, height - 2 * BORDER),
            (x.saturating_add(width - BORDER), y.saturating_add(BORDER), BORDER, height - 2 * BORDER),
        ];
        self.border = edges.into_iter().filter_map(|edge| make(edge, &[], CONTROLS)).collect();
    }

    fn draw(&self, mark: &Mark) -> Vec<Drawn> {
        let strokes = strokes(mark);
        let colour = match mark.colour {
            Colour::Red | Colour::Unknown => RED,
            Colour::Yellow => YELLOW,
            Colour::Green => GREEN,
            Colour::Blue => BLUE,
        };
        // On yellow, white is no edge.
        let edge = if mark.colour == Colour::Yellow { DARK } else { WHITE };
        let cut = |radius, colour| {
            let spans = covered(&strokes, radius, self.size);
            let place = around(&spans)?;
            let inside: Vec<Span> =
                spans.iter().map(|(x, y, w, h)| (x - place.0, y - place.1, *w, *h)).collect();
            make(place, &inside, colour)
        };
        [cut(EDGE, edge), cut(RADIUS, colour)].into_iter().flatten().collect()
    }
}

fn light(Place { x, y }: Place) -> Vec<Drawn> {
    let disc = |radius: i32, colour| {
        let side = 2 * radius + 1;
        let spans = covered(&[vec![Place { x: radius, y: radius }]], radius, (side, side));
        make((x - radius, y - radius, side, side), &spans, colour)
    };
    [disc(LIGHT_EDGE, WHITE), disc(LIGHT, RED)].into_iter().flatten().collect()
}

fn class_of(colour: u32) -> Vec<u16> {
    // The first is the name that the capturer knows; a class's colour is part of the others' names.
    if colour == CONTROLS { wide(OVERLAY_CLASS) } else { wide(&format!("{OVERLAY_CLASS}{colour:06x}")) }
}

/// Makes the classes of windows, once for the process.
fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for colour in COLOURS {
            let name = class_of(colour);
            // SAFETY: the names live as long as the calls; the brushes belong to their classes, which stay.
            unsafe {
                let class = WNDCLASSEXW {
                    cbSize: size_of::<WNDCLASSEXW>() as u32,
                    lpfnWndProc: Some(DefWindowProcW),
                    hInstance: GetModuleHandleW(null()),
                    hbrBackground: CreateSolidBrush(colour_of(colour)),
                    lpszClassName: name.as_ptr(),
                    ..std::mem::zeroed()
                };
                RegisterClassExW(&raw const class);
            }
        }
    });
}

/// As the system has it: red in the lowest byte.
const fn colour_of(rgb: u32) -> u32 {
    (rgb & 0xff) << 16 | rgb & 0xff00 | rgb >> 16
}

/// A window at this place of the desktop, cut to a shape counted from its corner; whole without one.
fn make(place: Span, shape: &[Span], colour: u32) -> Option<Drawn> {
    let whole = desktop();
    let class = class_of(colour);
    let style = WS_EX_LAYERED | WS_EX_TRANSPARENT | WS_EX_NOACTIVATE | WS_EX_TOOLWINDOW | WS_EX_TOPMOST;
    let (x, y) = (place.0 + whole.x, place.1 + whole.y);
    // SAFETY: the class's name lives as long as the call, and the region belongs to the window from then on.
    unsafe {
        let (width, height) = (place.2.max(1), place.3.max(1));
        let instance = GetModuleHandleW(null());
        let window = CreateWindowExW(
            style,
            class.as_ptr(),
            null(),
            WS_POPUP,
            x,
            y,
            width,
            height,
            null_mut(),
            null_mut(),
            instance,
            null(),
        );
        if window.is_null() {
            return None;
        }
        let window = Drawn(window);
        SetLayeredWindowAttributes(window.0, 0, u8::MAX, LWA_ALPHA);
        if !shape.is_empty() {
            cut(&window, shape);
        }
        ShowWindow(window.0, SW_SHOWNOACTIVATE);
        Some(window)
    }
}

/// Cuts a window to rectangles.
fn cut(window: &Drawn, shape: &[Span]) {
    let count = i32::try_from(shape.len()).unwrap_or(0);
    let (right, bottom) = shape.iter().fold((0, 0), |(r, b), s| (r.max(s.0 + s.2), b.max(s.1 + s.3)));
    // A header (its own size, the kind, how many and how large the rectangles are, what is around them), and then they:
    // numbers of four bytes all of them.
    let (header, kind) = (size_of::<RGNDATAHEADER>() as i32, RDH_RECTANGLES as i32);
    let mut data = vec![header, kind, count, count * size_of::<RECT>() as i32, 0, 0, right, bottom];
    data.extend(shape.iter().flat_map(|(x, y, w, h)| [*x, *y, x + w, y + h]));
    // SAFETY: the data is as long as is said. The region is the window's if that takes it.
    unsafe {
        let region = ExtCreateRegion(null(), (data.len() * 4) as u32, data.as_ptr().cast());
        if !region.is_null() && SetWindowRgn(window.0, region, 1) == 0 {
            DeleteObject(region);
        }
    }
}

fn put(window: &Drawn, x: i32, y: i32) {
    let whole = desktop();
    // SAFETY: made by this thread.
    unsafe {
        let flags = SWP_NOSIZE | SWP_NOACTIVATE;
        SetWindowPos(window.0, HWND_TOPMOST, x + whole.x, y + whole.y, 0, 0, flags);
    }
}
