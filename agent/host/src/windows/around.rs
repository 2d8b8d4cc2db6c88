//! What is asked of the desktop besides its pixels.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ptr::null_mut;

use windows_sys::Win32::Foundation::POINT;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::StationsAndDesktops::{CloseDesktop, DESKTOP_READOBJECTS, OpenInputDesktop};
use windows_sys::Win32::UI::WindowsAndMessaging::{CURSOR_SHOWING, CURSORINFO, GetCursorInfo};

use super::super::{CaptureError, MAX_PIXELS};
use crate::monitors::Area;
use crate::monitors::os::monitors;
use crate::windows::{desktop, wide};

/// The pointer of the whole desktop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CursorSeen {
    /// There is one.
    pub shown: bool,
    /// Its shape.
    pub handle: usize,
    /// Where it points, from the desktop's corner.
    pub at: (i32, i32),
}

/// Where the pointer is, and its shape.
pub fn cursor_now() -> CursorSeen {
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

/// Whether this program may look at the desktop that people see now: not at the lock screen, and not at the question
/// whether a program may have an administrator's rights.
pub fn input_desktop() -> Result<(), CaptureError> {
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

/// Where the monitors lie.
pub fn places(desktop: Area) -> Vec<Area> {
    monitors(desktop).into_iter().map(|monitor| monitor.area).collect()
}

/// Whether what this program runs on stands in for Windows.
pub fn is_wine() -> bool {
    let name = wide("ntdll.dll");
    // SAFETY: both names end with a zero; every program has this library.
    unsafe {
        let library = GetModuleHandleW(name.as_ptr());
        !library.is_null() && GetProcAddress(library, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

/// Whether a picture of this part of the desktop can be taken.
pub fn check_size(area: Area) -> Result<(), CaptureError> {
    let Area { width, height, .. } = area;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(CaptureError::UnsupportedSize { width, height });
    }
    Ok(())
}
