//! A clipboard without a machine: a test's [`FakeDesk`] is what other programs do with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use farhand_protocol::channel::clipboard::ClipboardContent;

use super::{Changed, Clipboard, ClipboardError, within_limits};

/// The desktop that a [`FakeClipboard`] belongs to. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct FakeDesk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    content: ClipboardContent,
    secret: bool,
    ours: bool,
    watched: bool,
    changed: Option<Arc<Mutex<Changed>>>,
}

impl std::fmt::Debug for FakeDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lock().content.fmt(f)
    }
}

impl FakeDesk {
    /// The clipboard as the agent has it.
    #[must_use]
    pub fn clipboard(&self, changed: Changed) -> FakeClipboard {
        self.lock().changed = Some(Arc::new(Mutex::new(changed)));
        FakeClipboard { desk: self.clone() }
    }

    /// Another program copies.
    pub fn copy(&self, content: ClipboardContent, secret: bool) {
        let changed = {
            let mut state = self.lock();
            (state.content, state.secret, state.ours) = (content, secret, false);
            state.changed.clone().filter(|_| state.watched)
        };
        if let Some(changed) = changed {
            (changed.lock().unwrap_or_else(PoisonError::into_inner))();
        }
    }

    /// What another program would paste.
    #[must_use]
    pub fn paste(&self) -> ClipboardContent {
        self.lock().content.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clipboard of a [`FakeDesk`].
#[derive(Debug)]
pub struct FakeClipboard {
    desk: FakeDesk,
}

impl Clipboard for FakeClipboard {
    fn read(&mut self) -> Result<ClipboardContent, ClipboardError> {
        let state = self.desk.lock();
        if state.secret {
            return Err(ClipboardError::Secret);
        }
        within_limits(state.content.clone())
    }

    fn write(&mut self, mut content: ClipboardContent) -> Result<(), ClipboardError> {
        content.files.clear();
        let mut state = self.desk.lock();
        (state.content, state.secret, state.ours) = (content, false, true);
        Ok(())
    }

    fn watch(&mut self, on: bool) -> Result<(), ClipboardError> {
        self.desk.lock().watched = on;
        Ok(())
    }
}

impl Drop for FakeClipboard {
    fn drop(&mut self) {
        let mut state = self.desk.lock();
        if state.ours {
            state.content = ClipboardContent::default();
        }
    }
}
