//! What comes out of the video encoders is a picture that a decoder shows as it was.
#![cfg(feature = "h264")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use farhand_agent_host::encode::{
    CodecChoice, EncoderOptions, FrameView, Rect, VideoEncoder, open_video_encoder,
};
use openh264::formats::YUVSource;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 400;
const REGION: Rect = Rect { x: 64, y: 32, w: 480, h: 320 };
/// Below this many decibels a picture looks broken; ordinary video is above 35.
const GOOD: f64 = 34.0;

/// Smooth colours that move, as in a film.
fn film(number: u32) -> Vec<u8> {
    let wave = |at: u32| {
        let at = at % 512;
        (if at < 256 { at } else { 511 - at }) as u8
    };
    let mut pixels = Vec::with_capacity((WIDTH * HEIGHT * 4) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            pixels.extend([wave(x + number * 4), wave(y * 2 + number * 3), wave((x + y) / 2 + number), 0x5a]);
        }
    }
    pixels
}

fn view(pixels: &[u8]) -> FrameView<'_> {
    FrameView { pixels, stride: WIDTH as usize * 4, width: WIDTH, height: HEIGHT }
}

/// Brightness by ITU-R BT.709, limited range.
fn brightness(pixels: &[u8], region: Rect) -> Vec<f64> {
    let mut out = Vec::new();
    for y in region.y..region.bottom() {
        for pixel in view(pixels).row(y, region.x, region.w).chunks_exact(4) {
            let [blue, green, red] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
            out.push(16.0 + 219.0 / 255.0 * (0.2126 * red + 0.7152 * green + 0.0722 * blue));
        }
    }
    out
}

/// How near two pictures are, decibels.
fn likeness(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let error = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / a.len() as f64;
    10.0 * (255.0 * 255.0 / error.max(1e-9)).log10()
}

fn decode(decoder: &mut openh264::decoder::Decoder, data: &[u8]) -> (Vec<f64>, (usize, usize)) {
    let picture = decoder.decode(data).unwrap().expect("each unit is a picture");
    let (w, h) = picture.dimensions();
    let stride = picture.strides().0;
    let rows = picture.y().chunks(stride).take(h).flat_map(|row| row[..w].iter().copied().map(f64::from));
    (rows.collect(), (w, h))
}

fn encoder() -> Box<dyn VideoEncoder + Send> {
    open_video_encoder(CodecChoice::H264, EncoderOptions::default()).unwrap()
}

#[test]
fn pictures_are_shown_as_they_were() {
    let mut encoder = encoder();
    let mut decoder = openh264::decoder::Decoder::new().unwrap();
    let mut out = b"what was there stays".to_vec();
    for number in 0..20 {
        let pixels = film(number);
        let start = out.len();
        let unit = encoder.encode(view(&pixels), REGION, number == 0, &mut out).unwrap();
        assert_eq!((unit.region, unit.codec, unit.data.clone()), (REGION, 1, start..out.len()));
        assert_eq!(unit.keyframe, number == 0, "keyframes come when they are asked for, and only then");
        assert_eq!(out[start..start + 4], [0, 0, 0, 1], "Annex B");
        let (seen, size) = decode(&mut decoder, &out[unit.data]);
        assert_eq!(size, (480, 320));
        let likeness = likeness(&seen, &brightness(&pixels, REGION));
        assert!(likeness > GOOD, "picture {number}: {likeness:.1} dB");
    }
    assert!(out.starts_with(b"what was there stays"));
}

#[test]
fn a_viewer_can_begin_at_any_keyframe() {
    let mut encoder = encoder();
    for number in 0..5 {
        encoder.encode(view(&film(number)), REGION, false, &mut Vec::new()).unwrap();
    }
    let (pixels, mut out) = (film(5), Vec::new());
    assert!(encoder.encode(view(&pixels), REGION, true, &mut out).unwrap().keyframe);
    let (seen, _) = decode(&mut openh264::decoder::Decoder::new().unwrap(), &out);
    assert!(likeness(&seen, &brightness(&pixels, REGION)) > GOOD);
}

#[test]
fn a_region_of_another_size_begins_with_a_keyframe() {
    let mut encoder = encoder();
    // A first picture is as good as the rate allows, and this is about its size.
    encoder.set_rate(40_000_000);
    let mut decoder = openh264::decoder::Decoder::new().unwrap();
    let pixels = film(1);
    for region in [REGION, Rect::new(0, 0, 160, 16), Rect::new(2, 2, 638, 398), REGION] {
        let mut out = Vec::new();
        assert!(encoder.encode(view(&pixels), region, false, &mut out).unwrap().keyframe);
        let (seen, size) = decode(&mut decoder, &out);
        assert_eq!(size, (region.w as usize, region.h as usize));
        let likeness = likeness(&seen, &brightness(&pixels, region));
        assert!(likeness > GOOD, "{region:?}: {likeness:.1} dB");
    }
}

#[test]
fn the_rate_can_be_lowered_under_way() {
    let mut encoder = encoder();
    let mut numbers = 1_u32;
    let mut spent = |encoder: &mut dyn VideoEncoder, pictures: u32| {
        let mut out = Vec::new();
        for number in 0..pictures {
            let mut pixels = film(number * 7);
            for byte in &mut pixels {
                numbers = numbers.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = byte.wrapping_add((numbers >> 27) as u8);
            }
            encoder.encode(view(&pixels), REGION, false, &mut out).unwrap();
        }
        out.len() / pictures as usize
    };
    encoder.set_rate(8_000_000);
    spent(encoder.as_mut(), 10);
    let high = spent(encoder.as_mut(), 20);
    encoder.set_rate(500_000);
    spent(encoder.as_mut(), 10);
    let low = spent(encoder.as_mut(), 20);
    assert!(low * 2 < high, "{high} bytes a picture became {low}");
}

#[test]
fn what_cannot_be_encoded_is_an_error() {
    let mut encoder = encoder();
    let pixels = film(0);
    for region in
        [Rect::new(0, 0, 15, 15), Rect::new(600, 0, 100, 100), Rect::new(0, 0, 33, 32), Rect::default()]
    {
        assert!(encoder.encode(view(&pixels), region, true, &mut Vec::new()).is_err(), "{region:?}");
    }
    assert!(encoder.encode(view(&pixels), REGION, true, &mut Vec::new()).unwrap().keyframe);
}
