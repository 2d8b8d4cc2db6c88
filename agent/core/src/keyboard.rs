//! Keys and buttons that technicians hold down, so that each is released exactly once.

use std::collections::{BTreeMap, BTreeSet};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;

use crate::output::Inject;

/// More keys and buttons than two hands can hold down at once; a sender above it is not a person.
const MAX_HELD: usize = 32;

/// Why a press was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PressRefused {
    /// The usage is no key that this machine can press.
    #[error("no keyboard has this key")]
    UnknownKey,
    /// More than [`MAX_HELD`] keys and buttons are down.
    #[error("too many keys are held")]
    TooMany,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Key(u16),
    Button(Button),
}

impl Held {
    fn inject(self, down: bool) -> Inject {
        match self {
            Self::Key(usage) => Inject::Key { usage: Usage(usage), down },
            Self::Button(button) => Inject::Button { button, down },
        }
    }
}

/// The keys and buttons that are down on the customer's machine by a technician's hand.
///
/// A key that two technicians hold goes down once, and up when the last of them lets go. The keyboard never decides
/// whether a press is permitted; that is the gate's.
#[derive(Debug, Default)]
pub struct Keyboard {
    held: BTreeMap<Held, BTreeSet<ParticipantId>>,
}

impl Keyboard {
    /// An empty keyboard.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A key of `sender` goes down or up. Returns what to inject: nothing for a repeat, for a key that another
    /// technician still holds, and for the release of a key that was never pressed (the customer may hold it).
    ///
    /// # Errors
    /// [`PressRefused`].
    pub fn key(
        &mut self,
        sender: ParticipantId,
        usage: Usage,
        down: bool,
    ) -> Result<Option<Inject>, PressRefused> {
        if usage.evdev().is_none() {
            return Err(PressRefused::UnknownKey);
        }
        self.change(sender, Held::Key(usage.0), down)
    }

    /// A pointer button of `sender` goes down or up; see [`Keyboard::key`].
    ///
    /// # Errors
    /// [`PressRefused::TooMany`].
    pub fn button(
        &mut self,
        sender: ParticipantId,
        button: Button,
        down: bool,
    ) -> Result<Option<Inject>, PressRefused> {
        self.change(sender, Held::Button(button), down)
    }

    /// `sender` is away or has lost focus: what it alone holds goes up.
    pub fn release(&mut self, sender: ParticipantId) -> Vec<Inject> {
        let mut up = Vec::new();
        self.held.retain(|held, holders| {
            holders.remove(&sender);
            if holders.is_empty() {
                up.push(held.inject(false));
            }
            !holders.is_empty()
        });
        up
    }

    /// Everything goes up, once.
    pub fn release_all(&mut self) -> Vec<Inject> {
        std::mem::take(&mut self.held).into_keys().map(|held| held.inject(false)).collect()
    }

    /// Whether nothing is down.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Who holds something down.
    #[must_use]
    pub fn holders(&self) -> BTreeSet<ParticipantId> {
        self.held.values().flatten().copied().collect()
    }

    fn change(
        &mut self,
        sender: ParticipantId,
        held: Held,
        down: bool,
    ) -> Result<Option<Inject>, PressRefused> {
        if down {
            if let Some(holders) = self.held.get_mut(&held) {
                holders.insert(sender);
                return Ok(None);
            }
            if self.held.len() >= MAX_HELD {
                return Err(PressRefused::TooMany);
            }
            self.held.insert(held, BTreeSet::from([sender]));
            return Ok(Some(held.inject(true)));
        }
        let Some(holders) = self.held.get_mut(&held) else { return Ok(None) };
        if !holders.remove(&sender) || !holders.is_empty() {
            return Ok(None);
        }
        self.held.remove(&held);
        Ok(Some(held.inject(false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Usage = Usage(0x04);
    const SHIFT: Usage = Usage(0xe1);

    #[test]
    fn a_repeat_presses_once_and_an_unpressed_release_does_nothing() {
        let mut keyboard = Keyboard::new();
        assert_eq!(keyboard.key(1, A, true), Ok(Some(Inject::Key { usage: A, down: true })));
        assert_eq!(keyboard.key(1, A, true), Ok(None));
        assert_eq!(keyboard.key(1, SHIFT, false), Ok(None));
        assert_eq!(keyboard.key(1, A, false), Ok(Some(Inject::Key { usage: A, down: false })));
        assert_eq!(keyboard.key(1, A, false), Ok(None));
        assert!(keyboard.is_empty());
    }

    #[test]
    fn a_key_of_two_technicians_goes_up_with_the_last() {
        let mut keyboard = Keyboard::new();
        assert!(keyboard.key(1, SHIFT, true).unwrap().is_some());
        assert!(keyboard.key(2, SHIFT, true).unwrap().is_none());
        assert_eq!(keyboard.key(1, SHIFT, false), Ok(None));
        assert_eq!(keyboard.key(1, SHIFT, false), Ok(None), "a stranger's release does not count");
        assert_eq!(keyboard.release(2), vec![Inject::Key { usage: SHIFT, down: false }]);
        assert_eq!(keyboard.release(2), vec![]);
    }

    #[test]
    fn everything_is_released_exactly_once() {
        let mut keyboard = Keyboard::new();
        keyboard.key(1, A, true).unwrap();
        keyboard.button(1, Button::Left, true).unwrap();
        keyboard.key(2, SHIFT, true).unwrap();
        assert_eq!(keyboard.holders(), BTreeSet::from([1, 2]));
        assert_eq!(keyboard.release_all().len(), 3);
        assert_eq!(keyboard.release_all(), vec![]);
    }

    #[test]
    fn keys_that_no_keyboard_has_are_refused() {
        let mut keyboard = Keyboard::new();
        for usage in [0, 1, 3, 0x00ff, 0xffff] {
            assert_eq!(keyboard.key(1, Usage(usage), true), Err(PressRefused::UnknownKey), "{usage:#x}");
        }
        assert!(keyboard.is_empty());
    }

    #[test]
    fn the_number_of_held_keys_is_bounded() {
        let mut keyboard = Keyboard::new();
        let known = (4..=0xe7).map(Usage).filter(|usage| usage.evdev().is_some());
        let mut pressed = 0;
        let mut refused = 0;
        for usage in known {
            match keyboard.key(1, usage, true) {
                Ok(Some(_)) => pressed += 1,
                Ok(None) => panic!("pressed twice"),
                Err(PressRefused::TooMany) => refused += 1,
                Err(PressRefused::UnknownKey) => panic!("known"),
            }
        }
        assert_eq!(pressed, MAX_HELD);
        assert!(refused > 0);
        assert_eq!(keyboard.release_all().len(), MAX_HELD);
    }
}
