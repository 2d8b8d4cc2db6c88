//! Keys and pointer of an X11 display by its XTEST extension.

use std::collections::{BTreeMap, BTreeSet};

use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto;
use x11rb::protocol::xtest::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::keysyms::keysyms;
use super::layout::Layout;
use super::{InjectError, Injector, Notches};
use crate::x11::{Fault, connect, require};

/// What an evdev key code is more on X11.
const OFFSET: u16 = 8;
/// The left Shift key.
const SHIFT: u8 = 42 + 8;
const WHEEL_UP: u8 = 4;
const WHEEL_DOWN: u8 = 5;
const WHEEL_LEFT: u8 = 6;
const WHEEL_RIGHT: u8 = 7;

/// The injector of an X11 display.
#[derive(Debug)]
pub struct X11Injector {
    connection: RustConnection,
    root: xproto::Window,
    xkb: bool,
    keys: BTreeMap<u8, Usage>,
    buttons: BTreeSet<u8>,
    across: Notches,
    along: Notches,
    layout: Layout,
}

impl X11Injector {
    /// Opens the display named, or the environment's.
    pub fn open(display: Option<&str>) -> Result<Self, InjectError> {
        let (connection, screen) = connect(display)?;
        require(&connection, xtest::X11_EXTENSION_NAME, "XTEST")?;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .ok_or_else(|| InjectError::Refused { detail: "it has no such screen".to_owned() })?
            .root;
        // A program that grabs the server while a menu is open must not lock the technician out.
        connection.xtest_grab_control(true).map_err(Fault::from)?.check().map_err(Fault::from)?;
        let xkb = use_xkb(&connection)?;
        let layout = Layout::new(connection.setup().min_keycode, connection.setup().max_keycode);
        Ok(Self {
            connection,
            root,
            xkb,
            keys: BTreeMap::new(),
            buttons: BTreeSet::new(),
            across: Notches::default(),
            along: Notches::default(),
            layout,
        })
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), InjectError> {
        let sent = self.connection.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0);
        // Errors come as events, which `send` takes in.
        sent.map_err(Fault::from)?;
        Ok(())
    }

    fn press(&self, keycode: u8, down: bool) -> Result<(), InjectError> {
        self.fake(if down { xproto::KEY_PRESS_EVENT } else { xproto::KEY_RELEASE_EVENT }, keycode, 0, 0)
    }

    fn click(&self, button: u8, down: bool) -> Result<(), InjectError> {
        self.fake(if down { xproto::BUTTON_PRESS_EVENT } else { xproto::BUTTON_RELEASE_EVENT }, button, 0, 0)
    }

    /// Puts everything on the wire, and takes in what the display has to say, lest it piles up.
    fn send(&self) -> Result<(), InjectError> {
        self.connection.flush().map_err(Fault::from)?;
        while let Some(event) = self.connection.poll_for_event().map_err(Fault::from)? {
            if let x11rb::protocol::Event::Error(error) = event {
                tracing::debug!(?error, "the display refused a request");
            }
        }
        Ok(())
    }

    fn turn(&self, notches: i32, forward: u8, backward: u8) -> Result<(), InjectError> {
        let button = if notches > 0 { forward } else { backward };
        for _ in 0..notches.unsigned_abs() {
            self.click(button, true)?;
            self.click(button, false)?;
        }
        Ok(())
    }

    /// Locked modifiers (Caps Lock and its like) that would change what is typed, and the layout's active group.
    fn locks(&self) -> Result<(xproto::ModMask, u8), InjectError> {
        if !self.xkb {
            return Ok((xproto::ModMask::default(), 0));
        }
        let state = self
            .connection
            .xkb_get_state(xkb::ID::USE_CORE_KBD.into())
            .map_err(Fault::from)?
            .reply()
            .map_err(Fault::from)?;
        // Num Lock, on the second modifier everywhere, concerns the keypad only, which types no text here.
        let locked = u16::from(state.locked_mods) & !u16::from(xproto::ModMask::M2);
        Ok((locked.into(), u8::from(state.group)))
    }

    fn lock(&self, affected: xproto::ModMask, locked: xproto::ModMask) -> Result<(), InjectError> {
        if u16::from(affected) == 0 {
            return Ok(());
        }
        let keyboard = xkb::ID::USE_CORE_KBD.into();
        let none = xproto::ModMask::default();
        self.connection
            .xkb_latch_lock_state(keyboard, affected, locked, false, xkb::Group::M1, none, false, 0)
            .map_err(Fault::from)?;
        Ok(())
    }

    fn strokes(&mut self, text: &str, group: u8) -> Result<(), InjectError> {
        let mut rest = keysyms(text);
        while !rest.is_empty() {
            let (strokes, wait) = self.layout.plan(&self.connection, &rest, group)?;
            if let Some(wait) = wait {
                self.send()?;
                // Programs look a key's meaning up when they get to it: one that is still in use must not change.
                std::thread::sleep(wait);
                continue;
            }
            for stroke in &strokes {
                let with = [stroke.level_3, stroke.shift.then_some(SHIFT)];
                for key in with.into_iter().flatten() {
                    self.press(key, true)?;
                }
                self.press(stroke.keycode, true)?;
                self.press(stroke.keycode, false)?;
                for key in with.into_iter().rev().flatten() {
                    self.press(key, false)?;
                }
            }
            self.layout.used(&strokes);
            rest.drain(..strokes.len());
        }
        Ok(())
    }
}

impl Injector for X11Injector {
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError> {
        let keycode = usage
            .evdev()
            .and_then(|code| code.checked_add(OFFSET))
            .and_then(|code| u8::try_from(code).ok())
            .filter(|code| *code <= self.connection.setup().max_keycode)
            .ok_or(InjectError::UnknownKey { usage: usage.0 })?;
        let changed = if down {
            self.keys.insert(keycode, usage).is_none()
        } else {
            self.keys.remove(&keycode).is_some()
        };
        if changed {
            self.press(keycode, down)?;
            self.send()?;
        }
        Ok(())
    }

    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError> {
        let within = |value: i32| value.clamp(0, i16::MAX.into()) as i16;
        self.fake(xproto::MOTION_NOTIFY_EVENT, 0, within(x), within(y))?;
        self.send()
    }

    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        /// The detail of a motion that counts from where the pointer is.
        const RELATIVE: u8 = 1;
        let within = |by: i32| by.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        self.fake(xproto::MOTION_NOTIFY_EVENT, RELATIVE, within(dx), within(dy))?;
        self.send()
    }

    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        let Some(button) = number(button) else { return Ok(()) };
        let changed = if down { self.buttons.insert(button) } else { self.buttons.remove(&button) };
        if changed {
            self.click(button, down)?;
            self.send()?;
        }
        Ok(())
    }

    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        let (across, along) = (self.across.turn(dx), self.along.turn(dy));
        self.turn(across, WHEEL_RIGHT, WHEEL_LEFT)?;
        self.turn(along, WHEEL_UP, WHEEL_DOWN)?;
        self.send()
    }

    fn text(&mut self, text: &str) -> Result<(), InjectError> {
        // A paste comes while the technician still holds Ctrl or Shift; the customer's Caps Lock may be on.
        let held: Vec<u8> =
            self.keys.iter().filter(|(_, usage)| usage.is_modifier()).map(|(keycode, _)| *keycode).collect();
        let (locked, group) = self.locks()?;
        for keycode in &held {
            self.press(*keycode, false)?;
        }
        self.lock(locked, xproto::ModMask::default())?;
        let typed = self.strokes(text, group);
        self.lock(locked, locked)?;
        for keycode in &held {
            self.press(*keycode, true)?;
        }
        self.send()?;
        typed
    }

    fn letter(&mut self, letter: char) -> Result<(), InjectError> {
        let small = single(letter.to_lowercase()).unwrap_or(letter);
        let cased = single(small.to_uppercase()).is_some_and(|large| large != small);
        let Some(keysym) = keysyms(&small.to_string()).first().copied() else { return Ok(()) };
        let (_, group) = self.locks()?;
        let stroke = loop {
            match self.layout.plan(&self.connection, &[keysym], group)? {
                (strokes, Some(wait)) if strokes.is_empty() => {
                    self.send()?;
                    std::thread::sleep(wait);
                }
                (strokes, _) => break strokes.first().copied().ok_or(InjectError::NoFreeKey)?,
            }
        };
        let is_shift = |usage: Usage| usage == Usage::SHIFT_LEFT || usage == Usage::SHIFT_RIGHT;
        let shifts: Vec<u8> =
            self.keys.iter().filter(|(_, usage)| is_shift(**usage)).map(|(keycode, _)| *keycode).collect();
        // Ctrl+Shift+Z is Shift and the key of z; Ctrl++ is whatever makes a plus here.
        let lift = !cased && !stroke.shift;
        let add = !cased && stroke.shift && shifts.is_empty();
        for keycode in shifts.iter().filter(|_| lift) {
            self.press(*keycode, false)?;
        }
        let with = [stroke.level_3, add.then_some(SHIFT)];
        for key in with.into_iter().flatten() {
            self.press(key, true)?;
        }
        self.press(stroke.keycode, true)?;
        self.press(stroke.keycode, false)?;
        for key in with.into_iter().rev().flatten() {
            self.press(key, false)?;
        }
        for keycode in shifts.iter().filter(|_| lift) {
            self.press(*keycode, true)?;
        }
        self.layout.used(&[stroke]);
        self.send()
    }

    fn flush(&mut self) -> Result<(), InjectError> {
        self.connection.sync().map_err(Fault::from)?;
        self.send()
    }

    fn release_all(&mut self) -> Result<(), InjectError> {
        for keycode in std::mem::take(&mut self.keys).into_keys() {
            self.press(keycode, false)?;
        }
        for button in std::mem::take(&mut self.buttons) {
            self.click(button, false)?;
        }
        self.flush()
    }
}

impl Drop for X11Injector {
    fn drop(&mut self) {
        // Both fail only when the display is gone, and with it everything that was held.
        let _ = self.release_all();
        let _ = self.layout.restore(&self.connection);
    }
}

/// The number that X11 gives a button; none for a button of a newer version.
fn number(button: Button) -> Option<u8> {
    match button {
        Button::Left => Some(1),
        Button::Middle => Some(2),
        Button::Right => Some(3),
        Button::Back => Some(8),
        Button::Forward => Some(9),
        Button::Unknown => None,
    }
}

fn use_xkb(connection: &RustConnection) -> Result<bool, InjectError> {
    if connection.extension_information(xkb::X11_EXTENSION_NAME).map_err(Fault::from)?.is_none() {
        return Ok(false);
    }
    let reply = connection.xkb_use_extension(1, 0).map_err(Fault::from)?.reply().map_err(Fault::from)?;
    Ok(reply.supported)
}

/// The one character, if it is one.
fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}
