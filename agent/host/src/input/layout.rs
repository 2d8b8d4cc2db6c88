//! Which keys make which characters, and keys lent to characters that none makes.
//!
//! A character that is on the layout is typed by its own key. For another, a key code that means nothing is given its
//! meaning for a while. A program looks the meaning up only when it gets to the key press, so a key code that was lent
//! keeps its meaning for [`SETTLE`] after its last press: changing it sooner is how characters get lost or doubled.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::InjectError;
use crate::x11::Fault;

/// Time that the slowest program is given to get to a key press.
const SETTLE: Duration = Duration::from_millis(800);
/// A lent key code means the same with Shift, so that Shift does not matter.
const LEVELS: u8 = 2;
/// The keysym of the key that chooses a layout's third level, AltGr where there is one.
const LEVEL_3: u32 = 0xfe03;
/// Where the first group's levels are in the core description of a keyboard (XKB protocol, section 12.3): plain, with
/// Shift, with AltGr, with both.
const COLUMNS: [(usize, bool, bool); 4] =
    [(0, false, false), (1, true, false), (4, false, true), (5, true, true)];
/// Keysyms of layouts that are older than Unicode's, and the Unicode keysyms that mean the same.
const OLDER: [(u32, u32); 3] = [(0x20ac, 0x0100_20ac), (0x13bd, 0x0100_0153), (0x13bc, 0x0100_0152)];

/// One press and release of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// The key.
    pub keycode: u8,
    /// Whether with Shift.
    pub shift: bool,
    /// The key that chooses the third level, where the character is there.
    pub level_3: Option<u8>,
}

/// The keyboard as the display describes it, and what was lent of it.
#[derive(Debug)]
pub struct Layout {
    first: u8,
    last: u8,
    /// Keysym of each lent key code and when it was pressed last.
    lent: BTreeMap<u8, (u32, Instant)>,
}

impl Layout {
    /// Nothing is lent yet.
    pub fn new(first: u8, last: u8) -> Self {
        Self { first, last, lent: BTreeMap::new() }
    }

    /// Strokes for as many of the keysyms, from the first, as there are keys for now; if for none, how long until there
    /// are. The meanings of lent keys are set before this returns.
    pub fn plan(
        &mut self,
        connection: &RustConnection,
        keysyms: &[u32],
        group: u8,
    ) -> Result<(Vec<Stroke>, Option<Duration>), InjectError> {
        // Read anew each time: another program may have changed the layout, which takes lent keys back.
        let count = self.last - self.first + 1;
        let mapping = connection
            .get_keyboard_mapping(self.first, count)
            .map_err(Fault::from)?
            .reply()
            .map_err(Fault::from)?;
        let per_key = usize::from(mapping.keysyms_per_keycode).max(1);
        let keys: Vec<(u8, &[u32])> = (self.first..=self.last).zip(mapping.keysyms.chunks(per_key)).collect();
        self.lent.retain(|keycode, (keysym, _)| {
            keys.iter().any(|(key, meanings)| key == keycode && meanings.first() == Some(keysym))
        });
        let now = Instant::now();
        let mut strokes = Vec::with_capacity(keysyms.len());
        for keysym in keysyms {
            let stroke = match self.stroke(&keys, *keysym, group) {
                Some(stroke) => {
                    // What is about to be pressed must not be lent to a later character of the same text.
                    self.used(&[stroke]);
                    stroke
                }
                None => match self.lend(&keys, *keysym, now) {
                    Ok(Some(keycode)) => {
                        let meanings = [*keysym; LEVELS as usize];
                        connection
                            .change_keyboard_mapping(1, keycode, LEVELS, &meanings)
                            .map_err(Fault::from)?;
                        Stroke { keycode, shift: false, level_3: None }
                    }
                    Ok(None) => return Err(InjectError::NoFreeKey),
                    Err(wait) => {
                        return Ok(if strokes.is_empty() { (strokes, Some(wait)) } else { (strokes, None) });
                    }
                },
            };
            strokes.push(stroke);
        }
        Ok((strokes, None))
    }

    /// Notes that these were pressed just now.
    pub fn used(&mut self, strokes: &[Stroke]) {
        let now = Instant::now();
        for stroke in strokes {
            if let Some((_, at)) = self.lent.get_mut(&stroke.keycode) {
                *at = now;
            }
        }
    }

    /// Takes every lent key back.
    pub fn restore(&mut self, connection: &RustConnection) -> Result<(), InjectError> {
        let newest = self.lent.values().map(|(_, at)| *at).max();
        if let Some(newest) = newest {
            connection.flush().map_err(Fault::from)?;
            std::thread::sleep(SETTLE.saturating_sub(newest.elapsed()));
        }
        for keycode in std::mem::take(&mut self.lent).into_keys() {
            connection
                .change_keyboard_mapping(1, keycode, LEVELS, &[x11rb::NO_SYMBOL; LEVELS as usize])
                .map_err(Fault::from)?;
        }
        // Not only sent but taken in: a server drops what it has not read of a connection that closes.
        connection.sync().map_err(Fault::from)?;
        Ok(())
    }

    /// The key that makes a character already.
    fn stroke(&self, keys: &[(u8, &[u32])], keysym: u32, group: u8) -> Option<Stroke> {
        if let Some((keycode, _)) = self.lent.iter().find(|(_, (lent, _))| *lent == keysym) {
            return Some(Stroke { keycode: *keycode, shift: false, level_3: None });
        }
        // In another group than the first every character is lent a key: what the core description says of it depends
        // on the key.
        if group != 0 {
            return None;
        }
        let older = OLDER.iter().find(|(_, newer)| *newer == keysym).map_or(keysym, |(older, _)| *older);
        let at = |column: usize, wanted: u32| {
            // What a lent key meant when the display was asked may be over by now.
            let has = |(keycode, meanings): &&(u8, &[u32])| {
                meanings.get(column) == Some(&wanted) && !self.lent.contains_key(keycode)
            };
            keys.iter().find(has).map(|(keycode, _)| *keycode)
        };
        COLUMNS.into_iter().find_map(|(column, shift, third)| {
            let keycode = at(column, keysym).or_else(|| at(column, older))?;
            let level_3 = if third { Some(at(0, LEVEL_3)?) } else { None };
            Some(Stroke { keycode, shift, level_3 })
        })
    }

    /// A key code for a keysym: one without meaning, else the one lent longest ago if it has settled. `Err` is the time
    /// until one has; `Ok(None)` if this keyboard has no key code to lend at all.
    fn lend(&mut self, keys: &[(u8, &[u32])], keysym: u32, now: Instant) -> Result<Option<u8>, Duration> {
        let meaningless = keys
            .iter()
            .filter(|(_, meanings)| meanings.iter().all(|meaning| *meaning == x11rb::NO_SYMBOL))
            .map(|(keycode, _)| *keycode)
            .find(|keycode| !self.lent.contains_key(keycode));
        let keycode = match meaningless {
            Some(keycode) => keycode,
            None => match self.lent.iter().min_by_key(|(_, (_, at))| *at) {
                None => return Ok(None),
                Some((keycode, (_, at))) => {
                    let wait = SETTLE.saturating_sub(now.saturating_duration_since(*at));
                    if !wait.is_zero() {
                        return Err(wait);
                    }
                    *keycode
                }
            },
        };
        self.lent.insert(keycode, (keysym, now));
        Ok(Some(keycode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[(u8, &[u32])] =
        &[(8, &[0, 0]), (9, &[0, 0]), (38, &[0x61, 0x41]), (39, &[0x73, 0x53]), (40, &[0x61, 0x41])];

    #[test]
    fn what_is_on_the_layout_is_typed_by_its_own_key() {
        let layout = Layout::new(8, 40);
        let plain = Stroke { keycode: 38, shift: false, level_3: None };
        assert_eq!(layout.stroke(KEYS, 0x61, 0), Some(plain));
        assert_eq!(layout.stroke(KEYS, 0x53, 0), Some(Stroke { keycode: 39, shift: true, ..plain }));
        assert_eq!(layout.stroke(KEYS, 0xdf, 0), None);
        assert_eq!(layout.stroke(KEYS, 0x61, 1), None, "in another group the description does not tell");
    }

    #[test]
    fn what_is_on_the_third_level_is_typed_with_the_key_that_chooses_it() {
        let layout = Layout::new(8, 40);
        let e: &[u32] = &[0x65, 0x45, 0x65, 0x45, 0x20ac, 0x24];
        let with = [(26, e), (108, &[LEVEL_3][..])];
        let euro = Stroke { keycode: 26, shift: false, level_3: Some(108) };
        assert_eq!(layout.stroke(&with, 0x0100_20ac, 0), Some(euro));
        assert_eq!(layout.stroke(&with, 0x24, 0), Some(Stroke { shift: true, ..euro }));
        assert_eq!(layout.stroke(&with[..1], 0x0100_20ac, 0), None, "nothing chooses that level");
    }

    #[test]
    fn a_lent_key_keeps_its_meaning_until_it_has_settled() {
        let mut layout = Layout::new(8, 40);
        let start = Instant::now();
        assert_eq!(layout.lend(KEYS, 0x100, start), Ok(Some(8)));
        assert_eq!(layout.lend(KEYS, 0x101, start + Duration::from_millis(50)), Ok(Some(9)));
        let lent = Stroke { keycode: 8, shift: false, level_3: None };
        assert_eq!(layout.stroke(KEYS, 0x100, 0), Some(lent));
        let early = start + Duration::from_millis(100);
        assert_eq!(layout.lend(KEYS, 0x102, early), Err(SETTLE - Duration::from_millis(100)));
        assert_eq!(layout.lend(KEYS, 0x102, start + SETTLE), Ok(Some(8)), "the one lent longest ago");
    }

    #[test]
    fn what_a_lent_key_meant_before_is_not_found_on_it_any_more() {
        let mut layout = Layout::new(8, 40);
        let start = Instant::now();
        layout.lend(KEYS, 0x100, start).unwrap();
        layout.lend(KEYS, 0x101, start).unwrap();
        // As the display described it before the first of them was lent anew.
        let before: &[(u8, &[u32])] = &[(8, &[0x100, 0x100]), (9, &[0x101, 0x101])];
        assert_eq!(layout.lend(before, 0x102, start + SETTLE), Ok(Some(8)));
        assert_eq!(layout.stroke(before, 0x100, 0), None);
    }

    #[test]
    fn a_keyboard_without_a_free_key_lends_none() {
        let mut layout = Layout::new(8, 40);
        assert_eq!(layout.lend(&KEYS[2..], 0x100, Instant::now()), Ok(None));
    }
}
