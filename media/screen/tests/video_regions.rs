//! What moves like a video goes through the codec, and is exact again soon after it stops.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::Canvas;
use farhand_screen::{
    Begun, Decoder, Encoder, FrameInfo, FrameView, Limits, Options, Pressure, Rect, VideoEncoder, VideoError,
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
    /// Works beside its caller, and is finished when the test says so.
    beside: bool,
    begun: Option<(VideoUnit, Vec<u8>)>,
    ready: bool,
    /// Every picture that it made, in order, and whether it was a keyframe.
    made: Vec<(Vec<u8>, bool)>,
}

impl Coarse {
    fn finish(&mut self) {
        self.ready = self.begun.is_some();
    }
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
        (self.begun, self.ready) = (None, false);
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
        self.made.push((out[start..].to_vec(), keyframe));
        Ok(VideoUnit { ticket: 0, region, codec: 77, keyframe, data: start..out.len() })
    }

    fn begin(&mut self, frame: FrameView<'_>, region: Rect) -> Begun {
        if !self.beside || self.broken {
            return Begun::Never;
        }
        if self.begun.is_some() {
            return Begun::Busy;
        }
        let mut bytes = Vec::new();
        let unit = self.encode(frame, region, false, &mut bytes).unwrap();
        self.begun = Some((unit, bytes));
        Begun::Taken
    }

    fn is_finished(&mut self) -> bool {
        self.ready
    }

    fn finished(&mut self, out: &mut Vec<u8>) -> Option<Result<VideoUnit, VideoError>> {
        self.begun.take_if(|_| std::mem::take(&mut self.ready)).map(|(unit, bytes)| {
            let start = out.len();
            out.extend_from_slice(&bytes);
            Ok(VideoUnit { data: start..out.len(), ..unit })
        })
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
    /// Which of the codec's pictures the viewer decoded last.
    decoded: Option<usize>,
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
            decoded: None,
        }
    }

    fn beside() -> Self {
        let mut world = Self::new();
        world.codec.beside = true;
        world
    }

    /// A viewer that has nothing.
    fn forget_viewer(&mut self) {
        self.decoder = Decoder::new(Limits::default()).unwrap();
        self.decoded = None;
        self.encoder.request_reset();
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
            self.handle_picture(&payload[unit.data.clone()]);
            assert!(self.decoder.put(unit.ticket, &payload[unit.data]));
        }
        if info.exact {
            self.assert_exact();
        } else if !self.codec.beside {
            self.assert_close();
        }
        info
    }

    /// A picture builds on the one before it, or is a keyframe: none in between may be missing.
    fn handle_picture(&mut self, bytes: &[u8]) {
        let next = self.decoded.map(|last| last + 1);
        let fits = |(at, (made, keyframe)): &(usize, &(Vec<u8>, bool))| {
            made == bytes && (*keyframe || Some(*at) == next) && Some(*at) >= next
        };
        let found = self.codec.made.iter().enumerate().find(fits);
        let (at, _) = found.expect("a picture came without the one before it");
        self.decoded = Some(at);
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

    /// Nothing changes any more: the encoder is called when it wants to be and, as its caller does, as soon as the codec
    /// beside it is finished, a frame's time after it began; and is exact within half a second.
    fn rest(&mut self) {
        let start = self.now;
        while let Some(at) = self.encoder.wants_at() {
            if self.codec.begun.is_some() && self.now + FRAME < at {
                self.now += FRAME;
                self.codec.finish();
                self.encode(&[], Pressure::NONE);
                continue;
            }
            assert!(at <= start + Duration::from_millis(500), "repair takes too long");
            self.now = self.now.max(at);
            self.codec.finish();
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
    world.forget_viewer();
    let info = world.show(Pressure::NONE);
    assert!(info.reset && info.video_regions == 1 && !info.exact);
    assert_eq!(world.codec.keyframes, 2);
    world.forget_viewer();
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

#[test]
fn what_is_typed_does_not_wait_for_the_codec() {
    let mut world = World::beside();
    world.play(12);
    assert_eq!(world.codec.keyframes, 1);
    let row = SCREEN.0 as usize * 4;
    for i in 0..20 {
        world.canvas.fill(Rect::new(20 + i * 9, 400, 8, 12), [0, 0, 0]);
        world.film(FILM);
        let info = world.show(Pressure::NONE);
        assert_eq!((info.empty, info.video_regions), (false, 0), "the codec is still at work");
        let rgba = world.canvas.rgba();
        assert!(world.decoder.framebuffer()[row * 400..row * 412] == rgba[row * 400..row * 412]);
    }
    world.codec.finish();
    let info = world.encode(&[], Pressure::NONE);
    assert_eq!((info.video_regions, info.rects), (1, 0), "the picture comes without anything having changed");
    world.rest();
}

#[test]
fn a_codec_beside_its_caller_shows_every_picture_soon() {
    let mut world = World::beside();
    world.play(12);
    for _ in 0..10 {
        world.codec.finish();
        world.encode(&[], Pressure::NONE);
        world.film(FILM);
        assert!(world.show(Pressure::NONE).empty, "it has just begun");
        world.codec.finish();
        assert_eq!(world.encode(&[], Pressure::NONE).video_regions, 1);
        world.assert_close();
    }
    assert_eq!(world.codec.keyframes, 1);
}

#[test]
fn what_was_moved_into_a_film_meanwhile_is_not_lost_under_its_picture() {
    let mut world = World::beside();
    // On the blocks in which what is lossy is remembered: those at a region's edge wait for its end.
    let film = Rect::new(96, 64, 320, 208);
    for _ in 0..12 {
        world.film(film);
        world.show(Pressure::NONE);
    }
    world.codec.finish();
    world.encode(&[], Pressure::NONE);
    world.film(film);
    world.show(Pressure::NONE);
    let row = SCREEN.0 as usize * 4;
    world.canvas.pixels.copy_within(10 * row.., 0);
    world.show(Pressure::NONE);
    world.codec.finish();
    world.encode(&[], Pressure::NONE);
    world.codec.finish();
    world.encode(&[], Pressure::NONE);
    world.assert_close();
    world.rest();
}

#[test]
fn nothing_is_moved_out_of_a_film_before_its_picture_is_there() {
    // The viewer puts a picture over the region after the moves of the same frame.
    let mut world = World::new();
    world.play(24);
    let row = SCREEN.0 as usize * 4;
    world.canvas.pixels.copy_within(31 * row.., 0);
    world.show(Pressure::NONE);
    for _ in 0..12 {
        world.film(Rect::new(300, 200, 333, 211));
        world.show(Pressure::NONE);
    }
    world.canvas.pixels.copy_within(row.., 0);
    world.show(Pressure::NONE);
    world.rest();
}

#[test]
fn a_picture_begun_before_a_reset_never_comes() {
    let mut world = World::beside();
    world.play(45);
    world.codec.finish();
    world.encode(&[], Pressure::NONE);
    world.film(FILM);
    world.show(Pressure::NONE);
    world.forget_viewer();
    let info = world.show(Pressure::NONE);
    assert!(info.reset && info.video_regions == 1);
    world.film(FILM);
    world.show(Pressure::NONE);
    world.forget_viewer();
    assert!(world.show(Pressure::NONE).exact, "no second keyframe so soon");
    world.codec.finish();
    assert!(world.encode(&[], Pressure::NONE).empty);
    assert!(!world.codec.is_finished(), "what nobody waits for would wake the caller again and again");
    world.rest();
}

/// Something that happens while films play.
#[derive(Clone, Debug)]
enum Event {
    Film {
        place: usize,
        frames: usize,
    },
    Letter {
        x: u32,
        y: u32,
    },
    Scroll {
        by: usize,
    },
    Wait {
        ms: u64,
    },
    Reset,
    Break,
    /// The codec beside its caller is finished, and its caller looks.
    Finish,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..3_usize, 1..14_usize).prop_map(|(place, frames)| Event::Film { place, frames }),
        3 => (0..600_u32, 0..460_u32).prop_map(|(x, y)| Event::Letter { x, y }),
        2 => (1..60_usize).prop_map(|by| Event::Scroll { by }),
        2 => (1..900_u64).prop_map(|ms| Event::Wait { ms }),
        1 => Just(Event::Reset),
        1 => Just(Event::Break),
        3 => Just(Event::Finish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Exact wherever the frame says so, close where it does not, and exact once nothing moves.
    #[test]
    fn films_among_other_things_end_exact(
        beside: bool,
        events in proptest::collection::vec((event(), any::<bool>()), 1..16),
    ) {
        let places = [FILM, Rect::new(300, 200, 333, 211), Rect::new(0, 0, 640, 480)];
        let mut world = World::new();
        world.codec.beside = beside;
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
                    world.forget_viewer();
                    world.show(pressure);
                }
                Event::Finish => {
                    world.codec.finish();
                    world.encode(&[], pressure);
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
