//! A machine that only remembers.

use std::sync::{Arc, Mutex, PoisonError};

use super::{RestartError, Restarter, Start};

/// Remembers what it was told. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct FakeRestarter(Arc<Mutex<Told>>);

/// What it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How often it was restarted.
    pub restarts: u32,
    /// What is started afterwards.
    pub start: Option<Start>,
}

impl FakeRestarter {
    /// What it was told so far.
    #[must_use]
    pub fn told(&self) -> Told {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Restarter for FakeRestarter {
    fn is_possible(&mut self) -> bool {
        true
    }

    fn start_afterwards(&mut self, start: &Start) -> Result<(), RestartError> {
        self.change(|told| told.start = Some(start.clone()));
        Ok(())
    }

    fn start_nothing(&mut self) -> Result<(), RestartError> {
        self.change(|told| told.start = None);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), RestartError> {
        self.change(|told| told.restarts += 1);
        Ok(())
    }

    fn machine(&self) -> Option<String> {
        Some("a machine of a test".to_owned())
    }
}
