//! Keys and pointer by the portal, after the desktop agreed to them.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use ashpd::desktop::Session;
use ashpd::desktop::remote_desktop::{Axis, KeyState, NotifyPointerAxisOptions, RemoteDesktop};
use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;

use super::portal::{Desk, Given, Place};
use crate::capture::CaptureError;
use crate::input::keysyms::keysyms;
use crate::input::{InjectError, Injector, MAX_NOTCHES, NOTCH};

/// As far as one notch of a wheel moves what is scrolled, in the desktop's measure: what its own mice do.
const NOTCH_LENGTH: f64 = 15.0;
/// The most that one turn of the wheel moves, in [`NOTCH`]s.
const MAX_TURN: i32 = MAX_NOTCHES * NOTCH;

/// The injector of a desktop that runs on Wayland.
pub struct WaylandInjector {
    desk: Arc<Desk>,
    /// What the desktop agreed to when something was last pressed: what is held belongs to it.
    given: Option<Arc<Given>>,
    keys: BTreeSet<Usage>,
    buttons: BTreeSet<i32>,
}

impl WaylandInjector {
    /// Asks nothing: what the desktop agreed to is looked up when something is pressed.
    pub fn open(bus: Option<&str>) -> Self {
        Self { desk: Desk::of(bus), given: None, keys: BTreeSet::new(), buttons: BTreeSet::new() }
    }

    /// What the desktop agrees to now. Whatever an earlier session held it let go of when it ended.
    fn given(&mut self, has: impl Fn(&Given) -> bool) -> Result<Arc<Given>, InjectError> {
        let given = self.desk.given().map_err(refused)?;
        if !self.given.as_ref().is_some_and(|known| Arc::ptr_eq(known, &given)) {
            self.keys.clear();
            self.buttons.clear();
            self.given = Some(Arc::clone(&given));
        }
        if has(&given) { Ok(given) } else { Err(InjectError::NotAgreed) }
    }

    fn press(&self, given: &Given, usage: Usage, down: bool) -> Result<(), InjectError> {
        let code = usage.evdev().ok_or(InjectError::UnknownKey { usage: usage.0 })?;
        say(given, |remote, session| {
            remote.notify_keyboard_keycode(session, code.into(), state(down), Default::default())
        })
    }

    fn strike(&self, given: &Given, keysym: u32) -> Result<(), InjectError> {
        let keysym = i32::try_from(keysym).map_err(|_| InjectError::NoFreeKey)?;
        for down in [true, false] {
            say(given, |remote, session| {
                remote.notify_keyboard_keysym(session, keysym, state(down), Default::default())
            })?;
        }
        Ok(())
    }

    fn click(&self, given: &Given, code: i32, down: bool) -> Result<(), InjectError> {
        say(given, |remote, session| {
            remote.notify_pointer_button(session, code, state(down), Default::default())
        })
    }
}

impl Injector for WaylandInjector {
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError> {
        usage.evdev().ok_or(InjectError::UnknownKey { usage: usage.0 })?;
        let given = self.given(|given| given.keyboard)?;
        if self.keys.contains(&usage) == down {
            return Ok(());
        }
        self.press(&given, usage, down)?;
        if down {
            self.keys.insert(usage);
        } else {
            self.keys.remove(&usage);
        }
        Ok(())
    }

    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError> {
        let given = self.given(|given| given.pointer)?;
        let Some((node, x, y)) = locate(&given.places(), x, y) else { return Ok(()) };
        say(&given, |remote, session| {
            remote.notify_pointer_motion_absolute(session, node, x, y, Default::default())
        })
    }

    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        let given = self.given(|given| given.pointer)?;
        let scale = given.places().first().map_or(1.0, |place| scale(place).0);
        let (dx, dy) = (f64::from(dx) / scale, f64::from(dy) / scale);
        say(&given, |remote, session| remote.notify_pointer_motion(session, dx, dy, Default::default()))
    }

    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        let Some(code) = code(button) else { return Ok(()) };
        let given = self.given(|given| given.pointer)?;
        if self.buttons.contains(&code) == down {
            return Ok(());
        }
        self.click(&given, code, down)?;
        if down {
            self.buttons.insert(code);
        } else {
            self.buttons.remove(&code);
        }
        Ok(())
    }

    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        let given = self.given(|given| given.pointer)?;
        let (dx, dy) = (dx.clamp(-MAX_TURN, MAX_TURN), dy.clamp(-MAX_TURN, MAX_TURN));
        // The portal counts downwards. Whole notches are a wheel's, for programs that turn pages by them; what is finer is
        // a touchpad's.
        for (axis, units) in [(Axis::Horizontal, dx), (Axis::Vertical, -dy)] {
            let fine = match axis {
                Axis::Horizontal => (f64::from(units) / f64::from(NOTCH) * NOTCH_LENGTH, 0.0),
                Axis::Vertical => (0.0, f64::from(units) / f64::from(NOTCH) * NOTCH_LENGTH),
            };
            if units == 0 {
                continue;
            }
            if units % NOTCH == 0 {
                say(&given, |remote, session| {
                    remote.notify_pointer_axis_discrete(session, axis, units / NOTCH, Default::default())
                })?;
            } else {
                say(&given, |remote, session| {
                    let options = NotifyPointerAxisOptions::default().set_finish(true);
                    remote.notify_pointer_axis(session, fine.0, fine.1, options)
                })?;
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), InjectError> {
        let given = self.given(|given| given.keyboard)?;
        let held: Vec<Usage> = self.keys.iter().copied().filter(|usage| usage.is_modifier()).collect();
        for usage in &held {
            self.press(&given, *usage, false)?;
        }
        let typed = keysyms(text).into_iter().try_for_each(|keysym| self.strike(&given, keysym));
        for usage in &held {
            self.press(&given, *usage, true)?;
        }
        typed
    }

    fn letter(&mut self, letter: char) -> Result<(), InjectError> {
        let given = self.given(|given| given.keyboard)?;
        // A letter is pressed by its key, with Shift only where it is held.
        let small = letter.to_lowercase().next().filter(|_| letter.to_lowercase().count() == 1);
        let keysym = keysyms(small.unwrap_or(letter).encode_utf8(&mut [0; 4])).first().copied();
        self.strike(&given, keysym.ok_or(InjectError::NoFreeKey)?)
    }

    fn flush(&mut self) -> Result<(), InjectError> {
        // Each call waits for the portal's answer.
        Ok(())
    }

    fn release_all(&mut self) -> Result<(), InjectError> {
        let (keys, buttons) = (std::mem::take(&mut self.keys), std::mem::take(&mut self.buttons));
        // A session that ended let go of everything itself.
        let Some(given) = self.given.clone().filter(|given| self.desk.still(given).is_ok()) else {
            return Ok(());
        };
        for usage in keys {
            self.press(&given, usage, false)?;
        }
        for code in buttons {
            self.click(&given, code, false)?;
        }
        Ok(())
    }
}

impl Drop for WaylandInjector {
    fn drop(&mut self) {
        // It fails only when the session is over, and with it everything that was held.
        let _ = self.release_all();
    }
}

/// Calls the portal, and waits for its answer.
fn say<'a, F>(
    given: &'a Given,
    call: impl FnOnce(&'a RemoteDesktop, &'a Session<RemoteDesktop>) -> F,
) -> Result<(), InjectError>
where
    F: Future<Output = Result<(), ashpd::Error>>,
{
    let Some((remote, session)) = given.control() else { return Err(InjectError::NotAgreed) };
    zbus::block_on(call(remote, session)).map_err(|error| InjectError::Refused { detail: error.to_string() })
}

const fn state(down: bool) -> KeyState {
    if down { KeyState::Pressed } else { KeyState::Released }
}

fn refused(error: CaptureError) -> InjectError {
    match error {
        CaptureError::Gone => InjectError::Gone,
        _ => InjectError::NotAgreed,
    }
}

/// The number that Linux gives a button (`input-event-codes.h`).
const fn code(button: Button) -> Option<i32> {
    match button {
        Button::Left => Some(0x110),
        Button::Right => Some(0x111),
        Button::Middle => Some(0x112),
        Button::Back => Some(0x113),
        Button::Forward => Some(0x114),
        Button::Unknown => None,
    }
}

/// Pixels for one unit of the desktop's measure.
fn scale(place: &Place) -> (f64, f64) {
    let of = |pixels: u32, units: u32| if units == 0 { 1.0 } else { f64::from(pixels) / f64::from(units) };
    (of(place.area.width, place.size.0), of(place.area.height, place.size.1))
}

/// The stream in which a place of the picture is, and where in it; the nearest where it is in none.
fn locate(places: &[Place], x: i32, y: i32) -> Option<(u32, f64, f64)> {
    let inside = |place: &Place| {
        let area = place.area;
        let last = |from: i32, length: u32| from.saturating_add_unsigned(length.saturating_sub(1));
        (x.clamp(area.x, last(area.x, area.width)), y.clamp(area.y, last(area.y, area.height)))
    };
    let away = |place: &&Place| {
        let (nx, ny) = inside(place);
        i64::from(nx.abs_diff(x)) + i64::from(ny.abs_diff(y))
    };
    let place = places.iter().min_by_key(away)?;
    let ((x, y), scale) = (inside(place), scale(place));
    Some((
        place.node,
        f64::from(x.saturating_sub(place.area.x)) / scale.0,
        f64::from(y.saturating_sub(place.area.y)) / scale.1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitors::Area;

    #[test]
    fn a_place_of_the_picture_is_one_of_the_stream_in_its_own_measure() {
        let place = |node, x, width, size| Place { node, area: Area { x, y: 0, width, height: 600 }, size };
        let places = [place(7, 0, 1000, (500, 300)), place(9, 1000, 800, (800, 600))];
        assert_eq!(locate(&places, 100, 50), Some((7, 50.0, 25.0)));
        assert_eq!(locate(&places, 1100, 50), Some((9, 100.0, 50.0)));
        assert_eq!(locate(&places, -5, 9000), Some((7, 0.0, 299.5)));
        assert_eq!(locate(&places, i32::MAX, i32::MIN), Some((9, 799.0, 0.0)));
        assert_eq!(locate(&[], 1, 1), None);
    }
}
