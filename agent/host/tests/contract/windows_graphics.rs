//! Desktop duplication, by libraries of the tests' own that stand in for the system's where Wine has none
//! (tests/e2e/windows/graphics.c, compiled against the published headers), and what becomes of it where it fails.
#![allow(unsafe_code, reason = "the system's calls")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::null_mut;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use farhand_agent_host::capture::{Capturer, Means, Rect, open_with_libraries_of};
use farhand_agent_host::monitors::{View, WindowEffect, WindowMark, WindowRule};
use windows_sys::Win32::System::LibraryLoader::{
    GetModuleHandleW, GetProcAddress, LOAD_WITH_ALTERED_SEARCH_PATH, LoadLibraryExW,
};

use super::windows::{ONE, Windows, wide};
use super::windows_tools::{Window, shows};
use super::{PATIENCE, QUIET, World};

/// Where the libraries are that stand in for the system's.
const FOLDER: &str = "FARHAND_WINDOWS_GRAPHICS";
/// Set for a process of a test's own.
const OWN: &str = "FARHAND_TEST_OWN_PROCESS";
/// `DXGI_ERROR_ACCESS_LOST`.
const LOST: u32 = 0x887a_0026;
/// `DXGI_ERROR_UNSUPPORTED`.
const UNSUPPORTED: u32 = 0x887a_0004;
/// `E_ACCESSDENIED`.
const DENIED: u32 = 0x8007_0005;

const GROUND: u32 = 0x0010_2030;
const GREEN: u32 = 0x0000_c040;
const PINK: u32 = 0x00ff_40a0;

/// The libraries, told what to show.
struct StandIn {
    folder: PathBuf,
    library: usize,
}

impl StandIn {
    fn new() -> Self {
        let folder = std::env::var_os(FOLDER).expect("the tests are told where these libraries are");
        let folder = PathBuf::from(folder);
        let path = wide(&folder.join("dxgi.dll").to_string_lossy());
        let library = unsafe { LoadLibraryExW(path.as_ptr(), null_mut(), LOAD_WITH_ALTERED_SEARCH_PATH) };
        assert!(!library.is_null(), "{} cannot be loaded", folder.display());
        let this = Self { folder, library: library as usize };
        unsafe { this.function::<extern "C" fn()>(c"stand_in_reset")() };
        this
    }

    /// With one monitor that is as large as the real one.
    fn like(world: &Windows) -> Self {
        let this = Self::new();
        let size = world.size();
        this.monitor((0, 0, size.width as i32, size.height as i32), 1);
        this
    }

    unsafe fn function<F: Copy>(&self, name: &std::ffi::CStr) -> F {
        unsafe {
            let found = GetProcAddress(self.library as *mut _, name.as_ptr().cast());
            std::mem::transmute_copy(&found.expect("it has this function"))
        }
    }

    fn monitor(&self, (left, top, right, bottom): (i32, i32, i32, i32), turned: u32) {
        type F = extern "C" fn(i32, i32, i32, i32, u32, u32);
        unsafe { self.function::<F>(c"stand_in_monitor")(left, top, right, bottom, turned, GROUND) };
    }

    fn draw(&self, (x, y, w, h): (i32, i32, i32, i32), colour: u32, moved: bool) {
        type F = extern "C" fn(u32, i32, i32, i32, i32, u32, i32);
        unsafe {
            self.function::<F>(c"stand_in_fill")(0, x, y, x + w, y + h, colour, i32::from(moved));
        }
    }

    fn lose(&self, code: u32) {
        unsafe { self.function::<extern "C" fn(u32)>(c"stand_in_lose")(code) };
    }

    fn refuse(&self, code: u32, times: u32) {
        unsafe { self.function::<extern "C" fn(u32, u32)>(c"stand_in_refuse")(code, times) };
    }

    fn wrong(&self, format: u32, width: u32, nothing: bool) {
        type F = extern "C" fn(u32, u32, i32);
        unsafe { self.function::<F>(c"stand_in_wrong")(format, width, i32::from(nothing)) };
    }

    fn pointer(&self, kind: u32, (width, height, pitch): (u32, u32, u32), bytes: &[u8], shown: bool) {
        type F = extern "C" fn(u32, u32, u32, u32, *const u8, u32, i32);
        let function = unsafe { self.function::<F>(c"stand_in_pointer") };
        function(kind, width, height, pitch, bytes.as_ptr(), bytes.len() as u32, i32::from(shown));
    }

    fn alive(&self) -> i32 {
        unsafe { self.function::<extern "C" fn() -> i32>(c"stand_in_alive")() }
    }

    fn capturer(&self) -> Box<dyn Capturer> {
        let mut capturer = open_with_libraries_of(&self.folder).unwrap();
        // The first wait chooses.
        assert!(capturer.wait(None).unwrap().damage);
        capturer
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.alive(), 0, "something was not given back");
        }
    }
}

fn duplicated() -> Means {
    Means { name: "desktop duplication", why: None }
}

fn gdi(why: &str) -> Means {
    Means { name: "GDI", why: Some(why.to_owned()) }
}

/// A colour as pixels have it.
fn pixel(colour: u32) -> [u8; 3] {
    let [blue, green, red, _] = colour.to_le_bytes();
    [blue, green, red]
}

/// The next change; what it is told to be.
fn next(capturer: &mut dyn Capturer) -> Vec<Rect> {
    let until = Instant::now() + PATIENCE;
    while !capturer.wait(Some(until)).unwrap().damage {
        assert!(Instant::now() < until, "no change was told");
    }
    capturer.grab().unwrap().damage.to_vec()
}

fn is_wine() -> bool {
    unsafe {
        let ntdll = GetModuleHandleW(wide("ntdll.dll").as_ptr());
        GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

#[test]
fn where_there_is_no_duplication_gdi_shows_the_screen_and_the_reason_is_told() {
    let world = Windows::new();
    let mut capturer = world.capturer();
    assert_eq!(
        capturer.means(),
        Means::default(),
        "nothing is asked of a graphics device before it is needed"
    );
    assert!(capturer.wait(None).unwrap().damage);
    if is_wine() {
        assert_eq!(capturer.means(), gdi("this is Wine, which has none"));
    } else {
        assert!(!capturer.means().name.is_empty());
    }
    // It is not tried again in this program.
    let mut again = world.capturer();
    assert!(again.wait(None).unwrap().damage);
    assert_eq!(again.means(), capturer.means());
}

#[test]
fn the_systems_own_libraries_are_asked_and_their_refusal_is_told() {
    if !is_wine() {
        return;
    }
    // In a process of its own: Wine takes those that stand in for its own once they are loaded.
    if std::env::var_os(OWN).is_none() {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let name = "windows_graphics::the_systems_own_libraries_are_asked_and_their_refusal_is_told";
        let mut child = Command::new(std::env::current_exe().unwrap());
        let ended = child.args(["--exact", name]).env(OWN, "1").status().unwrap();
        assert!(ended.success(), "{ended}");
        return;
    }
    let _world = Windows::new();
    // Wine's list monitors and make a device, and refuse what comes then.
    let mut capturer = open_with_libraries_of(Path::new(r"C:\windows\system32")).unwrap();
    assert!(capturer.wait(None).unwrap().damage);
    assert_eq!(capturer.means(), gdi("DuplicateOutput failed with 0x80004001"));
}

#[test]
fn gdi_can_be_chosen() {
    let world = Windows::new();
    let stand_in = StandIn::like(&world);
    // One test at a time, and nothing of theirs reads the environment elsewhere.
    unsafe { std::env::set_var("FARHAND_CAPTURE", "gdi") };
    let capturer = stand_in.capturer();
    unsafe { std::env::remove_var("FARHAND_CAPTURE") };
    assert_eq!(capturer.means(), gdi("GDI was asked for"));
}

#[test]
fn pictures_of_desktop_duplication_are_shown_and_only_what_changed_is_told() {
    let world = Windows::new();
    let stand_in = StandIn::like(&world);
    let mut capturer = stand_in.capturer();
    assert_eq!(capturer.means(), duplicated());
    let captured = capturer.grab().unwrap();
    assert_eq!(captured.damage, [world.size().bounds()]);
    assert!(captured.frame.pixels.chunks_exact(4).all(|seen| seen[..3] == pixel(GROUND)));
    assert!(capturer.wait(Some(Instant::now() + QUIET)).unwrap().timed_out, "nothing changed");

    stand_in.draw((10, 20, 30, 40), GREEN, false);
    stand_in.draw((900, 600, 50, 60), PINK, false);
    let told = next(capturer.as_mut());
    assert_eq!(told, [Rect { x: 10, y: 20, w: 30, h: 40 }, Rect { x: 900, y: 600, w: 50, h: 60 }]);
    stand_in.draw((500, 300, 20, 20), PINK, true);
    assert_eq!(next(capturer.as_mut()), [Rect { x: 500, y: 300, w: 20, h: 20 }]);
    let size = world.size();
    let captured = capturer.grab().unwrap();
    for (at, seen) in captured.frame.pixels.chunks_exact(4).enumerate() {
        let (x, y) = (at as u32 % size.width, at as u32 / size.width);
        let within = |r: Rect| (r.x..r.x + r.w).contains(&x) && (r.y..r.y + r.h).contains(&y);
        let wanted = if within(Rect { x: 10, y: 20, w: 30, h: 40 }) {
            GREEN
        } else if within(Rect { x: 900, y: 600, w: 50, h: 60 })
            || within(Rect { x: 500, y: 300, w: 20, h: 20 })
        {
            PINK
        } else {
            GROUND
        };
        assert_eq!(seen[..3], pixel(wanted), "{x} {y}");
    }
    // More than is worth listing is taken as a whole, and nothing of it is lost.
    for at in 0..63 {
        stand_in.draw((at * 20, at * 12, 7, 7), GREEN, false);
    }
    let told = next(capturer.as_mut());
    for at in 0..63_u32 {
        let (x, y) = (at * 20 + 3, at * 12 + 3);
        assert!(told.iter().any(|r| (r.x..r.x + r.w).contains(&x) && (r.y..r.y + r.h).contains(&y)));
    }
    shows(
        capturer.as_mut(),
        &[((3, 3), pixel(GREEN)), ((1243, 747), pixel(GREEN)), ((1200, 20), pixel(GROUND))],
    );
}

#[test]
fn monitors_that_the_desktop_has_not_are_not_believed() {
    let world = Windows::new();
    let size = world.size();
    let (wide, high) = (size.width as i32, size.height as i32);
    let stand_in = StandIn::new();
    // Not what the desktop is made of.
    stand_in.monitor((0, 0, wide / 2, high), 1);
    stand_in.monitor((wide / 2, 0, wide, high), 1);
    let capturer = stand_in.capturer();
    assert_eq!(capturer.means(), gdi("its monitors are not those of the desktop"));
}

#[test]
fn a_turned_monitor_is_seen_as_its_owner_sees_it() {
    let world = Windows::new();
    let size = world.size();
    let (wide, high) = (size.width as i32, size.height as i32);
    // Where the corner lands that is the first of the picture before it is turned.
    for (turned, corner) in [(1, (0, 0)), (2, (wide - 1, 0)), (3, (wide - 1, high - 1)), (4, (0, high - 1))] {
        let stand_in = StandIn::new();
        stand_in.monitor((0, 0, wide, high), turned);
        stand_in.draw((0, 0, 5, 5), PINK, false);
        let mut capturer = stand_in.capturer();
        assert_eq!(capturer.means(), duplicated(), "{turned}");
        let place = (corner.0 as usize, corner.1 as usize);
        shows(capturer.as_mut(), &[(place, pixel(PINK)), ((wide as usize / 2, 400), pixel(GROUND))]);
        stand_in.draw((0, 0, 3, 4), GREEN, false);
        let told = next(capturer.as_mut());
        let (w, h) = if turned % 2 == 0 { (4, 3) } else { (3, 4) };
        let start = |at: i32, length: u32| if at == 0 { 0 } else { at as u32 + 1 - length };
        assert_eq!(told, [Rect { x: start(corner.0, w), y: start(corner.1, h), w, h }], "{turned}");
        shows(capturer.as_mut(), &[(place, pixel(GREEN))]);
    }
}

#[test]
fn what_must_not_be_seen_is_covered_in_its_pictures_too() {
    let world = Windows::new();
    let stand_in = StandIn::like(&world);
    let mut capturer = stand_in.capturer();
    let rule = WindowRule { effect: WindowEffect::Hide, by: WindowMark::Title, pattern: "*salary*".into() };
    capturer.set_view(View { rules: Arc::new([rule]), ..View::default() }).unwrap();
    shows(capturer.as_mut(), &[((150, 150), pixel(GROUND))]);
    let secret = Window::open("Salary 2026", (100, 100, 100, 100), 0xfe_01_fd);
    stand_in.draw((100, 100, 100, 100), PINK, false);
    let until = Instant::now() + PATIENCE;
    while capturer.seen().blocked.is_empty() {
        let captured = capturer.grab().unwrap();
        assert!(captured.frame.pixels.chunks_exact(4).all(|seen| seen[..3] != pixel(PINK)), "it was seen");
        assert!(Instant::now() < until, "it is not known");
        capturer.wait(Some(Instant::now() + Duration::from_millis(50))).unwrap();
    }
    // Whatever is drawn there while it is open, and beside it.
    stand_in.draw((90, 90, 80, 80), GREEN, false);
    shows(capturer.as_mut(), &[((95, 95), pixel(GREEN))]);
    let captured = capturer.grab().unwrap();
    let at = |x: usize, y: usize| &captured.frame.pixels[y * captured.frame.stride + x * 4..][..3];
    assert!(at(120, 120) != pixel(GREEN) && at(180, 180) != pixel(PINK));
    drop(secret);
    shows(
        capturer.as_mut(),
        &[((120, 120), pixel(GREEN)), ((180, 180), pixel(PINK)), ((95, 95), pixel(GREEN))],
    );
}

#[test]
fn a_loss_is_survived_and_everything_is_shown_anew() {
    let world = Windows::new();
    let stand_in = StandIn::like(&world);
    let mut capturer = stand_in.capturer();
    capturer.grab().unwrap();
    // At once, and once it could not be had at the first try.
    for refusals in [0, 2] {
        stand_in.refuse(LOST, refusals);
        stand_in.draw((40, 40, 40, 40), GREEN, false);
        stand_in.lose(LOST);
        assert_eq!(next(capturer.as_mut()), [world.size().bounds()], "after {refusals} refusals");
        assert_eq!(capturer.means(), duplicated());
        shows(capturer.as_mut(), &[((50, 50), pixel(GREEN))]);
        stand_in.draw((40, 40, 40, 40), GROUND, false);
        assert_eq!(next(capturer.as_mut()), [Rect { x: 40, y: 40, w: 40, h: 40 }]);
    }
    // A refusal for the moment, as while an administrator's consent is asked for, and pictures again.
    stand_in.refuse(DENIED, 3);
    stand_in.lose(LOST);
    assert_eq!(next(capturer.as_mut()), [world.size().bounds()]);
    assert_eq!(capturer.means(), duplicated());
}

#[test]
fn where_it_cannot_be_had_again_gdi_goes_on() {
    let world = Windows::new();
    let stand_in = StandIn::like(&world);
    let mut capturer = stand_in.capturer();
    shows(capturer.as_mut(), &[((50, 50), pixel(GROUND))]);
    stand_in.refuse(UNSUPPORTED, 1);
    stand_in.lose(LOST);
    assert_eq!(next(capturer.as_mut()), [world.size().bounds()]);
    assert_eq!(capturer.means(), gdi("DuplicateOutput failed with 0x887a0004"));
    world.fill(Rect { x: 30, y: 30, w: 50, h: 50 }, pixel(PINK));
    shows(capturer.as_mut(), &[((50, 50), pixel(PINK))]);
    assert_eq!(stand_in.alive(), 0, "something of it is still held");
}

#[test]
fn pictures_that_make_no_sense_lead_to_gdi() {
    let world = Windows::new();
    world.fill(Rect { x: 30, y: 30, w: 50, h: 50 }, pixel(PINK));
    let stand_in = StandIn::like(&world);
    stand_in.wrong(24, 0, false);
    let mut capturer = stand_in.capturer();
    assert_eq!(capturer.means(), gdi("its pictures have the format 24, which is not read"));
    shows(capturer.as_mut(), &[((50, 50), pixel(PINK))]);
    drop(capturer);

    stand_in.wrong(0, 100, false);
    let height = world.size().height;
    let why = format!("a picture of 100 by {height} pixels does not fit its monitor");
    assert_eq!(stand_in.capturer().means(), gdi(&why));

    stand_in.wrong(0, 0, true);
    assert_eq!(stand_in.capturer().means(), gdi("a monitor's first picture did not come in time"));

    // Of one colour, where GDI sees more than that on the same screen.
    stand_in.wrong(0, 0, false);
    let _window = Window::open("Spots", (200, 200, 300, 300), 0x20_80_40);
    let mut by_gdi = world.capturer();
    shows(by_gdi.as_mut(), &[((300, 300), [0x40, 0x80, 0x20])]);
    assert_eq!(stand_in.capturer().means(), gdi("its picture is empty where the screen is not"));
}

#[test]
fn libraries_that_are_missing_lead_to_gdi() {
    let _world = Windows::new();
    let empty = std::env::temp_dir();
    let mut capturer = open_with_libraries_of(&empty).unwrap();
    assert!(capturer.wait(None).unwrap().damage);
    assert_eq!(capturer.means(), gdi("this Windows has no dxgi.dll"));
}

#[test]
fn the_pointer_is_as_duplication_tells_it() {
    let world = Windows::new();
    let stand_in = StandIn::like(&world);
    let mut capturer = stand_in.capturer();
    capturer.grab().unwrap();
    // The system's pointer has to be there, too: the window below says what it looks like.
    let mut injector = world.injector();
    injector.pointer(400, 300).unwrap();
    injector.flush().unwrap();
    let waits = |capturer: &mut dyn Capturer, wanted: &dyn Fn(&[u8]) -> bool| {
        let until = Instant::now() + PATIENCE;
        loop {
            let cursor = capturer.cursor().unwrap();
            if wanted(&cursor.rgba) {
                return cursor;
            }
            assert!(Instant::now() < until, "{} by {} pixels", cursor.width, cursor.height);
            capturer.wait(Some(Instant::now() + Duration::from_millis(50))).unwrap();
        }
    };
    // Four by three pixels of blue, green, red, alpha.
    let bytes = [[7, 8, 9, 255]; 12].concat();
    stand_in.pointer(2, (4, 3, 16), &bytes, true);
    let cursor = waits(capturer.as_mut(), &|rgba| rgba == [[9, 8, 7, 255]; 12].concat());
    assert_eq!((cursor.width, cursor.height, cursor.hot_x, cursor.hot_y), (4, 3, 1, 2));
    // Drawn into the picture by the system itself: there is none to be drawn over it.
    stand_in.pointer(2, (0, 0, 0), &[], false);
    waits(capturer.as_mut(), &|rgba| rgba.is_empty());
    // In black and white: eight by four, white where the second half says so.
    stand_in.pointer(
        1,
        (8, 8, 4),
        &[[0, 0, 0, 0]; 4].into_iter().chain([[0xff; 4]; 4]).collect::<Vec<_>>().concat(),
        true,
    );
    waits(capturer.as_mut(), &|rgba| rgba == [255; 8 * 4 * 4]);
    // One that makes no sense changes nothing.
    stand_in.pointer(9, (8, 8, 4), &[1; 32], true);
    assert!(!capturer.wait(Some(Instant::now() + QUIET)).unwrap().cursor_shape);
    assert_eq!(capturer.cursor().unwrap().rgba, [255; 8 * 4 * 4]);
}
