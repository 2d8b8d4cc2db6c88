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

#[test]
fn scrolled_text_is_moved_not_sent() {
    let mut pair = Pair::new();
    let now = Instant::now();
    let page = Rect::new(37, 40, 700, 420);
    let at = |offset: u32| {
        let mut canvas = Canvas::new(800, 500);
        canvas.text_in(page, 5, offset);
        canvas
    };
    pair.show(&at(0), &[], now);
    let mut before = 0_u32;
    for (i, offset) in [7_u32, 14, 120, 100, 99, 160].into_iter().enumerate() {
        let new = u64::from(page.w * offset.abs_diff(std::mem::replace(&mut before, offset)));
        let info = pair.show(&at(offset), &[page], now);
        assert!((1..20).contains(&info.copies), "step {i}: {info:?}");
        let sent: u64 = pair.dirty()[info.copies..].iter().map(|r| r.area()).sum();
        assert!(sent < new + page.area() / 20, "step {i}: {sent} pixels sent");
    }
}

#[test]
fn a_dragged_window_is_moved_over_its_own_place() {
    let mut pair = Pair::new();
    let now = Instant::now();
    let window = |x: u32, y: u32| {
        let mut canvas = Canvas::new(800, 600);
        canvas.text(9);
        canvas.fill(Rect::new(x, y, 420, 300), [60, 90, 120]);
        canvas.text_in(Rect::new(x + 3, y + 20, 414, 270), 4, 0);
        canvas
    };
    pair.show(&window(100, 100), &[], now);
    for (x, y) in [(111, 103), (90, 103), (90, 140), (133, 97), (80, 80)] {
        let canvas = window(x, y);
        let info = pair.show(&canvas, &[canvas.all()], now);
        let sent: u64 = pair.dirty()[info.copies..].iter().map(|r| r.area()).sum();
        assert!(info.copies > 0 && sent < 420 * 300 / 2, "{info:?}: {sent} pixels sent");
    }
}
