//! A window that must be seen comes back, whatever is done to it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use farhand_agent_host::guard::guard;
use support::{Client, Desktop, PATIENCE};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{self, ConnectionExt as _};

/// Another window of its own, the newest on top.
fn window(client: &Client, (x, y, w, h): (i16, i16, u16, u16), colour: u32) -> xproto::Window {
    let window = client.connection.generate_id().unwrap();
    let aux = xproto::CreateWindowAux::new().override_redirect(1).background_pixel(colour);
    let class = xproto::WindowClass::INPUT_OUTPUT;
    client.connection.create_window(0, window, client.root, x, y, w, h, 0, class, 0, &aux).unwrap();
    client.connection.map_window(window).unwrap();
    client.sync();
    window
}

fn colour_at(client: &Client, x: usize, y: usize) -> [u8; 3] {
    let screen = client.screen();
    let from = (y * usize::from(client.width) + x) * 4;
    [screen[from], screen[from + 1], screen[from + 2]]
}

fn becomes(client: &Client, wanted: [u8; 3]) {
    let until = Instant::now() + PATIENCE;
    while colour_at(client, 50, 20) != wanted {
        assert!(Instant::now() < until, "the window does not come back");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

const BANNER: [u8; 3] = [0xff, 0, 0];
const OTHER: [u8; 3] = [0, 0xff, 0];

#[test]
fn a_window_that_is_covered_or_taken_away_comes_back_as_long_as_it_must() {
    let desktop = Desktop::start(400, 300);
    let client = desktop.client();
    let banner = window(&client, (0, 0, 200, 40), 0xff);
    let (lost, is_lost) = channel();
    let guard = guard(Some(&desktop.display), banner, move || lost.send(()).unwrap()).unwrap();
    becomes(&client, BANNER);
    // Not wanted yet: whoever comes is above.
    let other = window(&client, (0, 0, 400, 300), 0xff00);
    becomes(&client, OTHER);
    guard.keep_in_sight(true);
    becomes(&client, BANNER);
    // Raised again and again, a part of it covered, unmapped.
    for _ in 0..3 {
        let above = xproto::ConfigureWindowAux::new().stack_mode(xproto::StackMode::ABOVE);
        client.connection.configure_window(other, &above).unwrap();
        client.sync();
        becomes(&client, BANNER);
    }
    window(&client, (30, 10, 40, 20), 0xff00);
    becomes(&client, BANNER);
    client.connection.unmap_window(banner).unwrap();
    client.sync();
    becomes(&client, BANNER);
    // Its own program may hide it when it need not be seen.
    guard.keep_in_sight(false);
    client.connection.unmap_window(banner).unwrap();
    client.sync();
    becomes(&client, OTHER);
    assert!(is_lost.try_recv().is_err());
    // What cannot be brought back is told.
    guard.keep_in_sight(true);
    becomes(&client, BANNER);
    client.connection.destroy_window(banner).unwrap();
    client.sync();
    is_lost.recv_timeout(PATIENCE).expect("it is told");
}
