//! Windows of an X11 display.

use slint::winit_030::winit::platform::x11::{WindowAttributesExtX11, WindowType};
use slint::winit_030::winit::raw_window_handle::RawWindowHandle;
use slint::winit_030::winit::window::WindowAttributes;

use super::Kind;

/// How a window of this kind is made.
pub fn dress(attributes: WindowAttributes, kind: Kind) -> WindowAttributes {
    let attributes = attributes.with_name("farhand-agent", "Farhand");
    match kind {
        Kind::Ordinary => attributes,
        // Out of the window manager's hands: above other windows whatever is raised, and never given the keyboard. A
        // mere panel is given it by some window managers when it appears, in the middle of a prompt or of what somebody
        // types.
        Kind::Panel => attributes.with_x11_window_type(vec![WindowType::Dock]).with_override_redirect(true),
    }
}

/// The window's number on its display.
pub fn number(handle: RawWindowHandle) -> Option<u32> {
    match handle {
        RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).ok(),
        RawWindowHandle::Xcb(handle) => Some(handle.window.get()),
        // Other systems' windows are not kept in sight by this program yet.
        _ => None,
    }
}
