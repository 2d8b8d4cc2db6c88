//! The selection CLIPBOARD of an X11 display (ICCCM, section 2), with XFixes telling of changes.
//!
//! A selection is not a place where content lies: whoever copied answers whoever pastes. So a thread of its own holds
//! the connection, answers for what we put there, and asks others when we read. Content that is too large for one
//! property goes in increments (INCR) in both directions.

mod serve;
mod words;

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardFormat, MAX_CLIPBOARD_TEXT};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use self::serve::Serving;
use super::{Changed, Clipboard, ClipboardError, within_limits};
use crate::x11::{Fault, connect, require};

/// How long a program has to answer, each time that it is asked.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How long all formats together may take.
const READ_WITHIN: Duration = Duration::from_secs(15);
/// The most targets that are looked at; programs offer a few dozen.
const MAX_TARGETS: usize = 256;
/// The longest list of files, in bytes.
const MAX_FILE_LIST: usize = 1 << 20;
/// The longest value of a hint.
const MAX_HINT: usize = 64;

x11rb::atom_manager! {
    Atoms:
    AtomsCookie {
        CLIPBOARD,
        TARGETS,
        TIMESTAMP,
        MULTIPLE,
        ATOM_PAIR,
        INCR,
        UTF8_STRING,
        TEXT,
        PLAIN: b"text/plain",
        PLAIN_UTF8: b"text/plain;charset=utf-8",
        HTML: b"text/html",
        PNG: b"image/png",
        FILES: b"text/uri-list",
        HINT: b"x-kde-passwordManagerHint",
        OURS: b"FARHAND_CLIPBOARD",
    }
}

/// The clipboard of an X11 display.
#[derive(Debug)]
pub struct X11Clipboard {
    commands: Option<mpsc::Sender<Command>>,
    bell: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

enum Command {
    Read(mpsc::Sender<Result<ClipboardContent, ClipboardError>>),
    Write(ClipboardContent, mpsc::Sender<Result<(), ClipboardError>>),
    Watch(bool, mpsc::Sender<()>),
}

/// What lies there because we put it there.
#[derive(Debug)]
struct Own {
    content: ClipboardContent,
    since: xproto::Timestamp,
}

struct Worker {
    connection: RustConnection,
    window: xproto::Window,
    atoms: Atoms,
    bell: Arc<OwnedFd>,
    own: Option<Own>,
    serving: Vec<Serving>,
    watched: bool,
    changed: Changed,
}

impl From<Fault> for ClipboardError {
    fn from(fault: Fault) -> Self {
        Self::Unreachable { detail: crate::input::InjectError::from(fault).to_string() }
    }
}

impl X11Clipboard {
    /// Opens the display named, or the environment's.
    pub fn open(display: Option<&str>, changed: Changed) -> Result<Self, ClipboardError> {
        let (connection, screen) = connect(display)?;
        require(&connection, xfixes::X11_EXTENSION_NAME, "XFIXES")?;
        let refused = |detail: String| ClipboardError::Unreachable { detail };
        let bell = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| refused(error.to_string()))?;
        let bell = Arc::new(bell);
        let worker = Worker::new(connection, screen, Arc::clone(&bell), changed)?;
        let (commands, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("clipboard".into())
            .spawn(move || worker.run(&inbox))
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { commands: Some(commands), bell, thread: Some(thread) })
    }

    fn tell(&self, command: Command) -> Result<(), ClipboardError> {
        let sent = self.commands.as_ref().is_some_and(|commands| commands.send(command).is_ok());
        self.ring();
        if sent { Ok(()) } else { Err(Fault::Gone.into()) }
    }

    fn ring(&self) {
        // Full only when it rings already.
        let _ = rustix::io::write(&*self.bell, &1_u64.to_ne_bytes());
    }
}

impl Clipboard for X11Clipboard {
    fn read(&mut self) -> Result<ClipboardContent, ClipboardError> {
        let (answer, answered) = mpsc::channel();
        self.tell(Command::Read(answer))?;
        answered.recv().unwrap_or_else(|_| Err(Fault::Gone.into()))
    }

    fn write(&mut self, content: ClipboardContent) -> Result<(), ClipboardError> {
        let (answer, answered) = mpsc::channel();
        self.tell(Command::Write(content, answer))?;
        answered.recv().unwrap_or_else(|_| Err(Fault::Gone.into()))
    }

    fn watch(&mut self, on: bool) -> Result<(), ClipboardError> {
        let (answer, answered) = mpsc::channel();
        self.tell(Command::Watch(on, answer))?;
        // Once it is off, nothing is told any more: not even what was copied a moment before.
        answered.recv().map_err(|_| Fault::Gone.into())
    }
}

impl Drop for X11Clipboard {
    fn drop(&mut self) {
        self.commands = None;
        self.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn new(
        connection: RustConnection,
        screen: usize,
        bell: Arc<OwnedFd>,
        changed: Changed,
    ) -> Result<Self, ClipboardError> {
        let opened = || -> Result<(xproto::Window, Atoms), Fault> {
            connection.xfixes_query_version(5, 0)?.reply()?;
            let atoms = Atoms::new(&connection)?.reply()?;
            let root = connection.setup().roots.get(screen).ok_or(Fault::Gone)?.root;
            let window = child(&connection, root)?;
            let mask = xfixes::SelectionEventMask::SET_SELECTION_OWNER;
            connection.xfixes_select_selection_input(window, atoms.CLIPBOARD, mask)?.check()?;
            Ok((window, atoms))
        };
        let (window, atoms) = opened()?;
        let (own, serving) = (None, Vec::new());
        Ok(Self { connection, window, atoms, bell, own, serving, watched: false, changed })
    }

    /// Until nobody commands any more, or the display is gone.
    fn run(mut self, inbox: &mpsc::Receiver<Command>) {
        loop {
            if let Err(error) = self.drain() {
                tracing::warn!(?error, "the clipboard's display is gone");
                return;
            }
            loop {
                match inbox.try_recv() {
                    // Whoever waited no longer does; there is nobody else to tell.
                    Ok(Command::Read(answer)) => drop(answer.send(self.read())),
                    Ok(Command::Write(content, answer)) => drop(answer.send(self.write(content))),
                    Ok(Command::Watch(on, answer)) => {
                        self.watched = on;
                        let _ = answer.send(());
                    }
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => return,
                }
            }
            if let Err(error) = self.drain() {
                tracing::warn!(?error, "the clipboard's display is gone");
                return;
            }
            self.sleep(self.serving.iter().map(|serving| serving.until).min());
            let _ = rustix::io::read(&*self.bell, &mut [0; 8]);
        }
    }

    /// Takes in all that the display has to say.
    fn drain(&mut self) -> Result<(), Fault> {
        self.connection.flush()?;
        while let Some(event) = self.connection.poll_for_event()? {
            self.take(&event)?;
        }
        let now = Instant::now();
        self.serving.retain(|serving| serving.until > now);
        self.connection.flush()?;
        Ok(())
    }

    fn take(&mut self, event: &Event) -> Result<(), Fault> {
        match event {
            Event::SelectionRequest(request) => self.serve(request)?,
            Event::SelectionClear(clear) if clear.selection == self.atoms.CLIPBOARD => self.own = None,
            Event::PropertyNotify(notify) if notify.state == xproto::Property::DELETE => {
                self.serve_on(notify.window, notify.atom)?;
            }
            Event::XfixesSelectionNotify(notify) if notify.selection == self.atoms.CLIPBOARD => {
                let foreign = notify.owner != self.window && notify.owner != x11rb::NONE;
                if foreign && self.watched {
                    (self.changed)();
                }
            }
            Event::Error(error) => tracing::debug!(?error, "the display refused a request"),
            // Events are the display's to add; those not asked for mean nothing here.
            _ => {}
        }
        Ok(())
    }

    /// Blocks until the display or the bell has something, or the time has come.
    fn sleep(&self, until: Option<Instant>) {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds =
            [PollFd::new(self.connection.stream(), PollFlags::IN), PollFd::new(&*self.bell, PollFlags::IN)];
        // Interrupted or not, the caller looks anew.
        let _ = rustix::event::poll(&mut fds, left.as_ref());
    }

    /// The next event for which `pick` gives something; others are taken meanwhile. `None` when the time is over.
    fn next<T>(
        &mut self,
        until: Instant,
        mut pick: impl FnMut(&Event) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        loop {
            self.connection.flush()?;
            while let Some(event) = self.connection.poll_for_event()? {
                if let Some(picked) = pick(&event) {
                    return Ok(Some(picked));
                }
                self.take(&event)?;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let left = Timespec::try_from(left).ok();
            let mut fds = [PollFd::new(self.connection.stream(), PollFlags::IN)];
            let _ = rustix::event::poll(&mut fds, left.as_ref());
        }
    }

    fn write(&mut self, mut content: ClipboardContent) -> Result<(), ClipboardError> {
        content.files.clear();
        // The time since when we own it must be the server's: a property that changes by nothing tells it.
        let (window, ours) = (self.window, self.atoms.OURS);
        let kind = xproto::AtomEnum::STRING;
        self.connection
            .change_property8(xproto::PropMode::APPEND, window, ours, kind, &[])
            .map_err(Fault::from)?;
        let told = self.next(Instant::now() + ANSWER_WITHIN, |event| match event {
            Event::PropertyNotify(notify) if notify.window == window && notify.atom == ours => {
                Some(notify.time)
            }
            _ => None,
        })?;
        let since = told.ok_or(ClipboardError::Silent)?;
        let clipboard = self.atoms.CLIPBOARD;
        self.own = Some(Own { content, since });
        self.connection.set_selection_owner(window, clipboard, since).map_err(Fault::from)?;
        if self.owner()? == window {
            return Ok(());
        }
        self.own = None;
        Err(ClipboardError::Unreachable { detail: "another program holds it".to_owned() })
    }

    fn owner(&self) -> Result<xproto::Window, Fault> {
        Ok(self.connection.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner)
    }

    fn read(&mut self) -> Result<ClipboardContent, ClipboardError> {
        self.drain()?;
        if let Some(own) = &self.own {
            return within_limits(own.content.clone());
        }
        if self.owner()? == x11rb::NONE {
            return Err(ClipboardError::Empty);
        }
        within_limits(self.ask_all(Instant::now() + READ_WITHIN)?)
    }

    fn ask_all(&mut self, until: Instant) -> Result<ClipboardContent, ClipboardError> {
        let atoms = self.atoms;
        let Some(list) = self.ask(atoms.TARGETS, MAX_TARGETS * 4, until)? else {
            // The oldest programs know one kind only.
            let text = self.ask(xproto::AtomEnum::STRING.into(), MAX_CLIPBOARD_TEXT as usize, until)?;
            let text = text.ok_or(ClipboardError::Format)?;
            let parts = vec![(ClipboardFormat::Text, words::latin1(&text).into_bytes())];
            return Ok(ClipboardContent { parts, files: Vec::new() });
        };
        let targets: Vec<xproto::Atom> = list
            .chunks_exact(4)
            .map(|atom| u32::from_ne_bytes([atom[0], atom[1], atom[2], atom[3]]))
            .collect();
        let has = |target: xproto::Atom| targets.contains(&target);
        if has(atoms.HINT) {
            // One that cannot be read is taken at its worst.
            let hint = self.ask(atoms.HINT, MAX_HINT, until)?;
            if hint.is_none_or(|hint| words::means_secret(&hint)) {
                return Err(ClipboardError::Secret);
            }
        }
        if has(atoms.FILES)
            && let Some(list) = self.ask(atoms.FILES, MAX_FILE_LIST, until)?
        {
            let files = words::files(&list);
            if !files.is_empty() {
                return Ok(ClipboardContent { parts: Vec::new(), files });
            }
        }
        let mut content = ClipboardContent::default();
        let mut too_large = false;
        let latin1: xproto::Atom = xproto::AtomEnum::STRING.into();
        let text = [atoms.UTF8_STRING, atoms.PLAIN_UTF8, latin1, atoms.PLAIN].into_iter().find(|t| has(*t));
        let html = has(atoms.HTML).then_some(atoms.HTML);
        let png = has(atoms.PNG).then_some(atoms.PNG);
        for (format, target) in
            [(ClipboardFormat::Text, text), (ClipboardFormat::Html, html), (ClipboardFormat::Png, png)]
        {
            let Some(target) = target else { continue };
            match self.ask(target, format.most() as usize, until) {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    let bytes = match format {
                        ClipboardFormat::Text if target == latin1 => words::latin1(&bytes).into_bytes(),
                        ClipboardFormat::Text | ClipboardFormat::Html => words::unicode(&bytes).into_bytes(),
                        ClipboardFormat::Png | ClipboardFormat::Unknown => bytes,
                    };
                    content.parts.push((format, bytes));
                }
                Err(ClipboardError::TooLarge) => too_large = true,
                Err(error) => return Err(error),
            }
        }
        match (content.parts.is_empty(), too_large) {
            (false, _) => Ok(content),
            (true, true) => Err(ClipboardError::TooLarge),
            (true, false) => Err(ClipboardError::Format),
        }
    }

    /// Asks the program that copied for one target. `None` when it does not have it.
    fn ask(
        &mut self,
        target: xproto::Atom,
        most: usize,
        until: Instant,
    ) -> Result<Option<Vec<u8>>, ClipboardError> {
        // A window for this only: a program that goes on answering what we gave up answers nobody.
        let reader = child(&self.connection, self.window)?;
        let asked = self.ask_for(reader, target, most, until);
        self.connection.destroy_window(reader).map_err(Fault::from)?;
        asked
    }

    fn ask_for(
        &mut self,
        reader: xproto::Window,
        target: xproto::Atom,
        most: usize,
        until: Instant,
    ) -> Result<Option<Vec<u8>>, ClipboardError> {
        let (clipboard, ours) = (self.atoms.CLIPBOARD, self.atoms.OURS);
        let within = |until: Instant| until.min(Instant::now() + ANSWER_WITHIN);
        self.connection
            .convert_selection(reader, clipboard, target, ours, x11rb::CURRENT_TIME)
            .map_err(Fault::from)?;
        let answer = self.next(within(until), |event| match event {
            Event::SelectionNotify(notify) if notify.requestor == reader && notify.target == target => {
                Some(notify.property)
            }
            _ => None,
        })?;
        match answer {
            None => return Err(ClipboardError::Silent),
            Some(x11rb::NONE) => return Ok(None),
            Some(_) => {}
        }
        let (kind, first) = self.property(reader, most)?;
        if kind != self.atoms.INCR {
            return Ok(Some(first));
        }
        // Reading the property has deleted it, which is the sign to begin.
        let mut bytes = Vec::new();
        loop {
            let more = self.next(within(until), |event| match event {
                Event::PropertyNotify(notify)
                    if notify.window == reader
                        && notify.atom == ours
                        && notify.state == xproto::Property::NEW_VALUE =>
                {
                    Some(())
                }
                _ => None,
            })?;
            if more.is_none() {
                return Err(ClipboardError::Silent);
            }
            let (_, piece) = self.property(reader, most)?;
            if piece.is_empty() {
                return Ok(Some(bytes));
            }
            if bytes.len() + piece.len() > most {
                return Err(ClipboardError::TooLarge);
            }
            bytes.extend_from_slice(&piece);
        }
    }

    /// Takes our property's type and value.
    fn property(
        &self,
        reader: xproto::Window,
        most: usize,
    ) -> Result<(xproto::Atom, Vec<u8>), ClipboardError> {
        let words = u32::try_from(most / 4 + 1).unwrap_or(u32::MAX);
        let any = xproto::AtomEnum::ANY;
        let reply = self
            .connection
            .get_property(true, reader, self.atoms.OURS, any, 0, words)
            .map_err(Fault::from)?
            .reply()
            .map_err(Fault::from)?;
        if reply.bytes_after > 0 || reply.value.len() > most {
            return Err(ClipboardError::TooLarge);
        }
        Ok((reply.type_, reply.value))
    }
}

/// A window that is never shown, and whose properties are watched.
fn child(connection: &RustConnection, parent: xproto::Window) -> Result<xproto::Window, Fault> {
    let window = connection.generate_id()?;
    let aux = xproto::CreateWindowAux::new().event_mask(xproto::EventMask::PROPERTY_CHANGE);
    let kind = xproto::WindowClass::INPUT_ONLY;
    connection.create_window(0, window, parent, -1, -1, 1, 1, 0, kind, x11rb::COPY_FROM_PARENT, &aux)?;
    Ok(window)
}
