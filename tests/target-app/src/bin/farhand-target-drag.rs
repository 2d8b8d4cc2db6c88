//! Drags files onto another program's window and lets go of them there, as a file manager does (XDND).

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// The protocol's version.
const VERSION: u32 = 5;
/// A window that has not taken the files within this time never does.
const WITHIN: Duration = Duration::from_secs(20);
/// A hand that waits until the window takes what it holds moves this often.
const MOVES: Duration = Duration::from_millis(50);

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The window's number.
    window: u32,
    /// Where they are let go, on the screen, as in 40,30.
    #[arg(value_parser = place)]
    at: (u16, u16),
    /// What is dragged.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

fn place(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once(',').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
    parsed.ok_or_else(|| "write it as in 40,30".to_owned())
}

fn main() -> anyhow::Result<()> {
    let Arguments { window, at, files } = Arguments::parse();
    std::thread::spawn(|| {
        std::thread::sleep(WITHIN);
        eprintln!("the window neither takes nor refuses them");
        std::process::exit(1);
    });
    let files: Vec<String> = files.iter().map(|file| address(file)).collect();
    Drag::begin(window, at, files.concat())?.carry()
}

/// A line of a list of addresses.
fn address(file: &Path) -> String {
    let mut text = "file://".to_owned();
    for byte in file.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text + "\r\n"
}

struct Drag {
    connection: RustConnection,
    atoms: Atoms,
    source: xproto::Window,
    window: xproto::Window,
    at: (u16, u16),
    list: String,
}

struct Atoms {
    selection: u32,
    enter: u32,
    position: u32,
    status: u32,
    drop: u32,
    finished: u32,
    copy: u32,
    targets: u32,
    list: u32,
}

impl Drag {
    fn begin(window: xproto::Window, at: (u16, u16), list: String) -> anyhow::Result<Self> {
        let (connection, screen) =
            x11rb::connect(None).context("the display cannot be opened: set DISPLAY")?;
        let root = connection.setup().roots.get(screen).context("the display has no such screen")?.root;
        let atom = |name: &str| -> anyhow::Result<u32> {
            Ok(connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
        };
        let atoms = Atoms {
            selection: atom("XdndSelection")?,
            enter: atom("XdndEnter")?,
            position: atom("XdndPosition")?,
            status: atom("XdndStatus")?,
            drop: atom("XdndDrop")?,
            finished: atom("XdndFinished")?,
            copy: atom("XdndActionCopy")?,
            targets: atom("TARGETS")?,
            list: atom("text/uri-list")?,
        };
        let source = connection.generate_id()?;
        let aux = xproto::CreateWindowAux::new().override_redirect(1);
        let (depth, class) = (x11rb::COPY_DEPTH_FROM_PARENT, xproto::WindowClass::INPUT_OUTPUT);
        connection
            .create_window(depth, source, root, -9, -9, 1, 1, 0, class, x11rb::COPY_FROM_PARENT, &aux)?
            .check()?;
        connection.set_selection_owner(source, atoms.selection, x11rb::CURRENT_TIME)?.check()?;
        Ok(Self { connection, atoms, source, window, at, list })
    }

    fn tell(&self, kind: u32, data: [u32; 4]) -> anyhow::Result<()> {
        let [a, b, c, d] = data;
        let event = xproto::ClientMessageEvent::new(32, self.window, kind, [self.source, a, b, c, d]);
        self.connection.send_event(false, self.window, xproto::EventMask::NO_EVENT, event)?;
        self.connection.flush()?;
        Ok(())
    }

    fn hold_over(&self) -> anyhow::Result<()> {
        let at = (u32::from(self.at.0) << 16) | u32::from(self.at.1);
        self.tell(self.atoms.position, [0, at, x11rb::CURRENT_TIME, self.atoms.copy])
    }

    /// Until the window has taken them.
    fn carry(&self) -> anyhow::Result<()> {
        self.tell(self.atoms.enter, [VERSION << 24, self.atoms.list, 0, 0])?;
        self.hold_over()?;
        let mut let_go = false;
        loop {
            match self.connection.wait_for_event()? {
                Event::SelectionRequest(request) => self.answer(&request)?,
                Event::ClientMessage(message) if message.type_ == self.atoms.status && !let_go => {
                    if message.data.as_data32()[1] & 1 == 1 {
                        let_go = true;
                        self.tell(self.atoms.drop, [0, x11rb::CURRENT_TIME, 0, 0])?;
                    } else {
                        // It may not have looked at them yet.
                        std::thread::sleep(MOVES);
                        self.hold_over()?;
                    }
                }
                Event::ClientMessage(message) if message.type_ == self.atoms.finished => {
                    if message.data.as_data32()[1] & 1 == 1 {
                        return Ok(());
                    }
                    bail!("the window took them, and wants them no more");
                }
                _ => {}
            }
        }
    }

    fn answer(&self, request: &xproto::SelectionRequestEvent) -> anyhow::Result<()> {
        let xproto::SelectionRequestEvent { requestor, selection, target, time, property, .. } = *request;
        let mode = xproto::PropMode::REPLACE;
        let property = if target == self.atoms.list {
            let bytes = self.list.as_bytes();
            self.connection.change_property8(mode, requestor, property, target, bytes)?;
            property
        } else if target == self.atoms.targets {
            let kinds = [self.atoms.targets, self.atoms.list];
            self.connection.change_property32(mode, requestor, property, xproto::AtomEnum::ATOM, &kinds)?;
            property
        } else {
            x11rb::NONE
        };
        let event = xproto::SelectionNotifyEvent {
            response_type: xproto::SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time,
            requestor,
            selection,
            target,
            property,
        };
        self.connection.send_event(false, requestor, xproto::EventMask::NO_EVENT, event)?;
        self.connection.flush()?;
        Ok(())
    }
}
