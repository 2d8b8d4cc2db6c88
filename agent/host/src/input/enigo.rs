//! The crate `enigo`: the baseline that the other back ends are measured against.
//!
//! It asks the display server for its devices before each event and waits for it after each, it does not know of locked
//! modifiers or of the layout's second group, and it gives a key code that it lends to a character another meaning at
//! once, so that a slow program reads a wrong character where a text has more characters than there are free key codes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use enigo::{Axis, Coordinate, Direction, Enigo, InputError, Key, Keyboard as _, Mouse as _, Settings};
use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use x11rb::connection::Connection as _;
use x11rb::protocol::xtest;

use super::{InjectError, Injector, Notches};
use crate::x11::{connect, require};

/// What an evdev key code is more on X11.
const OFFSET: u16 = 8;

/// The injector of an X11 display by `enigo`.
pub struct EnigoInjector {
    enigo: Enigo,
    display: Option<String>,
    last_key: u8,
    keys: BTreeMap<u8, Usage>,
    buttons: BTreeSet<Button>,
    across: Notches,
    along: Notches,
}

impl fmt::Debug for EnigoInjector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnigoInjector").field("display", &self.display).finish_non_exhaustive()
    }
}

impl EnigoInjector {
    /// Opens the display named, or the environment's.
    pub fn open(display: Option<&str>) -> Result<Self, InjectError> {
        // `enigo` does not say why it cannot open a display. A connection of our own does.
        let (connection, _) = connect(display)?;
        require(&connection, xtest::X11_EXTENSION_NAME, "XTEST")?;
        let last_key = connection.setup().max_keycode;
        let display = display.map(str::to_owned);
        // Keys are let go of here, together with the buttons, which `enigo` would leave down.
        let settings = Settings {
            x11_display: display.clone(),
            release_keys_when_dropped: false,
            ..Settings::default()
        };
        let enigo =
            Enigo::new(&settings).map_err(|error| InjectError::Refused { detail: error.to_string() })?;
        Ok(Self {
            enigo,
            display,
            last_key,
            keys: BTreeMap::new(),
            buttons: BTreeSet::new(),
            across: Notches::default(),
            along: Notches::default(),
        })
    }

    fn press(&mut self, keycode: u8, down: bool) -> Result<(), InjectError> {
        let pressed = self.enigo.raw(keycode.into(), direction(down));
        self.done(pressed)
    }

    fn click(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        let Some(button) = named(button) else { return Ok(()) };
        let clicked = self.enigo.button(button, direction(down));
        self.done(clicked)
    }

    /// `enigo` does not tell a display that is gone from one that refuses: whether it still answers does.
    fn done<T>(&self, result: Result<T, InputError>) -> Result<T, InjectError> {
        result.map_err(|error| {
            if connect(self.display.as_deref()).is_err() {
                return InjectError::Gone;
            }
            match error {
                InputError::Mapping(_) | InputError::Unmapping(_) | InputError::NoEmptyKeycodes => {
                    InjectError::NoFreeKey
                }
                InputError::Simulate(_) | InputError::InvalidInput(_) => {
                    InjectError::Refused { detail: error.to_string() }
                }
            }
        })
    }
}

impl Injector for EnigoInjector {
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError> {
        let keycode = usage
            .evdev()
            .and_then(|code| code.checked_add(OFFSET))
            .and_then(|code| u8::try_from(code).ok())
            .filter(|code| *code <= self.last_key)
            .ok_or(InjectError::UnknownKey { usage: usage.0 })?;
        let changed = if down {
            self.keys.insert(keycode, usage).is_none()
        } else {
            self.keys.remove(&keycode).is_some()
        };
        if changed { self.press(keycode, down) } else { Ok(()) }
    }

    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError> {
        let within = |value: i32| value.clamp(0, i16::MAX.into());
        let moved = self.enigo.move_mouse(within(x), within(y), Coordinate::Abs);
        self.done(moved)
    }

    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        let moved = self.enigo.move_mouse(dx, dy, Coordinate::Rel);
        self.done(moved)
    }

    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        if named(button).is_none() {
            return Ok(());
        }
        let changed = if down { self.buttons.insert(button) } else { self.buttons.remove(&button) };
        if changed { self.click(button, down) } else { Ok(()) }
    }

    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        // `enigo` counts downwards.
        for (notches, axis) in
            [(self.across.turn(dx), Axis::Horizontal), (-self.along.turn(dy), Axis::Vertical)]
        {
            let turned = self.enigo.scroll(notches, axis);
            self.done(turned)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), InjectError> {
        let held: Vec<u8> =
            self.keys.iter().filter(|(_, usage)| usage.is_modifier()).map(|(keycode, _)| *keycode).collect();
        for keycode in &held {
            self.press(*keycode, false)?;
        }
        let typed = self.enigo.text(&typeable(text));
        let typed = self.done(typed);
        for keycode in &held {
            self.press(*keycode, true)?;
        }
        typed
    }

    fn letter(&mut self, letter: char) -> Result<(), InjectError> {
        // Modifiers that are held stay held; which others the layout wants is beyond `enigo`.
        let small = letter.to_lowercase().next().unwrap_or(letter);
        let pressed = self.enigo.key(Key::Unicode(small), Direction::Click);
        self.done(pressed)
    }

    fn flush(&mut self) -> Result<(), InjectError> {
        // `enigo` waits after each event, and has no call that does only that: a question that it must wait for.
        let asked = self.enigo.location();
        self.done(asked).map(|_| ())
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

impl Drop for EnigoInjector {
    fn drop(&mut self) {
        // Fails only when the display is gone, and with it everything that was held.
        let _ = self.release_all();
    }
}

fn direction(down: bool) -> Direction {
    if down { Direction::Press } else { Direction::Release }
}

/// The name that `enigo` gives a button; none for a button of a newer version.
fn named(button: Button) -> Option<enigo::Button> {
    match button {
        Button::Left => Some(enigo::Button::Left),
        Button::Middle => Some(enigo::Button::Middle),
        Button::Right => Some(enigo::Button::Right),
        Button::Back => Some(enigo::Button::Back),
        Button::Forward => Some(enigo::Button::Forward),
        Button::Unknown => None,
    }
}

/// What `enigo` types as the façade promises: it has another key than Return for a line feed, and keys for some control
/// characters.
fn typeable(text: &str) -> String {
    let lines = text.replace("\r\n", "\r").replace('\n', "\r");
    lines.chars().filter(|character| matches!(character, '\r' | '\t') || !character.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::typeable;

    #[test]
    fn line_ends_are_one_return_and_control_characters_are_left_out() {
        assert_eq!(typeable("a\r\nb\nc\rd\te"), "a\rb\rc\rd\te");
        assert_eq!(typeable("\u{0}\u{1b}\u{8}\u{7f}\u{85}ß"), "ß");
    }
}
