//! A real Wayland compositor without a screen, by the real portal and PipeWire.

#[path = "../support/wayland.rs"]
mod support;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use farhand_agent_host::agreement::{self, Wanted};
use farhand_agent_host::capture::{self, CaptureError, Capturer, Geometry, Rect, open_capturer_on};
use farhand_agent_host::clipboard::{Changed, Clipboard};
use farhand_agent_host::input::{self, Injector, open_injector_on};
use farhand_agent_host::monitors::{self, Desktop, open_desktop_on};
use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use support::Got;

use super::{Arrived, PATIENCE, World};

const SIZE: Geometry = Geometry { width: 1024, height: 600 };
/// What one notch of a wheel is in the compositor's measure.
const NOTCH: f64 = 10.0;

pub struct Wayland {
    painter: RefCell<support::Painter>,
    desktop: support::Desktop,
}

impl Wayland {
    /// None where there is no compositor on this machine.
    pub fn new() -> Option<Self> {
        let desktop = support::Desktop::start(&[(SIZE.width, SIZE.height)])?;
        let painter = RefCell::new(desktop.painter());
        let world = Self { painter, desktop };
        agreement::want_on(
            Some(&world.desktop.bus()),
            Wanted { view: true, control: true, windows_only: false },
        );
        drop(world.capturer());
        Some(world)
    }
}

impl World for Wayland {
    fn capturer(&self) -> Box<dyn Capturer> {
        let until = Instant::now() + 3 * PATIENCE;
        loop {
            match open_capturer_on(capture::Backend::Wayland, Some(&self.desktop.bus())) {
                Ok(capturer) => return capturer,
                Err(CaptureError::NotAgreed | CaptureError::Refused { .. }) if Instant::now() < until => {
                    support::pause();
                }
                Err(error) => panic!("{error}: {}", self.desktop.said()),
            }
        }
    }

    fn injector(&self) -> Box<dyn Injector> {
        open_injector_on(input::Backend::Wayland, Some(&self.desktop.bus())).unwrap()
    }

    fn desktop(&self) -> Box<dyn Desktop> {
        open_desktop_on(monitors::Backend::Wayland, Some(&self.desktop.bus())).unwrap()
    }

    fn clipboard(&self, _changed: Changed) -> Box<dyn Clipboard> {
        unreachable!("no promise of the clipboard is made here")
    }

    fn copy(&self, _words: &str) {
        unreachable!("no promise of the clipboard is made here")
    }

    fn paste(&self) -> String {
        unreachable!("no promise of the clipboard is made here")
    }

    fn size(&self) -> Geometry {
        SIZE
    }

    fn fill(&self, rect: Rect, colour: [u8; 3]) {
        self.painter.borrow_mut().fill((rect.x, rect.y, rect.w, rect.h), colour);
    }

    fn truth(&self) -> Vec<[u8; 3]> {
        self.painter.borrow().painted.clone()
    }

    fn next(&self, within: Duration) -> Option<Arrived> {
        match self.painter.borrow_mut().next(within)? {
            Got::Key(code, down) => Some(Arrived::Key(Usage::from_evdev(u16::try_from(code).ok()?)?, down)),
            Got::Wheel(down) => Some(Arrived::Wheel((-down / NOTCH).round() as i32)),
            Got::Button(code, down, x, y) => {
                let button = match code {
                    0x110 => Button::Left,
                    0x111 => Button::Right,
                    0x112 => Button::Middle,
                    0x113 => Button::Back,
                    0x114 => Button::Forward,
                    _ => return None,
                };
                Some(Arrived::Button(button, down, x as i32, y as i32))
            }
        }
    }
}
