//! Where the windows stand, and how they behave towards the desktop.

use std::cell::RefCell;
use std::rc::Rc;

use slint::winit_030::winit::event::WindowEvent;
use slint::winit_030::winit::platform::x11::{WindowAttributesExtX11, WindowType};
use slint::winit_030::{EventResult, WinitWindowAccessor};
use slint::{PhysicalPosition, PlatformError, Window};

/// Title of the banner, see `ui/banner.slint`.
const BANNER_TITLE: &str = "Farhand session";

/// Chooses the software renderer and tells the desktop what the windows are.
///
/// # Errors
/// No display.
pub fn select_backend() -> Result<(), PlatformError> {
    slint::BackendSelector::new()
        .backend_name("winit".into())
        .renderer_name("software".into())
        .with_winit_window_attributes_hook(|attributes| {
            let attributes = attributes.with_name("farhand-agent", "Farhand");
            if attributes.title == BANNER_TITLE {
                // A panel: above other windows, and never in the way of the keyboard.
                attributes.with_x11_window_type(vec![WindowType::Dock]).with_active(false)
            } else {
                attributes
            }
        })
        .select()
}

/// Puts the window into the middle of its screen.
pub fn centre(window: &Window) {
    put(window, |screen, window| {
        (screen.0.saturating_sub(window.0) / 2, screen.1.saturating_sub(window.1) * 2 / 5)
    });
}

/// Puts the window to the middle of its screen's upper edge.
pub fn top(window: &Window) {
    put(window, |screen, window| (screen.0.saturating_sub(window.0) / 2, 0));
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
