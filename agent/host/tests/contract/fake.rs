//! A computer that is none.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use farhand_agent_host::capture::fake::FakeScreen;
use farhand_agent_host::capture::{Capturer, Geometry, Rect};
use farhand_agent_host::clipboard::fake::FakeDesk;
use farhand_agent_host::clipboard::{Changed, Clipboard};
use farhand_agent_host::input::fake::{FakeInput, Injected};
use farhand_agent_host::input::{InjectError, Injector};
use farhand_agent_host::monitors::fake::FakeDesktop;
use farhand_agent_host::monitors::{Area, Desktop, Monitor, Shareable, WindowRule};
use farhand_protocol::channel::clipboard::ClipboardFormat;
use farhand_protocol::channel::{Button, Cursor};
use farhand_protocol::keys::Usage;

use super::{Arrived, World, text};

const SIZE: Geometry = Geometry { width: 800, height: 500 };

pub struct Fake {
    screen: FakeScreen,
    /// The same again: whoever looks at the screen takes its damage with them.
    painted: RefCell<Vec<[u8; 3]>>,
    desktop: FakeDesktop,
    input: FakeInput,
    desk: FakeDesk,
    /// How much of what was put in has been looked at.
    seen: Cell<usize>,
}

impl Fake {
    pub fn new() -> Self {
        let screen = FakeScreen::new(SIZE);
        let area = Area { x: 0, y: 0, width: SIZE.width, height: SIZE.height };
        let monitor = Monitor { id: 7, name: "One".into(), area, scale: 100, primary: true };
        let desktop = FakeDesktop { monitors: vec![monitor], ..FakeDesktop::default() };
        screen.set_desktop(desktop.clone());
        screen.set_cursor(Cursor { width: 1, height: 1, hot_x: 0, hot_y: 0, rgba: vec![0, 0, 0, 255] });
        let painted = RefCell::new(vec![[0; 3]; (SIZE.width * SIZE.height) as usize]);
        let (input, desk) = (FakeInput::default(), FakeDesk::default());
        Self { screen, painted, desktop, input, desk, seen: Cell::new(0) }
    }
}

/// Moves the fake screen's pointer as well.
struct Both(Box<dyn Injector>, FakeScreen);

impl Injector for Both {
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError> {
        self.0.key(usage, down)
    }
    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError> {
        self.1.move_cursor(x, y);
        self.0.pointer(x, y)
    }
    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        self.0.pointer_by(dx, dy)
    }
    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        self.0.button(button, down)
    }
    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        self.0.wheel(dx, dy)
    }
    fn text(&mut self, text: &str) -> Result<(), InjectError> {
        self.0.text(text)
    }
    fn letter(&mut self, letter: char) -> Result<(), InjectError> {
        self.0.letter(letter)
    }
    fn flush(&mut self) -> Result<(), InjectError> {
        self.0.flush()
    }
    fn release_all(&mut self) -> Result<(), InjectError> {
        self.0.release_all()
    }
}

struct Looks(FakeDesktop);

impl Desktop for Looks {
    fn look(&mut self, rules: &[WindowRule]) -> Result<Shareable, farhand_agent_host::capture::CaptureError> {
        self.0.look(rules)
    }
}

impl World for Fake {
    fn capturer(&self) -> Box<dyn Capturer> {
        Box::new(self.screen.capturer())
    }

    fn injector(&self) -> Box<dyn Injector> {
        Box::new(Both(Box::new(self.input.injector()), self.screen.clone()))
    }

    fn desktop(&self) -> Box<dyn Desktop> {
        Box::new(Looks(self.desktop.clone()))
    }

    fn clipboard(&self, changed: Changed) -> Box<dyn Clipboard> {
        Box::new(self.desk.clipboard(changed))
    }

    fn copy(&self, words: &str) {
        self.desk.copy(text(words), false);
    }

    fn paste(&self) -> String {
        let content = self.desk.paste();
        let text = content.parts.into_iter().find(|(format, _)| *format == ClipboardFormat::Text);
        String::from_utf8(text.unwrap().1).unwrap()
    }

    fn size(&self) -> Geometry {
        SIZE
    }

    fn fill(&self, rect: Rect, [blue, green, red]: [u8; 3]) {
        let mut painted = self.painted.borrow_mut();
        let (right, bottom) = ((rect.x + rect.w).min(SIZE.width), (rect.y + rect.h).min(SIZE.height));
        for y in rect.y..bottom {
            for x in rect.x..right {
                painted[(y * SIZE.width + x) as usize] = [blue, green, red];
            }
        }
        self.screen.fill(rect, [blue, green, red, 0]);
    }

    fn truth(&self) -> Vec<[u8; 3]> {
        self.painted.borrow().clone()
    }

    fn next(&self, _within: Duration) -> Option<Arrived> {
        let all = self.input.injected();
        let mut at = (0, 0);
        for (number, injected) in all.iter().enumerate() {
            let arrived = match injected {
                Injected::Pointer(x, y) => {
                    at = (*x, *y);
                    continue;
                }
                Injected::Key(usage, down) => Arrived::Key(*usage, *down),
                Injected::Button(button, down) => Arrived::Button(*button, *down, at.0, at.1),
                Injected::Wheel(_, up) => Arrived::Wheel(*up),
                Injected::PointerBy(..) | Injected::Text(_) | Injected::Letter(_) => continue,
            };
            if number >= self.seen.get() {
                self.seen.set(number + 1);
                return Some(arrived);
            }
        }
        None
    }
}
