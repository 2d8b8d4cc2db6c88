//! Keys mean on the customer's layout what they shall mean: `docs/keyboard.md`'s table, key by key, on a real X server,
//! read back by `xev`, which knows nothing of ours.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use farhand_agent_host::input::{Backend, Injector, open_injector_on};
use farhand_protocol::keys::Usage;
use support::{Desktop, PATIENCE};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

const DOC: &str = include_str!("../../../docs/keyboard.md");
/// The state bits of a key event.
const SHIFT: u16 = 1;
const CONTROL: u16 = 4;
const ALT: u16 = 8;

/// What one key of one layout makes.
struct Cell {
    code: String,
    /// Plain, with Shift, with AltGr.
    levels: Vec<String>,
}

/// A column of the table.
fn layout(name: &str) -> Vec<Cell> {
    let block = DOC.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let fields = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|field| !field.is_empty()).map(str::to_owned).collect()
    };
    let mut lines = block.lines();
    let column = fields(lines.next().unwrap()).iter().position(|field| field == name).unwrap();
    let cells: Vec<Cell> = lines
        .map(|line| {
            let row = fields(line);
            Cell { code: row[0].clone(), levels: row[column].split(' ').map(str::to_owned).collect() }
        })
        .collect();
    assert_eq!(cells.len(), 48, "a keyboard of 105 keys has so many that print");
    cells
}

/// The characters of a layout that no dead key is needed for.
fn characters(name: &str) -> String {
    let cells = layout(name);
    let all = cells.iter().flat_map(|cell| &cell.levels);
    all.filter(|level| !level.ends_with('†')).map(String::as_str).collect()
}

/// A key press as `xev` tells it.
#[derive(Debug)]
struct Press {
    state: u16,
    keycode: u8,
    keysym: u32,
    /// What a program would put in its text.
    text: String,
    /// A dead key, which waits for the next.
    filtered: bool,
}

/// A customer's desktop with a layout and a program that gets its keys.
struct Customer {
    desktop: Desktop,
    program: Child,
    presses: mpsc::Receiver<Press>,
    injector: Box<dyn Injector>,
}

impl Drop for Customer {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Customer {
    fn with(layout: &str) -> Self {
        let desktop = Desktop::start(300, 200);
        let set = Command::new("setxkbmap").args(["-display", &desktop.display, "-layout", layout]).output();
        let set = set.expect("these tests need the program setxkbmap (Debian package x11-xkb-utils)");
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
        let mut program = Command::new("stdbuf")
            .args(["-oL", "xev", "-event", "keyboard", "-geometry", "200x100+0+0"])
            .env("DISPLAY", &desktop.display)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("XMODIFIERS")
            .stdout(Stdio::piped())
            .spawn()
            .expect("these tests need the program xev (Debian package x11-utils)");
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
        let outer = lines.find(|line| line.starts_with("Outer window is")).expect("xev names its window");
        let window = outer.split(['x', ',']).nth(1).unwrap();
        let window = u32::from_str_radix(window, 16).unwrap();
        let (tell, presses) = mpsc::channel();
        std::thread::spawn(move || read(lines, &tell));
        let (connection, _) = RustConnection::connect(Some(&desktop.display)).unwrap();
        let until = std::time::Instant::now() + PATIENCE;
        while connection.get_window_attributes(window).unwrap().reply().unwrap().map_state
            != xproto::MapState::VIEWABLE
        {
            assert!(std::time::Instant::now() < until, "the window is shown");
        }
        connection
            .set_input_focus(xproto::InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME)
            .unwrap()
            .check()
            .unwrap();
        connection.sync().unwrap();
        let injector = open_injector_on(Backend::X11, Some(&desktop.display)).unwrap();
        Self { desktop, program, presses, injector }
    }

    fn key(&mut self, code: &str, down: bool) {
        self.injector.key(Usage::from_code(code).unwrap(), down).unwrap();
    }

    /// Presses keys in their order and lets go of them in the other.
    fn chord(&mut self, codes: &[&str]) {
        codes.iter().for_each(|code| self.key(code, true));
        codes.iter().rev().for_each(|code| self.key(code, false));
    }

    /// The next press of a key that is no modifier.
    fn press(&self) -> Press {
        loop {
            let press = self.presses.recv_timeout(PATIENCE).expect("a key arrives");
            // Modifiers and their like: Shift_L to Hyper_R, and the keys that choose levels.
            if !(0xffe1..=0xffee).contains(&press.keysym) && !(0xfe01..=0xfe13).contains(&press.keysym) {
                return press;
            }
        }
    }

    /// As many characters as are expected, as the program would have them in its text.
    fn text(&self, count: usize) -> String {
        let mut text = String::new();
        while text.chars().count() < count {
            let press = self.press();
            if !press.filtered {
                text.push_str(&press.text);
            }
        }
        text
    }

    fn keys_down(&self) -> Vec<u8> {
        self.desktop.client().keys_down()
    }
}

fn read(mut lines: impl Iterator<Item = String>, tell: &mpsc::Sender<Press>) {
    let between = |line: &str, before: &str, after: char| {
        Some(line.split(before).nth(1)?.split(after).next()?.trim().to_owned())
    };
    let hex = |text: &str| u32::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    while let Some(line) = lines.next() {
        if !line.starts_with("KeyPress") {
            continue;
        }
        let mut press = Press { state: 0, keycode: 0, keysym: 0, text: String::new(), filtered: false };
        for line in lines.by_ref() {
            if let Some(state) = between(&line, "state ", ',') {
                press.state = hex(&state) as u16;
                press.keycode = between(&line, "keycode ", ' ').unwrap().parse().unwrap();
                press.keysym = hex(&between(&line, "(keysym ", ',').unwrap());
            } else if let Some(bytes) = between(&line, "XmbLookupString gives ", ')') {
                let bytes = bytes.split('(').nth(1).unwrap_or_default();
                let bytes: Vec<u8> = bytes.split_whitespace().map(|byte| hex(byte) as u8).collect();
                press.text = String::from_utf8(bytes).unwrap();
            } else if let Some(filtered) = between(&line, "XFilterEvent returns: ", ' ') {
                press.filtered = filtered == "True";
                break;
            }
        }
        if tell.send(press).is_err() {
            return;
        }
    }
}

/// What follows a dead key, and what the two make.
fn composed(dead: &str) -> (char, char) {
    match dead {
        "^" => ('e', 'ê'),
        "´" => ('e', 'é'),
        "`" => ('e', 'è'),
        "¨" => ('e', 'ë'),
        "~" => ('n', 'ñ'),
        other => panic!("{other} is no dead key of the table"),
    }
}

fn every_printable_key_by_place(name: &str) {
    let mut customer = Customer::with(name);
    let cells = layout(name);
    let plain = |letter: char| {
        let letter = letter.to_string();
        cells.iter().find(|cell| cell.levels[0] == letter).unwrap().code.clone()
    };
    for cell in &cells {
        for (level, expected) in cell.levels.iter().enumerate() {
            let with: &[&str] = [&[][..], &["ShiftLeft"], &["AltRight"]][level];
            let codes: Vec<&str> = with.iter().copied().chain([cell.code.as_str()]).collect();
            customer.chord(&codes);
            let told = format!("{name}: {} with {with:?}", cell.code);
            let press = customer.press();
            if let Some(dead) = expected.strip_suffix('†') {
                assert!(press.filtered, "{told} is dead: {press:?}");
                let (next, both) = composed(dead);
                customer.chord(&[&plain(next)]);
                assert_eq!(customer.text(1), both.to_string(), "{told}, then {next}");
            } else {
                assert_eq!(press.text, *expected, "{told}");
            }
        }
    }
    customer.chord(&["Space"]);
    assert_eq!(customer.text(1), " ");
    assert_eq!(customer.keys_down(), [0_u8; 0]);
}

fn every_character_by_letter(name: &str) {
    let mut customer = Customer::with(name);
    for technician in ["us", "de", "fr"] {
        let text = format!("{} áéíóú àèìòù âêîôû äëïöü ñ ç", characters(technician));
        customer.injector.text(&text).unwrap();
        customer.injector.flush().unwrap();
        assert_eq!(customer.text(text.chars().count()), text, "{technician} to {name}");
    }
}

/// The keysym of a character within Latin-1 is its number.
fn chords(name: &str) {
    let mut customer = Customer::with(name);
    for (held, modifier) in [("ControlLeft", CONTROL), ("AltLeft", ALT)] {
        for cell in layout(name).iter().filter(|cell| cell.code.starts_with("Key")) {
            customer.chord(&[held, &cell.code]);
            let press = customer.press();
            let letter = cell.levels[0].chars().next().unwrap();
            assert_eq!(press.keysym, u32::from(letter), "{name}: {held} and {}", cell.code);
            assert_eq!(press.state & (CONTROL | ALT | SHIFT), modifier, "{name}: {held} and {}", cell.code);
        }
    }
    // By letter: what the technician means, wherever it is here.
    for letter in "azyqwm1+-@".chars() {
        customer.key("ControlLeft", true);
        customer.injector.letter(letter).unwrap();
        customer.key("ControlLeft", false);
        let press = customer.press();
        assert_eq!(press.keysym, u32::from(letter), "{name}: Ctrl and {letter}: {press:?}");
        assert_eq!(press.state & (CONTROL | ALT), CONTROL, "{name}: Ctrl and {letter}");
    }
    customer.key("ControlLeft", true);
    customer.key("ShiftLeft", true);
    customer.injector.letter('Z').unwrap();
    let press = customer.press();
    assert_eq!((press.keysym, press.state & (CONTROL | SHIFT)), (u32::from('Z'), CONTROL | SHIFT));
    customer.injector.letter('+').unwrap();
    let press = customer.press();
    assert_eq!(press.keysym, u32::from('+'), "{name}: Shift chose it at the technician's");
    customer.injector.release_all().unwrap();
    assert_eq!(customer.keys_down(), [0_u8; 0]);
}

/// Runs each promise with each layout of the table.
macro_rules! layouts {
    ($($layout:ident),* $(,)?) => {
        $(mod $layout {
            #[test] fn every_printable_key_by_place() { super::every_printable_key_by_place(stringify!($layout)); }
            #[test] fn every_character_by_letter() { super::every_character_by_letter(stringify!($layout)); }
            #[test] fn chords_by_place_and_by_letter() { super::chords(stringify!($layout)); }
        })*
    };
}

layouts!(us, gb, de, fr, es, ch);

#[test]
fn a_held_key_repeats_at_the_customers_and_stops_when_the_focus_goes() {
    let mut customer = Customer::with("de");
    customer.key("KeyZ", true);
    for _ in 0..3 {
        let press = customer.press();
        assert_eq!((press.text.as_str(), press.keycode), ("y", 52));
    }
    customer.key("AltRight", true);
    customer.key("ShiftLeft", true);
    customer.injector.release_all().unwrap();
    assert_eq!(customer.keys_down(), [0_u8; 0]);
    customer.chord(&["KeyQ"]);
    let press = loop {
        let press = customer.press();
        if press.text != "y" {
            break press;
        }
    };
    assert_eq!((press.text.as_str(), press.state), ("q", 0), "nothing is held on");
}
