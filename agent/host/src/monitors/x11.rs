//! Keeps a [`Scene`] like an X11 display: monitors by RandR, windows by what the root window tells of its children.
//!
//! Events of windows and answers to requests come in the order in which the server dealt with them. So a change that the
//! server made before it handed out pixels is here before the pixels are, and is applied without asking back; only what
//! a window says of itself has to be asked for, and until then the window counts as unknown.

mod windows;

use std::collections::BTreeSet;

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::ReplyError;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::shape;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;

use super::scene::{Focus, Kind, Scene, Top};
use super::{Area, Desktop, Monitor, Shareable, View, WindowRule};
use crate::capture::CaptureError;
use crate::x11::{Fault, connect};

/// How many windows lie around the one that has the keyboard, at most.
const MAX_AROUND: usize = 32;
/// How often windows that come while others are asked are asked, too, at once.
const ROUNDS: usize = 3;
/// Bytes of a property that are read, in units of four.
const PROPERTY: u32 = 1024;
/// Dots an inch of a monitor on which nothing is enlarged.
const PLAIN_DPI: f64 = 96.0;

x11rb::atom_manager! {
    pub Atoms: AtomsCookie {
        UTF8_STRING,
        _NET_WM_NAME,
        _NET_WM_OPAQUE_REGION,
        _NET_WM_WINDOW_OPACITY,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_DESKTOP,
        _NET_WM_WINDOW_TYPE_DOCK,
    }
}

/// The scene of a display, on the connection of whoever captures it.
#[derive(Debug)]
pub struct Tracker {
    root: xproto::Window,
    atoms: Atoms,
    /// Owned by whoever draws windows together.
    compositor: xproto::Atom,
    composited: bool,
    /// RandR has monitors.
    monitors: bool,
    shapes: bool,
    /// The part of a number that tells windows of one program apart.
    own_part: u32,
    scene: Scene,
    /// Windows of which something is to be asked.
    stale: BTreeSet<xproto::Window>,
    everything_stale: bool,
    monitors_stale: bool,
    focus_stale: bool,
    pointer_stale: bool,
}

impl Tracker {
    /// Asks for everything, now and whenever it changes.
    pub fn new(connection: &RustConnection, screen: usize) -> Result<Self, Fault> {
        let setup = connection.setup();
        let no_screen = || Fault::Refused { detail: "it has no such screen".to_owned() };
        let root = setup.roots.get(screen).ok_or_else(no_screen)?.root;
        let atoms = Atoms::new(connection)?.reply()?;
        let name = format!("_NET_WM_CM_S{screen}");
        let compositor = connection.intern_atom(false, name.as_bytes())?.reply()?.atom;
        let mask = xproto::EventMask::STRUCTURE_NOTIFY
            | xproto::EventMask::SUBSTRUCTURE_NOTIFY
            | xproto::EventMask::PROPERTY_CHANGE
            | xproto::EventMask::FOCUS_CHANGE;
        let attributes = xproto::ChangeWindowAttributesAux::new().event_mask(mask);
        connection.change_window_attributes(root, &attributes)?.check()?;
        let mut monitors = false;
        if connection.extension_information(randr::X11_EXTENSION_NAME)?.is_some() {
            let version = connection.randr_query_version(1, 5)?.reply()?;
            monitors = (version.major_version, version.minor_version) >= (1, 5);
            let mask = randr::NotifyMask::SCREEN_CHANGE
                | randr::NotifyMask::CRTC_CHANGE
                | randr::NotifyMask::OUTPUT_CHANGE;
            connection.randr_select_input(root, mask)?.check()?;
        }
        let shapes = connection.extension_information(shape::X11_EXTENSION_NAME)?.is_some();
        let mut tracker = Self {
            root,
            atoms,
            compositor,
            composited: false,
            monitors,
            shapes,
            own_part: setup.resource_id_mask,
            scene: Scene::default(),
            stale: BTreeSet::new(),
            everything_stale: true,
            monitors_stale: true,
            focus_stale: true,
            pointer_stale: true,
        };
        tracker.settle(connection)?;
        Ok(tracker)
    }

    /// The scene as of the last event.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Another share, choice or list.
    pub fn set_view(&mut self, view: View) {
        self.scene.set_view(view);
        self.pointer_stale = true;
    }

    /// Whether another program draws windows together: then what a window showed can be seen for a moment after it is
    /// gone from its place.
    pub fn is_composited(&self) -> bool {
        self.composited
    }

    /// Whether [`Tracker::settle`] has something to ask.
    pub fn is_stale(&self) -> bool {
        !self.stale.is_empty()
            || self.everything_stale
            || self.monitors_stale
            || self.focus_stale
            || (self.pointer_stale && self.scene.follows_pointer())
    }

    /// Takes an event in, without asking the display.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::CreateNotify(event) if event.parent == self.root => {
                let area = outer(event.x, event.y, event.width, event.height, event.border_width);
                let kind = if event.override_redirect { Kind::Free } else { Kind::Ordinary };
                self.scene.add(Top { id: event.window, area, kind, ..Top::default() });
            }
            Event::DestroyNotify(event) if event.event == self.root => {
                self.stale.remove(&event.window);
                self.scene.remove(event.window);
                self.focus_stale = true;
            }
            Event::MapNotify(event) if event.event == self.root => {
                // What it said of itself before it was shown may have been said too early.
                self.scene.change(event.window, |top| (top.mapped, top.clients) = (true, None));
                self.stale.insert(event.window);
                self.focus_stale = true;
            }
            Event::UnmapNotify(event) if event.event == self.root => {
                self.scene.change(event.window, |top| top.mapped = false);
                self.focus_stale = true;
            }
            Event::ReparentNotify(event) if event.event == self.root => self.reparented(event),
            Event::ConfigureNotify(event) if event.window == self.root => {
                self.scene.set_screen(event.width.into(), event.height.into());
                self.monitors_stale = true;
            }
            Event::ConfigureNotify(event) if event.event == self.root => {
                let area = outer(event.x, event.y, event.width, event.height, event.border_width);
                let mut resized = false;
                self.scene.change(event.window, |top| resized = configure(top, area));
                if resized {
                    self.stale.insert(event.window);
                }
                let is_above = |at: &Top| at.id == event.window;
                let below = self.scene.windows().iter().position(is_above);
                let under =
                    below.and_then(|at| at.checked_sub(1)).map_or(0, |at| self.scene.windows()[at].id);
                if below.is_some() && under != event.above_sibling {
                    self.scene.restack(event.window, event.above_sibling);
                }
            }
            Event::CirculateNotify(event) if event.event == self.root => {
                let top = self.scene.windows().last().map_or(0, |top| top.id);
                let above = if event.place == xproto::Place::ON_TOP { top } else { 0 };
                if above != event.window {
                    self.scene.restack(event.window, above);
                }
            }
            Event::PropertyNotify(event) if event.window == self.root => {
                self.monitors_stale |= event.atom == u32::from(xproto::AtomEnum::RESOURCE_MANAGER);
            }
            Event::PropertyNotify(event) if self.says_what_it_is(event.atom) => {
                let top = self.top_of(event.window);
                self.stale.extend(top);
            }
            Event::ShapeNotify(event) if event.shape_kind == shape::SK::BOUNDING => {
                self.scene.change(event.affected_window, |top| {
                    (top.shape, top.opaque) = (Vec::new(), Vec::new());
                });
                self.stale.insert(event.affected_window);
            }
            Event::FocusIn(_) | Event::FocusOut(_) => self.focus_stale = true,
            Event::XinputRawMotion(_) => self.pointer_stale = true,
            Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => self.monitors_stale = true,
            // Events are the display's to add; those not asked for mean nothing here.
            _ => {}
        }
    }

    /// Asks the display for what events do not tell. New events may have come meanwhile.
    pub fn settle(&mut self, connection: &RustConnection) -> Result<(), Fault> {
        if std::mem::take(&mut self.everything_stale) {
            self.read_everything(connection)?;
        }
        if std::mem::take(&mut self.monitors_stale) {
            let geometry = connection.get_geometry(self.root)?.reply()?;
            self.scene.set_screen(geometry.width.into(), geometry.height.into());
            let monitors = self.read_monitors(connection)?;
            self.scene.set_monitors(monitors);
        }
        for _ in 0..ROUNDS {
            let stale = std::mem::take(&mut self.stale);
            if stale.is_empty() {
                break;
            }
            let owner = connection.get_selection_owner(self.compositor)?;
            for id in stale {
                self.learn(connection, id)?;
            }
            self.composited = owner.reply()?.owner != x11rb::NONE;
        }
        if std::mem::take(&mut self.focus_stale) {
            let focus = self.read_focus(connection)?;
            self.scene.set_focus(focus);
        }
        if self.scene.follows_pointer() && std::mem::take(&mut self.pointer_stale) {
            let pointer = connection.query_pointer(self.root)?.reply()?;
            self.scene.set_pointer(pointer.root_x.into(), pointer.root_y.into());
        }
        Ok(())
    }

    fn reparented(&mut self, event: &xproto::ReparentNotifyEvent) {
        if event.parent == self.root {
            // Its size is asked for; until then it may be anywhere.
            let area = Area { x: 0, y: 0, width: u16::MAX.into(), height: u16::MAX.into() };
            let kind = if event.override_redirect { Kind::Free } else { Kind::Ordinary };
            self.scene.add(Top { id: event.window, area, kind, ..Top::default() });
            self.stale.insert(event.window);
            return;
        }
        self.scene.remove(event.window);
        if self.scene.windows().iter().any(|top| top.id == event.parent) {
            self.scene.change(event.parent, |top| top.clients = None);
            self.stale.insert(event.parent);
        } else {
            self.everything_stale = true;
        }
    }

    fn says_what_it_is(&self, atom: xproto::Atom) -> bool {
        use xproto::AtomEnum;
        let plain = [AtomEnum::WM_CLASS, AtomEnum::WM_NAME, AtomEnum::WM_TRANSIENT_FOR].map(u32::from);
        let atoms = &self.atoms;
        let named = [
            atoms._NET_WM_NAME,
            atoms._NET_WM_OPAQUE_REGION,
            atoms._NET_WM_WINDOW_OPACITY,
            atoms._NET_WM_WINDOW_TYPE,
        ];
        plain.contains(&atom) || named.contains(&atom)
    }

    fn top_of(&self, window: xproto::Window) -> Option<xproto::Window> {
        let holds =
            |top: &&Top| top.id == window || top.clients.iter().flatten().any(|client| client.id == window);
        self.scene.windows().iter().find(holds).map(|top| top.id)
    }

    /// All windows, from the lowest.
    fn read_everything(&mut self, connection: &RustConnection) -> Result<(), Fault> {
        let tree = connection.query_tree(self.root)?.reply()?;
        let mut asked = Vec::with_capacity(tree.children.len());
        for id in &tree.children {
            asked.push((*id, connection.get_geometry(*id)?, connection.get_window_attributes(*id)?));
        }
        let mut tops = Vec::with_capacity(asked.len());
        for (id, geometry, attributes) in asked {
            let (Some(geometry), Some(attributes)) =
                (still_there(geometry.reply())?, still_there(attributes.reply())?)
            else {
                continue;
            };
            let area = outer(geometry.x, geometry.y, geometry.width, geometry.height, geometry.border_width);
            let mapped = attributes.map_state != xproto::MapState::UNMAPPED;
            tops.push(Top { id, area, mapped, ..Top::default() });
        }
        self.stale = tops.iter().map(|top| top.id).collect();
        self.scene.set_windows(tops);
        self.focus_stale = true;
        Ok(())
    }

    fn read_monitors(&self, connection: &RustConnection) -> Result<Vec<Monitor>, Fault> {
        let scale = self.read_scale(connection)?;
        if !self.monitors {
            let geometry = connection.get_geometry(self.root)?.reply()?;
            let area = Area { x: 0, y: 0, width: geometry.width.into(), height: geometry.height.into() };
            return Ok(vec![Monitor { id: 0, name: "Screen".into(), area, scale, primary: true }]);
        }
        let found = connection.randr_get_monitors(self.root, true)?.reply()?.monitors;
        let mut list = Vec::with_capacity(found.len());
        for monitor in found {
            let name = connection.get_atom_name(monitor.name)?.reply()?.name;
            let area = Area {
                x: monitor.x.into(),
                y: monitor.y.into(),
                width: monitor.width.into(),
                height: monitor.height.into(),
            };
            if area.width > 0 && area.height > 0 {
                let name = String::from_utf8_lossy(&name).into_owned();
                list.push(Monitor { id: monitor.name, name, area, scale, primary: monitor.primary });
            }
        }
        Ok(list)
    }

    /// How much desktops enlarge things, percent: X11 has one figure for all monitors.
    fn read_scale(&self, connection: &RustConnection) -> Result<u16, Fault> {
        use xproto::AtomEnum;
        let property = connection
            .get_property(false, self.root, AtomEnum::RESOURCE_MANAGER, AtomEnum::STRING, 0, 16 * PROPERTY)?
            .reply()?;
        let text = String::from_utf8_lossy(&property.value);
        let dpi = text.lines().find_map(|line| line.strip_prefix("Xft.dpi:")?.trim().parse::<f64>().ok());
        let percent = dpi.map_or(100.0, |dpi| (dpi / PLAIN_DPI * 100.0).round());
        Ok(percent.clamp(25.0, 1000.0) as u16)
    }

    fn read_focus(&self, connection: &RustConnection) -> Result<Focus, Fault> {
        let mut at = connection.get_input_focus()?.reply()?.focus;
        if at == x11rb::NONE {
            return Ok(Focus::Nowhere);
        }
        // Keys for the root window go to whatever the pointer is over.
        if at == u32::from(u8::from(xproto::InputFocus::POINTER_ROOT)) || at == self.root {
            return Ok(Focus::Pointer);
        }
        for _ in 0..MAX_AROUND {
            let Some(tree) = still_there(connection.query_tree(at)?.reply())? else {
                return Ok(Focus::Nowhere);
            };
            if tree.parent == self.root {
                return Ok(Focus::Window(at));
            }
            at = tree.parent;
        }
        Ok(Focus::Nowhere)
    }
}

/// An answer, or `None` where the window that was asked is gone.
fn still_there<T>(reply: Result<T, ReplyError>) -> Result<Option<T>, Fault> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(ReplyError::X11Error(error))
            if matches!(error.error_kind, ErrorKind::Window | ErrorKind::Drawable | ErrorKind::Match) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// A window with its border.
fn outer(x: i16, y: i16, width: u16, height: u16, border: u16) -> Area {
    let (border, width, height) = (u32::from(border), u32::from(width), u32::from(height));
    Area { x: x.into(), y: y.into(), width: width + 2 * border, height: height + 2 * border }
}

/// Moves or resizes a window. Whether more has to be asked about it then.
fn configure(top: &mut Top, area: Area) -> bool {
    let before = std::mem::replace(&mut top.area, area);
    if (before.width, before.height) == (area.width, area.height) {
        return false;
    }
    let whole = |area: Area| Area { x: 0, y: 0, ..area };
    let plain = top.shape.is_empty() && top.opaque == [whole(before)];
    top.shape.clear();
    top.opaque = if plain { vec![whole(area)] } else { Vec::new() };
    !plain
}

/// The desktop of an X11 display.
#[derive(Debug)]
pub struct X11Desktop {
    connection: RustConnection,
    screen: usize,
}

impl X11Desktop {
    /// Opens the display named, or the environment's.
    pub fn open(display: Option<&str>) -> Result<Self, CaptureError> {
        let (connection, screen) = connect(display)?;
        Ok(Self { connection, screen })
    }
}

impl Desktop for X11Desktop {
    fn look(&mut self, rules: &[WindowRule]) -> Result<Shareable, CaptureError> {
        let tracker = Tracker::new(&self.connection, self.screen)?;
        // What came meanwhile is in the answers already.
        while self.connection.poll_for_event().map_err(Fault::from)?.is_some() {}
        Ok(tracker.scene().shareable(rules))
    }
}
