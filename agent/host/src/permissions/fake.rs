//! Permissions that stand as a test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Permission, Permissions, State};

/// Its owner, for a test, and what the program sees. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct FakePermissions(Arc<Mutex<Stand>>);

#[derive(Debug, Default)]
struct Stand {
    states: BTreeMap<Permission, State>,
    opened: Vec<Permission>,
}

impl FakePermissions {
    /// A system that asks for all of these.
    #[must_use]
    pub fn of(states: &[(Permission, State)]) -> Self {
        let fake = Self::default();
        fake.stand().states.extend(states.iter().copied());
        fake
    }

    fn stand(&self) -> MutexGuard<'_, Stand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The owner changes one in the settings.
    pub fn set(&self, permission: Permission, state: State) {
        self.stand().states.insert(permission, state);
    }

    /// The pages that were opened, in order.
    #[must_use]
    pub fn opened(&self) -> Vec<Permission> {
        self.stand().opened.clone()
    }
}

impl Permissions for FakePermissions {
    fn look(&mut self) -> Vec<(Permission, State)> {
        self.stand().states.iter().map(|(permission, state)| (*permission, *state)).collect()
    }

    fn open_settings(&mut self, permission: Permission) {
        self.stand().opened.push(permission);
    }
}
