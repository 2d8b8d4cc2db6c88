//! Physical keys by their USB HID usage (page 7) and the names that browsers give them (`KeyboardEvent.code`).

use serde::{Deserialize, Serialize};

/// USB HID usage of a key on page 7, the keyboard page. Consumer keys are not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Usage(pub u16);

/// No evdev code.
const NONE: u16 = 0;

/// Usage, `KeyboardEvent.code` (UI Events code values), Linux evdev code (`input-event-codes.h`; X11's key code is
/// that plus 8). In the order of the usages.
#[rustfmt::skip]
const KEYS: &[(u16, &str, u16)] = &[
    (0x04, "KeyA", 30),
    (0x05, "KeyB", 48),
    (0x06, "KeyC", 46),
    (0x07, "KeyD", 32),
    (0x08, "KeyE", 18),
    (0x09, "KeyF", 33),
    (0x0a, "KeyG", 34),
    (0x0b, "KeyH", 35),
    (0x0c, "KeyI", 23),
    (0x0d, "KeyJ", 36),
    (0x0e, "KeyK", 37),
    (0x0f, "KeyL", 38),
    (0x10, "KeyM", 50),
    (0x11, "KeyN", 49),
    (0x12, "KeyO", 24),
    (0x13, "KeyP", 25),
    (0x14, "KeyQ", 16),
    (0x15, "KeyR", 19),
    (0x16, "KeyS", 31),
    (0x17, "KeyT", 20),
    (0x18, "KeyU", 22),
    (0x19, "KeyV", 47),
    (0x1a, "KeyW", 17),
    (0x1b, "KeyX", 45),
    (0x1c, "KeyY", 21),
    (0x1d, "KeyZ", 44),
    (0x1e, "Digit1", 2),
    (0x1f, "Digit2", 3),
    (0x20, "Digit3", 4),
    (0x21, "Digit4", 5),
    (0x22, "Digit5", 6),
    (0x23, "Digit6", 7),
    (0x24, "Digit7", 8),
    (0x25, "Digit8", 9),
    (0x26, "Digit9", 10),
    (0x27, "Digit0", 11),
    (0x28, "Enter", 28),
    (0x29, "Escape", 1),
    (0x2a, "Backspace", 14),
    (0x2b, "Tab", 15),
    (0x2c, "Space", 57),
    (0x2d, "Minus", 12),
    (0x2e, "Equal", 13),
    (0x2f, "BracketLeft", 26),
    (0x30, "BracketRight", 27),
    (0x31, "Backslash", 43),
    (0x33, "Semicolon", 39),
    (0x34, "Quote", 40),
    (0x35, "Backquote", 41),
    (0x36, "Comma", 51),
    (0x37, "Period", 52),
    (0x38, "Slash", 53),
    (0x39, "CapsLock", 58),
    (0x3a, "F1", 59),
    (0x3b, "F2", 60),
    (0x3c, "F3", 61),
    (0x3d, "F4", 62),
    (0x3e, "F5", 63),
    (0x3f, "F6", 64),
    (0x40, "F7", 65),
    (0x41, "F8", 66),
    (0x42, "F9", 67),
    (0x43, "F10", 68),
    (0x44, "F11", 87),
    (0x45, "F12", 88),
    (0x46, "PrintScreen", 99),
    (0x47, "ScrollLock", 70),
    (0x48, "Pause", 119),
    (0x49, "Insert", 110),
    (0x4a, "Home", 102),
    (0x4b, "PageUp", 104),
    (0x4c, "Delete", 111),
    (0x4d, "End", 107),
    (0x4e, "PageDown", 109),
    (0x4f, "ArrowRight", 106),
    (0x50, "ArrowLeft", 105),
    (0x51, "ArrowDown", 108),
    (0x52, "ArrowUp", 103),
    (0x53, "NumLock", 69),
    (0x54, "NumpadDivide", 98),
    (0x55, "NumpadMultiply", 55),
    (0x56, "NumpadSubtract", 74),
    (0x57, "NumpadAdd", 78),
    (0x58, "NumpadEnter", 96),
    (0x59, "Numpad1", 79),
    (0x5a, "Numpad2", 80),
    (0x5b, "Numpad3", 81),
    (0x5c, "Numpad4", 75),
    (0x5d, "Numpad5", 76),
    (0x5e, "Numpad6", 77),
    (0x5f, "Numpad7", 71),
    (0x60, "Numpad8", 72),
    (0x61, "Numpad9", 73),
    (0x62, "Numpad0", 82),
    (0x63, "NumpadDecimal", 83),
    (0x64, "IntlBackslash", 86),
    (0x65, "ContextMenu", 127),
    (0x66, "Power", 116),
    (0x67, "NumpadEqual", 117),
    (0x68, "F13", 183),
    (0x69, "F14", 184),
    (0x6a, "F15", 185),
    (0x6b, "F16", 186),
    (0x6c, "F17", 187),
    (0x6d, "F18", 188),
    (0x6e, "F19", 189),
    (0x6f, "F20", 190),
    (0x70, "F21", 191),
    (0x71, "F22", 192),
    (0x72, "F23", 193),
    (0x73, "F24", 194),
    (0x74, "Open", 134),
    (0x75, "Help", 138),
    (0x76, "Props", 130),
    (0x77, "Select", 132),
    (0x79, "Again", 129),
    (0x7a, "Undo", 131),
    (0x7b, "Cut", 137),
    (0x7c, "Copy", 133),
    (0x7d, "Paste", 135),
    (0x7e, "Find", 136),
    (0x7f, "AudioVolumeMute", 113),
    (0x80, "AudioVolumeUp", 115),
    (0x81, "AudioVolumeDown", 114),
    (0x85, "NumpadComma", 121),
    (0x87, "IntlRo", 89),
    (0x88, "KanaMode", 93),
    (0x89, "IntlYen", 124),
    (0x8a, "Convert", 92),
    (0x8b, "NonConvert", 94),
    (0x90, "Lang1", 122),
    (0x91, "Lang2", 123),
    (0x92, "Lang3", 90),
    (0x93, "Lang4", 91),
    (0x94, "Lang5", 85),
    (0xb6, "NumpadParenLeft", 179),
    (0xb7, "NumpadParenRight", 180),
    (0xbb, "NumpadBackspace", NONE),
    (0xd0, "NumpadMemoryStore", NONE),
    (0xd1, "NumpadMemoryRecall", NONE),
    (0xd2, "NumpadMemoryClear", NONE),
    (0xd3, "NumpadMemoryAdd", NONE),
    (0xd4, "NumpadMemorySubtract", NONE),
    (0xd8, "NumpadClear", NONE),
    (0xd9, "NumpadClearEntry", NONE),
    (0xe0, "ControlLeft", 29),
    (0xe1, "ShiftLeft", 42),
    (0xe2, "AltLeft", 56),
    (0xe3, "MetaLeft", 125),
    (0xe4, "ControlRight", 97),
    (0xe5, "ShiftRight", 54),
    (0xe6, "AltRight", 100),
    (0xe7, "MetaRight", 126),
];

/// Names that a browser gives to a key beside the one in [`KEYS`].
const ALIASES: &[(&str, u16)] = &[
    // Before Firefox 118.
    ("OSLeft", 0xe3),
    ("OSRight", 0xe7),
    ("VolumeMute", 0x7f),
    ("VolumeUp", 0x80),
    ("VolumeDown", 0x81),
];

impl Usage {
    /// Left Control.
    pub const CONTROL_LEFT: Self = Self(0xe0);
    /// Left Shift.
    pub const SHIFT_LEFT: Self = Self(0xe1);
    /// Left Alt.
    pub const ALT_LEFT: Self = Self(0xe2);
    /// Left Meta (Windows, Command).
    pub const META_LEFT: Self = Self(0xe3);
    /// Right Control.
    pub const CONTROL_RIGHT: Self = Self(0xe4);
    /// Right Shift.
    pub const SHIFT_RIGHT: Self = Self(0xe5);
    /// Right Alt, AltGr.
    pub const ALT_RIGHT: Self = Self(0xe6);
    /// Right Meta.
    pub const META_RIGHT: Self = Self(0xe7);

    /// The key that a browser calls so (`KeyboardEvent.code`).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let own = KEYS.iter().find(|(_, name, _)| *name == code).map(|(usage, ..)| *usage);
        own.or_else(|| ALIASES.iter().find(|(name, _)| *name == code).map(|(_, usage)| *usage)).map(Self)
    }

    /// The key with this Linux evdev code.
    #[must_use]
    pub fn from_evdev(code: u16) -> Option<Self> {
        KEYS.iter().find(|(.., evdev)| *evdev == code && code != NONE).map(|(usage, ..)| Self(*usage))
    }

    /// The name that browsers give the key, `None` for a usage that is no key of ours.
    #[must_use]
    pub fn code(self) -> Option<&'static str> {
        self.row().map(|(_, name, _)| *name)
    }

    /// The key's Linux evdev code; X11's key code is that plus 8.
    #[must_use]
    pub fn evdev(self) -> Option<u16> {
        self.row().map(|(.., evdev)| *evdev).filter(|evdev| *evdev != NONE)
    }

    /// Whether the key is one that is held to change what others mean.
    #[must_use]
    pub const fn is_modifier(self) -> bool {
        self.0 >= Self::CONTROL_LEFT.0 && self.0 <= Self::META_RIGHT.0
    }

    /// Every key that has a name.
    pub fn all() -> impl Iterator<Item = Self> {
        KEYS.iter().map(|(usage, ..)| Self(*usage))
    }

    fn row(self) -> Option<&'static (u16, &'static str, u16)> {
        KEYS.binary_search_by_key(&self.0, |(usage, ..)| *usage).ok().map(|at| &KEYS[at])
    }
}
