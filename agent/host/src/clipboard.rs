//! The clipboard of this machine: what other programs put there, and content put there for them to paste.
//!
//! Content comes with several formats of one thing, within the protocol's limits. What a password manager marked as not
//! to be looked at is never read: under X11 the target `x-kde-passwordManagerHint` with the value `secret`; on Windows
//! `ExcludeClipboardContentFromMonitorProcessing` and `CanIncludeInClipboardHistory` 0, on macOS
//! `org.nspasteboard.ConcealedType` and `TransientType` mean the same.

use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardWhy, MAX_CONTENT};

#[cfg(any(target_os = "windows", test))]
mod dib;
pub mod fake;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
#[path = "clipboard/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/clipboard.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "clipboard/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/clipboard.rs"]
mod os;

/// Which back end is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// The selection CLIPBOARD of an X11 display.
    X11,
    /// A clipboard of its own, see [`fake`].
    Fake,
}

/// Called when another program put something on the clipboard, while it is watched. Must not block.
pub type Changed = Box<dyn Fn() + Send>;

/// The clipboard of this machine.
pub trait Clipboard: Send {
    /// What lies there now, formats within their limits; what is larger is left out. Waits for the program that put it
    /// there, some seconds at most.
    ///
    /// # Errors
    /// Why there is nothing, see [`ClipboardError`].
    fn read(&mut self) -> Result<ClipboardContent, ClipboardError>;

    /// Puts content there, in place of what lay there. It is gone when this is dropped. Names of files are not put
    /// there: they name files of another machine.
    ///
    /// # Errors
    /// The display's failure.
    fn write(&mut self, content: ClipboardContent) -> Result<(), ClipboardError>;

    /// Whether changes by other programs are told.
    ///
    /// # Errors
    /// The display's failure.
    fn watch(&mut self, on: bool) -> Result<(), ClipboardError>;
}

/// Why the clipboard gives or takes nothing. Each is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClipboardError {
    /// Nothing lies there.
    #[error("The clipboard is empty.")]
    Empty,
    /// It is marked as secret.
    #[error("A password manager marked what lies on the clipboard as secret.")]
    Secret,
    /// Every format is larger than its limit.
    #[error("What lies on the clipboard is too large.")]
    TooLarge,
    /// There is no format that we know.
    #[error("What lies on the clipboard is of no kind that can be passed on.")]
    Format,
    /// The program that put it there does not answer.
    #[error("The program that it was copied in does not answer.")]
    Silent,
    /// The display cannot be reached or refuses.
    #[error("The clipboard cannot be reached: {detail}")]
    Unreachable {
        /// What the display said.
        detail: String,
    },
    /// The back end asked for is not in this program or not on this system.
    #[error("This program cannot reach the clipboard in the way {name} on this system.")]
    NotHere {
        /// Name of the back end.
        name: &'static str,
    },
}

impl ClipboardError {
    /// What the far side is told of it.
    #[must_use]
    pub const fn why(&self) -> ClipboardWhy {
        match self {
            Self::Empty => ClipboardWhy::Empty,
            Self::Secret => ClipboardWhy::Secret,
            Self::TooLarge => ClipboardWhy::TooLarge,
            Self::Format => ClipboardWhy::Format,
            Self::Silent | Self::Unreachable { .. } | Self::NotHere { .. } => ClipboardWhy::Failed,
        }
    }
}

/// Opens the clipboard of the session this program runs in.
///
/// # Errors
/// [`ClipboardError`].
pub fn open_clipboard(preference: Backend, changed: Changed) -> Result<Box<dyn Clipboard>, ClipboardError> {
    open_clipboard_on(preference, None, changed)
}

/// Opens the clipboard of the display named, such as `:1`; the session's if `None`.
///
/// # Errors
/// [`ClipboardError`].
pub fn open_clipboard_on(
    preference: Backend,
    display: Option<&str>,
    changed: Changed,
) -> Result<Box<dyn Clipboard>, ClipboardError> {
    match preference {
        Backend::Fake => Ok(Box::new(fake::FakeDesk::default().clipboard(changed))),
        Backend::Auto | Backend::X11 => os::open(preference, display, changed),
    }
}

/// Leaves out what is too large, and everything else where files were copied: their paths as text are nothing that
/// anybody meant to paste on another machine.
fn within_limits(mut content: ClipboardContent) -> Result<ClipboardContent, ClipboardError> {
    if !content.files.is_empty() {
        content.parts.clear();
        return Ok(content);
    }
    content.parts.retain(|(_, bytes)| !bytes.is_empty());
    if content.parts.is_empty() {
        return Err(ClipboardError::Empty);
    }
    content.parts.retain(|(format, bytes)| bytes.len() as u64 <= u64::from(format.most()));
    let total =
        |content: &ClipboardContent| content.parts.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    while total(&content) > MAX_CONTENT as usize {
        let richest = content.parts.iter().map(|(format, _)| *format).max();
        content.parts.retain(|(format, _)| Some(*format) != richest);
    }
    if content.parts.is_empty() { Err(ClipboardError::TooLarge) } else { Ok(content) }
}

#[cfg(test)]
mod tests {
    use farhand_protocol::channel::clipboard::ClipboardFormat;

    use super::*;

    fn content(parts: &[(ClipboardFormat, usize)]) -> ClipboardContent {
        let parts = parts.iter().map(|(format, size)| (*format, vec![b'x'; *size])).collect();
        ClipboardContent { parts, files: Vec::new() }
    }

    fn left(parts: &[(ClipboardFormat, usize)]) -> Result<Vec<ClipboardFormat>, ClipboardError> {
        within_limits(content(parts)).map(|content| content.parts.iter().map(|(format, _)| *format).collect())
    }

    #[test]
    fn what_is_too_large_is_left_out_and_the_rest_goes() {
        use ClipboardFormat::{Html, Png, Text};
        assert_eq!(left(&[(Text, 5), (Html, 3 << 20)]), Ok(vec![Text]));
        assert_eq!(left(&[(Text, 1 << 20), (Html, 2 << 20), (Png, 8 << 20)]), Ok(vec![Text, Html]));
        assert_eq!(left(&[(Text, (1 << 20) + 1)]), Err(ClipboardError::TooLarge));
        assert_eq!(left(&[(Text, 0)]), Err(ClipboardError::Empty));
        assert_eq!(left(&[]), Err(ClipboardError::Empty));
    }

    #[test]
    fn copied_files_are_names_and_nothing_else() {
        let mut files = content(&[(ClipboardFormat::Text, 9)]);
        files.files.push("/home/ada/letter.odt".into());
        let files = within_limits(files).unwrap();
        assert!(files.parts.is_empty());
        assert_eq!(files.offered().1, ["letter.odt"]);
    }
}
