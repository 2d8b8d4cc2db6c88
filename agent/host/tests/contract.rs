//! What every back end promises, whichever system it is for: kept by the fake ones, by a real X server, and by Windows,
//! on whose desktop this very program runs there.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[path = "contract/fake.rs"]
mod fake;
#[path = "contract/keyring.rs"]
mod keyring;
#[cfg(target_os = "linux")]
#[path = "contract/wayland.rs"]
mod wayland;
#[cfg(target_os = "windows")]
#[path = "contract/windows.rs"]
mod windows;
#[cfg(target_os = "windows")]
#[path = "contract/windows_enlarged.rs"]
mod windows_enlarged;
#[cfg(target_os = "windows")]
#[path = "contract/windows_graphics.rs"]
mod windows_graphics;
#[cfg(target_os = "windows")]
#[path = "contract/windows_installed.rs"]
mod windows_installed;
#[cfg(target_os = "windows")]
#[path = "contract/windows_pictures.rs"]
mod windows_pictures;
#[cfg(target_os = "windows")]
#[path = "contract/windows_pointer.rs"]
mod windows_pointer;
#[cfg(target_os = "windows")]
#[path = "contract/windows_tools.rs"]
mod windows_tools;
#[cfg(target_os = "windows")]
#[path = "contract/windows_typing.rs"]
mod windows_typing;
#[cfg(target_os = "linux")]
#[path = "contract/x11.rs"]
mod x11;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use farhand_agent_host::capture::{Capturer, Geometry, Rect};
use farhand_agent_host::clipboard::{Changed, Clipboard, ClipboardError};
use farhand_agent_host::input::{InjectError, Injector, NOTCH};
use farhand_agent_host::monitors::{Choice, Desktop, Share, View};
use farhand_protocol::channel::Button;
use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardFormat};
use farhand_protocol::keys::Usage;

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Long enough for a wrong event to show up; nothing waits for it that has something else to do.
const QUIET: Duration = Duration::from_millis(400);

/// What a program on the desktop got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrived {
    Key(Usage, bool),
    /// With its place on the desktop.
    Button(Button, bool, i32, i32),
    /// By whole notches, up.
    Wheel(i32),
}

/// A computer with a program on it that covers the screen, has the keyboard, and can be painted on.
trait World {
    fn capturer(&self) -> Box<dyn Capturer>;
    fn injector(&self) -> Box<dyn Injector>;
    fn desktop(&self) -> Box<dyn Desktop>;
    fn clipboard(&self, changed: Changed) -> Box<dyn Clipboard>;
    /// Another program copies a text.
    fn copy(&self, text: &str);
    /// What another program would paste.
    fn paste(&self) -> String;
    fn size(&self) -> Geometry;
    /// Blue, green, red.
    fn fill(&self, rect: Rect, colour: [u8; 3]);
    /// The true colours, had on another way.
    fn truth(&self) -> Vec<[u8; 3]>;
    /// What arrives next, if it does within the time.
    fn next(&self, within: Duration) -> Option<Arrived>;
}

/// Runs each promise as a test of each world.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod on_fakes {
            $(#[test] fn $promise() { super::$promise(&super::fake::Fake::new()); })*
        }
        #[cfg(target_os = "linux")]
        mod on_x11 {
            $(#[test] fn $promise() { super::$promise(&super::x11::X11::new()); })*
        }
        #[cfg(target_os = "windows")]
        mod on_windows {
            $(#[test] fn $promise() { super::$promise(&super::windows::Windows::new()); })*
        }
    };
}

promises! {
    a_new_capturer_tells_everything_and_the_pixels_are_the_true_ones,
    damage_covers_what_changed_and_nothing_is_lost,
    a_capturer_waits_until_its_time_or_until_it_is_woken,
    a_part_of_the_desktop_is_captured_alone,
    the_pointer_is_where_it_was_put_and_has_a_shape,
    monitors_lie_on_the_desktop_and_one_is_the_first,
    keys_arrive_by_their_place_and_once,
    what_is_held_is_let_go_of,
    buttons_arrive_at_their_place,
    the_wheel_turns_by_notches,
    a_key_that_no_keyboard_has_is_refused,
    what_is_copied_is_read_and_told_once_it_is_watched,
    what_is_put_on_the_clipboard_is_pasted,
    a_clipboard_with_nothing_on_it_says_so,
}

/// The same on a Wayland desktop, for what can be promised there: the portal names no monitors before it is asked, and has
/// no clipboard on every desktop.
#[cfg(target_os = "linux")]
macro_rules! on_wayland {
    ($($promise:ident),* $(,)?) => {
        mod on_wayland {
            $(#[test] fn $promise() {
                if let Some(world) = super::wayland::Wayland::new() {
                    super::$promise(&world);
                }
            })*
        }
    };
}

#[cfg(target_os = "linux")]
on_wayland! {
    a_new_capturer_tells_everything_and_the_pixels_are_the_true_ones,
    damage_covers_what_changed_and_nothing_is_lost,
    a_capturer_waits_until_its_time_or_until_it_is_woken,
    the_pointer_is_where_it_was_put_and_has_a_shape,
    keys_arrive_by_their_place_and_once,
    what_is_held_is_let_go_of,
    buttons_arrive_at_their_place,
    the_wheel_turns_by_notches,
    a_key_that_no_keyboard_has_is_refused,
}

fn usage(code: &str) -> Usage {
    Usage::from_code(code).unwrap()
}

/// Takes everything that has happened so far; the last picture.
fn settled(capturer: &mut dyn Capturer) -> Vec<[u8; 3]> {
    loop {
        let captured = capturer.grab().unwrap();
        let (stride, row) = (captured.frame.stride, captured.frame.width as usize * 4);
        let rows = captured.frame.pixels.chunks(stride).take(captured.frame.height as usize);
        let pixels = rows.flat_map(|line| line[..row].chunks_exact(4)).map(|p| [p[0], p[1], p[2]]).collect();
        if capturer.wait(Some(Instant::now() + QUIET)).unwrap().timed_out {
            return pixels;
        }
    }
}

/// Where two pictures differ, without listing either.
fn same(seen: &[[u8; 3]], truth: &[[u8; 3]], width: u32) {
    assert_eq!(seen.len(), truth.len());
    if let Some(at) = seen.iter().zip(truth).position(|(a, b)| a != b) {
        let (x, y) = (at % width as usize, at / width as usize);
        panic!("at {x}, {y}: {:?} seen, {:?} in truth", seen[at], truth[at]);
    }
}

fn a_new_capturer_tells_everything_and_the_pixels_are_the_true_ones(world: &dyn World) {
    let size = world.size();
    world.fill(Rect { x: 30, y: 40, w: 200, h: 100 }, [10, 120, 230]);
    let mut capturer = world.capturer();
    assert_eq!(capturer.geometry(), size);
    let first = capturer.wait(None).unwrap();
    assert!(first.damage && first.cursor_shape && first.cursor_moved, "{first:?}");
    let captured = capturer.grab().unwrap();
    assert_eq!((captured.frame.width, captured.frame.height), (size.width, size.height));
    assert_eq!(captured.damage, [size.bounds()]);
    same(&settled(capturer.as_mut()), &world.truth(), size.width);
}

fn damage_covers_what_changed_and_nothing_is_lost(world: &dyn World) {
    let size = world.size();
    let mut capturer = world.capturer();
    let mut known = settled(capturer.as_mut());
    for round in 0..12_u32 {
        for part in 0..=round % 3 {
            let rect = Rect {
                x: round * 37 + part * 200,
                y: round * 29 + part * 11,
                w: 9 + round * 5,
                h: 20 + part,
            };
            world.fill(rect, [round as u8 * 20, 200 - part as u8 * 50, 77]);
        }
        let truth = world.truth();
        let until = Instant::now() + PATIENCE;
        // Only what is told is taken over: whatever is missed stays wrong.
        while known != truth {
            let happened = capturer.wait(Some(until)).unwrap();
            assert!(!happened.timed_out, "round {round}: a change was not told");
            if !happened.damage {
                continue;
            }
            let captured = capturer.grab().unwrap();
            for rect in captured.damage {
                for y in rect.y..rect.y + rect.h {
                    for x in rect.x..rect.x + rect.w {
                        let from = y as usize * captured.frame.stride + x as usize * 4;
                        let pixel = &captured.frame.pixels[from..from + 3];
                        known[(y * size.width + x) as usize].copy_from_slice(pixel);
                    }
                }
            }
        }
    }
}

fn a_capturer_waits_until_its_time_or_until_it_is_woken(world: &dyn World) {
    let mut capturer = world.capturer();
    settled(capturer.as_mut());
    assert!(capturer.wait(Some(Instant::now())).unwrap().timed_out);
    let waker = capturer.waker();
    let other = std::thread::spawn(move || waker.wake());
    let until = Instant::now() + PATIENCE;
    while !capturer.wait(Some(until)).unwrap().woken {
        assert!(Instant::now() < until, "nobody was woken");
    }
    other.join().unwrap();
}

fn a_part_of_the_desktop_is_captured_alone(world: &dyn World) {
    let monitors = world.desktop().look(&[]).unwrap().monitors;
    let mut capturer = world.capturer();
    let Some(first) = monitors.first() else { return };
    capturer
        .set_view(View { share: Share::Monitor(first.id), choice: Choice::All, ..View::default() })
        .unwrap();
    let captured = capturer.grab().unwrap();
    assert_eq!(captured.area, first.area);
    assert_eq!((captured.frame.width, captured.frame.height), (first.area.width, first.area.height));
    // A monitor that is not there shows nothing of what is.
    capturer.set_view(View { share: Share::Monitor(first.id ^ 0x5555), ..View::default() }).unwrap();
    let pixels = settled(capturer.as_mut());
    assert!(pixels.iter().all(|pixel| *pixel == pixels[0]), "something is seen");
    assert!(!capturer.seen().keys);
}

fn the_pointer_is_where_it_was_put_and_has_a_shape(world: &dyn World) {
    let mut injector = world.injector();
    let mut capturer = world.capturer();
    for (x, y) in [(100, 90), (333, 222), (0, 0)] {
        injector.pointer(x, y).unwrap();
        injector.flush().unwrap();
        let until = Instant::now() + PATIENCE;
        while capturer.cursor_at().unwrap() != (x, y) {
            assert!(Instant::now() < until, "it is at {:?}, not {x}, {y}", capturer.cursor_at());
            capturer.wait(Some(Instant::now() + Duration::from_millis(50))).unwrap();
        }
    }
    // The program below it says what it looks like, a moment later.
    let until = Instant::now() + PATIENCE;
    let cursor = loop {
        let cursor = capturer.cursor().unwrap();
        if cursor.rgba.chunks_exact(4).any(|pixel| pixel[3] != 0) {
            break cursor;
        }
        assert!(Instant::now() < until, "nothing of it can be seen");
        capturer.wait(Some(Instant::now() + Duration::from_millis(50))).unwrap();
    };
    assert_eq!(cursor.rgba.len(), usize::from(cursor.width) * usize::from(cursor.height) * 4);
    assert!(cursor.hot_x < cursor.width && cursor.hot_y < cursor.height);
}

fn monitors_lie_on_the_desktop_and_one_is_the_first(world: &dyn World) {
    let size = world.size();
    let monitors = world.desktop().look(&[]).unwrap().monitors;
    assert!(!monitors.is_empty());
    for monitor in &monitors {
        let area = monitor.area;
        assert!(area.width > 0 && area.height > 0 && area.x >= 0 && area.y >= 0, "{monitor:?}");
        assert!(area.x as u32 + area.width <= size.width && area.y as u32 + area.height <= size.height);
        assert!((25..=1000).contains(&monitor.scale) && !monitor.name.is_empty(), "{monitor:?}");
    }
    // An X server without monitors may have none that is the first; nobody has two.
    assert!(monitors.iter().filter(|monitor| monitor.primary).count() <= 1);
    let again = world.desktop().look(&[]).unwrap().monitors;
    assert_eq!(monitors, again, "numbers stay the same");
}

/// The next key, whatever else arrives.
fn next_key(world: &dyn World) -> (Usage, bool) {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match world.next(left).expect("no key came") {
            Arrived::Key(usage, down) => return (usage, down),
            Arrived::Button(..) | Arrived::Wheel(_) => {}
        }
    }
}

fn keys_arrive_by_their_place_and_once(world: &dyn World) {
    let mut injector = world.injector();
    for code in ["KeyA", "Enter", "ArrowLeft", "F12", "ShiftRight", "ControlRight", "Home", "NumpadEnter"] {
        let key = usage(code);
        for down in [true, true, false, false] {
            injector.key(key, down).unwrap();
        }
        assert_eq!([next_key(world), next_key(world)], [(key, true), (key, false)], "{code}");
    }
}

fn what_is_held_is_let_go_of(world: &dyn World) {
    let mut injector = world.injector();
    for code in ["ShiftLeft", "KeyQ"] {
        injector.key(usage(code), true).unwrap();
        assert_eq!(next_key(world), (usage(code), true));
    }
    injector.release_all().unwrap();
    let mut up = [next_key(world), next_key(world)];
    up.sort_by_key(|(key, _)| key.0);
    assert_eq!(up, [(usage("KeyQ"), false), (usage("ShiftLeft"), false)]);
    injector.key(usage("KeyW"), true).unwrap();
    assert_eq!(next_key(world), (usage("KeyW"), true));
    drop(injector);
    assert_eq!(next_key(world), (usage("KeyW"), false));
}

fn buttons_arrive_at_their_place(world: &dyn World) {
    let mut injector = world.injector();
    for (at, button) in
        [Button::Left, Button::Middle, Button::Right, Button::Back, Button::Forward].into_iter().enumerate()
    {
        let (x, y) = (20 + at as i32 * 90, 30 + at as i32 * 50);
        injector.pointer(x, y).unwrap();
        for down in [true, false] {
            injector.button(button, down).unwrap();
            assert_eq!(world.next(PATIENCE), Some(Arrived::Button(button, down, x, y)));
        }
    }
}

fn the_wheel_turns_by_notches(world: &dyn World) {
    let mut injector = world.injector();
    injector.pointer(200, 200).unwrap();
    for notches in [1, -2] {
        injector.wheel(0, notches * NOTCH).unwrap();
        let mut turned = 0;
        while turned != notches {
            match world.next(PATIENCE).expect("it did not turn so far") {
                Arrived::Wheel(by) => turned += by,
                other => panic!("{other:?}"),
            }
            assert!(turned.abs() <= notches.abs(), "{turned} for {notches}");
        }
    }
}

fn a_key_that_no_keyboard_has_is_refused(world: &dyn World) {
    let refused = world.injector().key(Usage(0xffff), true);
    // The fake machine has every key.
    assert!(matches!(refused, Ok(()) | Err(InjectError::UnknownKey { usage: 0xffff })), "{refused:?}");
}

fn text(text: &str) -> ClipboardContent {
    ClipboardContent { parts: vec![(ClipboardFormat::Text, text.as_bytes().to_vec())], files: Vec::new() }
}

fn what_is_copied_is_read_and_told_once_it_is_watched(world: &dyn World) {
    let (tell, told) = mpsc::channel();
    let tell = move || {
        // Nobody listens any more when the test is over.
        let _ = tell.send(());
    };
    let mut clipboard = world.clipboard(Box::new(tell));
    world.copy("before");
    clipboard.watch(true).unwrap();
    for words in ["Grüße, 日本 😀", "two\nlines"] {
        world.copy(words);
        told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{words:?} was not told"));
        let read = clipboard.read().unwrap();
        let text = read.parts.iter().find(|(format, _)| *format == ClipboardFormat::Text);
        assert_eq!(text.map(|(_, bytes)| bytes.as_slice()), Some(words.as_bytes()));
    }
    // What we put there ourselves is nothing new.
    while told.recv_timeout(QUIET).is_ok() {}
    clipboard.write(text("ours")).unwrap();
    assert!(told.recv_timeout(QUIET).is_err(), "our own content was told");
}

fn what_is_put_on_the_clipboard_is_pasted(world: &dyn World) {
    let mut clipboard = world.clipboard(Box::new(|| {}));
    let mut content = text("plain äöü\nsecond");
    content.parts.push((ClipboardFormat::Html, b"<b>bold</b>".to_vec()));
    clipboard.write(content.clone()).unwrap();
    assert_eq!(world.paste(), "plain äöü\nsecond");
    assert_eq!(clipboard.read(), Ok(content));
}

fn a_clipboard_with_nothing_on_it_says_so(world: &dyn World) {
    // What was put there goes with whoever put it there.
    let mut first = world.clipboard(Box::new(|| {}));
    first.write(text("gone soon")).unwrap();
    drop(first);
    assert_eq!(world.clipboard(Box::new(|| {})).read(), Err(ClipboardError::Empty));
}
