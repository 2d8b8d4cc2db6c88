//! What moves like a video goes through the codec, and is exact again soon after it stops.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::Canvas;
use farhand_screen::{
    Decoder, Encoder, FrameInfo, FrameView, Limits, Options, Pressure, Rect, VideoEncoder, VideoError,
    VideoUnit,
};
use proptest::prelude::*;

const SCREEN: (u32, u32) = (640, 480);
const FILM: Rect = Rect::new(102, 67, 320, 200);
const FRAME: Duration = Duration::from_millis(33);

/// A codec that keeps the upper four bits of each colour, and knows when it was not given a keyframe that it needs.
#[derive(Default)]
struct Coarse {
    size: Option<(u32, u32)>,
    keyframes: usize,
    pictures: usize,
    broken: bool,
    lazy: bool,
    rate: u32,
}

impl VideoEncoder for Coarse {
    fn codec(&self) -> u8 {
        77
    }

    fn encode(
        &mut self,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        if self.broken {
            out.extend_from_slice(b"half a picture");
            return Err(VideoError("out of order".into()));
        }
        assert!(
            [region.x, region.y, region.w, region.h].iter().all(|side| side % 2 == 0),
            "{region:?} is odd"
        );
        assert!(keyframe || self.size == Some((region.w, region.h)), "another size without a keyframe");
        self.size = Some((region.w, region.h));
        self.keyframes += usize::from(keyframe);
        self.pictures += 1;
        let start = out.len();
        if keyframe || !self.lazy {
            for y in region.y..region.bottom() {
                out.extend(
                    frame
                        .row(y, region.x, region.w)
                        .chunks(4)
                        .flat_map(|p| [p[2] & 0xf0, p[1] & 0xf0, p[0] & 0xf0, 255]),
                );
            }
        }
        Ok(VideoUnit { ticket: 0, region, codec: 77, keyframe, data: start..out.len() })
    }

    fn set_rate(&mut self, bits_per_second: u32) {
        self.rate = bits_per_second;
    }
}

struct World {
    encoder: Encoder,
    decoder: Decoder,
    codec: Coarse,
    canvas: Canvas,
    now: Instant,
    seed: u64,
    bytes: usize,
}

impl World {
    fn new() -> Self {
        let mut canvas = Canvas::new(SCREEN.0, SCREEN.1);
        canvas.text(1);
        Self {
            encoder: Encoder::new(Options::default()).unwrap(),
            decoder: Decoder::new(Limits::default()).unwrap(),
            codec: Coarse::default(),
            canvas,
            now: Instant::now(),
            seed: 0,
            bytes: 0,
        }
    }

    fn film(&mut self, place: Rect) {
        self.seed += 1;
        self.canvas.noise_in(place, self.seed);
    }

    fn show(&mut self, pressure: Pressure) -> FrameInfo {
        self.now += FRAME;
        self.encode(&[self.canvas.all()], pressure)
    }

    fn encode(&mut self, damage: &[Rect], pressure: Pressure) -> FrameInfo {
        let mut payload = Vec::new();
        let view = self.canvas.view();
        let info =
            self.encoder.encode(view, damage, self.now, pressure, &mut self.codec, &mut payload).unwrap();
        self.bytes = payload.len();
        assert_eq!(info.empty, payload.is_empty());
        if info.empty {
            return info;
        }
        let update = self.decoder.decode(&payload).unwrap().clone();
        assert_eq!(update.exact, info.exact);
        assert_eq!(update.video.len(), info.video_regions);
        for unit in update.video {
            assert!(self.decoder.put(unit.ticket, &payload[unit.data]));
        }
        if info.exact {
            self.assert_exact();
        } else {
            self.assert_close();
        }
        info
    }

    fn assert_exact(&self) {
        assert!(self.decoder.framebuffer() == self.canvas.rgba(), "the viewer sees something else");
    }

    fn assert_close(&self) {
        let far = |(a, b): (&u8, &u8)| a.abs_diff(*b) > 15;
        let wrong =
            self.decoder.framebuffer().iter().zip(&self.canvas.rgba()).filter(|pair| far(*pair)).count();
        assert_eq!(wrong, 0, "bytes are further off than the codec makes them");
    }

    /// Plays until the codec is used, for at most so many frames.
    fn play(&mut self, frames: usize) -> usize {
        (0..frames)
            .filter(|_| {
                self.film(FILM);
                self.show(Pressure::NONE).video_regions > 0
            })
            .count()
    }

    /// Nothing changes any more: the encoder is called when it wants to be, and is exact within half a second.
    fn rest(&mut self) {
        let start = self.now;
        while let Some(at) = self.encoder.wants_at() {
            assert!(at <= start + Duration::from_millis(500), "repair takes too long");
            self.now = self.now.max(at);
            let info = self.encode(&[], Pressure::NONE);
            assert!(!info.empty || self.encoder.wants_at() != Some(at), "woken for nothing");
        }
        self.assert_exact();
    }
}

#[test]
fn a_film_goes_through_the_codec_and_is_repaired_when_it_stops() {
    let mut world = World::new();
    assert!(world.play(30) >= 20, "the codec was used too late");
    assert_eq!(world.codec.keyframes, 1);
    assert!(world.bytes < (FILM.area() * 4) as usize + 4000, "only the region is sent");
    assert!(world.encoder.wants_at().is_some());
    world.rest();
    assert_eq!(world.encoder.wants_at(), None);
}

#[test]
fn the_repair_waits_for_quiet_and_comes_in_parts() {
    let mut world = World::new();
    world.play(20);
    let wants = world.encoder.wants_at().unwrap();
    assert_eq!(wants, world.now + Options::default().repair_after);
    world.now = wants - Duration::from_millis(1);
    assert!(world.encode(&[], Pressure::NONE).empty);
    world.now = wants;
    let first = world.encode(&[], Pressure::NONE);
    assert!(!first.empty && !first.exact, "{first:?}");
    world.rest();
}

#[test]
fn a_jammed_way_puts_the_repair_off() {
    let mut world = World::new();
    world.play(20);
    world.now = world.encoder.wants_at().unwrap();
    assert!(world.encode(&[], Pressure { backlog: Duration::from_millis(40) }).empty);
    let later = world.encoder.wants_at().unwrap();
    assert!(later > world.now && later < world.now + Duration::from_millis(200));
    world.rest();
}

#[test]
fn typing_beside_a_film_stays_exact() {
    let mut world = World::new();
    world.play(12);
    for i in 0..20 {
        let letter = Rect::new(20 + i * 9, 400, 8, 12);
        world.canvas.fill(letter, [0, 0, 0]);
        world.film(FILM);
        assert_eq!(world.show(Pressure::NONE).video_regions, 1);
        let rgba = world.canvas.rgba();
        let row = SCREEN.0 as usize * 4;
        assert!(world.decoder.framebuffer()[row * 400..row * 412] == rgba[row * 400..row * 412]);
    }
    assert_eq!(world.codec.keyframes, 1, "the region stayed where it was");
    world.rest();
}

#[test]
fn under_pressure_a_picture_that_appears_goes_through_the_codec_at_once() {
    let mut world = World::new();
    world.show(Pressure::NONE);
    let jam = Pressure { backlog: Duration::from_millis(30) };
    let mut used = 0;
    for _ in 0..3 {
        world.film(FILM);
        used += world.show(jam).video_regions;
    }
    assert!(used >= 2);
    world.rest();
}

#[test]
fn a_slow_way_keeps_the_region_between_late_pictures() {
    let mut world = World::new();
    world.show(Pressure::NONE);
    let jam = Pressure { backlog: Duration::from_millis(30) };
    let mut used = 0;
    for _ in 0..6 {
        world.now += Duration::from_millis(700);
        world.film(FILM);
        used += world.show(jam).video_regions;
    }
    assert_eq!(used, 5, "every picture after the first goes through the codec");
    assert_eq!(world.codec.keyframes, 1, "the region stays although pictures come late");
    world.rest();
}

#[test]
fn text_never_goes_through_the_codec() {
    let mut world = World::new();
    for i in 0..30 {
        let all = world.canvas.all();
        world.canvas.text_in(all, i, 0);
        assert!(world.show(Pressure { backlog: Duration::from_millis(100) }).exact);
    }
    assert_eq!(world.codec.pictures, 0);
}

#[test]
fn a_reset_while_a_film_plays_brings_a_keyframe_but_not_each_time() {
    let mut world = World::new();
    world.play(45);
    assert_eq!(world.codec.keyframes, 1);
    world.decoder = Decoder::new(Limits::default()).unwrap();
    world.encoder.request_reset();
    let info = world.show(Pressure::NONE);
    assert!(info.reset && info.video_regions == 1 && !info.exact);
    assert_eq!(world.codec.keyframes, 2);
    world.decoder = Decoder::new(Limits::default()).unwrap();
    world.encoder.request_reset();
    let info = world.show(Pressure::NONE);
    assert!(info.reset && info.exact, "a second keyframe right after is too dear: {info:?}");
    world.play(40);
    world.rest();
}

#[test]
fn a_codec_that_fails_costs_nothing_but_bytes() {
    let mut world = World::new();
    world.play(20);
    world.codec.broken = true;
    assert_eq!(world.play(20), 0);
    world.rest();
}

#[test]
fn a_codec_that_skips_pictures_is_made_up_for() {
    let mut world = World::new();
    world.codec.lazy = true;
    for _ in 0..20 {
        world.film(FILM);
        world.now += FRAME;
        let mut payload = Vec::new();
        let damage = [world.canvas.all()];
        let info = world
            .encoder
            .encode(world.canvas.view(), &damage, world.now, Pressure::NONE, &mut world.codec, &mut payload)
            .unwrap();
        if !info.empty {
            let update = world.decoder.decode(&payload).unwrap().clone();
            for unit in update.video {
                world.decoder.put(unit.ticket, &payload[unit.data]);
            }
        }
    }
    let mut last = false;
    while let Some(at) = world.encoder.wants_at() {
        world.now = world.now.max(at);
        let mut payload = Vec::new();
        let info = world
            .encoder
            .encode(world.canvas.view(), &[], world.now, Pressure::NONE, &mut world.codec, &mut payload)
            .unwrap();
        world.decoder.decode(&payload).unwrap();
        last = info.exact;
    }
    assert!(last);
    world.assert_exact();
}

#[test]
fn what_is_scrolled_out_of_a_film_is_repaired_too() {
    let mut world = World::new();
    world.play(20);
    for _ in 0..6 {
        // The whole page moves up by 10 rows, the film's last picture with it.
        let row = SCREEN.0 as usize * 4;
        world.canvas.pixels.copy_within(10 * row.., 0);
        world.show(Pressure::NONE);
    }
    world.rest();
}

#[test]
fn a_picture_that_comes_late_does_not_overwrite_newer_pixels() {
    let mut world = World::new();
    world.play(20);
    world.film(FILM);
    world.now += FRAME;
    let mut payload = Vec::new();
    let all = [world.canvas.all()];
    let now = world.now;
    world
        .encoder
        .encode(world.canvas.view(), &all, now, Pressure::NONE, &mut world.codec, &mut payload)
        .unwrap();
    let unit = world.decoder.decode(&payload).unwrap().video[0].clone();
    // Its picture is still in the decoder when the film stops and everything is repaired.
    while let Some(at) = world.encoder.wants_at() {
        world.now = world.now.max(at);
        let mut later = Vec::new();
        let now = world.now;
        world
            .encoder
            .encode(world.canvas.view(), &[], now, Pressure::NONE, &mut world.codec, &mut later)
            .unwrap();
        world.decoder.decode(&later).unwrap();
    }
    world.assert_exact();
    world.decoder.put(unit.ticket, &payload[unit.data]);
    world.assert_exact();
}

/// Something that happens while films play.
#[derive(Clone, Debug)]
enum Event {
    Film { place: usize, frames: usize },
    Letter { x: u32, y: u32 },
    Scroll { by: usize },
    Wait { ms: u64 },
    Reset,
    Break,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..3_usize, 1..14_usize).prop_map(|(place, frames)| Event::Film { place, frames }),
        3 => (0..600_u32, 0..460_u32).prop_map(|(x, y)| Event::Letter { x, y }),
        2 => (1..60_usize).prop_map(|by| Event::Scroll { by }),
        2 => (1..900_u64).prop_map(|ms| Event::Wait { ms }),
        1 => Just(Event::Reset),
        1 => Just(Event::Break),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Exact wherever the frame says so, close where it does not, and exact once nothing moves.
    #[test]
    fn films_among_other_things_end_exact(events in proptest::collection::vec((event(), any::<bool>()), 1..16)) {
        let places = [FILM, Rect::new(300, 200, 333, 211), Rect::new(0, 0, 640, 480)];
        let mut world = World::new();
        for (event, jammed) in events {
            let backlog = Duration::from_millis(if jammed { 40 } else { 0 });
            let pressure = Pressure { backlog };
            match event {
                Event::Film { place, frames } => {
                    for _ in 0..frames {
                        world.film(places[place]);
                        world.show(pressure);
                    }
                }
                Event::Letter { x, y } => {
                    world.canvas.fill(Rect::new(x, y, 7, 11), [0, 0, 0]);
                    world.show(pressure);
                }
                Event::Scroll { by } => {
                    world.canvas.pixels.copy_within(by * SCREEN.0 as usize * 4.., 0);
                    world.show(pressure);
                }
                Event::Wait { ms } => {
                    world.now += Duration::from_millis(ms);
                    world.encode(&[], pressure);
                }
                Event::Reset => {
                    world.decoder = Decoder::new(Limits::default()).unwrap();
                    world.encoder.request_reset();
                    world.show(pressure);
                }
                Event::Break => {
                    world.codec.broken = true;
                    world.film(FILM);
                    world.show(pressure);
                    world.codec.broken = false;
                    world.codec.size = None;
                }
            }
        }
        world.rest();
    }
}
