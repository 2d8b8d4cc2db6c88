//! What is decoded is what was captured, to the pixel.

mod common;

use std::time::Instant;

use common::{Canvas, Pair};
use farhand_screen::Rect;

#[test]
fn the_first_frame_is_whole_and_later_ones_hold_what_changed() {
    let mut pair = Pair::new();
    let now = Instant::now();
    let mut canvas = Canvas::new(200, 100);
    canvas.text(3);
    let info = pair.show(&canvas, &[], now);
    assert!(info.reset && info.exact && !info.empty);
    assert!(pair.show(&canvas, &[Rect::new(0, 0, 200, 100)], now).empty);
    canvas.fill(Rect::new(70, 20, 9, 14), [10, 20, 30]);
    let info = pair.show(&canvas, &[Rect::new(60, 10, 60, 60)], now);
    assert!(!info.reset);
    assert_eq!(info.rects, 1);
    assert_eq!(pair.dirty(), &[Rect::new(70, 20, 9, 14)]);
}

#[test]
fn another_size_starts_anew() {
    let mut pair = Pair::new();
    let now = Instant::now();
    assert!(pair.show(&Canvas::new(200, 100), &[], now).reset);
    assert!(pair.show(&Canvas::new(100, 200), &[], now).reset);
    assert!(pair.update().size_changed);
    assert!(pair.show(&Canvas::new(1, 1), &[], now).reset);
}

#[test]
fn a_new_viewer_can_start_at_a_requested_reset() {
    let mut pair = Pair::new();
    let now = Instant::now();
    let mut canvas = Canvas::new(300, 100);
    canvas.text(1);
    pair.show(&canvas, &[], now);
    pair.forget_viewer();
    pair.encoder.request_reset();
    assert!(pair.show(&canvas, &[], now).reset);
}
