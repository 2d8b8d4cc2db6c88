//! A screen that changes its size under a running capturer.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Instant;

use farhand_agent_host::capture::{Backend, Geometry, Rect, open_capturer_on};
use support::{Client, Desktop, PATIENCE, colours};
use x11rb::protocol::randr::{self, ConnectionExt as _};

fn resize(client: &Client, width: u16, height: u16) {
    let connection = &client.connection;
    connection.randr_query_version(1, 3).unwrap().reply().unwrap();
    let resources = connection.randr_get_screen_resources_current(client.root).unwrap().reply().unwrap();
    // A screen cannot be smaller than what its outputs show, so they show nothing.
    for crtc in &resources.crtcs {
        let (time, rotation) = (resources.config_timestamp, randr::Rotation::ROTATE0);
        let reply = connection.randr_set_crtc_config(*crtc, 0, time, 0, 0, 0, rotation, &[]);
        assert_eq!(reply.unwrap().reply().unwrap().status, randr::SetConfig::SUCCESS);
    }
    connection.randr_set_screen_size(client.root, width, height, 300, 200).unwrap().check().unwrap();
    client.sync();
}

#[test]
fn the_new_size_is_told_and_the_next_grab_is_whole() {
    let desktop = Desktop::start(1280, 800);
    let client = desktop.client();
    let mut capturer = open_capturer_on(Backend::X11, Some(&desktop.display)).unwrap();
    capturer.wait(None).unwrap();
    capturer.grab().unwrap();
    for (width, height) in [(1024, 600), (640, 480), (1280, 800)] {
        resize(&client, width, height);
        client.fill((3, 4, 50, 60), 0x12_34_56 + u32::from(width));
        let until = Instant::now() + PATIENCE;
        loop {
            let happened = capturer.wait(Some(until)).unwrap();
            assert!(!happened.timed_out, "the new size was not told");
            if happened.resized {
                assert!(happened.damage);
                break;
            }
        }
        let (w, h) = (u32::from(width), u32::from(height));
        assert_eq!(capturer.geometry(), Geometry { width: w, height: h });
        let captured = capturer.grab().unwrap();
        assert_eq!((captured.frame.width, captured.frame.height), (w, h));
        assert_eq!(captured.damage, [Rect { x: 0, y: 0, w, h }]);
        assert!(colours(captured.frame.pixels) == colours(&client.screen()));
    }
}

#[test]
fn a_grab_that_meets_a_smaller_screen_takes_it_as_it_is() {
    let desktop = Desktop::start(1280, 800);
    let client = desktop.client();
    let mut capturer = open_capturer_on(Backend::X11, Some(&desktop.display)).unwrap();
    capturer.grab().unwrap();
    client.fill((0, 0, 1280, 800), 0x11_22_33);
    resize(&client, 640, 480);
    let captured = capturer.grab().unwrap();
    assert_eq!((captured.frame.width, captured.frame.height), (640, 480));
    assert!(colours(captured.frame.pixels) == colours(&client.screen()));
    assert!(capturer.wait(None).unwrap().resized, "the new size is told all the same");
}
