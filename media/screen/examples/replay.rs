//! What the codec costs on real frames: `cargo run --release -p farhand-screen --example replay`.
//!
//! Prints, for each capture, bytes and milliseconds a frame at both ends (half and 95 % of the frames stay below), and
//! for a whole frame.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::{Canvas, captures};
use farhand_screen::{Decoder, Encoder, Limits, NoVideo, Options, Pressure, Rect};

/// Times each frame is encoded; the fastest counts, for the machine does other things too.
const ROUNDS: usize = 5;

fn main() {
    println!(
        "{:<10} {:>5} {:>17} {:>15} {:>15} {:>22} {:>6} {:>6}",
        "", "", "bytes", "encode ms", "decode ms", "whole frame", "copies", "rects"
    );
    println!(
        "{:<10} {:>5} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>8} {:>6} {:>6}",
        "capture", "n", "p50", "p95", "p50", "p95", "p50", "p95", "bytes", "enc ms", "dec ms"
    );
    for name in captures::ALL {
        let frames: Vec<Canvas> = captures::open(name).collect();
        replay(name, &frames);
    }
}

#[derive(Clone, Copy)]
struct Cost {
    bytes: usize,
    encode: Duration,
    decode: Duration,
    copies: usize,
    rects: usize,
}

fn replay(name: &str, frames: &[Canvas]) {
    let mut best: Vec<Cost> = Vec::new();
    let mut whole = Cost { bytes: 0, encode: Duration::MAX, decode: Duration::MAX, copies: 0, rects: 0 };
    for _ in 0..ROUNDS {
        let (costs, reset) = round(frames);
        whole.bytes = reset.bytes;
        whole.encode = whole.encode.min(reset.encode);
        whole.decode = whole.decode.min(reset.decode);
        if best.is_empty() {
            best = costs;
            continue;
        }
        for (best, cost) in best.iter_mut().zip(costs) {
            best.encode = best.encode.min(cost.encode);
            best.decode = best.decode.min(cost.decode);
        }
    }
    let rest = &best[1..];
    let of = |part: usize, value: &dyn Fn(&Cost) -> f64| {
        let mut values: Vec<f64> = rest.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[(values.len() * part / 100).min(values.len() - 1)]
    };
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{name:<10} {:>5} {:>8} {:>8} {:>7.2} {:>7.2} {:>7.2} {:>7.2} {:>8} {:>6.2} {:>6.2} {:>6} {:>6}",
        rest.len(),
        of(50, &|c| c.bytes as f64),
        of(95, &|c| c.bytes as f64),
        of(50, &|c| ms(c.encode)),
        of(95, &|c| ms(c.encode)),
        of(50, &|c| ms(c.decode)),
        of(95, &|c| ms(c.decode)),
        whole.bytes,
        ms(whole.encode),
        ms(whole.decode),
        of(50, &|c| c.copies as f64),
        of(50, &|c| c.rects as f64),
    );
    if std::env::args().any(|argument| argument == "--each") {
        for (i, c) in best.iter().enumerate() {
            println!(
                "  {i:>3} {:>8} B {:>6.2} ms {:>6.2} ms {:>4} copies {:>5} rects",
                c.bytes,
                ms(c.encode),
                ms(c.decode),
                c.copies,
                c.rects
            );
        }
    }
}

/// Every frame, and then the last one whole, for a further viewer.
fn round(frames: &[Canvas]) -> (Vec<Cost>, Cost) {
    let mut encoder = Encoder::new(Options::default()).expect("memory suffices");
    let mut decoder = Decoder::new(Limits::default()).expect("memory suffices");
    let mut payload = Vec::new();
    let mut costs = Vec::new();
    let mut before: Option<&Canvas> = None;
    for frame in frames {
        let damage = before.map_or(frame.all(), |before| bounds(before, frame));
        before = Some(frame);
        payload.clear();
        let start = Instant::now();
        let info = encoder
            .encode(frame.view(), &[damage], start, Pressure::NONE, &mut NoVideo, &mut payload)
            .expect("a capture is a frame");
        let encode = start.elapsed();
        if info.empty {
            continue;
        }
        let start = Instant::now();
        decoder.decode(&payload).expect("our own payload");
        let decode = start.elapsed();
        assert!(decoder.framebuffer() == frame.rgba(), "the viewer sees something else");
        costs.push(Cost { bytes: payload.len(), encode, decode, copies: info.copies, rects: info.rects });
    }
    let last = frames.last().expect("a capture has frames");
    encoder.request_reset();
    payload.clear();
    let start = Instant::now();
    encoder
        .encode(last.view(), &[], start, Pressure::NONE, &mut NoVideo, &mut payload)
        .expect("a capture is a frame");
    let encode = start.elapsed();
    let start = Instant::now();
    decoder.decode(&payload).expect("our own payload");
    let whole = Cost { bytes: payload.len(), encode, decode: start.elapsed(), copies: 0, rects: 0 };
    (costs, whole)
}

/// What a desktop would report: the rectangle around everything that changed.
fn bounds(before: &Canvas, after: &Canvas) -> Rect {
    let row = after.width as usize * 4;
    let mut all = Rect::default();
    for (y, (a, b)) in before.pixels.chunks(row).zip(after.pixels.chunks(row)).enumerate() {
        if a != b {
            let differs = |(a, b): (&[u8; 4], &[u8; 4])| a != b;
            let (a, b) = (a.as_chunks::<4>().0, b.as_chunks::<4>().0);
            let from = a.iter().zip(b).position(differs).expect("they differ");
            let to = a.iter().zip(b).rposition(differs).expect("they differ") + 1;
            all = all.union(Rect::new(from as u32, y as u32, (to - from) as u32, 1));
        }
    }
    all
}
