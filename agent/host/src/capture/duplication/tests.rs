use std::time::{Duration, Instant};

use super::ladder::{AGAIN, Fault, Ladder, PATIENCE, Step};
use super::pointer::{Kind, Shape, Shown};
use super::*;

const ALL: [Turned; 4] = [Turned::None, Turned::Quarter, Turned::Half, Turned::ThreeQuarters];

fn area(x: i32, y: i32, width: u32, height: u32) -> Area {
    Area { x, y, width, height }
}

/// A pixel that tells where on the desktop it belongs.
fn mark(x: i32, y: i32) -> [u8; 4] {
    [x as u8, y as u8, 7, 0]
}

/// Where the pixel of a monitor's picture lies on the monitor as its owner sees it, turned step by step clockwise.
fn seen_at(turned: Turned, (x, y): (i32, i32), (width, height): (i32, i32)) -> (i32, i32) {
    let quarter = |(x, y): (i32, i32), height: i32| (height - 1 - y, x);
    match turned {
        Turned::None => (x, y),
        Turned::Quarter => quarter((x, y), height),
        Turned::Half => quarter(quarter((x, y), height), width),
        Turned::ThreeQuarters => quarter(quarter(quarter((x, y), height), width), height),
    }
}

/// The picture that a monitor of the desktop hands out when everything on it is marked, with gaps between its rows.
fn picture(output: &Output) -> (Vec<u8>, usize) {
    let (width, height) = output.size();
    let pitch = width as usize * 4 + 12;
    let mut pixels = vec![0xee; pitch * height as usize];
    for y in 0..height as i32 {
        for x in 0..width as i32 {
            let (seen_x, seen_y) = seen_at(output.turned, (x, y), (width as i32, height as i32));
            let at = y as usize * pitch + x as usize * 4;
            pixels[at..at + 4].copy_from_slice(&mark(output.area.x + seen_x, output.area.y + seen_y));
        }
    }
    (pixels, pitch)
}

#[test]
fn every_pixel_of_a_turned_monitor_lands_where_its_owner_sees_it() {
    for turned in ALL {
        let output = Output { area: area(5, 3, 12, 9), turned };
        let (pixels, pitch) = picture(&output);
        let mut desk = Desk::new(20, 15);
        desk.put(&output, Picture { pixels: &pixels, pitch }, output.whole());
        for y in 0..15 {
            for x in 0..20 {
                let at = (y * 20 + x) as usize * 4;
                let wanted = if output.area.contains(x, y) { mark(x, y) } else { [0; 4] };
                assert_eq!(desk.pixels()[at..at + 4], wanted, "{turned:?} {x} {y}");
            }
        }
    }
}

#[test]
fn a_part_of_a_turned_picture_is_told_where_it_lands() {
    for turned in ALL {
        let output = Output { area: area(2, 4, 10, 8), turned };
        let (pixels, pitch) = picture(&output);
        let part = output.part(1, 2, 4, 7).unwrap();
        let mut desk = Desk::new(12, 12);
        desk.put(&output, Picture { pixels: &pixels, pitch }, part);
        let place = output.place(part);
        assert_eq!(place.width * place.height, 15);
        for y in 0..12 {
            for x in 0..12 {
                let at = (y * 12 + x) as usize * 4;
                let wanted = if place.contains(x, y) { mark(x, y) } else { [0; 4] };
                assert_eq!(desk.pixels()[at..at + 4], wanted, "{turned:?} {x} {y}");
            }
        }
        assert!(desk.changes(place) && !desk.changes(area(0, 0, 2, 12)));
    }
}

#[test]
fn rectangles_that_make_no_sense_are_cut_or_left_out() {
    let output = Output { area: area(0, 0, 10, 10), turned: Turned::None };
    assert_eq!(output.part(-5, -5, 3, 4), Some(area(0, 0, 3, 4)));
    assert_eq!(output.part(8, 8, i32::MAX, 9), Some(area(8, 8, 2, 1)));
    for (left, top, right, bottom) in
        [(3, 3, 3, 9), (5, 5, 1, 1), (10, 0, 20, 9), (i32::MIN, 0, i32::MIN, 1), (0, i32::MAX, 1, i32::MIN)]
    {
        assert_eq!(output.part(left, top, right, bottom), None);
    }
    // A picture that is shorter than it says, and a monitor beyond the desktop's edge.
    let mut desk = Desk::new(10, 10);
    desk.put(&output, Picture { pixels: &[9; 39], pitch: 40 }, output.whole());
    let beyond = Output { area: area(5, 5, 10, 10), ..output };
    desk.put(&beyond, Picture { pixels: &[9; 400], pitch: 40 }, beyond.whole());
    assert!(desk.pixels().iter().all(|byte| *byte == 0) && !desk.changes(area(0, 0, 10, 10)));
    assert_eq!(
        [0, 1, 2, 3, 4, 5].map(Turned::from_number).map(|turned| turned.is_some()),
        [true, true, true, true, true, false]
    );
}

#[test]
fn what_is_handed_on_is_what_changed_and_no_more() {
    let output = Output { area: area(0, 0, 300, 200), turned: Turned::None };
    let pixels: Vec<u8> = (0..300 * 200).flat_map(|at| mark(at % 300, at / 300)).collect();
    let whole = Picture { pixels: &pixels, pitch: 1200 };
    let mut desk = Desk::new(300, 200);
    let shown = area(100, 50, 150, 120);
    let (mut into, mut rects) = (vec![0xcc; 150 * 120 * 4], Vec::new());
    desk.put(&output, whole, area(90, 40, 20, 20));
    desk.put(&output, whole, area(0, 0, 10, 10));
    assert!(desk.changes(shown));
    desk.hand_on(shown, &[area(140, 110, 99, 99)], &mut into, &mut rects);
    assert!(!desk.changes(shown) && !desk.changes(area(0, 0, 300, 200)));
    let told =
        |x: u32, y: u32| rects.iter().any(|r| (r.x..r.x + r.w).contains(&x) && (r.y..r.y + r.h).contains(&y));
    assert!(told(0, 0) && told(9, 9) && told(140, 110) && told(149, 119));
    for y in 0..120_u32 {
        for x in 0..150_u32 {
            let at = (y * 150 + x) as usize * 4;
            let in_place = Area { x: 100 + x as i32, y: 50 + y as i32, width: 1, height: 1 };
            // What was never put is black; what is told has its pixels, all else is untouched.
            let put = area(90, 40, 20, 20).overlap(in_place).is_some();
            let wanted = match (told(x, y), put) {
                (false, _) => [0xcc; 4],
                (true, true) => mark(in_place.x, in_place.y),
                (true, false) => [0; 4],
            };
            assert_eq!(into[at..at + 4], wanted, "{x} {y}");
        }
    }
    rects.clear();
    desk.hand_on(shown, &[], &mut into, &mut rects);
    assert!(rects.is_empty());
}

#[test]
fn however_many_parts_change_few_are_kept_and_none_is_lost() {
    let output = Output { area: area(0, 0, 640, 480), turned: Turned::None };
    let pixels = vec![1; 640 * 480 * 4];
    let mut desk = Desk::new(640, 480);
    for at in 0..2000 {
        desk.put(&output, Picture { pixels: &pixels, pitch: 2560 }, area(at % 600, at / 5, 3, 3));
        assert!(desk.changed.len() <= MAX_CHANGED);
    }
    assert!((0..2000).all(|at| desk.changes(area(at % 600, at / 5, 3, 3))));
}

#[test]
fn monitors_are_the_same_in_any_order_and_mirrored_ones_count_once() {
    let (left, right) = (area(0, 0, 10, 10), area(10, 0, 10, 10));
    assert!(same_places(&[left, right], &[right, left]));
    assert!(same_places(&[left, left, right], &[right, left]));
    assert!(!same_places(&[left], &[left, right]) && !same_places(&[left, right], &[left]));
}

#[test]
fn an_empty_picture_is_told_from_an_empty_screen() {
    let (black, mut other) = (vec![0; 40 * 40 * 4], vec![0; 40 * 40 * 4]);
    assert!(!is_blank_beside(&black, &other, 40), "both are empty");
    other[(21 * 40 + 14) * 4] = 1;
    assert!(is_blank_beside(&black, &other, 40));
    assert!(!is_blank_beside(&other, &black, 40) && !is_blank_beside(&other, &other, 40));
    // The byte that means nothing does.
    let odd: Vec<u8> = (0..40 * 40).flat_map(|at| [3, 3, 3, at as u8]).collect();
    assert!(is_blank_beside(&odd, &other, 40));
}

#[test]
fn pointers_of_every_kind_are_shown() {
    // Three pixels: shown in white, in black, not at all; and one that turns the screen over.
    let (stays, turns) = ([0b0011_0000, 0xff], [0b1001_0000, 0xff]);
    let bytes = [stays, turns].concat();
    let plain = Shape { kind: Kind::Plain, width: 4, height: 2, pitch: 2, hot: (3, 0), bytes: &bytes };
    let cursor = plain.cursor().unwrap();
    assert_eq!((cursor.width, cursor.height, cursor.hot_x, cursor.hot_y), (4, 1, 3, 0));
    let white = [255, 255, 255, 255];
    assert_eq!(cursor.rgba, [white, [0, 0, 0, 255], [0; 4], [0, 0, 0, 255]].concat());

    // Blue, green, red, alpha.
    let bytes = [[10, 20, 30, 255], [0, 0, 200, 128], [9, 9, 9, 0], [1; 4]].concat();
    let colour =
        Shape { kind: Kind::Colour, width: 3, height: 1, pitch: 16, hot: (-2, 70_000), bytes: &bytes };
    let cursor = colour.cursor().unwrap();
    assert_eq!((cursor.width, cursor.height, cursor.hot_x, cursor.hot_y), (3, 1, 0, 0));
    assert_eq!(cursor.rgba[..4], [30, 20, 10, 255]);
    assert!(cursor.rgba[4].abs_diff(200) <= 1 && cursor.rgba[7] == 128);
    assert_eq!(cursor.rgba[8..], [0; 4]);

    let bytes = [[10, 20, 30, 0], [0, 0, 0, 0xff], [5, 5, 5, 0xff]].concat();
    let masked = Shape { kind: Kind::Masked, width: 3, height: 1, pitch: 12, hot: (1, 0), bytes: &bytes };
    let cursor = masked.cursor().unwrap();
    assert_eq!(cursor.rgba, [[30, 20, 10, 255], [0; 4], [0, 0, 0, 255]].concat());
    assert_eq!(
        [0, 1, 2, 3, 4].map(Kind::from_number),
        [None, Some(Kind::Plain), Some(Kind::Colour), None, Some(Kind::Masked)]
    );
}

#[test]
fn a_pointer_that_makes_no_sense_is_none() {
    for kind in [Kind::Plain, Kind::Colour, Kind::Masked] {
        let shape = Shape { kind, width: 8, height: 8, pitch: 32, hot: (0, 0), bytes: &[1; 8 * 32] };
        assert!(shape.cursor().is_some());
        for wrong in [
            Shape { bytes: &[1; 7], ..shape },
            Shape { width: 0, ..shape },
            Shape { height: 0, ..shape },
            Shape { width: u32::MAX, ..shape },
            Shape { height: u32::MAX, ..shape },
            Shape { pitch: usize::MAX, ..shape },
        ] {
            assert_eq!(wrong.cursor(), None, "{wrong:?}");
        }
    }
}

#[test]
fn the_monitor_that_has_the_pointer_is_believed() {
    let mut shown = Shown::default();
    assert!(!shown.is_hidden(), "nothing is known yet");
    assert!(!shown.say(0, 10, true));
    // It goes to the other monitor, and the first says afterwards that it has none.
    assert!(!shown.say(1, 20, true));
    assert!(!shown.say(0, 21, false));
    assert!(!shown.is_hidden());
    assert!(shown.say(1, 30, false) && shown.is_hidden());
    // The first still has none; then it gets it back.
    assert!(!shown.say(0, 31, false) && shown.is_hidden());
    assert!(shown.say(0, 32, true) && !shown.is_hidden());
    // What another one says of before counts no more.
    assert!(!shown.say(1, 5, true));
    assert!(shown.say(0, 33, false), "the first is still the one that has it");
}

fn refused(code: u32) -> Fault {
    Fault::Refused { call: "DuplicateOutput", code }
}

const LOST: u32 = 0x887a_0026;
const DENIED: u32 = 0x8007_0005;

#[test]
fn what_cannot_work_leads_to_gdi_at_once() {
    let now = Instant::now();
    for fault in [
        Fault::Chosen,
        Fault::Wine,
        Fault::Missing { name: "dxgi.dll" },
        Fault::Format { format: 10 },
        Fault::Blank,
        // E_NOTIMPL, DXGI_ERROR_UNSUPPORTED.
        refused(0x8000_4001),
        refused(0x887a_0004),
    ] {
        assert!(fault.is_lasting());
        assert_eq!(Ladder::default().failed(fault.clone(), true, now), Step::Gdi(fault));
    }
}

#[test]
fn a_loss_is_made_good_at_once_and_tried_until_patience_ends() {
    let began = Instant::now();
    for fault in [refused(LOST), Fault::Late, Fault::Monitors, Fault::Size { width: 1, height: 1 }] {
        assert!(!fault.is_lasting());
        let mut ladder = Ladder::default();
        ladder.works();
        assert_eq!(ladder.failed(fault.clone(), true, began), Step::Again(began));
        let mut now = began;
        while now < began + PATIENCE {
            assert_eq!(ladder.failed(fault.clone(), true, now), Step::Again(now + AGAIN));
            now += AGAIN;
        }
        assert_eq!(ladder.failed(fault.clone(), true, now), Step::Gdi(fault));
    }
}

#[test]
fn the_lock_screen_is_told_and_a_refusal_without_one_is_not_waited_for_long() {
    let now = Instant::now();
    let mut ladder = Ladder::default();
    ladder.works();
    assert_eq!(ladder.failed(refused(LOST), false, now), Step::Again(now));
    assert_eq!(ladder.failed(refused(DENIED), false, now), Step::Away);
    let mut ladder = Ladder::default();
    assert_eq!(ladder.failed(refused(DENIED), true, now), Step::Again(now));
    assert_eq!(ladder.failed(refused(DENIED), true, now + PATIENCE), Step::Gdi(refused(DENIED)));
}

#[test]
fn what_comes_and_goes_is_given_up() {
    let mut now = Instant::now();
    let mut ladder = Ladder::default();
    let mut steps = 0;
    while ladder.failed(refused(LOST), true, now) == Step::Again(now) {
        ladder.works();
        now += Duration::from_secs(1);
        steps += 1;
        assert!(steps < 100, "it goes on for ever");
    }
    assert_eq!(ladder.failed(Fault::LostTooOften, true, now), Step::Gdi(Fault::LostTooOften));
    // Now and then is no harm.
    let mut ladder = Ladder::default();
    for _ in 0..100 {
        assert_eq!(ladder.failed(refused(LOST), true, now), Step::Again(now));
        ladder.works();
        now += Duration::from_secs(30);
    }
}
