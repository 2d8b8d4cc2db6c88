//! Shaped windows over an X11 display, with or without a compositor: each is cut to the pixels that it colours, and has
//! no pixel that takes input.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Colour, Mark, Place};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::shape::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::lines::{Span, around, covered, strokes};
use super::{Overlay, OverlayError, Picture};
use crate::x11::bell::Bell;
use crate::x11::{Fault, connect, require};

/// Width of the border, in pixels.
const BORDER: i32 = 4;
/// Half of a mark's width, in pixels, and that of the light edge around it, which shows it on any ground.
const RADIUS: i32 = 2;
const EDGE: i32 = 4;
/// Half of a light's size, in pixels.
const LIGHT: i32 = 8;
const LIGHT_EDGE: i32 = 11;
/// What covers the border is let stand for so long, lest two programs fight for the top.
const RAISE_AGAIN: Duration = Duration::from_millis(500);

const WHITE: u32 = 0xff_ff_ff;
/// The colour in which the banner says that somebody controls.
const CONTROLS: u32 = 0xe0_6a_00;

impl From<Fault> for OverlayError {
    fn from(fault: Fault) -> Self {
        Self::Refused { detail: format!("{fault:?}") }
    }
}

#[derive(Debug, Default)]
struct Wanted {
    picture: Option<Picture>,
    quit: bool,
}

/// The overlay of an X11 display.
#[derive(Debug)]
pub struct X11Overlay {
    wanted: Arc<Mutex<Wanted>>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl X11Overlay {
    /// Opens the display named, or the environment's.
    pub fn open(display: Option<&str>) -> Result<Self, OverlayError> {
        let (connection, screen) = connect(display)?;
        require(&connection, shape::X11_EXTENSION_NAME, "SHAPE")?;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .ok_or_else(|| Fault::Refused { detail: "it has no such screen".to_owned() })?
            .clone();
        let attributes =
            xproto::ChangeWindowAttributesAux::new().event_mask(xproto::EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(root.root, &attributes).map_err(Fault::from)?;
        let wanted = Arc::new(Mutex::new(Wanted::default()));
        let bell = Bell::new()?;
        let painter = Painter {
            size: (root.width_in_pixels.into(), root.height_in_pixels.into()),
            connection,
            root: root.root,
            border: Vec::new(),
            bordered: None,
            raised: None,
            marks: Vec::new(),
            lights: Vec::new(),
        };
        let (theirs, ring) = (Arc::clone(&wanted), bell.clone());
        let thread = std::thread::Builder::new()
            .name("overlay".into())
            .spawn(move || {
                if let Err(fault) = painter.run(&theirs, &ring) {
                    tracing::warn!(?fault, "nothing is drawn over the screen any more");
                }
            })
            .map_err(|error| OverlayError::Refused { detail: error.to_string() })?;
        Ok(Self { wanted, bell, thread: Some(thread) })
    }
}

impl Overlay for X11Overlay {
    fn show(&self, picture: Picture) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).picture = Some(picture);
        self.bell.ring();
    }
}

impl Drop for X11Overlay {
    fn drop(&mut self) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).quit = true;
        self.bell.ring();
        // Its windows go with its connection.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A mark's windows: the light edge, and the mark on it.
#[derive(Debug)]
struct Shown {
    mark: Arc<Mark>,
    windows: [xproto::Window; 2],
}

struct Painter {
    connection: RustConnection,
    root: xproto::Window,
    size: (i32, i32),
    /// Upper, lower, left and right edge; empty while there is none.
    border: Vec<xproto::Window>,
    bordered: Option<Area>,
    raised: Option<Instant>,
    marks: Vec<Shown>,
    lights: Vec<(Place, [xproto::Window; 2])>,
}

impl Painter {
    fn run(mut self, wanted: &Mutex<Wanted>, bell: &Bell) -> Result<(), Fault> {
        let mut picture = Picture::default();
        loop {
            let resized = self.drain()?;
            let next = {
                let mut wanted = wanted.lock().unwrap_or_else(PoisonError::into_inner);
                if wanted.quit {
                    return Ok(());
                }
                wanted.picture.take()
            };
            let changed = next.is_some();
            if let Some(next) = next {
                picture = next;
            }
            if resized {
                // Everything is drawn anew in its place.
                self.paint(&Picture::default())?;
            }
            if resized || changed {
                self.paint(&picture)?;
                self.connection.sync()?;
                continue;
            }
            bell.wait(&self.connection, None)?;
        }
    }

    /// Takes in what the display says; whether the screen has another size.
    fn drain(&mut self) -> Result<bool, Fault> {
        let mut resized = false;
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::ConfigureNotify(event) if event.window == self.root => {
                    let size = (i32::from(event.width), i32::from(event.height));
                    resized |= std::mem::replace(&mut self.size, size) != size;
                }
                Event::VisibilityNotify(event)
                    if event.state == xproto::Visibility::FULLY_OBSCURED
                        && self.border.contains(&event.window) =>
                {
                    self.raise_border()?;
                }
                Event::Error(error) => tracing::debug!(?error, "the display refused a request"),
                // Events are the display's to add; those not asked for mean nothing here.
                _ => {}
            }
        }
        Ok(resized)
    }

    fn raise_border(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        if self.raised.is_some_and(|at| now.saturating_duration_since(at) < RAISE_AGAIN) {
            return Ok(());
        }
        self.raised = Some(now);
        for window in &self.border {
            let above = xproto::ConfigureWindowAux::new().stack_mode(xproto::StackMode::ABOVE);
            self.connection.configure_window(*window, &above)?;
        }
        Ok(())
    }

    fn paint(&mut self, picture: &Picture) -> Result<(), Fault> {
        self.paint_border(picture.border)?;
        let mut old = std::mem::take(&mut self.marks);
        for mark in &picture.marks {
            let same = old.iter().position(|shown| Arc::ptr_eq(&shown.mark, mark));
            let windows = match same {
                Some(at) => old.remove(at).windows,
                None => self.draw(mark)?,
            };
            self.marks.push(Shown { mark: Arc::clone(mark), windows });
        }
        for shown in old {
            self.take_away(shown.windows)?;
        }
        while self.lights.len() > picture.lights.len() {
            if let Some((_, windows)) = self.lights.pop() {
                self.take_away(windows)?;
            }
        }
        for (at, place) in picture.lights.iter().enumerate() {
            match self.lights.get_mut(at) {
                Some((old, _)) if old == place => {}
                Some((old, windows)) => {
                    *old = *place;
                    for (window, radius) in windows.iter().zip([LIGHT_EDGE, LIGHT]) {
                        let to = xproto::ConfigureWindowAux::new().x(place.x - radius).y(place.y - radius);
                        self.connection.configure_window(*window, &to)?;
                    }
                }
                None => {
                    let windows = self.light(*place)?;
                    self.lights.push((*place, windows));
                }
            }
        }
        Ok(())
    }

    fn paint_border(&mut self, wanted: Option<Area>) -> Result<(), Fault> {
        if wanted == self.bordered {
            return Ok(());
        }
        self.bordered = wanted;
        for window in std::mem::take(&mut self.border) {
            self.connection.destroy_window(window)?;
        }
        let Some(area) = wanted else { return Ok(()) };
        let length = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let (x, y, width, height) = match area {
            Area { width: 0, .. } | Area { height: 0, .. } => (0, 0, self.size.0, self.size.1),
            Area { x, y, width, height } => (x, y, length(width), length(height)),
        };
        let edges = [
            (x, y, width, BORDER),
            (x, y.saturating_add(height - BORDER), width, BORDER),
            (x, y.saturating_add(BORDER), BORDER, height - 2 * BORDER),
            (x.saturating_add(width - BORDER), y.saturating_add(BORDER), BORDER, height - 2 * BORDER),
        ];
        for edge in edges {
            let window = self.window(edge, &[(0, 0, edge.2, edge.3)], CONTROLS)?;
            self.border.push(window);
        }
        Ok(())
    }

    fn draw(&self, mark: &Mark) -> Result<[xproto::Window; 2], Fault> {
        let strokes = strokes(mark);
        let colour = match mark.colour {
            Colour::Red | Colour::Unknown => 0xe5_1c_23,
            Colour::Yellow => 0xff_c1_07,
            Colour::Green => 0x1f_9d_3a,
            Colour::Blue => 0x15_65_d8,
        };
        // On yellow, white is no edge.
        let edge = if mark.colour == Colour::Yellow { 0x20_20_20 } else { WHITE };
        Ok([
            self.cut(&covered(&strokes, EDGE, self.size), edge)?,
            self.cut(&covered(&strokes, RADIUS, self.size), colour)?,
        ])
    }

    fn light(&self, Place { x, y }: Place) -> Result<[xproto::Window; 2], Fault> {
        let disc = |radius: i32, colour| {
            let side = 2 * radius + 1;
            let spans = covered(&[vec![Place { x: radius, y: radius }]], radius, (side, side));
            self.window((x - radius, y - radius, side, side), &spans, colour)
        };
        Ok([disc(LIGHT_EDGE, WHITE)?, disc(LIGHT, 0xe5_1c_23)?])
    }

    /// A window of these pixels of the screen.
    fn cut(&self, spans: &[Span], colour: u32) -> Result<xproto::Window, Fault> {
        let place = around(spans).unwrap_or((0, 0, 1, 1));
        let inside: Vec<Span> = spans.iter().map(|(x, y, w, h)| (x - place.0, y - place.1, *w, *h)).collect();
        self.window(place, &inside, colour)
    }

    fn window(&self, place: Span, shape: &[Span], colour: u32) -> Result<xproto::Window, Fault> {
        let window = self.connection.generate_id()?;
        // Out of the window manager's hands, above everything, and never given the keyboard.
        let aux = xproto::CreateWindowAux::new()
            .override_redirect(1)
            .save_under(1)
            .background_pixel(colour)
            .event_mask(xproto::EventMask::VISIBILITY_CHANGE);
        let (x, y) = (clip(place.0), clip(place.1));
        let (width, height) = (length(place.2), length(place.3));
        let class = xproto::WindowClass::INPUT_OUTPUT;
        self.connection.create_window(0, window, self.root, x, y, width, height, 0, class, 0, &aux)?;
        let rectangles: Vec<xproto::Rectangle> = shape
            .iter()
            .map(|(x, y, w, h)| xproto::Rectangle {
                x: clip(*x),
                y: clip(*y),
                width: length(*w),
                height: length(*h),
            })
            .collect();
        let (set, unsorted) = (shape::SO::SET, xproto::ClipOrdering::UNSORTED);
        self.connection.shape_rectangles(set, shape::SK::BOUNDING, unsorted, window, 0, 0, &rectangles)?;
        self.connection.shape_rectangles(set, shape::SK::INPUT, unsorted, window, 0, 0, &[])?;
        // So that the capturer knows it for ours, wherever only a part of the screen is shared.
        let (replace, string) = (xproto::PropMode::REPLACE, xproto::AtomEnum::STRING);
        let name = xproto::AtomEnum::WM_CLASS;
        self.connection.change_property8(
            replace,
            window,
            name,
            string,
            b"farhand-overlay\0farhand-overlay\0",
        )?;
        self.connection.map_window(window)?;
        Ok(window)
    }

    fn take_away(&self, windows: [xproto::Window; 2]) -> Result<(), Fault> {
        for window in windows {
            self.connection.destroy_window(window)?;
        }
        Ok(())
    }
}

fn clip(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// X11 has no window without size.
fn length(value: i32) -> u16 {
    value.clamp(1, u16::MAX.into()) as u16
}
