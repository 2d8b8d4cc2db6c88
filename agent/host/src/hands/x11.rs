//! Raw events of XInput 2.2: told to everybody whatever is grabbed, each with the device that it came from.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use farhand_protocol::keys::Usage;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{self, ConnectionExt as _, XIEventMask};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use super::{Done, Hands, HandsError, Tell};
use crate::x11::bell::Bell;
use crate::x11::{Fault, connect, require};

/// What an evdev key code is more on X11.
const OFFSET: u32 = 8;
/// The property by which the server marks its devices for XTEST.
const XTEST_DEVICE: &[u8] = b"XTEST Device";

impl From<Fault> for HandsError {
    fn from(fault: Fault) -> Self {
        Self::Refused { detail: format!("{fault:?}") }
    }
}

#[derive(Debug, Default)]
struct Orders {
    all: AtomicBool,
    quit: AtomicBool,
}

/// The hands at an X11 display.
pub struct X11Hands {
    orders: Arc<Orders>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for X11Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("X11Hands")
    }
}

impl X11Hands {
    /// Opens the display named, or the environment's.
    pub fn open(display: Option<&str>, tell: Tell) -> Result<Self, HandsError> {
        let (connection, screen) = connect(display)?;
        require(&connection, xinput::X11_EXTENSION_NAME, "XInputExtension")?;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .ok_or_else(|| Fault::Refused { detail: "it has no such screen".to_owned() })?
            .root;
        // Before 2.1 raw events are kept from everybody but whoever has a grab.
        let version = connection.xinput_xi_query_version(2, 2).map_err(Fault::from)?.reply();
        let version = version.map_err(Fault::from)?;
        if (version.major_version, version.minor_version) < (2, 1) {
            return Err(Fault::MissingExtension { name: "XInputExtension 2.1" }.into());
        }
        let (orders, bell) = (Arc::new(Orders::default()), Bell::new()?);
        let mut ears = Ears { injectors: Vec::new(), connection, root, tell, all: false };
        ears.select()?;
        ears.learn_devices()?;
        let (theirs, ring) = (Arc::clone(&orders), bell.clone());
        let thread = std::thread::Builder::new()
            .name("hands".into())
            .spawn(move || {
                if let Err(fault) = ears.run(&theirs, &ring) {
                    tracing::warn!(?fault, "this computer's keyboard and mouse are not watched any more");
                }
            })
            .map_err(|error| HandsError::Refused { detail: error.to_string() })?;
        Ok(Self { orders, bell, thread: Some(thread) })
    }
}

impl Hands for X11Hands {
    fn listen_to_all(&self, all: bool) {
        self.orders.all.store(all, Ordering::Relaxed);
        self.bell.ring();
    }
}

impl Drop for X11Hands {
    fn drop(&mut self) {
        self.orders.quit.store(true, Ordering::Relaxed);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Ears {
    connection: RustConnection,
    root: xproto::Window,
    tell: Tell,
    all: bool,
    /// Devices by which programs put keys and pointer in.
    injectors: Vec<u16>,
}

impl Ears {
    fn run(mut self, orders: &Orders, bell: &Bell) -> Result<(), Fault> {
        loop {
            while let Some(event) = self.connection.poll_for_event()? {
                self.handle(&event)?;
            }
            if orders.quit.load(Ordering::Relaxed) {
                return Ok(());
            }
            let all = orders.all.load(Ordering::Relaxed);
            if std::mem::replace(&mut self.all, all) != all {
                self.select()?;
                continue;
            }
            bell.wait(&self.connection, None)?;
        }
    }

    fn handle(&mut self, event: &Event) -> Result<(), Fault> {
        match event {
            Event::XinputRawKeyPress(event) => self.key(event.detail, true, event.sourceid),
            Event::XinputRawKeyRelease(event) => self.key(event.detail, false, event.sourceid),
            Event::XinputRawButtonPress(event) => {
                (self.tell)(Done::Button { physical: self.is_physical(event.sourceid) });
            }
            Event::XinputRawMotion(event) => {
                (self.tell)(Done::Motion { physical: self.is_physical(event.sourceid) });
            }
            Event::XinputHierarchy(_) => self.learn_devices()?,
            Event::Error(error) => tracing::debug!(?error, "the display refused a request"),
            // Events are the display's to add; those not asked for mean nothing here.
            _ => {}
        }
        Ok(())
    }

    fn key(&self, keycode: u32, down: bool, device: u16) {
        let code = keycode.checked_sub(OFFSET).and_then(|code| u16::try_from(code).ok());
        // A key without a number is a touch all the same.
        let usage = code.and_then(Usage::from_evdev).unwrap_or(Usage(0));
        (self.tell)(Done::Key { usage, down, physical: self.is_physical(device) });
    }

    fn is_physical(&self, device: u16) -> bool {
        !self.injectors.contains(&device)
    }

    fn select(&self) -> Result<(), Fault> {
        let mut mask = XIEventMask::RAW_KEY_PRESS | XIEventMask::RAW_KEY_RELEASE;
        if self.all {
            mask |= XIEventMask::RAW_BUTTON_PRESS | XIEventMask::RAW_MOTION;
        }
        let raw = xinput::EventMask { deviceid: xinput::Device::ALL_MASTER.into(), mask: vec![mask] };
        let hierarchy =
            xinput::EventMask { deviceid: xinput::Device::ALL.into(), mask: vec![XIEventMask::HIERARCHY] };
        self.connection.xinput_xi_select_events(self.root, &[raw, hierarchy])?.check()?;
        Ok(())
    }

    /// Which devices are programs'.
    fn learn_devices(&mut self) -> Result<(), Fault> {
        let property = self.connection.intern_atom(false, XTEST_DEVICE)?.reply()?.atom;
        let devices = self.connection.xinput_xi_query_device(xinput::Device::ALL)?.reply()?;
        self.injectors.clear();
        for device in devices.infos {
            let read =
                self.connection.xinput_xi_get_property(device.deviceid, false, property, 0, 0, 1)?.reply();
            // A device that went away meanwhile has none.
            if read.is_ok_and(|value| value.num_items > 0) {
                self.injectors.push(device.deviceid);
            }
        }
        Ok(())
    }
}
