//! What the other façades promise, on the Windows that this program runs on. Where Wine lacks something, its absence has to
//! be told.
#![allow(unsafe_code, reason = "the system's calls")]

use std::io::Write as _;
use std::os::windows::ffi::OsStrExt as _;
use std::process::{Child, Command, Stdio};
use std::ptr::{null, null_mut};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farhand_agent_host::capture::Capturer;
use farhand_agent_host::clipboard::{self, ClipboardError, open_clipboard};
use farhand_agent_host::files::{self, Folder};
use farhand_agent_host::guard::guard;
use farhand_agent_host::hands::{self, Done, open_hands};
use farhand_agent_host::monitors::{View, WindowEffect, WindowMark, WindowRule};
use farhand_agent_host::overlay::{self, Picture, open_overlay};
use farhand_agent_host::pty::{PtyError, Read, Terminal, end_marked, open_terminal};
use farhand_agent_host::restart::{self, Places, Start, open_restarter_at};
use farhand_agent_host::screen_lock::{self, LockError, open_screen_lock};
use farhand_agent_host::system::{LogWanted, ServiceChange, System, SystemError, open_system};
use farhand_protocol::channel::Button;
use farhand_protocol::channel::at_end::{LockDone, LockWay};
use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardFormat};
use farhand_protocol::channel::diagnostics::{Disk, Process, ServiceState};
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Colour, Mark, Place, Shape};
use farhand_protocol::transfer::names::confined;
use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::Graphics::Gdi::CreateSolidBrush;
use windows_sys::Win32::System::DataExchange::{
    CloseClipboard, EmptyClipboard, OpenClipboard, RegisterClipboardFormatW, SetClipboardData,
};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Memory::{GMEM_MOVEABLE, GlobalAlloc, GlobalLock, GlobalUnlock};
use windows_sys::Win32::System::Ole::CF_HDROP;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, HWND_TOPMOST, MSG, PostMessageW,
    PostQuitMessage, RegisterClassW, SW_HIDE, SWP_NOACTIVATE, SWP_NOMOVE, SWP_NOSIZE, SetWindowPos,
    ShowWindow, WM_CLOSE, WM_DESTROY, WNDCLASSW, WS_EX_TOOLWINDOW, WS_EX_TOPMOST, WS_POPUP, WS_VISIBLE,
};

use super::windows::{ONE, Windows, wide};
use super::{Arrived, PATIENCE, QUIET, World, usage};

const LOOK: Duration = Duration::from_millis(50);
/// `E_NOTIMPL`.
const NOT_IMPLEMENTED: i32 = 0x8000_4001_u32 as i32;
/// Blue, green, red.
const GROUND: [u8; 3] = [0x77, 0x55, 0x33];
const CONTROLS: [u8; 3] = [0x00, 0x6a, 0xe0];
const RED: [u8; 3] = [0x23, 0x1c, 0xe5];
const WHITE: [u8; 3] = [0xff, 0xff, 0xff];

/// Waits until the picture has these colours at these places.
pub fn shows(capturer: &mut dyn Capturer, wanted: &[((usize, usize), [u8; 3])]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let captured = capturer.grab().unwrap();
        let at = |(x, y): (usize, usize)| {
            let from = y * captured.frame.stride + x * 4;
            [captured.frame.pixels[from], captured.frame.pixels[from + 1], captured.frame.pixels[from + 2]]
        };
        let Some((place, colour)) = wanted.iter().find(|(place, colour)| at(*place) != *colour) else {
            return;
        };
        assert!(Instant::now() < until, "{:?} at {place:?} for {colour:?}", at(*place));
        capturer.wait(Some(Instant::now() + QUIET)).unwrap();
    }
}

fn becomes<T: PartialEq + std::fmt::Debug>(mut now: impl FnMut() -> T, expected: T) {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = now();
        if found == expected {
            return;
        }
        assert!(Instant::now() < until, "{found:?} is not {expected:?}");
        std::thread::park_timeout(LOOK);
    }
}

/// A window of one colour above all others, of another thread.
pub struct Window {
    handle: usize,
    thread: Option<JoinHandle<()>>,
}

impl Window {
    /// `colour` as red, green, blue.
    pub fn open(title: &str, (x, y, width, height): (i32, i32, i32, i32), colour: u32) -> Self {
        let (ready, is_ready) = channel();
        let title = wide(title);
        let thread = std::thread::spawn(move || unsafe {
            let class = wide(&format!("FarhandTest{colour:06x}"));
            let instance = GetModuleHandleW(null());
            let swapped = (colour & 0xff) << 16 | colour & 0xff00 | colour >> 16;
            let about = WNDCLASSW {
                lpfnWndProc: Some(handle),
                hInstance: instance,
                hbrBackground: CreateSolidBrush(swapped),
                lpszClassName: class.as_ptr(),
                ..std::mem::zeroed()
            };
            RegisterClassW(&raw const about);
            let (style, more) = (WS_POPUP | WS_VISIBLE, WS_EX_TOPMOST | WS_EX_TOOLWINDOW);
            let (name, text, none) = (class.as_ptr(), title.as_ptr(), null_mut());
            let window =
                CreateWindowExW(more, name, text, style, x, y, width, height, none, none, instance, null());
            ready.send(window as usize).unwrap();
            let mut message: MSG = std::mem::zeroed();
            while GetMessageW(&raw mut message, null_mut(), 0, 0) > 0 {
                DispatchMessageW(&raw const message);
            }
        });
        let window = Self { handle: is_ready.recv().unwrap(), thread: Some(thread) };
        assert_ne!(window.handle, 0, "no window");
        window
    }

    fn number(&self) -> u32 {
        self.handle as u32
    }

    fn raise(&self) {
        let flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE;
        unsafe { SetWindowPos(self.handle as HWND, HWND_TOPMOST, 0, 0, 0, 0, flags) };
    }

    fn hide(&self) {
        unsafe { ShowWindow(self.handle as HWND, SW_HIDE) };
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        unsafe { PostMessageW(self.handle as HWND, WM_CLOSE, 0, 0) };
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

unsafe extern "system" fn handle(window: HWND, message: u32, word: usize, long: isize) -> isize {
    unsafe {
        if message == WM_DESTROY {
            PostQuitMessage(0);
        }
        DefWindowProcW(window, message, word, long)
    }
}

#[test]
fn border_marks_and_lights_lie_over_the_screen_and_clicks_go_through() {
    let world = Windows::new();
    let size = world.size();
    let (right, bottom) = (size.width as usize - 1, size.height as usize - 1);
    let mut capturer = world.capturer();
    let overlay = open_overlay(overlay::Backend::Auto).unwrap();
    shows(capturer.as_mut(), &[((0, 0), GROUND), ((320, 200), GROUND)]);
    let places = [Place { x: 100, y: 100 }, Place { x: 300, y: 100 }].to_vec();
    let line = Arc::new(Mark { shape: Shape::Line, colour: Colour::Red, places });
    let whole = Some(Area::default());
    let light = Place { x: 500, y: 300 };
    overlay.show(Picture { border: whole, marks: vec![Arc::clone(&line)], lights: vec![light] });
    let edges = [(0, 0), (right, 0), (0, bottom), (right, bottom), (320, 2), (2, 200)];
    shows(capturer.as_mut(), &edges.map(|at| (at, CONTROLS)));
    let inside = [((4, 200), GROUND), ((200, 100), RED), ((200, 104), WHITE), ((200, 106), GROUND)];
    shows(capturer.as_mut(), &inside);
    shows(capturer.as_mut(), &[((500, 300), RED), ((510, 300), WHITE), ((513, 300), GROUND)]);
    let mut injector = world.injector();
    for (x, y) in [(200, 100), (1, 200)] {
        injector.pointer(x, y).unwrap();
        for down in [true, false] {
            injector.button(Button::Left, down).unwrap();
            assert_eq!(world.next(PATIENCE), Some(Arrived::Button(Button::Left, down, x, y)));
        }
    }
    let moved = Place { x: 520, y: 320 };
    overlay.show(Picture { border: whole, marks: vec![line], lights: vec![moved] });
    shows(capturer.as_mut(), &[((500, 300), GROUND), ((520, 320), RED), ((200, 100), RED)]);
    let part = Area { x: 320, y: 0, width: 320, height: 400 };
    overlay.show(Picture { border: Some(part), ..Picture::default() });
    shows(capturer.as_mut(), &[((0, 0), GROUND), ((321, 200), CONTROLS), ((316, 200), GROUND)]);
    drop(overlay);
    shows(capturer.as_mut(), &[((321, 200), GROUND), ((520, 320), GROUND)]);
}

#[test]
fn a_window_that_must_be_seen_comes_back() {
    let world = Windows::new();
    let mut capturer = world.capturer();
    let (at, banner_red, other_green) = ((50, 20), [0, 0, 0xff], [0, 0xff, 0]);
    let banner = Window::open("banner", (0, 0, 200, 40), 0xff_00_00);
    let (lost, is_lost) = channel();
    let guard = guard(None, banner.number(), move || lost.send(()).unwrap()).unwrap();
    shows(capturer.as_mut(), &[(at, banner_red)]);
    // Not wanted yet: whoever comes is above.
    let other = Window::open("other", (0, 0, 400, 300), 0x00_ff_00);
    shows(capturer.as_mut(), &[(at, other_green)]);
    guard.keep_in_sight(true);
    for _ in 0..3 {
        shows(capturer.as_mut(), &[(at, banner_red)]);
        other.raise();
    }
    shows(capturer.as_mut(), &[(at, banner_red)]);
    banner.hide();
    shows(capturer.as_mut(), &[(at, banner_red)]);
    guard.keep_in_sight(false);
    banner.hide();
    shows(capturer.as_mut(), &[(at, other_green)]);
    assert!(is_lost.try_recv().is_err());
    guard.keep_in_sight(true);
    shows(capturer.as_mut(), &[(at, banner_red)]);
    drop(banner);
    is_lost.recv_timeout(PATIENCE).expect("it is told");
}

#[test]
fn what_a_program_puts_in_is_heard_and_known_for_it() {
    let world = Windows::new();
    let (tell, heard) = channel();
    let hands = open_hands(hands::Backend::Auto, Box::new(move |done| tell.send(done).unwrap_or_default()));
    let hands = hands.unwrap();
    let mut injector = world.injector();
    // Before it is wanted, nothing is told of the mouse.
    injector.pointer(300, 300).unwrap();
    for code in ["KeyA", "ArrowLeft", "F12"] {
        for down in [true, false] {
            injector.key(usage(code), down).unwrap();
            let expected = Done::Key { usage: usage(code), down, physical: false };
            assert_eq!(heard.recv_timeout(PATIENCE), Ok(expected));
        }
    }
    hands.listen_to_all(true);
    hears(&heard, || {
        injector.button(Button::Left, true).unwrap();
        injector.button(Button::Left, false).unwrap();
    });
    injector.pointer(310, 320).unwrap();
    loop {
        match heard.recv_timeout(PATIENCE).expect("the motion is heard") {
            Done::Motion { physical } => break assert!(!physical),
            // Clicks that were heard late.
            Done::Button { physical } => assert!(!physical),
            other @ Done::Key { .. } => panic!("{other:?}"),
        }
    }
}

/// Until the mouse is heard.
fn hears(heard: &Receiver<Done>, mut click: impl FnMut()) {
    let until = Instant::now() + PATIENCE;
    loop {
        click();
        if let Ok(done) = heard.recv_timeout(QUIET) {
            assert_eq!(done, Done::Button { physical: false });
            break;
        }
        assert!(Instant::now() < until, "the mouse is not heard");
    }
}

#[test]
fn a_window_on_the_list_is_kept_out_of_the_picture() {
    let world = Windows::new();
    let mut capturer = world.capturer();
    let rule = WindowRule { effect: WindowEffect::Hide, by: WindowMark::Title, pattern: "*salary*".into() };
    capturer.set_view(View { rules: Arc::new([rule]), ..View::default() }).unwrap();
    let plain = Window::open("Plain", (300, 100, 100, 100), 0x20_80_40);
    shows(capturer.as_mut(), &[((350, 150), [0x40, 0x80, 0x20])]);
    let secret = Window::open("Salary 2026", (100, 100, 100, 100), 0xfe_01_fd);
    let until = Instant::now() + PATIENCE;
    loop {
        // Not in any picture, from the first on.
        let captured = capturer.grab().unwrap();
        let seen = captured.frame.pixels.chunks_exact(4).any(|pixel| pixel[..3] == [0xfd, 0x01, 0xfe]);
        assert!(!seen, "the window was seen");
        let blocked = capturer.seen().blocked;
        if blocked.iter().any(|area| area.x <= 150 && 150 < area.x + area.width as i32) {
            break;
        }
        assert!(Instant::now() < until, "{blocked:?}");
        capturer.wait(Some(Instant::now() + LOOK)).unwrap();
    }
    drop(secret);
    shows(capturer.as_mut(), &[((150, 150), GROUND), ((350, 150), [0x40, 0x80, 0x20])]);
    drop(plain);
}

/// Puts this on the clipboard as another program would.
fn put_on_clipboard(parts: &[(u32, Vec<u8>)]) {
    unsafe {
        let until = Instant::now() + PATIENCE;
        while OpenClipboard(null_mut()) == 0 {
            assert!(Instant::now() < until, "the clipboard stays open elsewhere");
            std::thread::park_timeout(LOOK);
        }
        EmptyClipboard();
        for (format, bytes) in parts {
            let memory = GlobalAlloc(GMEM_MOVEABLE, bytes.len());
            let at = GlobalLock(memory).cast::<u8>();
            at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            GlobalUnlock(memory);
            assert!(!SetClipboardData(*format, memory).is_null());
        }
        CloseClipboard();
    }
}

fn format(name: &str) -> u32 {
    unsafe { RegisterClipboardFormatW(wide(name).as_ptr()) }
}

#[test]
fn formats_names_of_files_and_marks_of_the_clipboard_are_known() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let open = || open_clipboard(clipboard::Backend::Auto, Box::new(|| {})).unwrap();
    let (mut ours, mut reader) = (open(), open());
    let parts = vec![
        (ClipboardFormat::Text, "Grüße\n2".as_bytes().to_vec()),
        (ClipboardFormat::Html, "<b>Grüße</b>".as_bytes().to_vec()),
        (ClipboardFormat::Png, b"\x89PNG\r\n\x1a\nno picture".to_vec()),
    ];
    ours.write(ClipboardContent { parts: parts.clone(), files: vec![] }).unwrap();
    assert_eq!(reader.read().unwrap().parts, parts);
    let paths = "C:\\Users\\Größe\\one.txt\0C:\\two.txt\0\0";
    // Where the names begin, a place, and that letters have two bytes.
    let mut drop: Vec<u8> = [20_u32, 0, 0, 0, 1].iter().flat_map(|number| number.to_le_bytes()).collect();
    drop.extend(paths.encode_utf16().flat_map(u16::to_le_bytes));
    put_on_clipboard(&[(CF_HDROP.into(), drop)]);
    assert_eq!(reader.read().unwrap().files, ["C:\\Users\\Größe\\one.txt", "C:\\two.txt"]);
    let secret: Vec<u8> = wide("secret").into_iter().flat_map(u16::to_le_bytes).collect();
    for (mark, value) in
        [("ExcludeClipboardContentFromMonitorProcessing", 1), ("CanIncludeInClipboardHistory", 0)]
    {
        put_on_clipboard(&[(13, secret.clone()), (format(mark), u32::to_le_bytes(value).to_vec())]);
        assert_eq!(reader.read(), Err(ClipboardError::Secret), "{mark}");
    }
    put_on_clipboard(&[(format("Farhand's own"), vec![1])]);
    assert_eq!(reader.read(), Err(ClipboardError::Format));
}

/// Ended when it is dropped.
struct Waiting(Child);

impl Waiting {
    /// A program that waits for another, which waits for a key that nobody presses.
    fn start() -> Self {
        let mut command = Command::new("cmd.exe");
        command.args(["/c", "cmd.exe /c pause"]).stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn find(system: &mut dyn System, pid: u32) -> Option<Process> {
    system.processes().unwrap().into_iter().find(|process| process.pid == pid)
}

#[test]
fn the_summary_is_of_this_computer_and_this_moment() {
    let summary = open_system().summary().unwrap();
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    assert!(summary.at <= now && now - summary.at < 60_000, "{summary:?}");
    assert!(summary.host.eq_ignore_ascii_case(&std::env::var("COMPUTERNAME").unwrap()), "{summary:?}");
    assert!(summary.cores > 0 && summary.memory > summary.memory_used && summary.memory_used > 0);
    assert!(!summary.user.is_empty() && summary.system.contains("Windows"), "{summary:?}");
    // Of disks Wine lists none.
    let is_one = |disk: &Disk| disk.mount.contains(':') && disk.size >= disk.free && disk.size > 0;
    assert!(summary.disks.iter().all(is_one), "{summary:?}");
}

#[test]
fn a_process_is_listed_and_ended_when_it_is_meant() {
    let mut system = open_system();
    let mut waiting = Waiting::start();
    let own = find(system.as_mut(), waiting.0.id()).expect("it runs");
    assert_eq!((own.name.as_str(), own.own, own.parent), ("cmd.exe", true, std::process::id()));
    let refused = system.end_process(own.pid, own.started, "cmd.exe", true);
    assert!(matches!(refused, Err(SystemError::Denied(_))), "what this program started is part of it");
    let until = Instant::now() + PATIENCE;
    let row = loop {
        let rows = system.processes().unwrap();
        if let Some(row) = rows.into_iter().find(|row| row.parent == own.pid && row.name == "cmd.exe") {
            break row;
        }
        assert!(Instant::now() < until, "it never started the other");
    };
    // Wine tells nobody else's.
    assert!(row.command.is_empty() || row.command.contains("pause"), "{row:?}");
    let wrong = system.end_process(row.pid, row.started + 1, "cmd.exe", true);
    assert!(matches!(wrong, Err(SystemError::Gone(_))), "a number that was given anew");
    assert!(matches!(system.end_process(row.pid, row.started, "x.exe", true), Err(SystemError::Gone(_))));
    assert!(waiting.0.try_wait().unwrap().is_none());
    system.end_process(row.pid, row.started, "cmd.exe", false).unwrap();
    // It waited for nothing else.
    waiting.0.wait().unwrap();
    assert!(matches!(system.end_process(row.pid, row.started, "cmd.exe", false), Err(SystemError::Gone(_))));
    let me = find(system.as_mut(), std::process::id()).unwrap();
    assert!(matches!(system.end_process(me.pid, me.started, &me.name, true), Err(SystemError::Denied(_))));
}

#[test]
fn a_service_is_stopped_and_started() {
    const NAME: &str = "Spooler";
    let mut system = open_system();
    let services = system.services().unwrap();
    assert!(services.is_sorted_by(|one, other| one.name <= other.name) && services.len() > 3);
    assert!(services.iter().any(|service| service.name == NAME && !service.description.is_empty()));
    let state = || {
        let services = open_system().services().unwrap();
        services.into_iter().find(|service| service.name == NAME).unwrap().state
    };
    let changes = [
        (ServiceChange::Start, ServiceState::Active),
        (ServiceChange::Stop, ServiceState::Inactive),
        (ServiceChange::Start, ServiceState::Active),
        (ServiceChange::Restart, ServiceState::Active),
        (ServiceChange::Stop, ServiceState::Inactive),
    ];
    for (change, becomes_) in changes {
        match system.change_service(NAME, change) {
            Ok(()) => becomes(state, becomes_),
            // Without an administrator's rights.
            Err(SystemError::Denied(text)) => assert!(!text.is_empty()),
            Err(error) => panic!("{change:?}: {error:?}"),
        }
    }
    let nowhere = system.change_service("farhand-no-such", ServiceChange::Start);
    assert!(matches!(nowhere, Err(SystemError::Gone(_))), "{nowhere:?}");
}

#[test]
fn the_log_is_read_or_its_absence_is_said() {
    let wanted = LogWanted { newest: 5, priority: 7, unit: String::new(), after: String::new() };
    match open_system().log(&wanted) {
        Ok((lines, place)) => assert!(lines.len() <= 5 && (lines.is_empty() || place.contains('-'))),
        Err(SystemError::NotHere(text) | SystemError::Denied(text)) => assert!(!text.is_empty()),
        Err(error) => panic!("{error:?}"),
    }
    let unit = LogWanted { unit: "'] or *[".into(), ..wanted };
    assert!(matches!(open_system().log(&unit), Err(SystemError::Gone(_))));
}

#[test]
fn installed_software_is_listed_as_its_installer_wrote_it_down() {
    let key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\FarhandContract";
    let reg = |words: &[&str]| {
        let mut command = Command::new("reg.exe");
        assert!(command.args(words).stdout(Stdio::null()).status().unwrap().success(), "{words:?}");
    };
    reg(&["add", key, "/v", "DisplayName", "/d", "Farhand contract", "/f"]);
    reg(&["add", key, "/v", "DisplayVersion", "/d", "4.5", "/f"]);
    reg(&["add", key, "/v", "EstimatedSize", "/t", "REG_DWORD", "/d", "12", "/f"]);
    let part = format!("{key}Part");
    reg(&["add", &part, "/v", "DisplayName", "/d", "Farhand part", "/f"]);
    reg(&["add", &part, "/v", "SystemComponent", "/t", "REG_DWORD", "/d", "1", "/f"]);
    let found = open_system().software().unwrap();
    reg(&["delete", key, "/f"]);
    reg(&["delete", &part, "/f"]);
    let ours: Vec<_> = found.into_iter().filter(|package| package.name.starts_with("Farhand ")).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    let package = &ours[0];
    assert_eq!(
        (package.name.as_str(), package.version.as_str(), package.size),
        ("Farhand contract", "4.5", 12_288)
    );
}

/// A folder that is gone afterwards.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("farhand-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_gets_its_name_when_it_is_whole_and_replaces_none() {
    let scratch = Scratch::new("whole");
    let folder = Folder::open(&scratch.0).unwrap();
    let steps = ["Über".to_owned(), "tief".to_owned()];
    let mut file = folder.create(&steps, ".a.part").unwrap();
    file.file().write_all(b"whole").unwrap();
    assert!(file.room().unwrap() > 0);
    // While it is written nobody puts another folder into its way.
    assert!(std::fs::rename(scratch.0.join("Über"), scratch.0.join("elsewhere")).is_err());
    assert!(file.keep("a.txt").unwrap());
    drop(file);
    let place = scratch.0.join("Über").join("tief");
    assert_eq!(std::fs::read(place.join("a.txt")).unwrap(), b"whole");
    let mut second = folder.create(&steps, ".a.part").unwrap();
    assert!(!second.keep("a.txt").unwrap(), "it was replaced");
    drop(second);
    assert!(!place.join(".a.part").exists(), "what was not kept stays");
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 1);
}

#[test]
fn names_that_mean_something_else_here_lead_nowhere() {
    let scratch = Scratch::new("names");
    let folder = Folder::open(&scratch.0).unwrap();
    // A part of a file, a step up, a device.
    for (steps, name) in
        [(vec![], "a.txt:hidden"), (vec!["b:c".to_owned()], "a"), (vec!["..".to_owned()], "a")]
    {
        assert!(folder.create(&steps, name).is_err(), "{steps:?} {name}");
    }
    let mut file = folder.create(&[], ".part").unwrap();
    assert!(file.keep("x.txt:hidden").is_err());
    assert!(file.keep("..\\x").is_err());
    drop(file);
    assert_eq!(scratch.names(), Vec::<String>::new());
    // As they come from the far side: with the same name afterwards, and no other.
    for given in ["con", "NUL.txt", "com1.log", "trailing. .", "a?b*c:d", "LPT\u{b9}"] {
        let safe = confined(given).unwrap();
        let mut file = folder.create(&[], ".part").unwrap();
        assert!(file.keep(&safe).unwrap(), "{given}");
        drop(file);
        assert!(scratch.names().contains(&safe), "{given} became none of {:?}", scratch.names());
    }
    assert_eq!(scratch.names().len(), 6);
}

#[test]
fn paths_may_be_longer_than_this_system_once_took() {
    let scratch = Scratch::new("long");
    let folder = Folder::open(&scratch.0).unwrap();
    let steps: Vec<String> = (0..5).map(|at| format!("{at}-{}", "long".repeat(25))).collect();
    let mut file = folder.create(&steps, ".part").unwrap();
    file.file().write_all(b"deep").unwrap();
    assert!(file.keep("deep.txt").unwrap());
    drop(file);
    let mut path = std::fs::canonicalize(&scratch.0).unwrap();
    path.extend(&steps);
    path.push("deep.txt");
    assert!(path.as_os_str().encode_wide().count() > 500);
    assert_eq!(files::open(&path).unwrap().1, 4);
}

#[test]
fn only_ordinary_files_are_read() {
    let scratch = Scratch::new("read");
    let place = scratch.0.join("a.bin");
    std::fs::write(&place, b"12345").unwrap();
    assert_eq!(files::open(&place).unwrap().1, 5);
    assert!(files::open(&scratch.0).is_err());
    for device in ["NUL", r"\\.\NUL", "CON"] {
        assert!(files::open(std::path::Path::new(device)).is_err(), "{device}");
    }
}

/// Reads until the terminal has shown it.
fn terminal_shows(terminal: &dyn Terminal, shown: &mut String, expected: &str) {
    let until = Instant::now() + PATIENCE;
    let mut buffer = [0; 4096];
    while !shown.contains(expected) {
        assert!(Instant::now() < until, "{expected:?} in {shown:?}");
        match terminal.read(&mut buffer, LOOK).unwrap() {
            Read::Some(read) => shown.push_str(&String::from_utf8_lossy(&buffer[..read])),
            Read::Nothing => {}
            Read::End => panic!("the terminal ended: {shown:?}"),
        }
    }
}

fn types(terminal: &dyn Terminal, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        rest = &rest[terminal.write(rest, PATIENCE).unwrap()..];
    }
}

/// A command line, where this system has terminals to give.
fn terminal() -> Option<Arc<dyn Terminal>> {
    match open_terminal(80, 24) {
        Ok(terminal) => Some(terminal),
        Err(PtyError::NoTerminal(error)) => {
            assert!(!error.to_string().is_empty());
            eprintln!("no terminal here: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_command_line_runs_what_is_typed_and_says_how_it_ended() {
    let Some(terminal) = terminal() else { return };
    let (program, user) = terminal.about();
    assert!(program.to_lowercase().ends_with(".exe") && !user.is_empty(), "{program} {user}");
    let mut shown = String::new();
    types(terminal.as_ref(), "echo fa^rha^nd-%FARHAND_TERMINAL:~0,0%done\r");
    terminal_shows(terminal.as_ref(), &mut shown, "farhand-");
    // Wine keeps the size that it was opened with.
    if let Err(error) = terminal.resize(101, 33) {
        assert_eq!(error.raw_os_error(), Some(NOT_IMPLEMENTED));
    }
    assert_eq!(terminal.ended(), None);
    types(terminal.as_ref(), "exit 7\r");
    becomes(|| terminal.ended(), Some("exit code 7".into()));
    terminal.end();
}

#[test]
fn nothing_that_a_command_line_started_outlives_it() {
    for by_mark in [false, true] {
        let Some(terminal) = terminal() else { return };
        let before: Vec<u32> = pings();
        types(terminal.as_ref(), "ping -n 1000 127.0.0.1\r");
        becomes(|| pings().len(), before.len() + 1);
        if by_mark {
            end_marked(terminal.mark());
        } else {
            terminal.end();
        }
        becomes(pings, before);
        becomes(|| terminal.ended().is_some(), true);
        terminal.end();
    }
}

fn pings() -> Vec<u32> {
    let rows = open_system().processes().unwrap();
    rows.into_iter().filter(|row| row.name.eq_ignore_ascii_case("ping.exe")).map(|row| row.pid).collect()
}

#[test]
fn the_screen_is_locked_or_it_is_said_that_it_is_not() {
    let mut lock = open_screen_lock(screen_lock::Backend::Auto);
    match lock.way() {
        LockWay::Locks => {
            assert!(matches!(lock.lock(), Ok(LockDone::Locked) | Err(LockError::Refused { .. })))
        }
        LockWay::None => assert_eq!(lock.lock(), Err(LockError::NotHere)),
        other => panic!("{other:?}"),
    }
}

/// What is in the registry there.
fn registered(key: &str, name: &str) -> Option<String> {
    use windows_sys::Win32::System::Registry::{HKEY_CURRENT_USER, RRF_RT_REG_SZ, RegGetValueW};
    let mut letters = [0_u16; 600];
    let mut length = size_of_val(&letters) as u32;
    let (key, name) = (wide(key), wide(name));
    let (into, kind) = (letters.as_mut_ptr().cast(), null_mut());
    let read = unsafe {
        let (key, name) = (key.as_ptr(), name.as_ptr());
        RegGetValueW(HKEY_CURRENT_USER, key, name, RRF_RT_REG_SZ, kind, into, &raw mut length)
    };
    (read == 0).then(|| String::from_utf16_lossy(&letters[..length as usize / 2 - 1]))
}

#[test]
fn this_program_is_started_once_after_a_restart_and_the_entry_holds_no_more_than_that() {
    let key = r"Software\Farhand tests\RunOnce";
    let places = Places { autostart: Some(key.into()), ..Places::default() };
    let mut machine = open_restarter_at(restart::Backend::Auto, places);
    // Whoever sits here may restart it; to look restarts nothing.
    assert!(machine.is_possible());
    let id = machine.machine().unwrap();
    assert!(id.len() == 36 && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(open_restarter_at(restart::Backend::Auto, Places::default()).machine(), Some(id));

    let start = |program: String| Start {
        title: "Farhand".into(),
        program: program.into(),
        arguments: vec!["resume".into()],
    };
    machine.start_afterwards(&start(r"C:\far hand\agent.exe".into())).unwrap();
    machine.start_afterwards(&start(r"C:\far hand\Grüße\agent.exe".into())).unwrap();
    let line = r#""C:\far hand\Grüße\agent.exe" "resume""#;
    assert_eq!(registered(key, "FarhandResume").as_deref(), Some(line));
    // Windows would not run it, and would not say so.
    let long = start(format!(r"C:\{}\agent.exe", "x".repeat(260)));
    assert!(machine.start_afterwards(&long).is_err());
    machine.start_nothing().unwrap();
    machine.start_nothing().unwrap();
    assert_eq!(registered(key, "FarhandResume"), None);
}
