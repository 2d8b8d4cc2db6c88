//! What lies over the customer's screen: the border that says that it is controlled, and what technicians point at.
//! Nothing of it takes a click or a key.
//!
//! On X11 it is part of the captured picture too, since nothing can be left out of that: so a technician sees where
//! their marks truly are.

use std::fmt;
use std::sync::Arc;

use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Mark, Place};

pub mod fake;
pub mod lines;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
#[path = "overlay/linux.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "windows")))]
#[path = "overlay/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/overlay.rs"]
mod os;

/// Which back end draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// Shaped windows of an X11 display.
    X11,
    /// Remembers what it is shown, see [`fake`].
    Fake,
}

/// All that lies over the screen. Whatever is not in it is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// A border around this part of the screen, while somebody controls it; the whole screen where it has no size.
    pub border: Option<Area>,
    /// Marks, the oldest at the bottom. One that is the very same as before is not drawn anew.
    pub marks: Vec<Arc<Mark>>,
    /// Technicians' lights.
    pub lights: Vec<Place>,
}

/// Draws over the screen from a thread of its own. Dropped, it takes everything away.
pub trait Overlay: Send + fmt::Debug {
    /// Draws this, and nothing else. Never blocks; of several in a row only the newest is drawn.
    fn show(&self, picture: Picture);
}

/// Why nothing can be drawn over the screen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverlayError {
    /// The display's failure.
    #[error("Nothing can be drawn over this screen ({detail}).")]
    Refused {
        /// What is wrong.
        detail: String,
    },
    /// The back end asked for is not on this system.
    #[error("This program cannot draw over the screen of this system.")]
    NotHere,
}

/// Opens the screen of the session this program runs in.
///
/// # Errors
/// [`OverlayError`].
pub fn open_overlay(preference: Backend) -> Result<Box<dyn Overlay>, OverlayError> {
    open_overlay_on(preference, None)
}

/// Opens the display named, such as `:1`; the session's if `None`.
///
/// # Errors
/// [`OverlayError`].
pub fn open_overlay_on(preference: Backend, display: Option<&str>) -> Result<Box<dyn Overlay>, OverlayError> {
    match preference {
        Backend::Fake => Ok(Box::new(fake::FakeOverlay::default())),
        Backend::Auto | Backend::X11 => os::open(display),
    }
}
