//! Any sequence of things that happen on a desktop arrives to the pixel.

mod common;

use std::time::{Duration, Instant};

use common::{Canvas, Dice, Pair, captures};
use farhand_screen::Rect;
use proptest::prelude::*;

/// Something that happens on a screen.
#[derive(Clone, Debug)]
enum Event {
    Type { x: u32, y: u32 },
    Scroll { x: u32, y: u32, w: u32, h: u32, by: i32 },
    Drag { x: u32, y: u32, w: u32, h: u32, dx: i32, dy: i32 },
    Text { x: u32, y: u32, w: u32, h: u32, seed: u64 },
    Photo { x: u32, y: u32, w: u32, h: u32, seed: u64 },
    Dots { seed: u64, count: u32 },
    Unused { seed: u64 },
    Resize { w: u32, h: u32 },
    Reset,
    NewViewer,
}

fn event() -> impl Strategy<Value = Event> {
    let side = 1..700_u32;
    let place = (0..600_u32, 0..400_u32, side.clone(), side);
    prop_oneof![
        3 => (0..600_u32, 0..400_u32).prop_map(|(x, y)| Event::Type { x, y }),
        4 => (place.clone(), -150..150_i32).prop_map(|((x, y, w, h), by)| Event::Scroll { x, y, w, h, by }),
        4 => (place.clone(), -90..90_i32, -90..90_i32)
            .prop_map(|((x, y, w, h), dx, dy)| Event::Drag { x, y, w, h, dx, dy }),
        2 => (place.clone(), any::<u64>()).prop_map(|((x, y, w, h), seed)| Event::Text { x, y, w, h, seed }),
        1 => (place, any::<u64>()).prop_map(|((x, y, w, h), seed)| Event::Photo { x, y, w, h, seed }),
        2 => (any::<u64>(), 1..400_u32).prop_map(|(seed, count)| Event::Dots { seed, count }),
        1 => any::<u64>().prop_map(|seed| Event::Unused { seed }),
        1 => (1..700_u32, 1..500_u32).prop_map(|(w, h)| Event::Resize { w, h }),
        1 => Just(Event::Reset),
        1 => Just(Event::NewViewer),
    ]
}

fn happen(canvas: &mut Canvas, event: &Event) -> Vec<Rect> {
    let clip = |x: u32, y: u32, w: u32, h: u32, all: Rect| Rect::new(x, y, w, h).intersection(all);
    let all = canvas.all();
    match *event {
        Event::Type { x, y } => {
            let letter = clip(x, y, 7, 11, all);
            canvas.fill(letter, [x as u8, y as u8, 9]);
            vec![letter]
        }
        Event::Scroll { x, y, w, h, by } => {
            let part = clip(x, y, w, h, all);
            shift(canvas, part, 0, by);
            vec![part]
        }
        Event::Drag { x, y, w, h, dx, dy } => {
            let part = clip(x, y, w, h, all);
            shift(canvas, part, dx, dy);
            vec![all]
        }
        Event::Text { x, y, w, h, seed } => {
            let part = clip(x, y, w, h, all);
            canvas.text_in(part, seed, 0);
            vec![part]
        }
        Event::Photo { x, y, w, h, seed } => {
            let part = clip(x, y, w, h, all);
            canvas.noise_in(part, seed);
            // Damage may name far more than what changed, twice, and beyond the screen.
            vec![part, Rect::new(0, 0, 5000, 5000), part]
        }
        Event::Dots { seed, count } => {
            let mut dice = Dice(seed);
            for _ in 0..count {
                canvas.set(dice.roll() % all.w, dice.roll() % all.h, [dice.roll() as u8, 1, 2]);
            }
            vec![all]
        }
        Event::Unused { seed } => {
            let mut dice = Dice(seed);
            canvas.pixels.chunks_exact_mut(4).for_each(|pixel| pixel[3] = dice.roll() as u8);
            vec![all]
        }
        Event::Resize { w, h } => {
            *canvas = Canvas::new(w, h);
            canvas.text(7);
            vec![]
        }
        Event::Reset | Event::NewViewer => vec![],
    }
}

/// Moves a part's pixels, as a window server does; what is uncovered keeps the old ones.
fn shift(canvas: &mut Canvas, part: Rect, dx: i32, dy: i32) {
    let before = canvas.clone();
    for y in part.y..part.bottom() {
        for x in part.x..part.right() {
            if let (Some(to_x), Some(to_y)) = (x.checked_add_signed(dx), y.checked_add_signed(dy))
                && to_x < canvas.width
                && to_y < canvas.height
            {
                let from = (y as usize * canvas.width as usize + x as usize) * 4;
                let to = (to_y as usize * canvas.width as usize + to_x as usize) * 4;
                canvas.pixels[to..to + 4].copy_from_slice(&before.pixels[from..from + 4]);
            }
        }
    }
}

/// A scroll moves pixels beyond its part; damage names those too.
fn damage(event: &Event, named: Vec<Rect>, all: Rect) -> Vec<Rect> {
    match event {
        Event::Scroll { .. } => vec![all],
        Event::Type { .. }
        | Event::Drag { .. }
        | Event::Text { .. }
        | Event::Photo { .. }
        | Event::Dots { .. }
        | Event::Unused { .. }
        | Event::Resize { .. }
        | Event::Reset
        | Event::NewViewer => named,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_sequence_arrives(events in proptest::collection::vec(event(), 1..14)) {
        let mut pair = Pair::new();
        let mut now = Instant::now();
        let mut canvas = Canvas::new(640, 430);
        canvas.text(2);
        pair.show(&canvas, &[], now);
        for event in &events {
            let named = happen(&mut canvas, event);
            let named = damage(event, named, canvas.all());
            if matches!(event, Event::NewViewer) {
                pair.forget_viewer();
            }
            if matches!(event, Event::NewViewer | Event::Reset) {
                pair.encoder.request_reset();
            }
            now += Duration::from_millis(16);
            pair.show(&canvas, &named, now);
        }
    }
}

#[test]
fn real_captures_arrive() {
    for name in captures::ALL {
        let mut pair = Pair::new();
        let mut now = Instant::now();
        let (mut bytes, mut count) = (0, 0);
        for canvas in captures::open(name) {
            now += Duration::from_millis(16);
            pair.show(&canvas, &[canvas.all()], now);
            bytes += pair.bytes;
            count += 1;
        }
        let most = match name {
            "typing" => 60_000,
            "scroll" => 400_000,
            "drag" => 250_000,
            "photo" => 1_400_000,
            _ => unreachable!("a capture without a limit"),
        };
        assert!(count >= 10 && bytes < most, "{name}: {bytes} bytes for {count} frames");
    }
}
