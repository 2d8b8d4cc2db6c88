//! Keys and pointer by events of Quartz: keys by their places, so that the layout decides which letter comes out.
//!
//! Programs look at the flags of each event for what is held, so every event carries those of the keys that are held here.
#![allow(unsafe_code, reason = "the system's calls")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use objc2_core_foundation::{CFRetained, CGPoint};
use objc2_core_graphics::{
    CGEvent, CGEventField, CGEventFlags, CGEventSource, CGEventSourceStateID, CGEventTapLocation,
    CGEventType, CGMouseButton, CGScrollEventUnit,
};

use super::{Backend, InjectError, Injector, MAX_NOTCHES, NOTCH};
use crate::macos::keys;
use crate::macos::{is_trusted, layout};

/// What our events are marked with, for those who listen.
const MARK: i64 = 0x4641_5248;
/// Pixels that a notch of a wheel scrolls.
const NOTCH_PIXELS: i32 = 60;
/// The most units of a text that one event carries.
const MAX_UNITS: usize = 20;
/// Clicks that follow so soon, and so near, are one double click.
const DOUBLE_WITHIN: Duration = Duration::from_millis(500);
const DOUBLE_NEAR: f64 = 4.0;
/// A permission that is there is believed for so long.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
const SHIFT: u64 = 0x0002_0000;
const OPTION: u64 = 0x0008_0000;

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Injector>, InjectError> {
    let name = match preference {
        Backend::Auto => {
            let source = CGEventSource::new(CGEventSourceStateID::HIDSystemState).ok_or_else(no_event)?;
            CGEventSource::set_user_data(Some(&source), MARK);
            // Else the customer's own mouse is dead for a moment after each event of ours.
            CGEventSource::set_local_events_suppression_interval(Some(&source), 0.0);
            return Ok(Box::new(MacInjector {
                source: Source(source),
                keys: BTreeMap::new(),
                buttons: BTreeSet::new(),
                at: None,
                clicked: None,
                rest: (0, 0),
                trusted: None,
            }));
        }
        Backend::X11 => "X11",
        Backend::Wayland => "Wayland",
        Backend::Enigo => "enigo",
        Backend::Fake => "fake",
    };
    Err(InjectError::NotHere { name })
}

fn no_event() -> InjectError {
    InjectError::Refused { detail: "no event could be made".to_owned() }
}

/// Who our events say that they come from.
#[derive(Debug)]
struct Source(CFRetained<CGEventSource>);

// SAFETY: it belongs to no thread, and is used by one at a time.
unsafe impl Send for Source {}

/// The injector of the session that this program runs in.
#[derive(Debug)]
struct MacInjector {
    source: Source,
    keys: BTreeMap<u16, Usage>,
    buttons: BTreeSet<Held>,
    /// Where the pointer was put last, in points, unless it was moved from there.
    at: Option<CGPoint>,
    clicked: Option<Click>,
    /// Parts of a pixel that were not scrolled yet, in units of a notch.
    rest: (i32, i32),
    trusted: Option<Instant>,
}

/// A button that can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Left,
    Right,
    Middle,
    Back,
    Forward,
}

impl Held {
    /// As the system counts it, and the events of it.
    const fn events(self) -> (CGMouseButton, CGEventType, CGEventType, CGEventType) {
        let other = (CGEventType::OtherMouseDown, CGEventType::OtherMouseUp, CGEventType::OtherMouseDragged);
        let (number, (down, up, dragged)) = match self {
            Self::Left => (
                CGMouseButton::Left,
                (CGEventType::LeftMouseDown, CGEventType::LeftMouseUp, CGEventType::LeftMouseDragged),
            ),
            Self::Right => (
                CGMouseButton::Right,
                (CGEventType::RightMouseDown, CGEventType::RightMouseUp, CGEventType::RightMouseDragged),
            ),
            Self::Middle => (CGMouseButton::Center, other),
            Self::Back => (CGMouseButton(3), other),
            Self::Forward => (CGMouseButton(4), other),
        };
        (number, down, up, dragged)
    }
}

#[derive(Clone, Copy, Debug)]
struct Click {
    button: Held,
    when: Instant,
    at: CGPoint,
    count: i64,
}

impl MacInjector {
    /// What is held, as programs see it.
    fn flags(&self) -> u64 {
        self.keys.values().fold(0, |flags, usage| flags | keys::flag(*usage))
    }

    /// Without the permission, events are dropped without a word.
    fn check(&mut self) -> Result<(), InjectError> {
        if self.trusted.is_some_and(|seen| seen.elapsed() < TRUSTED_FOR) {
            return Ok(());
        }
        if !is_trusted() {
            return Err(InjectError::NotAllowed);
        }
        self.trusted = Some(Instant::now());
        Ok(())
    }

    fn post(&self, event: &CGEvent, flags: u64) {
        CGEvent::set_flags(Some(event), CGEventFlags(flags));
        CGEvent::post(CGEventTapLocation::HIDEventTap, Some(event));
    }

    fn press(&self, number: u16, down: bool, flags: u64) -> Result<(), InjectError> {
        let event = CGEvent::new_keyboard_event(Some(&self.source.0), number, down).ok_or_else(no_event)?;
        self.post(&event, flags | keys::own_flag(number));
        Ok(())
    }

    /// Where the pointer is, in points.
    fn place(&self) -> CGPoint {
        self.at.unwrap_or_else(|| CGEvent::location(CGEvent::new(None).as_deref()))
    }

    fn move_to(&mut self, at: CGPoint, by: (i32, i32)) -> Result<(), InjectError> {
        let held = self.buttons.first().copied();
        let (number, .., dragged) = held.unwrap_or(Held::Left).events();
        let kind = if held.is_some() { dragged } else { CGEventType::MouseMoved };
        let event = CGEvent::new_mouse_event(Some(&self.source.0), kind, at, number).ok_or_else(no_event)?;
        for (field, by) in [(CGEventField::MouseEventDeltaX, by.0), (CGEventField::MouseEventDeltaY, by.1)] {
            if by != 0 {
                CGEvent::set_integer_value_field(Some(&event), field, by.into());
            }
        }
        self.post(&event, self.flags());
        Ok(())
    }

    /// Types units of a text by an event that carries them, whatever is held.
    fn type_units(&self, units: &[u16]) -> Result<(), InjectError> {
        for down in [true, false] {
            let event =
                CGEvent::new_keyboard_event(Some(&self.source.0), keys::TEXT, down).ok_or_else(no_event)?;
            // SAFETY: so many units are read, within this call.
            unsafe { CGEvent::keyboard_set_unicode_string(Some(&event), units.len() as u64, units.as_ptr()) };
            self.post(&event, 0);
        }
        Ok(())
    }
}

impl Injector for MacInjector {
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError> {
        let number = keys::of(usage).ok_or(InjectError::UnknownKey { usage: usage.0 })?;
        self.check()?;
        let changed = if down {
            self.keys.insert(number, usage).is_none()
        } else {
            self.keys.remove(&number).is_some()
        };
        if changed { self.press(number, down, self.flags()) } else { Ok(()) }
    }

    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError> {
        self.check()?;
        let (x, y) = layout().to_points(x, y);
        let at = CGPoint { x, y };
        self.at = Some(at);
        self.move_to(at, (0, 0))
    }

    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        self.check()?;
        let (from, layout) = (self.place(), layout());
        self.at = None;
        let (x, y) = layout.to_picture(from.x + layout.distance(dx), from.y + layout.distance(dy));
        let (x, y) = layout.to_points(x, y);
        self.move_to(CGPoint { x, y }, (dx, dy))
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
        self.check()?;
        let changed = if down { self.buttons.insert(held) } else { self.buttons.remove(&held) };
        if !changed {
            return Ok(());
        }
        // A hand at this machine's own mouse may have moved the pointer meanwhile, and a click belongs where it was meant.
        let at = self.place();
        if down {
            let now = Instant::now();
            let near = |click: &Click| {
                click.button == held
                    && now.saturating_duration_since(click.when) < DOUBLE_WITHIN
                    && (click.at.x - at.x).abs() < DOUBLE_NEAR
                    && (click.at.y - at.y).abs() < DOUBLE_NEAR
            };
            let count = self.clicked.filter(near).map_or(1, |click| click.count % 3 + 1);
            self.clicked = Some(Click { button: held, when: now, at, count });
        }
        let (number, pressed, released, _) = held.events();
        let kind = if down { pressed } else { released };
        let event = CGEvent::new_mouse_event(Some(&self.source.0), kind, at, number).ok_or_else(no_event)?;
        let count = self.clicked.filter(|click| click.button == held).map_or(1, |click| click.count);
        for (field, value) in [
            (CGEventField::MouseEventClickState, count),
            (CGEventField::MouseEventButtonNumber, i64::from(number.0)),
        ] {
            CGEvent::set_integer_value_field(Some(&event), field, value);
        }
        self.post(&event, self.flags());
        Ok(())
    }

    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        self.check()?;
        let turn = |rest: &mut i32, units: i32| {
            let most = MAX_NOTCHES * NOTCH;
            if units.signum() == -rest.signum() {
                *rest = 0;
            }
            let sum = units.clamp(-most, most) * NOTCH_PIXELS + *rest;
            *rest = sum % NOTCH;
            sum / NOTCH
        };
        let (across, up) = (turn(&mut self.rest.0, dx), turn(&mut self.rest.1, dy));
        if (across, up) == (0, 0) {
            return Ok(());
        }
        // Up and left are positive here.
        let unit = CGScrollEventUnit::Pixel;
        let event = CGEvent::new_scroll_wheel_event2(Some(&self.source.0), unit, 2, up, -across, 0)
            .ok_or_else(no_event)?;
        self.post(&event, self.flags());
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), InjectError> {
        self.check()?;
        let mut units: Vec<u16> = Vec::with_capacity(MAX_UNITS);
        for character in text.replace("\r\n", "\n").chars() {
            let key = match character {
                '\n' | '\r' => Some(keys::RETURN),
                '\t' => Some(keys::TAB),
                _ if character.is_control() => continue,
                _ => None,
            };
            if !units.is_empty() && (key.is_some() || units.len() + character.len_utf16() > MAX_UNITS) {
                self.type_units(&units)?;
                units.clear();
            }
            match key {
                Some(key) => {
                    self.press(key, true, 0)?;
                    self.press(key, false, 0)?;
                }
                None => units.extend_from_slice(character.encode_utf16(&mut [0; 2])),
            }
        }
        if units.is_empty() { Ok(()) } else { self.type_units(&units) }
    }

    fn letter(&mut self, letter: char) -> Result<(), InjectError> {
        self.check()?;
        let small = single(letter.to_lowercase()).unwrap_or(letter);
        let cased = single(small.to_uppercase()).is_some_and(|large| large != small);
        let (number, needs) = key_of(&self.source.0, small).ok_or(InjectError::NoFreeKey)?;
        // Command+Shift+Z is Shift and the key of z; Command++ is whatever makes a plus here.
        let held = self.flags();
        let flags = if cased { held } else { held & !SHIFT | needs };
        self.press(number, true, flags)?;
        self.press(number, false, flags)
    }

    fn flush(&mut self) -> Result<(), InjectError> {
        // Events are taken in as they are posted.
        Ok(())
    }

    fn release_all(&mut self) -> Result<(), InjectError> {
        for held in std::mem::take(&mut self.buttons) {
            let (number, _, released, _) = held.events();
            let at = self.place();
            let event =
                CGEvent::new_mouse_event(Some(&self.source.0), released, at, number).ok_or_else(no_event)?;
            CGEvent::set_integer_value_field(
                Some(&event),
                CGEventField::MouseEventButtonNumber,
                number.0.into(),
            );
            self.post(&event, self.flags());
        }
        while let Some((number, _)) = self.keys.pop_last() {
            self.press(number, false, self.flags())?;
        }
        Ok(())
    }
}

impl Drop for MacInjector {
    fn drop(&mut self) {
        // Fails only where no event can be made any more.
        let _ = self.release_all();
    }
}

/// The key that makes a character in the layout that is set now, and the flags that it needs beside. An event for a key
/// carries what the layout makes of it.
fn key_of(source: &CGEventSource, character: char) -> Option<(u16, u64)> {
    let mut wanted = [0; 2];
    let wanted: &[u16] = character.encode_utf16(&mut wanted);
    for needs in [0, SHIFT, OPTION, SHIFT | OPTION] {
        for number in 0..128 {
            let Some(event) = CGEvent::new_keyboard_event(Some(source), number, true) else { continue };
            CGEvent::set_flags(Some(&event), CGEventFlags(needs));
            let (mut units, mut length) = ([0_u16; 4], 0);
            // SAFETY: at most so many units are written, and how many they are.
            unsafe {
                CGEvent::keyboard_get_unicode_string(Some(&event), 4, &raw mut length, units.as_mut_ptr());
            }
            if units.get(..usize::try_from(length).unwrap_or(0)) == Some(wanted) {
                return Some((number, needs));
            }
        }
    }
    None
}

/// The one character, if it is one.
fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

/// Lets go of every key and button that is held in the session. Returns how many those were.
pub fn let_go() -> Result<usize, InjectError> {
    let state = CGEventSourceStateID::CombinedSessionState;
    let source = CGEventSource::new(CGEventSourceStateID::HIDSystemState).ok_or_else(no_event)?;
    let mut released = 0;
    for number in (0..128_u16).filter(|number| CGEventSource::key_state(state, *number)) {
        let event = CGEvent::new_keyboard_event(Some(&source), number, false).ok_or_else(no_event)?;
        CGEvent::set_flags(Some(&event), CGEventFlags(0));
        CGEvent::post(CGEventTapLocation::HIDEventTap, Some(&event));
        released += 1;
    }
    let at = CGEvent::location(CGEvent::new(None).as_deref());
    for held in [Held::Left, Held::Right, Held::Middle, Held::Back, Held::Forward] {
        let (number, _, up, _) = held.events();
        if CGEventSource::button_state(state, number) {
            let event = CGEvent::new_mouse_event(Some(&source), up, at, number).ok_or_else(no_event)?;
            CGEvent::set_integer_value_field(
                Some(&event),
                CGEventField::MouseEventButtonNumber,
                number.0.into(),
            );
            CGEvent::post(CGEventTapLocation::HIDEventTap, Some(&event));
            released += 1;
        }
    }
    Ok(released)
}
