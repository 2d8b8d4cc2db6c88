//! A window of an X11 display that is raised when it is covered and mapped when it is unmapped.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use super::{Guard, GuardError};
use crate::x11::bell::Bell;
use crate::x11::{Fault, connect};

/// So soon after it came back it is not brought back again, lest two programs that both want to be above all others take
/// the machine's whole time.
const AGAIN: Duration = Duration::from_millis(200);

impl From<Fault> for GuardError {
    fn from(fault: Fault) -> Self {
        Self::Refused { detail: format!("{fault:?}") }
    }
}

#[derive(Debug, Default)]
struct Orders {
    wanted: AtomicBool,
    quit: AtomicBool,
}

/// Guards one window.
pub struct X11Guard {
    orders: Arc<Orders>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for X11Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("X11Guard")
    }
}

impl X11Guard {
    pub fn new(
        display: Option<&str>,
        window: xproto::Window,
        lost: Box<dyn FnOnce() + Send>,
    ) -> Result<Self, GuardError> {
        let (connection, _) = connect(display)?;
        let events = xproto::EventMask::VISIBILITY_CHANGE | xproto::EventMask::STRUCTURE_NOTIFY;
        let attributes = xproto::ChangeWindowAttributesAux::new().event_mask(events);
        connection
            .change_window_attributes(window, &attributes)
            .map_err(Fault::from)?
            .check()
            .map_err(Fault::from)?;
        let (orders, bell) = (Arc::new(Orders::default()), Bell::new()?);
        let watch = Watch { connection, window, covered: false, done: None };
        let (theirs, ring) = (Arc::clone(&orders), bell.clone());
        let thread = std::thread::Builder::new()
            .name("guard".into())
            .spawn(move || match watch.run(&theirs, &ring) {
                Ok(true) => lost(),
                Ok(false) => {}
                Err(fault) => tracing::warn!(?fault, "a window is not kept in sight any more"),
            })
            .map_err(|error| GuardError::Refused { detail: error.to_string() })?;
        Ok(Self { orders, bell, thread: Some(thread) })
    }
}

impl Guard for X11Guard {
    fn keep_in_sight(&self, wanted: bool) {
        self.orders.wanted.store(wanted, Ordering::SeqCst);
        self.bell.ring();
    }
}

impl Drop for X11Guard {
    fn drop(&mut self) {
        self.orders.quit.store(true, Ordering::Relaxed);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Watch {
    connection: RustConnection,
    window: xproto::Window,
    /// Something is above it.
    covered: bool,
    /// When it was brought back last.
    done: Option<Instant>,
}

impl Watch {
    /// Whether the window was destroyed while it had to be seen.
    fn run(mut self, orders: &Orders, bell: &Bell) -> Result<bool, Fault> {
        let mut hidden = true;
        loop {
            while let Some(event) = self.connection.poll_for_event()? {
                match event {
                    Event::VisibilityNotify(event) => {
                        self.covered = event.state != xproto::Visibility::UNOBSCURED;
                    }
                    Event::UnmapNotify(event) if event.window == self.window => hidden = true,
                    Event::MapNotify(event) if event.window == self.window => hidden = false,
                    Event::DestroyNotify(event) if event.window == self.window => {
                        return Ok(orders.wanted.load(Ordering::SeqCst));
                    }
                    Event::Error(error) => tracing::debug!(?error, "the display refused a request"),
                    // Events are the display's to add; those not asked for mean nothing here.
                    _ => {}
                }
            }
            if orders.quit.load(Ordering::Relaxed) {
                return Ok(false);
            }
            // Looked at after the events: whoever hides it says so before.
            let wanted = orders.wanted.load(Ordering::SeqCst);
            let now = Instant::now();
            let due = self.done.map(|at| at + AGAIN).filter(|due| *due > now);
            let missing = wanted && (hidden || self.covered);
            if missing && due.is_none() {
                self.done = Some(now);
                let above = xproto::ConfigureWindowAux::new().stack_mode(xproto::StackMode::ABOVE);
                self.connection.map_window(self.window)?;
                self.connection.configure_window(self.window, &above)?;
                // What is above it still is told by the next event, if at all.
                self.covered = false;
            }
            bell.wait(&self.connection, due.filter(|_| missing))?;
        }
    }
}
