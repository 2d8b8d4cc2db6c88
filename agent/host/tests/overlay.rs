//! What lies over the screen: seen by everybody, the capturer too, and in nobody's way.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use farhand_agent_host::input::{Backend as InputBackend, open_injector_on};
use farhand_agent_host::overlay::fake::FakeOverlay;
use farhand_agent_host::overlay::{Backend, Overlay, Picture, open_overlay_on};
use farhand_protocol::channel::Button;
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Colour, Mark, Place, Shape};
use support::{Client, Desktop, PATIENCE};
use x11rb::protocol::Event;

const CONTROLS: [u8; 3] = [0x00, 0x6a, 0xe0];
const RED: [u8; 3] = [0x23, 0x1c, 0xe5];
const WHITE: [u8; 3] = [0xff, 0xff, 0xff];
/// The ground of the tests' client: its background.
const GROUND: [u8; 3] = [0x77, 0x55, 0x33];

fn mark(shape: Shape, from: (i32, i32), to: (i32, i32)) -> Arc<Mark> {
    let places = [from, to].map(|(x, y)| Place { x, y }).to_vec();
    Arc::new(Mark { shape, colour: Colour::Red, places })
}

/// Waits until the screen has these colours at these places.
fn shows(client: &Client, wanted: &[((usize, usize), [u8; 3])]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let screen = client.screen();
        let at = |x: usize, y: usize| {
            let from = (y * usize::from(client.width) + x) * 4;
            [screen[from], screen[from + 1], screen[from + 2]]
        };
        let wrong = wanted.iter().find(|((x, y), colour)| at(*x, *y) != *colour);
        let Some(((x, y), colour)) = wrong else { return };
        assert!(Instant::now() < until, "{:?} at {x},{y} for {colour:?}", at(*x, *y));
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn border_marks_and_lights_are_drawn_and_taken_away() {
    let desktop = Desktop::start(640, 400);
    let client = desktop.client();
    let overlay = open_overlay_on(Backend::Auto, Some(&desktop.display)).unwrap();
    shows(&client, &[((0, 0), GROUND), ((320, 200), GROUND)]);
    let whole = Some(Area::default());
    let line = mark(Shape::Line, (100, 100), (300, 100));
    let light = Place { x: 500, y: 300 };
    overlay.show(Picture { border: whole, marks: vec![Arc::clone(&line)], lights: vec![light] });
    let border = [(0, 0), (639, 0), (0, 399), (639, 399), (320, 2), (2, 200)].map(|at| (at, CONTROLS));
    shows(&client, &border);
    shows(&client, &[((4, 200), GROUND), ((200, 100), RED), ((200, 104), WHITE), ((200, 106), GROUND)]);
    shows(&client, &[((500, 300), RED), ((510, 300), WHITE), ((513, 300), GROUND)]);
    // The light moves, and leaves nothing behind.
    let moved = Place { x: 520, y: 320 };
    overlay.show(Picture { border: whole, marks: vec![line], lights: vec![moved] });
    shows(&client, &[((500, 300), GROUND), ((520, 320), RED), ((200, 100), RED)]);
    overlay.show(Picture::default());
    shows(&client, &[((0, 0), GROUND), ((200, 100), GROUND), ((520, 320), GROUND)]);
    // A part of the screen has a border of its own.
    let part = Area { x: 320, y: 0, width: 320, height: 400 };
    overlay.show(Picture { border: Some(part), ..Picture::default() });
    shows(&client, &[((0, 0), GROUND), ((321, 200), CONTROLS), ((316, 200), GROUND), ((638, 200), CONTROLS)]);
    // Whoever draws is gone: so is what they drew.
    drop(overlay);
    shows(&client, &[((321, 200), GROUND)]);
}

#[test]
fn clicks_and_keys_go_through_it() {
    let desktop = Desktop::start(640, 400);
    let client = desktop.client();
    let overlay = open_overlay_on(Backend::X11, Some(&desktop.display)).unwrap();
    let filled = mark(Shape::Line, (100, 100), (300, 100));
    overlay.show(Picture { border: Some(Area::default()), marks: vec![filled], lights: vec![] });
    shows(&client, &[((1, 200), CONTROLS), ((200, 100), RED)]);
    let mut injector = open_injector_on(InputBackend::Auto, Some(&desktop.display)).unwrap();
    for (x, y) in [(200, 100), (1, 200)] {
        injector.pointer(x, y).unwrap();
        injector.button(Button::Left, true).unwrap();
        injector.button(Button::Left, false).unwrap();
        let at = client.wait_for("the click", |event| match event {
            Event::ButtonPress(press) => Some((i32::from(press.event_x), i32::from(press.event_y))),
            _ => None,
        });
        assert_eq!(at, (x, y));
    }
    injector.key(farhand_protocol::keys::Usage(4), true).unwrap();
    client.wait_for("the key", |event| matches!(event, Event::KeyPress(_)).then_some(()));
}

#[test]
fn the_fake_remembers_what_it_was_shown() {
    let overlay = FakeOverlay::default();
    let picture = Picture { border: Some(Area::default()), ..Picture::default() };
    overlay.show(picture.clone());
    overlay.show(Picture::default());
    assert_eq!(overlay.shown(), [picture, Picture::default()]);
}
