//! A real X server without a screen.

#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use farhand_agent_host::capture::{self, Capturer, Geometry, Rect, open_capturer_on};
use farhand_agent_host::clipboard::{self, Changed, Clipboard, open_clipboard_on};
use farhand_agent_host::input::{self, Injector, open_injector_on};
use farhand_agent_host::monitors::{self, Desktop, open_desktop_on};
use farhand_protocol::channel::Button;
use farhand_protocol::channel::clipboard::ClipboardFormat;
use farhand_protocol::keys::Usage;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::cell::RefCell;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;

use super::{Arrived, World, text};

const SIZE: Geometry = Geometry { width: 1024, height: 600 };

pub struct X11 {
    other: RefCell<Option<Box<dyn Clipboard>>>,
    client: support::Client,
    desktop: support::Desktop,
}

impl X11 {
    pub fn new() -> Self {
        let desktop = support::Desktop::start(SIZE.width, SIZE.height);
        Self { other: RefCell::new(None), client: desktop.client(), desktop }
    }

    fn display(&self) -> Option<&str> {
        Some(&self.desktop.display)
    }
}

fn arrived(event: &Event) -> Option<Arrived> {
    let button = |number: u8, down: bool, x: i16, y: i16| {
        let button = match number {
            1 => Button::Left,
            2 => Button::Middle,
            3 => Button::Right,
            8 => Button::Back,
            9 => Button::Forward,
            // The wheel is two buttons here, and turns when one goes down.
            4 => return down.then_some(Arrived::Wheel(1)),
            5 => return down.then_some(Arrived::Wheel(-1)),
            _ => return None,
        };
        Some(Arrived::Button(button, down, x.into(), y.into()))
    };
    let key = |code: u8, down| Some(Arrived::Key(Usage::from_evdev(u16::from(code) - 8)?, down));
    match event {
        Event::KeyPress(event) => key(event.detail, true),
        Event::KeyRelease(event) => key(event.detail, false),
        Event::ButtonPress(event) => button(event.detail, true, event.root_x, event.root_y),
        Event::ButtonRelease(event) => button(event.detail, false, event.root_x, event.root_y),
        _ => None,
    }
}

impl World for X11 {
    fn capturer(&self) -> Box<dyn Capturer> {
        open_capturer_on(capture::Backend::X11, self.display()).unwrap()
    }

    fn injector(&self) -> Box<dyn Injector> {
        open_injector_on(input::Backend::X11, self.display()).unwrap()
    }

    fn desktop(&self) -> Box<dyn Desktop> {
        open_desktop_on(monitors::Backend::X11, self.display()).unwrap()
    }

    fn clipboard(&self, changed: Changed) -> Box<dyn Clipboard> {
        open_clipboard_on(clipboard::Backend::X11, self.display(), changed).unwrap()
    }

    fn copy(&self, words: &str) {
        // What lies there is whoever's copied it for as long as they are there; each time it is another program.
        let mut other = self.clipboard(Box::new(|| {}));
        other.write(text(words)).unwrap();
        *self.other.borrow_mut() = Some(other);
    }

    fn paste(&self) -> String {
        let content = self.clipboard(Box::new(|| {})).read().unwrap();
        let text = content.parts.into_iter().find(|(format, _)| *format == ClipboardFormat::Text);
        String::from_utf8(text.unwrap().1).unwrap()
    }

    fn size(&self) -> Geometry {
        SIZE
    }

    fn fill(&self, rect: Rect, [blue, green, red]: [u8; 3]) {
        let colour = u32::from_le_bytes([blue, green, red, 0]);
        self.client.fill((rect.x as i16, rect.y as i16, rect.w as u16, rect.h as u16), colour);
    }

    fn truth(&self) -> Vec<[u8; 3]> {
        support::colours(&self.client.screen())
    }

    fn next(&self, within: Duration) -> Option<Arrived> {
        let until = Instant::now() + within;
        let connection = &self.client.connection;
        connection.flush().unwrap();
        loop {
            while let Some(event) = connection.poll_for_event().unwrap() {
                if let Some(arrived) = arrived(&event) {
                    return Some(arrived);
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let left = Timespec::try_from(left).unwrap();
            let mut waits = [PollFd::new(connection.stream(), PollFlags::IN)];
            rustix::event::poll(&mut waits, Some(&left)).unwrap();
        }
    }
}
