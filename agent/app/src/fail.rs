//! Why a session could not start or go on: a sentence that says what to do, and an exit code.

use farhand_agent_host::capture::CaptureError;
use farhand_agent_host::input::InjectError;
use farhand_protocol::session::code::CodeError;

use crate::window::child::WindowError;

/// Exit codes of `farhand-agent join`. 0 is a session that was ended by either side; 2 is clap's for a wrong command.
pub mod exit {
    /// Something that should not happen.
    pub const INTERNAL: u8 = 1;
    /// The code is malformed, unknown, used or expired.
    pub const CODE: u8 = 3;
    /// The service does not answer, or answers something else.
    pub const SERVICE: u8 = 4;
    /// The service's certificate is not trusted, or not the one with the fingerprint.
    pub const CERTIFICATE: u8 = 5;
    /// There is no display, or it cannot be captured or controlled, or the window cannot be shown.
    pub const DISPLAY: u8 = 6;
    /// The connection was lost and did not come back in time, or the service ended the session.
    pub const LOST: u8 = 7;
    /// Versions do not fit.
    pub const VERSION: u8 = 8;
    /// `farhand-agent receipt verify`: the receipt is not genuine.
    pub const RECEIPT: u8 = 9;
}

/// Why a session could not start.
#[derive(Debug, thiserror::Error)]
pub enum Fail {
    /// Not ten digits.
    #[error(
        "That is no join code: {0}. A code has ten digits, such as 482 193 5710: check it and try again."
    )]
    CodeMalformed(CodeError),
    /// The code failed on this computer before.
    #[error(
        "This code was tried on this computer before and did not fit. To keep guessers out, no code is tried twice: \
         ask the technician for a new one."
    )]
    CodeTried,
    /// The service refuses the code; the sentence is the service's.
    #[error("{message}")]
    CodeRefused {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// Too many wrong codes came from this address.
    #[error("{0}")]
    TooMany(String),
    /// Not an `https://` address.
    #[error("{0} is no address of a service. Give it as https://host:port, as in the invitation.")]
    Address(String),
    /// Not 64 hex digits.
    #[error(
        "The fingerprint must have 64 hex digits (SHA-256 of the service's certificate). \
         `farhand serve` prints it when it starts."
    )]
    FingerprintMalformed,
    /// No connection.
    #[error(
        "The service at {server} does not answer ({detail}). Check the address and your network, then try again."
    )]
    Unreachable {
        /// Address of the service.
        server: String,
        /// What the system said.
        detail: String,
    },
    /// The certificate is not trusted by this machine.
    #[error(
        "The certificate of {server} is not trusted by this computer ({detail}), so nothing was sent. \
         If the service uses a certificate of its own, ask whoever runs it for the fingerprint and pass it as \
         --fingerprint HEX, or install its certificate authority on this computer."
    )]
    Untrusted {
        /// Address of the service.
        server: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The certificate is another one than the fingerprint names.
    #[error(
        "{server} shows another certificate than the fingerprint names, so nothing was sent. \
         Ask for the fingerprint again; if it is right, somebody is between you and the service: do not go on."
    )]
    Fingerprint {
        /// Address of the service.
        server: String,
    },
    /// The service answers something unexpected.
    #[error(
        "The service could not start the session ({detail}). Try again; if it happens again, tell whoever runs it."
    )]
    Service {
        /// What it said.
        detail: String,
    },
    /// No common protocol version.
    #[error(
        "This program and the service do not understand each other. Download the newest version of this program \
         from the service's page."
    )]
    Version,
    /// The link that this program was started by is too old.
    #[error("This link is too old. Open the join page again, type the code there, and start from it.")]
    LinkExpired,
    /// The service that the link names has not made it.
    #[error(
        "This link was not made by the service that it names, so nothing was begun. Type the code by hand, and only one \
         that you were given by somebody whom you asked for help."
    )]
    LinkForeign,
    /// The list of whom the customer never wants to be asked by again cannot be read: nobody may take it for empty.
    #[error(
        "The list of whom you blocked cannot be read ({0}), so nobody is let in. Mend or delete the file blocked.json \
         in this program's folder for settings, and try again."
    )]
    Blocked(String),
    /// After a restart: the keyring has the key to what the session needs to go on, or not, and does not say.
    #[error(
        "The session before the restart cannot be gone on with: this system's keyring does not give out what is needed \
         for it ({0}). Ask the technician for a new code."
    )]
    Keyring(String),
    /// The screen cannot be captured.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// Keys and pointer cannot be passed on.
    #[error(transparent)]
    Inject(#[from] InjectError),
    /// The customer's window cannot be shown.
    #[error(transparent)]
    Window(#[from] WindowError),
}

impl Fail {
    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::CodeMalformed(_) | Self::CodeTried | Self::CodeRefused { .. } | Self::TooMany(_) => {
                exit::CODE
            }
            Self::Address(_) | Self::Unreachable { .. } | Self::Service { .. } => exit::SERVICE,
            Self::FingerprintMalformed | Self::Untrusted { .. } | Self::Fingerprint { .. } => {
                exit::CERTIFICATE
            }
            Self::Version => exit::VERSION,
            Self::LinkExpired | Self::LinkForeign => exit::CODE,
            Self::Blocked(_) => exit::INTERNAL,
            Self::Keyring(_) => exit::LOST,
            Self::Capture(_) | Self::Inject(_) | Self::Window(_) => exit::DISPLAY,
        }
    }

    /// The key of the sentence that the customer's window shows, in the customer's language.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::CodeMalformed(_) => "agent.fail.code_malformed",
            Self::CodeTried => "agent.fail.code_tried",
            Self::CodeRefused { .. } => "agent.fail.code_refused",
            Self::TooMany(_) => "agent.fail.too_many",
            Self::Address(_) | Self::Unreachable { .. } => "agent.fail.unreachable",
            Self::FingerprintMalformed | Self::Fingerprint { .. } => "agent.fail.fingerprint",
            Self::Untrusted { .. } => "agent.fail.untrusted",
            Self::Service { .. } => "agent.fail.service",
            Self::Version => "agent.fail.version",
            Self::LinkExpired => "agent.fail.link_expired",
            Self::LinkForeign => "agent.fail.link_foreign",
            Self::Blocked(_) => "agent.fail.blocked",
            Self::Keyring(_) => "agent.fail.keyring",
            Self::Capture(_) | Self::Inject(_) | Self::Window(_) => "agent.fail.capture",
        }
    }

    /// For programs, in the log.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::CodeMalformed(_) => "code_malformed",
            Self::CodeTried => "code_tried",
            Self::CodeRefused { code, .. } => code,
            Self::TooMany(_) => "join_slow_down",
            Self::Address(_) => "address",
            Self::FingerprintMalformed => "fingerprint_malformed",
            Self::Unreachable { .. } => "unreachable",
            Self::Untrusted { .. } => "untrusted",
            Self::Fingerprint { .. } => "fingerprint",
            Self::Service { .. } => "service",
            Self::Version => "version",
            Self::LinkExpired => "link_expired",
            Self::LinkForeign => "link_foreign",
            Self::Blocked(_) => "blocked_list",
            Self::Keyring(_) => "keyring",
            Self::Capture(_) => "capture",
            Self::Inject(_) => "input",
            Self::Window(_) => "window",
        }
    }
}
