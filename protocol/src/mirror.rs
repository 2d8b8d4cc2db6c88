//! A copy of a fact that somebody else owns, fed whole snapshots.

use crate::consent::ConsentSnapshot;
use crate::session::SessionSnapshot;

/// Something that its owner sends whole, with a revision that counts up.
pub trait Snapshot {
    /// Counts up with every change of the fact.
    fn revision(&self) -> u64;
}

impl Snapshot for ConsentSnapshot {
    fn revision(&self) -> u64 {
        self.revision
    }
}

impl Snapshot for SessionSnapshot {
    fn revision(&self) -> u64 {
        self.revision
    }
}

/// A copy of somebody else's fact. Snapshots may come twice, late or out of order; the newest stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror<T> {
    held: Option<T>,
}

impl<T> Default for Mirror<T> {
    fn default() -> Self {
        Self { held: None }
    }
}

impl<T: Snapshot> Mirror<T> {
    /// A mirror that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a snapshot. Returns whether it was newer than what was held; otherwise it is ignored.
    pub fn handle_snapshot(&mut self, snapshot: T) -> bool {
        let newer = self.held.as_ref().is_none_or(|held| snapshot.revision() > held.revision());
        if newer {
            self.held = Some(snapshot);
        }
        newer
    }

    /// The newest snapshot seen.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.held.as_ref()
    }

    /// Forgets what was seen: a new owner counts from the start.
    pub fn clear(&mut self) {
        self.held = None;
    }
}
