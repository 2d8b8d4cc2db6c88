//! Windows where there is no X11: of Windows.

use slint::winit_030::winit::platform::windows::WindowAttributesExtWindows;
use slint::winit_030::winit::raw_window_handle::RawWindowHandle;
use slint::winit_030::winit::window::{WindowAttributes, WindowLevel};

use super::Kind;

/// How a window of this kind is made.
pub fn dress(attributes: WindowAttributes, kind: Kind) -> WindowAttributes {
    let attributes = attributes.with_class_name("Farhand");
    match kind {
        Kind::Ordinary => attributes,
        // That it is never given the keyboard is the guard's to see to, once it is there.
        Kind::Panel => {
            attributes.with_window_level(WindowLevel::AlwaysOnTop).with_skip_taskbar(true).with_active(false)
        }
    }
}

/// The window's number, of which Windows uses 32 bits.
pub fn number(handle: RawWindowHandle) -> Option<u32> {
    match handle {
        RawWindowHandle::Win32(handle) => Some(handle.hwnd.get() as u32),
        // Another system's.
        _ => None,
    }
}
