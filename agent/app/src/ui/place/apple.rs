//! Windows of macOS.

use slint::winit_030::winit::platform::macos::WindowAttributesExtMacOS as _;
use slint::winit_030::winit::raw_window_handle::RawWindowHandle;
use slint::winit_030::winit::window::{WindowAttributes, WindowLevel};

use super::Kind;

/// How a window of this kind is made.
pub fn dress(attributes: WindowAttributes, kind: Kind) -> WindowAttributes {
    match kind {
        Kind::Ordinary => attributes,
        Kind::Panel => {
            let attributes = attributes.with_window_level(WindowLevel::AlwaysOnTop).with_active(false);
            attributes.with_accepts_first_mouse(true).with_has_shadow(true)
        }
    }
}

/// A window's number here is not in its handle, and nothing guards windows on this system yet.
pub const fn number(_handle: RawWindowHandle) -> Option<u32> {
    None
}
