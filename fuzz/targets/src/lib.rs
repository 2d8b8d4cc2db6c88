//! What the fuzzers run, as plain functions: each takes bytes of the far side and must come back, whatever they are.
//! `cargo fuzz run <name>` (in `fuzz/`) looks for bytes that break one; `cargo test -p farhand-fuzz-targets` runs the
//! kept corpus through all of them on the stable compiler.

mod chat;
mod clipboard;
#[cfg(feature = "hub")]
mod column;
mod consent;
#[cfg(feature = "console")]
mod console;
mod decoders;
mod diagnostics;
mod ends;
mod files;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "hub")]
mod outward;
#[cfg(feature = "hub")]
mod passkey;
mod picture;
mod pointing;
mod resume;
mod room;
mod seal;
mod session;

pub use chat::chat;
pub use clipboard::clipboard;
#[cfg(feature = "hub")]
pub use column::column;
pub use consent::consent;
#[cfg(feature = "console")]
pub use console::{deep_link, release, start};
pub use decoders::{channel, frames, screen, signals, ticket};
pub use diagnostics::diagnostics;
pub use ends::ends;
pub use files::{files, names};
#[cfg(feature = "hub")]
pub use hub::hub;
#[cfg(feature = "hub")]
pub use outward::outward;
#[cfg(feature = "hub")]
pub use passkey::passkey;
pub use picture::picture;
pub use pointing::pointing;
pub use resume::resume;
pub use room::room;
pub use seal::{handshake, receipt, sealed};
pub use session::session;

/// A target's body.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("signals", signals),
    ("channel", channel),
    ("clipboard", clipboard),
    ("picture", picture),
    ("diagnostics", diagnostics),
    ("frames", frames),
    ("screen", screen),
    ("ticket", ticket),
    ("consent", consent),
    ("session", session),
    ("room", room),
    ("handshake", handshake),
    ("sealed", sealed),
    ("ends", ends),
    ("receipt", receipt),
    ("files", files),
    ("names", names),
    ("chat", chat),
    ("pointing", pointing),
    ("resume", resume),
    #[cfg(feature = "console")]
    ("release", release),
    #[cfg(feature = "console")]
    ("start", start),
    #[cfg(feature = "console")]
    ("deep_link", deep_link),
    #[cfg(feature = "hub")]
    ("hub", hub),
    #[cfg(feature = "hub")]
    ("passkey", passkey),
    #[cfg(feature = "hub")]
    ("column", column),
    #[cfg(feature = "hub")]
    ("outward", outward),
];
