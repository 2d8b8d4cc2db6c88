//! Which monitors and windows there are, what of them the customer shares, and what must not be seen of it.
//!
//! [`scene::Scene`] is the part that decides, without a display: which part of the desktop the picture shows, and which
//! parts of that are covered before any pixel leaves the capturer. The back ends keep a scene like the display: an X11
//! capturer has one of its own, on the same connection as its pixels, so that it knows for each picture where every
//! window was. [`Desktop`] looks once, for the customer to choose from.

use std::sync::Arc;

pub use farhand_protocol::api::{WindowEffect, WindowMark, WindowRule};
use farhand_protocol::channel::monitors::{self, MAX_MONITOR_NAME, MAX_MONITORS};
pub use farhand_protocol::channel::monitors::{Area, Choice, Monitor};

use crate::capture::CaptureError;

pub mod fake;
pub(crate) mod parts;
mod rules;
pub mod scene;
#[cfg(target_os = "linux")]
pub(crate) mod x11;

#[cfg(target_os = "linux")]
#[path = "monitors/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/monitors.rs"]
pub(crate) mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "monitors/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/monitors.rs"]
pub(crate) mod os;

/// The most windows that the customer is offered.
pub const MAX_WINDOWS: usize = 24;
/// The longest title that is read, in characters.
pub const MAX_TITLE: usize = 120;

/// Which back end looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// RandR and the window tree of an X11 display.
    X11,
    /// A desktop that runs on Wayland, which names neither monitors nor windows before the customer chose.
    Wayland,
    /// Monitors and windows that exist in memory only, see [`fake`].
    Fake,
}

/// What the customer shares. Only the customer's own window makes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// Every monitor.
    #[default]
    Everything,
    /// The monitor with this number, and nothing while it is not plugged in.
    Monitor(u32),
    /// The window with this number, with its menus and dialogues, and nothing while it is closed or put away.
    Window(u32),
}

/// What is captured: the customer's share, the technician's choice within it, and the windows that are kept out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The customer's.
    pub share: Share,
    /// The technician's. It counts only where everything is shared.
    pub choice: Choice,
    /// The organisation's list; password managers are known without one.
    pub rules: Arc<[WindowRule]>,
}

/// What a capturer found of the desktop, for those who must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// For the consoles: the monitors that can be chosen, the share and the area.
    pub monitors: monitors::Monitors,
    /// Parts of the area that are covered in the picture. Nobody presses there unseen.
    pub blocked: Vec<Area>,
    /// Whether keys would go to something that is shared and seen.
    pub keys: bool,
}

/// A window that can be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowSeen {
    /// The same for as long as the window is open.
    pub id: u32,
    /// Its title, at most [`MAX_TITLE`] characters; may be empty.
    pub title: String,
    /// Its program's name; may be empty.
    pub program: String,
    /// Where it is.
    pub area: Area,
}

/// What there is to share at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shareable {
    /// The monitors, in the order in which people count them: from the left, then from the top.
    pub monitors: Vec<Monitor>,
    /// Windows that are on the screen now, the foremost first; without those that are kept out of every picture.
    pub windows: Vec<WindowSeen>,
}

/// Looks at what there is to share.
pub trait Desktop: Send {
    /// What there is now.
    ///
    /// # Errors
    /// [`CaptureError`] when the display does not answer.
    fn look(&mut self, rules: &[WindowRule]) -> Result<Shareable, CaptureError>;
}

/// Opens the desktop of the session this program runs in.
///
/// # Errors
/// [`CaptureError`], a sentence that says what to do.
pub fn open_desktop(preference: Backend) -> Result<Box<dyn Desktop>, CaptureError> {
    open_desktop_on(preference, None)
}

/// Opens the display named, such as `:1`; the session's if `None`.
///
/// # Errors
/// [`CaptureError`], a sentence that says what to do.
pub fn open_desktop_on(preference: Backend, display: Option<&str>) -> Result<Box<dyn Desktop>, CaptureError> {
    match preference {
        Backend::Fake => Ok(Box::new(fake::FakeDesktop::default())),
        Backend::Auto | Backend::X11 | Backend::Wayland => os::open(preference, display),
    }
}

/// Monitors in the order in which people count them, as many as are told, with names of a length that is told.
pub(crate) fn in_order(mut list: Vec<Monitor>) -> Vec<Monitor> {
    list.sort_by_key(|monitor| (monitor.area.x, monitor.area.y, monitor.id));
    list.truncate(MAX_MONITORS);
    for monitor in &mut list {
        let end = monitor.name.floor_char_boundary(MAX_MONITOR_NAME);
        monitor.name.truncate(end);
    }
    list
}
