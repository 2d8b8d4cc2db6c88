//! Measures capture and encoding on the display in `DISPLAY`: `cargo run --release --example measure`.
//!
//! The display must be this program's own, such as an Xvfb at 1920x1080: it paints all over it.
#![allow(clippy::unwrap_used, reason = "a tool for developers")]

use std::time::{Duration, Instant};

use farhand_agent_host::capture::{Backend, Capturer, Rect, open_capturer};
use farhand_agent_host::encode::{CodecChoice, EncoderOptions, FrameView, open_video_encoder};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

const ROUNDS: u32 = 200;

fn main() {
    let painter = Painter::new();
    for backend in [Backend::X11, Backend::Scrap] {
        let mut capturer = match open_capturer(backend) {
            Ok(capturer) => capturer,
            Err(error) => {
                println!("{backend:?}: {error}");
                continue;
            }
        };
        let geometry = capturer.geometry();
        settle(capturer.as_mut());
        let caret = Rect { x: 300, y: 300, w: 10, h: 18 };
        for (name, rect) in [("whole screen", geometry.bounds()), ("a caret", caret)] {
            capture(&painter, capturer.as_mut(), backend, name, rect);
        }
        idle(capturer.as_mut(), backend);
    }
    for choice in [CodecChoice::H264, CodecChoice::Av1] {
        for (width, height) in [(960, 540), (1920, 1080)] {
            encode(choice, width, height);
        }
    }
}

fn capture(painter: &Painter, capturer: &mut dyn Capturer, backend: Backend, name: &str, rect: Rect) {
    let (mut told, mut grabbed) = (Vec::new(), Vec::new());
    let before = cpu();
    for round in 0..ROUNDS {
        let start = Instant::now();
        painter.fill(rect, 0x0010_2030 * (round + 1));
        while !capturer.wait(None).unwrap().damage {}
        told.push(start.elapsed());
        let start = Instant::now();
        capturer.grab().unwrap();
        grabbed.push(start.elapsed());
    }
    let each = (cpu() - before) / ROUNDS;
    println!("{backend:?}, {name}: painted to told {}, grab {}, own CPU {each:?}", p(told), p(grabbed));
}

fn idle(capturer: &mut dyn Capturer, backend: Backend) {
    settle(capturer);
    let (before, until) = (cpu(), Instant::now() + Duration::from_secs(10));
    while !capturer.wait(Some(until)).unwrap().timed_out {}
    println!("{backend:?}, idle for 10 s: own CPU {:?}", cpu() - before);
}

fn encode(choice: CodecChoice, width: u32, height: u32) {
    let mut encoder = match open_video_encoder(choice, EncoderOptions::default()) {
        Ok(encoder) => encoder,
        Err(error) => return println!("{choice:?}: {error}"),
    };
    let (mut took, mut out, mut first) = (Vec::new(), Vec::new(), Duration::ZERO);
    for number in 0..60 {
        let pixels = film(number, width, height);
        let frame = FrameView { pixels: &pixels, stride: width as usize * 4, width, height };
        let region = Rect { x: 0, y: 0, w: width, h: height };
        let before = cpu();
        encoder.encode(frame, region, number == 0, &mut out).unwrap();
        let each = cpu() - before;
        if number == 0 { first = each } else { took.push(each) }
    }
    let rate = out.len() as f64 * 8.0 * 30.0 / 60.0 / 1e6;
    println!(
        "{choice:?} {width}x{height}: keyframe {first:?}, others {} CPU, {rate:.1} Mbit/s at 30 a second",
        p(took)
    );
}

/// Smooth colours that move, with grain.
fn film(number: u32, width: u32, height: u32) -> Vec<u8> {
    let wave = |at: u32| if at % 512 < 256 { at % 512 } else { 511 - at % 512 };
    let mut noise = 88_172_645_463_325_252_u64 ^ u64::from(number);
    let mut pixels = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let grain = noise as u32 & 7;
            let colours = [wave(x + number * 2), wave(y * 2 + number * 3), wave((x + y) / 2 + number)];
            pixels.extend(colours.map(|colour| (colour + grain).min(255) as u8));
            pixels.push(0);
        }
    }
    pixels
}

fn settle(capturer: &mut dyn Capturer) {
    loop {
        capturer.grab().unwrap();
        if capturer.wait(Some(Instant::now() + Duration::from_millis(300))).unwrap().timed_out {
            return;
        }
    }
}

/// Median and the slowest of twenty.
fn p(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    format!("{:?}/{:?}", times[times.len() / 2], times[times.len() * 19 / 20])
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

struct Painter {
    connection: RustConnection,
    window: xproto::Window,
    gc: xproto::Gcontext,
}

impl Painter {
    fn new() -> Self {
        let (connection, screen) = x11rb::connect(None).unwrap();
        let screen = connection.setup().roots[screen].clone();
        let window = connection.generate_id().unwrap();
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let aux = xproto::CreateWindowAux::new().override_redirect(1);
        let kind = xproto::WindowClass::INPUT_OUTPUT;
        connection.create_window(0, window, screen.root, 0, 0, width, height, 0, kind, 0, &aux).unwrap();
        connection.map_window(window).unwrap();
        let gc = connection.generate_id().unwrap();
        connection.create_gc(gc, window, &xproto::CreateGCAux::new()).unwrap();
        connection.sync().unwrap();
        Self { connection, window, gc }
    }

    fn fill(&self, rect: Rect, colour: u32) {
        self.connection
            .change_gc(self.gc, &xproto::ChangeGCAux::new().foreground(colour & 0x00ff_ffff))
            .unwrap();
        let rectangle = xproto::Rectangle {
            x: rect.x as i16,
            y: rect.y as i16,
            width: rect.w as u16,
            height: rect.h as u16,
        };
        self.connection.poly_fill_rectangle(self.window, self.gc, &[rectangle]).unwrap();
        self.connection.sync().unwrap();
    }
}
