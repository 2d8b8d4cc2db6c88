//! Wakes a thread that waits for an X11 display.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use x11rb::connection::Connection as _;
use x11rb::rust_connection::RustConnection;

use super::Fault;

/// Rung from any thread; heard by one.
#[derive(Clone, Debug)]
pub struct Bell(Arc<OwnedFd>);

impl Bell {
    /// A bell that nobody rang.
    pub fn new() -> Result<Self, Fault> {
        rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map(|fd| Self(Arc::new(fd)))
            .map_err(|error| Fault::Refused { detail: error.to_string() })
    }

    /// Wakes whoever waits, or waits next.
    pub fn ring(&self) {
        // Ringing fails only when it has been rung 2^64 times without anyone listening.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    /// Puts everything on the wire and blocks until the display or the bell has something, or the time has come.
    pub fn wait(&self, connection: &RustConnection, until: Option<Instant>) -> Result<(), Fault> {
        connection.flush()?;
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(connection.stream(), PollFlags::IN), PollFd::new(&*self.0, PollFlags::IN)];
        match rustix::event::poll(&mut fds, left.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Fault::Refused { detail: error.to_string() }),
        }
        let _ = rustix::io::read(&*self.0, &mut [0; 8]);
        Ok(())
    }
}
