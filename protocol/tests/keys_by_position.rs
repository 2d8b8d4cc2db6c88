//! Each physical key has one usage, one browser name and at most one evdev code, and finds its way back.

use std::collections::HashSet;

use farhand_protocol::keys::Usage;

#[test]
fn every_key_finds_its_way_back() {
    let (mut usages, mut codes, mut evdevs) = (HashSet::new(), HashSet::new(), HashSet::new());
    for key in Usage::all() {
        let code = key.code().unwrap();
        assert!(usages.insert(key) && codes.insert(code), "{key:?} {code} twice");
        assert_eq!(Usage::from_code(code), Some(key));
        if let Some(evdev) = key.evdev() {
            assert!(evdevs.insert(evdev), "{code}: evdev {evdev} twice");
            assert_eq!(Usage::from_evdev(evdev), Some(key));
            assert!(evdev + 8 <= 255, "{code} has no X11 key code");
        }
    }
    assert!(usages.len() > 140);
}

#[test]
fn some_keys_known_by_heart() {
    for (code, usage, evdev) in [
        ("KeyA", 0x04, 30),
        ("KeyZ", 0x1d, 44),
        ("Digit1", 0x1e, 2),
        ("Digit0", 0x27, 11),
        ("Enter", 0x28, 28),
        ("F12", 0x45, 88),
        ("NumpadEnter", 0x58, 96),
        ("IntlBackslash", 0x64, 86),
        ("ContextMenu", 0x65, 127),
        ("ControlLeft", 0xe0, 29),
        ("AltRight", 0xe6, 100),
        ("MetaLeft", 0xe3, 125),
    ] {
        assert_eq!(Usage::from_code(code), Some(Usage(usage)), "{code}");
        assert_eq!(Usage(usage).evdev(), Some(evdev), "{code}");
    }
}

#[test]
fn unknown_names_and_usages_are_no_keys() {
    for code in ["", "keya", "Unidentified", "BrowserBack", "a"] {
        assert_eq!(Usage::from_code(code), None, "{code}");
    }
    for usage in [0, 1, 3, 0x32, 0xdf, 0xe8, 0xffff] {
        assert_eq!((Usage(usage).code(), Usage(usage).evdev()), (None, None), "{usage:#x}");
    }
    assert_eq!(Usage::from_evdev(0), None);
}

#[test]
fn old_names_are_known_too() {
    assert_eq!(Usage::from_code("OSLeft"), Some(Usage::META_LEFT));
    assert_eq!(Usage::from_code("OSRight"), Some(Usage::META_RIGHT));
}

#[test]
fn modifiers_are_the_eight() {
    assert_eq!(Usage::all().filter(|key| key.is_modifier()).count(), 8);
    assert!(Usage::SHIFT_LEFT.is_modifier() && !Usage(0x39).is_modifier());
}
