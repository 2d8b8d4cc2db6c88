//! The customer's screen is locked when the session is over, where that is wanted. On a thread of its own: whoever locks
//! may take their time.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use farhand_agent_host::screen_lock::{Backend, open_screen_lock};
use farhand_protocol::channel::at_end::{LockDone, ScreenLock};

use super::{Session, show};
use crate::screen::{SharedAgent, lock};
use crate::tools::Wake;
use crate::window::WindowPort;
use crate::window::protocol::ToWindow;

/// So long the session is held open so that the technician hears whether the screen is locked.
const TOLD_WITHIN: Duration = Duration::from_millis(1500);

/// The thread that locks; without one nothing is locked.
#[derive(Debug, Default)]
pub(super) struct Locker {
    now: Option<mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Locker {
    /// Finds out how the screen can be locked, and waits.
    pub(super) fn start(&mut self, agent: SharedAgent, wake: Wake) {
        let (now, told) = mpsc::channel();
        let work = move || {
            let mut screen = open_screen_lock(Backend::Auto);
            let way = screen.way();
            lock(&agent).handle_lock_way(way);
            wake();
            if told.recv().is_ok() {
                let done = screen.lock().unwrap_or_else(|error| {
                    tracing::warn!(%error, "the screen is not locked");
                    LockDone::Failed
                });
                lock(&agent).handle_locked(done);
                wake();
            }
        };
        match std::thread::Builder::new().name("screen-lock".into()).spawn(work) {
            Ok(thread) => (self.now, self.thread) = (Some(now), Some(thread)),
            Err(error) => tracing::warn!(%error, "the screen cannot be locked in this session"),
        }
    }

    fn lock(&self) {
        if let Some(now) = &self.now {
            // A thread that is gone has locked, or never will.
            let _ = now.send(());
        }
    }

    /// Comes back when the screen is locked, where that was wanted.
    pub(super) async fn finished(self) {
        drop(self.now);
        let Some(thread) = self.thread else { return };
        let _ = tokio::task::spawn_blocking(|| thread.join()).await;
    }
}

impl Session {
    /// What becomes of the screen changed.
    pub(super) fn screen_lock(&mut self, lock: ScreenLock, window: &WindowPort) {
        if lock.done != LockDone::NotYet {
            self.lock_by = None;
        }
        self.log.event("screen_lock", &[("lock", serde_json::to_value(lock).unwrap_or_default())]);
        show(window, ToWindow::ScreenLock { lock });
    }

    pub(super) fn lock_now(&mut self) {
        self.locker.lock();
        // Nobody waits for words that nobody can hear.
        if self.over.reason.is_none() {
            self.lock_by = Some(Instant::now() + TOLD_WITHIN);
        }
    }
}
