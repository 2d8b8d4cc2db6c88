//! A display of the tests' own and a second client on it.
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "each test file uses a part of it")]

pub mod bus;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// How long a test waits for something that must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An X server without a screen, gone when dropped.
pub struct Desktop {
    server: Child,
    pub display: String,
}

impl Desktop {
    pub fn start(width: u32, height: u32) -> Self {
        Self::start_with(width, height, 24, &[])
    }

    pub fn start_with(width: u32, height: u32, depth: u32, more: &[&str]) -> Self {
        let screen = format!("{width}x{height}x{depth}");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0", &screen])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need the program Xvfb (Debian package xvfb)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb could not start");
        Self { server, display: format!(":{}", number.trim()) }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.display)
    }

    /// As if the machine's display server crashed.
    pub fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Another program on the display: a window over all of it that has the keyboard.
pub struct Client {
    pub connection: RustConnection,
    pub root: xproto::Window,
    pub window: xproto::Window,
    gc: xproto::Gcontext,
    pub width: u16,
    pub height: u16,
    depth: u8,
}

impl Client {
    fn new(display: &str) -> Self {
        let (connection, screen) = RustConnection::connect(Some(display)).unwrap();
        let screen = connection.setup().roots[screen].clone();
        let window = connection.generate_id().unwrap();
        let events = xproto::EventMask::KEY_PRESS
            | xproto::EventMask::KEY_RELEASE
            | xproto::EventMask::BUTTON_PRESS
            | xproto::EventMask::BUTTON_RELEASE
            | xproto::EventMask::POINTER_MOTION
            | xproto::EventMask::EXPOSURE;
        let aux = xproto::CreateWindowAux::new()
            .override_redirect(1)
            .event_mask(events)
            .background_pixel(0x33_55_77);
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let kind = xproto::WindowClass::INPUT_OUTPUT;
        connection.create_window(0, window, screen.root, 0, 0, width, height, 0, kind, 0, &aux).unwrap();
        connection.map_window(window).unwrap();
        let gc = connection.generate_id().unwrap();
        connection.create_gc(gc, window, &xproto::CreateGCAux::new().graphics_exposures(0)).unwrap();
        let client =
            Self { connection, root: screen.root, window, gc, width, height, depth: screen.root_depth };
        client.wait_for("the window", |event| matches!(event, Event::Expose(_)).then_some(()));
        client.take_keyboard();
        client
    }

    /// Gets what is typed from now on.
    pub fn take_keyboard(&self) {
        let parent = xproto::InputFocus::POINTER_ROOT;
        self.connection.set_input_focus(parent, self.window, x11rb::CURRENT_TIME).unwrap();
        self.sync();
    }

    pub fn sync(&self) {
        self.connection.sync().unwrap();
    }

    /// Paints a rectangle and waits until the server has.
    pub fn fill(&self, (x, y, w, h): (i16, i16, u16, u16), colour: u32) {
        self.connection.change_gc(self.gc, &xproto::ChangeGCAux::new().foreground(colour)).unwrap();
        let rectangle = xproto::Rectangle { x, y, width: w, height: h };
        self.connection.poly_fill_rectangle(self.window, self.gc, &[rectangle]).unwrap();
        self.sync();
    }

    /// Puts pixels (blue, green, red, anything) and waits until the server has them.
    pub fn put(&self, (x, y, w, h): (i16, i16, u16, u16), pixels: &[u8]) {
        let row = usize::from(w) * 4;
        for (line, chunk) in pixels.chunks(row * 16).enumerate() {
            let rows = (chunk.len() / row) as u16;
            let y = y + line as i16 * 16;
            let format = xproto::ImageFormat::Z_PIXMAP;
            self.connection
                .put_image(format, self.window, self.gc, w, rows, x, y, 0, self.depth, chunk)
                .unwrap();
        }
        let _ = h;
        self.sync();
    }

    /// The whole screen as the server hands it out over the wire.
    pub fn screen(&self) -> Vec<u8> {
        let geometry = self.connection.get_geometry(self.root).unwrap().reply().unwrap();
        let format = xproto::ImageFormat::Z_PIXMAP;
        let image = self.connection.get_image(format, self.root, 0, 0, geometry.width, geometry.height, !0);
        image.unwrap().reply().unwrap().data
    }

    /// The next event for which `pick` gives something.
    pub fn wait_for<T>(&self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        self.connection.flush().unwrap();
        loop {
            while let Some(event) = self.connection.poll_for_event().unwrap() {
                if let Some(picked) = pick(&event) {
                    return picked;
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come");
            let left = Timespec::try_from(left).unwrap();
            rustix::event::poll(&mut [PollFd::new(self.connection.stream(), PollFlags::IN)], Some(&left))
                .unwrap();
        }
    }

    /// Key codes that are down.
    pub fn keys_down(&self) -> Vec<u8> {
        let keys = self.connection.query_keymap().unwrap().reply().unwrap().keys;
        (0..=255_u8).filter(|code| keys[usize::from(code / 8)] & (1 << (code % 8)) != 0).collect()
    }

    /// Modifiers and buttons that are down.
    pub fn pointer_mask(&self) -> u16 {
        self.connection.query_pointer(self.root).unwrap().reply().unwrap().mask.into()
    }
}

/// Pixels without their fourth byte, which means nothing.
pub fn colours(pixels: &[u8]) -> Vec<[u8; 3]> {
    pixels.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
}

/// Numbers that look random and are the same each time.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }
}
