//! What the back ends for Windows share.
#![allow(unsafe_code, reason = "the system's calls")]

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::sync::{Arc, Once};
use std::time::Instant;

use windows_sys::Win32::Foundation::{HANDLE, HWND, RECT};
use windows_sys::Win32::System::Threading::{CreateEventW, INFINITE, SetEvent, WaitForSingleObject};
use windows_sys::Win32::UI::HiDpi::{
    DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, SetProcessDpiAwarenessContext,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, MSG, MWMO_INPUTAVAILABLE, MsgWaitForMultipleObjectsEx, PM_REMOVE, PeekMessageW,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, QS_ALLINPUT, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN, SM_XVIRTUALSCREEN,
    SM_YVIRTUALSCREEN,
};

use crate::monitors::Area;

pub mod scan;

/// The text up to its zero.
pub fn text(letters: &[u16]) -> String {
    let end = letters.iter().position(|letter| *letter == 0).unwrap_or(letters.len());
    String::from_utf16_lossy(&letters[..end])
}

/// The text with a zero behind it, as the system wants it. What is behind a zero of its own is not seen.
pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// What the system said last on this thread.
pub fn last_error() -> io::Error {
    io::Error::last_os_error()
}

/// Every place is counted in true pixels from now on, on each monitor by its own measure. What was counted before stays
/// as it was: so this comes first.
pub fn count_true_pixels() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: a plain call. It fails where somebody else has chosen already, which is the same choice.
        unsafe { SetProcessDpiAwarenessContext(DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2) };
    });
}

/// All monitors together. Its corner may be anywhere: the system counts from the first monitor's.
pub fn desktop() -> Area {
    count_true_pixels();
    // SAFETY: plain calls.
    let (x, y, width, height) = unsafe {
        (
            GetSystemMetrics(SM_XVIRTUALSCREEN),
            GetSystemMetrics(SM_YVIRTUALSCREEN),
            GetSystemMetrics(SM_CXVIRTUALSCREEN),
            GetSystemMetrics(SM_CYVIRTUALSCREEN),
        )
    };
    let length = |value: i32| u32::try_from(value).unwrap_or(0);
    Area { x, y, width: length(width), height: length(height) }
}

/// A rectangle of the system's, counted from the desktop's corner.
pub fn area(rect: &RECT, desktop: Area) -> Area {
    let length = |from: i32, to: i32| u32::try_from(to.saturating_sub(from)).unwrap_or(0);
    Area {
        x: rect.left.saturating_sub(desktop.x),
        y: rect.top.saturating_sub(desktop.y),
        width: length(rect.left, rect.right),
        height: length(rect.top, rect.bottom),
    }
}

/// A window by its number: of its handle the system uses 32 bits, with their sign.
pub fn window(number: u32) -> HWND {
    number as i32 as isize as HWND
}

/// A window's number.
pub fn number(window: HWND) -> u32 {
    window as isize as u32
}

/// Rung from any thread; heard by one.
#[derive(Clone, Debug)]
pub struct Bell(Arc<OwnedHandle>);

impl Bell {
    /// A bell that nobody rang.
    pub fn new() -> io::Result<Self> {
        // SAFETY: a plain call; what it gives is owned from here on.
        let event = unsafe {
            let event = CreateEventW(std::ptr::null(), 0, 0, std::ptr::null());
            if event.is_null() {
                return Err(last_error());
            }
            OwnedHandle::from_raw_handle(event)
        };
        Ok(Self(Arc::new(event)))
    }

    fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    /// Wakes whoever waits, or waits next.
    pub fn ring(&self) {
        // SAFETY: the handle is open for as long as `self`.
        unsafe { SetEvent(self.handle()) };
    }

    /// Blocks until somebody rings or the time has come. Whether somebody rang.
    pub fn wait(&self, until: Option<Instant>) -> bool {
        // SAFETY: the handle is open for as long as `self`.
        unsafe { WaitForSingleObject(self.handle(), left(until)) == 0 }
    }

    /// The same, and what the system tells this thread's windows is handed to them meanwhile. Returns after each.
    pub fn wait_with_windows(&self, until: Option<Instant>) {
        let handle = self.handle();
        // SAFETY: one handle, open for as long as `self`; `message` is filled before it is handed on.
        unsafe {
            MsgWaitForMultipleObjectsEx(1, &raw const handle, left(until), QS_ALLINPUT, MWMO_INPUTAVAILABLE);
            let mut message: MSG = std::mem::zeroed();
            while PeekMessageW(&raw mut message, std::ptr::null_mut(), 0, 0, PM_REMOVE) != 0 {
                DispatchMessageW(&raw const message);
            }
        }
    }
}

/// Milliseconds until then, not less than there are.
fn left(until: Option<Instant>) -> u32 {
    let Some(until) = until else { return INFINITE };
    let left = until.saturating_duration_since(Instant::now());
    u32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE - 1).min(INFINITE - 1)
}
