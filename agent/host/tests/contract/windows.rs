//! The desktop of the Windows that this program runs on. A window over all of it is the other program.
#![allow(unsafe_code, reason = "the system's calls")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ptr::{null, null_mut};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use farhand_agent_host::capture::{self, Capturer, Geometry, Rect, open_capturer};
use farhand_agent_host::clipboard::{self, Changed, Clipboard, open_clipboard};
use farhand_agent_host::input::{self, Injector, open_injector};
use farhand_agent_host::monitors::{self, Desktop, open_desktop};
use farhand_protocol::channel::Button;
use farhand_protocol::channel::clipboard::ClipboardFormat;
use farhand_protocol::keys::Usage;
use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, POINT, WPARAM};
use windows_sys::Win32::Graphics::Gdi::{
    BITMAPINFO, BITMAPINFOHEADER, ClientToScreen, DIB_RGB_COLORS, GdiFlush, GetDC, ReleaseDC,
    SetDIBitsToDevice, ValidateRect,
};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{SetFocus, VK_PACKET};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, GetMessageW, GetSystemMetrics, HCURSOR,
    HTCLIENT, HWND_TOPMOST, IDC_ARROW, LoadCursorW, MSG, PostQuitMessage, RegisterClassW, SM_CXSCREEN,
    SM_CYSCREEN, SWP_NOMOVE, SWP_NOSIZE, SendMessageW, SetCursor, SetForegroundWindow, SetWindowPos,
    TranslateMessage, WM_APP, WM_CHAR, WM_CLOSE, WM_DESTROY, WM_KEYDOWN, WM_KEYUP, WM_LBUTTONDOWN,
    WM_LBUTTONUP, WM_MBUTTONDOWN, WM_MBUTTONUP, WM_MOUSEWHEEL, WM_PAINT, WM_RBUTTONDOWN, WM_RBUTTONUP,
    WM_SETCURSOR, WM_SYSKEYDOWN, WM_SYSKEYUP, WM_XBUTTONDOWN, WM_XBUTTONUP, WNDCLASSW, WS_POPUP, WS_VISIBLE,
};

use super::{Arrived, World, text};

/// One desktop, and so one test at a time.
pub static ONE: Mutex<()> = Mutex::new(());

struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u32>,
}

thread_local! {
    static CANVAS: RefCell<Option<(Arc<Mutex<Canvas>>, Sender<Arrived>)>> = const { RefCell::new(None) };
    static LETTERS: RefCell<Option<Sender<u16>>> = const { RefCell::new(None) };
    /// Keys that are down. Wine says of every key that goes down while another is held that it had been down before.
    static HELD: RefCell<BTreeSet<isize>> = const { RefCell::new(BTreeSet::new()) };
    /// What the pointer looks like over the window, if not as ever.
    static WORN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Tells the window what the pointer looks like over it.
const WEAR: u32 = WM_APP + 1;

pub struct Windows {
    other: RefCell<Option<Box<dyn Clipboard>>>,
    window: usize,
    canvas: Arc<Mutex<Canvas>>,
    arrived: Receiver<Arrived>,
    letters: Receiver<u16>,
    thread: Option<JoinHandle<()>>,
    _one: MutexGuard<'static, ()>,
}

impl Windows {
    pub fn new() -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        // The first thing that counts pixels makes them true ones for the whole process.
        drop(open_injector(input::Backend::Auto).unwrap());
        let (width, height) = unsafe { (GetSystemMetrics(SM_CXSCREEN), GetSystemMetrics(SM_CYSCREEN)) };
        let (width, height) = (width as u32, height as u32);
        let pixels = vec![0x33_55_77; (width * height) as usize];
        let canvas = Arc::new(Mutex::new(Canvas { width, height, pixels }));
        let (tell, arrived) = channel();
        let (say, letters) = channel();
        let (ready, is_ready) = channel();
        let theirs = Arc::clone(&canvas);
        let thread = std::thread::spawn(move || {
            CANVAS.with(|cell| *cell.borrow_mut() = Some((theirs, tell)));
            LETTERS.with(|cell| *cell.borrow_mut() = Some(say));
            let window = open(width as i32, height as i32);
            ready.send(window as usize).unwrap();
            unsafe {
                let mut message: MSG = std::mem::zeroed();
                while GetMessageW(&raw mut message, null_mut(), 0, 0) > 0 {
                    TranslateMessage(&raw const message);
                    DispatchMessageW(&raw const message);
                }
            }
        });
        let window = is_ready.recv().unwrap();
        assert_ne!(window, 0, "no window");
        let other = RefCell::new(None);
        let world = Self { other, window, canvas, arrived, letters, thread: Some(thread), _one: one };
        world.paint();
        world
    }

    /// The next part of a letter that the program was given to write, in UTF-16, if it is within the time.
    pub fn letter(&self, within: Duration) -> Option<u16> {
        self.letters.recv_timeout(within).ok()
    }

    /// Over the window the pointer looks like this from now on; 0 is no pointer at all.
    pub fn wear(&self, cursor: usize) {
        unsafe { SendMessageW(self.window as HWND, WEAR, cursor, 0) };
    }

    fn paint(&self) {
        unsafe { SendMessageW(self.window as HWND, WM_APP, 0, 0) };
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        unsafe { SendMessageW(self.window as HWND, WM_CLOSE, 0, 0) };
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn open(width: i32, height: i32) -> HWND {
    let (class, title) = (wide("FarhandContract"), wide("Farhand contract"));
    unsafe {
        let instance = GetModuleHandleW(null());
        let about = WNDCLASSW {
            lpfnWndProc: Some(handle),
            hInstance: instance,
            hCursor: LoadCursorW(null_mut(), IDC_ARROW),
            lpszClassName: class.as_ptr(),
            ..std::mem::zeroed()
        };
        // The second time it is there already.
        RegisterClassW(&raw const about);
        let (style, none) = (WS_POPUP | WS_VISIBLE, null_mut());
        let window = CreateWindowExW(
            0,
            class.as_ptr(),
            title.as_ptr(),
            style,
            0,
            0,
            width,
            height,
            none,
            none,
            instance,
            null(),
        );
        SetWindowPos(window, HWND_TOPMOST, 0, 0, 0, 0, SWP_NOMOVE | SWP_NOSIZE);
        SetForegroundWindow(window);
        SetFocus(window);
        window
    }
}

fn paint(window: HWND) {
    CANVAS.with(|cell| {
        let cell = cell.borrow();
        let Some((canvas, _)) = cell.as_ref() else { return };
        let canvas = canvas.lock().unwrap();
        let header = BITMAPINFOHEADER {
            biSize: size_of::<BITMAPINFOHEADER>() as u32,
            biWidth: canvas.width as i32,
            biHeight: -(canvas.height as i32),
            biPlanes: 1,
            biBitCount: 32,
            ..BITMAPINFOHEADER::default()
        };
        let about = BITMAPINFO { bmiHeader: header, ..BITMAPINFO::default() };
        unsafe {
            let dc = GetDC(window);
            let (w, h) = (canvas.width, canvas.height);
            let from = canvas.pixels.as_ptr().cast();
            SetDIBitsToDevice(dc, 0, 0, w, h, 0, 0, 0, h, from, &raw const about, DIB_RGB_COLORS);
            GdiFlush();
            ReleaseDC(window, dc);
        }
    });
}

fn tell(arrived: Arrived) {
    CANVAS.with(|cell| {
        if let Some((_, tell)) = cell.borrow().as_ref() {
            let _ = tell.send(arrived);
        }
    });
}

/// The keys that these tests press, by their scan codes.
fn usage(scan: u32, extended: bool) -> Option<Usage> {
    let code = match (scan, extended) {
        (0x1e, false) => "KeyA",
        (0x10, false) => "KeyQ",
        (0x11, false) => "KeyW",
        (0x1c, false) => "Enter",
        (0x1c, true) => "NumpadEnter",
        (0x4b, true) => "ArrowLeft",
        (0x47, true) => "Home",
        (0x58, false) => "F12",
        (0x2a, _) => "ShiftLeft",
        (0x36, _) => "ShiftRight",
        (0x1d, true) => "ControlRight",
        _ => return None,
    };
    Usage::from_code(code)
}

unsafe extern "system" fn handle(window: HWND, message: u32, word: WPARAM, long: LPARAM) -> LRESULT {
    let key = |down: bool| {
        // What repeats was told.
        let which = long >> 16 & 0x1ff;
        let known =
            HELD.with_borrow_mut(|held| if down { !held.insert(which) } else { !held.remove(&which) });
        if known && down {
            return;
        }
        let scan = (long >> 16 & 0xff) as u32;
        tell(Arrived::Key(usage(scan, long & (1 << 24) != 0).unwrap_or(Usage(scan as u16 | 0x8000)), down));
    };
    let button = |button: Button, down: bool| {
        let mut at = POINT { x: i32::from(long as i16), y: i32::from((long >> 16) as i16) };
        unsafe { ClientToScreen(window, &raw mut at) };
        tell(Arrived::Button(button, down, at.x, at.y));
    };
    let letter = || {
        LETTERS.with(|cell| {
            if let Some(say) = cell.borrow().as_ref() {
                let _ = say.send(word as u16);
            }
        });
    };
    let side = if word >> 16 & 0xffff == 1 { Button::Back } else { Button::Forward };
    match message {
        WM_APP => paint(window),
        WEAR => WORN.set(Some(word)),
        WM_SETCURSOR if long & 0xffff == HTCLIENT as LPARAM => match WORN.get() {
            Some(cursor) => {
                unsafe { SetCursor(cursor as HCURSOR) };
                return 1;
            }
            None => return unsafe { DefWindowProcW(window, message, word, long) },
        },
        WM_PAINT => unsafe {
            ValidateRect(window, null());
            paint(window);
        },
        // A letter that no key was pressed for: it follows.
        WM_KEYDOWN | WM_SYSKEYDOWN | WM_KEYUP | WM_SYSKEYUP if word == usize::from(VK_PACKET) => {}
        WM_KEYDOWN | WM_SYSKEYDOWN => key(true),
        WM_KEYUP | WM_SYSKEYUP => key(false),
        WM_CHAR => letter(),
        WM_LBUTTONDOWN => button(Button::Left, true),
        WM_LBUTTONUP => button(Button::Left, false),
        WM_MBUTTONDOWN => button(Button::Middle, true),
        WM_MBUTTONUP => button(Button::Middle, false),
        WM_RBUTTONDOWN => button(Button::Right, true),
        WM_RBUTTONUP => button(Button::Right, false),
        WM_XBUTTONDOWN => button(side, true),
        WM_XBUTTONUP => button(side, false),
        WM_MOUSEWHEEL => tell(Arrived::Wheel(i32::from((word >> 16) as u16 as i16) / 120)),
        WM_CLOSE => unsafe {
            DestroyWindow(window);
        },
        WM_DESTROY => unsafe { PostQuitMessage(0) },
        _ => return unsafe { DefWindowProcW(window, message, word, long) },
    }
    0
}

impl World for Windows {
    fn capturer(&self) -> Box<dyn Capturer> {
        open_capturer(capture::Backend::Auto).unwrap()
    }

    fn injector(&self) -> Box<dyn Injector> {
        open_injector(input::Backend::Auto).unwrap()
    }

    fn desktop(&self) -> Box<dyn Desktop> {
        open_desktop(monitors::Backend::Auto).unwrap()
    }

    fn clipboard(&self, changed: Changed) -> Box<dyn Clipboard> {
        open_clipboard(clipboard::Backend::Auto, changed).unwrap()
    }

    fn copy(&self, words: &str) {
        // What lies there is whoever's copied it for as long as they are there; each time it is another program.
        let mut other = self.clipboard(Box::new(|| {}));
        other.write(text(words)).unwrap();
        *self.other.borrow_mut() = Some(other);
    }

    fn paste(&self) -> String {
        let content = self.clipboard(Box::new(|| {})).read().unwrap();
        let text = content.parts.into_iter().find(|(format, _)| *format == ClipboardFormat::Text);
        String::from_utf8(text.unwrap().1).unwrap()
    }

    fn size(&self) -> Geometry {
        let canvas = self.canvas.lock().unwrap();
        Geometry { width: canvas.width, height: canvas.height }
    }

    fn fill(&self, rect: Rect, [blue, green, red]: [u8; 3]) {
        {
            let mut canvas = self.canvas.lock().unwrap();
            let (width, height) = (canvas.width, canvas.height);
            for y in rect.y..(rect.y + rect.h).min(height) {
                for x in rect.x..(rect.x + rect.w).min(width) {
                    canvas.pixels[(y * width + x) as usize] = u32::from_le_bytes([blue, green, red, 0]);
                }
            }
        }
        self.paint();
    }

    fn truth(&self) -> Vec<[u8; 3]> {
        let canvas = self.canvas.lock().unwrap();
        canvas.pixels.iter().map(|pixel| pixel.to_le_bytes()).map(|p| [p[0], p[1], p[2]]).collect()
    }

    fn next(&self, within: Duration) -> Option<Arrived> {
        self.arrived.recv_timeout(within).ok()
    }
}
