//! Protocol version and its negotiation.

use serde::{Deserialize, Serialize};

/// The newest protocol version that this build speaks.
pub const CURRENT: Version = Version(1);
/// The oldest protocol version that this build still speaks.
pub const OLDEST: Version = Version(1);

/// A protocol version. Whether a peer can do something is asked by a `supports_*` method, never by comparing numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Version(pub u16);

/// The versions a peer speaks, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct VersionRange {
    /// Oldest version spoken.
    pub oldest: Version,
    /// Newest version spoken.
    pub newest: Version,
}

impl VersionRange {
    /// What this build speaks.
    #[must_use]
    pub const fn ours() -> Self {
        Self { oldest: OLDEST, newest: CURRENT }
    }

    /// The newest version that both sides speak, or `None` when there is none.
    #[must_use]
    pub fn agree(self, other: Self) -> Option<Version> {
        let newest = self.newest.min(other.newest);
        (newest >= self.oldest && newest >= other.oldest).then_some(newest)
    }
}
