//! Keys by the numbers that macOS gives them (`kVK_…`): a number is a place on the keyboard, whatever the layout.

use farhand_protocol::keys::Usage;

/// A modifier's bit in an event's flags, as the system shows it to programs: the general one, and the one that tells left
/// from right.
pub const CAPS_LOCK: u64 = 0x0001_0000;
const SHIFT: u64 = 0x0002_0000;
const CONTROL: u64 = 0x0004_0000;
const OPTION: u64 = 0x0008_0000;
const COMMAND: u64 = 0x0010_0000;
const FUNCTION: u64 = 0x0080_0000;
const NUMERIC: u64 = 0x0020_0000;

/// The key that types nothing and has no other use than to carry text.
pub const TEXT: u16 = 0;
pub const RETURN: u16 = 36;
pub const TAB: u16 = 48;

/// `KeyboardEvent.code` and the number. The keys that a PC's keyboard has and a Mac's has not stand where macOS puts those
/// of a PC's keyboard that is plugged in: PrintScreen is F13, ScrollLock F14, Pause F15, Insert Help.
#[rustfmt::skip]
const KEYS: &[(&str, u16)] = &[
    ("KeyA", 0), ("KeyS", 1), ("KeyD", 2), ("KeyF", 3), ("KeyH", 4), ("KeyG", 5), ("KeyZ", 6), ("KeyX", 7),
    ("KeyC", 8), ("KeyV", 9), ("IntlBackslash", 10), ("KeyB", 11), ("KeyQ", 12), ("KeyW", 13), ("KeyE", 14),
    ("KeyR", 15), ("KeyY", 16), ("KeyT", 17), ("Digit1", 18), ("Digit2", 19), ("Digit3", 20), ("Digit4", 21),
    ("Digit6", 22), ("Digit5", 23), ("Equal", 24), ("Digit9", 25), ("Digit7", 26), ("Minus", 27),
    ("Digit8", 28), ("Digit0", 29), ("BracketRight", 30), ("KeyO", 31), ("KeyU", 32), ("BracketLeft", 33),
    ("KeyI", 34), ("KeyP", 35), ("Enter", RETURN), ("KeyL", 37), ("KeyJ", 38), ("Quote", 39), ("KeyK", 40),
    ("Semicolon", 41), ("Backslash", 42), ("Comma", 43), ("Slash", 44), ("KeyN", 45), ("KeyM", 46),
    ("Period", 47), ("Tab", TAB), ("Space", 49), ("Backquote", 50), ("Backspace", 51), ("Escape", 53),
    ("MetaRight", 54), ("MetaLeft", 55), ("ShiftLeft", 56), ("CapsLock", 57), ("AltLeft", 58),
    ("ControlLeft", 59), ("ShiftRight", 60), ("AltRight", 61), ("ControlRight", 62), ("F17", 64),
    ("NumpadDecimal", 65), ("NumpadMultiply", 67), ("NumpadAdd", 69), ("NumLock", 71), ("NumpadClear", 71),
    ("AudioVolumeUp", 72), ("AudioVolumeDown", 73), ("AudioVolumeMute", 74), ("NumpadDivide", 75),
    ("NumpadEnter", 76), ("NumpadSubtract", 78), ("F18", 79), ("F19", 80), ("NumpadEqual", 81),
    ("Numpad0", 82), ("Numpad1", 83), ("Numpad2", 84), ("Numpad3", 85), ("Numpad4", 86), ("Numpad5", 87),
    ("Numpad6", 88), ("Numpad7", 89), ("F20", 90), ("Numpad8", 91), ("Numpad9", 92), ("IntlYen", 93),
    ("IntlRo", 94), ("NumpadComma", 95), ("F5", 96), ("F6", 97), ("F7", 98), ("F3", 99), ("F8", 100),
    ("F9", 101), ("Lang2", 102), ("F11", 103), ("Lang1", 104), ("F13", 105), ("PrintScreen", 105),
    ("F16", 106), ("F14", 107), ("ScrollLock", 107), ("F10", 109), ("ContextMenu", 110), ("F12", 111),
    ("F15", 113), ("Pause", 113), ("Help", 114), ("Insert", 114), ("Home", 115), ("PageUp", 116),
    ("Delete", 117), ("F4", 118), ("End", 119), ("F2", 120), ("PageDown", 121), ("F1", 122),
    ("ArrowLeft", 123), ("ArrowRight", 124), ("ArrowDown", 125), ("ArrowUp", 126),
];

/// The number of a key, if macOS has one for it.
pub fn of(usage: Usage) -> Option<u16> {
    let code = usage.code()?;
    KEYS.iter().find(|(name, _)| *name == code).map(|(_, number)| *number)
}

/// The usage of a key by its number. Of two that share a number, the one that a Mac's keyboard has.
pub fn usage(number: u16) -> Option<Usage> {
    KEYS.iter().find(|(_, known)| *known == number).and_then(|(name, _)| Usage::from_code(name))
}

/// What a modifier adds to an event's flags while it is held: the general bit and that of its side.
pub fn flag(usage: Usage) -> u64 {
    match usage {
        Usage::CONTROL_LEFT => CONTROL | 0x0001,
        Usage::SHIFT_LEFT => SHIFT | 0x0002,
        Usage::SHIFT_RIGHT => SHIFT | 0x0004,
        Usage::META_LEFT => COMMAND | 0x0008,
        Usage::META_RIGHT => COMMAND | 0x0010,
        Usage::ALT_LEFT => OPTION | 0x0020,
        Usage::ALT_RIGHT => OPTION | 0x0040,
        Usage::CONTROL_RIGHT => CONTROL | 0x2000,
        _ => 0,
    }
}

/// Whether a modifier is down by the flags of the event that told of it.
pub fn is_down(usage: Usage, flags: u64) -> bool {
    // The bit of its side says it where the system tells sides apart; the general one else.
    let (all, sides) = (flag(usage), 0xffff);
    let own = flags & all & sides;
    if flags & sides & !0x0100 != 0 { own != 0 } else { flags & all != 0 }
}

/// What some keys add to the flags by themselves, as a real keyboard's do.
pub fn own_flag(number: u16) -> u64 {
    match number {
        // Arrows are of the keypad too, as far as programs see.
        123..=126 => FUNCTION | NUMERIC,
        65 | 67 | 69 | 71 | 75 | 76 | 78 | 81..=89 | 91 | 92 | 95 => NUMERIC,
        64 | 79 | 80 | 90 | 96..=101 | 103 | 105..=107 | 109..=111 | 113..=122 => FUNCTION,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn number(code: &str) -> Option<u16> {
        of(Usage::from_code(code).expect(code))
    }

    #[test]
    fn keys_are_where_apple_puts_them() {
        // The header Events.h: kVK_ANSI_A, kVK_ANSI_Z, kVK_Return, kVK_Escape, kVK_Command, kVK_RightOption, kVK_F1 ...
        for (code, wanted) in [
            ("KeyA", 0x00),
            ("KeyZ", 0x06),
            ("Digit0", 0x1d),
            ("Enter", 0x24),
            ("Escape", 0x35),
            ("MetaLeft", 0x37),
            ("AltRight", 0x3d),
            ("F1", 0x7a),
            ("F12", 0x6f),
            ("Delete", 0x75),
            ("ArrowUp", 0x7e),
            ("Numpad9", 0x5c),
            ("IntlBackslash", 0x0a),
        ] {
            assert_eq!(number(code), Some(wanted), "{code}");
        }
        assert_eq!(number("F21"), None);
        assert_eq!(number("Undo"), None);
    }

    #[test]
    fn every_name_is_a_key_of_ours_and_comes_back() {
        let mut seen = BTreeSet::new();
        for (code, number) in KEYS {
            let named = Usage::from_code(code).unwrap_or_else(|| panic!("{code}"));
            assert_eq!(of(named), Some(*number), "{code}");
            assert!(*number < 128, "{code}: what is looked at when keys are let go of");
            // The first of those that share a number.
            assert_eq!(usage(*number) == Some(named), seen.insert(*number), "{code}");
        }
    }

    #[test]
    fn a_modifier_is_told_by_its_own_side() {
        for code in ["ControlLeft", "ShiftRight", "AltLeft", "MetaRight"] {
            let usage = Usage::from_code(code).expect(code);
            assert!(is_down(usage, flag(usage) | 0x100), "{code}");
            assert!(!is_down(usage, 0x100), "{code}");
        }
        let (left, right) = (Usage::SHIFT_LEFT, Usage::SHIFT_RIGHT);
        assert!(!is_down(left, flag(right)), "the other side's is another key");
        assert!(is_down(left, SHIFT), "a keyboard that tells no sides apart");
        assert_eq!(flag(Usage::from_code("KeyA").expect("a key")), 0);
    }
}
