//! What is put in arrives at a program on the customer's desktop, whole and in order.
//!
//! The tests are the façade's promises, each kept by every back end of this program; where the baseline falls short,
//! the test says so by its name.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use farhand_agent_host::input::{Backend, InjectError, Injector, NOTCH, open_injector_on};
use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use support::{Client, Desktop};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{self, ConnectionExt as _};

/// Runs each promise as a test of each back end.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod x11 {
            use farhand_agent_host::input::Backend;
            $(#[test] fn $promise() { super::$promise(Backend::X11); })*
        }
        #[cfg(feature = "enigo")]
        mod enigo {
            use farhand_agent_host::input::Backend;
            $(#[test] fn $promise() { super::$promise(Backend::Enigo); })*
        }
    };
}

promises! {
    keys_go_by_place_and_are_pressed_once,
    a_key_that_no_keyboard_has_is_refused,
    the_pointer_and_its_buttons_arrive_at_their_place,
    the_pointer_moves_from_where_it_is_and_stays_on_the_screen,
    the_wheel_turns_by_notches_and_parts_add_up,
    everything_held_is_let_go_of,
    text_with_signs_and_line_ends_arrives_whole,
    text_of_other_languages_arrives_whole,
    text_of_more_characters_than_there_are_keys_arrives_whole,
    text_is_the_same_with_keys_held_and_caps_lock_on,
    keys_lent_to_characters_are_given_back,
    a_display_that_is_not_there_or_goes_away_is_a_sentence,
}

fn stage(backend: Backend) -> (Desktop, Client, Box<dyn Injector>) {
    let desktop = Desktop::start(800, 600);
    let client = desktop.client();
    let injector = open_injector_on(backend, Some(&desktop.display)).unwrap();
    (desktop, client, injector)
}

fn usage(code: &str) -> Usage {
    Usage::from_code(code).unwrap()
}

fn next_key(client: &Client) -> (u8, bool) {
    client.wait_for("a key", |event| match event {
        Event::KeyPress(event) => Some((event.detail, true)),
        Event::KeyRelease(event) => Some((event.detail, false)),
        _ => None,
    })
}

fn next_button(client: &Client) -> (u8, bool, i16, i16) {
    client.wait_for("a button", |event| match event {
        Event::ButtonPress(event) => Some((event.detail, true, event.root_x, event.root_y)),
        Event::ButtonRelease(event) => Some((event.detail, false, event.root_x, event.root_y)),
        _ => None,
    })
}

fn keys_go_by_place_and_are_pressed_once(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    for (code, keycode) in [("KeyA", 38), ("Enter", 36), ("ArrowLeft", 113), ("F12", 96), ("ShiftRight", 62)]
    {
        for down in [true, true, false, false] {
            injector.key(usage(code), down).unwrap();
        }
        assert_eq!([next_key(&client), next_key(&client)], [(keycode, true), (keycode, false)], "{code}");
    }
    // Nothing more came before the next key.
    injector.key(usage("KeyB"), true).unwrap();
    assert_eq!(next_key(&client), (56, true));
}

fn a_key_that_no_keyboard_has_is_refused(backend: Backend) {
    let (_desktop, _client, mut injector) = stage(backend);
    assert_eq!(injector.key(Usage(0xffff), true), Err(InjectError::UnknownKey { usage: 0xffff }));
}

fn the_pointer_and_its_buttons_arrive_at_their_place(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    let buttons =
        [(Button::Left, 1), (Button::Middle, 2), (Button::Right, 3), (Button::Back, 8), (Button::Forward, 9)];
    for (at, (button, number)) in buttons.into_iter().enumerate() {
        let (x, y) = (10 + at as i32 * 100, 20 + at as i32 * 50);
        injector.pointer(x, y).unwrap();
        for down in [true, true, false, false] {
            injector.button(button, down).unwrap();
        }
        let (x, y) = (x as i16, y as i16);
        assert_eq!(
            [next_button(&client), next_button(&client)],
            [(number, true, x, y), (number, false, x, y)]
        );
    }
    for (asked, place) in [((i32::MIN, i32::MAX), (0, 599)), ((100_000, -5), (799, 0))] {
        injector.pointer(asked.0, asked.1).unwrap();
        injector.flush().unwrap();
        let pointer = client.connection.query_pointer(client.root).unwrap().reply().unwrap();
        assert_eq!((pointer.root_x, pointer.root_y), place);
    }
}

fn the_pointer_moves_from_where_it_is_and_stays_on_the_screen(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    injector.pointer(100, 100).unwrap();
    for (by, place) in
        [((7, -3), (107, 97)), ((-7, 3), (100, 100)), ((-500, 0), (0, 100)), ((0, 9000), (0, 599))]
    {
        injector.pointer_by(by.0, by.1).unwrap();
        injector.flush().unwrap();
        let pointer = client.connection.query_pointer(client.root).unwrap().reply().unwrap();
        assert_eq!((pointer.root_x, pointer.root_y), place, "by {by:?}");
    }
}

fn the_wheel_turns_by_notches_and_parts_add_up(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    let mut turned = |dx, dy| {
        injector.wheel(dx, dy).unwrap();
        injector.flush().unwrap();
        // A button that is no wheel's marks the end.
        injector.button(Button::Middle, true).unwrap();
        injector.button(Button::Middle, false).unwrap();
        let mut notches = Vec::new();
        loop {
            match next_button(&client) {
                (2, true, ..) => {}
                (2, false, ..) => return notches,
                (button, true, ..) => notches.push(button),
                (_, false, ..) => {}
            }
        }
    };
    assert_eq!(turned(0, NOTCH), [4]);
    assert_eq!(turned(0, -2 * NOTCH), [5, 5]);
    assert_eq!(turned(NOTCH, 0), [7]);
    assert_eq!(turned(-NOTCH, 0), [6]);
    assert_eq!(turned(0, 70), [0_u8; 0]);
    assert_eq!(turned(0, 70), [4]);
    assert_eq!(turned(0, i32::MIN).len(), 64, "no message turns the wheel for minutes");
}

fn everything_held_is_let_go_of(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    let press = |injector: &mut dyn Injector| {
        for code in ["ControlLeft", "AltLeft", "KeyX"] {
            injector.key(usage(code), true).unwrap();
        }
        injector.button(Button::Left, true).unwrap();
        injector.flush().unwrap();
    };
    press(injector.as_mut());
    assert_eq!(client.keys_down().len(), 3);
    injector.release_all().unwrap();
    assert_eq!((client.keys_down(), client.pointer_mask()), (vec![], 0));
    press(injector.as_mut());
    assert_ne!(client.pointer_mask(), 0);
    drop(injector);
    client.wait_for("the release", |event| matches!(event, Event::ButtonRelease(_)).then_some(()));
    client.wait_for("the last release", |event| matches!(event, Event::ButtonRelease(_)).then_some(()));
    assert_eq!((client.keys_down(), client.pointer_mask()), (vec![], 0));
}

/// A program that reads a text field: it looks up what keys mean when it is told that this changed, and not before.
struct Editor<'a> {
    client: &'a Client,
    first: u8,
    per_key: usize,
    keysyms: Vec<u32>,
}

impl<'a> Editor<'a> {
    fn new(client: &'a Client) -> Self {
        let mut editor = Self { client, first: 0, per_key: 0, keysyms: Vec::new() };
        editor.look_up();
        editor
    }

    fn look_up(&mut self) {
        let (first, last) =
            (self.client.connection.setup().min_keycode, self.client.connection.setup().max_keycode);
        let reply =
            self.client.connection.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        (self.first, self.per_key, self.keysyms) = (first, reply.keysyms_per_keycode.into(), reply.keysyms);
    }

    /// Reads as many characters as are expected.
    fn read(&mut self, count: usize) -> String {
        enum Seen {
            Changed,
            Pressed(u8, u16),
        }
        let mut text = String::new();
        while text.chars().count() < count {
            let seen = self.client.wait_for(&format!("the character after {text:?}"), |event| match event {
                Event::MappingNotify(_) => Some(Seen::Changed),
                Event::KeyPress(event) => Some(Seen::Pressed(event.detail, event.state.into())),
                _ => None,
            });
            match seen {
                Seen::Changed => self.look_up(),
                Seen::Pressed(keycode, state) => text.extend(self.character(keycode, state)),
            }
        }
        text
    }

    fn character(&self, keycode: u8, state: u16) -> Option<char> {
        let at = |level: usize| self.keysyms[usize::from(keycode - self.first) * self.per_key + level];
        let mut keysym = if state & 1 != 0 { at(1) } else { at(0) };
        // Caps Lock makes letters large, whatever the key.
        if state & 2 != 0 && (0x61..=0x7a).contains(&keysym) {
            keysym -= 0x20;
        }
        let character = match keysym {
            0x20..=0x7e | 0xa0..=0xff => char::from_u32(keysym),
            0xff0d => Some('\n'),
            0xff09 => Some('\t'),
            0x0100_0100..=0x0110_ffff => char::from_u32(keysym - 0x0100_0000),
            _ => None,
        };
        let held = state & 0xfc & !16;
        assert!(
            character.is_none() || held == 0,
            "modifiers {held} besides Shift, Lock and Num Lock are held"
        );
        character
    }
}

fn arrives(client: &Client, injector: &mut dyn Injector, text: &str) {
    let mut editor = Editor::new(client);
    let expected = text.replace("\r\n", "\n");
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || editor.read(expected.chars().count()) == expected);
        injector.text(text).unwrap();
        injector.flush().unwrap();
        assert!(reader.join().unwrap(), "the text is not what was typed: {text}");
    });
}

fn text_with_signs_and_line_ends_arrives_whole(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    arrives(
        &client,
        injector.as_mut(),
        "The quick brown fox {jumps} over 13 \"lazy\" dogs; C:\\Temp\\*.* <a@b.c> ~^`|\t#!\r\nEnd\n",
    );
}

fn text_of_other_languages_arrives_whole(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    let injector = injector.as_mut();
    if backend == Backend::Enigo {
        // No more other characters than there are free key codes: beyond that it loses some.
        arrives(&client, injector, "ändern ß ½ é à 日本語 😀👍");
        arrives(&client, injector, "the same again: ßßß½½½ßßß");
        return;
    }
    arrives(&client, injector, "Größe ändern: 5 € für ½ Tag — déjà vu, Ελλάδα, Привет, 日本語, 😀👍");
    arrives(&client, injector, "the same again: ßßß€€€ßßß");
}

fn text_of_more_characters_than_there_are_keys_arrives_whole(backend: Backend) {
    let (_desktop, client, mut injector) = stage(backend);
    let text: String = (0x4e00..0x4e00 + 150).filter_map(char::from_u32).collect();
    if backend == Backend::Enigo {
        // It gives a key code another meaning before programs have read the last one, and characters get lost: which
        // ones is up to chance, so that it accepts the text is all there is to see.
        assert_eq!(injector.text(&text), Ok(()));
        return;
    }
    arrives(&client, injector.as_mut(), &text);
    arrives(&client, injector.as_mut(), &text.chars().rev().collect::<String>());
}

fn text_is_the_same_with_keys_held_and_caps_lock_on(backend: Backend) {
    let (desktop, client, mut injector) = stage(backend);
    // The server tells a client that uses XKB of changes in another way, so another one asks.
    let other = desktop.client();
    let connection = &other.connection;
    assert!(connection.xkb_use_extension(1, 0).unwrap().reply().unwrap().supported);
    let lock = xproto::ModMask::LOCK;
    let none = xproto::ModMask::default();
    let keyboard: u16 = xkb::ID::USE_CORE_KBD.into();
    connection
        .xkb_latch_lock_state(keyboard, lock, lock, false, xkb::Group::M1, none, false, 0)
        .unwrap()
        .check()
        .unwrap();
    client.take_keyboard();
    injector.key(usage("ControlLeft"), true).unwrap();
    injector.key(usage("ShiftLeft"), true).unwrap();
    let text = "Caps lock and Ctrl+V: Pässe, ñandú, Ω";
    if backend == Backend::Enigo {
        // It does not know of Caps Lock, and small letters become large ones.
        assert_eq!(injector.text(text), Ok(()));
    } else {
        arrives(&client, injector.as_mut(), text);
    }
    let state = connection.xkb_get_state(keyboard).unwrap().reply().unwrap();
    assert_eq!(state.locked_mods, lock, "the customer's Caps Lock is on as it was");
    let mut down = client.keys_down();
    down.sort_unstable();
    assert_eq!(down, [37, 50], "what the technician holds is held on");
}

fn keys_lent_to_characters_are_given_back(backend: Backend) {
    let (desktop, client, mut injector) = stage(backend);
    let mapping = || {
        let first = client.connection.setup().min_keycode;
        let count = client.connection.setup().max_keycode - first + 1;
        let reply = client.connection.get_keyboard_mapping(first, count).unwrap().reply().unwrap();
        let per_key = usize::from(reply.keysyms_per_keycode);
        let keys: Vec<u32> = reply.keysyms.chunks(per_key).map(|key| key[0]).collect();
        keys
    };
    let before = mapping();
    injector.text("日本語").unwrap();
    injector.flush().unwrap();
    assert_ne!(mapping(), before);
    drop(injector);
    let other = desktop.client();
    other.sync();
    assert_eq!(mapping(), before);
}

fn a_display_that_is_not_there_or_goes_away_is_a_sentence(backend: Backend) {
    let refused = |display: &str| open_injector_on(backend, Some(display)).err();
    assert_eq!(refused(""), Some(InjectError::NoDisplay));
    assert_eq!(refused(":59000"), Some(InjectError::Unreachable { display: ":59000".to_owned() }));
    let (mut desktop, _client, mut injector) = stage(backend);
    desktop.kill();
    assert_eq!(injector.flush(), Err(InjectError::Gone));
}
