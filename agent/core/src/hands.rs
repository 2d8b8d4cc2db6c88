//! The customer's own hands on keyboard and mouse: the chord that takes control back, and whether any touch does.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use farhand_protocol::keys::Usage;

/// What a keyboard or a mouse of this machine did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// A key went down or up.
    Key {
        /// Which.
        usage: Usage,
        /// Down or up.
        down: bool,
        /// By a person at this machine, as far as the system can tell, and not put in by a program.
        physical: bool,
    },
    /// A button went down, or the wheel turned.
    Button {
        /// As above.
        physical: bool,
    },
    /// The pointer moved.
    Motion {
        /// As above.
        physical: bool,
    },
}

/// Moves of a mouse within this time belong together.
const MOVE_WITHIN: Duration = Duration::from_millis(300);
/// So many moves of a mouse are a hand on it; fewer are a table that shakes.
const MOVES: u8 = 3;

/// What the customer's hands mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The chord was pressed.
    Chord,
    /// Somebody at this machine touched its keyboard or mouse. Only told where that was chosen.
    Touch,
}

/// Watches for the chord and for touches.
#[derive(Debug)]
pub struct Hands {
    chord: Chord,
    touch: bool,
    /// Keys of the chord that are down, by whomever.
    held: BTreeSet<Usage>,
    moved: u8,
    moved_at: Option<Instant>,
}

impl Hands {
    /// With this chord; `touch` says whether any touch counts.
    #[must_use]
    pub const fn new(chord: Chord, touch: bool) -> Self {
        Self { chord, touch, held: BTreeSet::new(), moved: 0, moved_at: None }
    }

    /// Another choice.
    pub fn set(&mut self, chord: Chord, touch: bool) {
        *self = Self::new(chord, touch);
    }

    /// A hand did something. What else is held, by whomever, does not keep the chord from being seen: a technician who
    /// holds a key cannot.
    pub fn handle(&mut self, hand: Hand, now: Instant) -> Option<Meaning> {
        match hand {
            Hand::Key { usage, down: true, physical } => {
                let modifier = self.chord.is_modifier(usage);
                if modifier || usage == self.chord.key {
                    let repeated = !self.held.insert(usage);
                    if !modifier && self.chord.is_held(&self.held) {
                        return (!repeated).then_some(Meaning::Chord);
                    }
                }
                // Whoever begins a chord is not yet done with it.
                (physical && self.touch && !modifier).then_some(Meaning::Touch)
            }
            Hand::Key { usage, down: false, physical: _ } => {
                self.held.remove(&usage);
                None
            }
            Hand::Button { physical } => (physical && self.touch).then_some(Meaning::Touch),
            Hand::Motion { physical } => {
                if !physical || !self.touch {
                    return None;
                }
                let recent = self.moved_at.is_some_and(|at| now.saturating_duration_since(at) < MOVE_WITHIN);
                self.moved_at = Some(now);
                self.moved = if recent { self.moved.saturating_add(1) } else { 1 };
                (self.moved >= MOVES).then_some(Meaning::Touch)
            }
        }
    }
}

/// A key with modifiers that are held with it, either of their two keys: `Ctrl+Shift+F12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    ctrl: bool,
    shift: bool,
    alt: bool,
    meta: bool,
    key: Usage,
}

impl Default for Chord {
    fn default() -> Self {
        Self { ctrl: true, shift: true, alt: false, meta: false, key: Usage(0x45) }
    }
}

/// Why words are no chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChord {
    /// A word names no key.
    #[error("A chord is modifiers and one key, such as Ctrl+Shift+F12 or Ctrl+Alt+Pause.")]
    Unknown,
    /// Without two modifiers it would be pressed by typing.
    #[error("A chord needs two of Ctrl, Shift, Alt and Meta, so that nobody presses it by typing.")]
    Weak,
}

const CTRL: [Usage; 2] = [Usage(0xe0), Usage(0xe4)];
const SHIFT: [Usage; 2] = [Usage(0xe1), Usage(0xe5)];
const ALT: [Usage; 2] = [Usage(0xe2), Usage(0xe6)];
const META: [Usage; 2] = [Usage(0xe3), Usage(0xe7)];

impl Chord {
    fn modifiers(self) -> impl Iterator<Item = [Usage; 2]> {
        [(self.ctrl, CTRL), (self.shift, SHIFT), (self.alt, ALT), (self.meta, META)]
            .into_iter()
            .filter_map(|(wanted, keys)| wanted.then_some(keys))
    }

    fn is_modifier(self, usage: Usage) -> bool {
        self.modifiers().flatten().any(|key| key == usage)
    }

    fn is_held(self, held: &BTreeSet<Usage>) -> bool {
        held.contains(&self.key)
            && self.modifiers().all(|keys| keys.into_iter().any(|key| held.contains(&key)))
    }
}

impl FromStr for Chord {
    type Err = NoChord;

    fn from_str(text: &str) -> Result<Self, NoChord> {
        let mut chord = Self { ctrl: false, shift: false, alt: false, meta: false, key: Usage(0) };
        let words: Vec<&str> = text.split('+').map(str::trim).collect();
        let (key, modifiers) = words.split_last().ok_or(NoChord::Unknown)?;
        for word in modifiers {
            let held = match word.to_ascii_lowercase().as_str() {
                "ctrl" | "control" | "strg" => &mut chord.ctrl,
                "shift" | "umschalt" => &mut chord.shift,
                "alt" => &mut chord.alt,
                "meta" | "super" | "win" => &mut chord.meta,
                _ => return Err(NoChord::Unknown),
            };
            *held = true;
        }
        let code = match key.len() {
            1 if key.chars().all(|c| c.is_ascii_alphabetic()) => format!("Key{}", key.to_ascii_uppercase()),
            1 if key.chars().all(|c| c.is_ascii_digit()) => format!("Digit{key}"),
            _ => (*key).to_owned(),
        };
        let named = |usage: &Usage| usage.code().is_some_and(|name| name.eq_ignore_ascii_case(&code));
        chord.key = Usage::all().find(named).filter(|key| !key.is_modifier()).ok_or(NoChord::Unknown)?;
        if chord.modifiers().count() < 2 { Err(NoChord::Weak) } else { Ok(chord) }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in
            [(self.ctrl, "Ctrl+"), (self.alt, "Alt+"), (self.shift, "Shift+"), (self.meta, "Meta+")]
        {
            if held {
                f.write_str(name)?;
            }
        }
        let code = self.key.code().unwrap_or_default();
        f.write_str(code.strip_prefix("Key").or_else(|| code.strip_prefix("Digit")).unwrap_or(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F12: Usage = Usage(0x45);
    const A: Usage = Usage(0x04);

    fn press(hands: &mut Hands, usage: Usage, physical: bool) -> Option<Meaning> {
        hands.handle(Hand::Key { usage, down: true, physical }, Instant::now())
    }

    #[test]
    fn the_chord_is_seen_whatever_else_is_held_and_whoever_holds_it() {
        let mut hands = Hands::new(Chord::default(), false);
        // The technician holds a letter and a modifier that is not the chord's.
        assert_eq!(press(&mut hands, A, false), None);
        assert_eq!(press(&mut hands, ALT[0], false), None);
        for key in [CTRL[1], SHIFT[0]] {
            assert_eq!(press(&mut hands, key, true), None);
        }
        assert_eq!(press(&mut hands, F12, true), Some(Meaning::Chord));
        hands.handle(Hand::Key { usage: SHIFT[0], down: false, physical: true }, Instant::now());
        assert_eq!(press(&mut hands, F12, true), None, "half a chord is none");
    }

    #[test]
    fn a_touch_counts_where_it_was_chosen_and_only_by_a_person() {
        let now = Instant::now();
        let mut hands = Hands::new(Chord::default(), false);
        assert_eq!(press(&mut hands, A, true), None, "not chosen");
        hands.set(Chord::default(), true);
        assert_eq!(press(&mut hands, A, false), None, "by a program");
        assert_eq!(hands.handle(Hand::Button { physical: false }, now), None);
        assert_eq!(press(&mut hands, A, true), Some(Meaning::Touch));
        assert_eq!(hands.handle(Hand::Button { physical: true }, now), Some(Meaning::Touch));
        assert_eq!(press(&mut hands, CTRL[0], true), None, "the chord's own modifiers come first");
    }

    #[test]
    fn a_shaking_table_is_no_hand_on_the_mouse() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut hands = Hands::new(Chord::default(), true);
        let moved = Hand::Motion { physical: true };
        assert_eq!(hands.handle(moved, at(0)), None);
        assert_eq!(hands.handle(moved, at(500)), None);
        assert_eq!(hands.handle(moved, at(1000)), None);
        assert_eq!(hands.handle(moved, at(1010)), None);
        assert_eq!(hands.handle(Hand::Motion { physical: false }, at(1015)), None);
        assert_eq!(hands.handle(moved, at(1020)), Some(Meaning::Touch));
    }

    #[test]
    fn chords_are_read_as_they_are_written() {
        for (text, written) in [
            ("ctrl+shift+f12", "Ctrl+Shift+F12"),
            ("Strg + Umschalt + F12", "Ctrl+Shift+F12"),
            ("Alt+Ctrl+pause", "Ctrl+Alt+Pause"),
            ("meta+shift+q", "Shift+Meta+Q"),
            ("ctrl+alt+0", "Ctrl+Alt+0"),
        ] {
            let chord: Chord = text.parse().unwrap();
            assert_eq!(chord.to_string(), written);
            assert_eq!(written.parse(), Ok(chord));
        }
        for text in ["", "+", "F12", "ctrl+f12", "q", "ctrl+shift+", "ctrl+shift+shift", "hyper+shift+a", "ä"]
        {
            assert!(text.parse::<Chord>().is_err(), "{text}");
        }
        assert_eq!("Ctrl+Shift+F12".parse(), Ok(Chord::default()));
    }

    #[test]
    fn a_chord_that_is_held_down_counts_once_and_no_other_key_is_remembered() {
        let mut hands = Hands::new(Chord::default(), false);
        for usage in 0..5000 {
            press(&mut hands, Usage(usage), false);
        }
        assert_eq!(hands.held.len(), 5);
        let mut hands = Hands::new(Chord::default(), false);
        for key in [CTRL[0], SHIFT[0]] {
            press(&mut hands, key, true);
        }
        assert_eq!(press(&mut hands, F12, true), Some(Meaning::Chord));
        assert_eq!(press(&mut hands, F12, true), None, "its own repeat");
        hands.handle(Hand::Key { usage: F12, down: false, physical: true }, Instant::now());
        assert_eq!(press(&mut hands, F12, true), Some(Meaning::Chord));
    }
}
