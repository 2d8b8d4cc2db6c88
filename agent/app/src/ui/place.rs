//! Where the windows stand, and how they behave towards the desktop.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use slint::winit_030::winit::event::WindowEvent;
use slint::winit_030::winit::raw_window_handle::HasWindowHandle as _;
use slint::winit_030::{EventResult, WinitWindowAccessor};
use slint::{PhysicalPosition, PlatformError, Window};

#[cfg(target_vendor = "apple")]
#[path = "place/apple.rs"]
mod os;
#[cfg(all(unix, not(target_vendor = "apple")))]
#[path = "place/x11.rs"]
mod os;
#[cfg(not(unix))]
#[path = "place/other.rs"]
mod os;

/// What a window's frame takes above and beside it at most, in the window's own measure. How much it is is known only once
/// the window is on the screen.
const FRAME: f32 = 37.0;
/// What is left free at a screen's lower edge.
const EDGE: f32 = 8.0;

thread_local! {
    /// What the banner takes at the upper edge, in pixels.
    static BANNER: Cell<u32> = const { Cell::new(0) };
}

/// What the next window to be made is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One that the window manager treats like any other.
    Ordinary,
    /// One that is above all others and never gets the keyboard.
    Panel,
}

/// Chooses the software renderer. Windows made from now on are of the kind that the cell holds at that time.
///
/// # Errors
/// No display.
pub fn select_backend() -> Result<Rc<Cell<Kind>>, PlatformError> {
    let next = Rc::new(Cell::new(Kind::Ordinary));
    let kind = Rc::clone(&next);
    slint::BackendSelector::new()
        .backend_name("winit".into())
        .renderer_name("software".into())
        .with_winit_window_attributes_hook(move |attributes| os::dress(attributes, kind.get()))
        .select()?;
    Ok(next)
}

/// Puts the window into the middle of its screen.
pub fn centre(window: &Window) {
    put(window, |screen, window| {
        (screen.0.saturating_sub(window.0) / 2, screen.1.saturating_sub(window.1) * 2 / 5)
    });
}

/// The banner takes so many pixels of the screen's upper edge from now on. Whether that is new.
pub fn keep_clear(height: u32) -> bool {
    BANNER.replace(height) != height
}

/// Puts the window into the middle of its screen, below the banner where there is room.
pub fn below(window: &Window) {
    put(window, |screen, window| {
        let room = screen.1.saturating_sub(window.1);
        (screen.0.saturating_sub(window.0) / 2, (room * 2 / 5).max(BANNER.get().min(room)))
    });
}

/// Puts the window to the left edge of its screen, below the banner where there is room.
pub fn aside(window: &Window) {
    put(window, |screen, window| {
        let room = screen.1.saturating_sub(window.1);
        (screen.0.saturating_sub(window.0).min(24), (room * 2 / 5).max(BANNER.get().min(room)))
    });
}

/// Puts the window to the middle of its screen's upper edge.
pub fn top(window: &Window) {
    put(window, |screen, window| (screen.0.saturating_sub(window.0) / 2, 0));
}

/// Puts the window into the lower right corner of its screen, clear of most panels and of the banner where there is room.
pub fn corner(window: &Window) {
    put(window, |screen, window| {
        let room = screen.1.saturating_sub(window.1);
        (screen.0.saturating_sub(window.0 + 24), room.saturating_sub(72).max(BANNER.get().min(room)))
    });
}

/// Width and height of the window's screen, in the window's own measure.
pub fn room(window: &Window) -> Option<(f32, f32)> {
    let size = window.with_winit_window(|winit| {
        let monitor = winit.primary_monitor().or_else(|| winit.current_monitor())?;
        Some(monitor.size())
    })??;
    let scale = window.scale_factor();
    Some((size.width as f32 / scale, size.height as f32 / scale))
}

/// Width and height that a window may have below the banner, its frame not counted.
pub fn clear(window: &Window) -> Option<(f32, f32)> {
    let (width, height) = room(window)?;
    let above = BANNER.get() as f32 / window.scale_factor() + FRAME;
    Some((width - EDGE, (height - above - EDGE).max(1.0)))
}

/// The window's number on its display.
pub fn number(window: &Window) -> Option<u32> {
    window.with_winit_window(|winit| os::number(winit.window_handle().ok()?.as_raw()))?
}

fn put(window: &Window, place: impl FnOnce((u32, u32), (u32, u32)) -> (u32, u32)) {
    let screen = window.with_winit_window(|winit| {
        let monitor = winit.primary_monitor().or_else(|| winit.current_monitor())?;
        Some((monitor.position(), monitor.size(), winit.outer_size()))
    });
    let Some(Some((origin, size, own))) = screen else { return };
    let (x, y) = place((size.width, size.height), (own.width, own.height));
    let offset = |value: u32| i32::try_from(value).unwrap_or(0);
    window.set_position(PhysicalPosition::new(origin.x + offset(x), origin.y + offset(y)));
}

/// Calls `painted` whenever the window is painted, and `place` whenever its size changes.
pub fn watch(window: &Window, place: fn(&Window), painted: impl FnMut() + 'static) {
    let painted = Rc::new(RefCell::new(painted));
    let mut size = None;
    window.on_winit_window_event(move |window, event| {
        if matches!(event, WindowEvent::RedrawRequested) {
            let painted = Rc::clone(&painted);
            // After this event, when the picture is on the screen.
            let _ = slint::spawn_local(async move { (painted.borrow_mut())() });
        }
        let now = window.with_winit_window(|winit| winit.inner_size());
        if now.is_some() && now != size {
            size = now;
            place(window);
        }
        EventResult::Propagate
    });
}
