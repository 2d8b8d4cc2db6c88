//! Monitors and windows as the system lists them. It tells of no change to those who do not ask, so it is asked again for
//! each picture.
#![allow(unsafe_code, reason = "the system's calls")]

use std::collections::HashMap;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::Path;

use windows_sys::Win32::Foundation::{HWND, LPARAM, RECT};
use windows_sys::Win32::Graphics::Dwm::{DWMWA_CLOAKED, DWMWA_EXTENDED_FRAME_BOUNDS, DwmGetWindowAttribute};
use windows_sys::Win32::Graphics::Gdi::{
    EnumDisplayMonitors, GetMonitorInfoW, HDC, HMONITOR, MONITORINFO, MONITORINFOEXW,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};
use windows_sys::Win32::UI::HiDpi::{GetDpiForMonitor, MDT_EFFECTIVE_DPI};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    EnumWindows, GW_OWNER, GWL_EXSTYLE, GWL_STYLE, GetClassNameW, GetForegroundWindow, GetWindow,
    GetWindowLongPtrW, GetWindowRect, GetWindowThreadProcessId, InternalGetWindowText, IsIconic,
    IsWindowVisible, MONITORINFOF_PRIMARY, WS_CAPTION, WS_EX_LAYERED, WS_EX_TOOLWINDOW, WS_POPUP,
};

use super::scene::{Client, Focus, Kind, Scene, Top};
use super::{Area, Backend, Desktop, MAX_TITLE, Monitor, Shareable, WindowRule};
use crate::capture::CaptureError;
use crate::windows::{area, desktop, number, text};

/// The measure at which nothing is enlarged, dots an inch.
const PLAIN_DPI: u32 = 96;
/// How the classes of the windows begin that this program draws over the screen.
pub const OVERLAY_CLASS: &str = "FarhandOverlay";
/// Classes of the desktop's bars and background.
const FURNITURE: [&str; 6] =
    ["Progman", "WorkerW", "Shell_TrayWnd", "Shell_SecondaryTrayWnd", "#32769", "NotifyIconOverflowWindow"];
/// Letters of a class's name.
const MAX_CLASS: usize = 256;
/// Letters of a program's path.
const MAX_PATH: usize = 1024;
/// The most windows that are looked at.
const MAX_TOPS: usize = 2048;
/// The most programs whose names are remembered.
const MAX_NAMES: usize = 4096;

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Desktop>, CaptureError> {
    match preference {
        Backend::Auto => Ok(Box::new(WindowsDesktop::default())),
        Backend::X11 => Err(CaptureError::NotHere { name: "X11" }),
        Backend::Wayland => Err(CaptureError::NotHere { name: "Wayland" }),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}

/// Keeps a scene like the desktop.
#[derive(Debug, Default)]
pub struct Tracker {
    /// Names of programs by their processes' numbers.
    programs: HashMap<u32, Option<String>>,
}

impl Tracker {
    /// Brings the scene up to date.
    pub fn settle(&mut self, scene: &mut Scene) {
        let desktop = desktop();
        scene.set_screen(desktop.width, desktop.height);
        scene.set_monitors(monitors(desktop));
        self.settle_windows(scene);
    }

    /// Brings the windows up to date, and where keys and pointer go.
    pub fn settle_windows(&mut self, scene: &mut Scene) {
        let desktop = desktop();
        let handles = list();
        let mut tops = Vec::with_capacity(handles.len());
        // The system names the foremost first.
        for window in handles.into_iter().rev() {
            tops.push(self.top(window, desktop));
        }
        if self.programs.len() > MAX_NAMES {
            self.programs.clear();
        }
        scene.set_windows(tops);
        // SAFETY: a plain call.
        let front = unsafe { GetForegroundWindow() };
        scene.set_focus(if front.is_null() { Focus::Nowhere } else { Focus::Window(number(front)) });
    }

    fn top(&mut self, window: HWND, desktop: Area) -> Top {
        // SAFETY: each call fails for a window that is gone meanwhile, and writes no more than is said.
        let (mapped, rect, style, extended) = unsafe {
            let mut rect = RECT::default();
            let known = GetWindowRect(window, &raw mut rect) != 0;
            (
                known && IsWindowVisible(window) != 0 && IsIconic(window) == 0,
                rect,
                GetWindowLongPtrW(window, GWL_STYLE) as u32,
                GetWindowLongPtrW(window, GWL_EXSTYLE) as u32,
            )
        };
        let place = area(&rect, desktop);
        let id = number(window);
        if !mapped {
            return Top { id, area: place, mapped, ..Top::default() };
        }
        let class = class(window);
        let kind = if class.starts_with(OVERLAY_CLASS) {
            Kind::Ours
        } else if place.width == 0 || place.height == 0 || is_cloaked(window) {
            Kind::Unseen
        } else if FURNITURE.contains(&class.as_str()) {
            Kind::Furniture
        } else if style & WS_POPUP != 0
            && (style & WS_CAPTION != WS_CAPTION || extended & WS_EX_TOOLWINDOW != 0)
        {
            Kind::Free
        } else {
            Kind::Ordinary
        };
        let opaque = if extended & WS_EX_LAYERED != 0 { Vec::new() } else { vec![inside(window, &rect)] };
        // SAFETY: as above.
        let (process, owner) = unsafe {
            let mut process = 0;
            GetWindowThreadProcessId(window, &raw mut process);
            (process, GetWindow(window, GW_OWNER))
        };
        let client = Client {
            id,
            programs: self.program(process).into_iter().collect(),
            title: title(window),
            transient_for: (!owner.is_null()).then(|| number(owner)),
            owner: process,
        };
        Top { id, area: place, mapped, kind, shape: Vec::new(), opaque, clients: Some(vec![client]) }
    }

    fn program(&mut self, process: u32) -> Option<String> {
        self.programs.entry(process).or_insert_with(|| program(process)).clone()
    }
}

/// All windows of the desktop, the foremost first.
fn list() -> Vec<HWND> {
    unsafe extern "system" fn gather(window: HWND, list: LPARAM) -> i32 {
        // SAFETY: the list that is handed to `EnumWindows` below, which calls this before it returns.
        let list = unsafe { &mut *(list as *mut Vec<HWND>) };
        list.push(window);
        i32::from(list.len() < MAX_TOPS)
    }
    let mut list: Vec<HWND> = Vec::with_capacity(256);
    // SAFETY: `gather` is called with the list's address before this returns.
    unsafe { EnumWindows(Some(gather), (&raw mut list) as LPARAM) };
    list
}

/// The monitors, counted from the desktop's corner.
pub fn monitors(desktop: Area) -> Vec<Monitor> {
    unsafe extern "system" fn gather(monitor: HMONITOR, _: HDC, _: *mut RECT, list: LPARAM) -> i32 {
        // SAFETY: the list that is handed to `EnumDisplayMonitors` below, which calls this before it returns.
        unsafe { &mut *(list as *mut Vec<HMONITOR>) }.push(monitor);
        1
    }
    let mut handles: Vec<HMONITOR> = Vec::new();
    // SAFETY: `gather` is called with the list's address before this returns.
    unsafe {
        let list = (&raw mut handles) as LPARAM;
        EnumDisplayMonitors(std::ptr::null_mut(), std::ptr::null(), Some(gather), list);
    }
    handles.into_iter().filter_map(|handle| monitor(handle, desktop)).collect()
}

fn monitor(handle: HMONITOR, desktop: Area) -> Option<Monitor> {
    let mut about = MONITORINFOEXW::default();
    about.monitorInfo.cbSize = size_of::<MONITORINFOEXW>() as u32;
    let (mut dpi, mut dpi_along) = (PLAIN_DPI, PLAIN_DPI);
    // SAFETY: the structure says how large it is; both measures are written or left.
    unsafe {
        if GetMonitorInfoW(handle, (&raw mut about).cast::<MONITORINFO>()) == 0 {
            return None;
        }
        GetDpiForMonitor(handle, MDT_EFFECTIVE_DPI, &raw mut dpi, &raw mut dpi_along);
    }
    let name = text(&about.szDevice);
    let name = name.trim_start_matches("\\\\.\\").to_owned();
    let scale = (dpi * 100 / PLAIN_DPI).clamp(25, 1000) as u16;
    let primary = about.monitorInfo.dwFlags & MONITORINFOF_PRIMARY != 0;
    // The name stays the same for as long as the monitor is plugged in; its handle does not.
    let id = name.bytes().fold(0x811c_9dc5_u32, |id, byte| (id ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    Some(Monitor { id, name, area: area(&about.monitorInfo.rcMonitor, desktop), scale, primary })
}

/// The part of a window in which nothing shines through, from its own corner: without the edge that only its shadow and
/// the pointer know.
fn inside(window: HWND, rect: &RECT) -> Area {
    let mut seen = RECT::default();
    // SAFETY: the attribute is one rectangle.
    let known = unsafe {
        let attribute = DWMWA_EXTENDED_FRAME_BOUNDS as u32;
        DwmGetWindowAttribute(window, attribute, (&raw mut seen).cast(), size_of::<RECT>() as u32) >= 0
    };
    let own = Area { x: rect.left, y: rect.top, width: 0, height: 0 };
    let whole = area(rect, own);
    if known { area(&seen, own).overlap(whole).unwrap_or(whole) } else { whole }
}

/// Whether the system keeps a window off the screen although it is shown, as it does on another of its desktops.
fn is_cloaked(window: HWND) -> bool {
    let mut cloaked = 0_u32;
    // SAFETY: the attribute is one number.
    let known = unsafe {
        let attribute = DWMWA_CLOAKED as u32;
        DwmGetWindowAttribute(window, attribute, (&raw mut cloaked).cast(), size_of::<u32>() as u32) >= 0
    };
    known && cloaked != 0
}

fn class(window: HWND) -> String {
    let mut letters = [0; MAX_CLASS];
    // SAFETY: at most so many letters are written.
    unsafe { GetClassNameW(window, letters.as_mut_ptr(), MAX_CLASS as i32) };
    text(&letters)
}

/// Its title as the system knows it: the program is not asked, which might not answer.
fn title(window: HWND) -> String {
    let mut letters = [0; MAX_TITLE + 1];
    // SAFETY: at most so many letters are written.
    unsafe { InternalGetWindowText(window, letters.as_mut_ptr(), letters.len() as i32) };
    text(&letters)
}

/// The name of a process's program, without its ending.
fn program(process: u32) -> Option<String> {
    let mut letters = [0; MAX_PATH];
    let mut length = MAX_PATH as u32;
    // SAFETY: the handle is owned, and at most so many letters are written.
    unsafe {
        let handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process);
        if handle.is_null() {
            return None;
        }
        let handle = OwnedHandle::from_raw_handle(handle);
        let path = letters.as_mut_ptr();
        if QueryFullProcessImageNameW(handle.as_raw_handle(), PROCESS_NAME_WIN32, path, &raw mut length) == 0
        {
            return None;
        }
    }
    let path = text(&letters);
    Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned())
}

#[derive(Debug, Default)]
struct WindowsDesktop {
    tracker: Tracker,
}

impl Desktop for WindowsDesktop {
    fn look(&mut self, rules: &[WindowRule]) -> Result<Shareable, CaptureError> {
        let mut scene = Scene::default();
        self.tracker.settle(&mut scene);
        Ok(scene.shareable(rules))
    }
}
