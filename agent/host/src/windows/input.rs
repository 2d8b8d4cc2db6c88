//! Keys and pointer by `SendInput`: keys by their scan codes, so that the layout decides which letter comes out.
#![allow(unsafe_code, reason = "the system's calls")]

use std::collections::{BTreeMap, BTreeSet};

use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{
    GetKeyboardLayout, HKL, INPUT, INPUT_0, INPUT_KEYBOARD, INPUT_MOUSE, KEYBDINPUT, KEYEVENTF_EXTENDEDKEY,
    KEYEVENTF_KEYUP, KEYEVENTF_SCANCODE, KEYEVENTF_UNICODE, MAPVK_VK_TO_VSC_EX, MAPVK_VSC_TO_VK_EX,
    MOUSEEVENTF_ABSOLUTE, MOUSEEVENTF_HWHEEL, MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP,
    MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP, MOUSEEVENTF_MOVE, MOUSEEVENTF_RIGHTDOWN,
    MOUSEEVENTF_RIGHTUP, MOUSEEVENTF_VIRTUALDESK, MOUSEEVENTF_WHEEL, MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP,
    MOUSEINPUT, MapVirtualKeyExW, SendInput, VK_PAUSE, VkKeyScanExW,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GetForegroundWindow, GetSystemMetrics, GetWindowThreadProcessId, SM_SWAPBUTTON,
};

use super::{Backend, InjectError, Injector, MAX_NOTCHES, NOTCH};
use crate::windows::scan::{self, Key};
use crate::windows::{desktop, last_error};

/// Places of the whole desktop are told in this many steps each way.
const STEPS: i64 = 65_536;
const XBUTTON1: u32 = 1;
const XBUTTON2: u32 = 2;
/// The left Shift key.
const SHIFT: Key = Key::plain(0x2a);
const CONTROL: Key = Key::plain(0x1d);
const ALT_GR: Key = Key::extended(0x38);
/// What a layout says of the keys that a character needs beside its own.
const NEEDS_SHIFT: u8 = 1;
const NEEDS_CONTROL: u8 = 2;
const NEEDS_ALT: u8 = 4;

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Injector>, InjectError> {
    match preference {
        Backend::Auto => {
            crate::windows::count_true_pixels();
            Ok(Box::new(WindowsInjector::default()))
        }
        Backend::X11 => Err(InjectError::NotHere { name: "X11" }),
        Backend::Wayland => Err(InjectError::NotHere { name: "Wayland" }),
        Backend::Enigo => Err(InjectError::NotHere { name: "enigo" }),
        Backend::Fake => Err(InjectError::NotHere { name: "fake" }),
    }
}

/// The injector of the desktop that this program runs on.
#[derive(Debug, Default)]
struct WindowsInjector {
    keys: BTreeMap<Key, Usage>,
    buttons: BTreeSet<Held>,
    /// Where the pointer was put last, unless it was moved from there.
    at: Option<(i32, i32)>,
}

/// A button that can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Left,
    Middle,
    Right,
    Back,
    Forward,
}

impl Injector for WindowsInjector {
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError> {
        let key = scan::of(usage).ok_or(InjectError::UnknownKey { usage: usage.0 })?;
        let changed =
            if down { self.keys.insert(key, usage).is_none() } else { self.keys.remove(&key).is_some() };
        if changed { send(&[press(key, down)]) } else { Ok(()) }
    }

    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError> {
        self.at = Some((x, y));
        let (x, y, flags) = place(x, y);
        send(&[mouse(x, y, 0, flags)])
    }

    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        self.at = None;
        send(&[mouse(dx, dy, 0, MOUSEEVENTF_MOVE)])
    }

    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        let held = match button {
            Button::Left => Held::Left,
            Button::Middle => Held::Middle,
            Button::Right => Held::Right,
            Button::Back => Held::Back,
            Button::Forward => Held::Forward,
            Button::Unknown => return Ok(()),
        };
        let changed = if down { self.buttons.insert(held) } else { self.buttons.remove(&held) };
        if !changed {
            return Ok(());
        }
        // A hand at this machine's own mouse may have moved the pointer meanwhile, and a click belongs where it was meant.
        send(&[click(held, down, self.at)])
    }

    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        let most = MAX_NOTCHES * NOTCH;
        let turns = [(dx, MOUSEEVENTF_HWHEEL), (dy, MOUSEEVENTF_WHEEL)];
        let turned: Vec<INPUT> = turns
            .into_iter()
            .filter(|(by, _)| *by != 0)
            .map(|(by, flags)| mouse(0, 0, by.clamp(-most, most) as u32, flags))
            .collect();
        send(&turned)
    }

    fn text(&mut self, text: &str) -> Result<(), InjectError> {
        // A paste comes while the technician still holds Ctrl or Shift.
        let held: Vec<Key> =
            self.keys.iter().filter(|(_, usage)| usage.is_modifier()).map(|(key, _)| *key).collect();
        let mut all: Vec<INPUT> = held.iter().map(|key| press(*key, false)).collect();
        let text = text.replace("\r\n", "\n");
        for character in text.chars() {
            let key = match character {
                '\n' | '\r' => Some(Key::plain(0x1c)),
                '\t' => Some(Key::plain(0x0f)),
                _ if character.is_control() => continue,
                _ => None,
            };
            match key {
                Some(key) => all.extend([press(key, true), press(key, false)]),
                None => {
                    let mut units = [0; 2];
                    let units = character.encode_utf16(&mut units);
                    for up in [0, KEYEVENTF_KEYUP] {
                        all.extend(units.iter().map(|unit| keyboard(0, *unit, KEYEVENTF_UNICODE | up)));
                    }
                }
            }
        }
        all.extend(held.iter().map(|key| press(*key, true)));
        send(&all)
    }

    fn letter(&mut self, letter: char) -> Result<(), InjectError> {
        let small = single(letter.to_lowercase()).unwrap_or(letter);
        let cased = single(small.to_uppercase()).is_some_and(|large| large != small);
        let (key, needs) = key_of(small).ok_or(InjectError::NoFreeKey)?;
        let is_shift = |usage: Usage| usage == Usage::SHIFT_LEFT || usage == Usage::SHIFT_RIGHT;
        let shifts: Vec<Key> =
            self.keys.iter().filter(|(_, usage)| is_shift(**usage)).map(|(key, _)| *key).collect();
        let shifted = needs & NEEDS_SHIFT != 0;
        // Ctrl+Shift+Z is Shift and the key of z; Ctrl++ is whatever makes a plus here.
        let lift = !cased && !shifted;
        let lifted: Vec<Key> = shifts.iter().copied().filter(|_| lift).collect();
        let mut with = Vec::new();
        if !cased && shifted && shifts.is_empty() {
            with.push(SHIFT);
        }
        match (needs & NEEDS_CONTROL != 0, needs & NEEDS_ALT != 0) {
            (true, true) => with.push(ALT_GR),
            (true, false) => with.push(CONTROL),
            (false, _) => {}
        }
        let mut all: Vec<INPUT> = lifted.iter().map(|key| press(*key, false)).collect();
        all.extend(with.iter().map(|key| press(*key, true)));
        all.extend([press(key, true), press(key, false)]);
        all.extend(with.iter().rev().map(|key| press(*key, false)));
        all.extend(lifted.iter().map(|key| press(*key, true)));
        send(&all)
    }

    fn flush(&mut self) -> Result<(), InjectError> {
        // What `SendInput` took is in the system's queue, in order, when it returns.
        Ok(())
    }

    fn release_all(&mut self) -> Result<(), InjectError> {
        let keys = std::mem::take(&mut self.keys).into_keys().map(|key| press(key, false));
        let buttons = std::mem::take(&mut self.buttons).into_iter().map(|held| click(held, false, None));
        let all: Vec<INPUT> = keys.chain(buttons).collect();
        send(&all)
    }
}

impl Drop for WindowsInjector {
    fn drop(&mut self) {
        // Fails only where the desktop takes no input; nothing of ours can be held there.
        let _ = self.release_all();
    }
}

/// A place of the desktop in steps, and what says that they are such.
fn place(x: i32, y: i32) -> (i32, i32, u32) {
    let desktop = desktop();
    let flags = MOUSEEVENTF_MOVE | MOUSEEVENTF_ABSOLUTE | MOUSEEVENTF_VIRTUALDESK;
    (step(x, desktop.width), step(y, desktop.height), flags)
}

/// Where a place is on its side of the desktop, in steps. The system rounds down, so this rounds up.
fn step(at: i32, side: u32) -> i32 {
    let side = i64::from(side.max(1));
    let at = i64::from(at).clamp(0, side - 1);
    ((at * STEPS + side - 1) / side) as i32
}

/// The key that makes a character in the layout of the window in front, and what else has to be held.
fn key_of(character: char) -> Option<(Key, u8)> {
    let mut units = [0; 2];
    let [unit] = character.encode_utf16(&mut units) else { return None };
    let layout = layout();
    // SAFETY: plain calls.
    let (virtual_key, needs) = unsafe {
        let found = VkKeyScanExW(*unit, layout);
        if found == -1 {
            return None;
        }
        let [virtual_key, needs] = found.to_le_bytes();
        (u32::from(virtual_key), needs)
    };
    // SAFETY: a plain call.
    let scan = unsafe { MapVirtualKeyExW(virtual_key, MAPVK_VK_TO_VSC_EX, layout) };
    (scan != 0).then(|| (Key::from_system(scan), needs))
}

fn layout() -> HKL {
    // SAFETY: plain calls; a window that is gone has thread 0, which is this one.
    unsafe { GetKeyboardLayout(GetWindowThreadProcessId(GetForegroundWindow(), std::ptr::null_mut())) }
}

/// The one character, if it is one.
fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

/// A key going down or up.
pub fn press(key: Key, down: bool) -> INPUT {
    let up = if down { 0 } else { KEYEVENTF_KEYUP };
    // Its scan code is a sequence that cannot be put in as one.
    if key == Key::PAUSE {
        return keyboard(VK_PAUSE, 0x45, up);
    }
    let extended = if key.is_extended() { KEYEVENTF_EXTENDEDKEY } else { 0 };
    keyboard(virtual_key(key), key.code(), KEYEVENTF_SCANCODE | extended | up)
}

/// What the layout makes of a key, zero where that is nothing. Windows looks at the scan code alone and finds this out by
/// itself; Wine does not, and hands programs what it was given.
fn virtual_key(key: Key) -> u16 {
    // SAFETY: a plain call.
    let found = unsafe { MapVirtualKeyExW(key.as_system(), MAPVK_VSC_TO_VK_EX, layout()) };
    u16::try_from(found).unwrap_or(0)
}

/// A button going down or up at a place, or where the pointer is.
fn click(held: Held, down: bool, at: Option<(i32, i32)>) -> INPUT {
    // Buttons are put in as the mouse has them, and the system exchanges them for whoever wants that.
    // SAFETY: a plain call.
    let swapped = unsafe { GetSystemMetrics(SM_SWAPBUTTON) } != 0;
    let held = match held {
        Held::Left if swapped => Held::Right,
        Held::Right if swapped => Held::Left,
        Held::Left | Held::Middle | Held::Right | Held::Back | Held::Forward => held,
    };
    let (which, press, release) = match held {
        Held::Left => (0, MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP),
        Held::Middle => (0, MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP),
        Held::Right => (0, MOUSEEVENTF_RIGHTDOWN, MOUSEEVENTF_RIGHTUP),
        Held::Back => (XBUTTON1, MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP),
        Held::Forward => (XBUTTON2, MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP),
    };
    let (x, y, flags) = at.map_or((0, 0, 0), |(x, y)| place(x, y));
    mouse(x, y, which, flags | if down { press } else { release })
}

fn keyboard(virtual_key: u16, code: u16, flags: u32) -> INPUT {
    let ki = KEYBDINPUT { wVk: virtual_key, wScan: code, dwFlags: flags, time: 0, dwExtraInfo: 0 };
    INPUT { r#type: INPUT_KEYBOARD, Anonymous: INPUT_0 { ki } }
}

fn mouse(dx: i32, dy: i32, data: u32, flags: u32) -> INPUT {
    let mi = MOUSEINPUT { dx, dy, mouseData: data, dwFlags: flags, time: 0, dwExtraInfo: 0 };
    INPUT { r#type: INPUT_MOUSE, Anonymous: INPUT_0 { mi } }
}

/// Puts it all in, with nothing in between.
pub fn send(all: &[INPUT]) -> Result<(), InjectError> {
    if all.is_empty() {
        return Ok(());
    }
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    // SAFETY: so many of them, each of the size that is said.
    let taken = unsafe { SendInput(count, all.as_ptr(), size_of::<INPUT>() as i32) };
    if taken == count {
        return Ok(());
    }
    // The lock screen, or a window in front that runs with an administrator's rights.
    Err(InjectError::Refused { detail: last_error().to_string() })
}

#[cfg(test)]
mod tests {
    use super::{STEPS, step};

    #[test]
    fn a_place_comes_back_from_its_steps() {
        for side in [1_u32, 2, 800, 1280, 1921, 5760] {
            for at in 0..side as i32 {
                assert_eq!(
                    i64::from(step(at, side)) * i64::from(side) / STEPS,
                    i64::from(at),
                    "{at} of {side}"
                );
            }
            assert_eq!(step(-5, side), 0);
            assert_eq!(step(i32::MAX, side), step(side as i32 - 1, side));
        }
    }
}
