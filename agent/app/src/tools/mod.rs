//! The shell's side of what a technician has besides seeing and clicking.

mod chat;
mod clipboard;
mod diagnostics;
mod files;

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
