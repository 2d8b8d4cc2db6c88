//! An X11 display by XDamage (what changed), MIT-SHM (its pixels) and XFixes (the pointer).
//!
//! Damage is asked for once per grab (level "non-empty"): the server tells the first change after a grab and then
//! gathers in a region of its own, which the next grab empties *before* it takes the pixels. What is drawn in between
//! is in the pixels and is told again; nothing is lost, and a program that draws a thousand glyphs costs one event.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use farhand_protocol::channel::Cursor;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::cookie::Cookie;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{self, ConnectionExt as _};
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xfixes::{self, ConnectionExt as _};
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use super::{
    CaptureError, Captured, Capturer, FrameView, Geometry, Happened, MAX_PIXELS, Rect, Waker, cover, cursor,
    rects,
};
use crate::monitors::scene::Scene;
use crate::monitors::x11::Tracker;
use crate::monitors::{Area, Seen, View};
use crate::x11::segment::{Segment, SegmentError};
use crate::x11::{Fault, connect, require};

/// Bytes of a pixel.
const PIXEL: usize = 4;
/// How often a grab begins again because the screen changed its size meanwhile.
const ATTEMPTS: usize = 8;
/// How often the display is asked about what changes while it is asked.
const SETTLES: usize = 8;

/// The capturer of an X11 display.
#[derive(Debug)]
pub struct X11Capturer {
    connection: RustConnection,
    root: xproto::Window,
    damage: damage::Damage,
    region: xfixes::Region,
    /// The desktop's size, and the frame's in memory; what is handed out is a part of it.
    desktop: Geometry,
    tracker: Tracker,
    /// What was told last.
    seen: Seen,
    cover: cover::Cover,
    /// The frame, and after it room of the same size for the rectangles that are not read in whole rows.
    memory: Segment,
    /// The next grab takes everything.
    whole: bool,
    /// Request that emptied the damage last: what was told before it is old news.
    emptied: u64,
    rects: Vec<Rect>,
    /// The part of the desktop that the last frame shows.
    shown: Area,
    /// The desktop changed while a frame was taken.
    again: bool,
    /// It changed since it was looked at.
    changed: bool,
    happened: Happened,
    bell: Arc<OwnedFd>,
}

enum GrabError {
    /// The screen has another size than it had.
    Moved,
    Failed(Fault),
    /// Said already as others need it.
    Given(CaptureError),
}

impl<E: Into<Fault>> From<E> for GrabError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl X11Capturer {
    /// Opens the display named, or the environment's.
    pub fn open(display: Option<&str>) -> Result<Self, CaptureError> {
        let (connection, screen) = connect(display)?;
        require(&connection, damage::X11_EXTENSION_NAME, "DAMAGE")?;
        require(&connection, xfixes::X11_EXTENSION_NAME, "XFIXES")?;
        require(&connection, shm::X11_EXTENSION_NAME, "MIT-SHM")?;
        let root = check_format(&connection, screen)?;
        let (damage, region) = subscribe(&connection, root)?;
        let tracker = Tracker::new(&connection, screen)?;
        let desktop = root_geometry(&connection, root)?;
        let memory = share(&connection, desktop)?;
        let seen = tracker.scene().seen();
        let bell = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| CaptureError::NoMemory { detail: error.to_string() })?;
        Ok(Self {
            connection,
            root,
            damage,
            region,
            desktop,
            tracker,
            seen,
            cover: cover::Cover::default(),
            memory,
            whole: true,
            emptied: 0,
            rects: Vec::new(),
            shown: Area::default(),
            again: false,
            changed: false,
            happened: Happened {
                damage: true,
                cursor_shape: true,
                cursor_moved: true,
                desk: true,
                ..Happened::default()
            },
            bell: Arc::new(bell),
        })
    }

    /// Takes in every event that is here already, and what is to be asked because of them. Whether nothing is left:
    /// events come with answers, too, and nothing wakes anybody for those.
    fn drain(&mut self) -> Result<bool, CaptureError> {
        for _ in 0..SETTLES {
            self.take_events(|_| {})?;
            if self.tracker.is_stale() {
                self.changed = true;
                self.tracker.settle(&self.connection)?;
            } else if std::mem::take(&mut self.changed) {
                self.look()?;
            } else {
                return Ok(true);
            }
        }
        // It keeps changing: what is known by now counts.
        if std::mem::take(&mut self.changed) {
            self.look()?;
        }
        Ok(false)
    }

    /// Takes in every event that is here already. `after` is called with the scene after each that may have changed it.
    fn take_events(&mut self, mut after: impl FnMut(&Scene)) -> Result<(), CaptureError> {
        while let Some((event, sequence)) =
            self.connection.poll_for_event_with_sequence().map_err(Fault::from)?
        {
            match &event {
                Event::DamageNotify(_) => self.happened.damage |= sequence >= self.emptied,
                Event::XfixesCursorNotify(_) => self.happened.cursor_shape = true,
                Event::XinputRawMotion(_) => {
                    self.happened.cursor_moved = true;
                    self.tracker.take(&event);
                }
                Event::Error(error) => tracing::debug!(?error, "the display refused a request"),
                other => {
                    self.tracker.take(other);
                    self.changed = true;
                    after(self.tracker.scene());
                }
            }
        }
        Ok(())
    }

    /// Compares the desktop with what was told of it.
    fn look(&mut self) -> Result<(), CaptureError> {
        self.resize()?;
        let seen = self.tracker.scene().seen();
        if seen == self.seen {
            return Ok(());
        }
        let (before, after) = (self.seen.monitors.area, seen.monitors.area);
        if before != after {
            self.whole = true;
            self.happened.resized |= (before.width, before.height) != (after.width, after.height);
        }
        if before != after || self.seen.blocked != seen.blocked {
            self.happened.damage = true;
        }
        self.cover.linger(&self.seen, &seen, self.tracker.is_composited(), Instant::now());
        tracing::debug!(?seen, "the desktop is another");
        self.happened.desk = true;
        self.seen = seen;
        Ok(())
    }

    /// Looks whether the desktop has another size, and makes the memory anew then.
    fn resize(&mut self) -> Result<bool, CaptureError> {
        let desktop = root_geometry(&self.connection, self.root)?;
        if desktop == self.desktop {
            return Ok(false);
        }
        self.connection.shm_detach(self.memory.id()).map_err(Fault::from)?;
        self.memory = share(&self.connection, desktop)?;
        self.desktop = desktop;
        self.cover.forget();
        self.whole = true;
        self.happened.damage = true;
        Ok(true)
    }

    /// Whether somebody rang since the last time.
    fn rung(&self) -> bool {
        rustix::io::read(&*self.bell, &mut [0; 8]).is_ok()
    }

    /// Blocks until the display or the bell has something, or the time has come. Whether the time has come.
    fn sleep(&self, until: Option<Instant>) -> Result<bool, CaptureError> {
        self.connection.flush().map_err(Fault::from)?;
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = match left.map(Timespec::try_from) {
            None => None,
            Some(Ok(left)) => Some(left),
            Some(Err(_)) => None,
        };
        let mut fds =
            [PollFd::new(self.connection.stream(), PollFlags::IN), PollFd::new(&*self.bell, PollFlags::IN)];
        match rustix::event::poll(&mut fds, left.as_ref()) {
            Ok(ready) => Ok(ready == 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(CaptureError::Refused { detail: error.to_string() }),
        }
    }

    /// Empties the damage and takes its pixels.
    fn take(&mut self) -> Result<Instant, GrabError> {
        let bounds = self.desktop.bounds();
        let area = self.tracker.scene().area();
        let part = rect_of(area);
        self.rects.clear();
        if part.x + part.w > bounds.w || part.y + part.h > bounds.h {
            return Err(GrabError::Moved);
        }
        let hidden = self.cover.hidden(self.tracker.scene(), area);
        if self.whole {
            let emptied = self.connection.damage_subtract(self.damage, x11rb::NONE, x11rb::NONE)?;
            self.emptied = emptied.sequence_number();
            self.cover.forget();
            self.rects.push(part);
        } else {
            let emptied = self.connection.damage_subtract(self.damage, x11rb::NONE, self.region)?;
            self.emptied = emptied.sequence_number();
            std::mem::forget(emptied);
            let region = self.connection.xfixes_fetch_region(self.region)?.reply()?;
            self.rects.extend(region.rectangles.iter().filter_map(|rect| clip(rect, part)));
            self.rects.extend(self.cover.uncovered(&hidden).into_iter().map(rect_of));
            rects::tidy(&mut self.rects);
        }
        // From here on the display tells of the next damage, also while the pixels are fetched.
        self.happened.damage = false;
        let captured_at = Instant::now();
        self.fetch(bounds)?;
        self.conceal(area, hidden)?;
        self.whole = false;
        self.shown = area;
        for rect in &mut self.rects {
            (rect.x, rect.y) = (rect.x - part.x, rect.y - part.y);
        }
        Ok(captured_at)
    }

    /// Covers what must not be seen: as the desktop was when the pixels were asked for, and after each change of which
    /// the server told before it handed out the last of them.
    fn conceal(&mut self, area: Area, mut hidden: Vec<Area>) -> Result<(), GrabError> {
        let mut later = Vec::new();
        let taken = self.take_events(|scene| cover::gather(&mut later, scene.hidden(area)));
        taken.map_err(GrabError::Given)?;
        // Whatever is covered for this frame alone is looked at again at once.
        self.again = self.changed;
        hidden.extend(later);
        let bounds = self.desktop.bounds();
        let row = bounds.w as usize * PIXEL;
        let frame = row * bounds.h as usize;
        let newly = self.cover.put(hidden, &mut self.memory.bytes_mut()[..frame], row);
        self.rects.extend(newly.into_iter().map(rect_of));
        Ok(())
    }

    /// Brings the pixels of all rectangles into the frame. Broad ones are read as whole rows, straight to their place;
    /// the others beside the frame, and copied from there.
    fn fetch(&mut self, bounds: Rect) -> Result<(), GrabError> {
        let frame = bounds.w as usize * bounds.h as usize * PIXEL;
        let narrow: usize =
            self.rects.iter().filter(|rect| !broad(**rect, bounds)).map(|rect| area(*rect)).sum();
        if narrow * PIXEL > frame {
            let all = self.rects.iter().copied().reduce(rects::around);
            self.rects.clear();
            self.rects.extend(all);
        }
        let mut asked = Vec::with_capacity(self.rects.len());
        let mut beside = frame;
        for rect in &self.rects {
            let (source, offset) = if broad(*rect, bounds) {
                (Rect { x: 0, w: bounds.w, ..*rect }, rect.y as usize * bounds.w as usize * PIXEL)
            } else {
                let offset = beside;
                beside += area(*rect) * PIXEL;
                (*rect, offset)
            };
            asked.push((ask(&self.connection, self.root, source, self.memory.id(), offset)?, offset));
        }
        let mut failure = None;
        for (rect, (cookie, offset)) in self.rects.iter().zip(asked) {
            match cookie.reply() {
                Ok(_) if offset >= frame => {
                    let (frame, beside) = self.memory.bytes_mut().split_at_mut(frame);
                    let row = rect.w as usize * PIXEL;
                    let from = &beside[offset - frame.len()..][..row * rect.h as usize];
                    for (line, pixels) in from.chunks_exact(row).enumerate() {
                        let to = ((rect.y as usize + line) * bounds.w as usize + rect.x as usize) * PIXEL;
                        frame[to..to + row].copy_from_slice(pixels);
                    }
                }
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            None => Ok(()),
            // A rectangle outside the root window: it is smaller than it was.
            Some(ReplyError::X11Error(error)) if error.error_kind == x11rb::protocol::ErrorKind::Match => {
                Err(GrabError::Moved)
            }
            Some(error) => Err(error.into()),
        }
    }
}

impl Capturer for X11Capturer {
    fn geometry(&self) -> Geometry {
        let Area { width, height, .. } = self.seen.monitors.area;
        Geometry { width, height }
    }

    fn waker(&self) -> Waker {
        let bell = Arc::clone(&self.bell);
        // Ringing fails only when it has been rung 2^64 times without anyone listening.
        Waker::new(move || {
            let _ = rustix::io::write(&*bell, &1_u64.to_ne_bytes());
        })
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError> {
        let mut timed_out = false;
        loop {
            let all = self.drain()?;
            self.happened.damage |= self.cover.expire(Instant::now());
            self.happened.woken |= self.rung();
            if self.happened.any() {
                return Ok(std::mem::take(&mut self.happened));
            }
            if timed_out {
                return Ok(Happened { timed_out, ..Happened::default() });
            }
            if !all {
                continue;
            }
            let next = [until, self.cover.until()].into_iter().flatten().min();
            timed_out = self.sleep(next)? && until.is_some_and(|until| until <= Instant::now());
        }
    }

    fn grab(&mut self) -> Result<Captured<'_>, CaptureError> {
        self.drain()?;
        self.again = false;
        for _ in 0..ATTEMPTS {
            match self.take() {
                Ok(captured_at) => {
                    self.happened.damage |= std::mem::take(&mut self.again);
                    let area = self.shown;
                    let stride = self.desktop.width as usize * PIXEL;
                    let all = stride * self.desktop.height as usize;
                    let start = area.y as usize * stride + area.x as usize * PIXEL;
                    let pixels = &self.memory.bytes()[start..all];
                    let frame = FrameView { pixels, stride, width: area.width, height: area.height };
                    return Ok(Captured { frame, area, damage: &self.rects, captured_at });
                }
                Err(GrabError::Moved) => {
                    // What was emptied is not in the frame.
                    self.whole = true;
                    self.resize()?;
                    self.drain()?;
                }
                Err(GrabError::Failed(fault)) => return Err(fault.into()),
                Err(GrabError::Given(error)) => return Err(error),
            }
        }
        Err(CaptureError::Refused { detail: "the screen keeps changing its size".to_owned() })
    }

    fn cursor(&mut self) -> Result<Cursor, CaptureError> {
        let image =
            self.connection.xfixes_get_cursor_image().map_err(Fault::from)?.reply().map_err(Fault::from)?;
        Ok(cursor::from_premultiplied(
            &image.cursor_image,
            (image.width, image.height),
            (image.xhot, image.yhot),
        ))
    }

    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError> {
        let pointer =
            self.connection.query_pointer(self.root).map_err(Fault::from)?.reply().map_err(Fault::from)?;
        Ok((pointer.root_x.into(), pointer.root_y.into()))
    }

    fn set_view(&mut self, view: View) -> Result<(), CaptureError> {
        self.tracker.set_view(view);
        self.tracker.settle(&self.connection)?;
        self.look()
    }

    fn seen(&self) -> Seen {
        self.seen.clone()
    }
}

/// A part of the desktop, which begins at 0, 0.
fn rect_of(area: Area) -> Rect {
    Rect { x: area.x.max(0) as u32, y: area.y.max(0) as u32, w: area.width, h: area.height }
}

/// Asks for a rectangle's pixels at an offset of the shared memory.
fn ask(
    connection: &RustConnection,
    root: xproto::Window,
    source: Rect,
    memory: shm::Seg,
    offset: usize,
) -> Result<Cookie<'_, RustConnection, shm::GetImageReply>, Fault> {
    // Places and sizes are within the root window, whose sides are of 16 bits; offsets within twice MAX_PIXELS.
    let cookie = connection.shm_get_image(
        root,
        source.x as i16,
        source.y as i16,
        source.w as u16,
        source.h as u16,
        !0,
        xproto::ImageFormat::Z_PIXMAP.into(),
        memory,
        offset as u32,
    )?;
    Ok(cookie)
}

/// Whether a rectangle is read as whole rows: that copies up to a third more and spares copying it once more.
fn broad(rect: Rect, bounds: Rect) -> bool {
    rect.w as usize * 4 >= bounds.w as usize * 3
}

fn area(rect: Rect) -> usize {
    rect.w as usize * rect.h as usize
}

/// The part of a rectangle that is shown.
fn clip(rect: &xproto::Rectangle, bounds: Rect) -> Option<Rect> {
    let edge = |start: i16, len: u16, from: u32, limit: u32| {
        let (from, to) = (i64::from(from), i64::from(from) + i64::from(limit));
        let end = (i64::from(start) + i64::from(len)).clamp(from, to);
        let start = i64::from(start).clamp(from, to);
        (end > start).then_some((start as u32, (end - start) as u32))
    };
    let (x, w) = edge(rect.x, rect.width, bounds.x, bounds.w)?;
    let (y, h) = edge(rect.y, rect.height, bounds.y, bounds.h)?;
    Some(Rect { x, y, w, h })
}

/// Makes sure that a pixel of the root window is 32 bits of blue, green, red and nothing; returns the window.
fn check_format(connection: &RustConnection, screen: usize) -> Result<xproto::Window, CaptureError> {
    let setup = connection.setup();
    let screen = setup
        .roots
        .get(screen)
        .ok_or_else(|| CaptureError::Refused { detail: "it has no such screen".to_owned() })?;
    let unsupported = CaptureError::UnsupportedDepth { depth: screen.root_depth };
    let visual = screen
        .allowed_depths
        .iter()
        .flat_map(|depth| &depth.visuals)
        .find(|visual| visual.visual_id == screen.root_visual)
        .ok_or_else(|| unsupported.clone())?;
    let true_colour = visual.class == xproto::VisualClass::TRUE_COLOR
        && (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xff_0000, 0xff00, 0xff);
    let packed = setup
        .pixmap_formats
        .iter()
        .any(|format| format.depth == screen.root_depth && format.bits_per_pixel == 32);
    let little = setup.image_byte_order == xproto::ImageOrder::LSB_FIRST;
    if matches!(screen.root_depth, 24 | 32) && true_colour && packed && little {
        Ok(screen.root)
    } else {
        Err(unsupported)
    }
}

/// Asks for everything that `wait` reports.
fn subscribe(
    connection: &RustConnection,
    root: xproto::Window,
) -> Result<(damage::Damage, xfixes::Region), Fault> {
    connection.xfixes_query_version(5, 0)?.reply()?;
    connection.damage_query_version(1, 1)?.reply()?;
    let damage = connection.generate_id()?;
    connection.damage_create(damage, root, damage::ReportLevel::NON_EMPTY)?.check()?;
    let region = connection.generate_id()?;
    connection.xfixes_create_region(region, &[])?.check()?;
    connection.xfixes_select_cursor_input(root, xfixes::CursorNotifyMask::DISPLAY_CURSOR)?.check()?;
    // Had where it is there: without XInput the pointer's place is not told.
    if connection.extension_information(xinput::X11_EXTENSION_NAME)?.is_some() {
        connection.xinput_xi_query_version(2, 0)?.reply()?;
        let mask = xinput::EventMask {
            deviceid: xinput::Device::ALL_MASTER.into(),
            mask: vec![xinput::XIEventMask::RAW_MOTION],
        };
        connection.xinput_xi_select_events(root, &[mask])?.check()?;
    }
    Ok((damage, region))
}

fn root_geometry(connection: &RustConnection, root: xproto::Window) -> Result<Geometry, CaptureError> {
    let reply = connection.get_geometry(root).map_err(Fault::from)?.reply().map_err(Fault::from)?;
    let geometry = Geometry { width: reply.width.into(), height: reply.height.into() };
    let pixels = u64::from(geometry.width) * u64::from(geometry.height);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(CaptureError::UnsupportedSize { width: geometry.width, height: geometry.height });
    }
    Ok(geometry)
}

fn share(connection: &RustConnection, geometry: Geometry) -> Result<Segment, CaptureError> {
    let id = connection.generate_id().map_err(Fault::from)?;
    let frame = geometry.width as usize * geometry.height as usize * PIXEL;
    Segment::new(connection, id, frame * 2).map_err(|error| match error {
        SegmentError::Display(fault) => fault.into(),
        SegmentError::Memory(detail) => CaptureError::NoMemory { detail },
    })
}
