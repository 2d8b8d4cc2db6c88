//! Keys by the codes that a PC's keyboard sends (scan code set 1).

use farhand_protocol::keys::Usage;

/// In the upper byte of a key that sends a prefix.
const EXTENDED: u16 = 0xe000;
/// Codes up to here are the same in evdev, which took them from this set.
const SAME_TO: u16 = 83;

/// A key of the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u16);

impl Key {
    /// Sends a sequence of its own; never as a code.
    pub const PAUSE: Self = Self(0xe11d);

    /// A key that sends this code alone.
    pub const fn plain(code: u16) -> Self {
        Self(code)
    }

    /// A key that sends a prefix and this code.
    pub const fn extended(code: u16) -> Self {
        Self(EXTENDED | code)
    }

    /// As `MapVirtualKeyEx` says it.
    pub const fn from_system(scan: u32) -> Self {
        if scan & 0xff00 == 0xe000 { Self::extended(scan as u16 & 0xff) } else { Self(scan as u16 & 0xff) }
    }

    /// As `MapVirtualKeyEx` wants it: the prefix in the upper byte.
    pub const fn as_system(self) -> u32 {
        self.0 as u32
    }

    /// Without its prefix.
    pub const fn code(self) -> u16 {
        self.0 & 0xff
    }

    /// Whether it sends a prefix.
    pub const fn is_extended(self) -> bool {
        self.0 & 0xff00 != 0
    }
}

/// evdev's codes for what is not in [`SAME_TO`].
#[rustfmt::skip]
const OTHERS: &[(u16, Key)] = &[
    (85, Key::plain(0x76)),      // Lang5
    (86, Key::plain(0x56)),      // the key beside the left Shift
    (87, Key::plain(0x57)),      // F11
    (88, Key::plain(0x58)),      // F12
    (89, Key::plain(0x73)),      // IntlRo
    (90, Key::plain(0x78)),      // Lang3
    (91, Key::plain(0x77)),      // Lang4
    (92, Key::plain(0x79)),      // Convert
    (93, Key::plain(0x70)),      // KanaMode
    (94, Key::plain(0x7b)),      // NonConvert
    (96, Key::extended(0x1c)),   // NumpadEnter
    (97, Key::extended(0x1d)),   // ControlRight
    (98, Key::extended(0x35)),   // NumpadDivide
    (99, Key::extended(0x37)),   // PrintScreen
    (100, Key::extended(0x38)),  // AltRight
    (102, Key::extended(0x47)),  // Home
    (103, Key::extended(0x48)),  // ArrowUp
    (104, Key::extended(0x49)),  // PageUp
    (105, Key::extended(0x4b)),  // ArrowLeft
    (106, Key::extended(0x4d)),  // ArrowRight
    (107, Key::extended(0x4f)),  // End
    (108, Key::extended(0x50)),  // ArrowDown
    (109, Key::extended(0x51)),  // PageDown
    (110, Key::extended(0x52)),  // Insert
    (111, Key::extended(0x53)),  // Delete
    (113, Key::extended(0x20)),  // AudioVolumeMute
    (114, Key::extended(0x2e)),  // AudioVolumeDown
    (115, Key::extended(0x30)),  // AudioVolumeUp
    (116, Key::extended(0x5e)),  // Power
    (117, Key::plain(0x59)),     // NumpadEqual
    (119, Key::PAUSE),
    (121, Key::plain(0x7e)),     // NumpadComma
    (122, Key::plain(0x72)),     // Lang1
    (123, Key::plain(0x71)),     // Lang2
    (124, Key::plain(0x7d)),     // IntlYen
    (125, Key::extended(0x5b)),  // MetaLeft
    (126, Key::extended(0x5c)),  // MetaRight
    (127, Key::extended(0x5d)),  // ContextMenu
    (138, Key::extended(0x3b)),  // Help
    (183, Key::plain(0x64)),     // F13
    (184, Key::plain(0x65)),
    (185, Key::plain(0x66)),
    (186, Key::plain(0x67)),
    (187, Key::plain(0x68)),
    (188, Key::plain(0x69)),
    (189, Key::plain(0x6a)),
    (190, Key::plain(0x6b)),
    (191, Key::plain(0x6c)),
    (192, Key::plain(0x6d)),
    (193, Key::plain(0x6e)),
    (194, Key::plain(0x76)),     // F24
];

/// The key of a usage, if a PC's keyboard has one.
pub fn of(usage: Usage) -> Option<Key> {
    let evdev = usage.evdev()?;
    if evdev <= SAME_TO {
        return Some(Key::plain(evdev));
    }
    OTHERS.iter().find(|(code, _)| *code == evdev).map(|(_, key)| *key)
}

/// The usage of a key. Nothing for one that has none.
pub fn usage(key: Key) -> Option<Usage> {
    let other = OTHERS.iter().find(|(_, other)| *other == key).map(|(evdev, _)| *evdev);
    let same = || (!key.is_extended() && key.code() <= SAME_TO).then(|| key.code());
    Usage::from_evdev(other.or_else(same)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_plain_keyboard_has_a_code_and_comes_back() {
        for code in [
            "KeyA",
            "Digit0",
            "F1",
            "F11",
            "F12",
            "Enter",
            "NumpadEnter",
            "ControlRight",
            "AltRight",
            "Pause",
        ]
        .into_iter()
        .chain([
            "Home",
            "ArrowUp",
            "Insert",
            "Delete",
            "MetaLeft",
            "ContextMenu",
            "IntlBackslash",
            "NumLock",
        ]) {
            let wanted = Usage::from_code(code).unwrap();
            let key = of(wanted).unwrap_or_else(|| panic!("{code}"));
            assert_eq!(usage(key), Some(wanted), "{code}");
        }
        assert_eq!(of(Usage::from_code("KeyA").unwrap()), Some(Key::plain(0x1e)));
        assert_eq!(of(Usage::from_code("ArrowLeft").unwrap()), Some(Key::extended(0x4b)));
        assert_eq!(of(Usage::from_code("Undo").unwrap()), None);
    }

    #[test]
    fn the_system_says_prefixes_in_the_upper_byte() {
        assert_eq!(Key::from_system(0xe04b), Key::extended(0x4b));
        assert_eq!(Key::from_system(0x1e), Key::plain(0x1e));
        assert_eq!(Key::extended(0x4b).as_system(), 0xe04b);
    }
}
