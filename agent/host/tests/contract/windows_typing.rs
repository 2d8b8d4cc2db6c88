//! Text and letters that are put in arrive at the program in front as what they are, whatever the layout of its keys.

use std::time::Instant;

use farhand_agent_host::input::InjectError;

use super::windows::Windows;
use super::{PATIENCE, QUIET, World as _, next_key, usage};

/// What the program is given to write, until there is as much as is expected.
fn written(world: &Windows, expected: &str) {
    let until = Instant::now() + PATIENCE;
    let expected: Vec<u16> = expected.encode_utf16().collect();
    let mut units = Vec::new();
    while units.len() < expected.len() {
        let left = until.saturating_duration_since(Instant::now());
        units.extend(
            world.letter(left).or_else(|| panic!("only {:?} came", String::from_utf16_lossy(&units))),
        );
    }
    assert_eq!(String::from_utf16_lossy(&units), String::from_utf16_lossy(&expected));
    assert_eq!(units, expected);
}

fn nothing_more(world: &Windows) {
    assert_eq!(world.letter(QUIET), None);
}

#[test]
fn text_arrives_letter_by_letter_in_every_script() {
    let world = Windows::new();
    let mut injector = world.injector();
    // The last one takes two units of UTF-16, which come one behind the other.
    for text in ["Grüße, Ångström", "日本語 עברית", "😀", "e\u{301}", "\u{1f469}\u{200d}\u{1f4bb}!"]
    {
        injector.text(text).unwrap();
        written(&world, text);
    }
    // Line ends and tabs are keys, since that is what programs expect of them; other signs for machines are left out.
    injector.text("a\r\nb\tc\u{1b}\u{7}d").unwrap();
    written(&world, "a\rb\tcd");
    nothing_more(&world);
}

#[test]
fn text_stays_text_while_keys_are_held_and_they_are_held_again_behind_it() {
    let world = Windows::new();
    let mut injector = world.injector();
    let control = usage("ControlRight");
    injector.key(control, true).unwrap();
    assert_eq!(next_key(&world), (control, true));
    injector.text("vü").unwrap();
    written(&world, "vü");
    assert_eq!([next_key(&world), next_key(&world)], [(control, false), (control, true)]);
    injector.key(control, false).unwrap();
    assert_eq!(next_key(&world), (control, false));
    nothing_more(&world);
}

#[test]
fn a_letter_is_the_key_that_makes_it_here() {
    let world = Windows::new();
    let mut injector = world.injector();
    for letter in ['a', 'q', '1', '+', '/', '?'] {
        injector.letter(letter).unwrap();
        written(&world, &letter.to_string());
    }
    // Who holds Shift means the large one; a sign that needs none comes without it, and Shift is held again.
    let shift = usage("ShiftLeft");
    injector.key(shift, true).unwrap();
    for (letter, comes) in [('a', "A"), ('A', "A"), ('1', "1"), ('?', "?")] {
        injector.letter(letter).unwrap();
        written(&world, comes);
    }
    injector.key(shift, false).unwrap();
    injector.letter('a').unwrap();
    written(&world, "a");
    nothing_more(&world);
    assert!(matches!(injector.letter('日'), Err(InjectError::NoFreeKey)));
    assert!(matches!(injector.letter('😀'), Err(InjectError::NoFreeKey)));
}
