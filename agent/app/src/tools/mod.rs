//! The shell's side of what a technician has besides seeing and clicking.

pub mod chat;
mod clipboard;
mod diagnostics;
pub mod files;
mod shell;
mod worker;

pub use self::clipboard::Wake;

/// One of each, for one session.
#[derive(Debug, Default)]
pub struct Tools {
    /// People talking.
    pub chat: chat::Chat,
    /// The clipboard.
    pub clipboard: clipboard::Clipboard,
    /// File transfer.
    pub files: files::Files,
    /// What is read of this machine, and its command line.
    pub diagnostics: diagnostics::Diagnostics,
}
