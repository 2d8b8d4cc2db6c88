//! A window that is brought back above all others when something lies over it, and shown when it is hidden.
//!
//! The system tells a program nothing of what lies over its windows, so it is looked at a few times a second while the
//! window must be seen.
#![allow(unsafe_code, reason = "the system's calls")]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{HWND, RECT};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GW_HWNDPREV, GWL_EXSTYLE, GetWindow, GetWindowLongPtrW, GetWindowRect, HWND_TOPMOST, IsIconic, IsWindow,
    IsWindowVisible, SW_SHOWNOACTIVATE, SWP_ASYNCWINDOWPOS, SWP_NOACTIVATE, SWP_NOMOVE, SWP_NOSIZE,
    SetWindowLongPtrW, SetWindowPos, ShowWindowAsync, WS_EX_NOACTIVATE, WS_EX_TOOLWINDOW,
};

use super::{Guard, GuardError};
use crate::windows::{Bell, window};

/// Between two looks, and so the soonest that it is brought back again.
const LOOKS: Duration = Duration::from_millis(200);
/// The most windows above it that are looked at.
const MAX_ABOVE: usize = 512;

pub fn guard(
    _display: Option<&str>,
    number: u32,
    lost: Box<dyn FnOnce() + Send>,
) -> Result<Box<dyn Guard>, GuardError> {
    let refused = |error: std::io::Error| GuardError::Refused { detail: error.to_string() };
    let (orders, bell) = (Arc::new(Orders::default()), Bell::new().map_err(refused)?);
    let (theirs, ring) = (Arc::clone(&orders), bell.clone());
    let thread = std::thread::Builder::new()
        .name("guard".into())
        .spawn(move || {
            if watch(number, &theirs, &ring) {
                lost();
            }
        })
        .map_err(refused)?;
    Ok(Box::new(WindowsGuard { orders, bell, thread: Some(thread) }))
}

#[derive(Debug, Default)]
struct Orders {
    wanted: AtomicBool,
    quit: AtomicBool,
}

/// Guards one window.
struct WindowsGuard {
    orders: Arc<Orders>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for WindowsGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WindowsGuard")
    }
}

impl Guard for WindowsGuard {
    fn keep_in_sight(&self, wanted: bool) {
        self.orders.wanted.store(wanted, Ordering::SeqCst);
        self.bell.ring();
    }
}

impl Drop for WindowsGuard {
    fn drop(&mut self) {
        self.orders.quit.store(true, Ordering::Relaxed);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether the window was destroyed while it had to be seen.
fn watch(number: u32, orders: &Orders, bell: &Bell) -> bool {
    let window = window(number);
    loop {
        if orders.quit.load(Ordering::Relaxed) {
            return false;
        }
        let wanted = orders.wanted.load(Ordering::SeqCst);
        // SAFETY: plain calls, each of which fails for a window that is gone.
        unsafe {
            if IsWindow(window) == 0 {
                return wanted;
            }
            if wanted {
                dress(window);
                if IsWindowVisible(window) == 0 || IsIconic(window) != 0 {
                    ShowWindowAsync(window, SW_SHOWNOACTIVATE);
                }
                if is_covered(window) {
                    let flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE | SWP_ASYNCWINDOWPOS;
                    SetWindowPos(window, HWND_TOPMOST, 0, 0, 0, 0, flags);
                }
            }
        }
        bell.wait(wanted.then(|| Instant::now() + LOOKS));
    }
}

/// It never takes the keyboard from whoever types, and has no place among the windows to switch between. Whoever made the
/// window may set its style anew, without this.
fn dress(window: HWND) {
    let wanted = (WS_EX_NOACTIVATE | WS_EX_TOOLWINDOW) as isize;
    // SAFETY: both fail for a window that is gone.
    unsafe {
        let style = GetWindowLongPtrW(window, GWL_EXSTYLE);
        if style & wanted != wanted {
            SetWindowLongPtrW(window, GWL_EXSTYLE, style | wanted);
        }
    }
}

/// Whether another window lies over a part of it.
fn is_covered(window: HWND) -> bool {
    let place = |of: HWND| {
        let mut rect = RECT::default();
        // SAFETY: fails for a window that is gone.
        (unsafe { GetWindowRect(of, &raw mut rect) } != 0).then_some(rect)
    };
    let Some(own) = place(window) else { return false };
    let mut above = window;
    for _ in 0..MAX_ABOVE {
        // SAFETY: as above.
        above = unsafe { GetWindow(above, GW_HWNDPREV) };
        if above.is_null() {
            return false;
        }
        // SAFETY: as above.
        let seen = unsafe { IsWindowVisible(above) != 0 && IsIconic(above) == 0 };
        let over = |rect: RECT| {
            rect.left < own.right && own.left < rect.right && rect.top < own.bottom && own.top < rect.bottom
        };
        if seen && place(above).is_some_and(over) {
            return true;
        }
    }
    false
}
