//! What is handed out signed, and the one implementation by which everybody checks it: releases of our programs, which
//! the service offers and programs update themselves with, and start tokens, which say for which session a download is.
//!
//! A release's signature is a minisign file ([`minisign`]), so that people can check a download with a tool that is not
//! ours. Its trusted comment ([`release`]) binds program, version, target, name, size and hash together: no part can be
//! exchanged, and an older version with a known hole cannot be offered as a newer one.

pub mod download;
pub mod minisign;
pub mod release;
pub mod start;

pub use download::Download;
pub use minisign::{PublicKey, SecretKey};
pub use release::{Check, Offer, Release, ReleaseError, Version};

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
