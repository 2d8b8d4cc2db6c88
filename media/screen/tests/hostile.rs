//! Whatever comes from the far side: an error at worst, within bounded memory and time.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::time::Instant;

use common::{Canvas, Dice};
use farhand_screen::{
    DecodeError, Decoder, Encoder, FrameView, Limits, NoVideo, Options, Pressure, Rect, VideoEncoder,
    VideoError, VideoUnit,
};
use proptest::prelude::*;

/// A codec that says something.
struct Talk;

impl VideoEncoder for Talk {
    fn codec(&self) -> u8 {
        1
    }

    fn encode(
        &mut self,
        _: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        let start = out.len();
        out.extend_from_slice(b"picture");
        Ok(VideoUnit { ticket: 0, region, codec: 1, keyframe, data: start..out.len() })
    }

    fn set_rate(&mut self, _: u32) {}
}

/// A stream with everything in it: a whole frame, pixels, moves, photos, video.
fn stream() -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(Options::default()).unwrap();
    let mut canvas = Canvas::new(320, 240);
    let mut payloads = Vec::new();
    let start = Instant::now();
    for i in 0..14_u32 {
        canvas.text_in(Rect::new(10, 10, 300, 80), 3, i * 5);
        canvas.noise_in(Rect::new(20, 100, 200, 130), i.into());
        let mut payload = Vec::new();
        let now = start + std::time::Duration::from_millis(33) * i;
        encoder.encode(canvas.view(), &[canvas.all()], now, Pressure::NONE, &mut Talk, &mut payload).unwrap();
        payloads.push(payload);
    }
    payloads
}

fn small() -> Limits {
    Limits { max_pixels: 1 << 20, ..Limits::default() }
}

#[test]
fn the_stream_has_everything_in_it() {
    let mut decoder = Decoder::new(small()).unwrap();
    let (mut units, mut dirty) = (0, 0);
    for payload in stream() {
        let update = decoder.decode(&payload).unwrap();
        units += update.video.len();
        dirty += update.dirty.len();
    }
    assert!(units > 5 && dirty > 14);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_are_an_error_or_a_picture(
        frame in 0_usize..14,
        changes in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 1..6),
        cut in proptest::option::of(0.0..1.0_f64),
        early in any::<bool>(),
    ) {
        let mut decoder = Decoder::new(small()).unwrap();
        for (i, mut payload) in stream().into_iter().enumerate() {
            if i == frame {
                let length = if early { payload.len().min(24) } else { payload.len() };
                for (at, value) in &changes {
                    payload[(at * length as f64) as usize] = *value;
                }
                if let Some(cut) = cut {
                    payload.truncate((cut * payload.len() as f64) as usize);
                }
            }
            let before = decoder.decode(&payload).map(|update| (update.dirty.clone(), update.video.clone()));
            let (width, height) = decoder.size();
            prop_assert_eq!(decoder.framebuffer().len(), width as usize * height as usize * 4);
            if let Ok((dirty, video)) = before {
                let screen = Rect::new(0, 0, width, height);
                prop_assert!(dirty.iter().all(|rect| screen.contains(*rect)));
                for unit in video {
                    prop_assert!(screen.contains(unit.region) && unit.data.end <= payload.len());
                    decoder.put(unit.ticket, &payload[unit.data]);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_picture(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 1..6)) {
        let mut decoder = Decoder::new(small()).unwrap();
        for mut payload in payloads {
            // Mostly flags and sizes that are allowed, so that the rest is reached.
            if let Some(first) = payload.first_mut() {
                *first &= 15;
            }
            let _ = decoder.decode(&payload);
        }
    }
}

#[test]
fn after_an_error_only_a_reset_goes_on() {
    let mut payloads = stream();
    let mut decoder = Decoder::new(small()).unwrap();
    decoder.decode(&payloads[0]).unwrap();
    let length = payloads[1].len();
    payloads[1].truncate(length / 2);
    assert!(decoder.decode(&payloads[1]).is_err());
    assert!(matches!(decoder.decode(&payloads[2]), Err(DecodeError::NeedsReset)));
    decoder.decode(&payloads[0]).unwrap();
}

#[test]
fn nothing_is_accepted_before_a_reset() {
    let mut decoder = Decoder::new(small()).unwrap();
    assert!(matches!(decoder.decode(&stream()[1]), Err(DecodeError::NeedsReset)));
    assert!(matches!(decoder.decode(&[]), Err(DecodeError::Short)));
    assert_eq!(decoder.size(), (0, 0));
}

#[test]
fn a_screen_larger_than_allowed_is_refused_before_memory_is_taken() {
    let mut decoder = Decoder::new(small()).unwrap();
    let claim = |width: u16, height: u16| {
        let mut payload = vec![1];
        payload.extend_from_slice(&width.to_be_bytes());
        payload.extend_from_slice(&height.to_be_bytes());
        payload
    };
    assert!(matches!(decoder.decode(&claim(16_000, 16_000)), Err(DecodeError::Limit("pixels"))));
    assert!(matches!(decoder.decode(&claim(65_535, 1)), Err(DecodeError::Invalid("size"))));
    assert!(matches!(decoder.decode(&claim(0, 9)), Err(DecodeError::Invalid("size"))));
    assert_eq!(decoder.framebuffer().len(), 0);
    assert_eq!(decoder.decode(&claim(9, 9)).unwrap().dirty, [Rect::new(0, 0, 9, 9)]);
}

/// A payload of a 16 × 16 screen whose stream holds these bytes.
fn with_stream(flags: u8, content: &[u8], window_log: u32) -> Vec<u8> {
    use zstd::stream::raw::CParameter;
    let mut payload = vec![flags, 0, 16, 0, 16];
    let mut zstd = zstd::stream::write::Encoder::new(&mut payload, 1).unwrap();
    zstd.set_parameter(CParameter::WindowLog(window_log)).unwrap();
    std::io::Write::write_all(&mut zstd, content).unwrap();
    zstd.finish().unwrap();
    payload
}

#[test]
fn a_stream_that_goes_on_after_its_frame_is_refused() {
    let mut content = vec![0, 1, 0, 0, 16, 16, 0];
    content.resize(7 + 16 * 16 * 4, 7);
    let mut decoder = Decoder::new(small()).unwrap();
    decoder.decode(&with_stream(9, &content, 17)).unwrap();
    // A gigabyte in a few kilobytes is not even looked at beyond its first byte too many.
    content.resize(64 << 20, 7);
    assert!(matches!(decoder.decode(&with_stream(9, &content, 17)), Err(DecodeError::Long)));
}

#[test]
fn a_stream_with_a_larger_window_is_refused() {
    let mut content = vec![0, 1, 0, 0, 16, 16, 0];
    content.resize(7 + 16 * 16 * 4, 7);
    let mut decoder = Decoder::new(small()).unwrap();
    assert!(matches!(decoder.decode(&with_stream(9, &content, 25)), Err(DecodeError::Zstd(_))));
}

#[test]
fn numbers_outside_of_the_screen_are_refused() {
    let refused = |content: &[u8]| {
        let mut decoder = Decoder::new(small()).unwrap();
        decoder.decode(&with_stream(9, content, 17)).map(|_| ()).unwrap_err().to_string()
    };
    // A rectangle one pixel too wide; an empty one; an unknown filter.
    assert_eq!(refused(&[0, 1, 0, 0, 17, 16, 0]), "the frame has an invalid rectangle");
    assert_eq!(refused(&[0, 1, 0, 0, 0, 16, 0]), "the frame has an invalid rectangle");
    assert_eq!(refused(&[0, 1, 0, 0, 16, 16, 9]), "the frame has an invalid filter");
    // A number of more than 32 bits; so many rectangles; so many copies.
    assert_eq!(refused(&[0xff, 0xff, 0xff, 0xff, 0x7f, 0]), "the frame has an invalid number");
    assert_eq!(refused(&[0, 0xff, 0xff, 3]), "the frame has more rectangles than allowed");
    assert_eq!(refused(&[0xff, 0xff, 3, 0]), "the frame has more copies than allowed");
    // A copy from above the screen, and from far away.
    assert_eq!(refused(&[1, 0, 0, 0, 4, 4, 0, 1]), "the frame has an invalid copy");
    assert_eq!(
        refused(&[1, 0, 0, 0, 4, 4, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0]),
        "the frame has an invalid copy"
    );
}

#[test]
fn the_work_of_one_frame_is_bounded() {
    let whole = [0, 0, 16, 16, 0, 0];
    let copies: Vec<u8> = [5, 0].into_iter().chain(std::iter::repeat_n(whole, 5).flatten()).collect();
    let mut decoder = Decoder::new(small()).unwrap();
    assert!(matches!(decoder.decode(&with_stream(9, &copies, 17)), Err(DecodeError::Limit("copied pixels"))));
}

#[test]
fn too_much_video_is_refused() {
    let limits = Limits { max_video_bytes: 10, ..small() };
    let mut decoder = Decoder::new(limits).unwrap();
    let mut payload = vec![1 | 4, 0, 16, 0, 16, 1, 0, 0, 0, 0, 0, 2, 0, 2, 1, 0];
    payload.extend_from_slice(&11_u32.to_be_bytes());
    payload.resize(payload.len() + 11, 0);
    assert!(matches!(decoder.decode(&payload), Err(DecodeError::Limit("video bytes"))));
    payload[5] = 200;
    assert!(matches!(decoder.decode(&payload), Err(DecodeError::Limit("video units"))));
}

#[test]
fn a_frame_that_lies_about_its_size_is_refused_by_the_encoder() {
    let mut encoder = Encoder::new(Options::default()).unwrap();
    let pixels = [0; 4 * 10 * 10];
    let mut out = vec![5];
    for (stride, width, height) in
        [(39, 10, 10), (40, 10, 11), (40, 11, 10), (40, 0, 10), (usize::MAX / 2, 10, 10)]
    {
        let view = FrameView { pixels: &pixels, stride, width, height };
        let now = Instant::now();
        assert!(encoder.encode(view, &[view.all()], now, Pressure::NONE, &mut NoVideo, &mut out).is_err());
        assert_eq!(out, [5]);
    }
    let mut dice = Dice(1);
    let view = FrameView { pixels: &pixels, stride: 40, width: 10, height: 10 };
    let damage: Vec<Rect> =
        (0..50).map(|_| Rect::new(dice.roll(), dice.roll(), dice.roll(), dice.roll())).collect();
    encoder.encode(view, &damage, Instant::now(), Pressure::NONE, &mut NoVideo, &mut out).unwrap();
    assert!(
        encoder.encode(view, &damage, Instant::now(), Pressure::NONE, &mut NoVideo, &mut out).unwrap().empty
    );
}
