//! This computer's disk and clipboard, as far as sessions need them.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farhand_protocol::channel::clipboard::{
    MAX_CLIPBOARD_HTML, MAX_CLIPBOARD_IMAGE, MAX_CLIPBOARD_TEXT, MAX_CONTENT,
};
use farhand_protocol::channel::files::FileEnd;
use tokio::sync::oneshot;

use super::Controller;
use crate::deep_link::is_session;
use crate::files::Incoming;
use crate::shell::{Clip, Shell};
use crate::types::{
    BeginFile, ClipFormat, ClipPart, ClipboardParts, Failure, FileNumber, FilesOf, KeepFile, KeptFile,
    OpenFiles,
};

/// A program that does not give what was copied in it within this time gives nothing.
const CLIPBOARD_WITHIN: Duration = Duration::from_secs(5);

impl<S: Shell> Controller<S> {
    /// Begins a file of a customer's in this computer's downloads folder, or goes on with it.
    ///
    /// # Errors
    /// [`Failure`] with the word of a [`FileEnd`], or `session_unknown`.
    pub fn begin_file(&self, request: &BeginFile) -> Result<FileNumber, Failure> {
        if !is_session(&request.session) {
            return Err(Failure::new("session_unknown", "There is no such session."));
        }
        self.files(|files| files.begin(request, Instant::now())).map(|file| FileNumber { file })
    }

    /// Appends to it.
    ///
    /// # Errors
    /// [`Failure`] with the word of a [`FileEnd`].
    pub fn write_file(&self, file: u32, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.files(|files| files.write(file, offset, bytes, Instant::now()))
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// [`Failure`] with the word of a [`FileEnd`].
    pub fn keep_file(&self, request: &KeepFile) -> Result<KeptFile, Failure> {
        self.files(|files| files.keep(request.file, &request.hash)).map(|name| KeptFile { name })
    }

    /// Removes what there is of it.
    pub fn drop_file(&self, request: FileNumber) {
        let _ = self.files(|files| {
            files.forget(request.file);
            Ok(())
        });
    }

    /// Those of a session that are not whole yet.
    ///
    /// # Errors
    /// None that come about.
    pub fn open_files(&self, request: &FilesOf) -> Result<OpenFiles, Failure> {
        self.files(|files| Ok(OpenFiles { files: files.of(&request.session) }))
    }

    /// The program ends: what is not whole is removed.
    pub fn drop_all_files(&self) {
        let _ = self.files(|files| {
            files.forget_all();
            Ok(())
        });
    }

    fn files<T>(&self, work: impl FnOnce(&mut Incoming) -> Result<T, FileEnd>) -> Result<T, Failure> {
        let mut files = self.inner.files.lock().expect("nobody panics while it is held");
        work(&mut files).map_err(|why| {
            Failure::new(why.word(), format!("The file cannot be written here: {}.", why.word()))
        })
    }

    /// What lies on this computer's clipboard, unless a password manager marked it.
    ///
    /// # Errors
    /// [`Failure`]: `unfocused`, `empty`, `secret`, `too_large`, `failed`, `unsupported`.
    pub async fn read_clipboard(&self, window: &str) -> Result<ClipboardParts, Failure> {
        let (sender, answer) = oneshot::channel();
        self.inner.shell.read_clipboard(
            window,
            Box::new(move |read| {
                let _ = sender.send(read);
            }),
        );
        let read = match tokio::time::timeout(CLIPBOARD_WITHIN, answer).await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) | Err(_) => Err(Clip::Failed),
        };
        let parts = read.map_err(refused)?;
        let mut kept: Vec<ClipPart> = Vec::new();
        let mut left = MAX_CONTENT as usize;
        let filled = parts.iter().any(|(_, bytes)| !bytes.is_empty());
        for (format, bytes) in parts {
            if !bytes.is_empty() && bytes.len() <= limit(format).min(left) {
                left -= bytes.len();
                kept.push(ClipPart { format, base64: STANDARD.encode(bytes) });
            }
        }
        match (kept.is_empty(), filled) {
            (false, _) => Ok(ClipboardParts { parts: kept }),
            (true, true) => Err(refused(Clip::TooLarge)),
            (true, false) => Err(refused(Clip::Empty)),
        }
    }

    /// Puts something onto this computer's clipboard.
    ///
    /// # Errors
    /// [`Failure`]: `unfocused`, `too_large`, `failed`, `unsupported`.
    pub async fn write_clipboard(&self, window: &str, request: ClipboardParts) -> Result<(), Failure> {
        let mut parts: Vec<(ClipFormat, Vec<u8>)> = Vec::new();
        for ClipPart { format, base64 } in request.parts {
            let twice = parts.iter().any(|(known, _)| *known == format);
            let bytes = STANDARD.decode(base64).map_err(|_| refused(Clip::Failed))?;
            let text = match format {
                ClipFormat::Text | ClipFormat::Html => std::str::from_utf8(&bytes).is_ok(),
                ClipFormat::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            };
            if twice || !text {
                return Err(refused(Clip::Failed));
            }
            if bytes.len() > limit(format) {
                return Err(refused(Clip::TooLarge));
            }
            parts.push((format, bytes));
        }
        if parts.is_empty() {
            return Err(refused(Clip::Empty));
        }
        let (sender, answer) = oneshot::channel();
        self.inner.shell.write_clipboard(
            window,
            parts,
            Box::new(move |wrote| {
                let _ = sender.send(wrote);
            }),
        );
        match tokio::time::timeout(CLIPBOARD_WITHIN, answer).await {
            Ok(Ok(wrote)) => wrote.map_err(refused),
            Ok(Err(_)) | Err(_) => Err(refused(Clip::Failed)),
        }
    }
}

const fn limit(format: ClipFormat) -> usize {
    match format {
        ClipFormat::Text => MAX_CLIPBOARD_TEXT as usize,
        ClipFormat::Html => MAX_CLIPBOARD_HTML as usize,
        ClipFormat::Png => MAX_CLIPBOARD_IMAGE as usize,
    }
}

fn refused(why: Clip) -> Failure {
    let (code, text) = match why {
        Clip::Unfocused => ("unfocused", "The window does not have the focus."),
        Clip::Empty => ("empty", "Nothing that can be passed on lies on the clipboard."),
        Clip::Secret => ("secret", "A password manager marked what lies on the clipboard as secret."),
        Clip::TooLarge => ("too_large", "What lies on the clipboard is too large."),
        Clip::Failed => ("failed", "The clipboard did not answer."),
        Clip::Unsupported => ("unsupported", "This program does not reach this system's clipboard."),
    };
    Failure::new(code, text)
}
