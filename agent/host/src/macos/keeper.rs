//! The keeper on macOS. The system does not say which keys a program holds: whatever is down is let go of. A key that
//! somebody holds by hand at that moment is pressed again by the keyboard itself.

use std::thread;
use std::time::Duration;

use crate::input::InjectError;
use crate::input::os::let_go;

/// Pauses before each look. What the agent put in before it died may be on its way still.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(500)];

/// Leaves the agent's process group, so that what kills the agent as a group leaves the keeper alive to do its work.
pub fn stand_apart() {
    if let Err(error) = rustix::process::setsid() {
        tracing::debug!(%error, "the keeper stays in the agent's session");
    }
}

/// Lets go of everything. Returns how many keys and buttons that were.
pub fn release() -> Result<usize, InjectError> {
    let mut released = 0;
    for pause in LOOKS {
        thread::sleep(pause);
        released += let_go()?;
    }
    Ok(released)
}
