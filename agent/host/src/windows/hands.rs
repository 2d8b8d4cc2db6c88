//! Hooks into what goes from keyboard and mouse to programs. The system says of each key and motion whether a program put
//! it in; such as this one, an on-screen keyboard or a remote desktop.
//!
//! Whoever hooks holds every key up until they have answered, so that is done in a thread that does nothing else.
#![allow(unsafe_code, reason = "the system's calls")]

use std::cell::RefCell;
use std::fmt;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use farhand_protocol::keys::Usage;
use windows_sys::Win32::Foundation::{LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::VK_PAUSE;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CallNextHookEx, HC_ACTION, HHOOK, HOOKPROC, KBDLLHOOKSTRUCT, LLKHF_EXTENDED, LLKHF_INJECTED, LLKHF_UP,
    LLMHF_INJECTED, MSLLHOOKSTRUCT, SetWindowsHookExW, UnhookWindowsHookEx, WH_KEYBOARD_LL, WH_MOUSE_LL,
    WM_LBUTTONUP, WM_MBUTTONUP, WM_MOUSEMOVE, WM_RBUTTONUP, WM_XBUTTONUP,
};

use super::{Done, Hands, HandsError, Tell};
use crate::windows::scan::{self, Key};
use crate::windows::{Bell, last_error};

pub fn open(_display: Option<&str>, tell: Tell) -> Result<Box<dyn Hands>, HandsError> {
    let refused = |error: std::io::Error| HandsError::Refused { detail: error.to_string() };
    let (orders, bell) = (Arc::new(Orders::default()), Bell::new().map_err(refused)?);
    let (theirs, ring) = (Arc::clone(&orders), bell.clone());
    let (ready, is_ready) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("hands".into())
        .spawn(move || {
            TELL.with(|cell| *cell.borrow_mut() = Some(tell));
            match Hook::new(WH_KEYBOARD_LL, Some(on_key)) {
                Ok(keys) => {
                    let _ = ready.send(Ok(()));
                    listen(&theirs, &ring);
                    drop(keys);
                }
                Err(error) => drop(ready.send(Err(error))),
            }
            TELL.with(|cell| *cell.borrow_mut() = None);
        })
        .map_err(refused)?;
    let hooked = is_ready.recv().unwrap_or_else(|_| Err(std::io::Error::other("its thread ended")));
    hooked.map_err(refused)?;
    Ok(Box::new(WindowsHands { orders, bell, thread: Some(thread) }))
}

#[derive(Debug, Default)]
struct Orders {
    all: AtomicBool,
    quit: AtomicBool,
}

struct WindowsHands {
    orders: Arc<Orders>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for WindowsHands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WindowsHands")
    }
}

impl Hands for WindowsHands {
    fn listen_to_all(&self, all: bool) {
        self.orders.all.store(all, Ordering::Relaxed);
        self.bell.ring();
    }
}

impl Drop for WindowsHands {
    fn drop(&mut self) {
        self.orders.quit.store(true, Ordering::Relaxed);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until nobody listens any more. The system calls the hooks while this thread waits.
fn listen(orders: &Orders, bell: &Bell) {
    let mut mouse = None;
    while !orders.quit.load(Ordering::Relaxed) {
        // The mouse is not held up for a choice that was not made.
        match (orders.all.load(Ordering::Relaxed), mouse.is_some()) {
            (true, false) => {
                mouse = Hook::new(WH_MOUSE_LL, Some(on_mouse))
                    .inspect_err(|error| tracing::warn!(%error, "the mouse is not watched"))
                    .ok();
            }
            (false, true) => mouse = None,
            (true, true) | (false, false) => {}
        }
        bell.wait_with_windows(None);
    }
}

struct Hook(HHOOK);

impl Hook {
    fn new(kind: i32, hook: HOOKPROC) -> std::io::Result<Self> {
        // SAFETY: the hook is a function of this program, for all threads of the desktop.
        let handle = unsafe { SetWindowsHookExW(kind, hook, GetModuleHandleW(std::ptr::null()), 0) };
        if handle.is_null() { Err(last_error()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // SAFETY: set by `new`.
        unsafe { UnhookWindowsHookEx(self.0) };
    }
}

thread_local! {
    /// Who is told: the hooks are called on the thread that set them.
    static TELL: RefCell<Option<Tell>> = const { RefCell::new(None) };
}

fn tell(done: Done) {
    TELL.with(|cell| {
        if let Some(tell) = cell.borrow().as_ref() {
            tell(done);
        }
    });
}

unsafe extern "system" fn on_key(code: i32, word: WPARAM, long: LPARAM) -> LRESULT {
    if code == HC_ACTION as i32 {
        // SAFETY: so the system hands over what was done, for as long as this call lasts.
        let about = unsafe { *(long as *const KBDLLHOOKSTRUCT) };
        let code = (about.scanCode & 0xff) as u16;
        let key = if about.vkCode == u32::from(VK_PAUSE) {
            Key::PAUSE
        } else if about.flags & LLKHF_EXTENDED != 0 && code != 0x45 {
            Key::extended(code)
        } else {
            Key::plain(code)
        };
        // A key without a number is a touch all the same.
        let usage = scan::usage(key).unwrap_or(Usage(0));
        let (down, physical) = (about.flags & LLKHF_UP == 0, about.flags & LLKHF_INJECTED == 0);
        tell(Done::Key { usage, down, physical });
    }
    // SAFETY: what was given is handed on.
    unsafe { CallNextHookEx(null_mut(), code, word, long) }
}

unsafe extern "system" fn on_mouse(code: i32, word: WPARAM, long: LPARAM) -> LRESULT {
    if code == HC_ACTION as i32 {
        // SAFETY: as above.
        let about = unsafe { *(long as *const MSLLHOOKSTRUCT) };
        let physical = about.flags & LLMHF_INJECTED == 0;
        match word as u32 {
            WM_MOUSEMOVE => tell(Done::Motion { physical }),
            WM_LBUTTONUP | WM_RBUTTONUP | WM_MBUTTONUP | WM_XBUTTONUP => {}
            _ => tell(Done::Button { physical }),
        }
    }
    // SAFETY: what was given is handed on.
    unsafe { CallNextHookEx(null_mut(), code, word, long) }
}
