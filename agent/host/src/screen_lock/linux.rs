//! On Linux: the desktop's locker and the session manager by D-Bus, the X server's screen saver otherwise.

use std::time::{Duration, Instant};

use farhand_protocol::channel::at_end::{LockDone, LockWay};
use x11rb::connection::RequestConnection;
use x11rb::cookie::Cookie;
use x11rb::errors::ParseError;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::x11_utils::TryParse;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::OwnedValue;

use super::{LockError, Places, ScreenLock};
use crate::x11::{Fault, connect};

/// A program on a bus answers within this time or is not there.
const ANSWER: Duration = Duration::from_millis(800);
/// A locker that was asked says within this time that it locked.
const LOCKED_WITHIN: Duration = Duration::from_millis(500);
/// It is asked this often.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Lockers of desktops: name on the bus and interface, and path. A desktop's own goes before the common name, which some
/// desktops hold without locking by it.
const LOCKERS: [(&str, &str); 6] = [
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.freedesktop.ScreenSaver", "/ScreenSaver"),
];
const BUS: &str = "org.freedesktop.DBus";
const LOGIN: &str = "org.freedesktop.login1";
const LOGIN_SESSION: &str = "org.freedesktop.login1.Session";
/// The session of whoever asks.
const OWN_SESSION: &str = "/org/freedesktop/login1/session/auto";
const SAVER: &str = "MIT-SCREEN-SAVER";

pub fn open(places: Places) -> Box<dyn ScreenLock> {
    Box::new(Lockers { places })
}

#[derive(Debug)]
struct Lockers {
    places: Places,
}

impl ScreenLock for Lockers {
    fn way(&mut self) -> LockWay {
        let session = self.session_bus();
        if session.as_ref().is_ok_and(|bus| LOCKERS.iter().any(|(name, _)| is_there(bus, name))) {
            return LockWay::Locks;
        }
        // A session manager passes the wish on, and nobody may be listening: that is seen at the end.
        let manager = self.system_bus().is_ok_and(|bus| locked_hint(&bus).is_ok());
        if manager || self.saver().is_ok() { LockWay::Covers } else { LockWay::None }
    }

    fn lock(&mut self) -> Result<LockDone, LockError> {
        let mut tried = Vec::new();
        match self.session_bus() {
            Ok(bus) => {
                for (name, path) in LOCKERS.iter().filter(|(name, _)| is_there(&bus, name)) {
                    match ask(&bus, name, path) {
                        Ok(()) => return Ok(LockDone::Locked),
                        Err(why) => tried.push(format!("{name}: {why}")),
                    }
                }
            }
            Err(why) => tried.push(why),
        }
        match self.system_bus().and_then(|bus| ask_manager(&bus)) {
            Ok(()) => return Ok(LockDone::Locked),
            Err(why) => tried.push(format!("{LOGIN}: {why}")),
        }
        match self.saver().and_then(|connection| cover(&connection)) {
            Ok(()) => Ok(LockDone::Covered),
            Err(fault) => {
                tried.push(format!("{fault:?}"));
                Err(LockError::Refused { detail: tried.join("; ") })
            }
        }
    }
}

impl Lockers {
    fn session_bus(&self) -> Result<Connection, String> {
        open_bus(self.places.session_bus.as_deref(), Builder::session)
    }

    fn system_bus(&self) -> Result<Connection, String> {
        open_bus(self.places.system_bus.as_deref(), Builder::system)
    }

    /// The display, where it has a screen saver.
    fn saver(&self) -> Result<RustConnection, Fault> {
        // An X server beside a Wayland desktop covers nothing of it.
        if self.places.display.is_none() && crate::wayland::is_here() {
            return Err(Fault::NoDisplay);
        }
        let (connection, _) = connect(self.places.display.as_deref())?;
        crate::x11::require(&connection, SAVER, SAVER)?;
        Ok(connection)
    }
}

fn open_bus(
    address: Option<&str>,
    own: fn() -> zbus::Result<Builder<'static>>,
) -> Result<Connection, String> {
    let builder = match address {
        Some(address) => Builder::address(address),
        None => own(),
    };
    builder.and_then(|builder| builder.method_timeout(ANSWER).build()).map_err(|error| error.to_string())
}

/// Whether somebody has this name now. Nobody is started by asking.
fn is_there(bus: &Connection, name: &str) -> bool {
    let answer = bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "NameHasOwner", &(name,));
    answer.is_ok_and(|answer| answer.body().deserialize::<bool>().unwrap_or(false))
}

/// Asks a desktop's locker, and waits until it says that it has locked.
fn ask(bus: &Connection, name: &str, path: &str) -> Result<(), String> {
    let call = |method: &str| bus.call_method(Some(name), path, Some(name), method, &());
    call("Lock").map_err(|error| error.to_string())?;
    until_locked(|| {
        let answer = call("GetActive").map_err(|error| error.to_string())?;
        answer.body().deserialize::<bool>().map_err(|error| error.to_string())
    })
}

/// Asks the session manager, which tells whoever locks; the locker tells it back.
fn ask_manager(bus: &Connection) -> Result<(), String> {
    locked_hint(bus)?;
    bus.call_method(Some(LOGIN), OWN_SESSION, Some(LOGIN_SESSION), "Lock", &())
        .map_err(|error| error.to_string())?;
    until_locked(|| locked_hint(bus))
}

fn locked_hint(bus: &Connection) -> Result<bool, String> {
    let properties = "org.freedesktop.DBus.Properties";
    let what = (LOGIN_SESSION, "LockedHint");
    let answer = bus.call_method(Some(LOGIN), OWN_SESSION, Some(properties), "Get", &what);
    let answer = answer.map_err(|error| error.to_string())?;
    let value: OwnedValue = answer.body().deserialize().map_err(|error| error.to_string())?;
    bool::try_from(value).map_err(|error| error.to_string())
}

fn until_locked(is_locked: impl Fn() -> Result<bool, String>) -> Result<(), String> {
    let until = Instant::now() + LOCKED_WITHIN;
    while !is_locked()? {
        if Instant::now() >= until {
            return Err("it was asked and did not lock".to_owned());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Starts the screen saver, and looks whether it runs.
fn cover(connection: &RustConnection) -> Result<(), Fault> {
    connection.force_screen_saver(xproto::ScreenSaver::ACTIVE)?.check()?;
    if saver_runs(connection)? {
        Ok(())
    } else {
        Err(Fault::Refused { detail: "the screen saver did not start".to_owned() })
    }
}

/// The one request of the extension that is needed, by hand: to have all of it costs a build of every program that
/// speaks X.
fn saver_runs(connection: &RustConnection) -> Result<bool, Fault> {
    let extension = connection.extension_information(SAVER)?;
    let opcode = extension.ok_or(Fault::MissingExtension { name: SAVER })?.major_opcode;
    let root = x11rb::connection::Connection::setup(connection).roots.first().map_or(0, |root| root.root);
    // Its length in words of four bytes, and the screen, in this machine's order.
    let ([low, high], [a, b, c, d]) = (2_u16.to_ne_bytes(), root.to_ne_bytes());
    let request = [opcode, QUERY_INFO, low, high, a, b, c, d];
    let cookie: Cookie<'_, _, Saver> =
        connection.send_request_with_reply(&[std::io::IoSlice::new(&request)], Vec::new())?;
    Ok(cookie.reply()?.runs)
}

const QUERY_INFO: u8 = 1;
/// The screen saver's state in its answer.
const RUNS: u8 = 1;

struct Saver {
    runs: bool,
}

impl TryParse for Saver {
    fn try_parse(answer: &[u8]) -> Result<(Self, &[u8]), ParseError> {
        let state = *answer.get(1).ok_or(ParseError::InsufficientData)?;
        let rest = answer.get(32..).ok_or(ParseError::InsufficientData)?;
        Ok((Self { runs: state == RUNS }, rest))
    }
}
