//! A copy of a fact that somebody else owns, fed whole snapshots.
