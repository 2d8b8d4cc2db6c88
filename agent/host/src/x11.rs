//! What capture, input and keeper share on an X11 display: the connection and its failures.

use std::io;

use x11rb::connection::RequestConnection;
use x11rb::errors::{ConnectError, ConnectionError, DisplayParsingError, ReplyError, ReplyOrIdError};
use x11rb::rust_connection::RustConnection;

use crate::capture::CaptureError;
use crate::input::InjectError;

pub mod bell;
pub mod segment;

/// A failure of the display, before anyone knows what it was wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    NoDisplay,
    Unreachable { display: String },
    Forbidden { display: String },
    MissingExtension { name: &'static str },
    Refused { detail: String },
    Gone,
}

impl From<Fault> for CaptureError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoDisplay => Self::NoDisplay,
            Fault::Unreachable { display } => Self::Unreachable { display },
            Fault::Forbidden { display } => Self::Forbidden { display },
            Fault::MissingExtension { name } => Self::MissingExtension { name },
            Fault::Refused { detail } => Self::Refused { detail },
            Fault::Gone => Self::Gone,
        }
    }
}

impl From<Fault> for InjectError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoDisplay => Self::NoDisplay,
            Fault::Unreachable { display } => Self::Unreachable { display },
            Fault::Forbidden { display } => Self::Forbidden { display },
            Fault::MissingExtension { name } => Self::MissingExtension { name },
            Fault::Refused { detail } => Self::Refused { detail },
            Fault::Gone => Self::Gone,
        }
    }
}

impl From<ConnectionError> for Fault {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::UnsupportedExtension => Self::MissingExtension { name: "that was asked for" },
            ConnectionError::IoError(_) => Self::Gone,
            other => Self::Refused { detail: other.to_string() },
        }
    }
}

impl From<ReplyError> for Fault {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Refused {
                detail: format!("{:?} in {}", error.error_kind, error.request_name.unwrap_or("a request")),
            },
        }
    }
}

impl From<ReplyOrIdError> for Fault {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => {
                Self::Refused { detail: "it has no resource ids left".to_owned() }
            }
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(error) => ReplyError::X11Error(error).into(),
        }
    }
}

/// Connects to the display named, or to the environment's. Returns the number of the screen too.
pub fn connect(display: Option<&str>) -> Result<(RustConnection, usize), Fault> {
    let named = || display.map_or_else(|| std::env::var("DISPLAY").unwrap_or_default(), str::to_owned);
    if named().is_empty() {
        return Err(Fault::NoDisplay);
    }
    if !has_port(&named()) {
        return Err(Fault::Unreachable { display: named() });
    }
    RustConnection::connect(display).map_err(|error| match error {
        ConnectError::DisplayParsingError(DisplayParsingError::DisplayNotSet) => Fault::NoDisplay,
        ConnectError::SetupAuthenticate(_) => Fault::Forbidden { display: named() },
        ConnectError::SetupFailed(failed) => {
            // The server's words are the only thing that tells a missing permission from a full server.
            let reason = String::from_utf8_lossy(&failed.reason).trim().to_owned();
            let words = reason.to_ascii_lowercase();
            if ["authori", "no protocol specified", "magic-cookie"].iter().any(|word| words.contains(word)) {
                Fault::Forbidden { display: named() }
            } else {
                Fault::Refused { detail: reason }
            }
        }
        ConnectError::IoError(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Fault::Forbidden { display: named() }
        }
        _ => Fault::Unreachable { display: named() },
    })
}

/// Whether a display's number, which is the port counted from 6000, is one that can be (x11rb adds without looking).
fn has_port(display: &str) -> bool {
    let number = display.rsplit_once(':').map_or("", |(_, number)| number);
    let number = number.split_once('.').map_or(number, |(number, _)| number);
    number.parse::<u16>().is_ok_and(|number| number.checked_add(6000).is_some())
}

/// Fails with the extension's name if the display lacks it.
pub fn require(
    connection: &RustConnection,
    extension: &'static str,
    name: &'static str,
) -> Result<(), Fault> {
    match connection.extension_information(extension)? {
        Some(_) => Ok(()),
        None => Err(Fault::MissingExtension { name }),
    }
}

#[cfg(test)]
mod tests {
    use super::has_port;

    #[test]
    fn a_display_has_a_number_that_can_be_a_port() {
        for display in [":0", ":99.0", "localhost:10.0", "unix:1", "[::1]:3", ":59535"] {
            assert!(has_port(display), "{display}");
        }
        for display in ["", ":", "nonsense", ":-1", ":59536", ":65535", ":99999999999", ":1x"] {
            assert!(!has_port(display), "{display}");
        }
    }
}
