//! The customer's pointer: its shape, its place and when they are told.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Instant;

use farhand_agent_host::capture::{Backend, Capturer, open_capturer_on};
use support::{Client, Desktop, PATIENCE};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::protocol::xtest::ConnectionExt as _;

fn until(capturer: &mut dyn Capturer, what: &str, done: impl Fn(&mut dyn Capturer) -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done(capturer) {
        assert!(!capturer.wait(Some(until)).unwrap().timed_out, "{what} did not come");
    }
}

/// Gives the window a pointer of 8 by 8 pixels: the left half red, the right half blue, the last row see-through.
fn set_shape(client: &Client) {
    let connection = &client.connection;
    let bitmap = |rows: [u8; 8]| {
        let pixmap = connection.generate_id().unwrap();
        let gc = connection.generate_id().unwrap();
        connection.create_pixmap(1, pixmap, client.root, 8, 8).unwrap();
        connection.create_gc(gc, pixmap, &xproto::CreateGCAux::new()).unwrap();
        // Rows are padded to four bytes; the first pixel is the lowest bit.
        let data: Vec<u8> = rows.iter().flat_map(|row| [*row, 0, 0, 0]).collect();
        connection.put_image(xproto::ImageFormat::Z_PIXMAP, pixmap, gc, 8, 8, 0, 0, 0, 1, &data).unwrap();
        pixmap
    };
    let (source, mask) = (bitmap([0x0f; 8]), bitmap([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]));
    let cursor = connection.generate_id().unwrap();
    connection.create_cursor(cursor, source, mask, 0xffff, 0, 0, 0, 0, 0xffff, 3, 5).unwrap();
    let aux = xproto::ChangeWindowAttributesAux::new().cursor(cursor);
    connection.change_window_attributes(client.window, &aux).unwrap();
    client.sync();
}

#[test]
fn the_shape_is_told_and_has_straight_alpha() {
    let desktop = Desktop::start(400, 300);
    let client = desktop.client();
    let mut capturer = open_capturer_on(Backend::X11, Some(&desktop.display)).unwrap();
    capturer.wait(None).unwrap();
    set_shape(&client);
    until(capturer.as_mut(), "the new shape", |capturer| {
        let cursor = capturer.cursor().unwrap();
        (cursor.width, cursor.height) == (8, 8)
    });
    let cursor = capturer.cursor().unwrap();
    assert_eq!((cursor.hot_x, cursor.hot_y), (3, 5));
    for (at, pixel) in cursor.rgba.chunks_exact(4).enumerate() {
        let expected = match (at % 8, at / 8) {
            (_, 7) => [0; 4],
            (0..4, _) => [255, 0, 0, 255],
            (_, _) => [0, 0, 255, 255],
        };
        assert_eq!(pixel, expected, "pixel {at}");
    }
}

#[test]
fn a_move_by_whoever_is_told_with_its_place() {
    let desktop = Desktop::start(400, 300);
    let client = desktop.client();
    let mut capturer = open_capturer_on(Backend::X11, Some(&desktop.display)).unwrap();
    capturer.wait(None).unwrap();
    for place in [(20, 30), (399, 299), (0, 0)] {
        let kind = xproto::MOTION_NOTIFY_EVENT;
        client.connection.xtest_fake_input(kind, 0, 0, client.root, place.0, place.1, 0).unwrap();
        client.sync();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let happened = capturer.wait(Some(deadline)).unwrap();
            assert!(!happened.timed_out, "the move was not told");
            if happened.cursor_moved {
                break;
            }
        }
        assert_eq!(capturer.cursor_at().unwrap(), (place.0.into(), place.1.into()));
    }
}
