//! The keeper on Linux: what is held on an X11 display through its XTEST devices is let go of.

use std::thread;
use std::time::Duration;

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::xinput::{self, ConnectionExt as _, DeviceType, InputStateData};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::protocol::xtest::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::input::InjectError;
use crate::x11::{Fault, connect, require};

/// Pauses before each look. What the agent sent before it died may reach the display after its death was noticed here,
/// so one look is not enough.
const LOOKS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
];

/// Leaves the agent's process group, so that what kills the agent as a group (Ctrl-C in a terminal, a closing session)
/// leaves the keeper alive to do its work.
pub fn stand_apart() {
    if let Err(error) = rustix::process::setsid() {
        tracing::debug!(%error, "the keeper stays in the agent's session");
    }
}

/// Lets go of everything. Returns how many keys and buttons that were.
pub fn release() -> Result<usize, InjectError> {
    // A Wayland desktop lets go of what was held when the agent's connection to the portal ends.
    if crate::wayland::is_here() {
        return Ok(0);
    }
    let (connection, _) = connect(None)?;
    require(&connection, xtest::X11_EXTENSION_NAME, "XTEST")?;
    let mut released = 0;
    for pause in LOOKS {
        thread::sleep(pause);
        released += look(&connection)?;
    }
    Ok(released)
}

fn look(connection: &RustConnection) -> Result<usize, Fault> {
    let (keys, buttons) = held(connection)?;
    for key in &keys {
        connection.xtest_fake_input(
            xproto::KEY_RELEASE_EVENT,
            *key,
            x11rb::CURRENT_TIME,
            x11rb::NONE,
            0,
            0,
            0,
        )?;
    }
    for button in &buttons {
        let kind = xproto::BUTTON_RELEASE_EVENT;
        connection.xtest_fake_input(kind, *button, x11rb::CURRENT_TIME, x11rb::NONE, 0, 0, 0)?;
    }
    connection.sync()?;
    Ok(keys.len() + buttons.len())
}

/// Keys and buttons held through XTEST. Without XInput the devices cannot be told apart, and everything held counts.
fn held(connection: &RustConnection) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    if connection.extension_information(xinput::X11_EXTENSION_NAME)?.is_none() {
        let keys = connection.query_keymap()?.reply()?.keys;
        let root = connection.setup().roots.first().map_or(x11rb::NONE, |screen| screen.root);
        let mask = u16::from(connection.query_pointer(root)?.reply()?.mask);
        // The first five buttons follow the eight modifiers.
        let buttons = (1..=5).filter(|button| mask & (1 << (7 + button)) != 0).collect();
        return Ok((bits(&keys), buttons));
    }
    connection.xinput_xi_query_version(2, 0)?.reply()?;
    let devices = connection.xinput_xi_query_device(xinput::Device::ALL)?.reply()?.infos;
    let (mut keys, mut buttons) = (Vec::new(), Vec::new());
    for device in devices {
        let slave = device.type_ == DeviceType::SLAVE_KEYBOARD || device.type_ == DeviceType::SLAVE_POINTER;
        let (true, Ok(id)) = (slave && is_test(&device.name), u8::try_from(device.deviceid)) else {
            continue;
        };
        for class in connection.xinput_query_device_state(id)?.reply()?.classes {
            match class.data {
                InputStateData::Key(state) => keys.extend(bits(&state.keys)),
                InputStateData::Button(state) => buttons.extend(bits(&state.buttons)),
                InputStateData::Valuator(_) | InputStateData::InvalidValue(_) => {}
            }
        }
    }
    Ok((keys, buttons))
}

/// The server names its own devices for XTEST so, one pair for each master.
fn is_test(name: &[u8]) -> bool {
    name.windows(5).any(|word| word == b"XTEST")
}

/// Numbers of the bits that are set, the lowest of the first byte being 0.
fn bits(bytes: &[u8; 32]) -> Vec<u8> {
    (0..=u8::MAX).filter(|bit| bytes[usize::from(bit / 8)] & (1 << (bit % 8)) != 0).collect()
}
