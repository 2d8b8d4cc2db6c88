//! An overlay that remembers what it was shown.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Overlay, Picture};

/// What was shown so far, oldest first. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct FakeOverlay(Arc<Mutex<Vec<Picture>>>);

impl FakeOverlay {
    /// All that was shown.
    #[must_use]
    pub fn shown(&self) -> Vec<Picture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Overlay for FakeOverlay {
    fn show(&self, picture: Picture) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(picture);
    }
}
