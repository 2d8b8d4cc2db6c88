//! What the screen shows, and which part of it changed.
//!
//! A [`Capturer`] blocks in [`Capturer::wait`] until the operating system reports something, and hands out the screen
//! in [`Capturer::grab`]. Nothing polls: while the screen stands still, neither the agent nor the display server works.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use farhand_protocol::channel::Cursor;

pub use crate::encode::{FrameView, Rect};
use crate::monitors::{Area, Seen, View};

#[cfg(any(target_os = "linux", target_os = "windows"))]
pub(crate) mod compare;
pub(crate) mod cover;
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
pub(crate) mod cursor;
#[cfg(any(target_os = "windows", test))]
pub(crate) mod duplication;
pub mod fake;
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
pub(crate) mod rects;

#[cfg(target_os = "linux")]
#[path = "capture/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/capture.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "capture/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/capture.rs"]
mod os;
#[cfg(all(target_os = "linux", feature = "scrap"))]
mod scrap;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "windows")]
pub use os::open_with_libraries_of;

/// The most pixels of a screen that is captured: what the screen stream's decoder accepts.
pub const MAX_PIXELS: u64 = 8192 * 8192;

/// Which back end captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// XShm, XDamage and XFixes on an X11 display.
    X11,
    /// The portal and PipeWire of a desktop that runs on Wayland.
    Wayland,
    /// The crate `scrap`, which reports no damage: it is found by comparing. The baseline that others must beat.
    Scrap,
    /// A screen that exists in memory only, see [`fake`].
    Fake,
}

/// Size of the shared screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Geometry {
    /// The whole screen as a rectangle.
    #[must_use]
    pub fn bounds(self) -> Rect {
        Rect { x: 0, y: 0, w: self.width, h: self.height }
    }
}

/// Why [`Capturer::wait`] returned. Several can be true at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    /// The screen changed since the last [`Capturer::grab`]. Told once; told again only after the next grab, so that
    /// someone who may not send yet can wait on for something else while damage adds up.
    pub damage: bool,
    /// The pointer has another shape: see [`Capturer::cursor`].
    pub cursor_shape: bool,
    /// The pointer moved: see [`Capturer::cursor_at`].
    pub cursor_moved: bool,
    /// The picture has another size: see [`Capturer::geometry`]. The next grab is a whole frame.
    pub resized: bool,
    /// Monitors, windows or what is shown of them changed: see [`Capturer::seen`].
    pub desk: bool,
    /// Someone called [`Waker::wake`].
    pub woken: bool,
    /// The time given to `wait` has come.
    pub timed_out: bool,
}

impl Happened {
    /// Whether anything at all happened.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// How a capturer comes by its pixels, for logs. Not known before it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// A name.
    pub name: &'static str,
    /// Why not by something better, where there is such.
    pub why: Option<String>,
}

/// What [`Capturer::grab`] took.
#[derive(Debug)]
pub struct Captured<'a> {
    /// The part of the desktop that is shown, with what must not be seen covered. The fourth byte of each pixel means
    /// nothing.
    pub frame: FrameView<'a>,
    /// Which part that is.
    pub area: Area,
    /// What changed since the last grab, counted from the frame's corner; may overlap. Empty if nothing did.
    pub damage: &'a [Rect],
    /// The time just before the pixels were taken.
    pub captured_at: Instant,
}

/// Makes a [`Capturer::wait`] on another thread return. Cheap to clone; waking twice is the same as once.
#[derive(Clone)]
pub struct Waker(Arc<dyn Fn() + Send + Sync>);

impl Waker {
    /// A waker that calls `wake`.
    #[must_use]
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }

    /// Makes the running or the next `wait` return with [`Happened::woken`].
    pub fn wake(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

/// The screen of this machine. Lives on a thread of its own.
pub trait Capturer: Send {
    /// The picture's size, as of the last `wait` or `grab`.
    fn geometry(&self) -> Geometry;

    /// Something that makes [`Capturer::wait`] return from another thread.
    fn waker(&self) -> Waker;

    /// Blocks until the operating system reports something, the waker is used, or `until` comes. A freshly opened
    /// capturer reports the whole screen as damage, and the pointer's shape and place as changed.
    ///
    /// # Errors
    /// [`CaptureError`] when the screen can no longer be captured; the capturer is of no further use then.
    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError>;

    /// The screen now, and what changed since the last grab. The first grab, and the first after a resize, report the
    /// whole screen as damage.
    ///
    /// # Errors
    /// [`CaptureError`] when the screen can no longer be captured.
    fn grab(&mut self) -> Result<Captured<'_>, CaptureError>;

    /// The pointer's shape now; made smaller if it is larger than the protocol allows, empty if there is none.
    ///
    /// # Errors
    /// [`CaptureError`] when it cannot be had.
    fn cursor(&mut self) -> Result<Cursor, CaptureError>;

    /// Where the pointer is, pixels from the desktop's top left corner.
    ///
    /// # Errors
    /// [`CaptureError`] when it cannot be had.
    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError>;

    /// What is shown from now on, and what is kept out of it. Nothing else is in a frame that is grabbed after this.
    ///
    /// # Errors
    /// [`CaptureError`] when this back end cannot do it; nothing may be captured then.
    fn set_view(&mut self, view: View) -> Result<(), CaptureError>;

    /// What is shown now, where technicians may press, and what they are told; as of the last `wait` or `grab`.
    fn seen(&self) -> Seen;

    /// How it comes by its pixels, where there is more than one way.
    fn means(&self) -> Means {
        Means::default()
    }
}

/// Why the screen cannot be captured. Each is a sentence for people that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// No display is named.
    #[error("There is no display to share. Start this program inside a graphical session, or set DISPLAY.")]
    NoDisplay,
    /// The display named does not answer.
    #[error("The display {display} does not answer. Check that DISPLAY names a running X server.")]
    Unreachable {
        /// Its name.
        display: String,
    },
    /// The display refuses this user.
    #[error(
        "The display {display} refuses access. Start this program as the user whose screen it is, \
         or set XAUTHORITY to that user's file."
    )]
    Forbidden {
        /// Its name.
        display: String,
    },
    /// The display server lacks something.
    #[error(
        "The display server lacks the extension {name}. Switch it on in the display server's configuration."
    )]
    MissingExtension {
        /// Name of the extension.
        name: &'static str,
    },
    /// Pixels in a form that is not read.
    #[error(
        "The screen has a colour depth of {depth} bits in an unusual layout. \
         Set the display to 24-bit colour (true colour)."
    )]
    UnsupportedDepth {
        /// Bits of depth.
        depth: u8,
    },
    /// A screen over [`MAX_PIXELS`], or of no size.
    #[error("A screen of {width} by {height} pixels cannot be shared. Choose a smaller resolution.")]
    UnsupportedSize {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The display server does not hand out the picture.
    #[error(
        "The display server refuses to hand out the picture ({detail}). Check the policy of this desktop."
    )]
    Refused {
        /// What it said.
        detail: String,
    },
    /// The display server went away.
    #[error("The display server is gone. The screen can be shared again once the desktop is back.")]
    Gone,
    /// Windows shows what no program may see.
    #[error(
        "This computer shows its lock screen or asks for an administrator's consent, which no program may see. \
         Sharing goes on when the desktop is back."
    )]
    Away,
    /// macOS has not been told that this program may see the screen.
    #[error(
        "macOS does not let this program see the screen. Allow it under System Settings, Privacy & Security, \
         Screen Recording, and start this program again."
    )]
    NotAllowed,
    /// No memory that the display server could share.
    #[error("No memory can be shared with the display server ({detail}). Check the limits on shared memory.")]
    NoMemory {
        /// What the system said.
        detail: String,
    },
    /// The back end shows the whole screen or nothing.
    #[error("A screen that is captured by {name} can only be shared whole. Choose another kind of capture.")]
    OnlyWhole {
        /// Name of the back end.
        name: &'static str,
    },
    /// The desktop asks the customer by itself, and they have not answered yet.
    #[error(
        "The customer's desktop asks by itself what may be shown; the picture comes once they have answered that."
    )]
    NotAgreed,
    /// The customer said no to the desktop's own question.
    #[error("The desktop's own question what may be shown was answered with no, so nothing is shown.")]
    Declined,
    /// Sharing was ended by the desktop's own means.
    #[error("Sharing was ended in the desktop's own bar or menu, so nothing is shown any more.")]
    TakenBack,
    /// A Wayland desktop without the portal for it.
    #[error(
        "This Wayland desktop has no portal by which a program may see the screen ({detail}). Install \
         xdg-desktop-portal with the part for this desktop, or log in to an X11 session."
    )]
    NoPortal {
        /// What it said.
        detail: String,
    },
    /// Without PipeWire the portal's pictures do not arrive.
    #[error(
        "The picture of a Wayland desktop comes by PipeWire, which does not work here ({detail}). Install PipeWire \
         (libpipewire-0.3), or log in to an X11 session."
    )]
    NoPipeWire {
        /// What it said.
        detail: String,
    },
    /// Windows have to be kept out of the picture, and this desktop tells of none.
    #[error(
        "The organisation keeps certain windows out of the picture, and a Wayland desktop lets no program do so on a whole \
         screen: only single windows can be shown, where the desktop offers them. Log in to an X11 session to show more."
    )]
    CannotHide,
    /// The back end asked for is not in this program or not on this system.
    #[error("This program has no screen capture of the kind {name} on this system. Choose another kind.")]
    NotHere {
        /// Name of the back end.
        name: &'static str,
    },
}

/// Opens the screen of the session this program runs in.
///
/// # Errors
/// [`CaptureError`], a sentence that says what to do.
pub fn open_capturer(preference: Backend) -> Result<Box<dyn Capturer>, CaptureError> {
    open_capturer_on(preference, None)
}

/// Opens the display named, such as `:1`; the session's if `None`. `scrap` opens the session's only.
///
/// # Errors
/// [`CaptureError`], a sentence that says what to do.
pub fn open_capturer_on(
    preference: Backend,
    display: Option<&str>,
) -> Result<Box<dyn Capturer>, CaptureError> {
    match preference {
        Backend::Fake => Ok(Box::new(fake::FakeScreen::new(Geometry { width: 640, height: 480 }).capturer())),
        Backend::Auto | Backend::X11 | Backend::Wayland | Backend::Scrap => os::open(preference, display),
    }
}

/// Whether there is a screen that can be captured. Asks nobody anything: where the desktop asks the customer by itself,
/// that is left until they have granted it (see [`crate::agreement`]).
///
/// # Errors
/// [`CaptureError`], a sentence that says what to do.
pub fn probe(preference: Backend) -> Result<(), CaptureError> {
    if preference == Backend::Auto && crate::agreement::asks_itself() {
        return crate::agreement::probe();
    }
    open_capturer(preference).map(drop)
}
