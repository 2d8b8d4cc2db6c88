//! Hands that do what a test says.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Done, Hands, Tell};

struct Inner {
    tell: Tell,
    all: bool,
}

/// Clones share their ears.
#[derive(Clone)]
pub struct FakeHands(Arc<Mutex<Inner>>);

impl FakeHands {
    /// Tells this one.
    #[must_use]
    pub fn new(tell: Tell) -> Self {
        Self(Arc::new(Mutex::new(Inner { tell, all: false })))
    }

    /// A hand does something.
    pub fn does(&self, done: Done) {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = match done {
            Done::Key { .. } => true,
            Done::Button { .. } | Done::Motion { .. } => inner.all,
        };
        if heard {
            (inner.tell)(done);
        }
    }
}

impl fmt::Debug for FakeHands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeHands")
    }
}

impl Hands for FakeHands {
    fn listen_to_all(&self, all: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all = all;
    }
}
