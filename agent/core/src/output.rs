//! What the shell carries out.

use std::time::Instant;

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::Button;
use farhand_protocol::consent::{AskId, ConsentEnd, ConsentSnapshot};
use farhand_protocol::envelope::Stream;
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::Rights;
use farhand_protocol::signal::ToService;

use crate::tools::{chat, clipboard, diagnostics, files};

/// One thing for the shell to do. The order matters, above all among [`Output::Inject`].
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this message to every viewer.
    Send {
        /// On this stream.
        stream: Stream,
        /// Head and body.
        message: Bytes,
    },
    /// Tell the service.
    Signal(ToService),
    /// Act on the customer's machine; the right to do so was checked.
    Inject(Inject),
    /// Show a prompt; it takes the place of an earlier one.
    Prompt(Prompt),
    /// Take this prompt away.
    PromptGone(AskId),
    /// Consent changed: the banner shows this now. Capturing stops at once where [`crate::Agent::may_capture`] says
    /// no; the screen thread must be woken.
    Consent(ConsentSnapshot),
    /// The screen thread may go on, or has something new to do: wake it.
    ScreenOpen,
    /// A viewer cannot decode this video codec; use another or none.
    CodecRefused(u8),
    /// A console answers a part of the receipt.
    ReceiptSigned {
        /// Which.
        sender: ParticipantId,
        /// Its answer, unchecked.
        signed: Vec<u8>,
    },
    /// Of the chat.
    Chat(chat::Output),
    /// Of the clipboard.
    Clipboard(clipboard::Output),
    /// Of file transfer.
    Files(files::Output),
    /// Of diagnostics and the command line.
    Diagnostics(diagnostics::Output),
    /// It is over for good.
    Ended(ConsentEnd),
}

/// An effect on the customer's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inject {
    /// A key goes down or up.
    Key {
        /// Which.
        usage: Usage,
        /// Down or up.
        down: bool,
    },
    /// The pointer moves; the point lies on the screen.
    Pointer {
        /// Pixels from the left.
        x: i32,
        /// Pixels from the top.
        y: i32,
    },
    /// A button goes down or up where the pointer is.
    Button {
        /// Which.
        button: Button,
        /// Down or up.
        down: bool,
    },
    /// The wheel turns where the pointer is; 120 is one notch, positive is up and right.
    Wheel {
        /// Horizontal.
        dx: i32,
        /// Vertical.
        dy: i32,
    },
    /// Text is typed as it stands.
    Text(String),
}

/// What the customer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Number that the answer names.
    pub ask: AskId,
    /// Who asks.
    pub asker: ParticipantId,
    /// All that is asked for.
    pub rights: Rights,
    /// What was allowed before; the prompt shows the rest.
    pub granted: Rights,
    /// Silence until then means no.
    pub expires: Instant,
}

/// What the customer does in the agent's own window. Only that window makes these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromCustomer {
    /// Allow what this prompt asks for.
    Allow(AskId),
    /// No: by the button, Escape, closing the prompt, or the end of the window's process.
    Refuse(AskId),
    /// Pause: nothing is seen or controlled until Resume.
    Pause,
    /// Go on.
    Resume,
    /// Take back control; viewing stays.
    TakeBackControl,
    /// End the session.
    Stop,
}
