//! The clipboard by a window that nobody sees, on a thread of its own: the system tells that of changes, and it is whose
//! what we put there is.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ptr::{null, null_mut};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardFormat, MAX_CONTENT};
use windows_sys::Win32::Foundation::{GlobalFree, HGLOBAL, HWND};
use windows_sys::Win32::System::DataExchange::{
    CloseClipboard, CountClipboardFormats, EmptyClipboard, EnumClipboardFormats, GetClipboardData,
    GetClipboardOwner, GetClipboardSequenceNumber, IsClipboardFormatAvailable, OpenClipboard,
    RegisterClipboardFormatW, SetClipboardData,
};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Memory::{GMEM_MOVEABLE, GlobalAlloc, GlobalLock, GlobalSize, GlobalUnlock};
use windows_sys::Win32::System::Ole::{CF_DIB, CF_DIBV5, CF_HDROP, CF_UNICODETEXT};
use windows_sys::Win32::UI::Shell::DragQueryFileW;
use windows_sys::Win32::UI::WindowsAndMessaging::{CreateWindowExW, DestroyWindow, HWND_MESSAGE, WS_POPUP};

use super::dib::{self, MAX_DIB};
use super::{Backend, Changed, Clipboard, ClipboardError, within_limits};
use crate::windows::{Bell, last_error, text, wide};

/// Another program may have it open for a moment.
const OPEN_WITHIN: Duration = Duration::from_secs(2);
const OPEN_AGAIN: Duration = Duration::from_millis(10);
/// While it is watched, changes are looked for this often: the system counts them.
const LOOKS: Duration = Duration::from_millis(250);
/// The most files whose names are read.
const MAX_FILES: u32 = 512;
/// Letters of a file's path.
const MAX_PATH: usize = 1024;
/// So much more than a format's limit is read, for what is in front of HTML.
const MAX_HEADER: usize = 4096;

pub fn open(
    preference: Backend,
    _display: Option<&str>,
    changed: Changed,
) -> Result<Box<dyn Clipboard>, ClipboardError> {
    match preference {
        Backend::Auto => {}
        Backend::X11 => return Err(ClipboardError::NotHere { name: "X11" }),
        Backend::Fake => return Err(ClipboardError::NotHere { name: "fake" }),
    }
    let bell = Bell::new().map_err(unreachable)?;
    let ring = bell.clone();
    let (commands, inbox) = mpsc::channel();
    let (ready, is_ready) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("clipboard".into())
        .spawn(move || match Worker::new(changed) {
            Ok(worker) => {
                let _ = ready.send(Ok(()));
                worker.run(&inbox, &ring);
            }
            Err(error) => drop(ready.send(Err(error))),
        })
        .map_err(unreachable)?;
    is_ready.recv().unwrap_or_else(|_| Err(gone()))?;
    Ok(Box::new(WindowsClipboard { commands: Some(commands), bell, thread: Some(thread) }))
}

fn unreachable(error: std::io::Error) -> ClipboardError {
    ClipboardError::Unreachable { detail: error.to_string() }
}

fn gone() -> ClipboardError {
    ClipboardError::Unreachable { detail: "its thread has ended".to_owned() }
}

enum Command {
    Read(mpsc::Sender<Result<ClipboardContent, ClipboardError>>),
    Write(ClipboardContent, mpsc::Sender<Result<(), ClipboardError>>),
    Watch(bool),
}

struct WindowsClipboard {
    commands: Option<mpsc::Sender<Command>>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl WindowsClipboard {
    fn tell(&self, command: Command) -> Result<(), ClipboardError> {
        let sent = self.commands.as_ref().is_some_and(|commands| commands.send(command).is_ok());
        self.bell.ring();
        if sent { Ok(()) } else { Err(gone()) }
    }
}

impl Clipboard for WindowsClipboard {
    fn read(&mut self) -> Result<ClipboardContent, ClipboardError> {
        let (answer, answered) = mpsc::channel();
        self.tell(Command::Read(answer))?;
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }

    fn write(&mut self, content: ClipboardContent) -> Result<(), ClipboardError> {
        let (answer, answered) = mpsc::channel();
        self.tell(Command::Write(content, answer))?;
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }

    fn watch(&mut self, on: bool) -> Result<(), ClipboardError> {
        self.tell(Command::Watch(on))
    }
}

impl Drop for WindowsClipboard {
    fn drop(&mut self) {
        self.commands = None;
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Numbers of formats that have names.
struct Formats {
    html: u32,
    png: u32,
    /// Marks by which password managers keep others out.
    excluded: u32,
    history: u32,
}

struct Worker {
    window: HWND,
    formats: Formats,
    /// How often the clipboard was changed, as of the last look.
    seen: u32,
    watched: bool,
    changed: Changed,
}

/// The clipboard, open for this thread.
struct Opened;

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: opened by this thread.
        unsafe { CloseClipboard() };
    }
}

impl Worker {
    fn new(changed: Changed) -> Result<Self, ClipboardError> {
        let class = wide("Static");
        // SAFETY: the class is the system's own; its name lives as long as the call.
        let (window, seen) = unsafe {
            let instance = GetModuleHandleW(null());
            let (parent, none) = (HWND_MESSAGE, null_mut());
            let window = CreateWindowExW(
                0,
                class.as_ptr(),
                null(),
                WS_POPUP,
                0,
                0,
                0,
                0,
                parent,
                none,
                instance,
                null(),
            );
            (window, GetClipboardSequenceNumber())
        };
        if window.is_null() {
            return Err(unreachable(last_error()));
        }
        let format = |name: &str| {
            let name = wide(name);
            // SAFETY: the name lives as long as the call.
            unsafe { RegisterClipboardFormatW(name.as_ptr()) }
        };
        let formats = Formats {
            html: format("HTML Format"),
            png: format("PNG"),
            excluded: format("ExcludeClipboardContentFromMonitorProcessing"),
            history: format("CanIncludeInClipboardHistory"),
        };
        Ok(Self { window, formats, seen, watched: false, changed })
    }

    /// Until nobody commands any more.
    fn run(mut self, inbox: &mpsc::Receiver<Command>, bell: &Bell) {
        loop {
            loop {
                match inbox.try_recv() {
                    // Whoever waited no longer does; there is nobody else to tell.
                    Ok(Command::Read(answer)) => drop(answer.send(self.read())),
                    Ok(Command::Write(content, answer)) => drop(answer.send(self.write(&content))),
                    Ok(Command::Watch(on)) => self.watched = on,
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => return,
                }
            }
            self.look();
            bell.wait_with_windows(self.watched.then(|| Instant::now() + LOOKS));
        }
    }

    fn look(&mut self) {
        // SAFETY: plain calls.
        let (seen, owner) = unsafe { (GetClipboardSequenceNumber(), GetClipboardOwner()) };
        if std::mem::replace(&mut self.seen, seen) != seen && owner != self.window && self.watched {
            (self.changed)();
        }
    }

    fn open(&self) -> Result<Opened, ClipboardError> {
        let until = Instant::now() + OPEN_WITHIN;
        loop {
            // SAFETY: a plain call.
            if unsafe { OpenClipboard(self.window) } != 0 {
                return Ok(Opened);
            }
            if Instant::now() >= until {
                return Err(ClipboardError::Silent);
            }
            std::thread::sleep(OPEN_AGAIN);
        }
    }

    fn read(&self) -> Result<ClipboardContent, ClipboardError> {
        let opened = self.open()?;
        if has(self.formats.excluded)
            || (has(self.formats.history) && number(self.formats.history) == Some(0))
        {
            return Err(ClipboardError::Secret);
        }
        let mut content = ClipboardContent { parts: Vec::new(), files: files() };
        let mut large = false;
        let mut add = |format: ClipboardFormat, bytes: Option<Bytes>| match bytes {
            Some(Bytes::Read(bytes)) => content.parts.push((format, bytes)),
            Some(Bytes::TooLarge) => large = true,
            None => {}
        };
        // Two bytes a letter, and up to three of UTF-8 for each.
        let most = ClipboardFormat::Text.most() as usize * 2;
        add(ClipboardFormat::Text, bytes(CF_UNICODETEXT.into(), most).map(|read| read.map(utf8)));
        let most = ClipboardFormat::Html.most() as usize + MAX_HEADER;
        add(ClipboardFormat::Html, bytes(self.formats.html, most).map(|read| read.map(without_header)));
        let png = bytes(self.formats.png, MAX_CONTENT as usize);
        let picture = if png.is_none() { picture() } else { None };
        // Nobody has to wait while it is made into another form.
        drop(opened);
        let made = |picture| match picture {
            Bytes::Read(picture) => dib::to_png(&picture).map(Bytes::Read),
            Bytes::TooLarge => Some(Bytes::TooLarge),
        };
        add(ClipboardFormat::Png, png.or_else(|| picture.and_then(made)));
        match within_limits(content) {
            Err(ClipboardError::Empty) if large => Err(ClipboardError::TooLarge),
            Err(ClipboardError::Empty) if self.has_others() => Err(ClipboardError::Format),
            other => other,
        }
    }

    /// Whether something lies there that is of no kind of ours.
    fn has_others(&self) -> bool {
        // SAFETY: plain calls; the clipboard is closed by `Opened`.
        self.open().is_ok_and(|_opened| unsafe { CountClipboardFormats() > 0 })
    }

    fn write(&mut self, content: &ClipboardContent) -> Result<(), ClipboardError> {
        let picture = content.parts.iter().find(|(format, _)| *format == ClipboardFormat::Png);
        // Many programs know pictures in the system's own form only.
        let dibs = picture.and_then(|(_, png)| dib::from_png(png));
        let opened = self.open()?;
        // SAFETY: opened above; what was there is given back to the system, and this window is its owner from now on.
        if unsafe { EmptyClipboard() } == 0 {
            return Err(unreachable(last_error()));
        }
        for (format, bytes) in &content.parts {
            match format {
                ClipboardFormat::Text => put(CF_UNICODETEXT.into(), &utf16(bytes))?,
                ClipboardFormat::Html => put(self.formats.html, &with_header(bytes))?,
                ClipboardFormat::Png => put(self.formats.png, bytes)?,
                ClipboardFormat::Unknown => {}
            }
        }
        if let Some(dibs) = &dibs {
            put(CF_DIBV5.into(), &dibs.v5)?;
            put(CF_DIB.into(), &dibs.plain)?;
        }
        drop(opened);
        // SAFETY: a plain call.
        self.seen = unsafe { GetClipboardSequenceNumber() };
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SAFETY: plain calls; the window was made by this thread.
        unsafe {
            if GetClipboardOwner() == self.window
                && let Ok(_opened) = self.open()
            {
                EmptyClipboard();
            }
            DestroyWindow(self.window);
        }
    }
}

enum Bytes {
    Read(Vec<u8>),
    TooLarge,
}

impl Bytes {
    fn map(self, make: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Self {
        match self {
            Self::Read(bytes) => Self::Read(make(bytes)),
            Self::TooLarge => Self::TooLarge,
        }
    }
}

fn has(format: u32) -> bool {
    // SAFETY: a plain call.
    format != 0 && unsafe { IsClipboardFormatAvailable(format) } != 0
}

/// What lies there in this format, while the clipboard is open.
fn bytes(format: u32, most: usize) -> Option<Bytes> {
    if !has(format) {
        return None;
    }
    // SAFETY: the memory is the clipboard's, as large as is said, and stays for as long as it is locked.
    unsafe {
        let memory: HGLOBAL = GetClipboardData(format);
        if memory.is_null() {
            return None;
        }
        let length = GlobalSize(memory);
        if length > most {
            return Some(Bytes::TooLarge);
        }
        let at = GlobalLock(memory).cast::<u8>();
        if at.is_null() {
            return None;
        }
        let read = std::slice::from_raw_parts(at, length).to_vec();
        GlobalUnlock(memory);
        Some(Bytes::Read(read))
    }
}

/// The picture in the form in which it was put there, while the clipboard is open: the system makes the other one of it,
/// and lists that behind.
fn picture() -> Option<Bytes> {
    let (dib, v5) = (u32::from(CF_DIB), u32::from(CF_DIBV5));
    let mut format = 0;
    loop {
        // SAFETY: a plain call.
        format = unsafe { EnumClipboardFormats(format) };
        if format == 0 {
            return None;
        }
        if format == dib || format == v5 {
            return bytes(format, MAX_DIB);
        }
    }
}

/// A number of four bytes.
fn number(format: u32) -> Option<u32> {
    match bytes(format, 64)? {
        Bytes::Read(read) => Some(u32::from_le_bytes(read.get(..4)?.try_into().ok()?)),
        Bytes::TooLarge => None,
    }
}

/// Puts it there, while the clipboard is open.
fn put(format: u32, bytes: &[u8]) -> Result<(), ClipboardError> {
    // SAFETY: the memory is as large as what is copied, and the clipboard's once that took it.
    unsafe {
        let memory = GlobalAlloc(GMEM_MOVEABLE, bytes.len().max(1));
        if memory.is_null() {
            return Err(unreachable(last_error()));
        }
        let at = GlobalLock(memory).cast::<u8>();
        if at.is_null() {
            GlobalFree(memory);
            return Err(unreachable(last_error()));
        }
        at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        GlobalUnlock(memory);
        if SetClipboardData(format, memory).is_null() {
            let error = unreachable(last_error());
            GlobalFree(memory);
            return Err(error);
        }
    }
    Ok(())
}

/// Paths of copied files.
fn files() -> Vec<String> {
    if !has(CF_HDROP.into()) {
        return Vec::new();
    }
    // SAFETY: the list is the clipboard's, which is open; at most so many letters are written.
    unsafe {
        let list = GetClipboardData(CF_HDROP.into());
        if list.is_null() {
            return Vec::new();
        }
        let count = DragQueryFileW(list, u32::MAX, null_mut(), 0).min(MAX_FILES);
        let path = |at| {
            let mut letters = [0; MAX_PATH];
            DragQueryFileW(list, at, letters.as_mut_ptr(), MAX_PATH as u32);
            text(&letters)
        };
        (0..count).map(path).filter(|path| !path.is_empty() && !path.chars().any(char::is_control)).collect()
    }
}

/// Text as the system has it, up to its zero, with the line ends of everybody else.
fn utf8(bytes: Vec<u8>) -> Vec<u8> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    text(&units).replace("\r\n", "\n").into_bytes()
}

/// Text with the line ends of Windows and a zero behind it.
fn utf16(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\n', "\r\n");
    wide(&text).into_iter().flat_map(u16::to_le_bytes).collect()
}

/// What HTML is behind the lines that say where it begins and ends.
fn without_header(bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let all = &bytes[..end];
    let head = String::from_utf8_lossy(&all[..all.len().min(MAX_HEADER)]).into_owned();
    let place = |name: &str| -> Option<usize> {
        let line =
            head.lines().take_while(|line| !line.starts_with('<')).find(|line| line.starts_with(name))?;
        line[name.len()..].trim().parse().ok()
    };
    let part = |from, to| all.get(place(from)?..place(to)?).map(<[u8]>::to_vec);
    part("StartFragment:", "EndFragment:").or_else(|| part("StartHTML:", "EndHTML:")).unwrap_or_default()
}

/// The same the other way.
fn with_header(html: &[u8]) -> Vec<u8> {
    const BEFORE: &str = "<html><body>\r\n<!--StartFragment-->";
    const BEHIND: &str = "<!--EndFragment-->\r\n</body></html>";
    let header = |start: usize, fragment: usize, end_fragment: usize, end: usize| {
        format!(
            "Version:0.9\r\nStartHTML:{start:010}\r\nEndHTML:{end:010}\r\n\
             StartFragment:{fragment:010}\r\nEndFragment:{end_fragment:010}\r\n"
        )
    };
    let start = header(0, 0, 0, 0).len();
    let fragment = start + BEFORE.len();
    let end_fragment = fragment + html.len();
    let mut all = header(start, fragment, end_fragment, end_fragment + BEHIND.len()).into_bytes();
    all.extend_from_slice(BEFORE.as_bytes());
    all.extend_from_slice(html);
    all.extend_from_slice(BEHIND.as_bytes());
    all.push(0);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_comes_back_from_between_its_marks() {
        let html = "<b>Grüße</b> & more".as_bytes();
        assert_eq!(without_header(with_header(html)), html);
        assert_eq!(without_header(b"StartFragment:9999\r\nEndFragment:3\r\n<p>".to_vec()), b"");
        assert_eq!(without_header(b"<p>no header".to_vec()), b"");
    }

    #[test]
    fn text_has_the_line_ends_of_its_system() {
        assert_eq!(utf16(b"a\nb"), [97, 0, 13, 0, 10, 0, 98, 0, 0, 0]);
        assert_eq!(utf8(vec![97, 0, 13, 0, 10, 0, 0, 0, 98, 0]), b"a\n");
        assert_eq!(utf8(utf16("é😀\r\n".as_bytes())), "é😀\n".as_bytes());
    }
}
